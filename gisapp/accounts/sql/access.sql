-- May this person see or change this row? The same rule as gisapp/accounts/scope.py, for people who work in the
-- database itself. The policies of the tables (gisapp/accounts/policies.py) ask these functions.
--
-- They read memberships that the asker may not read, so they run as their owner; they answer about the asker alone.

-- Which person is this database log-in? NULL for the installation's own roles and for a closed account.
CREATE FUNCTION gisapp_user() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT l.user_id FROM accounts_databaselogin l JOIN accounts_user u ON u.id = l.user_id AND u.is_active
     WHERE l.role = session_user
$$;

-- The asker's live memberships in one of these roles. Their days are those of the German calendar.
CREATE FUNCTION gisapp_grants(roles text[]) RETURNS TABLE (membership_id bigint, organisation_id bigint, limited boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT m.id, m.organisation_id, EXISTS (SELECT FROM accounts_membership_areas a WHERE a.membership_id = m.id)
      FROM accounts_membership m JOIN accounts_organisation o ON o.id = m.organisation_id AND o.active
     WHERE m.user_id = gisapp_user() AND m.role = ANY (roles)
       AND m.valid_from <= (now() AT TIME ZONE 'Europe/Berlin')::date
       AND (m.valid_until IS NULL OR m.valid_until >= (now() AT TIME ZONE 'Europe/Berlin')::date)
$$;

-- Is the asker one of these in the organisation, and if only for some areas, does the place touch one of them?
CREATE FUNCTION gisapp_belongs(organisation bigint, place geometry, roles text[]) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM gisapp_grants(roles) g
         WHERE g.organisation_id = organisation
           AND (NOT g.limited OR EXISTS (
                SELECT FROM accounts_membership_areas m JOIN accounts_area a ON a.id = m.area_id
                 WHERE m.membership_id = g.membership_id AND ST_Intersects(a.geom, place))))
$$;

-- Is the asker one of these in an organisation that is responsible for the place?
CREATE FUNCTION gisapp_responsible(place geometry, roles text[]) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM gisapp_grants(roles) g
         WHERE (g.limited AND EXISTS (
                SELECT FROM accounts_membership_areas m JOIN accounts_area a ON a.id = m.area_id
                 WHERE m.membership_id = g.membership_id AND ST_Intersects(a.geom, place)))
            OR (NOT g.limited AND EXISTS (
                SELECT FROM accounts_organisation_areas r JOIN accounts_area a ON a.id = r.area_id
                 WHERE r.organisation_id = g.organisation_id AND ST_Intersects(a.geom, place))))
$$;

-- Operators have every right.
CREATE FUNCTION gisapp_operator() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT is_superuser FROM accounts_user WHERE id = gisapp_user()), false)
$$;
