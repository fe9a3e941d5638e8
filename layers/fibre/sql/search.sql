-- The shortest way through the trenches of a network, and what a trench has room for.
--
-- The search loads what an ellipse around both ends can hold into arrays and walks it by A*: no path that is shorter than the
-- ellipse's sum leaves it, so what is found within that length is the shortest of the whole network. Where nothing is found
-- the ellipse grows; before the whole network is loaded it is asked whether the ends hang together at all.

-- ------------------------------------------------------------------------------------------------------ room in a trench

-- How many ducts lie in a segment, whosever they are. (What was dug out takes no place.)
CREATE FUNCTION fibre_ducts_in(of_segment uuid) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT count(*) FROM fibre_ductstep s JOIN fibre_duct d ON d.id = s.duct_id WHERE s.segment_id = of_segment AND d.lifecycle <> 'removed'
$$;
REVOKE EXECUTE ON FUNCTION fibre_ducts_in(uuid) FROM PUBLIC;

CREATE FUNCTION fibre_check_room(segments uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    full_ record;
BEGIN
    SELECT fibre_called(s.name, s.id) AS name, s.duct_limit, fibre_ducts_in(s.id) AS lying INTO full_ FROM fibre_segment s
     WHERE s.id = ANY (segments) AND s.duct_limit IS NOT NULL AND fibre_ducts_in(s.id) > s.duct_limit ORDER BY s.name, s.id LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('segment-full', format('In der Trasse %s ist Platz für %s Rohre; es wären %s.', full_.name, full_.duct_limit, full_.lying),
            'Einen anderen Weg nehmen, oder an der Trasse berichtigen, wie viele Rohre sie aufnimmt.');
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_check_room(uuid[]) FROM PUBLIC;

CREATE FUNCTION fibre_room_asked() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'fibre_ductstep' THEN
        PERFORM fibre_note('room', array(SELECT s.id FROM rows_ r JOIN fibre_segment s ON s.id = r.segment_id WHERE s.duct_limit IS NOT NULL));
    ELSE
        PERFORM fibre_note('room', array(SELECT id FROM rows_ WHERE duct_limit IS NOT NULL));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_room_added AFTER INSERT ON fibre_ductstep
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_room_asked();
CREATE TRIGGER zz_fibre_room_changed AFTER UPDATE ON fibre_ductstep
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_room_asked();
CREATE TRIGGER zz_fibre_room AFTER UPDATE ON fibre_segment
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_room_asked();

-- A part that a split cuts off holds as much as the trench that it was a part of.
CREATE FUNCTION fibre_room_inherited() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    SELECT duct_limit INTO NEW.duct_limit FROM fibre_segment WHERE id = NEW.parent_id AND network_id = NEW.network_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER fibre_3_room BEFORE INSERT ON fibre_segment
    FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL AND NEW.duct_limit IS NULL) EXECUTE FUNCTION fibre_room_inherited();

-- May a further duct be laid there? (Asked of segments that the asker sees.)
CREATE FUNCTION fibre_has_room(of_segment uuid, most smallint) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    RETURN most IS NULL OR fibre_ducts_in(of_segment) < most;
END
$$;

-- ------------------------------------------------------------------------------------------------------------ the search

-- The graph that a search walks: the nodes with their places, and from `firsts[n]` on the ends, lengths and segments of the
-- edges that leave node n. `bound`: only what an ellipse around both ends can hold; `room`: only where another duct may be laid.
CREATE FUNCTION fibre_path_graph(net uuid, start uuid, goal uuid, bound float8, room boolean, apart_from uuid[], OUT ids uuid[], OUT xs float8[],
                                 OUT ys float8[], OUT firsts integer[], OUT targets integer[], OUT metres float8[], OUT edges uuid[])
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET work_mem = '64MB'
AS $$
DECLARE
    box geometry;
BEGIN
    IF bound IS NOT NULL THEN
        SELECT ST_Expand(ST_MakeLine(a.geom, b.geom), sqrt(greatest(bound ^ 2 - ST_Distance(a.geom, b.geom) ^ 2, 1)) / 2) INTO box
          FROM fibre_node a, fibre_node b WHERE a.id = start AND b.id = goal;
    END IF;
    WITH e AS MATERIALIZED (
        SELECT s.id, s.from_node_id AS a, s.to_node_id AS b, s.length_m, ST_StartPoint(s.geom) AS pa, ST_EndPoint(s.geom) AS pb
          FROM fibre_segment s
         WHERE s.network_id = net AND s.lifecycle NOT IN ('removed', 'decommissioned') AND (box IS NULL OR s.geom && box)
           AND (NOT room OR s.duct_limit IS NULL OR fibre_has_room(s.id, s.duct_limit))
           AND s.from_node_id <> ALL (apart_from) AND s.to_node_id <> ALL (apart_from)
    ), n AS MATERIALIZED (
        -- A dead end leads nowhere: half of all segments are lead-ins.
        SELECT node, row_number() OVER (ORDER BY node)::integer AS nth, x, y FROM (
            SELECT node, min(x) AS x, min(y) AS y FROM (
                SELECT a AS node, ST_X(pa) AS x, ST_Y(pa) AS y FROM e UNION ALL SELECT b, ST_X(pb), ST_Y(pb) FROM e) ends
             GROUP BY node HAVING count(*) > 1 OR node IN (start, goal)) alive
    ), h AS MATERIALIZED (
        SELECT o.u, o.v, o.length_m, o.id FROM e JOIN n p ON p.node = e.a JOIN n q ON q.node = e.b,
               LATERAL (VALUES (p.nth, q.nth, e.length_m, e.id), (q.nth, p.nth, e.length_m, e.id)) o (u, v, length_m, id)
    ), places AS (
        SELECT n.node, n.nth, n.x, n.y, (1 + coalesce(sum(c.many) OVER (ORDER BY n.nth), 0) - coalesce(c.many, 0))::integer AS first
          FROM n LEFT JOIN (SELECT u, count(*) AS many FROM h GROUP BY u) c ON c.u = n.nth
    )
    SELECT p.ids, p.xs, p.ys, p.firsts, x.targets, x.metres, x.edges INTO ids, xs, ys, firsts, targets, metres, edges
      FROM (SELECT array_agg(node ORDER BY nth) AS ids, array_agg(x ORDER BY nth) AS xs, array_agg(y ORDER BY nth) AS ys,
                   array_agg(first ORDER BY nth) AS firsts FROM places) p,
           (SELECT array_agg(v ORDER BY u, length_m, id) AS targets, array_agg(length_m ORDER BY u, length_m, id) AS metres,
                   array_agg(id ORDER BY u, length_m, id) AS edges FROM h) x;
    firsts := firsts || (cardinality(targets) + 1);
END
$$;

-- The segments of the shortest path between two nodes within an ellipse whose sum is `bound` metres (NULL: everywhere), in
-- order; NULL where there is none. `room`: only where another duct may be laid. A* over a binary heap of (key, node).
CREATE FUNCTION fibre_path(net uuid, start uuid, goal uuid, bound float8, room boolean, apart_from uuid[] DEFAULT '{}') RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    ids uuid[]; xs float8[]; ys float8[]; firsts integer[]; targets integer[]; metres float8[]; edges uuid[];
    source integer; sink integer; here integer; there integer; k integer; i integer; child integer;
    infinite CONSTANT float8 := 'Infinity';
    best float8[]; came integer[]; via integer[]; closed boolean[];
    heap_key float8[] := '{}'; heap_node integer[] := '{}'; size integer := 0;
    cost float8; key float8; last integer;
    path uuid[] := '{}';
BEGIN
    SELECT * INTO ids, xs, ys, firsts, targets, metres, edges FROM fibre_path_graph(net, start, goal, bound, room, apart_from);
    source := array_position(ids, start);
    sink := array_position(ids, goal);
    IF source IS NULL OR sink IS NULL OR targets IS NULL THEN
        RETURN NULL;
    END IF;
    best := array_fill(infinite, ARRAY[cardinality(ids)]);
    came := array_fill(0, ARRAY[cardinality(ids)]);
    via := came;
    closed := array_fill(false, ARRAY[cardinality(ids)]);
    best[source] := 0;
    size := 1; heap_key[1] := 0; heap_node[1] := source;
    WHILE size > 0 LOOP
        here := heap_node[1];
        key := heap_key[size]; last := heap_node[size]; size := size - 1;
        IF size > 0 THEN
            i := 1;
            LOOP
                child := 2 * i;
                EXIT WHEN child > size;
                IF child < size AND heap_key[child + 1] < heap_key[child] THEN
                    child := child + 1;
                END IF;
                EXIT WHEN heap_key[child] >= key;
                heap_key[i] := heap_key[child]; heap_node[i] := heap_node[child]; i := child;
            END LOOP;
            heap_key[i] := key; heap_node[i] := last;
        END IF;
        CONTINUE WHEN closed[here];
        closed[here] := true;
        EXIT WHEN here = sink;
        FOR k IN firsts[here] .. firsts[here + 1] - 1 LOOP
            there := targets[k];
            CONTINUE WHEN closed[there];
            cost := best[here] + metres[k];
            CONTINUE WHEN cost >= best[there];
            best[there] := cost; came[there] := here; via[there] := k;
            key := cost + sqrt((xs[there] - xs[sink]) ^ 2 + (ys[there] - ys[sink]) ^ 2);
            size := size + 1; i := size;
            WHILE i > 1 AND heap_key[i / 2] > key LOOP
                heap_key[i] := heap_key[i / 2]; heap_node[i] := heap_node[i / 2]; i := i / 2;
            END LOOP;
            heap_key[i] := key; heap_node[i] := there;
        END LOOP;
    END LOOP;
    IF NOT closed[sink] OR best[sink] > bound THEN
        RETURN NULL;
    END IF;
    here := sink;
    WHILE here <> source LOOP
        path := edges[via[here]] || path;
        here := came[here];
    END LOOP;
    RETURN path;
END
$$;

-- The nodes that hang together with this one, at most so many.
CREATE FUNCTION fibre_hanging_together(start uuid, most integer, room boolean) RETURNS uuid[]
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH RECURSIVE reach AS (
        SELECT start AS node
        UNION
        SELECT x.node FROM reach r, LATERAL (
            SELECT s.to_node_id AS node FROM fibre_segment s
             WHERE s.from_node_id = r.node AND s.lifecycle NOT IN ('removed', 'decommissioned')
               AND (NOT room OR s.duct_limit IS NULL OR fibre_has_room(s.id, s.duct_limit))
            UNION ALL
            SELECT s.from_node_id FROM fibre_segment s
             WHERE s.to_node_id = r.node AND s.lifecycle NOT IN ('removed', 'decommissioned')
               AND (NOT room OR s.duct_limit IS NULL OR fibre_has_room(s.id, s.duct_limit))) x
    )
    SELECT array(SELECT node FROM reach LIMIT most)
$$;

-- Refuse, and say where the way breaks off: at a trench that is full or gone, or at open ground.
CREATE FUNCTION fibre_refuse_route(net uuid, start uuid, goal uuid, island uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    other uuid := CASE WHEN start = ANY (island) THEN goal ELSE start END;
    target geometry := (SELECT geom FROM fibre_node WHERE id = other);
    gap record;
    hint text;
BEGIN
    SELECT fibre_called(s.name, s.id) AS segment, s.lifecycle, s.duct_limit, fibre_called(a.name, a.id) AS a, fibre_called(b.name, b.id) AS b INTO gap
      FROM (SELECT * FROM fibre_segment WHERE from_node_id = ANY (island) AND to_node_id <> ALL (island)
            UNION ALL SELECT * FROM fibre_segment WHERE to_node_id = ANY (island) AND from_node_id <> ALL (island)) s
      JOIN fibre_node a ON a.id = s.from_node_id JOIN fibre_node b ON b.id = s.to_node_id
     ORDER BY s.geom <-> target, s.id LIMIT 1;
    IF FOUND THEN
        hint := format('Zwischen %s und %s ist die Trasse %s %s.', gap.a, gap.b, gap.segment,
            CASE gap.lifecycle WHEN 'removed' THEN 'ausgebaut' WHEN 'decommissioned' THEN 'stillgelegt' ELSE format('voll (höchstens %s Rohre)', gap.duct_limit) END);
    ELSE
        SELECT fibre_called(c.name, c.id) AS a, fibre_called(o.name, o.id) AS b, ST_Distance(c.geom, o.geom) AS metres INTO gap
          FROM (SELECT n.* FROM fibre_node n WHERE n.id = ANY (island) ORDER BY n.geom <-> target LIMIT 500) c, LATERAL (
               SELECT n.* FROM fibre_node n WHERE n.network_id = net AND n.id <> ALL (island) ORDER BY n.geom <-> c.geom LIMIT 1) o
         ORDER BY metres LIMIT 1;
        hint := format('Die Trassen hängen nicht zusammen: zwischen %s und %s fehlen %s m.', gap.a, gap.b, round(gap.metres::numeric, 1));
    END IF;
    PERFORM fibre_refuse('no-route', format('Von %s führt kein Weg durch Trassen nach %s.',
        (SELECT fibre_called(name, id) FROM fibre_node WHERE id = start), (SELECT fibre_called(name, id) FROM fibre_node WHERE id = goal)), hint);
END
$$;

-- The segments of the shortest way from one node to another. Raises unknown-node, route-to-itself, no-route.
CREATE FUNCTION fibre_shortest(net uuid, start uuid, goal uuid, room boolean DEFAULT true) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    apart float8;
    wide float8;
    path uuid[];
    most integer;
    island uuid[];
    ends uuid[] := ARRAY[start, goal];
    side integer;
BEGIN
    SELECT ST_Distance(a.geom, b.geom) INTO apart FROM fibre_node a, fibre_node b
     WHERE a.id = start AND b.id = goal AND a.network_id = net AND b.network_id = net;
    IF NOT FOUND THEN
        PERFORM fibre_refuse('unknown-node', 'Diesen Netzknoten gibt es in diesem Netz nicht.');
    END IF;
    wide := 4 * apart + 3000;
    IF start = goal THEN
        PERFORM fibre_refuse('route-to-itself', 'Der Weg endet, wo er beginnt.', 'Einen Ring über einen Zwischenknoten führen.');
    END IF;
    path := fibre_path(net, start, goal, 1.5 * apart + 300, room);
    IF path IS NOT NULL THEN
        RETURN path;
    END IF;
    -- The smaller of two islands is soon known as a whole.
    FOREACH most IN ARRAY ARRAY[1000, 50000, 100000000] LOOP
        FOR side IN 1 .. 2 LOOP
            island := fibre_hanging_together(ends[side], most, room);
            IF ends[3 - side] = ANY (island) THEN
                RETURN coalesce(fibre_path(net, start, goal, wide, room), fibre_path(net, start, goal, NULL, room));
            ELSIF cardinality(island) < most THEN
                PERFORM fibre_refuse_route(net, start, goal, island);
            END IF;
        END LOOP;
        -- No small island: look further round before it is asked of large ones.
        path := CASE WHEN most = 1000 THEN fibre_path(net, start, goal, wide, room) END;
        IF path IS NOT NULL THEN
            RETURN path;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- The shortest way over these nodes, in their order: its segments, its length in metres, and its line (EPSG:25832). Writes
-- nothing. Raises what fibre_shortest raises, and route-repeats.
CREATE FUNCTION fibre_route(net uuid, nodes uuid[], room boolean DEFAULT true, OUT segments uuid[], OUT length_m float8, OUT geom geometry)
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    here uuid := nodes[1];
    walked uuid[] := ARRAY[nodes[1]];
    parts geometry[] := '{}';
    leg uuid[];
    before uuid[];
    step record;
    i integer;
BEGIN
    IF coalesce(cardinality(nodes), 0) < 2 OR array_position(nodes, NULL) IS NOT NULL THEN
        PERFORM fibre_refuse('route-to-itself', 'Ein Weg hat einen Anfang und ein Ende.');
    END IF;
    segments := '{}';
    FOR i IN 2 .. cardinality(nodes) LOOP
        leg := fibre_shortest(net, nodes[i - 1], nodes[i], room);
        -- Of two ways as long as each other, or where the shortest came by a node for the second time, one that does not.
        before := array(SELECT DISTINCT n FROM fibre_segment s, unnest(ARRAY[s.from_node_id, s.to_node_id]) n
                         WHERE s.id = ANY (segments) AND n NOT IN (nodes[i - 1], nodes[i]));
        IF EXISTS (SELECT FROM fibre_segment s WHERE s.id = ANY (leg) AND (s.from_node_id = ANY (before) OR s.to_node_id = ANY (before))) THEN
            leg := coalesce(fibre_path(net, nodes[i - 1], nodes[i], NULL, room, before), leg);
        END IF;
        segments := segments || leg;
    END LOOP;
    FOR step IN
        SELECT s.from_node_id AS a, s.to_node_id AS b, s.geom, u.nth FROM unnest(segments) WITH ORDINALITY u (id, nth)
          JOIN fibre_segment s ON s.id = u.id ORDER BY u.nth
    LOOP
        parts := parts || CASE WHEN step.a = here THEN step.geom ELSE ST_Reverse(step.geom) END;
        here := CASE WHEN step.a = here THEN step.b ELSE step.a END;
        IF here = ANY (walked) AND NOT (here = walked[1] AND step.nth = cardinality(segments)) THEN
            PERFORM fibre_refuse('route-repeats', format('Der Weg käme zweimal an %s vorbei.', (SELECT fibre_called(name, id) FROM fibre_node WHERE id = here)),
                'Andere Zwischenknoten wählen, oder einen Abzweig als eigenes Rohr verlegen.');
        END IF;
        walked := walked || here;
    END LOOP;
    geom := ST_RemoveRepeatedPoints(ST_MakeLine(parts));
    length_m := (SELECT sum(s.length_m) FROM fibre_segment s WHERE s.id = ANY (segments));
END
$$;

-- Lay a duct from one node to another, the shortest way that has room, over `via` in their order.
CREATE FUNCTION fibre_lay_between(net uuid, spec text, called text, from_node uuid, to_node uuid, via uuid[] DEFAULT '{}') RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    -- Held before the search: who comes second sees what the first one has laid.
    PERFORM fibre_hold(net);
    RETURN fibre_lay(net, spec, called, (SELECT r.segments FROM fibre_route(net, ARRAY[from_node] || via || to_node) r));
END
$$;
