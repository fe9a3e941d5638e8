-- The rules of premises, circuits and leases.

CREATE TRIGGER fibre_1_organisation BEFORE INSERT OR UPDATE ON fibre_premises
    FOR EACH ROW EXECUTE FUNCTION fibre_organisation();
CREATE TRIGGER fibre_1_organisation BEFORE INSERT OR UPDATE ON fibre_circuit
    FOR EACH ROW EXECUTE FUNCTION fibre_organisation();

-- Everything that light reaches from each start, each thing once. Like fibre_follow, without the way to it.
CREATE FUNCTION fibre_reach(things uuid[], sides text[])
    RETURNS TABLE (start integer, thing uuid, leaves text)
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET join_collapse_limit = 1
AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE reach AS (
        SELECT s.nth::integer AS start, s.thing, s.side AS leaves FROM unnest(things, sides) WITH ORDINALITY s (thing, side, nth)
        UNION
        SELECT r.start, coalesce(x.id, o.thing),
               CASE WHEN o.leg_id IS NOT NULL THEN CASE WHEN x.id IS NOT NULL THEN 'a' END WHEN o.side = 'a' THEN 'b' ELSE 'a' END
          FROM reach r
          JOIN fibre_jointend m ON m.thing = r.thing AND m.side = r.leaves
          JOIN fibre_jointend o ON o.joint_id = m.joint_id AND o.id <> m.id
          LEFT JOIN fibre_splitterleg l ON l.id = o.leg_id
          LEFT JOIN fibre_splitterleg x ON x.splitter_id = l.splitter_id AND x.is_input <> l.is_input
           AND EXISTS (SELECT FROM fibre_jointend used WHERE used.thing = x.id)
    )
    SELECT * FROM reach;
END
$$;

-- The circuits in service that run through these places: one of their ends lies to the one side, another to the other.
-- A place is told as (thing, side): leaving the thing by that side, and by the opposite one.
CREATE FUNCTION fibre_circuits_through(things uuid[], sides text[]) RETURNS TABLE (circuit_id uuid)
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH ahead AS (
        SELECT r.start, r.thing FROM fibre_reach(things, sides) r WHERE r.thing <> things[r.start]
    ), behind AS (
        SELECT r.start, r.thing FROM fibre_reach(things, array(SELECT CASE s WHEN 'a' THEN 'b' ELSE 'a' END FROM unnest(sides) s)) r
    )
    SELECT DISTINCT e.circuit_id
      FROM ahead a JOIN fibre_circuitend e ON e.port_id = a.thing OR e.section_id = a.thing
      JOIN fibre_circuit c ON c.id = e.circuit_id AND c.lifecycle = 'in_service'
      JOIN fibre_circuitend f ON f.circuit_id = e.circuit_id AND f.begins <> e.begins
      JOIN behind b ON b.start = a.start AND b.thing IN (f.port_id, f.section_id)
$$;

CREATE FUNCTION fibre_refuse_service(code text, circuits uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF cardinality(circuits) > 0 THEN
        PERFORM fibre_refuse(code, format('Darüber läuft: %s.', (
            SELECT left(string_agg(said, ', ' ORDER BY said), 200) FROM (
                -- Of a circuit in another organisation's network: that it is there and whose it is, no more.
                SELECT DISTINCT CASE WHEN NOT gisapp_person() OR gisapp_operator()
                            OR c.organisation_id IN (SELECT g.organisation_id FROM gisapp_grants(fibre_readers()) g) THEN c.name
                       ELSE format('eine Schaltung von %s', o.name) END AS said
                  FROM fibre_circuit c JOIN accounts_organisation o ON o.id = c.organisation_id WHERE c.id = ANY (circuits)) named)),
            'Erst die Schaltung außer Betrieb nehmen oder umlegen.');
    END IF;
END
$$;

-- A fibre that carries a service is not unspliced, nor cut, without releasing it.
CREATE FUNCTION fibre_joint_released() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM fibre_circuit WHERE lifecycle = 'in_service') THEN
        PERFORM fibre_refuse_service('joint-carries-service', array(
            SELECT t.circuit_id FROM (SELECT e.thing, e.side FROM fibre_jointend e WHERE e.joint_id = OLD.id ORDER BY e.id LIMIT 1) e,
                   LATERAL fibre_circuits_through(ARRAY[e.thing], ARRAY[e.side]) t));
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER fibre_4_released BEFORE DELETE ON fibre_joint
    FOR EACH ROW EXECUTE FUNCTION fibre_joint_released();

CREATE FUNCTION fibre_end_released() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    circuits uuid[];
BEGIN
    -- Of a joint that was deleted the question was asked before.
    IF NOT EXISTS (SELECT FROM fibre_circuit WHERE lifecycle = 'in_service') OR NOT EXISTS (SELECT FROM fibre_joint WHERE id = OLD.joint_id) THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    circuits := array(SELECT t.circuit_id FROM fibre_circuits_through(
        ARRAY[coalesce(OLD.section_id, OLD.port_id, OLD.leg_id)], ARRAY[OLD.side]) t);
    -- An end that moves to another piece of its fibre, because that was cut or healed, may stand where it stood: that is seen
    -- when the transaction ends. (fibre_check_joint asks where the end is, fibre_check_circuit whether light still arrives.)
    IF TG_OP = 'UPDATE' AND NEW.joint_id = OLD.joint_id AND NEW.side = OLD.side AND EXISTS (
        SELECT FROM fibre_fibresection x JOIN fibre_fibresection y ON y.cable_id = x.cable_id AND y.number = x.number
         WHERE x.id = OLD.section_id AND y.id = NEW.section_id) THEN
        PERFORM fibre_note('circuit', circuits);
    ELSE
        PERFORM fibre_refuse_service('joint-carries-service', circuits);
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER fibre_4_released BEFORE DELETE OR UPDATE ON fibre_jointend
    FOR EACH ROW EXECUTE FUNCTION fibre_end_released();

CREATE FUNCTION fibre_piece_released() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM fibre_circuit WHERE lifecycle = 'in_service') THEN
        PERFORM fibre_refuse_service('fibre-carries-service', array(
            SELECT t.circuit_id FROM fibre_circuits_through(ARRAY[OLD.id], ARRAY['b']) t));
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER fibre_4_released BEFORE UPDATE OF cut_a_id, cut_b_id ON fibre_fibresection
    FOR EACH ROW WHEN ((NEW.cut_a_id, NEW.cut_b_id) IS DISTINCT FROM (OLD.cut_a_id, OLD.cut_b_id)) EXECUTE FUNCTION fibre_piece_released();

-- A circuit that is in service is connected from its beginning to each of its ends.
CREATE FUNCTION fibre_check_circuit(circuits uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad text;
BEGIN
    SELECT c.name INTO bad FROM fibre_circuit c
     WHERE c.id = ANY (circuits) AND c.lifecycle = 'in_service' AND (
           NOT EXISTS (SELECT FROM fibre_circuitend e WHERE e.circuit_id = c.id AND e.begins)
        OR NOT EXISTS (SELECT FROM fibre_circuitend e WHERE e.circuit_id = c.id AND NOT e.begins)
        OR EXISTS (
            SELECT FROM fibre_circuitend b JOIN fibre_circuitend e ON e.circuit_id = b.circuit_id AND NOT e.begins
             WHERE b.circuit_id = c.id AND b.begins AND coalesce(e.port_id, e.section_id) NOT IN (
                SELECT r.thing FROM fibre_reach(ARRAY[coalesce(b.port_id, b.section_id), coalesce(b.port_id, b.section_id)], '{a,b}') r)))
     ORDER BY c.name LIMIT 1;
    IF FOUND THEN
        PERFORM fibre_refuse('circuit-not-connected', format('Die Schaltung %s hat keine durchgehende Verbindung zwischen ihren Enden.', bad),
            'Erst spleißen und patchen, dann in Betrieb nehmen; eine Verfolgung von ihrem Anfang zeigt, wo es aufhört.');
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_check_circuit(uuid[]), fibre_circuits_through(uuid[], text[]), fibre_reach(uuid[], text[]) FROM PUBLIC;

CREATE FUNCTION fibre_circuits_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'fibre_circuit' THEN
        PERFORM fibre_hold_all(array(SELECT network_id FROM rows_));
        PERFORM fibre_note('circuit', array(SELECT id FROM rows_));
    ELSE
        PERFORM fibre_note('circuit', array(SELECT circuit_id FROM rows_));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_added AFTER INSERT ON fibre_circuit
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_circuits_written();
CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON fibre_circuit
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_circuits_written();
CREATE TRIGGER zz_fibre_added AFTER INSERT ON fibre_circuitend
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_circuits_written();
CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON fibre_circuitend
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_circuits_written();
CREATE TRIGGER zz_fibre_removed AFTER DELETE ON fibre_circuitend
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_circuits_written();

CREATE FUNCTION fibre_circuit_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.lifecycle = 'in_service' THEN
        PERFORM fibre_refuse('circuit-in-service', format('Die Schaltung %s ist in Betrieb.', OLD.name), 'Erst außer Betrieb nehmen.');
    END IF;
    DELETE FROM fibre_circuitend WHERE circuit_id = OLD.id;
    RETURN OLD;
END
$$;
CREATE TRIGGER fibre_4_gone BEFORE DELETE ON fibre_circuit
    FOR EACH ROW EXECUTE FUNCTION fibre_circuit_gone();

-- Nothing is leased or reserved twice on the same day.
CREATE FUNCTION fibre_check_lease(leases uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM fibre_lease x JOIN fibre_lease y ON y.id <> x.id
        AND daterange(x.begins_on, x.ends_on, '[]') && daterange(y.begins_on, y.ends_on, '[]')
        AND (y.tube_id = x.tube_id OR (y.cable_id = x.cable_id
             AND int4range(y.first_fibre, y.last_fibre, '[]') && int4range(x.first_fibre, x.last_fibre, '[]')))
      WHERE x.id = ANY (leases);
    IF FOUND THEN
        PERFORM fibre_refuse('leased-twice', 'Das ist in dieser Zeit schon vermietet oder reserviert.',
            'Andere Röhrchen oder Fasern wählen, oder eine andere Zeit.');
    END IF;
    PERFORM FROM fibre_lease x JOIN fibre_cable c ON c.id = x.cable_id JOIN fibre_cablespec p ON p.key = c.spec_id
      WHERE x.id = ANY (leases) AND x.last_fibre > p.bundles * p.per_bundle;
    IF FOUND THEN
        PERFORM fibre_refuse('unknown-fibre', 'So viele Fasern hat das Kabel nicht.');
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_check_lease(uuid[]) FROM PUBLIC;

CREATE FUNCTION fibre_leases_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_hold_all(array(
        SELECT d.network_id FROM rows_ r JOIN fibre_tube t ON t.id = r.tube_id JOIN fibre_duct d ON d.id = t.duct_id
        UNION SELECT c.network_id FROM rows_ r JOIN fibre_cable c ON c.id = r.cable_id
        UNION SELECT e.network_id FROM rows_ r JOIN fibre_enclosure e ON e.id = r.enclosure_id));
    PERFORM fibre_note('lease', array(SELECT id FROM rows_));
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_added AFTER INSERT ON fibre_lease
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_leases_written();
CREATE TRIGGER zz_fibre_changed AFTER UPDATE ON fibre_lease
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_leases_written();

-- Premises outlive the address that was found for them.
ALTER TABLE fibre_premises DROP CONSTRAINT fibre_premises_address_id_672041e2_fk_regions_address_id,
    ADD CONSTRAINT fibre_premises_address FOREIGN KEY (address_id) REFERENCES regions_address
        ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
