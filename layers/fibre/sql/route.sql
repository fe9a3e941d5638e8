-- The rules of the route graph: nodes, and the segments between them. (What they rest on is in network.sql.)

-- ---------------------------------------------------------------------------------------------------------------- nodes

CREATE FUNCTION fibre_node_at(net uuid, place geometry, except_for uuid DEFAULT NULL) RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT id FROM fibre_node
     WHERE network_id IS NOT DISTINCT FROM net AND ST_DWithin(geom, place, fibre_snap()) AND id IS DISTINCT FROM except_for
     ORDER BY geom <-> place, id LIMIT 1
$$;

CREATE FUNCTION fibre_node_before() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    other uuid;
BEGIN
    PERFORM fibre_hold(NEW.network_id);
    other := fibre_node_at(NEW.network_id, NEW.geom, NEW.id);
    IF other IS NOT NULL THEN
        PERFORM fibre_refuse('node-on-node', format('An dieser Stelle liegt schon ein Netzknoten (%s).',
            (SELECT coalesce(name, id::text) FROM fibre_node WHERE id = other)),
            'Den vorhandenen verwenden, oder weiter als 5 cm entfernt zeichnen.');
    END IF;
    SELECT m.id INTO NEW.municipality_id FROM regions_municipality m
     WHERE ST_Covers(m.geom, NEW.geom) AND m.retired_at IS NULL AND m.valid_to IS NULL ORDER BY m.id LIMIT 1;
    RETURN NEW;
END
$$;

-- A node on a segment splits it: the part at its beginning keeps the key, the other names it as its parent.
-- (It sees the whole network, as what it carries along must: so it asks first whether the caller may.)
CREATE FUNCTION fibre_split(segment uuid, node uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    old fibre_segment;
    place geometry;
    at_ float8;
    first geometry;
    second geometry;
    made uuid := gen_random_uuid();
BEGIN
    PERFORM fibre_may_change(segment);
    SELECT * INTO old FROM fibre_segment WHERE id = segment FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM fibre_refuse('unknown-segment', 'Diese Trasse gibt es nicht.');
    END IF;
    PERFORM fibre_hold(old.network_id);
    SELECT geom INTO place FROM fibre_node WHERE id = node AND network_id = old.network_id;
    IF NOT FOUND THEN
        PERFORM fibre_refuse('unknown-node', 'Diesen Netzknoten gibt es in dem Netz der Trasse nicht.');
    END IF;
    IF node IN (old.from_node_id, old.to_node_id) OR NOT ST_DWithin(old.geom, place, fibre_snap()) THEN
        PERFORM fibre_refuse('node-not-on-segment', 'Der Netzknoten liegt nicht auf der Trasse.',
            'Er muss weniger als 5 cm neben ihr liegen und darf nicht ihr Ende sein.');
    END IF;
    at_ := ST_LineLocatePoint(old.geom, place);
    first := ST_LineSubstring(old.geom, 0, at_);
    second := ST_LineSubstring(old.geom, at_, 1);
    -- Exactly to the node: that is up to 5 cm beside the line.
    first := ST_SetPoint(first, ST_NPoints(first) - 1, place);
    second := ST_SetPoint(second, 0, place);
    -- The ducts first: what follows may split the parts again, and their steps must be in order by then.
    PERFORM fibre_carry(old.id, made);
    UPDATE fibre_segment SET geom = first, to_node_id = node WHERE id = old.id;
    INSERT INTO fibre_segment (id, network_id, organisation_id, lifecycle, owner_id, survey_method, survey_accuracy_cm,
        surveyed_on, surveyed_by, remark, work_order_id, source, from_node_id, to_node_id, geom, parent_id, construction, surface, location,
        depth_cm, depth_reference, width_cm, co_laid_with, funding, cost_eur)
    VALUES (made, old.network_id, old.organisation_id, old.lifecycle, old.owner_id, old.survey_method, old.survey_accuracy_cm,
        old.surveyed_on, old.surveyed_by, old.remark, old.work_order_id, old.source, node, old.to_node_id, second, old.id, old.construction,
        old.surface, old.location, old.depth_cm, old.depth_reference, old.width_cm, old.co_laid_with, old.funding, NULL);
    RETURN made;
END
$$;

-- Split each of these segments at its node, as far as that is still to be done: a split before may have done it, or have
-- put the node on the other part, whose own statement has then seen to it.
CREATE FUNCTION fibre_split_all(segments uuid[], nodes uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    i integer;
BEGIN
    FOR i IN 1 .. coalesce(array_length(segments, 1), 0) LOOP
        PERFORM FROM fibre_segment s JOIN fibre_node n ON n.id = nodes[i]
         WHERE s.id = segments[i] AND ST_DWithin(s.geom, n.geom, fibre_snap()) AND n.id NOT IN (s.from_node_id, s.to_node_id);
        IF FOUND THEN
            PERFORM fibre_split(segments[i], nodes[i]);
        END IF;
    END LOOP;
END
$$;

-- What a trigger left unsplit, because something behind it would see to that, is split when the transaction ends: nobody
-- leaves a node on a segment by pretending to be that something.
CREATE FUNCTION fibre_check_node(nodes uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    segments uuid[];
    on_them uuid[];
BEGIN
    SELECT array_agg(s.id ORDER BY s.id, n.id), array_agg(n.id ORDER BY s.id, n.id) INTO segments, on_them
      FROM fibre_node n JOIN fibre_segment s ON s.network_id IS NOT DISTINCT FROM n.network_id AND ST_DWithin(s.geom, n.geom, fibre_snap())
     WHERE n.id = ANY (nodes) AND n.id NOT IN (s.from_node_id, s.to_node_id);
    PERFORM fibre_split_all(segments, on_them);
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_check_node(uuid[]) FROM PUBLIC;

-- New nodes split what they lie on. (Those that a segment makes at its ends wait for the segment's own trigger.)
CREATE FUNCTION fibre_nodes_drawn() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    segments uuid[];
    nodes uuid[];
BEGIN
    IF pg_trigger_depth() > 1 THEN
        IF gisapp_person() THEN
            PERFORM fibre_note('node', array(SELECT id FROM fresh));
        END IF;
        RETURN NULL;
    END IF;
    SELECT array_agg(s.id ORDER BY s.id, f.id), array_agg(f.id ORDER BY s.id, f.id) INTO segments, nodes
      FROM fresh f JOIN fibre_segment s ON s.network_id IS NOT DISTINCT FROM f.network_id AND ST_DWithin(s.geom, f.geom, fibre_snap())
     WHERE f.id NOT IN (s.from_node_id, s.to_node_id);
    PERFORM fibre_split_all(segments, nodes);
    RETURN NULL;
END
$$;

-- Nodes that were moved drag their segments along, both ends of each at once, and split what they come to lie on.
CREATE FUNCTION fibre_nodes_moved() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    moved uuid[];
    segments uuid[];
    nodes uuid[];
BEGIN
    SELECT array_agg(f.id) INTO moved FROM fresh f JOIN stale o ON o.id = f.id WHERE ST_AsEWKB(f.geom) <> ST_AsEWKB(o.geom);
    IF moved IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE fibre_segment s SET geom = ST_SetPoint(ST_SetPoint(s.geom, 0, a.geom), ST_NPoints(s.geom) - 1, b.geom)
      FROM fibre_node a, fibre_node b
     WHERE a.id = s.from_node_id AND b.id = s.to_node_id AND (a.id = ANY (moved) OR b.id = ANY (moved));
    SELECT array_agg(s.id ORDER BY s.id, n.id), array_agg(n.id ORDER BY s.id, n.id) INTO segments, nodes
      FROM fibre_node n JOIN fibre_segment s ON s.network_id IS NOT DISTINCT FROM n.network_id AND ST_DWithin(s.geom, n.geom, fibre_snap())
     WHERE n.id = ANY (moved) AND n.id NOT IN (s.from_node_id, s.to_node_id);
    PERFORM fibre_split_all(segments, nodes);
    RETURN NULL;
END
$$;

CREATE FUNCTION fibre_node_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    hanging bigint;
    standing text;
BEGIN
    PERFORM fibre_hold(OLD.network_id);
    SELECT count(*) INTO hanging FROM fibre_segment WHERE OLD.id IN (from_node_id, to_node_id);
    IF hanging > 0 THEN
        PERFORM fibre_refuse('node-in-use', format('An diesem Netzknoten hängen %s Trassen.', hanging),
            'Erst die Trassen löschen; einen Abzweig zwischen zwei Trassen nimmt fibre_join(knoten) heraus.');
    END IF;
    SELECT string_agg(name, ', ' ORDER BY name) INTO standing FROM (
        SELECT name FROM fibre_enclosure WHERE node_id = OLD.id
        UNION ALL SELECT name FROM fibre_device WHERE node_id = OLD.id
        UNION ALL SELECT name FROM fibre_premises WHERE node_id = OLD.id
        UNION ALL SELECT fibre_called(name, id) FROM fibre_cable WHERE OLD.id IN (from_node_id, to_node_id)) held;
    IF standing IS NOT NULL THEN
        PERFORM fibre_refuse('node-in-use', format('An diesem Netzknoten steht oder endet: %s.', left(standing, 200)),
            'Erst Gehäuse, Geräte und Kabel löschen oder versetzen.');
    END IF;
    RETURN OLD;
END
$$;

-- ------------------------------------------------------------------------------------------------------------- segments

-- The node at one end: the named one, which must be there; else the nearest within 5 cm; else a branch made here.
CREATE FUNCTION fibre_end_node(named uuid, net uuid, place geometry, which text, state text) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    there uuid;
    apart float8;
BEGIN
    IF named IS NOT NULL THEN
        SELECT id, ST_Distance(geom, place) INTO there, apart FROM fibre_node WHERE id = named AND network_id = net;
        IF NOT FOUND THEN
            PERFORM fibre_refuse('unknown-node', format('Den Netzknoten am %s gibt es in diesem Netz nicht.', which));
        END IF;
        IF apart > fibre_snap() THEN
            PERFORM fibre_refuse('segment-misses-node',
                format('Die Trasse liegt am %s %s m neben ihrem Netzknoten.', which, round(apart::numeric, 2)),
                'Das Ende auf den Knoten ziehen (Fangen einschalten), oder den Knoten weglassen: dann entsteht ein Abzweig.');
        END IF;
        RETURN there;
    END IF;
    there := fibre_node_at(net, place);
    IF there IS NULL THEN
        INSERT INTO fibre_node (network_id, organisation_id, kind, geom, lifecycle)
        SELECT net, organisation_id, 'branch', place, state FROM fibre_network WHERE id = net
        RETURNING id INTO there;
    END IF;
    RETURN there;
END
$$;

CREATE FUNCTION fibre_segment_before() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    last integer := ST_NPoints(NEW.geom) - 1;
BEGIN
    PERFORM fibre_hold(NEW.network_id);
    -- Who redraws a segment away from its ends connects it anew; who names other ends draws it to them.
    IF TG_OP = 'UPDATE' THEN
        IF NEW.from_node_id = OLD.from_node_id AND NOT EXISTS (
            SELECT FROM fibre_node n WHERE n.id = NEW.from_node_id AND ST_DWithin(n.geom, ST_StartPoint(NEW.geom), fibre_snap()))
        THEN
            NEW.from_node_id := NULL;
        END IF;
        IF NEW.to_node_id = OLD.to_node_id AND NOT EXISTS (
            SELECT FROM fibre_node n WHERE n.id = NEW.to_node_id AND ST_DWithin(n.geom, ST_EndPoint(NEW.geom), fibre_snap()))
        THEN
            NEW.to_node_id := NULL;
        END IF;
    END IF;
    IF ST_DWithin(ST_StartPoint(NEW.geom), ST_EndPoint(NEW.geom), fibre_snap()) THEN
        PERFORM fibre_refuse('segment-closed', 'Die Trasse endet, wo sie beginnt.',
            'Einen Ring als mindestens zwei Trassen zeichnen.');
    END IF;
    NEW.from_node_id := fibre_end_node(NEW.from_node_id, NEW.network_id, ST_StartPoint(NEW.geom), 'Anfang', NEW.lifecycle);
    NEW.to_node_id := fibre_end_node(NEW.to_node_id, NEW.network_id, ST_EndPoint(NEW.geom), 'Ende', NEW.lifecycle);
    NEW.geom := ST_SetPoint(NEW.geom, 0, (SELECT geom FROM fibre_node WHERE id = NEW.from_node_id));
    NEW.geom := ST_SetPoint(NEW.geom, last, (SELECT geom FROM fibre_node WHERE id = NEW.to_node_id));
    -- As it lies now: drawn to its nodes, by up to 5 cm, it may touch itself although what was drawn did not.
    IF NOT ST_IsSimple(NEW.geom) THEN
        PERFORM fibre_refuse('segment-not-simple', 'Die Trasse kreuzt oder berührt sich selbst.',
            'Am Kreuzungspunkt einen Netzknoten setzen und zwei Trassen zeichnen.');
    END IF;
    RETURN NEW;
END
$$;

-- The node that fibre_join is taking out just now: until it is gone, nothing is split at it. Anybody may say so; a node
-- that is still there when the transaction ends splits what it lies on after all.
CREATE FUNCTION fibre_joined() RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    node uuid;
BEGIN
    node := nullif(current_setting('fibre.joining', true), '')::uuid;
    IF node IS NOT NULL THEN
        PERFORM fibre_note('node', ARRAY[node]);
    END IF;
    RETURN node;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_joined() FROM PUBLIC;

-- Nodes within 5 cm of these segments, and segments within 5 cm of their ends: in which order to split what. `lines` are
-- the segments that were drawn, `apart_from` a node that goes.
CREATE FUNCTION fibre_split_drawn(lines uuid[], apart_from uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    segments uuid[];
    nodes uuid[];
BEGIN
    SELECT array_agg(segment ORDER BY segment, at_, node), array_agg(node ORDER BY segment, at_, node) INTO segments, nodes
      FROM (
        SELECT f.id AS segment, n.id AS node, ST_LineLocatePoint(f.geom, n.geom) AS at_
          FROM fibre_segment f
          JOIN fibre_node n ON n.network_id IS NOT DISTINCT FROM f.network_id AND ST_DWithin(n.geom, f.geom, fibre_snap())
         WHERE f.id = ANY (lines) AND n.id NOT IN (f.from_node_id, f.to_node_id) AND n.id IS DISTINCT FROM apart_from
        UNION
        SELECT s.id, n.id, ST_LineLocatePoint(s.geom, n.geom)
          FROM fibre_segment f
          JOIN fibre_node n ON n.id IN (f.from_node_id, f.to_node_id)
          JOIN fibre_segment s ON s.network_id IS NOT DISTINCT FROM n.network_id AND ST_DWithin(s.geom, n.geom, fibre_snap())
         WHERE f.id = ANY (lines) AND n.id NOT IN (s.from_node_id, s.to_node_id)
      ) pairs;
    PERFORM fibre_split_all(segments, nodes);
END
$$;

-- A segment drawn over nodes of its network is split at them, and its ends split what they lie on.
CREATE FUNCTION fibre_segments_drawn() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_split_drawn(array(SELECT id FROM fresh), fibre_joined());
    RETURN NULL;
END
$$;

CREATE FUNCTION fibre_segments_redrawn() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    redrawn uuid[] := array(SELECT f.id FROM fresh f JOIN stale o ON o.id = f.id WHERE ST_AsEWKB(o.geom) <> ST_AsEWKB(f.geom));
BEGIN
    IF cardinality(redrawn) > 0 THEN
        PERFORM fibre_split_drawn(redrawn, fibre_joined());
    END IF;
    RETURN NULL;
END
$$;

-- Take out a node between two segments: one segment remains, with the key of the one that was there first.
CREATE FUNCTION fibre_join(node uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    here fibre_node;
    parts uuid[];
    kept fibre_segment;
    gone fibre_segment;
    line geometry;
    start_ uuid;
    end_ uuid;
BEGIN
    SELECT * INTO here FROM fibre_node WHERE id = node;
    IF NOT FOUND THEN
        PERFORM fibre_refuse('unknown-node', 'Diesen Netzknoten gibt es nicht.');
    END IF;
    PERFORM fibre_may_change_at(here.organisation_id, here.geom);
    PERFORM fibre_hold(here.network_id);
    SELECT array_agg(id ORDER BY created_at, parent_id IS NOT NULL, id) INTO parts
      FROM fibre_segment WHERE node IN (from_node_id, to_node_id);
    IF here.kind NOT IN ('branch', 'end') OR coalesce(array_length(parts, 1), 0) <> 2 THEN
        PERFORM fibre_refuse('node-not-between-two', 'Nur ein Abzweig zwischen genau zwei Trassen lässt sich herausnehmen.',
            format('Hier ist es Art %s mit %s Trassen.', here.kind, coalesce(array_length(parts, 1), 0)));
    END IF;
    PERFORM fibre_may_change(parts[1]), fibre_may_change(parts[2]);
    SELECT * INTO kept FROM fibre_segment WHERE id = parts[1] FOR UPDATE;
    SELECT * INTO gone FROM fibre_segment WHERE id = parts[2] FOR UPDATE;
    IF (kept.lifecycle, kept.owner_id, kept.construction, kept.surface, kept.depth_cm, kept.depth_reference, kept.width_cm, kept.duct_limit)
        IS DISTINCT FROM
       (gone.lifecycle, gone.owner_id, gone.construction, gone.surface, gone.depth_cm, gone.depth_reference, gone.width_cm, gone.duct_limit) THEN
        PERFORM fibre_refuse('segments-differ', 'Die beiden Trassen unterscheiden sich in Stand, Eigentum, Bauweise oder Maßen.',
            'Erst angleichen, was für beide gelten soll.');
    END IF;
    start_ := CASE WHEN kept.from_node_id = node THEN kept.to_node_id ELSE kept.from_node_id END;
    end_ := CASE WHEN gone.from_node_id = node THEN gone.to_node_id ELSE gone.from_node_id END;
    IF start_ = end_ THEN
        PERFORM fibre_refuse('segment-closed', 'Daraus würde eine Trasse, die endet, wo sie beginnt.');
    END IF;
    line := ST_MakeLine(CASE WHEN kept.to_node_id = node THEN kept.geom ELSE ST_Reverse(kept.geom) END,
                        CASE WHEN gone.from_node_id = node THEN gone.geom ELSE ST_Reverse(gone.geom) END);
    line := ST_RemoveRepeatedPoints(line);
    -- The kept one goes on in its own direction.
    IF kept.to_node_id <> node THEN
        line := ST_Reverse(line);
        SELECT end_, start_ INTO start_, end_;
    END IF;
    PERFORM fibre_uncarry(kept.id, gone.id, node);
    DELETE FROM fibre_segment WHERE id = gone.id;
    PERFORM set_config('fibre.joining', node::text, true);
    UPDATE fibre_segment SET geom = line, from_node_id = start_, to_node_id = end_,
           cost_eur = CASE WHEN kept.cost_eur IS NULL AND gone.cost_eur IS NULL THEN NULL
                           ELSE coalesce(kept.cost_eur, 0) + coalesce(gone.cost_eur, 0) END
     WHERE id = kept.id;
    PERFORM set_config('fibre.joining', '', true);
    DELETE FROM fibre_node WHERE id = node;
    RETURN kept.id;
END
$$;

CREATE TRIGGER fibre_1_organisation BEFORE INSERT OR UPDATE ON fibre_node
    FOR EACH ROW EXECUTE FUNCTION fibre_organisation();
CREATE TRIGGER fibre_1_organisation BEFORE INSERT OR UPDATE ON fibre_segment
    FOR EACH ROW EXECUTE FUNCTION fibre_organisation();
CREATE TRIGGER fibre_2_place BEFORE INSERT OR UPDATE OF geom ON fibre_node
    FOR EACH ROW EXECUTE FUNCTION fibre_node_before();
CREATE TRIGGER zz_fibre_drawn AFTER INSERT ON fibre_node
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION fibre_nodes_drawn();
CREATE TRIGGER zz_fibre_moved AFTER UPDATE ON fibre_node
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION fibre_nodes_moved();
CREATE TRIGGER fibre_4_gone BEFORE DELETE ON fibre_node
    FOR EACH ROW EXECUTE FUNCTION fibre_node_gone();
CREATE TRIGGER fibre_2_ends BEFORE INSERT OR UPDATE OF geom, from_node_id, to_node_id ON fibre_segment
    FOR EACH ROW EXECUTE FUNCTION fibre_segment_before();
CREATE TRIGGER zz_fibre_drawn AFTER INSERT ON fibre_segment
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION fibre_segments_drawn();
CREATE TRIGGER zz_fibre_redrawn AFTER UPDATE ON fibre_segment
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION fibre_segments_redrawn();

-- A node outlives the municipality that it was found in. (Django would take it out of what it deletes itself; the demo
-- and the importers delete with statements of their own.)
ALTER TABLE fibre_node DROP CONSTRAINT fibre_node_municipality_id_93d1f2c3_fk_regions_municipality_id,
    ADD CONSTRAINT fibre_node_municipality FOREIGN KEY (municipality_id) REFERENCES regions_municipality
        ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
