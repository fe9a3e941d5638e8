-- Plans that do not depend on when they were made.
--
-- PL/pgSQL keeps the plan of a statement from its first executions. A rule that was first asked on an almost empty table
-- would read the whole table for every row ever after - until the connection ends - and an import fills tables within one
-- transaction, before anybody has counted them. So rules go by indexes; what is looked at as a set is planned for that set.
CREATE FUNCTION fibre_tune() RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    rule record;
BEGIN
    FOR rule IN
        SELECT p.oid::regprocedure AS name,
               EXISTS (SELECT FROM pg_trigger t WHERE t.tgfoid = p.oid AND coalesce(t.tgnewtable, t.tgoldtable) IS NOT NULL) AS of_statements
          FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'public'
          JOIN pg_language l ON l.oid = p.prolang AND l.lanname IN ('plpgsql', 'sql')
         WHERE p.proname LIKE 'fibre\_%' AND p.proconfig IS NOT NULL AND p.proname NOT IN ('fibre_refuse', 'fibre_organisation', 'fibre_tune')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET enable_seqscan = off', rule.name);
        IF rule.of_statements THEN
            EXECUTE format('ALTER FUNCTION %s SET enable_hashjoin = off', rule.name);
            EXECUTE format('ALTER FUNCTION %s SET enable_mergejoin = off', rule.name);
        END IF;
    END LOOP;
    ALTER FUNCTION fibre_pending_now() SET plan_cache_mode = force_custom_plan;
    ALTER FUNCTION fibre_due_now() SET plan_cache_mode = force_custom_plan;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_tune() FROM PUBLIC;
SELECT fibre_tune();
