-- Which Ämter do the mapping's municipalities make up, where no Amt of that key was imported?

-- counts: Ämter that are missing, renamed, regrouped or older than one of their municipalities
WITH part AS (
    SELECT w.amt_key, w.amt_name, m.*, known.id AS amt_row
    FROM regions_amtmembership w
    JOIN regions_municipality m ON m.key = w.ags AND m.retired_at IS NULL AND m.valid_to IS NULL
    LEFT JOIN regions_amt known ON known.key = w.amt_key AND known.retired_at IS NULL AND known.valid_to IS NULL
), stale AS (
    SELECT part.amt_key
    FROM part LEFT JOIN regions_amt a ON a.id = part.amt_row
    WHERE a.id IS NULL OR a.source = %(derived)s
    GROUP BY part.amt_key, a.id
    HAVING a.id IS NULL OR max(part.updated_at) > a.updated_at OR max(part.amt_name) <> a.name
        OR count(*) FILTER (WHERE part.amt_id IS DISTINCT FROM a.id) > 0
        OR count(*) <> (SELECT count(*) FROM regions_municipality m WHERE m.amt_id = a.id AND m.retired_at IS NULL)
)
INSERT INTO regions_amt AS known (source, source_id, key, name, population, geom, updated_at)
SELECT %(derived)s, part.amt_key, part.amt_key, max(part.amt_name), sum(part.population),
       ST_Multi(ST_Union(part.geom)), clock_timestamp()
FROM part JOIN stale USING (amt_key)
GROUP BY part.amt_key
ON CONFLICT (source, source_id) DO UPDATE
SET name = excluded.name, population = excluded.population, geom = excluded.geom,
    updated_at = excluded.updated_at, retired_at = NULL;

-- counts: derived Ämter that the mapping no longer has
UPDATE regions_amt a SET retired_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE a.source = %(derived)s AND a.retired_at IS NULL AND NOT EXISTS (
    SELECT FROM regions_amtmembership w
    JOIN regions_municipality m ON m.key = w.ags AND m.retired_at IS NULL AND m.valid_to IS NULL
    WHERE w.amt_key = a.key);

-- counts: municipalities in their Amt, or out of it
UPDATE regions_municipality m SET amt_id = wanted.amt
FROM (
    SELECT m.id, a.id AS amt
    FROM regions_municipality m
    LEFT JOIN regions_amtmembership w ON w.ags = m.key
    LEFT JOIN regions_amt a ON a.key = w.amt_key AND a.retired_at IS NULL AND a.valid_to IS NULL
    WHERE m.retired_at IS NULL
) wanted
WHERE wanted.id = m.id AND m.amt_id IS DISTINCT FROM wanted.amt;

-- counts: Ämter in their district
UPDATE regions_amt a SET district_id = d.id
FROM regions_district d
WHERE d.key = left(a.key, 5) AND d.retired_at IS NULL AND d.valid_to IS NULL AND a.retired_at IS NULL
  AND a.district_id IS DISTINCT FROM d.id;
