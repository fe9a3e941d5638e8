-- Cables are blown into the shortest way of free tubes, and pulled out when nothing hangs on them any more.

-- From a node through each open tube end there as far as the tube leads: where it comes out, metres, sections. Only tubes that
-- are there, fit, take another cable, and are not leased to others; of several to one place the shortest, then the first.
CREATE FUNCTION fibre_open_ways(at_node uuid, outer_mm numeric, for_whom bigint)
    RETURNS TABLE (leaves_at uuid, metres float8, way uuid[])
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH ends AS (
        SELECT x.id, o.side, t.position, d.name, d.id AS duct
          FROM (SELECT id AS section, 'a' AS side FROM fibre_tubesection WHERE from_node_id = at_node
                UNION ALL SELECT id, 'b' FROM fibre_tubesection WHERE to_node_id = at_node) o
          JOIN fibre_tubesection x ON x.id = o.section JOIN fibre_tube t ON t.id = x.tube_id JOIN fibre_duct d ON d.id = t.duct_id
         WHERE NOT EXISTS (SELECT FROM fibre_tubeend e WHERE e.section_id = x.id AND e.side = o.side)
    ), asked AS (
        SELECT array_agg(id ORDER BY name, duct, position, side) AS sections, array_agg(side ORDER BY name, duct, position, side) AS sides FROM ends
    ), ways AS MATERIALIZED (
        SELECT w.start, array_agg(w.section_id ORDER BY w.nth) AS way, (array_agg(w.leaves_at ORDER BY w.nth DESC))[1] AS leaves_at, bool_or(w.capped) AS capped
          FROM asked a, fibre_tube_ways(a.sections, a.sides) w GROUP BY w.start
    ), long AS MATERIALIZED (
        SELECT t.section_id, sum(t.length_m) AS metres
          FROM fibre_sections_through(array(SELECT DISTINCT s FROM ways w, unnest(w.way) s WHERE NOT w.capped)) t GROUP BY t.section_id
    ), used AS MATERIALIZED (
        SELECT * FROM fibre_sections_used(array(SELECT DISTINCT s FROM ways w, unnest(w.way) s WHERE NOT w.capped), for_whom)
    )
    SELECT DISTINCT ON (w.leaves_at) w.leaves_at, m.metres, w.way
      FROM ways w, LATERAL (
           SELECT sum(l.metres) AS metres,
                  bool_and(coalesce(u.cables < u.most AND u.inner_mm > outer_mm AND u.area + outer_mm * outer_mm <= u.inner_mm * u.inner_mm
                                    AND NOT u.leased AND NOT u.gone, false)) AS passable
             FROM unnest(w.way) s LEFT JOIN used u ON u.section_id = s LEFT JOIN long l ON l.section_id = s) m
     WHERE NOT w.capped AND m.passable AND w.leaves_at <> at_node
     ORDER BY w.leaves_at, m.metres, w.start
$$;

-- The sections of the shortest way from one node to another for a cable of this diameter (millimetres). Raises no-cable-way.
CREATE FUNCTION fibre_blow_way(start uuid, goal uuid, outer_mm numeric, for_whom bigint) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    nodes uuid[] := ARRAY[start];
    dist float8[] := '{0}';
    came integer[] := '{0}';
    ways text[] := '{""}';
    done boolean[] := '{false}';
    here integer;
    there integer;
    i integer;
    step record;
    found_way uuid[] := '{}';
    target CONSTANT geometry := fibre_node_place(goal);
BEGIN
    LOOP
        here := NULL;
        FOR i IN 1 .. cardinality(nodes) LOOP
            IF NOT done[i] AND (here IS NULL OR dist[i] < dist[here]) THEN
                here := i;
            END IF;
        END LOOP;
        EXIT WHEN here IS NULL OR nodes[here] = goal;
        done[here] := true;
        FOR step IN SELECT * FROM fibre_open_ways(nodes[here], outer_mm, for_whom) LOOP
            there := array_position(nodes, step.leaves_at);
            IF there IS NULL THEN
                there := cardinality(nodes) + 1;
                nodes[there] := step.leaves_at; dist[there] := 'Infinity'; done[there] := false;
            END IF;
            IF NOT done[there] AND dist[here] + step.metres < dist[there] THEN
                dist[there] := dist[here] + step.metres; came[there] := here; ways[there] := step.way::text;
            END IF;
        END LOOP;
    END LOOP;
    IF here IS NULL THEN
        SELECT u.node, fibre_called(n.name, n.id) AS name, round(ST_Distance(fibre_node_place(u.node), target)::numeric) AS apart INTO step
          FROM unnest(nodes) u (node) LEFT JOIN fibre_node n ON n.id = u.node ORDER BY ST_Distance(fibre_node_place(u.node), target) LIMIT 1;
        PERFORM fibre_refuse('no-cable-way', format('Von %s führt kein Weg durch freie Röhrchen nach %s.',
            (SELECT fibre_called(name, id) FROM fibre_node WHERE id = start), (SELECT fibre_called(name, id) FROM fibre_node WHERE id = goal)),
            format('Am nächsten kommt man bis %s (%s m davor). Dort fehlt ein offenes Röhrchenende, eine Kupplung, oder was weiterführt, ist belegt, vermietet oder zu eng.',
                coalesce(step.name, left(step.node::text, 8)), step.apart));
    END IF;
    WHILE came[here] > 0 LOOP
        found_way := ways[here]::uuid[] || found_way;
        here := came[here];
    END LOOP;
    RETURN found_way;
END
$$;

CREATE FUNCTION fibre_cable_told(of_cable uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('id', c.id, 'name', c.name, 'length_m', (
            SELECT round(m.drawn_m::numeric, 2) FROM fibre_measure m WHERE m.cable_id = c.id AND m.entry_id IS NULL),
        'way', (SELECT coalesce(jsonb_agg(jsonb_build_object('section', x.id, 'tube', fibre_tube_label(x.tube_id)) ORDER BY s.ordinal), '[]')
                  FROM fibre_cablestep s JOIN fibre_tubesection x ON x.id = s.section_id WHERE s.cable_id = c.id))
      FROM fibre_cable c WHERE c.id = of_cable
$$;

-- A cable whose network is held until the transaction ends. Raises unknown-object.
CREATE FUNCTION fibre_cable_held(of_cable uuid) RETURNS fibre_cable
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    found_ fibre_cable;
BEGIN
    SELECT * INTO found_ FROM fibre_cable WHERE id = of_cable;
    IF NOT FOUND THEN
        PERFORM fibre_refuse('unknown-object', 'Dieses Kabel gibt es nicht.');
    END IF;
    PERFORM fibre_hold(found_.network_id);
    RETURN found_;
END
$$;

-- Blow a cable in that is not placed yet, from its first node over `via` to its last. Raises cable-placed, no-cable-way.
CREATE FUNCTION fibre_blow(of_cable uuid, via uuid[] DEFAULT '{}') RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    cable fibre_cable;
    width numeric;
    stops uuid[];
    sections uuid[] := '{}';
    i integer;
BEGIN
    SELECT * INTO cable FROM fibre_cable_held(of_cable);
    IF EXISTS (SELECT FROM fibre_cablestep WHERE cable_id = of_cable) THEN
        PERFORM fibre_refuse('cable-placed', format('Das Kabel %s ist schon verlegt.', fibre_called(cable.name, cable.id)), 'Erst ausziehen (fibre_pull_out).');
    END IF;
    width := coalesce((SELECT outer_mm FROM fibre_cablespec WHERE key = cable.spec_id), 0);
    stops := cable.from_node_id || via || cable.to_node_id;
    FOR i IN 2 .. cardinality(stops) LOOP
        IF stops[i] = stops[i - 1] THEN
            PERFORM fibre_refuse('route-to-itself', 'Der Weg endet, wo er beginnt.', 'Einen Ring über einen Zwischenknoten führen.');
        END IF;
        sections := sections || fibre_blow_way(stops[i - 1], stops[i], width, cable.organisation_id);
    END LOOP;
    INSERT INTO fibre_cablestep (cable_id, ordinal, section_id)
    SELECT of_cable, u.nth, u.section FROM unnest(sections) WITH ORDINALITY u (section, nth);
    PERFORM fibre_settle();
    RETURN fibre_cable_told(of_cable);
END
$$;

-- A new cable between two nodes, or between two enclosures, which it then enters.
CREATE FUNCTION fibre_place_cable(net uuid, spec text, called text DEFAULT NULL, from_node uuid DEFAULT NULL, to_node uuid DEFAULT NULL,
                                  from_box uuid DEFAULT NULL, to_box uuid DEFAULT NULL, via uuid[] DEFAULT '{}') RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    made uuid;
    first uuid := coalesce(from_node, (SELECT node_id FROM fibre_enclosure WHERE id = from_box));
    last uuid := coalesce(to_node, (SELECT node_id FROM fibre_enclosure WHERE id = to_box));
    told jsonb;
BEGIN
    IF first IS NULL OR last IS NULL THEN
        PERFORM fibre_refuse('unknown-object', 'Zwischen welchen Netzknoten oder Gehäusen das Kabel liegt, ist nicht gesagt.');
    END IF;
    PERFORM fibre_hold(net);
    INSERT INTO fibre_cable (network_id, name, spec_id, from_node_id, to_node_id) VALUES (net, called, spec, first, last) RETURNING id INTO made;
    told := fibre_blow(made, via);
    PERFORM fibre_enter(made, u.box) FROM unnest(ARRAY[from_box, to_box]) WITH ORDINALITY u (box, nth) WHERE u.box IS NOT NULL;
    PERFORM fibre_settle();
    RETURN told;
END
$$;

-- Where each piece of a cable's way ends.
CREATE FUNCTION fibre_pieces_end(of_cable uuid) RETURNS TABLE (ordinal integer, ends_at uuid)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT c.ordinal, CASE WHEN c.forward THEN coalesce(x.to_node_id, s.to_node_id) ELSE coalesce(x.from_node_id, s.from_node_id) END
      FROM fibre_cablestep c LEFT JOIN fibre_tubesection x ON x.id = c.section_id LEFT JOIN fibre_segment s ON s.id = c.segment_id
     WHERE c.cable_id = of_cable
$$;

-- What keeps a cable where it is: joints, circuits on its fibres, enclosures on its way. `ends`: only what hangs at these ends.
CREATE FUNCTION fibre_refuse_hanging(of_cable uuid, ends text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    named CONSTANT text := (SELECT fibre_called(name, id) FROM fibre_cable WHERE id = of_cable);
    bad text;
BEGIN
    SELECT string_agg(DISTINCT c.name, ', ') INTO bad FROM fibre_fibresection f JOIN fibre_circuitend e ON e.section_id = f.id
      JOIN fibre_circuit c ON c.id = e.circuit_id AND c.lifecycle = 'in_service' WHERE f.cable_id = of_cable;
    IF bad IS NULL AND EXISTS (SELECT FROM fibre_circuit WHERE lifecycle = 'in_service') THEN
        SELECT string_agg(c.name, ', ' ORDER BY c.name) INTO bad FROM fibre_circuit c WHERE c.id IN (
            SELECT t.circuit_id FROM (SELECT array_agg(id) AS pieces FROM fibre_fibresection WHERE cable_id = of_cable) f,
                   LATERAL fibre_circuits_through(f.pieces, array_fill('b'::text, ARRAY[cardinality(f.pieces)])) t);
    END IF;
    IF bad IS NOT NULL THEN
        PERFORM fibre_refuse('cable-carries-service', format('Über das Kabel %s läuft: %s.', named, left(bad, 200)), 'Erst die Schaltung außer Betrieb nehmen oder umlegen.');
    END IF;
    SELECT string_agg(DISTINCT n.name, ', ') INTO bad FROM fibre_fibresection f JOIN fibre_jointend e ON e.section_id = f.id
      JOIN fibre_joint j ON j.id = e.joint_id LEFT JOIN fibre_enclosure n ON n.id = j.enclosure_id
     WHERE f.cable_id = of_cable AND (cardinality(ends) = 2 OR (e.side = ANY (ends) AND CASE e.side WHEN 'a' THEN f.cut_a_id ELSE f.cut_b_id END IS NULL));
    IF bad IS NOT NULL THEN
        PERFORM fibre_refuse('cable-spliced', format('Fasern des Kabels %s sind verbunden in: %s.', named, left(bad, 200)), 'Erst die Spleiße lösen (fibre_unsplice).');
    END IF;
    SELECT string_agg(n.name, ', ' ORDER BY n.name) INTO bad FROM fibre_cableentry e JOIN fibre_enclosure n ON n.id = e.enclosure_id
     WHERE e.cable_id = of_cable AND e.side IS NULL AND cardinality(ends) = 2;
    IF bad IS NOT NULL THEN
        PERFORM fibre_refuse('cable-entered', format('Das Kabel %s ist unterwegs eingeführt in: %s.', named, left(bad, 200)), 'Erst aus diesen Gehäusen nehmen.');
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_refuse_hanging(uuid, text[]) FROM PUBLIC;

-- The same for whoever sees the cable.
CREATE FUNCTION fibre_ask_hanging(of_cable uuid, ends text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF gisapp_person() AND NOT gisapp_operator() AND NOT EXISTS (SELECT FROM fibre_cable c WHERE c.id = of_cable AND gisapp_belongs(
        c.organisation_id, ST_Collect(fibre_node_place(c.from_node_id), fibre_node_place(c.to_node_id)), fibre_writers())) THEN
        PERFORM fibre_out_of_reach();
    END IF;
    PERFORM fibre_refuse_hanging(of_cable, ends);
END
$$;

-- Pull a cable out of all its tubes and enclosures; it stays without a way (or is `gone`). Returns out of how many pieces.
CREATE FUNCTION fibre_pull_out(of_cable uuid, gone boolean DEFAULT false) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    cable fibre_cable;
    pieces integer;
BEGIN
    SELECT * INTO cable FROM fibre_cable_held(of_cable);
    PERFORM fibre_ask_hanging(of_cable, '{a,b}');
    DELETE FROM fibre_cablestep WHERE cable_id = of_cable;
    GET DIAGNOSTICS pieces = ROW_COUNT;
    IF pieces = 0 AND NOT gone THEN
        PERFORM fibre_refuse('cable-not-placed', format('Das Kabel %s ist nicht verlegt.', fibre_called(cable.name, cable.id)));
    END IF;
    DELETE FROM fibre_cableentry WHERE cable_id = of_cable;
    DELETE FROM fibre_slack WHERE cable_id = of_cable;
    IF gone THEN
        DELETE FROM fibre_cable WHERE id = of_cable;
    END IF;
    RETURN pieces;
END
$$;

-- Pull one end back ("a": the beginning) to a node at which the cable goes from one piece to the next; it ends there then.
-- Raises cable-end-unknown, cable-misses-node, cable-entered, and what fibre_ask_hanging raises.
CREATE FUNCTION fibre_pull_back(of_cable uuid, from_end text, until uuid) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    cable fibre_cable;
    at_ integer;
    bad text;
    pieces integer;
BEGIN
    SELECT * INTO cable FROM fibre_cable_held(of_cable);
    IF from_end IS NULL OR from_end NOT IN ('a', 'b') THEN
        PERFORM fibre_refuse('cable-end-unknown', format('Ein Kabel hat einen Anfang („a“) und ein Ende („b“), kein „%s“.', coalesce(from_end, '')));
    END IF;
    SELECT s.ordinal INTO at_ FROM fibre_pieces_end(of_cable) s
     WHERE s.ends_at = until AND s.ordinal < (SELECT max(o.ordinal) FROM fibre_cablestep o WHERE o.cable_id = of_cable);
    IF NOT FOUND THEN
        PERFORM fibre_refuse('cable-misses-node', format('Das Kabel %s kommt an diesem Netzknoten nicht aus einem Rohr.', fibre_called(cable.name, cable.id)),
            'Zurückziehen lässt es sich bis zu einem Knoten, an dem es von einem Stück auf das nächste wechselt.');
    END IF;
    PERFORM fibre_ask_hanging(of_cable, ARRAY[from_end]);
    SELECT string_agg(n.name, ', ' ORDER BY n.name) INTO bad FROM fibre_cableentry e JOIN fibre_enclosure n ON n.id = e.enclosure_id
      JOIN fibre_pieces_end(of_cable) s ON s.ends_at = n.node_id
     WHERE e.cable_id = of_cable AND e.side IS NULL AND CASE from_end WHEN 'a' THEN s.ordinal <= at_ ELSE s.ordinal >= at_ END;
    IF bad IS NOT NULL THEN
        PERFORM fibre_refuse('cable-entered', format('Das Kabel %s ist auf diesem Stück eingeführt in: %s.', fibre_called(cable.name, cable.id), left(bad, 200)), 'Erst aus diesen Gehäusen nehmen.');
    END IF;
    DELETE FROM fibre_cableentry WHERE cable_id = of_cable AND side = from_end;
    DELETE FROM fibre_slack k USING fibre_pieces_end(of_cable) s WHERE k.cable_id = of_cable AND s.ends_at = k.node_id
       AND CASE from_end WHEN 'a' THEN s.ordinal < at_ ELSE s.ordinal > at_ END;
    DELETE FROM fibre_slack WHERE cable_id = of_cable AND node_id = CASE from_end WHEN 'a' THEN cable.from_node_id ELSE cable.to_node_id END;
    DELETE FROM fibre_cablestep WHERE cable_id = of_cable AND CASE from_end WHEN 'a' THEN ordinal <= at_ ELSE ordinal > at_ END;
    GET DIAGNOSTICS pieces = ROW_COUNT;
    UPDATE fibre_cable SET from_node_id = CASE from_end WHEN 'a' THEN until ELSE from_node_id END,
           to_node_id = CASE from_end WHEN 'a' THEN to_node_id ELSE until END WHERE id = of_cable;
    RETURN pieces;
END
$$;
