-- Who is hit when something is cut, dug up or destroyed.
--
-- The steps stay small whatever the tables hold: each duct's way is read once, and what hangs on a piece is looked up by its
-- key (light.sql). (On 5.6 million fibres a section compared with all segments on its own took half a minute.)

-- The pieces of fibre that run through these segments, that belong to these cables, or that are named. A fibre that is cut
-- in closures is hit with the piece that lies there, not with the others.
CREATE FUNCTION fibre_hit_pieces(segments uuid[], cables uuid[], pieces uuid[])
    RETURNS TABLE (section_id uuid, cable_id uuid)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH touched AS MATERIALIZED (
        SELECT DISTINCT d.duct_id FROM unnest(segments) k, LATERAL (
            SELECT s.duct_id FROM fibre_ductstep s WHERE s.segment_id = k OFFSET 0) d
    ), ways AS MATERIALIZED (
        -- Of each duct: the nodes where its steps begin and end, in order, and which of the steps are hit.
        SELECT t.duct_id, array_agg(w.begins ORDER BY w.nth) AS begins, array_agg(w.ends ORDER BY w.nth) AS ends,
               array_agg(w.nth) FILTER (WHERE w.hit) AS hits
          FROM touched t, LATERAL (
            SELECT row_number() OVER (ORDER BY d.ordinal) AS nth, CASE WHEN d.forward THEN s.from_node_id ELSE s.to_node_id END AS begins,
                   CASE WHEN d.forward THEN s.to_node_id ELSE s.from_node_id END AS ends, d.segment_id = ANY (segments) AS hit
              FROM fibre_ductstep d JOIN fibre_segment s ON s.id = d.segment_id WHERE d.duct_id = t.duct_id OFFSET 0) w
         GROUP BY t.duct_id
    ), places AS MATERIALIZED (
        SELECT c.cable_id, c.ordinal FROM unnest(segments) k, LATERAL (
            SELECT b.cable_id, b.ordinal FROM fibre_cablestep b WHERE b.segment_id = k OFFSET 0) c
        UNION
        SELECT c.cable_id, c.ordinal FROM ways w, LATERAL (
            SELECT b.cable_id, b.ordinal, x.from_node_id, x.to_node_id FROM fibre_tube t JOIN fibre_tubesection x ON x.tube_id = t.id
              JOIN fibre_cablestep b ON b.section_id = x.id WHERE t.duct_id = w.duct_id OFFSET 0) c
         WHERE EXISTS (SELECT FROM unnest(w.hits) h WHERE h BETWEEN array_position(w.begins, c.from_node_id) AND array_position(w.ends, c.to_node_id))
    ), opened AS MATERIALIZED (
        -- Where the cables that are opened somewhere have their entries, as steps.
        SELECT e.id, min(e.ordinal) AS after_step FROM (SELECT DISTINCT p.cable_id FROM places p) p, LATERAL (
            SELECT y.id, s.ordinal FROM fibre_cableentry y JOIN fibre_enclosure n ON n.id = y.enclosure_id
              JOIN fibre_stepend s ON s.cable_id = y.cable_id AND s.ends_at = n.node_id
             WHERE y.cable_id = p.cable_id AND y.state = 'opened' OFFSET 0) e
         GROUP BY e.id
    )
    SELECT f.id, p.cable_id FROM places p
      CROSS JOIN LATERAL (SELECT g.id, g.cut_a_id, g.cut_b_id FROM fibre_fibresection g WHERE g.cable_id = p.cable_id OFFSET 0) f
      LEFT JOIN opened a ON a.id = f.cut_a_id
      LEFT JOIN opened b ON b.id = f.cut_b_id
     WHERE (f.cut_a_id IS NULL OR a.after_step < p.ordinal) AND (f.cut_b_id IS NULL OR b.after_step >= p.ordinal)
    UNION
    SELECT f.id, f.cable_id FROM fibre_fibresection f WHERE f.cable_id = ANY (cables)
    UNION
    SELECT f.id, f.cable_id FROM fibre_fibresection f WHERE f.id = ANY (pieces);
END
$$;

-- What is hit with these pieces of these cables: nodes to which light comes through them, circuits in service that run through
-- them, and how many of them are in use.
CREATE FUNCTION fibre_hit(pieces uuid[], cables uuid[], OUT nodes uuid[], OUT circuits uuid[], OUT used bigint)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    WITH lit AS MATERIALIZED (SELECT l.* FROM fibre_lit(pieces, cables) l)
    SELECT array(SELECT DISTINCT n FROM lit l, unnest(l.nodes) n), array(SELECT DISTINCT c FROM lit l, unnest(l.circuits) c),
           (SELECT count(*) FROM lit l WHERE l.used)
      INTO nodes, circuits, used;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_hit(uuid[], uuid[]), fibre_hit_pieces(uuid[], uuid[], uuid[]) FROM PUBLIC;
