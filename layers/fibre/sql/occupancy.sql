-- What is taken and what is free: tubes, fibres, and the places in enclosures. Read from the live tables, as sets.
--
-- In use (belegt) means the same everywhere:
--   a tube, or a section of it, in which a cable lies that is not dug out;
--   a fibre (each piece of a cut one) that leads on at one of its sides at least - it is joined to another fibre, to a leg of
--   a splitter, or to a port that is joined on its other side too - or at which, or at whose port, a circuit in service ends.
--   A fibre that merely hangs on the inside of an ODF's port is free: nothing goes on through it. (Every piece that a circuit
--   runs through is in use by this: on its way the circuit leads on, or ends.)
--   a port whose outside is joined, at which a circuit in service ends, or whose inside holds a fibre in use or a leg;
--   a leg of a splitter that is joined; a place of a tray that a joint takes.
-- What is not in use is leased (vermietet) or reserved (reserviert) on the day that is asked about, decommissioned
-- (stillgelegt) with the duct or cable that it is part of, or else free (frei).

CREATE FUNCTION fibre_state(used boolean, lease text, lifecycle text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN used THEN 'used' WHEN lease = 'lease' THEN 'leased' WHEN lease = 'reservation' THEN 'reserved'
                WHEN lifecycle IN ('decommissioned', 'removed') THEN 'decommissioned' ELSE 'free' END
$$;

-- The pieces among these that are in use.
CREATE FUNCTION fibre_in_use(pieces uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    RETURN QUERY
    SELECT m.thing FROM fibre_jointend m
      JOIN fibre_jointend o ON o.joint_id = m.joint_id AND o.id <> m.id
     WHERE m.section_id = ANY (pieces) AND (
           o.section_id IS NOT NULL OR o.leg_id IS NOT NULL
        OR EXISTS (SELECT FROM fibre_jointend b WHERE b.port_id = o.port_id AND b.side <> o.side)
        OR EXISTS (SELECT FROM fibre_circuitend e JOIN fibre_circuit c ON c.id = e.circuit_id AND c.lifecycle = 'in_service'
                    WHERE e.port_id = o.port_id))
    UNION
    SELECT e.section_id FROM fibre_circuitend e JOIN fibre_circuit c ON c.id = e.circuit_id AND c.lifecycle = 'in_service'
     WHERE e.section_id = ANY (pieces);
END
$$;

-- Every tube in these segments: the section that lies there, and the cables in it. `forward` says whether its duct is drawn
-- the way the segment is. What is dug out does not lie there.
CREATE FUNCTION fibre_cross_section(segments uuid[], on_day date)
    RETURNS TABLE (segment_id uuid, duct_id uuid, forward boolean, tube_id uuid, "position" integer, pipe_id text, section_id uuid,
                   cables uuid[], lease_id uuid, state text)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    RETURN QUERY
    WITH lying AS MATERIALIZED (
        SELECT s.segment_id, s.duct_id, s.ordinal, s.forward, d.lifecycle
          FROM fibre_ductstep s JOIN fibre_duct d ON d.id = s.duct_id
         WHERE s.segment_id = ANY (segments) AND d.lifecycle <> 'removed' AND d.retired_at IS NULL
    ), sections AS MATERIALIZED (
        SELECT l.segment_id, l.duct_id, l.ordinal, l.forward, l.lifecycle, t.id AS tube_id, t.position, t.pipe_id, x.id AS section_id,
               x.from_node_id, x.to_node_id, count(*) OVER (PARTITION BY l.segment_id, t.id) AS pieces
          FROM lying l JOIN fibre_tube t ON t.duct_id = l.duct_id JOIN fibre_tubesection x ON x.tube_id = t.id
    ), cut AS MATERIALIZED (
        -- Where each step of the ducts whose tubes are cut begins and ends.
        SELECT w.duct_id, w.ordinal, CASE WHEN w.forward THEN g.from_node_id ELSE g.to_node_id END AS begins,
               CASE WHEN w.forward THEN g.to_node_id ELSE g.from_node_id END AS ends
          FROM (SELECT DISTINCT s.duct_id FROM sections s WHERE s.pieces > 1) k
          JOIN fibre_ductstep w ON w.duct_id = k.duct_id JOIN fibre_segment g ON g.id = w.segment_id
    ), here AS MATERIALIZED (
        SELECT s.* FROM sections s WHERE s.pieces = 1
        UNION ALL
        SELECT s.* FROM sections s
          JOIN cut b ON b.duct_id = s.duct_id AND b.begins = s.from_node_id AND b.ordinal <= s.ordinal
          JOIN cut e ON e.duct_id = s.duct_id AND e.ends = s.to_node_id AND e.ordinal >= s.ordinal
         WHERE s.pieces > 1
    ), filled AS MATERIALIZED (
        SELECT c.section_id, array_agg(c.cable_id ORDER BY k.name, k.id) AS cables
          FROM fibre_cablestep c JOIN fibre_cable k ON k.id = c.cable_id AND k.lifecycle <> 'removed' AND k.retired_at IS NULL
         WHERE c.section_id = ANY (array(SELECT DISTINCT h.section_id FROM here h)) GROUP BY c.section_id
    )
    SELECT h.segment_id, h.duct_id, h.forward, h.tube_id, h.position::integer, h.pipe_id, h.section_id, coalesce(f.cables, '{}'), r.id,
           fibre_state(f.section_id IS NOT NULL, r.kind, h.lifecycle)
      FROM here h
      LEFT JOIN filled f ON f.section_id = h.section_id
      LEFT JOIN fibre_lease r ON r.tube_id = h.tube_id AND on_day BETWEEN r.begins_on AND coalesce(r.ends_on, on_day);
END
$$;

-- Every tube of these ducts as a whole: in use where a cable lies in one of its sections.
CREATE FUNCTION fibre_tubes_taken(ducts uuid[], on_day date)
    RETURNS TABLE (duct_id uuid, tube_id uuid, "position" integer, pipe_id text, sections integer, cables uuid[], lease_id uuid, state text)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    RETURN QUERY
    WITH tubes AS MATERIALIZED (
        SELECT t.*, d.lifecycle FROM fibre_duct d JOIN fibre_tube t ON t.duct_id = d.id WHERE d.id = ANY (ducts)
    ), filled AS MATERIALIZED (
        SELECT x.tube_id, array_agg(DISTINCT c.cable_id) AS cables
          FROM tubes t JOIN fibre_tubesection x ON x.tube_id = t.id JOIN fibre_cablestep c ON c.section_id = x.id
          JOIN fibre_cable k ON k.id = c.cable_id AND k.lifecycle <> 'removed' AND k.retired_at IS NULL
         GROUP BY x.tube_id
    )
    SELECT t.duct_id, t.id, t.position::integer, t.pipe_id, (SELECT count(*) FROM fibre_tubesection x WHERE x.tube_id = t.id)::integer,
           coalesce(f.cables, '{}'), r.id, fibre_state(f.tube_id IS NOT NULL, r.kind, t.lifecycle)
      FROM tubes t
      LEFT JOIN filled f ON f.tube_id = t.id
      LEFT JOIN fibre_lease r ON r.tube_id = t.id AND on_day BETWEEN r.begins_on AND coalesce(r.ends_on, on_day);
END
$$;

-- Every fibre of these cables as a whole: in use where one of its pieces is. `joined_a` and `joined_b` say whether something
-- is joined at the cable's own ends.
CREATE FUNCTION fibre_fibres_taken(cables uuid[], on_day date)
    RETURNS TABLE (cable_id uuid, number integer, pieces uuid[], joined_a boolean, joined_b boolean, lease_id uuid, state text)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    every uuid[] := array(SELECT f.id FROM fibre_fibresection f WHERE f.cable_id = ANY (cables));
BEGIN
    RETURN QUERY
    WITH used AS MATERIALIZED (SELECT u AS id FROM fibre_in_use(every) u), joined AS MATERIALIZED (
        SELECT j.section_id, bool_or(j.side = 'a') AS a, bool_or(j.side = 'b') AS b FROM fibre_jointend j
         WHERE j.section_id = ANY (every) GROUP BY j.section_id
    ), fibres AS MATERIALIZED (
        SELECT f.cable_id, f.number, array_agg(f.id ORDER BY f.cut_a_id IS NOT NULL, m.drawn_m, f.id) AS pieces,
               coalesce(bool_or(f.cut_a_id IS NULL AND j.a), false) AS a, coalesce(bool_or(f.cut_b_id IS NULL AND j.b), false) AS b,
               bool_or(u.id IS NOT NULL) AS used
          FROM fibre_fibresection f
          LEFT JOIN fibre_measure m ON m.entry_id = f.cut_a_id
          LEFT JOIN joined j ON j.section_id = f.id
          LEFT JOIN used u ON u.id = f.id
         WHERE f.cable_id = ANY (cables) GROUP BY f.cable_id, f.number
    )
    SELECT f.cable_id, f.number::integer, f.pieces, f.a, f.b, r.id, fibre_state(f.used, r.kind, c.lifecycle)
      FROM fibres f
      JOIN fibre_cable c ON c.id = f.cable_id
      LEFT JOIN fibre_lease r ON r.cable_id = f.cable_id AND on_day BETWEEN r.begins_on AND coalesce(r.ends_on, on_day)
       AND f.number BETWEEN coalesce(r.first_fibre, 1) AND coalesce(r.last_fibre, f.number);
END
$$;

-- The circuits in service that run through each of these pieces of fibre.
CREATE FUNCTION fibre_circuits_of(pieces uuid[]) RETURNS TABLE (piece uuid, circuit_id uuid)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    used uuid[] := array(SELECT fibre_in_use(pieces));
BEGIN
    RETURN QUERY
    WITH reached AS MATERIALIZED (
        SELECT r.start, r.thing, 1 AS way FROM fibre_reach(used, array_fill('a'::text, ARRAY[cardinality(used)])) r
        UNION ALL
        SELECT r.start, r.thing, 2 FROM fibre_reach(used, array_fill('b'::text, ARRAY[cardinality(used)])) r
    ), ends AS MATERIALIZED (
        SELECT r.start, r.thing, r.way, e.circuit_id, e.begins FROM reached r
          JOIN fibre_circuitend e ON e.port_id = r.thing OR e.section_id = r.thing
          JOIN fibre_circuit c ON c.id = e.circuit_id AND c.lifecycle = 'in_service'
    )
    SELECT DISTINCT used[x.start], x.circuit_id FROM ends x
      JOIN ends y ON y.start = x.start AND y.circuit_id = x.circuit_id AND x.begins AND NOT y.begins
     WHERE x.way <> y.way OR x.thing = used[x.start] OR y.thing = used[x.start];
END
$$;

-- What is taken in these enclosures, each as one row. (`wired` ports have something on their inside.)
CREATE FUNCTION fibre_places_taken(enclosures uuid[], on_day date)
    RETURNS TABLE (enclosure_id uuid, trays bigint, tray_places bigint, tray_used bigint, ports bigint, ports_used bigint, ports_wired bigint,
                   legs bigint, legs_used bigint, leased bigint, reserved bigint)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    RETURN QUERY
    WITH trays AS MATERIALIZED (
        SELECT t.enclosure_id, count(*) AS trays, sum(t.capacity)::bigint AS places,
               sum((SELECT count(*) FROM fibre_joint j WHERE j.tray_id = t.id))::bigint AS used
          FROM fibre_tray t WHERE t.enclosure_id = ANY (enclosures) GROUP BY t.enclosure_id
    ), within AS MATERIALIZED (
        SELECT p.id AS port_id, o.section_id, o.leg_id
          FROM fibre_port p JOIN fibre_jointend m ON m.port_id = p.id AND m.side = 'a'
          JOIN fibre_jointend o ON o.joint_id = m.joint_id AND o.id <> m.id WHERE p.enclosure_id = ANY (enclosures)
    ), lit AS MATERIALIZED (
        SELECT u AS id FROM fibre_in_use(array(SELECT w.section_id FROM within w WHERE w.section_id IS NOT NULL)) u
    ), ports AS MATERIALIZED (
        SELECT p.enclosure_id, count(*) AS ports, count(w.port_id) AS wired,
               count(*) FILTER (WHERE w.leg_id IS NOT NULL OR u.id IS NOT NULL
                   OR EXISTS (SELECT FROM fibre_jointend b WHERE b.port_id = p.id AND b.side = 'b')
                   OR EXISTS (SELECT FROM fibre_circuitend e JOIN fibre_circuit c ON c.id = e.circuit_id AND c.lifecycle = 'in_service'
                               WHERE e.port_id = p.id)) AS used
          FROM fibre_port p
          LEFT JOIN within w ON w.port_id = p.id
          LEFT JOIN lit u ON u.id = w.section_id
         WHERE p.enclosure_id = ANY (enclosures) GROUP BY p.enclosure_id
    ), legs AS MATERIALIZED (
        SELECT s.enclosure_id, count(*) AS legs, count(j.id) AS used
          FROM fibre_splitter s JOIN fibre_splitterleg l ON l.splitter_id = s.id LEFT JOIN fibre_jointend j ON j.leg_id = l.id
         WHERE s.enclosure_id = ANY (enclosures) GROUP BY s.enclosure_id
    ), rented AS MATERIALIZED (
        SELECT r.enclosure_id, sum(r.places) FILTER (WHERE r.kind = 'lease') AS leased, sum(r.places) FILTER (WHERE r.kind = 'reservation') AS reserved
          FROM fibre_lease r WHERE r.enclosure_id = ANY (enclosures) AND on_day BETWEEN r.begins_on AND coalesce(r.ends_on, on_day)
         GROUP BY r.enclosure_id
    )
    SELECT e, coalesce(t.trays, 0), coalesce(t.places, 0), coalesce(t.used, 0), coalesce(p.ports, 0), coalesce(p.used, 0), coalesce(p.wired, 0),
           coalesce(l.legs, 0), coalesce(l.used, 0), coalesce(r.leased, 0)::bigint, coalesce(r.reserved, 0)::bigint
      FROM unnest(enclosures) e
      LEFT JOIN trays t ON t.enclosure_id = e LEFT JOIN ports p ON p.enclosure_id = e
      LEFT JOIN legs l ON l.enclosure_id = e LEFT JOIN rented r ON r.enclosure_id = e;
END
$$;

-- Which ducts, cables and enclosures count to a node: those that begin, end or pass there, or stand there.
CREATE FUNCTION fibre_at_nodes(nodes uuid[]) RETURNS TABLE (node_id uuid, what text, id uuid)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    RETURN QUERY
    WITH touching AS MATERIALIZED (
        SELECT s.from_node_id AS node_id, s.id FROM fibre_segment s WHERE s.from_node_id = ANY (nodes)
        UNION SELECT s.to_node_id, s.id FROM fibre_segment s WHERE s.to_node_id = ANY (nodes)
    ), lying AS MATERIALIZED (
        SELECT t.node_id, t.id AS segment_id, d.duct_id FROM touching t JOIN fibre_ductstep d ON d.segment_id = t.id
    ), here AS (
        SELECT l.node_id, 'duct' AS what, l.duct_id AS id FROM lying l
        UNION
        -- Through a tube: where the section that runs there touches the node.
        SELECT t.node_id, 'cable', unnest(x.cables) FROM fibre_cross_section(array(SELECT DISTINCT l.segment_id FROM lying l), current_date) x
          JOIN touching t ON t.id = x.segment_id
        UNION
        SELECT t.node_id, 'cable', c.cable_id FROM touching t JOIN fibre_cablestep c ON c.segment_id = t.id
        UNION
        SELECT c.from_node_id, 'cable', c.id FROM fibre_cable c WHERE c.from_node_id = ANY (nodes)
        UNION
        SELECT c.to_node_id, 'cable', c.id FROM fibre_cable c WHERE c.to_node_id = ANY (nodes)
        UNION
        SELECT e.node_id, 'cable', y.cable_id FROM fibre_enclosure e JOIN fibre_cableentry y ON y.enclosure_id = e.id WHERE e.node_id = ANY (nodes)
        UNION
        SELECT e.node_id, 'enclosure', e.id FROM fibre_enclosure e WHERE e.node_id = ANY (nodes)
    )
    SELECT h.node_id, h.what, h.id FROM here h
      LEFT JOIN fibre_duct d ON h.what = 'duct' AND d.id = h.id
      LEFT JOIN fibre_cable c ON h.what = 'cable' AND c.id = h.id
      LEFT JOIN fibre_enclosure e ON h.what = 'enclosure' AND e.id = h.id
     WHERE coalesce(d.lifecycle, c.lifecycle, e.lifecycle) <> 'removed' AND coalesce(d.retired_at, c.retired_at, e.retired_at) IS NULL;
END
$$;

REVOKE EXECUTE ON FUNCTION fibre_in_use(uuid[]), fibre_cross_section(uuid[], date), fibre_tubes_taken(uuid[], date), fibre_fibres_taken(uuid[], date),
    fibre_circuits_of(uuid[]), fibre_places_taken(uuid[], date), fibre_at_nodes(uuid[]) FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gisapp_web') THEN
        GRANT EXECUTE ON FUNCTION fibre_in_use(uuid[]), fibre_cross_section(uuid[], date), fibre_tubes_taken(uuid[], date),
            fibre_fibres_taken(uuid[], date), fibre_circuits_of(uuid[]), fibre_places_taken(uuid[], date), fibre_at_nodes(uuid[]) TO gisapp_web;
    END IF;
END
$$;
