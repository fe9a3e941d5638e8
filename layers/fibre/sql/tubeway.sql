-- Where a tube leads: from section to section through couplings; and what on that way is free.

-- Is a tube leased or reserved today, for somebody else than this organisation?
CREATE FUNCTION fibre_tube_leased(of_tube uuid, besides bigint DEFAULT NULL) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM fibre_lease l WHERE l.tube_id = of_tube AND (besides IS NULL OR l.tenant_id IS DISTINCT FROM besides)
        AND l.begins_on <= current_date AND coalesce(l.ends_on, current_date) >= current_date)
$$;
REVOKE EXECUTE ON FUNCTION fibre_tube_leased(uuid, bigint) FROM PUBLIC;

-- What is in these sections: how many cables, and what is left of the pipe. Whatever the asker sees of it: who blows a cable
-- into a tube must know whether there is one, not whose.
CREATE FUNCTION fibre_sections_used(sections uuid[], for_whom bigint DEFAULT NULL)
    RETURNS TABLE (section_id uuid, cables bigint, area numeric, most smallint, inner_mm numeric, leased boolean, gone boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT x.id, count(k.id), coalesce(sum(s.outer_mm * s.outer_mm), 0), p.max_cables, p.inner_mm, fibre_tube_leased(t.id, for_whom),
           d.lifecycle IN ('removed', 'decommissioned')
      FROM unnest(sections) u JOIN fibre_tubesection x ON x.id = u JOIN fibre_tube t ON t.id = x.tube_id
      JOIN fibre_duct d ON d.id = t.duct_id JOIN fibre_ductspec p ON p.key = t.pipe_id
      LEFT JOIN fibre_cablestep c ON c.section_id = x.id
      LEFT JOIN fibre_cable k ON k.id = c.cable_id AND k.lifecycle <> 'removed'
      LEFT JOIN fibre_cablespec s ON s.key = k.spec_id
     WHERE NOT gisapp_person() OR gisapp_operator() OR gisapp_belongs(d.organisation_id, d.geom, ARRAY['planner', 'engineer', 'contractor', 'admin'])
     GROUP BY x.id, p.key, t.id, d.id
$$;

-- From these section ends on: every section that follows through couplings, in order, and which side of it is met first.
-- `leaves_at`, `leaves`: the node and the section's side where the way leaves it; `last`: it ends there; `capped`: a cap is there.
CREATE FUNCTION fibre_tube_ways(sections uuid[], sides text[])
    RETURNS TABLE (start integer, nth integer, section_id uuid, enters text, leaves text, leaves_at uuid, last boolean, capped boolean)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH RECURSIVE way AS (
        SELECT u.nth::integer AS start, 1 AS nth, x.id, u.side AS enters, CASE u.side WHEN 'a' THEN 'b' ELSE 'a' END AS leaves,
               CASE u.side WHEN 'a' THEN x.to_node_id ELSE x.from_node_id END AS leaves_at, ARRAY[x.id] AS passed
          FROM unnest(sections, sides) WITH ORDINALITY u (section, side, nth) JOIN fibre_tubesection x ON x.id = u.section
        UNION ALL
        SELECT w.start, w.nth + 1, x.id, o.side, CASE o.side WHEN 'a' THEN 'b' ELSE 'a' END,
               CASE o.side WHEN 'a' THEN x.to_node_id ELSE x.from_node_id END, w.passed || x.id
          FROM way w
          JOIN fibre_tubeend e ON e.section_id = w.id AND e.side = w.leaves
          JOIN fibre_tubeend o ON o.joint_id = e.joint_id AND o.id <> e.id
          JOIN fibre_tubesection x ON x.id = o.section_id
         WHERE x.id <> ALL (w.passed)
    )
    SELECT w.start, w.nth, w.id, w.enters, w.leaves, w.leaves_at, w.nth = max(w.nth) OVER (PARTITION BY w.start),
           EXISTS (SELECT FROM fibre_tubeend e JOIN fibre_tubejoint j ON j.id = e.joint_id JOIN fibre_fittingspec f ON f.key = j.fitting_id
                    WHERE e.section_id = w.id AND e.side = w.leaves AND f.kind = 'end_cap')
      FROM way w
$$;

-- The trenches that these sections run through. (The views of cables.sql are the rules' own, which see everything; this is for
-- whoever asks.)
CREATE FUNCTION fibre_sections_through(sections uuid[]) RETURNS TABLE (section_id uuid, ordinal integer, segment_id uuid, length_m float8)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH asked AS MATERIALIZED (
        SELECT x.id, t.duct_id, x.from_node_id, x.to_node_id FROM fibre_tubesection x JOIN fibre_tube t ON t.id = x.tube_id WHERE x.id = ANY (sections)
    ), steps AS MATERIALIZED (
        SELECT d.duct_id, d.ordinal, d.segment_id, s.length_m, CASE WHEN d.forward THEN s.from_node_id ELSE s.to_node_id END AS begins,
               CASE WHEN d.forward THEN s.to_node_id ELSE s.from_node_id END AS ends
          FROM fibre_ductstep d JOIN fibre_segment s ON s.id = d.segment_id WHERE d.duct_id IN (SELECT duct_id FROM asked)
    )
    SELECT a.id, m.ordinal, m.segment_id, m.length_m
      FROM asked a
      JOIN steps p ON p.duct_id = a.duct_id AND p.begins = a.from_node_id
      JOIN steps q ON q.duct_id = a.duct_id AND q.ends = a.to_node_id
      JOIN steps m ON m.duct_id = a.duct_id AND m.ordinal BETWEEN p.ordinal AND q.ordinal
$$;

-- The end of a tube's section at a node: where two sections end there, `lead` says which - the one that leads from here to the
-- duct's beginning ("a") or to its end ("b"). Raises tube-end-not-here, tube-end-ambiguous.
CREATE FUNCTION fibre_tube_end_at(tube uuid, node uuid, lead text DEFAULT NULL, OUT section uuid, OUT side text)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    many integer;
BEGIN
    SELECT count(*), (array_agg(e.id))[1], min(e.side) INTO many, section, side FROM (
        SELECT id, 'b' AS side FROM fibre_tubesection WHERE tube_id = tube AND to_node_id = node AND lead IS DISTINCT FROM 'b'
        UNION ALL
        SELECT id, 'a' FROM fibre_tubesection WHERE tube_id = tube AND from_node_id = node AND lead IS DISTINCT FROM 'a') e;
    IF many = 0 THEN
        PERFORM fibre_refuse('tube-end-not-here', format('Das Röhrchen %s hat an diesem Netzknoten kein Ende.', coalesce(fibre_tube_label(tube), '?')),
            'Erst dort schneiden (fibre_cut_tube).');
    ELSIF many > 1 THEN
        PERFORM fibre_refuse('tube-end-ambiguous', format('Das Röhrchen %s hat an diesem Netzknoten zwei Enden.', fibre_tube_label(tube)),
            'Sagen, welches: das zum Anfang des Rohrs ("a") oder das zu seinem Ende ("b").');
    END IF;
END
$$;

-- Couple the ends of two tubes at a node, or close one of them (without the second tube).
CREATE FUNCTION fibre_couple_at(fitting text, node uuid, tube_a uuid, lead_a text DEFAULT NULL, tube_b uuid DEFAULT NULL, lead_b text DEFAULT NULL)
    RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    a record;
    b record;
BEGIN
    SELECT * INTO a FROM fibre_tube_end_at(tube_a, node, lead_a);
    IF tube_b IS NULL THEN
        RETURN fibre_couple(fitting, a.section, a.side);
    END IF;
    SELECT * INTO b FROM fibre_tube_end_at(tube_b, node, lead_b);
    RETURN fibre_couple(fitting, a.section, a.side, b.section, b.side);
END
$$;

-- Take a fitting off a tube's end at a node. A cable that goes through it stays: the coupling is then missing, not the way.
CREATE FUNCTION fibre_uncouple_at(tube uuid, node uuid, lead text DEFAULT NULL) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    here record;
    joint uuid;
BEGIN
    SELECT * INTO here FROM fibre_tube_end_at(tube, node, lead);
    SELECT joint_id INTO joint FROM fibre_tubeend WHERE section_id = here.section AND side = here.side;
    IF NOT FOUND THEN
        PERFORM fibre_refuse('tube-not-coupled', format('Am Ende des Röhrchens %s sitzt hier nichts.', fibre_tube_label(tube)));
    END IF;
    DELETE FROM fibre_tubejoint WHERE id = joint;
    RETURN joint;
END
$$;
