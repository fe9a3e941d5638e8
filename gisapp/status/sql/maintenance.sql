-- May this statement write to a layer's table? Not during maintenance, unless it is the owner's: commands that mend and
-- load data run as the owner of the tables. People who work in the database itself and the web server do not.
--
-- It reads a table that the asker may not read, so it runs as its owner; session_user stays who logged in.
CREATE FUNCTION gisapp_refuse_in_maintenance() RETURNS trigger
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    said text;
BEGIN
    SELECT reason_de INTO said FROM status_maintenance WHERE mode <> 'off';
    IF FOUND AND NOT pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
        RAISE EXCEPTION 'Wartung: geschrieben wird gerade nicht / maintenance: nothing is written now'
            USING ERRCODE = 'KG001', DETAIL = 'code: maintenance-read-only', HINT = said;
    END IF;
    RETURN NULL;
END
$$;
