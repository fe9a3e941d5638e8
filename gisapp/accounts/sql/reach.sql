-- The same rule as access.sql, asked once for a whole statement instead of once for each row: a policy that calls a function
-- of the row costs more than reading the row.

-- Where the asker holds one of these roles: organisations, each with an area where the membership is limited (a row for each
-- area; NULL: wherever the organisation's rows are).
CREATE FUNCTION gisapp_within(roles text[]) RETURNS TABLE (reach_owner bigint, reach_area geometry)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 2
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT g.organisation_id, a.geom FROM gisapp_grants(roles) g
      LEFT JOIN accounts_membership_areas m ON m.membership_id = g.membership_id
      LEFT JOIN accounts_area a ON a.id = m.area_id
$$;

-- For single rows. What has no place yet (a duct before it has its way) is in nobody's area, and not beyond anybody's.
CREATE OR REPLACE FUNCTION gisapp_belongs(organisation bigint, place geometry, roles text[]) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM gisapp_within(roles)
         WHERE reach_owner = organisation AND (reach_area IS NULL OR place IS NULL OR ST_Intersects(reach_area, place)))
$$;

-- Does a person's own log-in ask, and not the installation's owner, its web server or an administrator of the server?
CREATE FUNCTION gisapp_person() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT session_user NOT IN (current_user, 'gisapp_web')
       AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = session_user AND rolsuper)
$$;
