-- The rules of ducts and their tubes: they follow from the product, and from what happens to the segments under them. The
-- walk itself stands in walks.sql, how tubes are cut and coupled in couplings.sql.

-- ----------------------------------------------------------------------------------------------------- ducts and tubes

CREATE FUNCTION fibre_duct_drawn() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO fibre_tube (duct_id, position, pipe_id)
    SELECT f.id, t.position, t.pipe_id FROM fresh f JOIN fibre_ductspectube t ON t.spec_id = f.spec_id
    UNION ALL
    SELECT f.id, 1, f.spec_id FROM fresh f
     WHERE NOT EXISTS (SELECT FROM fibre_ductspectube t WHERE t.spec_id = f.spec_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_drawn AFTER INSERT ON fibre_duct
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION fibre_duct_drawn();
CREATE TRIGGER fibre_1_organisation BEFORE INSERT OR UPDATE ON fibre_duct
    FOR EACH ROW EXECUTE FUNCTION fibre_organisation();

CREATE TRIGGER fibre_2_keeps BEFORE UPDATE OF spec_id ON fibre_duct
    FOR EACH ROW WHEN (NEW.spec_id <> OLD.spec_id) EXECUTE FUNCTION fibre_keeps_spec('duct-keeps-spec');

CREATE FUNCTION fibre_tubes_of_spec() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT r.position INTO bad FROM rows_ r
      LEFT JOIN fibre_duct d ON d.id = r.duct_id
      LEFT JOIN fibre_ductspectube t ON t.spec_id = d.spec_id AND t.position = r.position
     WHERE NOT coalesce(t.pipe_id = r.pipe_id OR (t.id IS NULL AND r.position = 1 AND r.pipe_id = d.spec_id
            AND NOT EXISTS (SELECT FROM fibre_ductspectube x WHERE x.spec_id = d.spec_id)), false)
     ORDER BY r.position LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('tube-not-of-spec', format('Ein Röhrchen %s hat dieser Rohrtyp nicht.', bad.position),
            'Die Röhrchen legt die Datenbank an; neue Typen gehören in den Katalog.');
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_of_spec_added AFTER INSERT ON fibre_tube
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_tubes_of_spec();
CREATE TRIGGER zz_fibre_of_spec_changed AFTER UPDATE ON fibre_tube
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_tubes_of_spec();

-- A duct has all the tubes of its product, as long as it is there. (Whoever deletes a duct may delete its tubes before.)
CREATE FUNCTION fibre_tubes_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_note('tubes', array(SELECT duct_id FROM rows_));
    RETURN NULL;
END
$$;

CREATE FUNCTION fibre_check_tubes(ducts uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad text;
BEGIN
    SELECT fibre_called(d.name, d.id) INTO bad FROM fibre_duct d
     WHERE d.id = ANY (ducts) AND (SELECT count(*) FROM fibre_tube t WHERE t.duct_id = d.id)
           <> greatest((SELECT count(*) FROM fibre_ductspectube p WHERE p.spec_id = d.spec_id), 1)
     ORDER BY d.name, d.id LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('tube-of-duct', format('Ein Röhrchen geht nur mit seinem Rohr (%s).', bad),
            'Was ausgebaut ist, wird so bezeichnet; das ganze Rohr lässt sich löschen.');
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_check_tubes(uuid[]) FROM PUBLIC;
CREATE TRIGGER zz_fibre_gone AFTER DELETE ON fibre_tube
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_tubes_gone();

-- Lay a duct along these segments, in this order; which way each is walked follows from it.
CREATE FUNCTION fibre_lay(net uuid, spec text, called text, segments uuid[]) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    made uuid := gen_random_uuid();
BEGIN
    IF coalesce(cardinality(segments), 0) = 0 THEN
        PERFORM fibre_refuse('duct-walk-empty', 'Ein Rohr liegt in mindestens einer Trasse.');
    END IF;
    PERFORM fibre_hold(net);
    INSERT INTO fibre_duct (id, network_id, organisation_id, name, spec_id)
    SELECT made, net, organisation_id, called, spec FROM fibre_network WHERE id = net;
    INSERT INTO fibre_ductstep (duct_id, ordinal, segment_id)
    SELECT made, n, segment FROM unnest(segments) WITH ORDINALITY AS route (segment, n);
    RETURN made;
END
$$;

-- A duct takes its tubes and its walk along when it goes, unless something hangs on them.
CREATE FUNCTION fibre_duct_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    coupled bigint;
    lying text;
BEGIN
    PERFORM fibre_hold(OLD.network_id);
    SELECT string_agg(DISTINCT fibre_called(k.name, k.id), ', ') INTO lying FROM fibre_tube t
      JOIN fibre_tubesection s ON s.tube_id = t.id JOIN fibre_cablestep c ON c.section_id = s.id JOIN fibre_cable k ON k.id = c.cable_id
     WHERE t.duct_id = OLD.id;
    IF lying IS NOT NULL THEN
        PERFORM fibre_refuse('duct-occupied', format('In diesem Rohr liegt: %s.', left(lying, 200)), 'Erst die Kabel ausziehen oder verlegen.');
    END IF;
    SELECT count(*) INTO coupled FROM fibre_tubeend e JOIN fibre_tubesection s ON s.id = e.section_id
      JOIN fibre_tube t ON t.id = s.tube_id WHERE t.duct_id = OLD.id;
    IF coupled > 0 THEN
        PERFORM fibre_refuse('duct-occupied', format('An diesem Rohr sitzen %s Verbinder.', coupled), 'Erst die Verbinder entfernen.');
    END IF;
    DELETE FROM fibre_ductstep WHERE duct_id = OLD.id;
    DELETE FROM fibre_tubesection s USING fibre_tube t WHERE t.id = s.tube_id AND t.duct_id = OLD.id;
    DELETE FROM fibre_tube WHERE duct_id = OLD.id;
    DELETE FROM fibre_due WHERE duct_id = OLD.id;
    RETURN OLD;
END
$$;
CREATE TRIGGER fibre_4_gone BEFORE DELETE ON fibre_duct
    FOR EACH ROW EXECUTE FUNCTION fibre_duct_gone();

-- Nothing that is occupied can be deleted.
CREATE FUNCTION fibre_segment_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    lying text;
BEGIN
    -- Of another organisation's duct or cable: that it lies there and whose it is, no more.
    SELECT string_agg(said, ', ' ORDER BY said) INTO lying FROM (
        SELECT CASE WHEN d.organisation_id = OLD.organisation_id THEN fibre_called(d.name, d.id) ELSE format('ein Rohr von %s', o.name) END AS said
          FROM fibre_ductstep s JOIN fibre_duct d ON d.id = s.duct_id JOIN accounts_organisation o ON o.id = d.organisation_id
         WHERE s.segment_id = OLD.id
        UNION
        SELECT CASE WHEN k.organisation_id = OLD.organisation_id THEN fibre_called(k.name, k.id) ELSE format('ein Kabel von %s', o.name) END
          FROM fibre_cablestep s JOIN fibre_cable k ON k.id = s.cable_id JOIN accounts_organisation o ON o.id = k.organisation_id
         WHERE s.segment_id = OLD.id) things;
    IF lying IS NOT NULL THEN
        PERFORM fibre_refuse('segment-occupied', format('In dieser Trasse liegt: %s.', left(lying, 200)),
            'Erst Rohre und Kabel verlegen oder löschen.');
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER fibre_4_gone BEFORE DELETE ON fibre_segment
    FOR EACH ROW EXECUTE FUNCTION fibre_segment_gone();

-- -------------------------------------------------------------------------------------------- splits and joins under ducts

-- A split segment takes its ducts along: each walk gets one step more. (A part of fibre_split, which has asked for the
-- caller's rights.)
CREATE FUNCTION fibre_carry(first uuid, second uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    step record;
BEGIN
    FOR step IN SELECT id, duct_id, ordinal, forward FROM fibre_ductstep WHERE segment_id = first ORDER BY duct_id LOOP
        UPDATE fibre_ductstep SET ordinal = ordinal + 1 WHERE duct_id = step.duct_id
           AND (ordinal > step.ordinal OR (ordinal = step.ordinal AND NOT step.forward));
        INSERT INTO fibre_ductstep (duct_id, ordinal, segment_id, forward)
        VALUES (step.duct_id, CASE WHEN step.forward THEN step.ordinal + 1 ELSE step.ordinal END, second, step.forward);
    END LOOP;
    -- And the cables that lie in it by themselves.
    FOR step IN SELECT id, cable_id, ordinal, forward FROM fibre_cablestep WHERE segment_id = first ORDER BY cable_id LOOP
        UPDATE fibre_cablestep SET ordinal = ordinal + 1 WHERE cable_id = step.cable_id
           AND (ordinal > step.ordinal OR (ordinal = step.ordinal AND NOT step.forward));
        INSERT INTO fibre_cablestep (cable_id, ordinal, segment_id, forward)
        VALUES (step.cable_id, CASE WHEN step.forward THEN step.ordinal + 1 ELSE step.ordinal END, second, step.forward);
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_carry(uuid, uuid) FROM PUBLIC;

-- Before two segments become one: each walk must pass both, uncut between them. (A part of fibre_join.)
CREATE FUNCTION fibre_uncarry(kept uuid, gone uuid, node uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    step record;
BEGIN
    IF EXISTS (SELECT FROM fibre_tubesection WHERE node IN (from_node_id, to_node_id)) THEN
        PERFORM fibre_refuse('node-in-use', 'An diesem Netzknoten beginnt, endet oder ist ein Röhrchen geschnitten.',
            'Erst die Schnitte zurücknehmen (fibre_mend_tube).');
    END IF;
    IF EXISTS (SELECT FROM fibre_ductstep a FULL JOIN fibre_ductstep b
                 ON a.duct_id = b.duct_id AND b.segment_id = gone AND a.segment_id = kept
                WHERE (a.segment_id = kept OR b.segment_id = gone) AND (a.id IS NULL OR b.id IS NULL)
                  AND (a.segment_id = kept OR a.id IS NULL) AND (b.segment_id = gone OR b.id IS NULL)) THEN
        PERFORM fibre_refuse('node-in-use', 'An diesem Netzknoten endet oder verzweigt ein Rohr.');
    END IF;
    IF EXISTS (SELECT FROM fibre_cablestep a WHERE a.segment_id IN (kept, gone) AND NOT EXISTS (
        SELECT FROM fibre_cablestep b WHERE b.cable_id = a.cable_id AND b.segment_id IN (kept, gone) AND b.id <> a.id)) THEN
        PERFORM fibre_refuse('node-in-use', 'An diesem Netzknoten endet oder verzweigt ein Kabel.');
    END IF;
    FOR step IN SELECT id, cable_id, ordinal FROM fibre_cablestep WHERE segment_id = gone ORDER BY cable_id LOOP
        DELETE FROM fibre_cablestep WHERE id = step.id;
        UPDATE fibre_cablestep SET ordinal = ordinal - 1 WHERE cable_id = step.cable_id AND ordinal > step.ordinal;
    END LOOP;
    FOR step IN SELECT id, duct_id, ordinal FROM fibre_ductstep WHERE segment_id = gone ORDER BY duct_id LOOP
        DELETE FROM fibre_ductstep WHERE id = step.id;
        UPDATE fibre_ductstep SET ordinal = ordinal - 1 WHERE duct_id = step.duct_id AND ordinal > step.ordinal;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_uncarry(uuid, uuid, uuid) FROM PUBLIC;
