-- Which addresses are this number on the streets that sound best? (folded text, streets, number, limit)
-- A street without the number is offered too, below the addresses.
WITH asked AS (SELECT %s::text AS q), streets AS (
    SELECT s.id, s.name, s.postcode, s.locality, s.centre,
           (0.5 * word_similarity(q, s.search_text) + 0.35 * word_similarity(s.name_norm, q)
            + 0.1 * similarity(s.search_text, q))::float8 AS score
    FROM asked, regions_street s
    WHERE q <%% s.search_text AND s.retired_at IS NULL
    ORDER BY score DESC, s.locality, s.id
    LIMIT %s
)
SELECT a.id IS NOT NULL AS is_address,
       coalesce(a.id, s.id),
       s.score + CASE WHEN a.id IS NULL THEN -0.15 ELSE 0.05 END AS score,
       CASE WHEN a.id IS NULL THEN s.name ELSE a.street_name || ' ' || a.house_number END,
       coalesce(a.postcode, s.postcode), coalesce(a.locality, s.locality),
       ST_X(ST_Transform(coalesce(a.geom, s.centre), 4326)), ST_Y(ST_Transform(coalesce(a.geom, s.centre), 4326))
FROM streets s
LEFT JOIN LATERAL (
    SELECT * FROM regions_address a
    WHERE a.street_id = s.id AND a.retired_at IS NULL AND lower(replace(a.house_number, ' ', '')) = %s
    ORDER BY a.id LIMIT 3
) a ON true
ORDER BY score DESC, 2
LIMIT %s
