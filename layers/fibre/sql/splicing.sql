-- Actions on joints. They run with the caller's rights, on the same tables and under the same rules as everything else.

-- The fibre ends that are in an enclosure. `towards` is the end of the cable to which the glass leads from here.
CREATE FUNCTION fibre_ends_in(in_enclosure uuid)
    RETURNS TABLE (cable_id uuid, number smallint, section_id uuid, side text, towards text, joint_id uuid)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT f.cable_id, f.number, f.id, f.side, CASE f.side WHEN 'a' THEN 'b' ELSE 'a' END, j.joint_id
      FROM (
        SELECT x.cable_id, x.number, x.id, e.side FROM fibre_cableentry e JOIN fibre_fibresection x ON x.cable_id = e.cable_id
         WHERE e.enclosure_id = in_enclosure AND ((e.side = 'a' AND x.cut_a_id IS NULL) OR (e.side = 'b' AND x.cut_b_id IS NULL))
        UNION ALL
        SELECT x.cable_id, x.number, x.id, 'a' FROM fibre_cableentry e JOIN fibre_fibresection x ON x.cut_a_id = e.id
         WHERE e.enclosure_id = in_enclosure
        UNION ALL
        SELECT x.cable_id, x.number, x.id, 'b' FROM fibre_cableentry e JOIN fibre_fibresection x ON x.cut_b_id = e.id
         WHERE e.enclosure_id = in_enclosure
      ) f LEFT JOIN fibre_jointend j ON j.thing = f.id AND j.side = f.side
$$;

-- Take a cable into an enclosure: at the cable's own end it ends there, else it passes in an uncut loop.
CREATE FUNCTION fibre_enter(of_cable uuid, in_enclosure uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    way fibre_cable;
    here uuid;
    end_ text;
    made uuid := gen_random_uuid();
BEGIN
    SELECT * INTO way FROM fibre_cable WHERE id = of_cable;
    SELECT node_id INTO here FROM fibre_enclosure WHERE id = in_enclosure;
    IF way.id IS NULL OR here IS NULL THEN
        PERFORM fibre_refuse('unknown-object', 'Dieses Kabel oder Gehäuse gibt es nicht.');
    END IF;
    end_ := CASE WHEN here = way.from_node_id AND NOT EXISTS (SELECT FROM fibre_cableentry WHERE cable_id = of_cable AND side = 'a') THEN 'a'
                 WHEN here = way.to_node_id AND NOT EXISTS (SELECT FROM fibre_cableentry WHERE cable_id = of_cable AND side = 'b') THEN 'b' END;
    INSERT INTO fibre_cableentry (id, enclosure_id, cable_id, state, side)
    VALUES (made, in_enclosure, of_cable, CASE WHEN end_ IS NULL THEN 'looped' ELSE 'end' END, end_);
    RETURN made;
END
$$;

-- The free places of an enclosure's trays, in order.
CREATE FUNCTION fibre_free_slots(in_enclosure uuid, of_tray integer, most integer)
    RETURNS TABLE (nth bigint, tray_id uuid, slot integer)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT row_number() OVER (ORDER BY t.number, s), t.id, s FROM fibre_tray t, generate_series(1, t.capacity) s
     WHERE t.enclosure_id = in_enclosure AND (of_tray IS NULL OR t.number = of_tray)
       AND NOT EXISTS (SELECT FROM fibre_joint j WHERE j.tray_id = t.id AND j.slot = s)
       -- A splice without a place takes one all the same.
       AND s <= t.capacity - (SELECT count(*) FROM fibre_joint j WHERE j.tray_id = t.id AND j.slot IS NULL)
     ORDER BY 1 LIMIT most
$$;

-- Join ends in pairs: the first of one list with the first of the other, and so on. Without trays each takes the next place.
CREATE FUNCTION fibre_join_ends(of_kind text, in_enclosure uuid, things_a uuid[], sides_a text[], things_b uuid[], sides_b text[],
                                of_tray integer DEFAULT NULL) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    many integer := cardinality(things_a);
    made uuid[] := array(SELECT gen_random_uuid() FROM generate_series(1, many));
    trays boolean := of_kind IN ('splice', 'pigtail', 'through')
        AND EXISTS (SELECT FROM fibre_tray WHERE enclosure_id = in_enclosure AND (of_tray IS NULL OR number = of_tray));
BEGIN
    IF many IS DISTINCT FROM cardinality(things_b) OR cardinality(sides_a) IS DISTINCT FROM many OR cardinality(sides_b) IS DISTINCT FROM many THEN
        PERFORM fibre_refuse('joint-two-ends', 'Auf beiden Seiten müssen gleich viele Enden stehen.');
    END IF;
    PERFORM fibre_hold_all(array(SELECT network_id FROM fibre_enclosure WHERE id = in_enclosure));
    IF trays AND (SELECT count(*) FROM fibre_free_slots(in_enclosure, of_tray, many)) < many THEN
        PERFORM fibre_refuse('tray-full', format('In %s sind nicht mehr %s Plätze frei.',
            (SELECT name FROM fibre_enclosure WHERE id = in_enclosure), many), 'Eine andere Kassette oder ein größeres Gehäuse nehmen.');
    END IF;
    INSERT INTO fibre_joint (id, enclosure_id, tray_id, slot, kind)
    SELECT m.id, in_enclosure, s.tray_id, s.slot, of_kind FROM unnest(made) WITH ORDINALITY m (id, nth)
      LEFT JOIN fibre_free_slots(in_enclosure, of_tray, CASE WHEN trays THEN many ELSE 0 END) s ON s.nth = m.nth;
    INSERT INTO fibre_jointend (joint_id, section_id, port_id, leg_id, side)
    SELECT m.joint, f.id, p.id, l.id, m.side
      FROM (SELECT * FROM unnest(made, things_a, sides_a) x (joint, thing, side)
            UNION ALL SELECT * FROM unnest(made, things_b, sides_b) y (joint, thing, side)) m
      LEFT JOIN fibre_fibresection f ON f.id = m.thing
      LEFT JOIN fibre_port p ON p.id = m.thing
      LEFT JOIN fibre_splitterleg l ON l.id = m.thing;
    RETURN made;
END
$$;

-- The ends of `many` fibres of a cable from number `first` on, in an enclosure. Raises fibre-not-here, fibre-ambiguous.
CREATE FUNCTION fibre_pick_ends(in_enclosure uuid, of_cable uuid, first integer, many integer, lead text)
    RETURNS TABLE (things uuid[], sides text[])
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT n, count(e.number) AS ends INTO bad FROM generate_series(first, first + many - 1) n
      LEFT JOIN fibre_ends_in(in_enclosure) e ON e.cable_id = of_cable AND e.number = n AND (lead IS NULL OR e.towards = lead)
     GROUP BY n HAVING count(e.number) <> 1 ORDER BY n LIMIT 1;
    IF FOUND AND bad.ends = 0 THEN
        PERFORM fibre_refuse('fibre-not-here', format('Die Faser %s des Kabels %s hat in %s kein Ende.', bad.n,
            (SELECT fibre_called(name, id) FROM fibre_cable WHERE id = of_cable), (SELECT name FROM fibre_enclosure WHERE id = in_enclosure)),
            'Das Kabel einführen (fibre_enter), oder die Faser dort schneiden (fibre_cut_fibres).');
    ELSIF FOUND THEN
        PERFORM fibre_refuse('fibre-ambiguous', format('Die Faser %s hat hier zwei Enden.', bad.n),
            'Sagen, welches: das zum Anfang des Kabels ("a") oder das zu seinem Ende ("b").');
    END IF;
    RETURN QUERY SELECT array_agg(e.section_id ORDER BY e.number), array_agg(e.side ORDER BY e.number) FROM fibre_ends_in(in_enclosure) e
      WHERE e.cable_id = of_cable AND e.number BETWEEN first AND first + many - 1 AND (lead IS NULL OR e.towards = lead);
END
$$;

-- Splice fibres of two cables, one after the other. Of a cable that is opened here, say towards which end ("a", "b").
CREATE FUNCTION fibre_splice(in_enclosure uuid, cable_a uuid, first_a integer, cable_b uuid, first_b integer, many integer DEFAULT 1,
                             of_tray integer DEFAULT NULL, lead_a text DEFAULT NULL, lead_b text DEFAULT NULL) RETURNS uuid[]
    LANGUAGE sql
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT fibre_join_ends('splice', in_enclosure, a.things, a.sides, b.things, b.sides, of_tray)
      FROM fibre_pick_ends(in_enclosure, cable_a, first_a, many, lead_a) a, fibre_pick_ends(in_enclosure, cable_b, first_b, many, lead_b) b
$$;

-- Splice fibres onto the pigtails of ports of the same enclosure.
CREATE FUNCTION fibre_pigtail(in_enclosure uuid, of_cable uuid, first integer, first_port integer, many integer DEFAULT 1,
                              of_tray integer DEFAULT NULL, lead text DEFAULT NULL) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    ports uuid[] := array(SELECT id FROM fibre_port WHERE enclosure_id = in_enclosure
                           AND number BETWEEN first_port AND first_port + many - 1 ORDER BY number);
BEGIN
    IF cardinality(ports) <> many THEN
        PERFORM fibre_refuse('unknown-port', format('In %s gibt es die Ports %s bis %s nicht alle.',
            (SELECT name FROM fibre_enclosure WHERE id = in_enclosure), first_port, first_port + many - 1));
    END IF;
    RETURN (SELECT fibre_join_ends('pigtail', in_enclosure, e.things, e.sides, ports, array_fill('a'::text, ARRAY[many]), of_tray)
              FROM fibre_pick_ends(in_enclosure, of_cable, first, many, lead) e);
END
$$;

-- Plug a patch cord between two ports of one node.
CREATE FUNCTION fibre_patch(port_a uuid, port_b uuid) RETURNS uuid
    LANGUAGE sql
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT (fibre_join_ends('patch', NULL, ARRAY[port_a], ARRAY['b'], ARRAY[port_b], ARRAY['b']))[1]
$$;

-- Splice a fibre to a splitter's leg of the same enclosure.
CREATE FUNCTION fibre_splice_leg(of_splitter uuid, is_input_ boolean, leg integer, of_cable uuid, fibre integer,
                                 of_tray integer DEFAULT NULL, lead text DEFAULT NULL) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    box uuid;
    found_leg uuid;
BEGIN
    SELECT s.enclosure_id, l.id INTO box, found_leg FROM fibre_splitter s JOIN fibre_splitterleg l ON l.splitter_id = s.id
     WHERE s.id = of_splitter AND l.is_input = is_input_ AND l.number = leg;
    IF NOT FOUND THEN
        PERFORM fibre_refuse('unknown-leg', 'Dieses Bein hat der Splitter nicht.');
    END IF;
    RETURN (SELECT (fibre_join_ends('splice', box, e.things, e.sides, ARRAY[found_leg], ARRAY['a'], of_tray))[1]
              FROM fibre_pick_ends(box, of_cable, fibre, 1, lead) e);
END
$$;

-- Two joints exchange one end each, of the same cable, enclosure or device (two customers were connected the wrong way round).
CREATE FUNCTION fibre_swap(joint_a uuid, joint_b uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    pair record;
BEGIN
    WITH ends AS (
        SELECT e.id, e.joint_id, coalesce(f.cable_id, p.enclosure_id, p.device_id, l.splitter_id) AS holder
          FROM fibre_jointend e
          LEFT JOIN fibre_fibresection f ON f.id = e.section_id
          LEFT JOIN fibre_port p ON p.id = e.port_id
          LEFT JOIN fibre_splitterleg l ON l.id = e.leg_id
         WHERE e.joint_id IN (joint_a, joint_b)
    )
    SELECT x.id AS a, y.id AS b INTO pair FROM ends x JOIN ends y ON y.holder = x.holder
     WHERE x.joint_id = joint_a AND y.joint_id = joint_b ORDER BY 1, 2 LIMIT 1;
    IF NOT FOUND THEN
        PERFORM fibre_refuse('nothing-to-swap', 'Diese beiden Verbindungen haben nichts, was sich tauschen ließe.',
            'Getauscht werden zwei Enden desselben Kabels, Gehäuses, Geräts oder Splitters.');
    END IF;
    UPDATE fibre_jointend SET joint_id = CASE id WHEN pair.a THEN joint_b ELSE joint_a END WHERE id IN (pair.a, pair.b);
END
$$;

-- Another product in the place of an enclosure, with everything that is in it. It must have the trays and ports that are used.
CREATE FUNCTION fibre_replace_enclosure(old uuid, new_spec text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    product fibre_enclosurespec;
    here fibre_enclosure;
BEGIN
    SELECT * INTO here FROM fibre_enclosure WHERE id = old FOR UPDATE;
    SELECT * INTO product FROM fibre_enclosurespec WHERE key = new_spec;
    IF here.id IS NULL OR product.key IS NULL THEN
        PERFORM fibre_refuse('unknown-object', 'Dieses Gehäuse oder diesen Gehäusetyp gibt es nicht.');
    END IF;
    PERFORM fibre_hold(here.network_id);
    IF EXISTS (SELECT FROM fibre_tray t JOIN fibre_joint j ON j.tray_id = t.id
                WHERE t.enclosure_id = old AND (t.number > product.trays OR j.slot > product.tray_capacity))
        OR EXISTS (SELECT FROM fibre_port p JOIN fibre_jointend e ON e.port_id = p.id WHERE p.enclosure_id = old AND p.number > product.ports)
        OR EXISTS (SELECT FROM fibre_tray t JOIN fibre_joint j ON j.tray_id = t.id WHERE t.enclosure_id = old
                    GROUP BY t.id HAVING count(*) > product.tray_capacity) THEN
        PERFORM fibre_refuse('enclosure-too-small', format('%s hat nicht alle Kassetten, Plätze oder Ports, die in %s belegt sind.', product.name, here.name),
            'Einen größeren Typ nehmen, oder erst umspleißen.');
    END IF;
    UPDATE fibre_enclosure SET spec_id = new_spec WHERE id = old;
    DELETE FROM fibre_tray WHERE enclosure_id = old AND number > product.trays;
    UPDATE fibre_tray SET capacity = product.tray_capacity WHERE enclosure_id = old AND capacity <> product.tray_capacity;
    INSERT INTO fibre_tray (enclosure_id, number, capacity)
    SELECT old, n, product.tray_capacity FROM generate_series(1, product.trays) n ON CONFLICT DO NOTHING;
    DELETE FROM fibre_port WHERE enclosure_id = old AND number > product.ports;
    INSERT INTO fibre_port (enclosure_id, number, connector)
    SELECT old, n, product.connector FROM generate_series(1, product.ports) n ON CONFLICT DO NOTHING;
    UPDATE fibre_port SET connector = product.connector WHERE enclosure_id = old AND connector <> product.connector;
END
$$;
