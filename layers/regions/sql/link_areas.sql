-- Which districts and countries do the live municipalities make up, where no district or country was imported?
-- An area is made anew only when one of its parts is younger than it, because unions are expensive.

-- counts: districts that are missing or older than one of their municipalities
INSERT INTO regions_district AS known (source, source_id, key, name, population, geom, updated_at)
SELECT %(derived)s, part.key5, part.key5,
       coalesce(mode() WITHIN GROUP (ORDER BY nullif(part.county_name, '')), min(part.name)),
       sum(part.population), ST_Multi(ST_Union(part.geom)), clock_timestamp()
FROM (
    SELECT left(m.key, 5) AS key5, m.* FROM regions_municipality m WHERE m.retired_at IS NULL AND m.valid_to IS NULL
) part
LEFT JOIN regions_district d ON d.key = part.key5 AND d.retired_at IS NULL AND d.valid_to IS NULL
GROUP BY part.key5, d.id
HAVING d.id IS NULL OR (d.source = %(derived)s AND (
    max(part.updated_at) > d.updated_at
    OR EXISTS (SELECT FROM regions_municipality gone WHERE left(gone.key, 5) = part.key5 AND gone.retired_at > d.updated_at)))
ON CONFLICT (source, source_id) DO UPDATE
SET name = excluded.name, population = excluded.population, geom = excluded.geom,
    updated_at = excluded.updated_at, retired_at = NULL;

-- counts: derived districts without any municipality
UPDATE regions_district d SET retired_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE d.source = %(derived)s AND d.retired_at IS NULL AND NOT EXISTS (
    SELECT FROM regions_municipality m WHERE left(m.key, 5) = d.key AND m.retired_at IS NULL AND m.valid_to IS NULL);

-- counts: municipalities in their district
UPDATE regions_municipality m SET district_id = d.id
FROM regions_district d
WHERE d.key = left(m.key, 5) AND d.retired_at IS NULL AND d.valid_to IS NULL AND m.retired_at IS NULL
  AND m.district_id IS DISTINCT FROM d.id;

-- counts: countries that are missing or older than one of their districts
INSERT INTO regions_country AS known (source, source_id, key, name, population, geom, updated_at)
SELECT %(derived)s, part.key2, part.key2, coalesce(land.name, part.key2), sum(part.population),
       ST_Multi(ST_Union(part.geom)), clock_timestamp()
FROM (
    SELECT left(d.key, 2) AS key2, d.* FROM regions_district d WHERE d.retired_at IS NULL AND d.valid_to IS NULL
) part
LEFT JOIN regions_country c ON c.key = part.key2 AND c.retired_at IS NULL AND c.valid_to IS NULL
LEFT JOIN (VALUES
    ('01', 'Schleswig-Holstein'), ('02', 'Hamburg'), ('03', 'Niedersachsen'), ('04', 'Bremen'),
    ('05', 'Nordrhein-Westfalen'), ('06', 'Hessen'), ('07', 'Rheinland-Pfalz'), ('08', 'Baden-Württemberg'),
    ('09', 'Bayern'), ('10', 'Saarland'), ('11', 'Berlin'), ('12', 'Brandenburg'),
    ('13', 'Mecklenburg-Vorpommern'), ('14', 'Sachsen'), ('15', 'Sachsen-Anhalt'), ('16', 'Thüringen')
) land (key, name) ON land.key = part.key2
GROUP BY part.key2, land.name, c.id
HAVING c.id IS NULL OR (c.source = %(derived)s AND (
    max(part.updated_at) > c.updated_at
    OR EXISTS (SELECT FROM regions_district gone WHERE left(gone.key, 2) = part.key2 AND gone.retired_at > c.updated_at)))
ON CONFLICT (source, source_id) DO UPDATE
SET name = excluded.name, population = excluded.population, geom = excluded.geom,
    updated_at = excluded.updated_at, retired_at = NULL;

-- counts: derived countries without any district
UPDATE regions_country c SET retired_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE c.source = %(derived)s AND c.retired_at IS NULL AND NOT EXISTS (
    SELECT FROM regions_district d WHERE left(d.key, 2) = c.key AND d.retired_at IS NULL AND d.valid_to IS NULL);

-- counts: districts in their country
UPDATE regions_district d SET country_id = c.id
FROM regions_country c
WHERE c.key = left(d.key, 2) AND c.retired_at IS NULL AND c.valid_to IS NULL AND d.retired_at IS NULL
  AND d.country_id IS DISTINCT FROM c.id;
