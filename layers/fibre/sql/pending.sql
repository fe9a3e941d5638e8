-- What is to be looked at as a whole when the transaction ends: statements collect keys, and each kind is checked once, as
-- a set. (A constraint trigger of its own for every row would ask as many questions as an import has rows.)

CREATE UNLOGGED TABLE fibre_pending (
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    kind text NOT NULL,
    key uuid NOT NULL,
    PRIMARY KEY (transaction_id, kind, key)
);
CREATE UNLOGGED TABLE fibre_pendingkind (
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    kind text NOT NULL,
    PRIMARY KEY (transaction_id, kind)
);
COMMENT ON TABLE fibre_pending IS 'Cables, joints ... that are looked at when this transaction ends; empty otherwise';
COMMENT ON TABLE fibre_pendingkind IS 'Of which kinds there are any';

CREATE FUNCTION fibre_note(of_kind text, keys uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    INSERT INTO fibre_pending (kind, key) SELECT DISTINCT of_kind, k FROM unnest(keys) k WHERE k IS NOT NULL ON CONFLICT DO NOTHING;
    INSERT INTO fibre_pendingkind (kind) SELECT of_kind WHERE cardinality(array_remove(keys, NULL)) > 0 ON CONFLICT DO NOTHING;
$$;
REVOKE EXECUTE ON FUNCTION fibre_note(text, uuid[]) FROM PUBLIC;

-- Each kind has its function fibre_check_KIND(keys).
CREATE FUNCTION fibre_pending_now() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    keys uuid[];
BEGIN
    -- Where tubes begin and end must stand before anybody asks what lies in them.
    PERFORM fibre_settle_due(NEW.transaction_id);
    DELETE FROM fibre_pendingkind WHERE transaction_id = NEW.transaction_id AND kind = NEW.kind;
    WITH taken AS (
        DELETE FROM fibre_pending WHERE transaction_id = NEW.transaction_id AND kind = NEW.kind RETURNING key)
    SELECT array_agg(key ORDER BY key) INTO keys FROM taken;
    IF keys IS NOT NULL THEN
        EXECUTE format('SELECT %I($1)', 'fibre_check_' || NEW.kind) USING keys;
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER fibre_pending_now AFTER INSERT ON fibre_pendingkind DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fibre_pending_now();

-- What a row is called in a message.
CREATE FUNCTION fibre_called(name text, id uuid) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT coalesce(name, left(id::text, 8)) $$;

CREATE FUNCTION fibre_hold_all(networks uuid[]) RETURNS void
    LANGUAGE sql
    SET search_path = public, pg_catalog, pg_temp
AS $$ SELECT fibre_hold(n) FROM (SELECT DISTINCT n FROM unnest(networks) n WHERE n IS NOT NULL ORDER BY n) held $$;
