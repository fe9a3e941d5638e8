-- Two rules of walks and cables as questions about the whole set, whose plans do not depend on how many rows there are.
--
-- Measured while networks of 7,000 segments with 4,400 cables were written: sections that lay right were asked for and
-- updated one by one (15 s), and the cables in tubes were found in the order of the ducts' names, because only the first
-- bad one is wanted: every section with every tube of the database (16 s, 72 s when asked alone). Now 2 s and 0.1 s.

-- Where the tubes' sections begin and end: they lie end to end over the whole walk. The two outer ends go along with it; the
-- cuts between must still lie on it, in its order.
CREATE OR REPLACE FUNCTION fibre_settle_sections(duct uuid, nodes uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    last uuid := nodes[array_length(nodes, 1)];
    tube record;
    cuts uuid[];
    section uuid;
    i integer;
BEGIN
    INSERT INTO fibre_tubesection (tube_id, from_node_id, to_node_id)
    SELECT t.id, nodes[1], last FROM fibre_tube t
     WHERE t.duct_id = duct AND NOT EXISTS (SELECT FROM fibre_tubesection s WHERE s.tube_id = t.id);
    -- The many that are whole, in one statement.
    UPDATE fibre_tubesection s SET from_node_id = nodes[1], to_node_id = last FROM fibre_tube t
     WHERE t.duct_id = duct AND s.tube_id = t.id AND (s.from_node_id, s.to_node_id) IS DISTINCT FROM (nodes[1], last)
       AND NOT EXISTS (SELECT FROM fibre_tubesection o WHERE o.tube_id = t.id AND o.id <> s.id);
    -- Of those that are cut, only the ones that do not lie end to end over the walk already.
    FOR tube IN
        SELECT q.id, q.position, count(*) AS sections FROM (
            SELECT laid.*, lag(laid.ends_at) OVER (PARTITION BY laid.id ORDER BY laid.begins_at) AS before FROM (
                SELECT t.id, t.position, array_position(nodes, s.from_node_id) AS begins_at,
                       CASE WHEN s.to_node_id = last THEN cardinality(nodes) ELSE array_position(nodes, s.to_node_id) END AS ends_at
                  FROM fibre_tube t JOIN fibre_tubesection s ON s.tube_id = t.id WHERE t.duct_id = duct) laid) q
         GROUP BY q.id, q.position
        HAVING count(*) > 1 AND NOT (max(q.ends_at) = cardinality(nodes)
               AND bool_and(coalesce(q.begins_at < q.ends_at AND q.begins_at = coalesce(q.before, 1), false)))
         ORDER BY q.position
    LOOP
        -- A cut is where one section ends and another begins. (Where a ring closes, none does.)
        SELECT array_agg(x.to_node_id ORDER BY array_position(nodes, x.to_node_id)) INTO cuts
          FROM fibre_tubesection x JOIN fibre_tubesection y ON y.tube_id = x.tube_id AND y.from_node_id = x.to_node_id
         WHERE x.tube_id = tube.id AND NOT (nodes[1] = last AND x.to_node_id = last);
        IF coalesce(array_length(cuts, 1), 0) <> tube.sections - 1
            OR EXISTS (SELECT FROM unnest(cuts) c WHERE coalesce(array_position(nodes, c), 1) IN (1, array_length(nodes, 1)))
        THEN
            PERFORM fibre_refuse('duct-cut-off-walk',
                format('Das Röhrchen %s ist an einem Knoten geschnitten, der nicht (mehr) auf dem Rohrweg liegt.', tube.position),
                'Erst die Schnitte zurücknehmen (fibre_mend_tube), oder den Weg so ändern, dass die Knoten auf ihm bleiben.');
        END IF;
        FOR i IN 0 .. array_length(cuts, 1) LOOP
            SELECT x.id INTO section FROM fibre_tubesection x
             WHERE x.tube_id = tube.id
               AND CASE WHEN i = 0 THEN x.to_node_id = cuts[1] ELSE x.from_node_id = cuts[i] END;
            UPDATE fibre_tubesection SET from_node_id = coalesce(cuts[i], nodes[1]), to_node_id = coalesce(cuts[i + 1], last)
             WHERE id = section AND (from_node_id, to_node_id) IS DISTINCT FROM (coalesce(cuts[i], nodes[1]), coalesce(cuts[i + 1], last));
            -- An inner section that ran between other cuts would be turned round silently.
            IF NOT FOUND THEN
                CONTINUE;
            END IF;
            IF i > 0 AND i < array_length(cuts, 1) THEN
                PERFORM fibre_refuse('duct-cut-off-walk',
                    format('Die Schnitte des Röhrchens %s liegen auf dem Rohrweg in anderer Reihenfolge.', tube.position),
                    'Erst die Schnitte zurücknehmen (fibre_mend_tube).');
            END IF;
        END LOOP;
    END LOOP;
END
$$;

-- The walks of these ducts that are plain - each step leads on to the next, and no node is passed twice -, step by step, all
-- in one statement: which way each step is walked, and where the duct begins and ends. The steps are carried along with each
-- walk: joined to it again, they were searched once for each walk.
CREATE OR REPLACE FUNCTION fibre_plain_walks(ducts uuid[])
    RETURNS TABLE (step_id bigint, duct_id uuid, onward boolean, first uuid, last uuid)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH steps AS (
        SELECT d.id, d.duct_id, d.ordinal, d.forward, s.from_node_id AS a, s.to_node_id AS b, lead(s.from_node_id) OVER w AS next_a,
               lead(s.to_node_id) OVER w AS next_b, row_number() OVER w AS nth, count(*) OVER (PARTITION BY d.duct_id) AS total
          FROM unnest(ducts) k JOIN fibre_ductstep d ON d.duct_id = k JOIN fibre_segment s ON s.id = d.segment_id
        WINDOW w AS (PARTITION BY d.duct_id ORDER BY d.ordinal)
    ), shared AS (
        SELECT *, CASE WHEN a IN (next_a, next_b) = b IN (next_a, next_b) THEN NULL WHEN b IN (next_a, next_b) THEN b ELSE a END AS goes
          FROM steps
    ), walked AS (
        SELECT *, lag(goes) OVER w AS came, CASE WHEN nth < total THEN goes WHEN total = 1 THEN CASE WHEN forward THEN b ELSE a END
               ELSE CASE lag(goes) OVER w WHEN a THEN b WHEN b THEN a END END AS leaves
          FROM shared WINDOW w AS (PARTITION BY shared.duct_id ORDER BY ordinal)
    ), plain AS (
        SELECT w.duct_id, array_agg(id ORDER BY ordinal) AS ids, array_agg(leaves = b ORDER BY ordinal) AS onwards,
               array_agg(CASE leaves WHEN b THEN a ELSE b END ORDER BY ordinal) AS nodes, (array_agg(leaves ORDER BY ordinal DESC))[1] AS last
          FROM walked w GROUP BY w.duct_id
        HAVING bool_and(coalesce(leaves IS NOT NULL AND (nth = 1 OR CASE leaves WHEN b THEN a ELSE b END = came), false))
           AND count(DISTINCT CASE leaves WHEN b THEN a ELSE b END) = count(*)
    )
    SELECT s.id, p.duct_id, s.onward, p.nodes[1], p.last FROM plain p, unnest(p.ids, p.onwards) s (id, onward)
     WHERE p.last = p.nodes[1] OR p.last <> ALL (p.nodes)
$$;

-- One cable in a tube, unless the catalogue allows more; it fits, and no end cap stands in its way.
-- What is wrong is found first and put in order then.
CREATE OR REPLACE FUNCTION fibre_fit_cables(cables uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    WITH filled AS MATERIALIZED (
        SELECT c.section_id, count(*) AS count, max(s.outer_mm) AS widest, sum(s.outer_mm * s.outer_mm) AS area,
               string_agg(fibre_called(k.name, k.id), ', ' ORDER BY k.name) AS cables
          FROM fibre_cablestep c JOIN fibre_cable k ON k.id = c.cable_id JOIN fibre_cablespec s ON s.key = k.spec_id
         WHERE c.section_id IN (SELECT section_id FROM fibre_cablestep WHERE cable_id = ANY (cables) AND section_id IS NOT NULL)
           AND k.lifecycle <> 'removed'
         GROUP BY c.section_id
    ), wrong AS MATERIALIZED (
        SELECT f.*, t.duct_id, t.position, t.pipe, t.most, t.inner_mm
          FROM filled f, LATERAL (
            SELECT u.duct_id, u.position, p.name AS pipe, p.max_cables AS most, p.inner_mm
              FROM fibre_tubesection x JOIN fibre_tube u ON u.id = x.tube_id JOIN fibre_ductspec p ON p.key = u.pipe_id
             WHERE x.id = f.section_id OFFSET 0) t
         WHERE f.count > t.most OR f.widest >= t.inner_mm OR f.area > t.inner_mm * t.inner_mm
    )
    SELECT fibre_called(d.name, d.id) AS duct, w.* INTO bad FROM wrong w JOIN fibre_duct d ON d.id = w.duct_id
     ORDER BY d.name, w.position LIMIT 1;
    IF FOUND AND bad.count > bad.most THEN
        PERFORM fibre_refuse('tube-taken', format('In Röhrchen %s von %s liegt schon ein Kabel (%s).', bad.position, bad.duct, left(bad.cables, 120)),
            format('%s nimmt höchstens %s Kabel auf.', bad.pipe, bad.most));
    ELSIF FOUND THEN
        PERFORM fibre_refuse('cable-does-not-fit', format('In Röhrchen %s von %s (%s, innen %s mm) passt nicht: %s.', bad.position,
            bad.duct, bad.pipe, bad.inner_mm, left(bad.cables, 120)), 'Ein dünneres Kabel oder ein weiteres Rohr nehmen.');
    END IF;
    SELECT fibre_called(k.name, k.id) AS cable INTO bad
      FROM fibre_cablestep c
      JOIN fibre_cable k ON k.id = c.cable_id
      JOIN fibre_tubeend e ON e.section_id = c.section_id
      JOIN fibre_tubejoint j ON j.id = e.joint_id
      JOIN fibre_fittingspec f ON f.key = j.fitting_id AND f.kind = 'end_cap'
     WHERE c.cable_id = ANY (cables) ORDER BY k.name LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('tube-closed', format('Ein Röhrchen auf dem Weg des Kabels %s ist mit einer Endkappe verschlossen.', bad.cable),
            'Erst die Endkappe entfernen.');
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_fit_cables(uuid[]), fibre_plain_walks(uuid[]) FROM PUBLIC;
-- Functions that are made anew have lost what was set for them.
SELECT fibre_tune();
