-- Which spaces are free in this time, for so many people, with this equipment, within so many metres of a place (EPSG:25832)?
-- Of published venues alone; nearest first, then the smallest that is large enough. What has lapsed is in nobody's way.
CREATE FUNCTION venues_free(during tstzrange, guests int, wanted text[], near geometry, metres float8)
    RETURNS TABLE (venue_id bigint, space_id bigint, metres_away float8)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
    WITH fitting AS MATERIALIZED (
        SELECT s.id, s.venue_id, s.capacity, ST_Distance(v.geom, near) AS away,
               tstzrange(lower(during) - make_interval(mins => s.before_minutes), upper(during) + make_interval(mins => s.after_minutes)) AS blocked
          FROM venues_space s JOIN venues_venue v ON v.id = s.venue_id
         WHERE v.published AND v.retired_at IS NULL AND s.active AND s.capacity >= guests
           AND (v.equipment || s.equipment) @> wanted AND (near IS NULL OR ST_DWithin(v.geom, near, metres))
    ), unoccupied AS MATERIALIZED (
        SELECT f.* FROM fitting f
         WHERE NOT EXISTS (
            SELECT FROM venues_spaceroom p
              JOIN venues_slot o ON o.room_id = p.room_id AND o.holds AND o.blocked && f.blocked
              JOIN venues_booking b ON b.id = o.booking_id
             WHERE p.space_id = f.id AND NOT (b.state IN ('option', 'approved') AND coalesce(b.expires_at <= now(), false)))
           AND EXISTS (SELECT FROM venues_spaceroom p WHERE p.space_id = f.id)
    )
    SELECT u.venue_id, u.id, u.away FROM unoccupied u
     WHERE venues_refusal(u.id, during, guests, now()) IS NULL
     ORDER BY u.away NULLS LAST, u.capacity, u.id
$$;
