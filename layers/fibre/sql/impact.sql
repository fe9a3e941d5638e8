-- Who is hit when something is cut, dug up or destroyed.
--
-- The steps stay small whatever the tables hold: each duct's way is read once, what is reached is looked up by its key, and
-- each circuit is counted once for each piece. (On 5.6 million fibres a section compared with all segments on its own, or
-- what was reached searched from end to end for each circuit's end, took half a minute.)

-- The pieces of fibre that run through these segments, that belong to these cables, or that are named. A fibre that is cut
-- in closures is hit with the piece that lies there, not with the others.
CREATE FUNCTION fibre_hit_pieces(segments uuid[], cables uuid[], pieces uuid[]) RETURNS SETOF uuid
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
    SELECT f.id FROM places p
      CROSS JOIN LATERAL (SELECT g.id, g.cut_a_id, g.cut_b_id FROM fibre_fibresection g WHERE g.cable_id = p.cable_id OFFSET 0) f
      LEFT JOIN opened a ON a.id = f.cut_a_id
      LEFT JOIN opened b ON b.id = f.cut_b_id
     WHERE (f.cut_a_id IS NULL OR a.after_step < p.ordinal) AND (f.cut_b_id IS NULL OR b.after_step >= p.ordinal)
    UNION
    SELECT f.id FROM fibre_fibresection f WHERE f.cable_id = ANY (cables)
    UNION
    SELECT unnest(pieces);
END
$$;

-- What is hit with these pieces: circuits in service that run through them, and premises to which light comes through them.
CREATE FUNCTION fibre_hit(pieces uuid[])
    RETURNS TABLE (what text, id uuid)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    used uuid[];
BEGIN
    -- Of a cable most fibres are dark. (EXISTS, asked of many pieces, reads all joints there are.)
    used := array(SELECT p FROM unnest(pieces) p, LATERAL (SELECT FROM fibre_jointend j WHERE j.thing = p LIMIT 1) j ORDER BY p);
    RETURN QUERY
    WITH reached AS MATERIALIZED (
        SELECT a.start, a.thing, a.leaves, 1 AS way FROM fibre_reach(used, array_fill('a'::text, ARRAY[cardinality(used)])) a
        UNION ALL
        SELECT b.start, b.thing, b.leaves, 2 FROM fibre_reach(used, array_fill('b'::text, ARRAY[cardinality(used)])) b
    ), lit AS MATERIALIZED (
        SELECT DISTINCT r.thing, r.leaves FROM reached r
    ), ends AS MATERIALIZED (
        SELECT DISTINCT e.node_id FROM lit l, LATERAL (
            SELECT n.node_id FROM fibre_port p JOIN fibre_enclosure n ON n.id = p.enclosure_id WHERE p.id = l.thing
            UNION ALL
            SELECT d.node_id FROM fibre_port p JOIN fibre_device d ON d.id = p.device_id WHERE p.id = l.thing
            UNION ALL
            SELECT CASE l.leaves WHEN 'a' THEN c.from_node_id ELSE c.to_node_id END
              FROM fibre_fibresection f JOIN fibre_cable c ON c.id = f.cable_id
             WHERE f.id = l.thing AND CASE l.leaves WHEN 'a' THEN f.cut_a_id ELSE f.cut_b_id END IS NULL
            OFFSET 0) e
    ), served AS (
        SELECT r.start, r.way, r.thing = used[r.start] AS itself, e.circuit_id, e.begins
          FROM reached r, LATERAL (
            SELECT x.circuit_id, x.begins FROM fibre_circuitend x WHERE x.port_id = r.thing
            UNION ALL
            SELECT x.circuit_id, x.begins FROM fibre_circuitend x WHERE x.section_id = r.thing
            OFFSET 0) e
    ), through AS (
        -- It begins to the one side of a piece and ends to the other, or at the piece itself.
        SELECT s.circuit_id FROM served s GROUP BY s.start, s.circuit_id
        HAVING (bool_or(s.begins AND s.way = 1) AND bool_or(NOT s.begins AND s.way = 2))
            OR (bool_or(s.begins AND s.way = 2) AND bool_or(NOT s.begins AND s.way = 1))
            OR (bool_or(s.itself) AND bool_or(s.begins) AND bool_or(NOT s.begins))
    )
    SELECT 'piece', p FROM unnest(used) p
    UNION ALL
    SELECT 'premises', s.id FROM ends e, LATERAL (SELECT m.id FROM fibre_premises m WHERE m.node_id = e.node_id OFFSET 0) s
    UNION ALL
    SELECT 'circuit', c.id FROM (SELECT DISTINCT t.circuit_id FROM through t) t, LATERAL (
        SELECT k.id FROM fibre_circuit k WHERE k.id = t.circuit_id AND k.lifecycle = 'in_service' OFFSET 0) c;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_hit(uuid[]), fibre_hit_pieces(uuid[], uuid[], uuid[]) FROM PUBLIC;
