-- Who did this, through which door, and why? Called by every history trigger; returns the context of the change.
--
-- Our own programs say it (pghistory.context_id and .context_metadata, set for the transaction). Anybody else - a person
-- with a log-in of their own, an administrator's psql - is named by the log-in, whatever settings the session has:
-- nobody can write under another's name. The only word taken from them is the reason: SET gisapp.reason = '...'.
CREATE OR REPLACE FUNCTION _pgh_attach_context() RETURNS pghistory_context.id%TYPE
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    said text := nullif(current_setting('pghistory.context_id', true), '');
    ours boolean := session_user::text IN (current_user::text, 'gisapp_web');
    application text := current_setting('application_name', true);
    found uuid;
    told jsonb;
BEGIN
    IF ours AND said IS NOT NULL THEN
        found := said::uuid;
        told := coalesce(nullif(current_setting('pghistory.context_metadata', true), ''), '{}')::jsonb;
    ELSE
        -- One context for all statements of a transaction, which the session cannot choose.
        found := md5('gisapp ' || pg_current_xact_id()::text || ' ' || pg_postmaster_start_time()::text)::uuid;
        told := jsonb_strip_nulls(jsonb_build_object(
            'door', CASE WHEN ours THEN 'program' WHEN application ILIKE 'qgis%' THEN 'qgis' ELSE 'database' END,
            'login', session_user::text,
            'application', left(nullif(application, ''), 60),
            'user', gisapp_user(),
            'reason', left(nullif(current_setting('gisapp.reason', true), ''), 500)));
    END IF;
    INSERT INTO pghistory_context (id, metadata, created_at, updated_at)
    VALUES (found, told, now(), now())
    ON CONFLICT (id) DO UPDATE SET metadata = excluded.metadata, updated_at = excluded.updated_at
     WHERE pghistory_context.metadata <> excluded.metadata;
    RETURN found;
END
$$;

-- May a row change its key? No: its history stands under it.
CREATE FUNCTION gisapp_keep_key() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'the key of a row stays as it is (%)', TG_TABLE_NAME
        USING ERRCODE = 'KG001', DETAIL = 'code: key-stays', HINT = 'Delete the row and add another.';
END
$$;
