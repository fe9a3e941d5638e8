-- Is the history taking something back just now (gisapp/history/reverting.py)? Each row is put where it was by itself then, and
-- what would follow from it otherwise must not follow a second time. The setting counts in the installation's own sessions
-- alone, whatever a person writes into it in his.
CREATE FUNCTION gisapp_taking_back() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT session_user IN (current_user, 'gisapp_web') AND coalesce(current_setting('gisapp.taking_back', true), '') = 'on'
$$;
