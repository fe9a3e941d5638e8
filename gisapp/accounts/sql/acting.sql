-- The web server acts for a person: what it does in such a transaction is bound by the same policies as if that person had
-- a log-in of his own in the database (gisapp/accounts/acting.py). It says who by a setting of the transaction; the setting
-- counts in the installation's own sessions alone, whatever a person writes into it in his.

CREATE FUNCTION gisapp_acting() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN session_user IN (current_user, 'gisapp_web') THEN nullif(current_setting('gisapp.acting_for', true), '')::bigint END
$$;

-- A key that is limited to one organisation acts in that one alone, and is no operator's.
CREATE FUNCTION gisapp_acting_within() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN gisapp_acting() IS NOT NULL THEN nullif(current_setting('gisapp.acting_within', true), '')::bigint END
$$;

CREATE OR REPLACE FUNCTION gisapp_user() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT u.id FROM accounts_user u
     WHERE u.is_active AND u.id = coalesce(gisapp_acting(), (SELECT l.user_id FROM accounts_databaselogin l WHERE l.role = session_user))
$$;

CREATE OR REPLACE FUNCTION gisapp_person() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT gisapp_acting() IS NOT NULL OR (session_user NOT IN (current_user, 'gisapp_web')
       AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = session_user AND rolsuper))
$$;

CREATE OR REPLACE FUNCTION gisapp_grants(roles text[]) RETURNS TABLE (membership_id bigint, organisation_id bigint, limited boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT m.id, m.organisation_id, EXISTS (SELECT FROM accounts_membership_areas a WHERE a.membership_id = m.id)
      FROM accounts_membership m JOIN accounts_organisation o ON o.id = m.organisation_id AND o.active
     WHERE m.user_id = gisapp_user() AND m.role = ANY (roles)
       AND m.organisation_id = coalesce(gisapp_acting_within(), m.organisation_id)
       AND m.valid_from <= (now() AT TIME ZONE 'Europe/Berlin')::date
       AND (m.valid_until IS NULL OR m.valid_until >= (now() AT TIME ZONE 'Europe/Berlin')::date)
$$;

CREATE OR REPLACE FUNCTION gisapp_operator() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT gisapp_acting_within() IS NULL AND coalesce((SELECT is_superuser FROM accounts_user WHERE id = gisapp_user()), false)
$$;
