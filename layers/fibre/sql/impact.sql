-- Who is hit when something is cut, dug up or destroyed.

-- The pieces of fibre that run through these segments, that belong to these cables, or that are named. A fibre that is cut
-- in closures is hit with the piece that lies there, not with the others.
CREATE FUNCTION fibre_hit_pieces(segments uuid[], cables uuid[], pieces uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH places AS (
        SELECT DISTINCT c.cable_id, c.ordinal FROM fibre_cablestep c WHERE c.segment_id = ANY (segments)
        UNION
        SELECT c.cable_id, c.ordinal
          FROM fibre_ductstep d
          JOIN fibre_tube t ON t.duct_id = d.duct_id
          JOIN fibre_tubesection x ON x.tube_id = t.id
          JOIN fibre_cablestep c ON c.section_id = x.id
         WHERE d.segment_id = ANY (segments)
           -- A whole tube runs through all of its duct's segments; of a cut one it is to be looked up.
           AND (NOT EXISTS (SELECT FROM fibre_tubesection o WHERE o.tube_id = t.id AND o.id <> x.id)
                OR EXISTS (SELECT FROM fibre_sectionway w WHERE w.section_id = x.id AND w.segment_id = ANY (segments)))
    ), opened AS (
        -- Where the cables that are opened somewhere have their entries, as steps.
        SELECT e.id, min(s.ordinal) AS after_step
          FROM fibre_cableentry e
          JOIN fibre_enclosure n ON n.id = e.enclosure_id
          JOIN fibre_stepend s ON s.cable_id = e.cable_id AND s.ends_at = n.node_id
         WHERE e.state = 'opened' AND e.cable_id IN (SELECT p.cable_id FROM places p) GROUP BY e.id
    )
    SELECT f.id FROM places p JOIN fibre_fibresection f ON f.cable_id = p.cable_id
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
    -- Of a cable most fibres are dark.
    used := array(SELECT p FROM unnest(pieces) p WHERE EXISTS (SELECT FROM fibre_jointend j WHERE j.thing = p AND j.side = 'a')
               OR EXISTS (SELECT FROM fibre_jointend j WHERE j.thing = p AND j.side = 'b') ORDER BY p);
    RETURN QUERY
    WITH ahead AS MATERIALIZED (
        SELECT * FROM fibre_reach(used, array_fill('a'::text, ARRAY[cardinality(used)]))
    ), behind AS MATERIALIZED (
        SELECT * FROM fibre_reach(used, array_fill('b'::text, ARRAY[cardinality(used)]))
    ), lit AS MATERIALIZED (
        SELECT DISTINCT r.thing, r.leaves FROM (SELECT * FROM ahead UNION ALL SELECT * FROM behind) r
    ), ends AS (
        SELECT n.node_id FROM lit JOIN fibre_port p ON p.id = lit.thing JOIN fibre_enclosure n ON n.id = p.enclosure_id
        UNION
        SELECT d.node_id FROM lit JOIN fibre_port p ON p.id = lit.thing JOIN fibre_device d ON d.id = p.device_id
        UNION
        SELECT CASE lit.leaves WHEN 'a' THEN c.from_node_id ELSE c.to_node_id END
          FROM lit JOIN fibre_fibresection f ON f.id = lit.thing JOIN fibre_cable c ON c.id = f.cable_id
         WHERE CASE lit.leaves WHEN 'a' THEN f.cut_a_id ELSE f.cut_b_id END IS NULL
    ), circuit_ends AS (
        SELECT e.circuit_id, e.begins, coalesce(e.port_id, e.section_id) AS thing
          FROM fibre_circuitend e JOIN fibre_circuit c ON c.id = e.circuit_id AND c.lifecycle = 'in_service'
         WHERE e.port_id IN (SELECT lit.thing FROM lit) OR e.section_id IN (SELECT lit.thing FROM lit)
    )
    SELECT 'piece', p FROM unnest(used) p
    UNION ALL
    SELECT 'premises', s.id FROM fibre_premises s WHERE s.node_id IN (SELECT node_id FROM ends)
    UNION ALL
    SELECT DISTINCT 'circuit', x.circuit_id
      FROM circuit_ends x JOIN circuit_ends y ON y.circuit_id = x.circuit_id AND y.begins AND NOT x.begins
      JOIN (SELECT a.start, a.thing, 1 AS way FROM ahead a UNION ALL SELECT b.start, b.thing, 2 FROM behind b) r ON r.thing = x.thing
      JOIN (SELECT a.start, a.thing, 1 AS way FROM ahead a UNION ALL SELECT b.start, b.thing, 2 FROM behind b) q
        ON q.thing = y.thing AND q.start = r.start AND (q.way <> r.way OR q.thing = used[q.start] OR r.thing = used[r.start]);
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_hit(uuid[]), fibre_hit_pieces(uuid[], uuid[], uuid[]) FROM PUBLIC;
