-- Which streets are called like this one word? (folded text, limit)
WITH asked AS (SELECT %s::text AS q)
SELECT s.id,
       (0.55 * word_similarity(q, s.name_norm) + 0.25 * similarity(q, s.name_norm)
        + CASE WHEN s.name_norm = q THEN 0.2 WHEN starts_with(s.name_norm, q) THEN 0.15 ELSE 0 END)::float8 AS score,
       s.name, s.postcode, s.locality,
       ST_X(ST_Transform(s.centre, 4326)), ST_Y(ST_Transform(s.centre, 4326))
FROM asked, regions_street s
WHERE (q <%% s.name_norm OR s.name_norm LIKE q || '%%') AND s.retired_at IS NULL
ORDER BY score DESC, s.locality, s.id
LIMIT %s
