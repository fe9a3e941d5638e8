-- The rules of cables: how they lie. A placement is a walk from the cable's from_node to its to_node over tube sections and
-- over segments in which it lies by itself. It is looked at as a whole when the transaction ends, all cables at once; a cable
-- without any step is not placed yet, which is allowed.

-- The pieces of trench that a tube section runs through, in its order.
CREATE VIEW fibre_sectionway AS
SELECT x.id AS section_id, d.ordinal, d.segment_id, d.forward
  FROM fibre_tubesection x
  JOIN fibre_tube t ON t.id = x.tube_id
  JOIN fibre_ductstep d ON d.duct_id = t.duct_id
 WHERE d.ordinal BETWEEN (
           SELECT b.ordinal FROM fibre_ductstep b JOIN fibre_segment s ON s.id = b.segment_id
            WHERE b.duct_id = t.duct_id AND CASE WHEN b.forward THEN s.from_node_id ELSE s.to_node_id END = x.from_node_id)
       AND (
           SELECT e.ordinal FROM fibre_ductstep e JOIN fibre_segment s ON s.id = e.segment_id
            WHERE e.duct_id = t.duct_id AND CASE WHEN e.forward THEN s.to_node_id ELSE s.from_node_id END = x.to_node_id);

-- The pieces of trench that a cable runs through, in its order: (step, place within the step).
CREATE VIEW fibre_cableway AS
SELECT c.cable_id, c.ordinal AS step, CASE WHEN c.forward THEN w.ordinal ELSE -w.ordinal END AS within, w.segment_id,
       w.forward = c.forward AS forward
  FROM fibre_cablestep c JOIN fibre_sectionway w ON w.section_id = c.section_id
UNION ALL
SELECT c.cable_id, c.ordinal, 0, c.segment_id, c.forward FROM fibre_cablestep c WHERE c.segment_id IS NOT NULL;

-- Where each step of a cable ends, and how long it is.
CREATE VIEW fibre_stepend AS
SELECT c.id, c.cable_id, c.ordinal, c.section_id, c.segment_id, c.forward,
       CASE WHEN c.forward THEN coalesce(x.to_node_id, s.to_node_id) ELSE coalesce(x.from_node_id, s.from_node_id) END AS ends_at
  FROM fibre_cablestep c
  LEFT JOIN fibre_tubesection x ON x.id = c.section_id
  LEFT JOIN fibre_segment s ON s.id = c.segment_id;

CREATE VIEW fibre_steplength AS
SELECT c.id, c.cable_id, c.ordinal, c.ends_at,
       CASE WHEN c.section_id IS NULL THEN (SELECT s.length_m FROM fibre_segment s WHERE s.id = c.segment_id)
            ELSE (SELECT sum(s.length_m) FROM fibre_sectionway w JOIN fibre_segment s ON s.id = w.segment_id WHERE w.section_id = c.section_id)
       END AS length_m
  FROM fibre_stepend c;

-- The walks of these cables, step by step, as far as they hang together: `ends` is empty at the first gap.
CREATE FUNCTION fibre_cable_walk(cables uuid[])
    RETURNS TABLE (step_id bigint, cable_id uuid, nth bigint, total bigint, a uuid, b uuid, begins uuid, ends uuid)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH RECURSIVE steps AS (
        SELECT c.id, c.cable_id, row_number() OVER w AS nth, count(*) OVER (PARTITION BY c.cable_id) AS total,
               coalesce(x.from_node_id, s.from_node_id) AS a, coalesce(x.to_node_id, s.to_node_id) AS b
          FROM fibre_cablestep c
          LEFT JOIN fibre_tubesection x ON x.id = c.section_id
          LEFT JOIN fibre_segment s ON s.id = c.segment_id
         WHERE c.cable_id = ANY (cables) WINDOW w AS (PARTITION BY c.cable_id ORDER BY c.ordinal)
    ), walk AS (
        SELECT s.*, c.from_node_id AS begins, CASE c.from_node_id WHEN s.a THEN s.b WHEN s.b THEN s.a END AS ends
          FROM steps s JOIN fibre_cable c ON c.id = s.cable_id WHERE s.nth = 1
        UNION ALL
        SELECT s.*, w.ends, CASE w.ends WHEN s.a THEN s.b WHEN s.b THEN s.a END
          FROM walk w JOIN steps s ON s.cable_id = w.cable_id AND s.nth = w.nth + 1 WHERE w.ends IS NOT NULL
    )
    SELECT * FROM walk
$$;

-- Which way each step is walked follows from the cable's beginning. Raises cable-way-broken, cable-way-misses-end.
CREATE FUNCTION fibre_walk_cables(cables uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT fibre_called(c.name, c.id) AS name, w.nth, w.ends INTO bad
      FROM fibre_cable_walk(cables) w JOIN fibre_cable c ON c.id = w.cable_id
     WHERE w.ends IS NULL OR (w.nth = w.total AND w.ends <> c.to_node_id) ORDER BY c.name, c.id LIMIT 1;
    IF FOUND AND bad.ends IS NULL THEN
        PERFORM fibre_refuse('cable-way-broken',
            format('Der Weg des Kabels %s hat vor seinem %s. Stück eine Lücke.', bad.name, bad.nth),
            'Das erste Stück beginnt am Anfangsknoten des Kabels, jedes weitere am Ende des vorigen.');
    ELSIF FOUND THEN
        PERFORM fibre_refuse('cable-way-misses-end', format('Der Weg des Kabels %s endet nicht an seinem Endknoten.', bad.name),
            'Den Weg bis zum Endknoten führen, oder den Endknoten des Kabels ändern.');
    END IF;
    UPDATE fibre_cablestep c SET forward = NOT c.forward FROM fibre_cable_walk(cables) w
     WHERE w.step_id = c.id AND c.forward <> (w.begins = w.a);
END
$$;

-- One cable in a tube, unless the catalogue allows more; it fits, and no end cap stands in its way.
-- What is wrong is found first and put in order then.
CREATE FUNCTION fibre_fit_cables(cables uuid[]) RETURNS void
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

-- Where on the cable its entries are (metres from its beginning, as drawn, and of slack), and how long it is (entry NULL).
CREATE FUNCTION fibre_measured(cables uuid[]) RETURNS TABLE (cable_id uuid, entry_id uuid, drawn_m float8, slack_m float8)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH passed AS (
        SELECT l.cable_id, l.ordinal, l.ends_at, sum(l.length_m) OVER (PARTITION BY l.cable_id ORDER BY l.ordinal) AS drawn_m
          FROM fibre_steplength l WHERE l.cable_id = ANY (cables)
        UNION ALL
        SELECT c.id, 0, c.from_node_id, 0 FROM fibre_cable c WHERE c.id = ANY (cables)
    ), stations AS (
        -- A ring comes to a node twice; its slack hangs there once.
        SELECT p.*, min(p.ordinal) OVER (PARTITION BY p.cable_id, p.ends_at) AS first_there FROM passed p
    ), placed AS (
        SELECT s.*, s.ordinal = max(s.ordinal) OVER (PARTITION BY s.cable_id) AS is_last, k.length_m AS slack_here,
               coalesce(sum(k.length_m) OVER (PARTITION BY s.cable_id ORDER BY s.ordinal), 0) AS slack_m
          FROM stations s
          LEFT JOIN fibre_slack k ON k.cable_id = s.cable_id AND k.node_id = s.ends_at AND s.ordinal = s.first_there
    )
    -- An entry stands in the middle of the slack at its node: of a loop, one half is on either side.
    SELECT p.cable_id, e.id AS entry_id, p.drawn_m, p.slack_m - coalesce(p.slack_here, 0) / 2 AS slack_m
      FROM placed p JOIN fibre_cableentry e ON e.cable_id = p.cable_id AND e.side IS NULL
      JOIN fibre_enclosure n ON n.id = e.enclosure_id AND n.node_id = p.ends_at
     WHERE p.ordinal > 0 AND NOT p.is_last
    UNION ALL
    SELECT p.cable_id, NULL, p.drawn_m, p.slack_m FROM placed p WHERE p.is_last AND (p.ordinal > 0 OR p.slack_m > 0
        OR EXISTS (SELECT FROM fibre_cable c WHERE c.id = p.cable_id AND c.from_node_id = c.to_node_id))
$$;

CREATE FUNCTION fibre_measure_cables(cables uuid[]) RETURNS void
    LANGUAGE sql
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH found AS MATERIALIZED (
        SELECT * FROM fibre_measured(cables)
    ), gone AS (
        DELETE FROM fibre_measure m WHERE m.cable_id = ANY (cables) AND NOT EXISTS (
            SELECT FROM found f WHERE f.cable_id = m.cable_id AND f.entry_id IS NOT DISTINCT FROM m.entry_id)
    ), changed AS (
        UPDATE fibre_measure m SET drawn_m = f.drawn_m, slack_m = f.slack_m FROM found f
         WHERE f.cable_id = m.cable_id AND f.entry_id IS NOT DISTINCT FROM m.entry_id AND (m.drawn_m, m.slack_m) <> (f.drawn_m, f.slack_m)
    )
    INSERT INTO fibre_measure (cable_id, entry_id, drawn_m, slack_m)
    SELECT f.cable_id, f.entry_id, f.drawn_m, f.slack_m FROM found f
     WHERE NOT EXISTS (SELECT FROM fibre_measure m WHERE m.cable_id = f.cable_id AND m.entry_id IS NOT DISTINCT FROM f.entry_id)
$$;

CREATE FUNCTION fibre_check_cable(cables uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_walk_cables(cables);
    PERFORM fibre_fit_cables(cables);
    PERFORM fibre_check_entries(cables);
    PERFORM fibre_measure_cables(cables);
    PERFORM fibre_check_fibres(cables);
    -- Behind fibre_walk_cables, which has put the directions right.
    PERFORM fibre_draw_cables(cables);
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_check_cable(uuid[]), fibre_walk_cables(uuid[]), fibre_fit_cables(uuid[]), fibre_measured(uuid[]), fibre_measure_cables(uuid[]) FROM PUBLIC;

-- ------------------------------------------------------------------------------------------- what makes a cable pending

-- Of rows of the cable's own tables. Whoever writes holds the network, and the networks whose tubes the cable uses.
CREATE FUNCTION fibre_cable_rows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    cables uuid[];
BEGIN
    IF TG_TABLE_NAME = 'fibre_cable' THEN
        SELECT array_agg(id) INTO cables FROM rows_;
    ELSE
        SELECT array_agg(DISTINCT cable_id) INTO cables FROM rows_;
    END IF;
    IF cables IS NOT NULL THEN
        PERFORM fibre_hold_all(array(
            SELECT network_id FROM fibre_cable WHERE id = ANY (cables)
            UNION
            SELECT d.network_id FROM fibre_cablestep c JOIN fibre_tubesection x ON x.id = c.section_id
              JOIN fibre_tube t ON t.id = x.tube_id JOIN fibre_duct d ON d.id = t.duct_id WHERE c.cable_id = ANY (cables)));
        PERFORM fibre_note('cable', array(SELECT id FROM fibre_cable WHERE id = ANY (cables)));
    END IF;
    RETURN NULL;
END
$$;
DO $$
DECLARE
    of_table text;
BEGIN
    FOREACH of_table IN ARRAY ARRAY['fibre_cable', 'fibre_cablestep', 'fibre_slack', 'fibre_cableentry', 'fibre_fibresection'] LOOP
        EXECUTE format('CREATE TRIGGER zz_fibre_added AFTER INSERT ON %I REFERENCING NEW TABLE AS rows_ '
            'FOR EACH STATEMENT EXECUTE FUNCTION fibre_cable_rows()', of_table);
        EXECUTE format('CREATE TRIGGER zz_fibre_removed AFTER DELETE ON %I REFERENCING OLD TABLE AS rows_ '
            'FOR EACH STATEMENT EXECUTE FUNCTION fibre_cable_rows()', of_table);
        CONTINUE WHEN of_table = 'fibre_cable';
        EXECUTE format('CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON %I REFERENCING NEW TABLE AS rows_ '
            'FOR EACH STATEMENT EXECUTE FUNCTION fibre_cable_rows()', of_table);
    END LOOP;
END
$$;

-- A cable that is merely drawn or renamed need not be looked at again.
CREATE FUNCTION fibre_cables_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    cables uuid[];
BEGIN
    SELECT array_agg(f.id) INTO cables FROM rows_ f JOIN stale o ON o.id = f.id
     WHERE (f.from_node_id, f.to_node_id, f.spec_id, f.network_id, f.lifecycle) <> (o.from_node_id, o.to_node_id, o.spec_id, o.network_id, o.lifecycle);
    IF cables IS NOT NULL THEN
        PERFORM fibre_hold_all(array(
            SELECT network_id FROM fibre_cable WHERE id = ANY (cables)
            UNION
            SELECT d.network_id FROM fibre_cablestep c JOIN fibre_tubesection x ON x.id = c.section_id
              JOIN fibre_tube t ON t.id = x.tube_id JOIN fibre_duct d ON d.id = t.duct_id WHERE c.cable_id = ANY (cables)));
        PERFORM fibre_note('cable', cables);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON fibre_cable
    REFERENCING NEW TABLE AS rows_ OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION fibre_cables_changed();

-- Of what it lies in: sections that begin or end elsewhere, segments that are redrawn, end caps.
CREATE FUNCTION fibre_under_cables() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'fibre_tubesection' THEN
        PERFORM fibre_note('cable', array(SELECT c.cable_id FROM rows_ r JOIN fibre_cablestep c ON c.section_id = r.id));
    ELSIF TG_TABLE_NAME = 'fibre_tubeend' THEN
        PERFORM fibre_note('cable', array(SELECT c.cable_id FROM rows_ r JOIN fibre_cablestep c ON c.section_id = r.section_id));
    ELSE
        PERFORM fibre_note('cable', array(
            SELECT c.cable_id FROM rows_ r JOIN fibre_cablestep c ON c.segment_id = r.id
            UNION
            SELECT c.cable_id FROM rows_ r JOIN fibre_ductstep d ON d.segment_id = r.id JOIN fibre_tube t ON t.duct_id = d.duct_id
              JOIN fibre_tubesection x ON x.tube_id = t.id JOIN fibre_cablestep c ON c.section_id = x.id));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_cables AFTER UPDATE ON fibre_tubesection
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_under_cables();
CREATE TRIGGER zz_fibre_cables AFTER INSERT ON fibre_tubeend
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_under_cables();
-- (An end cap that is put onto another tube closes that one, like a new cap.)
CREATE TRIGGER zz_fibre_cables_changed AFTER UPDATE ON fibre_tubeend
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_under_cables();
CREATE TRIGGER zz_fibre_cables AFTER UPDATE ON fibre_segment
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_under_cables();
