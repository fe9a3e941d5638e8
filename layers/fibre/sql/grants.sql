-- The questions see every network: no person's own log-in may ask them, the web server may - it asks for whom it answers.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gisapp_web') THEN
        GRANT EXECUTE ON FUNCTION fibre_follow(uuid[], text[]), fibre_hops(uuid[], text[]), fibre_hanging_at(uuid, text), fibre_line(uuid),
            fibre_reach(uuid[], text[]), fibre_hit_pieces(uuid[], uuid[], uuid[]), fibre_hit(uuid[], uuid[]) TO gisapp_web;
    END IF;
END
$$;
