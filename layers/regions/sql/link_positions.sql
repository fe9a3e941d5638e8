-- In which live municipality does each row of {table} lie? (On a border: in the one that it is in already, else the first.)

-- counts: rows whose municipality is another than noted
WITH astray AS (
    SELECT one.id, one.{position} AS position
    FROM {table} one
    LEFT JOIN regions_municipality m
        ON m.id = one.municipality_id AND m.retired_at IS NULL AND m.valid_to IS NULL
    WHERE m.id IS NULL OR NOT ST_Covers(m.geom, one.{position})
), found AS (
    SELECT astray.id, min(m.id) AS municipality
    FROM astray
    LEFT JOIN regions_municipality m
        ON ST_Covers(m.geom, astray.position) AND m.retired_at IS NULL AND m.valid_to IS NULL
    GROUP BY astray.id
)
UPDATE {table} one SET municipality_id = found.municipality
FROM found
WHERE found.id = one.id AND one.municipality_id IS DISTINCT FROM found.municipality;
