-- No double booking, ever: a booking's slots, one for each atomic room, follow it by trigger, and no two slots of a room that
-- hold it overlap. `blocked` is the use with its buffers, so that the buffers of neighbours add: between two uses of a room
-- there is at least the time after the first and the time before the second.

ALTER TABLE venues_slot
    ADD CONSTRAINT venues_slot_booking FOREIGN KEY (booking_id) REFERENCES venues_booking (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT venues_slot_once_in_use EXCLUDE USING gist (room_id WITH =, blocked WITH &&) WHERE (holds);

CREATE SEQUENCE venues_booking_number AS bigint START 1001;

-- Ends what has lapsed in this venue. Whoever books does it first, so that nothing lapsed is in his way.
CREATE FUNCTION venues_lapse(asked bigint) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    one uuid;
    ended int := 0;
BEGIN
    PERFORM venues_hold(asked);
    FOR one IN SELECT b.id FROM venues_booking b JOIN venues_state t ON t.state = b.state
                WHERE b.venue_id = asked AND ((t.lapses AND b.expires_at <= clock_timestamp())
                   OR (b.state IN ('requested', 'waiting', 'option', 'approved') AND lower(b.used) <= clock_timestamp()))
                ORDER BY b.number FOR UPDATE OF b SKIP LOCKED LOOP
        UPDATE venues_booking SET state = 'expired' WHERE id = one;
        ended := ended + 1;
    END LOOP;
    RETURN ended;
END
$$;

-- What became free is offered to those who wait, the first of them first: an option for as long as the space says.
CREATE FUNCTION venues_move_up(asked bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT b.id, b.used, s.option_hours FROM venues_booking b JOIN venues_space s ON s.id = b.space_id
                WHERE b.venue_id = asked AND b.state = 'waiting' AND lower(b.used) > clock_timestamp()
                ORDER BY b.created_at, b.number FOR UPDATE OF b SKIP LOCKED LOOP
        IF NOT EXISTS (SELECT FROM venues_slot mine
                         JOIN venues_slot taken ON taken.room_id = mine.room_id AND taken.holds AND taken.blocked && mine.blocked
                        WHERE mine.booking_id = one.id) THEN
            UPDATE venues_booking SET state = 'option',
                   expires_at = least(clock_timestamp() + make_interval(hours => one.option_hours), lower(one.used))
             WHERE id = one.id;
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION venues_lapse(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION venues_move_up(bigint) FROM PUBLIC;

CREATE FUNCTION venues_holds(asked text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$ SELECT t.holds FROM venues_state t WHERE t.state = asked $$;

-- The words of each refusal; the web has them in both languages by the code.
CREATE FUNCTION venues_refuse_booking(code text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM venues_refuse(code, CASE code
        WHEN 'booking-not-offered' THEN 'Dieses Angebot ist nicht buchbar.'
        WHEN 'booking-past' THEN 'Diese Zeit ist schon vorbei.'
        WHEN 'booking-too-soon' THEN 'Dafür ist es zu spät; so kurzfristig wird hier nicht gebucht.'
        WHEN 'booking-too-far' THEN 'So weit im Voraus wird hier noch nicht gebucht.'
        WHEN 'booking-too-many' THEN 'Dafür ist hier nicht genug Platz.'
        WHEN 'booking-too-short' THEN 'Das ist kürzer als die kürzeste Nutzung.'
        WHEN 'booking-too-long' THEN 'Das ist länger als die längste Nutzung.'
        WHEN 'booking-whole-days' THEN 'Hier werden nur ganze Tage gebucht, von der Öffnung bis zum Schluss.'
        WHEN 'booking-closed' THEN 'Zu dieser Zeit ist nicht (durchgehend) geöffnet.'
        ELSE code END);
END
$$;

-- Before a booking is written. (Named so that it fires before the rights are asked: those hang on the venue.)
CREATE FUNCTION venues_booking_before() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    s venues_space;
    was text := CASE WHEN TG_OP = 'UPDATE' THEN OLD.state ELSE '' END;
    moved boolean;
    refused text;
BEGIN
    SELECT * INTO s FROM venues_space WHERE id = NEW.space_id;
    IF NOT FOUND THEN
        RETURN NEW;  -- the foreign key says it
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.space_id <> OLD.space_id OR NEW.number <> OLD.number) THEN
        PERFORM venues_refuse('booking-keeps-space', 'Eine Buchung behält Angebot und Nummer.', 'Stornieren und neu buchen.');
    END IF;
    moved := TG_OP = 'INSERT' OR NEW.used <> OLD.used;
    NEW.venue_id := s.venue_id;
    SELECT v.organisation_id INTO NEW.organisation_id FROM venues_venue v WHERE v.id = s.venue_id;
    IF TG_OP = 'INSERT' THEN
        NEW.number := nextval('venues_booking_number');
        NEW.before_minutes := CASE WHEN NEW.blocks THEN 0 ELSE s.before_minutes END;
        NEW.after_minutes := CASE WHEN NEW.blocks THEN 0 ELSE s.after_minutes END;
    ELSE
        NEW.before_minutes := OLD.before_minutes;
        NEW.after_minutes := OLD.after_minutes;
        NEW.updated_at := clock_timestamp();
    END IF;
    IF isempty(NEW.used) OR lower_inf(NEW.used) OR upper_inf(NEW.used) THEN
        RETURN NEW;  -- the table's own rule says it
    END IF;
    NEW.used := tstzrange(lower(NEW.used), upper(NEW.used));
    IF NEW.state <> was AND NOT EXISTS (SELECT FROM venues_transition t WHERE t.source = was AND t.target = NEW.state) THEN
        PERFORM venues_refuse('booking-transition', format('Aus „%s“ wird nicht „%s“.', was, NEW.state));
    END IF;
    IF TG_OP = 'UPDATE' AND moved AND (SELECT t.final FROM venues_state t WHERE t.state = OLD.state) THEN
        PERFORM venues_refuse('booking-over', 'Diese Buchung ist abgeschlossen; ihre Zeit bleibt.');
    END IF;
    IF was IN ('option', 'approved') AND NEW.state <> was AND OLD.expires_at <= clock_timestamp()
       AND NEW.state NOT IN ('expired', 'cancelled', 'declined') THEN
        PERFORM venues_refuse('booking-lapsed', 'Die Frist dafür ist abgelaufen.', 'Bitte neu anfragen.');
    END IF;
    IF moved OR venues_holds(NEW.state) <> venues_holds(was) THEN
        PERFORM venues_hold(s.venue_id);
        IF pg_trigger_depth() = 1 AND venues_holds(NEW.state) THEN
            PERFORM venues_lapse(s.venue_id);
        END IF;
    END IF;
    IF moved AND NOT (NEW.blocks OR NEW.exempt) THEN
        refused := venues_refusal(s.id, NEW.used, NEW.people, clock_timestamp());
        IF refused IS NOT NULL THEN
            PERFORM venues_refuse_booking(refused);
        END IF;
    END IF;
    IF NEW.state = 'option' AND NEW.expires_at IS NULL THEN
        NEW.expires_at := least(clock_timestamp() + make_interval(hours => s.option_hours), lower(NEW.used));
    ELSIF NEW.state NOT IN ('option', 'approved') THEN
        NEW.expires_at := NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER a_venues_booking BEFORE INSERT OR UPDATE ON venues_booking
    FOR EACH ROW EXECUTE FUNCTION venues_booking_before();

-- After it: the slots follow, the step is noted, and what became free moves the waiting list up.
CREATE FUNCTION venues_booking_after() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    in_use boolean;
    span tstzrange;
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM venues_hold(OLD.venue_id);
        DELETE FROM venues_slot WHERE booking_id = OLD.id;
        PERFORM venues_move_up(OLD.venue_id);
        RETURN NULL;
    END IF;
    in_use := venues_holds(NEW.state);
    span := tstzrange(lower(NEW.used) - make_interval(mins => NEW.before_minutes), upper(NEW.used) + make_interval(mins => NEW.after_minutes));
    BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO venues_slot (booking_id, room_id, used, blocked, holds)
            SELECT NEW.id, p.room_id, NEW.used, span, in_use FROM venues_spaceroom p WHERE p.space_id = NEW.space_id ORDER BY p.room_id;
            IF NOT FOUND THEN
                PERFORM venues_refuse('space-without-rooms', 'Zu diesem Angebot gehört kein Raum.', 'Erst seine Räume eintragen.');
            END IF;
        ELSIF NEW.used <> OLD.used OR in_use <> venues_holds(OLD.state) THEN
            UPDATE venues_slot SET used = NEW.used, blocked = span, holds = in_use WHERE booking_id = NEW.id;
        END IF;
    EXCEPTION WHEN exclusion_violation THEN
        PERFORM venues_refuse('booking-taken', 'Zu dieser Zeit ist hier schon belegt.', 'Bitte eine andere Zeit oder einen anderen Raum wählen.');
    END;
    IF TG_OP = 'INSERT' OR NEW.state <> OLD.state THEN
        INSERT INTO venues_step (booking_id, state) VALUES (NEW.id, NEW.state);
    END IF;
    IF TG_OP = 'UPDATE' AND ((venues_holds(OLD.state) AND NOT in_use) OR (in_use AND NEW.used <> OLD.used)) THEN
        PERFORM venues_move_up(NEW.venue_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_venues_booking AFTER INSERT OR UPDATE OR DELETE ON venues_booking
    FOR EACH ROW EXECUTE FUNCTION venues_booking_after();

-- Nobody writes a slot on its own.
CREATE FUNCTION venues_slot_follows() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        PERFORM venues_refuse('slot-follows-booking', 'Eine Belegung folgt ihrer Buchung.', 'Die Buchung ändern.');
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER venues_follows BEFORE INSERT OR UPDATE OR DELETE ON venues_slot
    FOR EACH ROW EXECUTE FUNCTION venues_slot_follows();
