-- The rules of joints: splices, pigtails, patch cords and plugs. That an end is in one joint at most is a constraint; the
-- rest is looked at when the transaction ends, all joints at once.

-- Where an end is: its enclosure (none: of a device, or a cable's end that hangs in the air), its node, and its medium.
CREATE VIEW fibre_endplace AS
SELECT j.id AS end_id, j.joint_id, j.side,
       CASE WHEN j.section_id IS NOT NULL THEN 'section' WHEN j.leg_id IS NOT NULL THEN 'leg'
            WHEN p.device_id IS NOT NULL THEN 'device' ELSE 'port' END AS what,
       coalesce(m.enclosure_id, e.enclosure_id, p.enclosure_id, s.enclosure_id) AS enclosure_id,
       coalesce(n.node_id, d.node_id) AS node_id,
       -- Two ends with the same one would close a loop in one thing.
       coalesce(j.section_id, j.port_id, l.splitter_id) AS body,
       k.medium
  FROM fibre_jointend j
  LEFT JOIN fibre_fibresection f ON f.id = j.section_id
  LEFT JOIN fibre_cable c ON c.id = f.cable_id
  LEFT JOIN fibre_cablespec k ON k.key = c.spec_id
  LEFT JOIN fibre_cableentry m ON m.id = CASE j.side WHEN 'a' THEN f.cut_a_id ELSE f.cut_b_id END
  LEFT JOIN fibre_cableentry e ON e.cable_id = f.cable_id AND e.side = j.side
  LEFT JOIN fibre_port p ON p.id = j.port_id
  LEFT JOIN fibre_device d ON d.id = p.device_id
  LEFT JOIN fibre_splitterleg l ON l.id = j.leg_id
  LEFT JOIN fibre_splitter s ON s.id = l.splitter_id
  LEFT JOIN fibre_enclosure n ON n.id = coalesce(m.enclosure_id, e.enclosure_id, p.enclosure_id, s.enclosure_id);

-- What is wrong with these joints: each with the first rule that it breaks.
CREATE FUNCTION fibre_wrong_joints(joints uuid[])
    RETURNS TABLE (joint_id uuid, code text, place text)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH facts AS (
        SELECT j.id, j.kind, j.enclosure_id, j.tray_id, j.slot, count(p.end_id) AS ends, count(DISTINCT p.body) AS bodies,
               string_agg(p.what, ' ' ORDER BY p.what) AS what, count(DISTINCT p.medium) AS media, count(DISTINCT p.node_id) AS nodes,
               count(*) FILTER (WHERE p.enclosure_id IS DISTINCT FROM j.enclosure_id) AS away,
               count(*) FILTER (WHERE p.what = 'port' AND p.side = 'b') AS outside,
               count(*) FILTER (WHERE p.what = 'device' AND p.side = 'a') AS within
          FROM fibre_joint j LEFT JOIN fibre_endplace p ON p.joint_id = j.id
         WHERE j.id = ANY (joints) GROUP BY j.id
    )
    SELECT f.id, CASE
        WHEN f.ends <> 2 THEN 'joint-two-ends'
        WHEN f.bodies <> 2 THEN 'joint-loop'
        WHEN f.media > 1 THEN 'joint-mixes-media'
        WHEN f.within > 0 THEN 'joint-wrong-kind'
        WHEN f.kind = 'patch' AND (f.what NOT IN ('port port', 'device port', 'device device') OR f.outside <> (length(f.what) - length(replace(f.what, 'port', ''))) / 4)
            THEN 'joint-wrong-kind'
        WHEN f.kind = 'patch' AND f.nodes <> 1 THEN 'patch-too-far'
        WHEN f.kind IN ('splice', 'through') AND f.what NOT IN ('section section', 'leg section', 'leg leg') THEN 'joint-wrong-kind'
        WHEN f.kind IN ('pigtail', 'plug') AND (f.what NOT IN ('port section', 'leg port') OR f.outside > 0) THEN 'joint-wrong-kind'
        WHEN f.kind <> 'patch' AND f.away > 0 THEN 'splice-not-here'
        WHEN t.enclosure_id <> f.enclosure_id THEN 'tray-elsewhere'
        WHEN f.slot > t.capacity OR (SELECT count(*) FROM fibre_joint o WHERE o.tray_id = f.tray_id) > t.capacity THEN 'tray-full'
        END, coalesce(n.name, '')
      FROM facts f LEFT JOIN fibre_tray t ON t.id = f.tray_id LEFT JOIN fibre_enclosure n ON n.id = f.enclosure_id
$$;

CREATE FUNCTION fibre_check_joint(joints uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT * INTO bad FROM fibre_wrong_joints(joints) w WHERE w.code IS NOT NULL ORDER BY w.place, w.joint_id LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM CASE bad.code
        WHEN 'joint-two-ends' THEN fibre_refuse(bad.code, format('Eine Verbindung in %s hat nicht genau zwei Enden.', bad.place),
            'Beide Enden in derselben Transaktion eintragen; wer eine Verbindung löst, löscht sie.')
        WHEN 'joint-loop' THEN fibre_refuse(bad.code, format('In %s würde etwas mit sich selbst verbunden.', bad.place),
            'Die beiden Enden einer Faser, oder zwei Beine eines Splitters, gehören nicht zusammen.')
        WHEN 'joint-mixes-media' THEN fibre_refuse(bad.code, format('In %s würden Glas und Kupfer verbunden.', bad.place))
        WHEN 'joint-wrong-kind' THEN fibre_refuse(bad.code, format('Diese Art von Verbindung gibt es in %s zwischen solchen Enden nicht.', bad.place),
            'Spleiß: Faser oder Splitterbein mit Faser oder Splitterbein; Pigtail und Stecker: mit der Innenseite ("a") eines Ports; Patchkabel: Außenseiten ("b") zweier Ports.')
        WHEN 'patch-too-far' THEN fibre_refuse(bad.code, 'Ein Patchkabel reicht nicht von einem Netzknoten zum anderen.',
            'Zwischen Netzknoten liegt ein Kabel.')
        WHEN 'splice-not-here' THEN fibre_refuse(bad.code, format('Ein Ende, das in %s verbunden würde, ist nicht darin.', bad.place),
            'Das Kabel muss dort eingeführt sein und enden, oder geöffnet und die Faser geschnitten sein.')
        WHEN 'tray-elsewhere' THEN fibre_refuse(bad.code, format('Die Kassette gehört nicht zu %s.', bad.place))
        WHEN 'tray-full' THEN fibre_refuse(bad.code, format('Eine Kassette in %s hat nicht so viele Plätze.', bad.place),
            'Eine andere Kassette nehmen.') END;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_check_joint(uuid[]) FROM PUBLIC;

-- Whoever joins holds the networks: of the enclosure, or of what is joined.
CREATE FUNCTION fibre_joints_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'fibre_joint' THEN
        PERFORM fibre_hold_all(array(SELECT DISTINCT n.network_id FROM rows_ r JOIN fibre_enclosure n ON n.id = r.enclosure_id));
        PERFORM fibre_note('joint', array(SELECT id FROM rows_));
    ELSE
        PERFORM fibre_note('joint', array(SELECT joint_id FROM rows_));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_added AFTER INSERT ON fibre_joint
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_joints_written();
CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON fibre_joint
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_joints_written();
CREATE TRIGGER zz_fibre_added AFTER INSERT ON fibre_jointend
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_joints_written();
CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON fibre_jointend
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_joints_written();
CREATE TRIGGER zz_fibre_changed_from AFTER UPDATE ON fibre_jointend
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_joints_written();
CREATE TRIGGER zz_fibre_removed AFTER DELETE ON fibre_jointend
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_joints_written();

-- A joint takes its ends along. (The foreign key is looked at when the transaction ends.)
CREATE FUNCTION fibre_joints_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM fibre_jointend e USING rows_ r WHERE e.joint_id = r.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_removed AFTER DELETE ON fibre_joint
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_joints_gone();

-- An end that is joined already: the constraint fibre_jointend_once holds the rule, this says of what and where. It asks after
-- those who look at rights, and names nothing that the writer may not see.
CREATE FUNCTION fibre_end_free() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    taken uuid := coalesce(NEW.section_id, NEW.port_id, NEW.leg_id);
    held record;
BEGIN
    PERFORM FROM fibre_jointend j WHERE j.thing = taken AND j.side = NEW.side AND j.id <> NEW.id;
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    SELECT * INTO held FROM (
        SELECT format('Die Faser %s des Kabels %s', f.number, fibre_called(c.name, c.id)) AS what, c.organisation_id AS whose
          FROM fibre_fibresection f JOIN fibre_cable c ON c.id = f.cable_id WHERE f.id = taken
        UNION ALL
        SELECT format('Der Port %s/%s', coalesce(n.name, d.name), p.number), coalesce(n.organisation_id, d.organisation_id)
          FROM fibre_port p LEFT JOIN fibre_enclosure n ON n.id = p.enclosure_id LEFT JOIN fibre_device d ON d.id = p.device_id WHERE p.id = taken
        UNION ALL
        SELECT format('Das Bein %s des Splitters %s', CASE WHEN l.is_input THEN 'in' ELSE '' END || l.number, s.name), n.organisation_id
          FROM fibre_splitterleg l JOIN fibre_splitter s ON s.id = l.splitter_id JOIN fibre_enclosure n ON n.id = s.enclosure_id WHERE l.id = taken) h;
    PERFORM fibre_refuse('end-taken', format('%s ist hier schon verbunden.', CASE
            WHEN NOT gisapp_person() OR gisapp_operator()
                 OR held.whose IN (SELECT g.organisation_id FROM gisapp_grants(fibre_readers()) g) THEN held.what ELSE 'Dieses Ende' END),
        'Ein Ende hat höchstens eine Verbindung: erst die vorhandene lösen, oder ein anderes Ende nehmen.');
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_free BEFORE INSERT OR UPDATE OF section_id, port_id, leg_id, side ON fibre_jointend
    FOR EACH ROW EXECUTE FUNCTION fibre_end_free();
