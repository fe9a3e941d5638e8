-- Who may see and change a network, as far as policies (layers/fibre/access.py) cannot say it, and what they rest on: where a
-- duct lies, and which trenches are shared.

-- ------------------------------------------------------------------------------------------------------- who may write

-- The roles that change a network; the same as layers/fibre/access.py has them.
CREATE FUNCTION fibre_writers() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ARRAY['engineer', 'contractor', 'admin'] $$;

-- The roles that see a network; SEES in layers/fibre/access.py.
CREATE FUNCTION fibre_readers() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ARRAY['planner', 'engineer', 'contractor', 'admin'] $$;

CREATE FUNCTION fibre_out_of_reach() RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'Das gehört nicht zu dem, was Sie in diesem Netz ändern dürfen (anderes Netz, andere Organisation oder anderes Gebiet).'
        USING ERRCODE = '42501', DETAIL = 'code: out-of-reach', HINT = 'Nichts wurde gespeichert.';
END
$$;

-- A part of a function that runs with its owner's rights: may whoever asks change this segment?
CREATE FUNCTION fibre_may_change(segment uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF gisapp_person() AND NOT gisapp_operator() AND NOT coalesce(
        (SELECT gisapp_belongs(organisation_id, geom, fibre_writers()) FROM fibre_segment WHERE id = segment), false)
    THEN
        PERFORM fibre_out_of_reach();
    END IF;
END
$$;

CREATE FUNCTION fibre_may_change_at(organisation bigint, place geometry) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF gisapp_person() AND NOT gisapp_operator() AND NOT gisapp_belongs(organisation, place, fibre_writers()) THEN
        PERFORM fibre_out_of_reach();
    END IF;
END
$$;

-- Where a node is, for the policies of what stands there: the node itself may be another network's, and not be seen.
CREATE FUNCTION fibre_node_place(node uuid) RETURNS geometry
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$ SELECT geom FROM fibre_node WHERE id = node $$;

CREATE FUNCTION fibre_node_in(node uuid, area geometry) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$ SELECT EXISTS (SELECT FROM fibre_node WHERE id = node AND ST_Intersects(geom, area)) $$;

-- ------------------------------------------------------------------------------------------------------- shared trenches

-- The other organisations whose ducts lie in a segment of this one; NULL where there are none.
CREATE FUNCTION fibre_guests(of_segment uuid, host bigint) RETURNS bigint[]
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT array_agg(DISTINCT d.organisation_id ORDER BY d.organisation_id)
      FROM fibre_ductstep s JOIN fibre_duct d ON d.id = s.duct_id
     WHERE s.segment_id = of_segment AND d.organisation_id <> host
$$;

-- Whatever a writer says: it is computed. (A split brings its steps before its second segment.)
CREATE FUNCTION fibre_segment_shared() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    NEW.shared_with := fibre_guests(NEW.id, NEW.organisation_id);
    RETURN NEW;
END
$$;
CREATE TRIGGER fibre_3_shared BEFORE INSERT OR UPDATE OF shared_with ON fibre_segment
    FOR EACH ROW EXECUTE FUNCTION fibre_segment_shared();

CREATE FUNCTION fibre_share_anew(segments uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    UPDATE fibre_segment s SET shared_with = NULL
     WHERE s.id = ANY (segments) AND s.shared_with IS DISTINCT FROM fibre_guests(s.id, s.organisation_id)
$$;
REVOKE EXECUTE ON FUNCTION fibre_share_anew(uuid[]) FROM PUBLIC;

-- Most ducts lie in their own network's trenches: those cost one join.
CREATE FUNCTION fibre_steps_shared() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    touched uuid[];
BEGIN
    SELECT array_agg(DISTINCT s.id) INTO touched
      FROM rows_ r JOIN fibre_segment s ON s.id = r.segment_id LEFT JOIN fibre_duct d ON d.id = r.duct_id
     WHERE s.shared_with IS NOT NULL OR d.organisation_id <> s.organisation_id;
    IF touched IS NOT NULL THEN
        PERFORM fibre_share_anew(touched);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_shared_added AFTER INSERT ON fibre_ductstep
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_steps_shared();
CREATE TRIGGER zz_fibre_shared_changed AFTER UPDATE ON fibre_ductstep
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_steps_shared();
CREATE TRIGGER zz_fibre_shared_left AFTER UPDATE ON fibre_ductstep
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_steps_shared();
CREATE TRIGGER zz_fibre_shared_removed AFTER DELETE ON fibre_ductstep
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_steps_shared();

-- Whose ducts lie in a segment beside one's own: that they are there and how many, never what they are.
CREATE FUNCTION fibre_guest_ducts(of_segment uuid) RETURNS TABLE (organisation_id bigint, organisation text, ducts bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT d.organisation_id, o.name, count(*)
      FROM fibre_segment g JOIN fibre_ductstep s ON s.segment_id = g.id JOIN fibre_duct d ON d.id = s.duct_id
      JOIN accounts_organisation o ON o.id = d.organisation_id
     WHERE g.id = of_segment AND d.organisation_id <> g.organisation_id
       AND (NOT gisapp_person() OR gisapp_operator()
            OR gisapp_belongs(g.organisation_id, g.geom, fibre_readers()))
     GROUP BY d.organisation_id, o.name ORDER BY o.name
$$;

-- --------------------------------------------------------------------------------------------------- where a duct lies

CREATE FUNCTION fibre_duct_line(of_duct uuid) RETURNS geometry
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT ST_RemoveRepeatedPoints(ST_MakeLine(CASE WHEN d.forward THEN s.geom ELSE ST_Reverse(s.geom) END ORDER BY d.ordinal))
      FROM fibre_ductstep d JOIN fibre_segment s ON s.id = d.segment_id WHERE d.duct_id = of_duct
$$;

-- A duct has its place from its walk alone; a new one has none yet.
CREATE FUNCTION fibre_duct_placed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    NEW.geom := CASE WHEN TG_OP = 'UPDATE' THEN fibre_duct_line(NEW.id) END;
    RETURN NEW;
END
$$;
CREATE TRIGGER fibre_3_placed BEFORE INSERT OR UPDATE OF geom ON fibre_duct
    FOR EACH ROW EXECUTE FUNCTION fibre_duct_placed();

-- Behind fibre_due_now, which has put the walks right.
CREATE FUNCTION fibre_check_ductline(ducts uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    UPDATE fibre_duct SET geom = NULL WHERE id = ANY (ducts) AND ST_AsEWKB(geom) IS DISTINCT FROM ST_AsEWKB(fibre_duct_line(id))
$$;
REVOKE EXECUTE ON FUNCTION fibre_check_ductline(uuid[]) FROM PUBLIC;

-- A trench that is redrawn moves what lies in it.
CREATE FUNCTION fibre_lines_touched() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_note_due(array_agg(DISTINCT d.duct_id))
       FROM fresh f JOIN stale o ON o.id = f.id JOIN fibre_ductstep d ON d.segment_id = f.id
      WHERE ST_AsEWKB(f.geom) <> ST_AsEWKB(o.geom);
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_lines AFTER UPDATE ON fibre_segment
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION fibre_lines_touched();

UPDATE fibre_duct SET geom = NULL WHERE EXISTS (SELECT FROM fibre_ductstep s WHERE s.duct_id = fibre_duct.id);
UPDATE fibre_segment s SET shared_with = NULL WHERE fibre_guests(s.id, s.organisation_id) IS NOT NULL;
SELECT fibre_tune();
