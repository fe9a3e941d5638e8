-- Two ways past a rule, found by edits at random.

-- A segment is drawn to its nodes, by up to 5 cm: what came of it may touch itself although what was drawn did not.
CREATE FUNCTION fibre_segment_drawn_simple() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_refuse('segment-not-simple', 'Die Trasse kreuzt oder berührt sich selbst.',
        'Am Kreuzungspunkt einen Netzknoten setzen und zwei Trassen zeichnen.');
    RETURN NULL;
END
$$;
CREATE TRIGGER fibre_5_simple BEFORE INSERT OR UPDATE OF geom, from_node_id, to_node_id ON fibre_segment
    FOR EACH ROW WHEN (NOT ST_IsSimple(NEW.geom)) EXECUTE FUNCTION fibre_segment_drawn_simple();

-- An end cap that is put onto another tube closes that one, like a new cap.
CREATE TRIGGER zz_fibre_cables_changed AFTER UPDATE ON fibre_tubeend
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_under_cables();
