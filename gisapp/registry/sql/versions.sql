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

-- A statement fires this also when it touches no row, and then nothing has changed. The server counts the rows that a
-- transaction writes to each table anyhow: as long as it has counted none, there is nothing to note. (Transition tables
-- would tell the same, and copy every row of a big load for it.) Beyond doubt a write is noted: TRUNCATE counts no rows,
-- a server may not be counting, and a table with children has their rows counted elsewhere.
CREATE FUNCTION gisapp_note_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE'
        AND pg_stat_get_xact_tuples_inserted(TG_RELID) + pg_stat_get_xact_tuples_updated(TG_RELID)
            + pg_stat_get_xact_tuples_deleted(TG_RELID) = 0
        AND current_setting('track_counts')::boolean
        AND NOT (SELECT relhassubclass FROM pg_class WHERE oid = TG_RELID)
    THEN
        RETURN NULL;
    END IF;
    INSERT INTO gisapp_table_version (table_name) VALUES (TG_TABLE_NAME) ON CONFLICT DO NOTHING;
    -- Counts are kept until they are reported, once a second: the next transaction of this session shall not see ours.
    -- (Servers before 15 cannot be asked to: there a write may be noted too much within that second, never too little.)
    IF current_setting('server_version_num')::int >= 150000 THEN
        PERFORM pg_stat_force_next_flush();
    END IF;
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
