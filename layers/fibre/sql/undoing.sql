-- What the history takes back it puts back row by row, with every part, and all at once: triggers by which something follows
-- from a row stand still meanwhile. The rules do not: they look at what came out when the transaction ends.

DO $$
DECLARE
    follows record;
    made text;
BEGIN
    FOR follows IN
        SELECT t.tgname AS name, t.tgrelid::regclass AS of_table, pg_get_triggerdef(t.oid) AS said FROM pg_trigger t
         WHERE NOT t.tgisinternal AND t.tgrelid::regclass::text LIKE 'fibre\_%'
           AND (t.tgname IN ('zz_fibre_drawn', 'zz_fibre_redrawn', 'fibre_4_gone', 'fibre_2_ends', 'fibre_3_named', 'fibre_3_room')
                OR (t.tgname, t.tgrelid::regclass::text) IN (('zz_fibre_moved', 'fibre_node'), ('zz_fibre_removed', 'fibre_joint'), ('zz_fibre_removed', 'fibre_tubejoint')))
    LOOP
        made := CASE WHEN position(' WHEN (' IN follows.said) > 0
            THEN regexp_replace(follows.said, ' WHEN \((.*)\) EXECUTE FUNCTION', ' WHEN ((\1) AND NOT gisapp_taking_back()) EXECUTE FUNCTION')
            ELSE replace(follows.said, ' EXECUTE FUNCTION', ' WHEN (NOT gisapp_taking_back()) EXECUTE FUNCTION') END;
        EXECUTE format('DROP TRIGGER %I ON %s', follows.name, follows.of_table);
        EXECUTE made;
    END LOOP;
END
$$;

-- Nodes that come to lie on segments again split them, if somebody has drawn these since; and what is worked out goes with
-- what it was worked out of.
CREATE FUNCTION fibre_route_taken_back() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'fibre_node' THEN
        PERFORM fibre_note('node', array(SELECT id FROM rows_));
    ELSE
        PERFORM fibre_note('node', array(
            SELECT n.id FROM rows_ r JOIN fibre_node n ON n.network_id IS NOT DISTINCT FROM r.network_id AND ST_DWithin(n.geom, r.geom, fibre_snap())));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_taken_back AFTER INSERT ON fibre_node
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT WHEN (gisapp_taking_back()) EXECUTE FUNCTION fibre_route_taken_back();
CREATE TRIGGER zz_fibre_taken_back_too AFTER UPDATE ON fibre_node
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT WHEN (gisapp_taking_back()) EXECUTE FUNCTION fibre_route_taken_back();
CREATE TRIGGER zz_fibre_taken_back AFTER INSERT ON fibre_segment
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT WHEN (gisapp_taking_back()) EXECUTE FUNCTION fibre_route_taken_back();
CREATE TRIGGER zz_fibre_taken_back_too AFTER UPDATE ON fibre_segment
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT WHEN (gisapp_taking_back()) EXECUTE FUNCTION fibre_route_taken_back();

CREATE FUNCTION fibre_worked_out_taken_back() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'fibre_cable' THEN
        DELETE FROM fibre_measure WHERE cable_id = OLD.id;
    ELSIF TG_TABLE_NAME = 'fibre_cableentry' THEN
        DELETE FROM fibre_measure WHERE entry_id = OLD.id;
    ELSE
        DELETE FROM fibre_due WHERE duct_id = OLD.id;
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER fibre_4_taken_back BEFORE DELETE ON fibre_cable
    FOR EACH ROW WHEN (gisapp_taking_back()) EXECUTE FUNCTION fibre_worked_out_taken_back();
CREATE TRIGGER fibre_4_taken_back BEFORE DELETE ON fibre_cableentry
    FOR EACH ROW WHEN (gisapp_taking_back()) EXECUTE FUNCTION fibre_worked_out_taken_back();
CREATE TRIGGER fibre_4_taken_back BEFORE DELETE ON fibre_duct
    FOR EACH ROW WHEN (gisapp_taking_back()) EXECUTE FUNCTION fibre_worked_out_taken_back();
SELECT fibre_tune();
