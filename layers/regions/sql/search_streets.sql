-- Which streets sound like this? (folded text, limit)
-- Score: how much of what was typed is found in "street postcode place", and how much of the street's own name was typed.
WITH asked AS (SELECT %s::text AS q)
SELECT s.id,
       (0.5 * word_similarity(q, s.search_text) + 0.35 * word_similarity(s.name_norm, q)
        + 0.1 * similarity(s.search_text, q) + CASE WHEN starts_with(s.name_norm, q) THEN 0.05 ELSE 0 END)::float8 AS score,
       s.name, s.postcode, s.locality,
       ST_X(ST_Transform(s.centre, 4326)), ST_Y(ST_Transform(s.centre, 4326))
FROM asked, regions_street s
WHERE q <%% s.search_text AND s.retired_at IS NULL
ORDER BY score DESC, s.locality, s.id
LIMIT %s
