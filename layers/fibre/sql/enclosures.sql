-- The rules of enclosures, devices and splitters: their trays, ports and legs follow from the product, and nothing that is
-- occupied goes away.

CREATE TRIGGER fibre_1_organisation BEFORE INSERT OR UPDATE ON fibre_enclosure
    FOR EACH ROW EXECUTE FUNCTION fibre_organisation();
CREATE TRIGGER fibre_1_organisation BEFORE INSERT OR UPDATE ON fibre_device
    FOR EACH ROW EXECUTE FUNCTION fibre_organisation();
CREATE TRIGGER fibre_2_keeps BEFORE UPDATE OF spec_id, enclosure_id ON fibre_splitter
    FOR EACH ROW WHEN (NEW.spec_id <> OLD.spec_id OR NEW.enclosure_id <> OLD.enclosure_id)
    EXECUTE FUNCTION fibre_keeps_spec('splitter-keeps-spec');
CREATE TRIGGER fibre_2_keeps BEFORE UPDATE OF port_count ON fibre_device
    FOR EACH ROW WHEN (NEW.port_count <> OLD.port_count) EXECUTE FUNCTION fibre_keeps_spec('device-keeps-ports');

CREATE FUNCTION fibre_enclosure_drawn() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_hold_all(array(SELECT network_id FROM fresh));
    INSERT INTO fibre_tray (enclosure_id, number, capacity)
    SELECT f.id, n, p.tray_capacity FROM fresh f JOIN fibre_enclosurespec p ON p.key = f.spec_id, generate_series(1, p.trays) n;
    INSERT INTO fibre_port (enclosure_id, number, connector)
    SELECT f.id, n, p.connector FROM fresh f JOIN fibre_enclosurespec p ON p.key = f.spec_id, generate_series(1, p.ports) n;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_drawn AFTER INSERT ON fibre_enclosure
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION fibre_enclosure_drawn();

-- An enclosure has the trays and ports of its product: fibre_replace_enclosure puts another one in its place with them.
CREATE FUNCTION fibre_check_enclosure(enclosures uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad text;
BEGIN
    SELECT n.name INTO bad FROM fibre_enclosure n JOIN fibre_enclosurespec p ON p.key = n.spec_id
      CROSS JOIN LATERAL (SELECT count(*) AS many, coalesce(max(t.number), 0) AS most FROM fibre_tray t WHERE t.enclosure_id = n.id) t
      CROSS JOIN LATERAL (SELECT count(*) AS many, coalesce(max(q.number), 0) AS most FROM fibre_port q WHERE q.enclosure_id = n.id) q
     WHERE n.id = ANY (enclosures) AND ((t.many, t.most, q.many, q.most) <> (p.trays, p.trays, p.ports, p.ports)
           OR EXISTS (SELECT FROM fibre_tray c WHERE c.enclosure_id = n.id AND c.capacity <> p.tray_capacity))
     ORDER BY n.name LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('enclosure-keeps-spec', format('%s hätte nicht die Kassetten und Ports seines Typs.', bad),
            'Was daran hängt, folgt aus dem Typ; einen anderen setzt fibre_replace_enclosure ein, mit allem, was darin ist.');
    END IF;
END
$$;
-- So has a device its ports, and a splitter its legs.
CREATE FUNCTION fibre_check_device(devices uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad text;
BEGIN
    SELECT d.name INTO bad FROM fibre_device d
      CROSS JOIN LATERAL (SELECT count(*) AS many, coalesce(max(q.number), 0) AS most FROM fibre_port q WHERE q.device_id = d.id) q
     WHERE d.id = ANY (devices) AND (q.many, q.most) <> (d.port_count, d.port_count) ORDER BY d.name LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('device-keeps-ports', format('%s hätte nicht so viele Ports, wie das Gerät hat.', bad),
            'Die Ports legt die Datenbank mit dem Gerät an.');
    END IF;
END
$$;

CREATE FUNCTION fibre_check_splitter(splitters uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad text;
BEGIN
    SELECT s.name INTO bad FROM fibre_splitter s JOIN fibre_splitterspec p ON p.key = s.spec_id
      CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE l.is_input) AS ins, coalesce(max(l.number) FILTER (WHERE l.is_input), 0) AS last_in,
               count(*) FILTER (WHERE NOT l.is_input) AS outs, coalesce(max(l.number) FILTER (WHERE NOT l.is_input), 0) AS last_out
          FROM fibre_splitterleg l WHERE l.splitter_id = s.id) l
     WHERE s.id = ANY (splitters) AND (l.ins, l.last_in, l.outs, l.last_out) <> (p.inputs, p.inputs, p.outputs, p.outputs)
     ORDER BY s.name LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('splitter-keeps-spec', format('Der Splitter %s hätte nicht die Beine seines Typs.', bad),
            'Die Beine legt die Datenbank mit dem Splitter an.');
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_check_enclosure(uuid[]), fibre_check_device(uuid[]), fibre_check_splitter(uuid[]) FROM PUBLIC;

CREATE FUNCTION fibre_parts_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'fibre_splitterleg' THEN
        PERFORM fibre_note('splitter', array(SELECT DISTINCT splitter_id FROM rows_));
        RETURN NULL;
    END IF;
    PERFORM fibre_note('enclosure', array(SELECT DISTINCT enclosure_id FROM rows_));
    IF TG_TABLE_NAME = 'fibre_port' THEN
        PERFORM fibre_note('device', array(SELECT DISTINCT device_id FROM rows_));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_added AFTER INSERT ON fibre_tray
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();
CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON fibre_tray
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();
CREATE TRIGGER zz_fibre_removed AFTER DELETE ON fibre_tray
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();
CREATE TRIGGER zz_fibre_added AFTER INSERT ON fibre_port
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();
CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON fibre_port
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();
CREATE TRIGGER zz_fibre_removed AFTER DELETE ON fibre_port
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();
-- (A port that goes elsewhere is missed where it was.)
CREATE TRIGGER zz_fibre_changed_from AFTER UPDATE ON fibre_port
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();
CREATE TRIGGER zz_fibre_changed_from AFTER UPDATE ON fibre_tray
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();
CREATE TRIGGER zz_fibre_added AFTER INSERT ON fibre_splitterleg
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();
CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON fibre_splitterleg
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();
CREATE TRIGGER zz_fibre_changed_from AFTER UPDATE ON fibre_splitterleg
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();
CREATE TRIGGER zz_fibre_removed AFTER DELETE ON fibre_splitterleg
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_parts_written();

CREATE FUNCTION fibre_device_drawn() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO fibre_port (device_id, number) SELECT f.id, n FROM fresh f, generate_series(1, f.port_count) n;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_drawn AFTER INSERT ON fibre_device
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION fibre_device_drawn();

CREATE FUNCTION fibre_splitter_drawn() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO fibre_splitterleg (splitter_id, is_input, number)
    SELECT f.id, true, n FROM fresh f JOIN fibre_splitterspec p ON p.key = f.spec_id, generate_series(1, p.inputs) n
    UNION ALL
    SELECT f.id, false, n FROM fresh f JOIN fibre_splitterspec p ON p.key = f.spec_id, generate_series(1, p.outputs) n;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_drawn AFTER INSERT ON fibre_splitter
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION fibre_splitter_drawn();

-- An enclosure that is put elsewhere: its cables must end or pass there, its patch cords must reach.
CREATE FUNCTION fibre_enclosure_moved() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_hold_all(array(SELECT network_id FROM fresh));
    IF TG_TABLE_NAME = 'fibre_enclosure' THEN
        PERFORM fibre_note('enclosure', array(SELECT f.id FROM fresh f JOIN stale o ON o.id = f.id AND o.spec_id <> f.spec_id));
        PERFORM fibre_note('cable', array(
            SELECT e.cable_id FROM fresh f JOIN stale o ON o.id = f.id AND o.node_id <> f.node_id JOIN fibre_cableentry e ON e.enclosure_id = f.id));
        PERFORM fibre_note('joint', array(
            SELECT j.joint_id FROM fresh f JOIN stale o ON o.id = f.id AND o.node_id <> f.node_id
              JOIN fibre_port p ON p.enclosure_id = f.id JOIN fibre_jointend j ON j.port_id = p.id));
    ELSE
        PERFORM fibre_note('joint', array(
            SELECT j.joint_id FROM fresh f JOIN stale o ON o.id = f.id AND o.node_id <> f.node_id
              JOIN fibre_port p ON p.device_id = f.id JOIN fibre_jointend j ON j.port_id = p.id));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_moved AFTER UPDATE ON fibre_enclosure
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION fibre_enclosure_moved();
CREATE TRIGGER zz_fibre_moved AFTER UPDATE ON fibre_device
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION fibre_enclosure_moved();

CREATE FUNCTION fibre_enclosure_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    inside text;
BEGIN
    PERFORM fibre_hold(OLD.network_id);
    SELECT string_agg(what, ', ') INTO inside FROM (
        SELECT fibre_called(c.name, c.id) AS what FROM fibre_cableentry e JOIN fibre_cable c ON c.id = e.cable_id WHERE e.enclosure_id = OLD.id
        UNION ALL
        SELECT name FROM fibre_splitter WHERE enclosure_id = OLD.id
        UNION ALL
        SELECT 'Port ' || p.number FROM fibre_port p JOIN fibre_jointend j ON j.port_id = p.id WHERE p.enclosure_id = OLD.id
        ORDER BY 1 LIMIT 10) held;
    IF inside IS NOT NULL THEN
        PERFORM fibre_refuse('enclosure-occupied', format('Das Gehäuse %s ist belegt: %s.', OLD.name, inside),
            'Erst Kabel, Splitter und Patchkabel herausnehmen; fibre_replace_enclosure tauscht es mit allem, was darin ist.');
    END IF;
    DELETE FROM fibre_tray WHERE enclosure_id = OLD.id;
    DELETE FROM fibre_port WHERE enclosure_id = OLD.id;
    RETURN OLD;
END
$$;
CREATE TRIGGER fibre_4_gone BEFORE DELETE ON fibre_enclosure
    FOR EACH ROW EXECUTE FUNCTION fibre_enclosure_gone();

CREATE FUNCTION fibre_device_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM fibre_port p JOIN fibre_jointend j ON j.port_id = p.id WHERE p.device_id = OLD.id) THEN
        PERFORM fibre_refuse('device-occupied', format('An dem Gerät %s stecken Kabel.', OLD.name), 'Erst die Patchkabel ziehen.');
    END IF;
    DELETE FROM fibre_port WHERE device_id = OLD.id;
    RETURN OLD;
END
$$;
CREATE TRIGGER fibre_4_gone BEFORE DELETE ON fibre_device
    FOR EACH ROW EXECUTE FUNCTION fibre_device_gone();

CREATE FUNCTION fibre_splitter_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM fibre_splitterleg l JOIN fibre_jointend j ON j.leg_id = l.id WHERE l.splitter_id = OLD.id) THEN
        PERFORM fibre_refuse('splitter-occupied', format('An dem Splitter %s hängen Fasern.', OLD.name), 'Erst die Spleiße lösen.');
    END IF;
    DELETE FROM fibre_splitterleg WHERE splitter_id = OLD.id;
    RETURN OLD;
END
$$;
CREATE TRIGGER fibre_4_gone BEFORE DELETE ON fibre_splitter
    FOR EACH ROW EXECUTE FUNCTION fibre_splitter_gone();
