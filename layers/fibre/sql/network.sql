-- What all rules of a network rest on: how they refuse, what is one place, who waits for whom, whose a row is. They stand in
-- the database, where QGIS, the API, imports and psql all pass.
--
-- A refusal is SQLSTATE KG001 with a stable code in DETAIL; messages are German, because QGIS shows them as they are, and
-- the web translates by the code.
--
-- Whoever draws holds the network's lock until the end of his transaction: of two engineers who draw at once the second
-- one waits, and neither can see half of what the other does. (Locks of single nodes would be taken in another order by
-- each of them.) Readers wait for nobody.
--
-- Triggers see the whole network, also where the writer sees a part of it (a contractor his area): else he would draw a
-- second node where there is one. What is called by hand sees what the caller sees.
--
-- What follows from a statement (a split, a dragged segment) is done after the whole of it, behind the history's own
-- trigger: it fires in the order of the names, so ours begin with zz. A row that was changed before its first event is
-- written would have its story told backwards.

CREATE FUNCTION fibre_refuse(code text, message text, hint text DEFAULT '') RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'KG001', MESSAGE = message, DETAIL = 'code: ' || code, HINT = hint;
END
$$;

-- So near (metres) two ends are the same place.
--
-- Where this is asked of a network's objects, its key is compared with IS NOT DISTINCT FROM, which uses no index: of many places
-- at once the planner would else read all rows of the network for each place, and a network twice as large would take four times
-- as long to draw. By their place alone a handful is found.
CREATE FUNCTION fibre_snap() RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 0.05::float8';

CREATE FUNCTION fibre_hold(network uuid) RETURNS void
    LANGUAGE sql
    SET search_path = public, pg_catalog, pg_temp
AS $$ SELECT pg_advisory_xact_lock(hashtextextended('fibre ' || network::text, 0)) $$;

-- The rights of a row hang on its network: its organisation is the network's, whatever the writer says. And first of all, who
-- has nothing to write in this network is told so before any rule looks at what he sends. Else the rules' refusals would tell
-- him what lies where. (Who may, is said in access.sql.)
CREATE FUNCTION fibre_organisation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    mine bigint;
BEGIN
    SELECT organisation_id INTO mine FROM fibre_network WHERE id = NEW.network_id;
    -- (A row that he changes he has seen, and gisapp_reach asks whether he may.)
    IF TG_OP = 'INSERT' AND gisapp_person() AND NOT gisapp_operator()
        AND NOT EXISTS (SELECT FROM gisapp_grants(fibre_writers()) g WHERE g.organisation_id = mine) THEN
        PERFORM fibre_out_of_reach();
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.network_id <> OLD.network_id THEN
        PERFORM fibre_refuse('network-stays', 'Ein Objekt bleibt in seinem Netz.',
            'In dem anderen Netz neu zeichnen; ein Graben darf Rohre mehrerer Netze enthalten.');
    END IF;
    NEW.organisation_id := mine;
    IF TG_OP = 'UPDATE' THEN
        NEW.updated_at := clock_timestamp();
    END IF;
    RETURN NEW;
END
$$;

-- The parts of a duct, a cable, a device or a splitter follow from its product.
CREATE FUNCTION fibre_keeps_spec() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_refuse(TG_ARGV[0], 'Der Typ bleibt: was daran hängt, folgt aus ihm.',
        'Neu anlegen mit dem richtigen Typ und das falsche löschen.');
    RETURN NULL;
END
$$;

-- A network that is handed over takes all its objects along, whatever tables there are, and its trenches' guests change.
CREATE FUNCTION fibre_hand_over() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    object regclass;
BEGIN
    FOR object IN SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = 'fibre_1_organisation' ORDER BY tgrelid::regclass::text LOOP
        EXECUTE format('UPDATE %s SET organisation_id = $1 WHERE network_id = $2', object) USING NEW.organisation_id, NEW.id;
    END LOOP;
    PERFORM fibre_share_anew(array_agg(id)) FROM fibre_segment WHERE network_id = NEW.id;
    PERFORM fibre_share_anew(array_agg(DISTINCT s.segment_id))
       FROM fibre_ductstep s JOIN fibre_duct d ON d.id = s.duct_id WHERE d.network_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER fibre_hand_over AFTER UPDATE OF organisation_id ON fibre_network
    FOR EACH ROW WHEN (NEW.organisation_id <> OLD.organisation_id) EXECUTE FUNCTION fibre_hand_over();
