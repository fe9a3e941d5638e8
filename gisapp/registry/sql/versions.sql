-- Has anything in this table changed since I last looked?
--
-- One row per table and writing transaction. A reader's snapshot sees exactly the rows of the transactions that it
-- sees the data of, so (count, sum of ids) of the visible rows is a version that never lies: it is the same exactly
-- when no further write has become visible. Writers only append and never wait for each other.
CREATE TABLE gisapp_table_version (
    table_name text NOT NULL,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (table_name, transaction_id)
);
COMMENT ON TABLE gisapp_table_version IS 'One row per table and transaction that wrote it; see gisapp/registry/versions.py';

CREATE FUNCTION gisapp_note_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO gisapp_table_version (table_name) VALUES (TG_TABLE_NAME) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

-- Which rows may go? All but the newest that every running transaction sees already: the version changes once by
-- that (a cache is computed again), and never back.
CREATE FUNCTION gisapp_compact_versions() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH newest AS (
        SELECT table_name, max(transaction_id::text::numeric) AS keep
        FROM gisapp_table_version
        WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot())
        GROUP BY table_name
    ), gone AS (
        DELETE FROM gisapp_table_version v USING newest n
        WHERE v.table_name = n.table_name AND v.transaction_id::text::numeric < n.keep
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

CREATE FUNCTION gisapp_track(VARIADIC tables text[]) RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY tables LOOP
        EXECUTE format(
            'CREATE TRIGGER gisapp_note_write AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION gisapp_note_write()', one);
    END LOOP;
END
$$;
