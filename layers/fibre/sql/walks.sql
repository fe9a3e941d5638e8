-- The walks of ducts over segments.
--
-- A walk is changed row by row and must be whole at the end of the transaction: statements note which ducts are due, and one
-- deferred check looks at all of them as a whole. It also does what follows: which way each segment is walked, and where the
-- uncut tubes begin and end.

CREATE TABLE fibre_due (
    duct_id uuid NOT NULL,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (duct_id, transaction_id)
);
COMMENT ON TABLE fibre_due IS 'Ducts whose walk is to be looked at when this transaction ends; empty otherwise';

CREATE FUNCTION fibre_note_due(ducts uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT fibre_hold(network_id) FROM (
        SELECT DISTINCT network_id FROM fibre_duct WHERE id = ANY (ducts) ORDER BY network_id) held;
    INSERT INTO fibre_due (duct_id) SELECT DISTINCT unnest(ducts) ON CONFLICT DO NOTHING;
$$;
REVOKE EXECUTE ON FUNCTION fibre_note_due(uuid[]) FROM PUBLIC;

-- ------------------------------------------------------------------------------------------------------------ the walk

CREATE FUNCTION fibre_name_of(segment uuid) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$ SELECT coalesce(name, left(id::text, 8)) FROM fibre_segment WHERE id = segment $$;

-- The nodes of a walk in order, and each step's direction put right. Raises duct-walk-broken, duct-walk-repeats.
CREATE FUNCTION fibre_walk(duct uuid) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    step record;
    following record;
    nodes uuid[] := '{}';
    here uuid;
    onward boolean;
    total integer;
BEGIN
    SELECT count(*) INTO total FROM fibre_ductstep WHERE duct_id = duct;
    FOR step IN
        SELECT d.id, d.ordinal, d.forward, d.segment_id, s.from_node_id AS a, s.to_node_id AS b,
               lead(s.from_node_id) OVER w AS next_a, lead(s.to_node_id) OVER w AS next_b
          FROM fibre_ductstep d JOIN fibre_segment s ON s.id = d.segment_id
         WHERE d.duct_id = duct WINDOW w AS (ORDER BY d.ordinal) ORDER BY d.ordinal
    LOOP
        IF here IS NULL THEN
            onward := CASE WHEN step.next_a IS NULL THEN step.forward
                           WHEN step.b IN (step.next_a, step.next_b) AND step.a IN (step.next_a, step.next_b) THEN step.forward
                           ELSE step.b IN (step.next_a, step.next_b) END;
            here := CASE WHEN onward THEN step.a ELSE step.b END;
            nodes := ARRAY[here];
        END IF;
        IF here NOT IN (step.a, step.b) THEN
            PERFORM fibre_refuse('duct-walk-broken',
                format('Der Rohrweg hat vor der Trasse %s (Nr. %s) eine Lücke.', fibre_name_of(step.segment_id), step.ordinal),
                'Die fehlende Trasse einfügen oder die Reihenfolge berichtigen.');
        END IF;
        onward := here = step.a;
        IF onward <> step.forward THEN
            UPDATE fibre_ductstep SET forward = onward WHERE id = step.id;
        END IF;
        here := CASE WHEN onward THEN step.b ELSE step.a END;
        IF here = ANY (nodes) AND NOT (here = nodes[1] AND array_length(nodes, 1) = total) THEN
            PERFORM fibre_refuse('duct-walk-repeats',
                format('Der Rohrweg kommt hinter der Trasse %s (Nr. %s) an einen Knoten zurück.', fibre_name_of(step.segment_id), step.ordinal),
                'Einen Abzweig als eigenes Rohr zeichnen.');
        END IF;
        nodes := nodes || here;
    END LOOP;
    RETURN nodes;
END
$$;

-- Where the tubes' sections begin and end: they lie end to end over the whole walk. The two outer ends go along with it; the
-- cuts between must still lie on it, in its order.
CREATE FUNCTION fibre_settle_sections(duct uuid, nodes uuid[]) RETURNS void
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
CREATE FUNCTION fibre_plain_walks(ducts uuid[])
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

-- Look at all these ducts at once. Raises what fibre_walk and fibre_settle_sections raise.
CREATE FUNCTION fibre_settle_ducts(due uuid[], written xid8) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    plain uuid[];
    firsts uuid[];
    lasts uuid[];
    other record;
    nodes uuid[];
BEGIN
    -- In the order of the names: of two faults the same one is told each time.
    FOR other IN
        SELECT d.id FROM fibre_duct d WHERE d.id = ANY (due) AND d.id NOT IN (SELECT p.duct_id FROM fibre_plain_walks(due) p) ORDER BY d.name, d.id
    LOOP
        nodes := fibre_walk(other.id);
        IF array_length(nodes, 1) IS NULL THEN
            IF EXISTS (SELECT FROM fibre_tubesection s JOIN fibre_tube t ON t.id = s.tube_id WHERE t.duct_id = other.id) THEN
                PERFORM fibre_refuse('duct-walk-lost', 'Ein Rohr, das schon lag, braucht einen Weg.', 'Das Rohr löschen, wenn es das nicht mehr gibt.');
            END IF;
        ELSE
            PERFORM fibre_settle_sections(other.id, nodes);
        END IF;
    END LOOP;
    WITH walks AS MATERIALIZED (SELECT * FROM fibre_plain_walks(due)), turned AS (
        UPDATE fibre_ductstep d SET forward = w.onward FROM walks w WHERE w.step_id = d.id AND d.forward <> w.onward)
    SELECT array_agg(w.duct_id), array_agg(w.first), array_agg(w.last) INTO plain, firsts, lasts
      FROM (SELECT DISTINCT ON (walks.duct_id) walks.duct_id, walks.first, walks.last FROM walks ORDER BY walks.duct_id) w;
    IF plain IS NOT NULL THEN
        INSERT INTO fibre_tubesection (tube_id, from_node_id, to_node_id)
        SELECT t.id, p.first, p.last FROM unnest(plain, firsts, lasts) p (duct, first, last) JOIN fibre_tube t ON t.duct_id = p.duct
         WHERE NOT EXISTS (SELECT FROM fibre_tubesection s WHERE s.tube_id = t.id);
        -- The many that are whole, in one statement; then those that are cut, duct by duct.
        UPDATE fibre_tubesection s SET from_node_id = p.first, to_node_id = p.last
          FROM unnest(plain, firsts, lasts) p (duct, first, last) JOIN fibre_tube t ON t.duct_id = p.duct
         WHERE s.tube_id = t.id AND (s.from_node_id, s.to_node_id) IS DISTINCT FROM (p.first, p.last)
           AND NOT EXISTS (SELECT FROM fibre_tubesection o WHERE o.tube_id = t.id AND o.id <> s.id);
        FOR other IN
            SELECT DISTINCT d.name, d.id FROM fibre_duct d JOIN fibre_tube t ON t.duct_id = d.id WHERE d.id = ANY (plain)
               AND (SELECT count(*) FROM fibre_tubesection s WHERE s.tube_id = t.id) > 1 ORDER BY d.name, d.id
        LOOP
            PERFORM fibre_settle_sections(other.id, fibre_walk(other.id));
        END LOOP;
    END IF;
    -- What settling has changed is settled.
    DELETE FROM fibre_due WHERE duct_id = ANY (due) AND transaction_id = written;
    PERFORM fibre_note('ductline', due);
    -- What lies in it may be longer or shorter now, or lead elsewhere.
    PERFORM fibre_note('cable', array(
        SELECT c.cable_id FROM fibre_tube t JOIN fibre_tubesection x ON x.tube_id = t.id JOIN fibre_cablestep c ON c.section_id = x.id
         WHERE t.duct_id = ANY (due)));
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_settle_ducts(uuid[], xid8), fibre_plain_walks(uuid[]) FROM PUBLIC;

-- All ducts that this transaction has made due; nothing where one of them has been the first to ask.
CREATE FUNCTION fibre_settle_due(written xid8) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    due uuid[];
BEGIN
    WITH taken AS (DELETE FROM fibre_due WHERE transaction_id = written RETURNING duct_id)
    SELECT array_agg(duct_id ORDER BY duct_id) INTO due FROM taken;
    IF due IS NOT NULL THEN
        PERFORM fibre_settle_ducts(due, written);
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_settle_due(xid8) FROM PUBLIC;

CREATE FUNCTION fibre_due_now() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM fibre_due WHERE duct_id = NEW.duct_id AND transaction_id = NEW.transaction_id) THEN
        PERFORM fibre_settle_due(NEW.transaction_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER fibre_due_now AFTER INSERT ON fibre_due DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fibre_due_now();

CREATE FUNCTION fibre_steps_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_note_due(array_agg(DISTINCT duct_id)) FROM rows_;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_added AFTER INSERT ON fibre_ductstep
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_steps_written();
CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON fibre_ductstep
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_steps_written();
CREATE TRIGGER zz_fibre_removed AFTER DELETE ON fibre_ductstep
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_steps_written();

-- A segment that was connected to other nodes: the walks over it must still be whole.
CREATE FUNCTION fibre_walks_touched() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_note_due(array_agg(DISTINCT d.duct_id))
       FROM fresh f JOIN stale o ON o.id = f.id JOIN fibre_ductstep d ON d.segment_id = f.id
      WHERE (f.from_node_id, f.to_node_id) <> (o.from_node_id, o.to_node_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_walks AFTER UPDATE ON fibre_segment
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION fibre_walks_touched();
