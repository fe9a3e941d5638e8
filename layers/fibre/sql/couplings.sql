-- The rules of tubes: where they are cut, mended and coupled. Ducts and their walks stand in ducts.sql.
--
-- A joint is looked at as a whole when the transaction ends: its fitting, its ends and their diameters.

-- The section of this tube that passes a node uncut. Raises unknown-tube, tube-not-cuttable-here.
CREATE FUNCTION fibre_section_passing(tube uuid, node uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    nodes uuid[];
    way uuid;
    passing uuid;
BEGIN
    SELECT duct_id INTO way FROM fibre_tube WHERE id = tube;
    IF NOT FOUND THEN
        PERFORM fibre_refuse('unknown-tube', 'Dieses Röhrchen gibt es nicht.');
    END IF;
    PERFORM fibre_hold(network_id) FROM fibre_duct WHERE id = way;
    nodes := fibre_walk(way);
    SELECT s.id INTO passing FROM fibre_tubesection s
     WHERE s.tube_id = tube AND array_position(nodes, s.from_node_id) < array_position(nodes, node)
       AND array_position(nodes, node)
           < CASE WHEN s.to_node_id = nodes[array_length(nodes, 1)] THEN array_length(nodes, 1) ELSE array_position(nodes, s.to_node_id) END
       FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM fibre_refuse('tube-not-cuttable-here', 'An diesem Netzknoten läuft das Röhrchen nicht ungeschnitten durch.',
            'Es muss dort vorbeiführen und darf weder enden noch schon geschnitten sein.');
    END IF;
    RETURN passing;
END
$$;

-- Make two sections of one; the new one is behind the node. Whoever lies in it goes on through both.
CREATE FUNCTION fibre_part_section(section uuid, node uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    old fibre_tubesection;
    step record;
    made uuid := gen_random_uuid();
BEGIN
    SELECT * INTO old FROM fibre_tubesection WHERE id = section;
    -- What is coupled at the far end stays there: it is the new section's end now.
    UPDATE fibre_tubesection SET to_node_id = node WHERE id = old.id;
    INSERT INTO fibre_tubesection (id, tube_id, from_node_id, to_node_id) VALUES (made, old.tube_id, node, old.to_node_id);
    UPDATE fibre_tubeend SET section_id = made WHERE section_id = old.id AND side = 'b';
    FOR step IN SELECT id, cable_id, ordinal, forward FROM fibre_cablestep WHERE section_id = old.id ORDER BY cable_id LOOP
        UPDATE fibre_cablestep SET ordinal = ordinal + 1 WHERE cable_id = step.cable_id
           AND (ordinal > step.ordinal OR (ordinal = step.ordinal AND NOT step.forward));
        INSERT INTO fibre_cablestep (cable_id, ordinal, section_id, forward)
        VALUES (step.cable_id, CASE WHEN step.forward THEN step.ordinal + 1 ELSE step.ordinal END, made, step.forward);
    END LOOP;
    RETURN made;
END
$$;

-- Cut a tube at a node on its way; the new section is the one behind it. Through a cable nobody cuts.
CREATE FUNCTION fibre_cut_tube(tube uuid, node uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    old uuid := fibre_section_passing(tube, node);
BEGIN
    IF EXISTS (SELECT FROM fibre_cablestep WHERE section_id = old) THEN
        PERFORM fibre_refuse('tube-occupied', 'In dem Röhrchen liegt ein Kabel.',
            'Über dem Kabel wird es mit einem teilbaren Verbinder geöffnet (fibre_open_tube).');
    END IF;
    RETURN fibre_part_section(old, node);
END
$$;

-- Open a tube over its cable and close it with a divisible fitting; the new section is the one behind the node.
CREATE FUNCTION fibre_open_tube(tube uuid, node uuid, fitting text) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    old uuid := fibre_section_passing(tube, node);
    made uuid;
BEGIN
    PERFORM FROM fibre_fittingspec WHERE key = fitting AND kind = 'divisible';
    IF NOT FOUND THEN
        PERFORM fibre_refuse('fitting-not-divisible', 'Über einem Kabel schließt nur ein teilbarer Verbinder.',
            'Im Katalog sind es die der Art "teilbarer Verbinder".');
    END IF;
    made := fibre_part_section(old, node);
    PERFORM fibre_couple(fitting, old, 'b', made, 'a');
    RETURN made;
END
$$;

-- Make one section of two again, where a cut was a mistake. (A coupling is no mending: it stays a coupling.)
CREATE FUNCTION fibre_mend_tube(tube uuid, node uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    before fibre_tubesection;
    behind fibre_tubesection;
    step record;
BEGIN
    PERFORM fibre_hold(d.network_id) FROM fibre_tube t JOIN fibre_duct d ON d.id = t.duct_id WHERE t.id = tube;
    SELECT * INTO before FROM fibre_tubesection WHERE tube_id = tube AND to_node_id = node FOR UPDATE;
    SELECT * INTO behind FROM fibre_tubesection WHERE tube_id = tube AND from_node_id = node FOR UPDATE;
    IF before.id IS NULL OR behind.id IS NULL OR before.id = behind.id THEN
        PERFORM fibre_refuse('tube-not-cut-here', 'An diesem Netzknoten ist das Röhrchen nicht geschnitten.');
    END IF;
    IF EXISTS (SELECT FROM fibre_tubeend WHERE (section_id = before.id AND side = 'b') OR (section_id = behind.id AND side = 'a')) THEN
        PERFORM fibre_refuse('tube-end-taken', 'An dem Schnitt sitzt ein Verbinder.', 'Erst den Verbinder entfernen.');
    END IF;
    IF EXISTS (SELECT FROM fibre_cablestep a WHERE a.section_id IN (before.id, behind.id) AND NOT EXISTS (
        SELECT FROM fibre_cablestep b WHERE b.cable_id = a.cable_id AND b.section_id IN (before.id, behind.id) AND b.id <> a.id)) THEN
        PERFORM fibre_refuse('tube-occupied', 'An dem Schnitt kommt ein Kabel aus dem Röhrchen.', 'Erst das Kabel ausziehen.');
    END IF;
    FOR step IN SELECT id, cable_id, ordinal FROM fibre_cablestep WHERE section_id = behind.id LOOP
        DELETE FROM fibre_cablestep WHERE id = step.id;
        UPDATE fibre_cablestep SET ordinal = ordinal - 1 WHERE cable_id = step.cable_id AND ordinal > step.ordinal;
    END LOOP;
    UPDATE fibre_tubeend SET section_id = before.id WHERE section_id = behind.id AND side = 'b';
    DELETE FROM fibre_tubesection WHERE id = behind.id;
    UPDATE fibre_tubesection SET to_node_id = behind.to_node_id WHERE id = before.id;
    RETURN before.id;
END
$$;

-- Couple two section ends that lie at one node, or close one of them (without the second section).
CREATE FUNCTION fibre_couple(fitting text, section_a uuid, side_a text, section_b uuid DEFAULT NULL, side_b text DEFAULT NULL) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    made uuid := gen_random_uuid();
    place uuid;
BEGIN
    SELECT CASE side_a WHEN 'a' THEN from_node_id WHEN 'b' THEN to_node_id END INTO place FROM fibre_tubesection WHERE id = section_a;
    IF place IS NULL THEN
        PERFORM fibre_refuse('unknown-tube', 'Dieses Röhrchenende gibt es nicht.');
    END IF;
    INSERT INTO fibre_tubejoint (id, node_id, fitting_id) VALUES (made, place, fitting);
    INSERT INTO fibre_tubeend (joint_id, section_id, side) VALUES (made, section_a, side_a);
    IF section_b IS NOT NULL THEN
        INSERT INTO fibre_tubeend (joint_id, section_id, side) VALUES (made, section_b, side_b);
    END IF;
    RETURN made;
END
$$;

-- A joint is right when its ends are as many as its fitting takes, lie at its node, and fit into it.
CREATE FUNCTION fibre_joint_right(joint uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    here fibre_tubejoint;
    fitting fibre_fittingspec;
    outer_ numeric[];
    away integer;
    sections integer;
BEGIN
    SELECT * INTO here FROM fibre_tubejoint WHERE id = joint;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO fitting FROM fibre_fittingspec WHERE key = here.fitting_id;
    SELECT array_agg(p.outer_mm ORDER BY p.outer_mm), count(DISTINCT s.id),
           count(*) FILTER (WHERE CASE e.side WHEN 'a' THEN s.from_node_id ELSE s.to_node_id END <> here.node_id)
      INTO outer_, sections, away
      FROM fibre_tubeend e JOIN fibre_tubesection s ON s.id = e.section_id JOIN fibre_tube t ON t.id = s.tube_id
      JOIN fibre_ductspec p ON p.key = t.pipe_id WHERE e.joint_id = joint;
    IF coalesce(away, 0) > 0 THEN
        PERFORM fibre_refuse('joint-elsewhere', 'Ein Röhrchenende liegt an einem anderen Netzknoten als sein Verbinder.');
    END IF;
    IF coalesce(array_length(outer_, 1), 0) <> (CASE WHEN fitting.kind = 'end_cap' THEN 1 ELSE 2 END) OR sections <> array_length(outer_, 1) THEN
        PERFORM fibre_refuse('joint-ends', format('%s verbindet %s.', fitting.name,
            CASE WHEN fitting.kind = 'end_cap' THEN 'nichts, sie schließt ein Röhrchen ab' ELSE 'zwei Röhrchen' END));
    END IF;
    IF outer_ <> (CASE WHEN fitting.outer_b_mm IS NULL THEN ARRAY[fitting.outer_a_mm]
        ELSE ARRAY[least(fitting.outer_a_mm, fitting.outer_b_mm), greatest(fitting.outer_a_mm, fitting.outer_b_mm)] END) THEN
        PERFORM fibre_refuse('joint-does-not-fit',
            format('%s passt nicht auf Röhrchen mit %s mm.', fitting.name, array_to_string(outer_, ' und ')),
            'Einen Verbinder oder Reduzierer für diese Durchmesser nehmen.');
    END IF;
END
$$;

CREATE FUNCTION fibre_joint_due() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    now_ jsonb := to_jsonb(NEW);
    then_ jsonb := to_jsonb(OLD);
BEGIN
    IF TG_TABLE_NAME = 'fibre_tubejoint' THEN
        PERFORM fibre_joint_right((now_ ->> 'id')::uuid);
    ELSIF TG_TABLE_NAME = 'fibre_tubeend' THEN
        PERFORM fibre_joint_right((now_ ->> 'joint_id')::uuid);
        PERFORM fibre_joint_right((then_ ->> 'joint_id')::uuid);
    ELSE
        PERFORM fibre_joint_right(joint_id) FROM fibre_tubeend WHERE section_id = (now_ ->> 'id')::uuid;
    END IF;
    RETURN NULL;
END
$$;
-- A joint takes its ends along. (The foreign key is looked at when the transaction ends.)
CREATE FUNCTION fibre_tubejoints_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM fibre_tubeend e USING rows_ r WHERE e.joint_id = r.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_removed AFTER DELETE ON fibre_tubejoint
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_tubejoints_gone();
CREATE CONSTRAINT TRIGGER fibre_joint_due AFTER INSERT OR UPDATE ON fibre_tubejoint DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fibre_joint_due();
CREATE CONSTRAINT TRIGGER fibre_joint_due AFTER INSERT OR UPDATE OR DELETE ON fibre_tubeend DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fibre_joint_due();
CREATE CONSTRAINT TRIGGER fibre_joint_due AFTER UPDATE ON fibre_tubesection DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fibre_joint_due();

-- Sections are cut and mended, never written by hand past the walk.
CREATE FUNCTION fibre_sections_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_note_due(array_agg(DISTINCT t.duct_id)) FROM rows_ r JOIN fibre_tube t ON t.id = r.tube_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_added AFTER INSERT ON fibre_tubesection
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_sections_written();
CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON fibre_tubesection
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_sections_written();
CREATE TRIGGER zz_fibre_removed AFTER DELETE ON fibre_tubesection
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_sections_written();
