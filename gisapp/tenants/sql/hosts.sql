-- Whose host is this? Each host of a live tenant once, whatever two people do at the same moment: the key of tenants_host
-- decides. Tenants keep their hosts as an array, which no constraint compares between rows.
CREATE FUNCTION gisapp_note_hosts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM tenants_host WHERE tenant_id = OLD.id;
        RETURN NULL;
    END IF;
    DELETE FROM tenants_host WHERE tenant_id = NEW.id;
    IF NEW.retired_at IS NULL THEN
        INSERT INTO tenants_host (host, tenant_id) SELECT unnest(NEW.hosts), NEW.id;
    END IF;
    RETURN NULL;
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION '%', array_to_string(NEW.hosts, ', ') USING ERRCODE = 'KG001', DETAIL = 'code: host-taken';
END
$$;

CREATE TRIGGER gisapp_note_hosts AFTER INSERT OR DELETE OR UPDATE OF hosts, retired_at ON tenants_tenant
    FOR EACH ROW EXECUTE FUNCTION gisapp_note_hosts();
