-- Where does it go: a recursion over joints on the live tables. Nothing is stored beside them that could be out of date.
--
-- A trace leaves a thing by one of its sides and goes on through joints: over a fibre's piece to its other end, through an
-- enclosure's port to its other side, into a splitter's leg and out of the legs on its other side - from the input to every
-- output that has something on it, from an output to the input only. A device's port is an end.

-- The things on the way from each start. `trail` are the things so far, this one included: a branch is where two rows have
-- the same trail but for their last thing. `entered` is what was come to (a splitter is entered by one leg and left by
-- another), `leaves` the side by which it goes on.
CREATE FUNCTION fibre_follow(things uuid[], sides text[])
    RETURNS TABLE (start integer, depth integer, trail uuid[], thing uuid, entered uuid, leaves text, joint_id uuid)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET join_collapse_limit = 1
AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE follow AS (
        SELECT s.nth::integer AS start, 0 AS depth, ARRAY[s.thing] AS trail, s.thing, s.thing AS entered, s.side AS leaves, NULL::uuid AS joint_id
          FROM unnest(things, sides) WITH ORDINALITY s (thing, side, nth)
        UNION ALL
        SELECT f.start, f.depth + 1, f.trail || coalesce(x.id, o.thing), coalesce(x.id, o.thing), o.thing,
               CASE WHEN o.leg_id IS NOT NULL THEN CASE WHEN x.id IS NOT NULL THEN 'a' END WHEN o.side = 'a' THEN 'b' ELSE 'a' END, o.joint_id
          FROM follow f
          JOIN fibre_jointend m ON m.thing = f.thing AND m.side = f.leaves
          JOIN fibre_jointend o ON o.joint_id = m.joint_id AND o.id <> m.id
          LEFT JOIN fibre_splitterleg l ON l.id = o.leg_id
          LEFT JOIN fibre_splitterleg x ON x.splitter_id = l.splitter_id AND x.is_input <> l.is_input
           AND EXISTS (SELECT FROM fibre_jointend used WHERE used.thing = x.id)
         -- What was passed already would be passed for ever.
         WHERE NOT coalesce(x.id, o.thing) = ANY (f.trail) AND NOT o.thing = ANY (f.trail)
    )
    SELECT * FROM follow;
END
$$;

-- How long the glass of each piece is (metres): between sheath marks where both were read, else as drawn and with its
-- reserves, times the twist. Empty where the cable is not placed.
CREATE VIEW fibre_glass AS
SELECT f.id AS section_id, f.cable_id, f.number, c.spec_id,
       coalesce(abs(coalesce(eb.mark_m, ob.mark_m) - coalesce(ea.mark_m, oa.mark_m)),
                CASE WHEN f.cut_b_id IS NULL THEN t.drawn_m + t.slack_m ELSE mb.drawn_m + mb.slack_m END
                - CASE WHEN f.cut_a_id IS NULL THEN 0 ELSE ma.drawn_m + ma.slack_m END) * k.twist AS glass_m
  FROM fibre_fibresection f
  JOIN fibre_cable c ON c.id = f.cable_id
  JOIN fibre_cablespec k ON k.key = c.spec_id
  LEFT JOIN fibre_measure t ON t.cable_id = f.cable_id AND t.entry_id IS NULL
  LEFT JOIN fibre_measure ma ON ma.entry_id = f.cut_a_id AND ma.cable_id = f.cable_id
  LEFT JOIN fibre_measure mb ON mb.entry_id = f.cut_b_id AND mb.cable_id = f.cable_id
  LEFT JOIN fibre_cableentry ea ON ea.id = f.cut_a_id
  LEFT JOIN fibre_cableentry eb ON eb.id = f.cut_b_id
  LEFT JOIN fibre_cableentry oa ON oa.cable_id = f.cable_id AND oa.side = 'a' AND f.cut_a_id IS NULL
  LEFT JOIN fibre_cableentry ob ON ob.cable_id = f.cable_id AND ob.side = 'b' AND f.cut_b_id IS NULL;

-- The same rows with all that a person wants to know of each: what it is, where it was joined, length and loss.
-- `loss_db` is what the connector or splitter itself takes, `joint_loss_db` the joint before it; `joined` says whether
-- something is joined on the side by which it is left.
CREATE FUNCTION fibre_hops(things uuid[], sides text[])
    RETURNS TABLE (start integer, depth integer, trail uuid[], thing uuid, entered uuid, leaves text, joint_id uuid, kind text,
                   holder_id uuid, holder text, number integer, network_id uuid, organisation_id bigint, spec_id text,
                   length_m float8, loss_db numeric, joint_kind text, joint_loss_db numeric, joint_measured boolean,
                   enclosure_id uuid, enclosure text, node_id uuid, node text, tray integer, slot integer, outward boolean, joined boolean)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET join_collapse_limit = 1
AS $$
BEGIN
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT f.*, x.id AS section_id, x.cable_id, x.number AS fibre, x.cut_a_id, x.cut_b_id,
               p.id AS port_id, p.enclosure_id AS port_in, p.device_id, p.number AS port, l.id AS leg_id, l.splitter_id, l.number AS leg, l.is_input,
               j.kind, j.loss_db, j.enclosure_id AS joint_in, j.tray_id, j.slot, n.id IS NOT NULL AS joined
          FROM fibre_follow(things, sides) f
          -- (LATERAL: looked up row by row, whatever the planner thinks of a function's number of rows.)
          LEFT JOIN LATERAL (SELECT y.* FROM fibre_fibresection y WHERE y.id = f.thing OFFSET 0) x ON true
          LEFT JOIN LATERAL (SELECT y.* FROM fibre_port y WHERE y.id = f.thing AND x.id IS NULL OFFSET 0) p ON true
          LEFT JOIN LATERAL (SELECT y.* FROM fibre_splitterleg y WHERE y.id = f.thing AND x.id IS NULL AND p.id IS NULL OFFSET 0) l ON true
          LEFT JOIN LATERAL (SELECT y.* FROM fibre_joint y WHERE y.id = f.joint_id OFFSET 0) j ON true
          LEFT JOIN LATERAL (SELECT y.id FROM fibre_jointend y WHERE y.thing = f.thing AND y.side = f.leaves OFFSET 0) n ON true
    ), pieces AS MATERIALIZED (
        -- The fibres that a cable has between two places where it was cut are equally long.
        SELECT DISTINCT ON (f.cable_id, f.cut_a_id, f.cut_b_id) f.cable_id, f.cut_a_id, f.cut_b_id, f.section_id FROM found f WHERE f.section_id IS NOT NULL
    ), cables AS MATERIALIZED (
        SELECT p.cable_id, p.cut_a_id, p.cut_b_id, c.name, c.network_id, c.organisation_id, c.spec_id,
               (SELECT g.glass_m FROM fibre_glass g WHERE g.section_id = p.section_id) AS glass_m
          FROM pieces p, LATERAL (SELECT k.* FROM fibre_cable k WHERE k.id = p.cable_id OFFSET 0) c
    ), splitters AS MATERIALIZED (
        SELECT s.id, s.name, s.enclosure_id, ss.loss_db FROM (SELECT DISTINCT f.splitter_id FROM found f) k, LATERAL (
            SELECT y.* FROM fibre_splitter y WHERE y.id = k.splitter_id OFFSET 0) s LEFT JOIN fibre_splitterspec ss ON ss.key = s.spec_id
    ), devices AS MATERIALIZED (
        SELECT d.* FROM (SELECT DISTINCT f.device_id FROM found f) k, LATERAL (SELECT y.* FROM fibre_device y WHERE y.id = k.device_id OFFSET 0) d
    ), enclosures AS MATERIALIZED (
        SELECT e.id, e.name, e.node_id, e.network_id, e.organisation_id, es.connector_loss_db
          FROM (SELECT f.port_in FROM found f UNION SELECT f.joint_in FROM found f UNION SELECT s.enclosure_id FROM splitters s) k (id), LATERAL (
            SELECT y.* FROM fibre_enclosure y WHERE y.id = k.id OFFSET 0) e LEFT JOIN fibre_enclosurespec es ON es.key = e.spec_id
    ), nodes AS MATERIALIZED (
        SELECT o.id, o.name FROM (SELECT e.node_id FROM enclosures e UNION SELECT d.node_id FROM devices d) k (id), LATERAL (
            SELECT y.id, y.name FROM fibre_node y WHERE y.id = k.id OFFSET 0) o
    ), trays AS MATERIALIZED (
        SELECT t.id, t.number FROM (SELECT DISTINCT f.tray_id FROM found f) k, LATERAL (SELECT y.id, y.number FROM fibre_tray y WHERE y.id = k.tray_id OFFSET 0) t
    )
    SELECT f.start, f.depth, f.trail, f.thing, f.entered, f.leaves, f.joint_id,
           CASE WHEN f.section_id IS NOT NULL THEN 'fibre' WHEN f.leg_id IS NOT NULL THEN 'splitter' WHEN f.device_id IS NOT NULL THEN 'device' ELSE 'port' END,
           coalesce(f.cable_id, f.port_in, f.device_id, f.splitter_id), coalesce(c.name, pe.name, d.name, s.name, left(f.cable_id::text, 8)),
           coalesce(f.fibre, f.port, f.leg)::integer,
           coalesce(c.network_id, pe.network_id, d.network_id, se.network_id),
           coalesce(c.organisation_id, pe.organisation_id, d.organisation_id, se.organisation_id), c.spec_id, c.glass_m,
           CASE WHEN f.leg_id IS NOT NULL THEN s.loss_db WHEN f.device_id IS NOT NULL THEN (SELECT u.loss_db FROM fibre_usualloss u WHERE u.kind = 'connector')
                WHEN f.port_id IS NOT NULL THEN pe.connector_loss_db END,
           f.kind, coalesce(f.loss_db, (SELECT u.loss_db FROM fibre_usualloss u WHERE u.kind = f.kind)), f.loss_db IS NOT NULL,
           coalesce(f.joint_in, f.port_in), coalesce(je.name, pe.name), coalesce(je.node_id, pe.node_id, d.node_id), o.name,
           t.number::integer, f.slot::integer, NOT f.is_input, f.joined
      FROM found f
      LEFT JOIN cables c ON c.cable_id = f.cable_id AND c.cut_a_id IS NOT DISTINCT FROM f.cut_a_id AND c.cut_b_id IS NOT DISTINCT FROM f.cut_b_id
      LEFT JOIN enclosures pe ON pe.id = f.port_in
      LEFT JOIN enclosures je ON je.id = f.joint_in
      LEFT JOIN devices d ON d.id = f.device_id
      LEFT JOIN splitters s ON s.id = f.splitter_id
      LEFT JOIN enclosures se ON se.id = s.enclosure_id
      LEFT JOIN nodes o ON o.id = coalesce(je.node_id, pe.node_id, d.node_id)
      LEFT JOIN trays t ON t.id = f.tray_id;
END
$$;

-- Where an end of a piece is that nothing is joined to: the enclosure, if the cable enters one there, and the node.
CREATE FUNCTION fibre_hanging_at(section uuid, at_side text)
    RETURNS TABLE (enclosure_id uuid, enclosure text, node_id uuid, node text)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT n.id, n.name, o.id, o.name
      FROM fibre_fibresection f
      JOIN fibre_cable c ON c.id = f.cable_id
      LEFT JOIN fibre_cableentry m ON m.id = CASE at_side WHEN 'a' THEN f.cut_a_id ELSE f.cut_b_id END
      LEFT JOIN fibre_cableentry e ON m.id IS NULL AND e.cable_id = f.cable_id AND e.side = at_side
      LEFT JOIN fibre_enclosure n ON n.id = coalesce(m.enclosure_id, e.enclosure_id)
      LEFT JOIN fibre_node o ON o.id = coalesce(n.node_id, CASE at_side WHEN 'a' THEN c.from_node_id ELSE c.to_node_id END)
     WHERE f.id = section
$$;

-- The line of a piece of fibre along the trenches, from its end "a" to its end "b"; empty where the cable is not placed.
CREATE FUNCTION fibre_line(section uuid) RETURNS geometry
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    piece fibre_fibresection;
    after_step integer;
    last_step integer;
BEGIN
    SELECT * INTO piece FROM fibre_fibresection WHERE id = section;
    SELECT min(l.ordinal) INTO after_step FROM fibre_cableentry e JOIN fibre_enclosure n ON n.id = e.enclosure_id
      JOIN fibre_stepend l ON l.cable_id = piece.cable_id AND l.ends_at = n.node_id WHERE e.id = piece.cut_a_id;
    SELECT min(l.ordinal) INTO last_step FROM fibre_cableentry e JOIN fibre_enclosure n ON n.id = e.enclosure_id
      JOIN fibre_stepend l ON l.cable_id = piece.cable_id AND l.ends_at = n.node_id WHERE e.id = piece.cut_b_id;
    RETURN (
        SELECT ST_RemoveRepeatedPoints(ST_MakeLine(CASE WHEN w.forward THEN s.geom ELSE ST_Reverse(s.geom) END ORDER BY w.step, w.within))
          FROM fibre_cableway w JOIN fibre_segment s ON s.id = w.segment_id
         WHERE w.cable_id = piece.cable_id AND (after_step IS NULL OR w.step > after_step) AND (last_step IS NULL OR w.step <= last_step));
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_follow(uuid[], text[]), fibre_hops(uuid[], text[]), fibre_hanging_at(uuid, text), fibre_line(uuid) FROM PUBLIC;
