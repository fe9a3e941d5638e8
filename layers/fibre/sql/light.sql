-- What hangs on each piece of fibre: where the light ends that runs through it, which circuits in service it carries, and
-- whether it is in use. Worked out from the joints and kept beside them, because "who is hit" asks it of thousands of pieces.
--
-- The truth is fibre_light_of, a recursion over the live tables. What is kept is worked out anew, for everything that hangs
-- together with what was changed, when the transaction ends; until then, and for moments of the past, the truth is asked.

CREATE TABLE fibre_light (
    section_id uuid PRIMARY KEY,
    cable_id uuid NOT NULL,
    nodes uuid[] NOT NULL,
    circuits uuid[] NOT NULL,
    used boolean NOT NULL
);
COMMENT ON TABLE fibre_light IS 'Of each joined piece of fibre: nodes where its light ends or passes a port, circuits in service; derived';
-- Whoever asks for thousands of pieces asks for whole cables, whose rows lie beside each other.
CREATE INDEX fibre_light_cable ON fibre_light (cable_id);

-- Of these pieces those that are joined to something. It begins to the one side of a piece and ends to the other, or at the
-- piece itself: so a circuit runs through a piece.
CREATE FUNCTION fibre_light_of(pieces uuid[])
    RETURNS TABLE (section_id uuid, nodes uuid[], circuits uuid[], used boolean)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    joined uuid[];
BEGIN
    -- Of a cable most fibres are dark. (EXISTS, asked of many pieces, reads all joints there are.)
    joined := array(SELECT p FROM unnest(pieces) p, LATERAL (SELECT FROM fibre_jointend j WHERE j.thing = p LIMIT 1) j ORDER BY p);
    RETURN QUERY
    WITH reached AS MATERIALIZED (
        SELECT a.start, a.thing, coalesce(a.leaves, '') AS leaves, 1 AS way FROM fibre_reach(joined, array_fill('a'::text, ARRAY[cardinality(joined)])) a
        UNION ALL
        SELECT b.start, b.thing, coalesce(b.leaves, ''), 2 FROM fibre_reach(joined, array_fill('b'::text, ARRAY[cardinality(joined)])) b
    ), lit AS MATERIALIZED (
        SELECT DISTINCT r.thing, r.leaves FROM reached r
    ), places AS MATERIALIZED (
        SELECT l.thing, l.leaves, e.node_id FROM lit l, LATERAL (
            SELECT n.node_id FROM fibre_port p JOIN fibre_enclosure n ON n.id = p.enclosure_id WHERE p.id = l.thing
            UNION ALL
            SELECT d.node_id FROM fibre_port p JOIN fibre_device d ON d.id = p.device_id WHERE p.id = l.thing
            UNION ALL
            SELECT CASE l.leaves WHEN 'a' THEN c.from_node_id ELSE c.to_node_id END
              FROM fibre_fibresection f JOIN fibre_cable c ON c.id = f.cable_id
             WHERE f.id = l.thing AND CASE l.leaves WHEN 'a' THEN f.cut_a_id ELSE f.cut_b_id END IS NULL
            OFFSET 0) e
    ), ends AS MATERIALIZED (
        SELECT r.start, array_agg(DISTINCT n.node_id) AS nodes FROM reached r JOIN places n ON n.thing = r.thing AND n.leaves = r.leaves GROUP BY r.start
    ), of_circuits AS MATERIALIZED (
        SELECT l.thing, e.circuit_id, e.begins FROM (SELECT DISTINCT t.thing FROM lit t) l, LATERAL (
            SELECT x.circuit_id, x.begins FROM fibre_circuitend x WHERE x.port_id = l.thing
            UNION ALL
            SELECT x.circuit_id, x.begins FROM fibre_circuitend x WHERE x.section_id = l.thing
            OFFSET 0) e, LATERAL (
            SELECT FROM fibre_circuit k WHERE k.id = e.circuit_id AND k.lifecycle = 'in_service' OFFSET 0) c
    ), served AS (
        SELECT r.start, r.way, r.thing = joined[r.start] AS itself, e.circuit_id, e.begins
          FROM reached r JOIN of_circuits e ON e.thing = r.thing
    ), through AS MATERIALIZED (
        SELECT s.start, s.circuit_id FROM served s GROUP BY s.start, s.circuit_id
        HAVING (bool_or(s.begins AND s.way = 1) AND bool_or(NOT s.begins AND s.way = 2))
            OR (bool_or(s.begins AND s.way = 2) AND bool_or(NOT s.begins AND s.way = 1))
            OR (bool_or(s.itself) AND bool_or(s.begins) AND bool_or(NOT s.begins))
    ), carried AS MATERIALIZED (
        SELECT t.start, array_agg(t.circuit_id ORDER BY t.circuit_id) AS circuits FROM through t GROUP BY t.start
    ), busy AS MATERIALIZED (SELECT u FROM fibre_in_use(joined) u)
    SELECT j.id, coalesce(e.nodes, '{}'), coalesce(c.circuits, '{}'), b.u IS NOT NULL
      FROM unnest(joined) WITH ORDINALITY j (id, start)
      LEFT JOIN ends e ON e.start = j.start LEFT JOIN carried c ON c.start = j.start LEFT JOIN busy b ON b.u = j.id;
END
$$;

-- The pieces whose light may have changed with these things: all that hangs together with them, past splitters too.
CREATE FUNCTION fibre_lit_by(things uuid[]) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    found uuid[];
BEGIN
    WITH starts AS (
        SELECT t, s FROM unnest(things) t, unnest('{a,b}'::text[]) s
        UNION
        SELECT o.id, 'a' FROM unnest(things) t, LATERAL (
            SELECT x.id FROM fibre_splitterleg l JOIN fibre_splitterleg x ON x.splitter_id = l.splitter_id AND x.is_input <> l.is_input
             WHERE l.id = t OFFSET 0) o
    ), listed AS (SELECT array_agg(t) AS things, array_agg(s) AS sides FROM starts)
    SELECT array_agg(DISTINCT f.id) INTO found
      FROM listed l, LATERAL fibre_reach(l.things, l.sides) r, LATERAL (SELECT x.id FROM fibre_fibresection x WHERE x.id = r.thing OFFSET 0) f;
    RETURN coalesce(found, '{}');
END
$$;

-- Work out anew what hangs together with these things. Whoever does holds the networks of it all before looking: two who
-- splice the same fibre at two places would else each keep what he alone sees.
CREATE FUNCTION fibre_check_light(things uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    hit uuid[] := things;
    held uuid[] := '{}';
    more uuid[];
    looked boolean := false;
BEGIN
    LOOP
        more := array(
            SELECT DISTINCT c.network_id FROM unnest(hit) h, LATERAL (
                SELECT k.network_id FROM fibre_fibresection f JOIN fibre_cable k ON k.id = f.cable_id WHERE f.id = h OFFSET 0) c
             WHERE c.network_id <> ALL (held));
        EXIT WHEN looked AND more = '{}';
        PERFORM fibre_hold_all(more);
        held := held || more;
        hit := fibre_lit_by(things);
        looked := true;
    END LOOP;
    WITH fresh AS MATERIALIZED (SELECT * FROM fibre_light_of(hit)), stale AS (
        DELETE FROM fibre_light l WHERE l.section_id = ANY (hit || things) AND l.section_id NOT IN (SELECT f.section_id FROM fresh f))
    INSERT INTO fibre_light AS l (section_id, cable_id, nodes, circuits, used)
    SELECT f.section_id, c.cable_id, f.nodes, f.circuits, f.used FROM fresh f
      CROSS JOIN LATERAL (SELECT x.cable_id FROM fibre_fibresection x WHERE x.id = f.section_id OFFSET 0) c
      LEFT JOIN LATERAL (SELECT k.section_id FROM fibre_light k WHERE k.section_id = f.section_id
                            AND (k.nodes, k.circuits, k.used) = (f.nodes, f.circuits, f.used) OFFSET 0) same ON true
     WHERE same.section_id IS NULL
     ORDER BY c.cable_id
    ON CONFLICT (section_id) DO UPDATE SET nodes = excluded.nodes, circuits = excluded.circuits, used = excluded.used;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_light_of(uuid[]), fibre_lit_by(uuid[]), fibre_check_light(uuid[]) FROM PUBLIC;

-- What is joined or parted.
CREATE FUNCTION fibre_light_joints() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_note('light', array(SELECT coalesce(r.section_id, r.port_id, r.leg_id) FROM rows_ r));
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_light_added AFTER INSERT ON fibre_jointend
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_joints();
CREATE TRIGGER zz_fibre_light_changed AFTER UPDATE ON fibre_jointend
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_joints();
CREATE TRIGGER zz_fibre_light_changed_from AFTER UPDATE ON fibre_jointend
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_joints();
CREATE TRIGGER zz_fibre_light_removed AFTER DELETE ON fibre_jointend
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_joints();

-- What begins or ends a service. (A circuit that is deleted takes its ends along.)
CREATE FUNCTION fibre_light_circuits() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'fibre_circuit' THEN
        PERFORM fibre_note('light', array(SELECT coalesce(e.section_id, e.port_id) FROM rows_ r JOIN fibre_circuitend e ON e.circuit_id = r.id));
    ELSE
        PERFORM fibre_note('light', array(SELECT coalesce(r.section_id, r.port_id) FROM rows_ r));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_light_added AFTER INSERT ON fibre_circuit
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_circuits();
CREATE TRIGGER zz_fibre_light_changed AFTER UPDATE ON fibre_circuit
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_circuits();
CREATE TRIGGER zz_fibre_light_added AFTER INSERT ON fibre_circuitend
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_circuits();
CREATE TRIGGER zz_fibre_light_changed AFTER UPDATE ON fibre_circuitend
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_circuits();
CREATE TRIGGER zz_fibre_light_changed_from AFTER UPDATE ON fibre_circuitend
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_circuits();
CREATE TRIGGER zz_fibre_light_removed AFTER DELETE ON fibre_circuitend
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_circuits();

-- Where things are: a fibre that is cut ends elsewhere, and so does one whose enclosure, device or cable moves to another node.
CREATE FUNCTION fibre_light_places() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'fibre_fibresection' THEN
        PERFORM fibre_note('light', array(SELECT r.id FROM rows_ r));
    ELSIF TG_TABLE_NAME = 'fibre_cable' THEN
        PERFORM fibre_note('light', array(
            SELECT f.id FROM rows_ r JOIN stale o ON o.id = r.id JOIN fibre_fibresection f ON f.cable_id = r.id JOIN fibre_light l ON l.section_id = f.id
             WHERE (r.from_node_id, r.to_node_id) <> (o.from_node_id, o.to_node_id)));
    ELSIF TG_TABLE_NAME = 'fibre_enclosure' THEN
        PERFORM fibre_note('light', array(
            SELECT p.id FROM rows_ r JOIN stale o ON o.id = r.id JOIN fibre_port p ON p.enclosure_id = r.id WHERE r.node_id <> o.node_id));
    ELSE
        PERFORM fibre_note('light', array(
            SELECT p.id FROM rows_ r JOIN stale o ON o.id = r.id JOIN fibre_port p ON p.device_id = r.id WHERE r.node_id <> o.node_id));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_light_changed AFTER UPDATE ON fibre_fibresection
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_places();
CREATE TRIGGER zz_fibre_light_changed AFTER UPDATE ON fibre_cable
    REFERENCING NEW TABLE AS rows_ OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_places();
CREATE TRIGGER zz_fibre_light_changed AFTER UPDATE ON fibre_enclosure
    REFERENCING NEW TABLE AS rows_ OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_places();
CREATE TRIGGER zz_fibre_light_changed AFTER UPDATE ON fibre_device
    REFERENCING NEW TABLE AS rows_ OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_places();

CREATE FUNCTION fibre_light_out() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE fibre_light;
    ELSE
        DELETE FROM fibre_light l USING rows_ r WHERE l.section_id = r.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_light_removed AFTER DELETE ON fibre_fibresection
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_out();
CREATE TRIGGER zz_fibre_light_emptied AFTER TRUNCATE ON fibre_fibresection FOR EACH STATEMENT EXECUTE FUNCTION fibre_light_out();

-- Has this transaction changed what is not worked out anew yet?
CREATE FUNCTION fibre_light_pending() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    -- (A standby, where no transaction has a number, cannot even look into the unlogged table.)
    IF pg_current_xact_id_if_assigned() IS NULL THEN
        RETURN false;
    END IF;
    RETURN EXISTS (SELECT FROM fibre_pendingkind WHERE transaction_id = pg_current_xact_id() AND kind = 'light');
END
$$;

-- What is kept of these pieces of these cables; the truth itself where nothing is kept: in the past, and before the
-- transaction ends.
CREATE FUNCTION fibre_lit(pieces uuid[], cables uuid[])
    RETURNS TABLE (section_id uuid, nodes uuid[], circuits uuid[], used boolean)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    IF 'fibre_then' = ANY (current_schemas(false)) OR fibre_light_pending() THEN
        RETURN QUERY SELECT * FROM fibre_light_of(pieces);
    ELSE
        -- (IS TRUE: looked up in a hash. IN alone becomes a join, and of a few, as is guessed of arrays, one in a loop.)
        RETURN QUERY
        SELECT l.section_id, l.nodes, l.circuits, l.used
          FROM (SELECT DISTINCT k FROM unnest(cables) k) c, LATERAL (SELECT x.* FROM fibre_light x WHERE x.cable_id = c.k OFFSET 0) l
         WHERE (l.section_id IN (SELECT unnest(pieces))) IS TRUE;
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_lit(uuid[], uuid[]), fibre_light_pending() FROM PUBLIC;
REVOKE ALL ON fibre_light FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gisapp_web') THEN
        GRANT EXECUTE ON FUNCTION fibre_lit(uuid[], uuid[]), fibre_light_of(uuid[]), fibre_light_pending() TO gisapp_web;
    END IF;
END
$$;
