-- What all rules of venues rest on: how they refuse, who waits for whom, and what belongs to one venue.
--
-- A refusal is SQLSTATE KG001 with a stable code in DETAIL. It never says anything of somebody else's booking.
--
-- Order of locks, so that no two writers wait for each other: first the row of the booking that is changed, then the venue
-- (venues_hold, until the end of the transaction), and other bookings of the venue only where nobody else has them
-- (SKIP LOCKED). Whoever writes bookings of several venues in one transaction takes the venues in the order of their keys.

CREATE FUNCTION venues_refuse(code text, message text, hint text DEFAULT '') RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'KG001', MESSAGE = message, DETAIL = 'code: ' || code, HINT = hint;
END
$$;

CREATE FUNCTION venues_hold(venue bigint) RETURNS void
    LANGUAGE sql
    SET search_path = public, pg_catalog, pg_temp
AS $$ SELECT pg_advisory_xact_lock(hashtextextended('venues ' || venue::text, 0)) $$;

-- Equipment is what the catalogue knows.
CREATE FUNCTION venues_equipment_known() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
BEGIN
    SELECT one INTO unknown FROM unnest(NEW.equipment) one WHERE NOT EXISTS (SELECT FROM venues_equipment e WHERE e.key = one) LIMIT 1;
    IF FOUND THEN
        PERFORM venues_refuse('equipment-unknown', format('Die Ausstattung „%s“ steht nicht im Verzeichnis.', unknown),
            'Erst in das Verzeichnis der Ausstattung eintragen.');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER venues_equipment BEFORE INSERT OR UPDATE OF equipment ON venues_venue
    FOR EACH ROW EXECUTE FUNCTION venues_equipment_known();
CREATE TRIGGER venues_equipment BEFORE INSERT OR UPDATE OF equipment ON venues_space
    FOR EACH ROW EXECUTE FUNCTION venues_equipment_known();

-- A room or a space stays in its venue.
CREATE FUNCTION venues_part_stays() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM venues_refuse('venue-part-stays', 'Ein Raum oder Angebot bleibt an seinem Ort.', 'Dort neu anlegen und hier löschen.');
    RETURN NULL;
END
$$;
CREATE TRIGGER venues_stays BEFORE UPDATE OF venue_id ON venues_room
    FOR EACH ROW WHEN (OLD.venue_id <> NEW.venue_id) EXECUTE FUNCTION venues_part_stays();
CREATE TRIGGER venues_stays BEFORE UPDATE OF venue_id ON venues_space
    FOR EACH ROW WHEN (OLD.venue_id <> NEW.venue_id) EXECUTE FUNCTION venues_part_stays();

-- The rooms of a space are the venue's own; and they stay while a booking of the space is to come.
CREATE FUNCTION venues_space_rooms() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    one venues_spaceroom;
    home bigint;
BEGIN
    FOREACH one IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW] WHEN 'DELETE' THEN ARRAY[OLD] ELSE ARRAY[OLD, NEW] END LOOP
        SELECT s.venue_id INTO home FROM venues_space s WHERE s.id = one.space_id;
        PERFORM venues_hold(home);
        IF EXISTS (SELECT FROM venues_booking b JOIN venues_state t ON t.state = b.state
                    WHERE b.space_id = one.space_id AND upper(b.used) > now() AND NOT t.final) THEN
            PERFORM venues_refuse('space-in-use', 'Die Räume dieses Angebots bleiben, solange es gebucht ist.',
                'Ein neues Angebot mit den anderen Räumen anlegen und dieses nicht mehr anbieten.');
        END IF;
    END LOOP;
    IF TG_OP <> 'DELETE' AND home IS DISTINCT FROM (SELECT r.venue_id FROM venues_room r WHERE r.id = NEW.room_id) THEN
        PERFORM venues_refuse('room-elsewhere', 'Dieser Raum gehört zu einem anderen Ort.');
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER venues_rooms BEFORE INSERT OR UPDATE OR DELETE ON venues_spaceroom
    FOR EACH ROW EXECUTE FUNCTION venues_space_rooms();

-- Conditions that somebody has accepted are kept as they were.
CREATE FUNCTION venues_conditions_kept() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM venues_booking b WHERE b.conditions_id = OLD.id) THEN
        PERFORM venues_refuse('conditions-accepted', 'Diese Fassung der Nutzungsbedingungen ist schon angenommen worden und bleibt.',
            'Eine neue Fassung anlegen.');
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER venues_kept BEFORE UPDATE OR DELETE ON venues_conditions
    FOR EACH ROW EXECUTE FUNCTION venues_conditions_kept();
