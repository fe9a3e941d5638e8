-- What people do beside what stands in splicing.sql: whole loose tubes, and taking apart.

-- Splice a whole loose tube (Bündelader) to another of as many fibres.
CREATE FUNCTION fibre_splice_bundle(in_enclosure uuid, cable_a uuid, bundle_a integer, cable_b uuid, bundle_b integer, of_tray integer DEFAULT NULL,
                                    lead_a text DEFAULT NULL, lead_b text DEFAULT NULL) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    many integer[] := array(SELECT p.per_bundle FROM unnest(ARRAY[cable_a, cable_b]) WITH ORDINALITY u (cable, nth)
                              JOIN fibre_cable c ON c.id = u.cable JOIN fibre_cablespec p ON p.key = c.spec_id ORDER BY u.nth);
    bundles integer[] := array(SELECT p.bundles FROM unnest(ARRAY[cable_a, cable_b]) WITH ORDINALITY u (cable, nth)
                                 JOIN fibre_cable c ON c.id = u.cable JOIN fibre_cablespec p ON p.key = c.spec_id ORDER BY u.nth);
BEGIN
    IF cardinality(many) <> 2 THEN
        PERFORM fibre_refuse('unknown-object', 'Dieses Kabel gibt es nicht.');
    ELSIF bundle_a NOT BETWEEN 1 AND bundles[1] OR bundle_b NOT BETWEEN 1 AND bundles[2] THEN
        PERFORM fibre_refuse('unknown-bundle', 'Diese Bündelader hat das Kabel nicht.', format('Kabel 1 hat %s, Kabel 2 hat %s.', bundles[1], bundles[2]));
    ELSIF many[1] <> many[2] THEN
        PERFORM fibre_refuse('bundles-differ', format('Die Bündeladern haben %s und %s Fasern.', many[1], many[2]), 'Die Fasern in Reihen spleißen (fibre_splice).');
    END IF;
    RETURN fibre_splice(in_enclosure, cable_a, (bundle_a - 1) * many[1] + 1, cable_b, (bundle_b - 1) * many[2] + 1, many[1], of_tray, lead_a, lead_b);
END
$$;

-- Take apart what fibres of a cable are joined to in an enclosure; of a cut fibre both ends, unless `lead` says which.
CREATE FUNCTION fibre_unsplice(in_enclosure uuid, of_cable uuid, first integer, many integer DEFAULT 1, lead text DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bare integer;
    apart integer;
BEGIN
    PERFORM fibre_hold_all(array(SELECT network_id FROM fibre_enclosure WHERE id = in_enclosure));
    SELECT min(n) INTO bare FROM generate_series(first, first + many - 1) n WHERE NOT EXISTS (
        SELECT FROM fibre_ends_in(in_enclosure) e WHERE e.cable_id = of_cable AND e.number = n AND e.joint_id IS NOT NULL AND (lead IS NULL OR e.towards = lead));
    IF bare IS NOT NULL THEN
        PERFORM fibre_refuse('fibre-not-spliced', format('Die Faser %s des Kabels %s ist in %s mit nichts verbunden.', bare,
            (SELECT fibre_called(name, id) FROM fibre_cable WHERE id = of_cable), (SELECT name FROM fibre_enclosure WHERE id = in_enclosure)));
    END IF;
    DELETE FROM fibre_joint WHERE id IN (
        SELECT e.joint_id FROM fibre_ends_in(in_enclosure) e
         WHERE e.cable_id = of_cable AND e.number BETWEEN first AND first + many - 1 AND (lead IS NULL OR e.towards = lead));
    GET DIAGNOSTICS apart = ROW_COUNT;
    RETURN apart;
END
$$;

-- Pull the patch cord that is plugged into the outside of a port.
CREATE FUNCTION fibre_unpatch(of_port uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    cord uuid;
BEGIN
    SELECT j.id INTO cord FROM fibre_jointend e JOIN fibre_joint j ON j.id = e.joint_id AND j.kind = 'patch' WHERE e.port_id = of_port AND e.side = 'b';
    IF NOT FOUND THEN
        PERFORM fibre_refuse('port-not-patched', 'In diesem Port steckt kein Patchkabel.');
    END IF;
    DELETE FROM fibre_joint WHERE id = cord;
    RETURN cord;
END
$$;

-- A way for people and programs: its segments in order, metres, and the line as GeoJSON (CRS84).
CREATE FUNCTION fibre_route_told(net uuid, nodes uuid[]) RETURNS jsonb
    LANGUAGE sql
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('length_m', round(r.length_m::numeric, 2), 'geometry', ST_AsGeoJSON(ST_Transform(r.geom, 4326), 7)::jsonb, 'segments', (
        SELECT jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name, 'length_m', round(s.length_m::numeric, 2)) ORDER BY u.nth)
          FROM unnest(r.segments) WITH ORDINALITY u (id, nth) JOIN fibre_segment s ON s.id = u.id))
      FROM fibre_route(net, nodes) r
$$;
