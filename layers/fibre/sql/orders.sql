-- The rules of work orders. What an order does to the network follows the network's own rules when it is carried out; here
-- stands what an order may become, and that nobody changes what was agreed upon.

CREATE VIEW fibre_ordertransition (from_state, to_state) AS VALUES
    ('draft', 'approved'), ('draft', 'cancelled'), ('approved', 'draft'), ('approved', 'issued'), ('approved', 'done'), ('approved', 'cancelled'),
    ('issued', 'approved'), ('issued', 'done'), ('issued', 'cancelled'), ('cancelled', 'draft');
COMMENT ON VIEW fibre_ordertransition IS 'What a work order may become';

-- The roles that answer for a network; LEADS in layers/fibre/access.py.
CREATE FUNCTION fibre_leaders() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ARRAY['engineer', 'admin'] $$;

-- Like fibre_organisation, for planners too: they draft orders in networks that they do not change themselves.
CREATE FUNCTION fibre_order_organisation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.network_id <> OLD.network_id THEN
        PERFORM fibre_refuse('network-stays', 'Ein Auftrag bleibt in seinem Netz.');
    END IF;
    SELECT organisation_id INTO NEW.organisation_id FROM fibre_network WHERE id = NEW.network_id;
    IF TG_OP = 'UPDATE' THEN
        NEW.updated_at := clock_timestamp();
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER fibre_1_organisation BEFORE INSERT OR UPDATE ON fibre_workorder
    FOR EACH ROW EXECUTE FUNCTION fibre_order_organisation();

CREATE FUNCTION fibre_order_goes_on() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    before text := CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END;
BEGIN
    -- Planners write orders; what becomes of them is said by those who answer for the network.
    IF TG_OP = 'UPDATE' AND NEW.state <> OLD.state AND gisapp_person() AND NOT gisapp_operator() AND NOT EXISTS (
        SELECT FROM gisapp_grants(fibre_leaders()) g WHERE g.organisation_id = OLD.organisation_id) THEN
        PERFORM fibre_out_of_reach();
    END IF;
    IF TG_OP = 'INSERT' AND NEW.state <> 'draft' THEN
        PERFORM fibre_refuse('order-state', 'Ein Auftrag beginnt als Entwurf.');
    ELSIF TG_OP = 'UPDATE' AND NEW.state <> OLD.state AND NOT EXISTS (
        SELECT FROM fibre_ordertransition t WHERE t.from_state = OLD.state AND t.to_state = NEW.state) THEN
        PERFORM fibre_refuse('order-state', format('Der Auftrag %s kann das nicht werden.', OLD.name),
            'Entwurf, genehmigt, beauftragt, ausgeführt; verwerfen lässt sich, was noch nicht ausgeführt ist.');
    END IF;
    IF before IS DISTINCT FROM NEW.state AND NEW.state = 'done' AND EXISTS (
        SELECT FROM fibre_orderstep s WHERE s.order_id = NEW.id AND s.done_at IS NULL) THEN
        PERFORM fibre_refuse('order-not-done', format('In dem Auftrag %s ist noch nicht jeder Schritt ausgeführt.', NEW.name),
            'Ausgeführt wird er als Ganzes.');
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.state = 'draft' THEN
        NEW.agreed := NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER fibre_2_goes_on BEFORE INSERT OR UPDATE OF state ON fibre_workorder
    FOR EACH ROW EXECUTE FUNCTION fibre_order_goes_on();

CREATE FUNCTION fibre_order_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.state NOT IN ('draft', 'cancelled') THEN
        PERFORM fibre_refuse('order-not-draft', format('Der Auftrag %s ist kein Entwurf mehr.', OLD.name), 'Verwerfen statt löschen.');
    END IF;
    DELETE FROM fibre_orderstep WHERE order_id = OLD.id;
    RETURN OLD;
END
$$;
CREATE TRIGGER fibre_4_gone BEFORE DELETE ON fibre_workorder
    FOR EACH ROW EXECUTE FUNCTION fibre_order_gone();

-- Whoever agreed knew for where, until when and with whom. (An account that goes takes its name along.)
CREATE FUNCTION fibre_order_stays() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_refuse('order-not-draft', format('Der Auftrag %s ist kein Entwurf mehr.', OLD.name),
        'Wieder zum Entwurf machen, ändern, neu genehmigen.');
    RETURN NULL;
END
$$;
CREATE TRIGGER fibre_4_stays BEFORE UPDATE OF area, begins_on, ends_on, contractor_id, agreed ON fibre_workorder
    FOR EACH ROW WHEN (OLD.state NOT IN ('draft', 'cancelled') AND (NEW.agreed IS DISTINCT FROM OLD.agreed AND NEW.state = OLD.state
        OR NEW.begins_on IS DISTINCT FROM OLD.begins_on
        OR NEW.ends_on IS DISTINCT FROM OLD.ends_on OR ST_AsEWKB(NEW.area) IS DISTINCT FROM ST_AsEWKB(OLD.area)
        OR NEW.contractor_id <> OLD.contractor_id OR (OLD.contractor_id IS NULL AND NEW.contractor_id IS NOT NULL)))
    EXECUTE FUNCTION fibre_order_stays();

-- What was agreed upon stays as it is: steps change in a draft. (That they were done is written when they are.)
CREATE FUNCTION fibre_steps_stay() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    here record;
BEGIN
    SELECT name, state INTO here FROM fibre_workorder WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.order_id ELSE NEW.order_id END;
    IF here.state NOT IN ('draft', 'cancelled') THEN
        PERFORM fibre_refuse('order-not-draft', format('Der Auftrag %s ist kein Entwurf mehr.', here.name),
            'Wieder zum Entwurf machen, ändern, neu genehmigen.');
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER fibre_4_stay BEFORE INSERT OR DELETE ON fibre_orderstep
    FOR EACH ROW EXECUTE FUNCTION fibre_steps_stay();
CREATE TRIGGER fibre_4_stay_as_they_are BEFORE UPDATE OF order_id, ordinal, action, arguments ON fibre_orderstep
    FOR EACH ROW EXECUTE FUNCTION fibre_steps_stay();

-- An object names an order of its own network.
CREATE FUNCTION fibre_order_of_network() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM fibre_workorder w WHERE w.id = NEW.work_order_id AND w.network_id = NEW.network_id) THEN
        PERFORM fibre_refuse('order-elsewhere', 'Diesen Auftrag gibt es in dem Netz des Objekts nicht.');
    END IF;
    RETURN NEW;
END
$$;
DO $$
DECLARE
    of_table text;
BEGIN
    FOREACH of_table IN ARRAY ARRAY['node', 'segment', 'duct', 'cable', 'enclosure', 'device', 'premises', 'circuit'] LOOP
        EXECUTE format('CREATE TRIGGER fibre_3_order BEFORE INSERT OR UPDATE OF work_order_id ON fibre_%s FOR EACH ROW '
            'WHEN (NEW.work_order_id IS NOT NULL) EXECUTE FUNCTION fibre_order_of_network()', of_table);
    END LOOP;
END
$$;

-- What an order has drawn goes along with it: approved, under construction, in service. Returns how many objects.
CREATE FUNCTION fibre_order_objects(of_order uuid, states text[], becomes text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    of_table text;
    changed integer;
    total integer := 0;
BEGIN
    -- What carries comes before what is carried.
    FOREACH of_table IN ARRAY ARRAY['node', 'segment', 'duct', 'enclosure', 'device', 'cable', 'premises', 'circuit'] LOOP
        EXECUTE format('UPDATE fibre_%s SET lifecycle = $1 WHERE work_order_id = $2 AND lifecycle = ANY ($3)', of_table) USING becomes, of_order, states;
        GET DIAGNOSTICS changed = ROW_COUNT;
        total := total + changed;
    END LOOP;
    RETURN total;
END
$$;
SELECT fibre_tune();
