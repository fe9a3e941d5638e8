-- Objects that go, and their lifecycle: what is dug out or taken down is "removed" and stays in the books, what never was is
-- deleted. Either way nothing goes under what is still there.

-- What is called removed carries nothing that is not removed as well. Asked when the transaction ends, of all of them at once, so
-- that a trench and what lies in it may go in any order. Raises node-in-use, segment-occupied, duct-occupied, cable-spliced,
-- cable-entered, cable-carries-service, cable-occupied, enclosure-occupied, device-occupied.
CREATE FUNCTION fibre_check_removed(keys uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT h.*, fibre_called(n.name, n.id) AS called INTO bad FROM fibre_node n, LATERAL (
        SELECT string_agg(fibre_called(s.name, s.id), ', ' ORDER BY s.name, s.id) AS here FROM (
            SELECT id, name FROM fibre_segment WHERE n.id IN (from_node_id, to_node_id) AND lifecycle <> 'removed'
            UNION ALL SELECT id, name FROM fibre_enclosure WHERE node_id = n.id AND lifecycle <> 'removed'
            UNION ALL SELECT id, name FROM fibre_device WHERE node_id = n.id AND lifecycle <> 'removed'
            UNION ALL SELECT id, name FROM fibre_premises WHERE node_id = n.id AND lifecycle <> 'removed'
            UNION ALL SELECT id, name FROM fibre_cable WHERE n.id IN (from_node_id, to_node_id) AND lifecycle <> 'removed') s) h
     WHERE n.id = ANY (keys) AND n.lifecycle = 'removed' AND h.here IS NOT NULL ORDER BY n.name, n.id LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('node-in-use', format('An dem Netzknoten %s hängt, steht oder endet: %s.', bad.called, left(bad.here, 200)),
            'Erst ausbauen, was dort hängt, steht oder endet.');
    END IF;
    SELECT h.*, fibre_called(g.name, g.id) AS called INTO bad FROM fibre_segment g, LATERAL (
        -- Of another organisation's duct or cable: that it lies there and whose it is, no more.
        SELECT string_agg(DISTINCT CASE WHEN d.organisation_id = g.organisation_id THEN fibre_called(d.name, d.id)
                                        ELSE format('ein Rohr oder Kabel von %s', o.name) END, ', ') AS here FROM (
            SELECT d.id, d.name, d.organisation_id FROM fibre_ductstep s JOIN fibre_duct d ON d.id = s.duct_id
             WHERE s.segment_id = g.id AND d.lifecycle <> 'removed'
            UNION SELECT k.id, k.name, k.organisation_id FROM fibre_cablestep s JOIN fibre_cable k ON k.id = s.cable_id
             WHERE s.segment_id = g.id AND k.lifecycle <> 'removed') d JOIN accounts_organisation o ON o.id = d.organisation_id) h
     WHERE g.id = ANY (keys) AND g.lifecycle = 'removed' AND h.here IS NOT NULL ORDER BY g.name, g.id LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('segment-occupied', format('In der Trasse %s liegt: %s.', bad.called, left(bad.here, 200)), 'Erst Rohre und Kabel ausbauen.');
    END IF;
    SELECT h.*, fibre_called(d.name, d.id) AS called INTO bad FROM fibre_duct d, LATERAL (
        SELECT string_agg(DISTINCT CASE WHEN k.organisation_id = d.organisation_id THEN fibre_called(k.name, k.id)
                                        ELSE format('ein Kabel von %s', o.name) END, ', ') AS here
          FROM fibre_tube t JOIN fibre_tubesection x ON x.tube_id = t.id JOIN fibre_cablestep c ON c.section_id = x.id
          JOIN fibre_cable k ON k.id = c.cable_id AND k.lifecycle <> 'removed' JOIN accounts_organisation o ON o.id = k.organisation_id
         WHERE t.duct_id = d.id) h
     WHERE d.id = ANY (keys) AND d.lifecycle = 'removed' AND h.here IS NOT NULL ORDER BY d.name, d.id LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('duct-occupied', format('In dem Rohr %s liegt: %s.', bad.called, left(bad.here, 200)), 'Erst die Kabel ausziehen oder ausbauen.');
    END IF;
    PERFORM fibre_check_removed_ends(keys);
END
$$;

-- The second half: cables, and what stands at nodes.
CREATE FUNCTION fibre_check_removed_ends(keys uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    PERFORM fibre_refuse_hanging(c.id, '{a,b}') FROM fibre_cable c WHERE c.id = ANY (keys) AND c.lifecycle = 'removed' ORDER BY c.name, c.id;
    SELECT h.*, fibre_called(c.name, c.id) AS called INTO bad FROM fibre_cable c, LATERAL (
        SELECT string_agg(n.name, ', ' ORDER BY n.name) AS here FROM fibre_cableentry e JOIN fibre_enclosure n ON n.id = e.enclosure_id
         WHERE e.cable_id = c.id AND n.lifecycle <> 'removed') h
     WHERE c.id = ANY (keys) AND c.lifecycle = 'removed' AND h.here IS NOT NULL ORDER BY c.name, c.id LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('cable-occupied', format('Das Kabel %s ist eingeführt in: %s.', bad.called, left(bad.here, 200)),
            'Erst aus den Gehäusen nehmen oder ausziehen (fibre_pull_out).');
    END IF;
    SELECT h.*, n.name AS called INTO bad FROM fibre_enclosure n, LATERAL (
        SELECT string_agg(i.what, ', ' ORDER BY i.what) AS here FROM (
            SELECT fibre_called(c.name, c.id) AS what FROM fibre_cableentry e JOIN fibre_cable c ON c.id = e.cable_id AND c.lifecycle <> 'removed'
             WHERE e.enclosure_id = n.id
            UNION ALL SELECT s.name FROM fibre_splitter s WHERE s.enclosure_id = n.id
            UNION ALL SELECT 'Port ' || p.number FROM fibre_port p JOIN fibre_jointend j ON j.port_id = p.id WHERE p.enclosure_id = n.id) i) h
     WHERE n.id = ANY (keys) AND n.lifecycle = 'removed' AND h.here IS NOT NULL ORDER BY n.name LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('enclosure-occupied', format('Das Gehäuse %s ist belegt: %s.', bad.called, left(bad.here, 200)),
            'Erst Kabel, Splitter und Patchkabel herausnehmen.');
    END IF;
    SELECT d.name AS called INTO bad FROM fibre_device d WHERE d.id = ANY (keys) AND d.lifecycle = 'removed' AND EXISTS (
        SELECT FROM fibre_port p JOIN fibre_jointend j ON j.port_id = p.id WHERE p.device_id = d.id) ORDER BY d.name LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('device-occupied', format('An dem Gerät %s stecken Kabel.', bad.called), 'Erst die Patchkabel ziehen.');
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_check_removed(uuid[]), fibre_check_removed_ends(uuid[]) FROM PUBLIC;

-- What becomes removed is looked at; of what comes back, what it lies in or stands at.
CREATE FUNCTION fibre_lifecycle_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    carriers uuid[];
BEGIN
    IF NEW.lifecycle = 'removed' THEN
        PERFORM fibre_hold(NEW.network_id);
        PERFORM fibre_note('removed', ARRAY[NEW.id]);
        RETURN NULL;
    END IF;
    CASE TG_TABLE_NAME
        WHEN 'fibre_segment' THEN carriers := ARRAY[NEW.from_node_id, NEW.to_node_id];
        WHEN 'fibre_duct' THEN carriers := array(SELECT segment_id FROM fibre_ductstep WHERE duct_id = NEW.id);
        WHEN 'fibre_cable' THEN carriers := ARRAY[NEW.from_node_id, NEW.to_node_id] || array(
            SELECT coalesce(c.segment_id, t.duct_id) FROM fibre_cablestep c LEFT JOIN fibre_tubesection x ON x.id = c.section_id
              LEFT JOIN fibre_tube t ON t.id = x.tube_id WHERE c.cable_id = NEW.id) || array(
            SELECT enclosure_id FROM fibre_cableentry WHERE cable_id = NEW.id);
        WHEN 'fibre_node' THEN carriers := '{}';
        ELSE carriers := ARRAY[NEW.node_id];
    END CASE;
    PERFORM fibre_note('removed', carriers);
    RETURN NULL;
END
$$;
DO $$
DECLARE
    of_table text;
BEGIN
    FOREACH of_table IN ARRAY ARRAY['node', 'segment', 'duct', 'cable', 'enclosure', 'device', 'premises'] LOOP
        EXECUTE format('CREATE TRIGGER zz_fibre_lifecycle AFTER UPDATE OF lifecycle ON fibre_%s FOR EACH ROW '
            'WHEN (NEW.lifecycle <> OLD.lifecycle AND ''removed'' IN (NEW.lifecycle, OLD.lifecycle)) EXECUTE FUNCTION fibre_lifecycle_written()', of_table);
    END LOOP;
END
$$;

-- Nor does anything new go where all is removed.
CREATE FUNCTION fibre_put_where_removed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    carriers uuid[];
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'fibre_ductstep' THEN
            carriers := array(SELECT g.id FROM rows_ r JOIN fibre_segment g ON g.id = r.segment_id WHERE g.lifecycle = 'removed');
        WHEN 'fibre_cablestep' THEN
            carriers := array(
                SELECT g.id FROM rows_ r JOIN fibre_segment g ON g.id = r.segment_id WHERE g.lifecycle = 'removed'
                UNION SELECT d.id FROM rows_ r JOIN fibre_tubesection x ON x.id = r.section_id JOIN fibre_tube t ON t.id = x.tube_id
                 JOIN fibre_duct d ON d.id = t.duct_id WHERE d.lifecycle = 'removed');
        WHEN 'fibre_cableentry' THEN
            carriers := array(SELECT n.id FROM rows_ r JOIN fibre_enclosure n ON n.id = r.enclosure_id WHERE n.lifecycle = 'removed');
        WHEN 'fibre_segment', 'fibre_cable' THEN
            carriers := array(
                SELECT n.id FROM rows_ r JOIN fibre_node n ON n.id = r.from_node_id WHERE n.lifecycle = 'removed'
                UNION SELECT n.id FROM rows_ r JOIN fibre_node n ON n.id = r.to_node_id WHERE n.lifecycle = 'removed');
        ELSE
            carriers := array(SELECT n.id FROM rows_ r JOIN fibre_node n ON n.id = r.node_id WHERE n.lifecycle = 'removed');
    END CASE;
    PERFORM fibre_note('removed', carriers) WHERE carriers <> '{}';
    RETURN NULL;
END
$$;
DO $$
DECLARE
    of_table text;
BEGIN
    FOREACH of_table IN ARRAY ARRAY['ductstep', 'cablestep', 'cableentry', 'segment', 'cable', 'enclosure', 'device', 'premises'] LOOP
        EXECUTE format('CREATE TRIGGER zz_fibre_put AFTER INSERT ON fibre_%s REFERENCING NEW TABLE AS rows_ '
            'FOR EACH STATEMENT EXECUTE FUNCTION fibre_put_where_removed()', of_table);
        EXECUTE format('CREATE TRIGGER zz_fibre_put_too AFTER UPDATE ON fibre_%s REFERENCING NEW TABLE AS rows_ '
            'FOR EACH STATEMENT EXECUTE FUNCTION fibre_put_where_removed()', of_table);
    END LOOP;
END
$$;

-- The table of a kind of object. Whoever has no right to change anything in its network is told so before any rule looks at it.
CREATE FUNCTION fibre_table_of(of_kind text, object uuid) RETURNS regclass
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    found_ boolean;
    mine bigint;
BEGIN
    IF of_kind <> ALL ('{node,segment,duct,cable,enclosure,device,splitter,premises,circuit}'::text[]) THEN
        PERFORM fibre_refuse('unknown-object', 'Diese Art von Objekt gibt es nicht.');
    END IF;
    IF of_kind = 'splitter' THEN
        SELECT true, e.organisation_id INTO found_, mine FROM fibre_splitter s JOIN fibre_enclosure e ON e.id = s.enclosure_id WHERE s.id = object;
    ELSE
        EXECUTE format('SELECT true, organisation_id FROM %I WHERE id = $1', 'fibre_' || of_kind) INTO found_, mine USING object;
    END IF;
    IF found_ IS NULL THEN
        PERFORM fibre_refuse('unknown-object', 'Dieses Objekt gibt es nicht.');
    END IF;
    PERFORM fibre_may_change_at(mine, NULL);
    RETURN format('%I', 'fibre_' || of_kind)::regclass;
END
$$;

-- Give an object another state of its life. Raises rule-violated for a state that there is not.
CREATE FUNCTION fibre_set_lifecycle(of_kind text, object uuid, state text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF of_kind = 'splitter' THEN
        PERFORM fibre_refuse('unknown-object', 'Ein Splitter hat den Stand seines Gehäuses.');
    END IF;
    EXECUTE format('UPDATE %s SET lifecycle = $1 WHERE id = $2', fibre_table_of(of_kind, object)) USING state, object;
    PERFORM fibre_settle();
END
$$;

-- Delete an object that never was, or is no longer of interest; its history stays. The tables' own rules say what is in the way.
CREATE FUNCTION fibre_remove(of_kind text, object uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('DELETE FROM %s WHERE id = $1', fibre_table_of(of_kind, object)) USING object;
    PERFORM fibre_settle();
END
$$;
