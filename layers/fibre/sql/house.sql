-- A house is connected in one step: tap the nearest free tube of a passing duct, dig, cut, couple, lay the lead-in, set the
-- HÜP, blow the cable. All or nothing; a dry run does the same and takes it back.

-- Which fitting joins pipes of these outer diameters (millimetres), which cap closes one; NULL where the catalogue has none.
CREATE FUNCTION fibre_fitting_for(outer_a numeric, outer_b numeric DEFAULT NULL) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT key FROM fibre_fittingspec
     WHERE CASE WHEN outer_b IS NULL THEN kind = 'end_cap' AND outer_a_mm = outer_a
                ELSE kind IN ('straight', 'reducer') AND (outer_a_mm, outer_b_mm) IN ((outer_a, outer_b), (outer_b, outer_a)) END
     ORDER BY kind DESC, key LIMIT 1
$$;

-- The house: its node (none yet: NULL), its place, what it is called, its premises. Raises unknown-object, house-without-place,
-- house-connected.
CREATE FUNCTION fibre_house_site(net uuid, house uuid, place geometry, of_premises uuid, of_address bigint,
                                 OUT node uuid, OUT geom geometry, OUT label text, OUT premises uuid)
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    standing text;
BEGIN
    node := coalesce(house, (SELECT p.node_id FROM fibre_premises p WHERE p.id = of_premises AND p.network_id = net));
    IF node IS NULL AND of_premises IS NOT NULL THEN
        PERFORM fibre_refuse('unknown-object', 'Dieses Anschlussobjekt gibt es in diesem Netz nicht.');
    END IF;
    IF house <> (SELECT p.node_id FROM fibre_premises p WHERE p.id = of_premises) THEN
        PERFORM fibre_refuse('unknown-object', 'Dieses Anschlussobjekt gehört zu einem anderen Haus.', 'Nur eines von beiden nennen.');
    END IF;
    SELECT a.geom, concat_ws(' ', a.street_name, a.house_number) INTO geom, label
      FROM regions_address a WHERE a.id = of_address AND a.retired_at IS NULL;
    IF of_address IS NOT NULL AND NOT FOUND THEN
        PERFORM fibre_refuse('unknown-object', 'Diese Adresse gibt es nicht.');
    END IF;
    geom := coalesce(place, geom);
    node := coalesce(node, fibre_node_at(net, geom));
    IF node IS NOT NULL THEN
        SELECT n.geom, coalesce(n.name, label) INTO geom, label FROM fibre_node n WHERE n.id = node AND n.network_id = net AND n.kind = 'building';
        IF NOT FOUND THEN
            PERFORM fibre_refuse('not-a-building', 'Dort steht ein Netzknoten, der kein Gebäude dieses Netzes ist.',
                'Einen Netzknoten der Art Gebäude nennen, oder eine Stelle, an der noch keiner ist.');
        END IF;
    ELSIF geom IS NULL THEN
        PERFORM fibre_refuse('house-without-place', 'Wo das Haus steht, ist nicht gesagt.', 'Netzknoten, Anschlussobjekt, Adresse oder Stelle nennen.');
    END IF;
    SELECT string_agg(e.name, ', ' ORDER BY e.name) INTO standing FROM fibre_enclosure e JOIN fibre_enclosurespec s ON s.key = e.spec_id
     WHERE e.node_id = node AND s.kind = 'huep' AND e.lifecycle <> 'removed';
    IF standing IS NULL THEN
        SELECT string_agg(DISTINCT fibre_called(d.name, d.id), ', ') INTO standing FROM fibre_tubesection x
          JOIN fibre_tube t ON t.id = x.tube_id JOIN fibre_duct d ON d.id = t.duct_id WHERE node IN (x.from_node_id, x.to_node_id);
    END IF;
    IF standing IS NOT NULL THEN
        PERFORM fibre_refuse('house-connected', format('Das Haus %s ist schon angeschlossen: %s.', coalesce(label, '?'), left(standing, 200)),
            'Für weitere Rohre oder Fasern die einzelnen Handgriffe benutzen.');
    END IF;
    SELECT p.id INTO premises FROM fibre_premises p WHERE p.id = of_premises OR (of_premises IS NULL AND p.node_id = node) ORDER BY p.name LIMIT 1;
END
$$;

-- The free tubes of a duct that pass a segment: section, and on which side of it a cabinet is ("a", "b"), with the sections
-- from here to there. Free: nothing lies in it, nobody has leased it, and its other end leads nowhere.
CREATE FUNCTION fibre_free_tubes(of_duct uuid, in_segment uuid, cabinet uuid)
    RETURNS TABLE (tube_id uuid, tube_position smallint, section_id uuid, serves text, way uuid[], cabinet_id uuid)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH passing AS (
        SELECT t.id AS tube, t.position, x.id AS section
          FROM fibre_sections_through(array(SELECT y.id FROM fibre_tubesection y JOIN fibre_tube o ON o.id = y.tube_id WHERE o.duct_id = of_duct)) w
          JOIN fibre_tubesection x ON x.id = w.section_id JOIN fibre_tube t ON t.id = x.tube_id
         WHERE w.segment_id = in_segment
    ), empty AS (
        SELECT p.* FROM passing p JOIN fibre_sections_used(array(SELECT section FROM passing)) u ON u.section_id = p.section
         WHERE u.cables = 0 AND NOT u.leased AND NOT u.gone AND u.inner_mm IS NOT NULL
    ), asked AS (
        SELECT array_agg(section ORDER BY position, side) AS sections, array_agg(side ORDER BY position, side) AS sides
          FROM empty, unnest('{a,b}'::text[]) side
    ), ways AS (
        -- Entered by "b" it is left by "a": towards its beginning.
        SELECT a.sections[w.start] AS section, CASE a.sides[w.start] WHEN 'b' THEN 'a' ELSE 'b' END AS leaves,
               array_agg(w.section_id ORDER BY w.nth) AS way, max(w.nth) AS many,
               (array_agg(w.leaves_at ORDER BY w.nth DESC))[1] AS ends_at, bool_or(w.capped) AS capped
          FROM asked a, fibre_tube_ways(a.sections, a.sides) w GROUP BY 1, 2
    )
    SELECT e.tube, e.position, e.section, w.leaves, w.way, w.ends_at
      FROM empty e JOIN ways w ON w.section = e.section JOIN ways o ON o.section = e.section AND o.leaves <> w.leaves
      JOIN fibre_node n ON n.id = w.ends_at JOIN fibre_node f ON f.id = o.ends_at
     WHERE NOT w.capped AND o.many = 1 AND f.kind <> 'building' AND n.kind IN ('cabinet', 'pop', 'exchange') AND (cabinet IS NULL OR n.id = cabinet)
       AND NOT EXISTS (SELECT FROM fibre_sections_used(w.way) u WHERE u.cables > 0 OR u.leased OR u.gone)
     ORDER BY n.kind = 'cabinet' DESC, e.position, w.many, w.leaves
$$;

-- Where a house is tapped: the nearest point of the nearest trench with a duct of this network that has a free tube. With a
-- trench of its own already (`stub`) it is the other end of that. Raises no-duct-in-reach, no-free-tube, house-on-trench.
CREATE FUNCTION fibre_house_tap(net uuid, house uuid, place geometry, reach float8, of_duct uuid, of_cabinet uuid,
                                OUT stub uuid, OUT tap uuid, OUT foot geometry, OUT section uuid, OUT tube uuid, OUT serves text,
                                OUT way uuid[], OUT cabinet uuid)
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    near record;
    free record;
    passed text[] := '{}';
BEGIN
    FOR near IN
        SELECT s.id, s.from_node_id, s.to_node_id, d.id AS duct, fibre_called(d.name, d.id) AS name, k.stub, ST_Distance(s.geom, place) AS apart,
               coalesce(k.tap, fibre_node_at(net, ST_ClosestPoint(s.geom, place)),
                        CASE WHEN ST_DWithin(ST_StartPoint(s.geom), ST_ClosestPoint(s.geom, place), 0.5) THEN s.from_node_id
                             WHEN ST_DWithin(ST_EndPoint(s.geom), ST_ClosestPoint(s.geom, place), 0.5) THEN s.to_node_id END) AS tap,
               ST_ClosestPoint(s.geom, place) AS foot
          FROM (SELECT o.id AS stub, CASE house WHEN o.from_node_id THEN o.to_node_id ELSE o.from_node_id END AS tap FROM fibre_segment o
                 WHERE house IN (o.from_node_id, o.to_node_id) AND o.lifecycle NOT IN ('removed', 'decommissioned')
                UNION ALL
                SELECT NULL, NULL WHERE house IS NULL OR NOT EXISTS (SELECT FROM fibre_segment o WHERE house IN (o.from_node_id, o.to_node_id)
                    AND o.lifecycle NOT IN ('removed', 'decommissioned'))) k
          JOIN fibre_segment s ON s.network_id = net AND s.lifecycle NOT IN ('removed', 'decommissioned')
           AND CASE WHEN k.stub IS NULL THEN ST_DWithin(s.geom, place, reach) ELSE k.tap IN (s.from_node_id, s.to_node_id) AND s.id <> k.stub END
          JOIN fibre_ductstep w ON w.segment_id = s.id
          JOIN fibre_duct d ON d.id = w.duct_id AND d.network_id = net AND d.lifecycle NOT IN ('removed', 'decommissioned')
         WHERE of_duct IS NULL OR d.id = of_duct
         ORDER BY round(ST_Distance(s.geom, place)::numeric, 3), d.name, d.id, s.id LIMIT 200
    LOOP
        passed := CASE WHEN near.name = ANY (passed) THEN passed ELSE passed || near.name END;
        FOR free IN SELECT f.*, x.from_node_id, x.to_node_id FROM fibre_free_tubes(near.duct, near.id, of_cabinet) WITH ORDINALITY f
                      JOIN fibre_tubesection x ON x.id = f.section_id ORDER BY f.ordinality LOOP
            -- Where the tube itself begins there is nothing to cut - but at the cabinet, from which the lead-in goes straight.
            CONTINUE WHEN near.tap = CASE free.serves WHEN 'a' THEN free.from_node_id ELSE free.to_node_id END AND near.tap <> free.cabinet_id;
            SELECT near.stub, near.tap, near.foot, free.section_id, free.tube_id, free.serves, free.way, free.cabinet_id
              INTO stub, tap, foot, section, tube, serves, way, cabinet;
            IF near.stub IS NULL AND near.apart < 2 * fibre_snap() THEN
                PERFORM fibre_refuse('house-on-trench', 'Das Haus stünde auf der Trasse.', 'Die Stelle dort angeben, wo das Rohr ins Haus geht.');
            END IF;
            RETURN;
        END LOOP;
    END LOOP;
    IF cardinality(passed) = 0 THEN
        PERFORM fibre_refuse('no-duct-in-reach', format('Im Umkreis von %s m liegt kein Rohr, das angezapft werden könnte.', round(reach)),
            'Ein Rohr heranführen, weiter suchen (reach), oder das Rohr nennen.');
    END IF;
    PERFORM fibre_refuse('no-free-tube', format('Kein Röhrchen ist dort bis zu einem Verteiler frei (%s).', left(array_to_string(passed, ', '), 200)),
        'Es ist leer, nicht vermietet oder reserviert, und sein anderes Ende führt nirgends hin.');
END
$$;

-- Dig: the node at which the duct is tapped, the building's, and the trench between them at a right angle to the duct's.
CREATE FUNCTION fibre_house_dig(net uuid, site record, hit record, called text, OUT tap uuid, OUT house uuid, OUT segments uuid[], OUT dug_m float8)
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    named text := coalesce(called, site.label);
BEGIN
    tap := hit.tap;
    house := site.node;
    IF tap IS NULL THEN
        INSERT INTO fibre_node (network_id, kind, geom) VALUES (net, 'branch', hit.foot) RETURNING id INTO tap;
    END IF;
    IF house IS NULL THEN
        IF named IS NULL AND NOT fibre_names(net, 'node/building') THEN
            PERFORM fibre_refuse('house-needs-name', 'Das Haus braucht einen Namen.', 'Einen Namen oder eine Adresse angeben, oder eine Namensregel für Gebäude festlegen.');
        END IF;
        INSERT INTO fibre_node (network_id, kind, name, geom) VALUES (net, 'building', named, site.geom) RETURNING id INTO house;
    END IF;
    IF hit.stub IS NOT NULL THEN
        segments := ARRAY[hit.stub];
        dug_m := 0;
        RETURN;
    END IF;
    INSERT INTO fibre_segment (network_id, from_node_id, to_node_id, geom)
    SELECT net, tap, house, ST_MakeLine(a.geom, b.geom) FROM fibre_node a, fibre_node b WHERE a.id = tap AND b.id = house
    RETURNING ARRAY[id], ST_Length(geom) INTO segments, dug_m;
    -- A node on the line has split it.
    PERFORM FROM fibre_segment WHERE id = segments[1] AND from_node_id = tap AND to_node_id = house;
    IF NOT FOUND THEN
        segments := fibre_shortest(net, tap, house);
    END IF;
END
$$;

-- Cut the tube, lay the lead-in, couple both, close what is left over. `way` are the sections from the house to the cabinet.
CREATE FUNCTION fibre_house_pipe(net uuid, hit record, dug record, product text, called text, OUT duct uuid, OUT fitting text, OUT cap text, OUT way uuid[])
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    straight CONSTANT boolean := dug.tap = hit.cabinet;
    of_tube numeric;
    of_lead numeric;
    pieces record;
    lead uuid;
    left_over uuid;
BEGIN
    SELECT p.outer_mm INTO of_tube FROM fibre_tube t JOIN fibre_ductspec p ON p.key = t.pipe_id WHERE t.id = hit.tube;
    SELECT s.outer_mm INTO of_lead FROM fibre_ductspec s WHERE s.key = product AND NOT EXISTS (SELECT FROM fibre_ductspectube t WHERE t.spec_id = s.key);
    fitting := fibre_fitting_for(of_tube, of_lead);
    IF of_lead IS NULL THEN
        PERFORM fibre_refuse('lead-in-not-single', format('„%s“ ist kein Einzelrohr des Katalogs.', product), 'Ins Haus führt ein Einzelrohr, etwa 10/6.');
    ELSIF fitting IS NULL AND NOT straight THEN
        PERFORM fibre_refuse('no-fitting', format('Der Katalog hat keinen Verbinder von %s auf %s mm.', of_tube, of_lead), 'Einen Reduzierer aufnehmen, oder ein anderes Rohr ins Haus nehmen.');
    END IF;
    duct := fibre_lay(net, product, called, dug.segments);
    PERFORM fibre_settle();
    SELECT x.id, x.from_node_id INTO pieces FROM fibre_tubesection x JOIN fibre_tube t ON t.id = x.tube_id WHERE t.duct_id = duct;
    lead := pieces.id;
    IF straight THEN
        fitting := NULL;
        way := ARRAY[lead];
        RETURN;
    END IF;
    way := hit.way;
    PERFORM FROM fibre_tubesection x WHERE x.id = hit.section AND dug.tap IN (x.from_node_id, x.to_node_id);
    IF NOT FOUND THEN
        left_over := fibre_cut_tube(hit.tube, dug.tap);
        IF hit.serves = 'b' THEN
            way[1] := left_over;
            left_over := hit.section;
        END IF;
    END IF;
    -- A cap that closed the tube here has done its service.
    DELETE FROM fibre_tubejoint j USING fibre_tubeend e WHERE e.joint_id = j.id AND e.section_id = way[1] AND e.side = CASE hit.serves WHEN 'a' THEN 'b' ELSE 'a' END;
    PERFORM fibre_couple(fitting, way[1], CASE hit.serves WHEN 'a' THEN 'b' ELSE 'a' END, lead, CASE WHEN pieces.from_node_id = dug.tap THEN 'a' ELSE 'b' END);
    IF left_over IS NOT NULL THEN
        cap := fibre_fitting_for(of_tube);
        IF cap IS NOT NULL THEN
            PERFORM fibre_couple(cap, left_over, hit.serves);
        END IF;
    END IF;
    way := lead || way;
END
$$;

-- The enclosure in the house, its premises, and the cable from the cabinet, entered on both sides.
CREATE FUNCTION fibre_house_equip(net uuid, site record, dug record, pipe record, at_cabinet uuid, box text, box_name text, cable text, cable_name text,
                                  serving_box uuid, of_address bigint, OUT huep uuid, OUT premises uuid, OUT laid uuid, OUT cable_m float8)
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    named CONSTANT text := (SELECT name FROM fibre_node WHERE id = dug.house);
    boxes uuid[];
BEGIN
    PERFORM FROM fibre_enclosurespec WHERE key = box AND kind = 'huep';
    IF NOT FOUND THEN
        PERFORM fibre_refuse('not-a-huep', format('„%s“ ist kein HÜP des Katalogs.', box));
    END IF;
    INSERT INTO fibre_enclosure (network_id, name, node_id, spec_id)
    VALUES (net, coalesce(box_name, CASE WHEN NOT fibre_names(net, 'enclosure') THEN 'HÜP ' || named END), dug.house, box) RETURNING id INTO huep;
    premises := site.premises;
    IF premises IS NULL THEN
        INSERT INTO fibre_premises (network_id, name, node_id, address_id)
        VALUES (net, CASE WHEN NOT fibre_names(net, 'premises') THEN named END, dug.house, of_address) RETURNING id INTO premises;
    END IF;
    IF cable IS NULL THEN
        RETURN;
    END IF;
    boxes := array(SELECT e.id FROM fibre_enclosure e WHERE e.node_id = at_cabinet AND e.network_id = net AND e.lifecycle <> 'removed'
                    AND (serving_box IS NULL OR e.id = serving_box));
    IF cardinality(boxes) <> 1 THEN
        PERFORM fibre_refuse('which-enclosure', format('In welches Gehäuse des Verteilers %s soll das Kabel?', (SELECT fibre_called(name, id) FROM fibre_node WHERE id = at_cabinet)),
            format('Dort stehen %s Gehäuse, die gemeint sein können: eines nennen.', cardinality(boxes)));
    END IF;
    INSERT INTO fibre_cable (network_id, name, spec_id, from_node_id, to_node_id) VALUES (net, cable_name, cable, at_cabinet, dug.house) RETURNING id INTO laid;
    INSERT INTO fibre_cablestep (cable_id, ordinal, section_id)
    SELECT laid, cardinality(pipe.way) - u.nth + 1, u.section FROM unnest(pipe.way) WITH ORDINALITY u (section, nth);
    PERFORM fibre_enter(laid, boxes[1]), fibre_enter(laid, huep);
    PERFORM fibre_settle();
    SELECT drawn_m INTO cable_m FROM fibre_measure WHERE cable_id = laid AND entry_id IS NULL;
END
$$;

-- What was made, and what it takes.
CREATE FUNCTION fibre_house_told(site record, hit record, dug record, pipe record, kit record) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    RETURN jsonb_strip_nulls(jsonb_build_object(
        'house', dug.house, 'house_name', (SELECT name FROM fibre_node WHERE id = dug.house), 'tap', dug.tap,
        'tube', CASE WHEN pipe.fitting IS NOT NULL THEN fibre_tube_label(hit.tube) END, 'cabinet', hit.cabinet,
        'cabinet_name', (SELECT name FROM fibre_node WHERE id = hit.cabinet),
        'segments', to_jsonb(dug.segments), 'dug_m', round(dug.dug_m::numeric, 2),
        'duct', pipe.duct, 'duct_name', (SELECT name FROM fibre_duct WHERE id = pipe.duct),
        'enclosure', kit.huep, 'enclosure_name', (SELECT name FROM fibre_enclosure WHERE id = kit.huep),
        'premises', kit.premises, 'cable', kit.laid, 'cable_name', (SELECT name FROM fibre_cable WHERE id = kit.laid),
        'materials', (
            SELECT jsonb_agg(jsonb_build_object('kind', m.kind, 'product', m.product, 'name', m.name, 'number', m.number, 'unit', m.unit) ORDER BY m.nth) FROM (
                SELECT 1 AS nth, 'pipe' AS kind, s.key AS product, s.name, round((SELECT sum(g.length_m) FROM fibre_segment g WHERE g.id = ANY (dug.segments))::numeric, 2) AS number, 'm' AS unit
                  FROM fibre_duct d JOIN fibre_ductspec s ON s.key = d.spec_id WHERE d.id = pipe.duct
                UNION ALL SELECT 2, 'fitting', f.key, f.name, 1, 'piece' FROM fibre_fittingspec f WHERE f.key = pipe.fitting
                UNION ALL SELECT 3, 'fitting', f.key, f.name, 1, 'piece' FROM fibre_fittingspec f WHERE f.key = pipe.cap
                UNION ALL SELECT 4, 'enclosure', s.key, s.name, 1, 'piece' FROM fibre_enclosure e JOIN fibre_enclosurespec s ON s.key = e.spec_id WHERE e.id = kit.huep
                UNION ALL SELECT 5, 'cable', s.key, s.name, round(kit.cable_m::numeric, 2), 'm' FROM fibre_cable c JOIN fibre_cablespec s ON s.key = c.spec_id WHERE c.id = kit.laid
            ) m)));
END
$$;

-- Connect a house. Where it is: its node, a place (EPSG:25832), its premises or its address. `dry`: only tell.
CREATE FUNCTION fibre_connect_house(net uuid, house uuid DEFAULT NULL, place geometry DEFAULT NULL, of_premises uuid DEFAULT NULL, of_address bigint DEFAULT NULL,
                                    called text DEFAULT NULL, of_duct uuid DEFAULT NULL, of_cabinet uuid DEFAULT NULL, lead_in text DEFAULT '10/6',
                                    box text DEFAULT 'huep-4', cable text DEFAULT NULL, serving_box uuid DEFAULT NULL, duct_name text DEFAULT NULL,
                                    box_name text DEFAULT NULL, cable_name text DEFAULT NULL, reach float8 DEFAULT 100, dry boolean DEFAULT false) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    site record;
    hit record;
    dug record;
    pipe record;
    kit record;
    told text;
BEGIN
    -- Held before the search: of two who connect at once, the second one finds the next tube.
    PERFORM fibre_hold(net);
    SELECT * INTO site FROM fibre_house_site(net, house, place, of_premises, of_address);
    SELECT * INTO hit FROM fibre_house_tap(net, site.node, site.geom, reach, of_duct, of_cabinet);
    SELECT * INTO dug FROM fibre_house_dig(net, site, hit, called);
    SELECT * INTO pipe FROM fibre_house_pipe(net, hit, dug, lead_in, duct_name);
    SELECT * INTO kit FROM fibre_house_equip(net, site, dug, pipe, hit.cabinet, box, box_name, cable, cable_name, serving_box, of_address);
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
    told := fibre_house_told(site, hit, dug, pipe, kit) || jsonb_build_object('dry', dry);
    IF dry THEN
        RAISE EXCEPTION USING ERRCODE = 'KG002', MESSAGE = 'Probelauf', DETAIL = told;
    END IF;
    RETURN told;
EXCEPTION WHEN SQLSTATE 'KG002' THEN
    -- Everything above is undone by now.
    GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
    RETURN told::jsonb;
END
$$;
