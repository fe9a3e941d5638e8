-- Whose host is this? Each host of a live tenant once, whatever two people do at the same moment: the key of this table
-- decides. Tenants keep their hosts as an array, which no constraint compares between rows.
CREATE TABLE tenants_host (
    host text PRIMARY KEY
        CONSTRAINT tenant_host_form CHECK (host ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$' AND length(host) <= 253),
    tenant_id bigint NOT NULL REFERENCES tenants_tenant (id) ON DELETE CASCADE
);
CREATE INDEX tenants_host_of ON tenants_host (tenant_id);
COMMENT ON TABLE tenants_host IS 'The hosts of live tenants, written by a trigger of tenants_tenant';

CREATE FUNCTION gisapp_note_hosts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM tenants_host WHERE tenant_id = NEW.id;
    IF NEW.retired_at IS NULL THEN
        INSERT INTO tenants_host (host, tenant_id) SELECT unnest(NEW.hosts), NEW.id;
    END IF;
    RETURN NULL;
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION '%', array_to_string(NEW.hosts, ', ') USING ERRCODE = 'KG001', DETAIL = 'code: host-taken';
END
$$;

CREATE TRIGGER gisapp_note_hosts AFTER INSERT OR UPDATE OF hosts, retired_at ON tenants_tenant
    FOR EACH ROW EXECUTE FUNCTION gisapp_note_hosts();
