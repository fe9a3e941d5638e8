-- Where cables and enclosures are on the map: a cable along its way, an enclosure at its node. Nobody writes it by hand.

CREATE FUNCTION fibre_cable_line(of_cable uuid) RETURNS geometry
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT ST_RemoveRepeatedPoints(ST_MakeLine(CASE WHEN w.forward THEN s.geom ELSE ST_Reverse(s.geom) END ORDER BY w.step, w.within))
      FROM fibre_cableway w JOIN fibre_segment s ON s.id = w.segment_id WHERE w.cable_id = of_cable
$$;

-- A cable that is not placed (or lies within a building) is where its two nodes are.
CREATE FUNCTION fibre_cable_placed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    NEW.geom := CASE WHEN TG_OP = 'UPDATE' THEN fibre_cable_line(NEW.id) END;
    NEW.place := coalesce(NEW.geom, ST_Collect(ARRAY[fibre_node_place(NEW.from_node_id), fibre_node_place(NEW.to_node_id)]));
    RETURN NEW;
END
$$;
CREATE TRIGGER fibre_3_placed BEFORE INSERT OR UPDATE OF geom, place, from_node_id, to_node_id ON fibre_cable
    FOR EACH ROW EXECUTE FUNCTION fibre_cable_placed();

CREATE FUNCTION fibre_draw_cables(cables uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    UPDATE fibre_cable SET geom = NULL WHERE id = ANY (cables) AND ST_AsEWKB(geom) IS DISTINCT FROM ST_AsEWKB(fibre_cable_line(id))
$$;

REVOKE EXECUTE ON FUNCTION fibre_draw_cables(uuid[]) FROM PUBLIC;

CREATE FUNCTION fibre_enclosure_placed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    NEW.geom := fibre_node_place(NEW.node_id);
    RETURN NEW;
END
$$;
CREATE TRIGGER fibre_3_placed BEFORE INSERT OR UPDATE OF geom, node_id ON fibre_enclosure
    FOR EACH ROW EXECUTE FUNCTION fibre_enclosure_placed();

-- A node that is moved takes along what stands there, and the cables that are nowhere else.
CREATE FUNCTION fibre_places_moved() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    moved uuid[];
BEGIN
    SELECT array_agg(f.id) INTO moved FROM fresh f JOIN stale o ON o.id = f.id WHERE ST_AsEWKB(f.geom) <> ST_AsEWKB(o.geom);
    IF moved IS NOT NULL THEN
        UPDATE fibre_enclosure SET geom = NULL WHERE node_id = ANY (moved);
        UPDATE fibre_cable SET place = NULL WHERE geom IS NULL AND (from_node_id = ANY (moved) OR to_node_id = ANY (moved));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_places AFTER UPDATE ON fibre_node
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION fibre_places_moved();

UPDATE fibre_enclosure SET geom = NULL;
UPDATE fibre_cable SET geom = NULL;
SELECT fibre_tune();
