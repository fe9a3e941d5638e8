-- In which live municipality does each address lie (on a border: in the one that it is in already, else the first), and
-- which street does it belong to? The one of its folded name in its locality and postcode; else in its
-- municipality; else of its name within %(near)s metres. What no map knows becomes a street of its own, in the middle of
-- its addresses. Both are written at once, because a million addresses are not written twice for nothing.

CREATE TEMP TABLE address_areas ON COMMIT DROP AS
WITH astray AS (
    SELECT one.id, one.geom, one.municipality_id
    FROM regions_address one
    LEFT JOIN regions_municipality m
        ON m.id = one.municipality_id AND m.retired_at IS NULL AND m.valid_to IS NULL
    WHERE m.id IS NULL OR NOT ST_Covers(m.geom, one.geom)
)
SELECT astray.id, min(m.id) AS municipality_id
FROM astray
LEFT JOIN regions_municipality m
    ON ST_Covers(m.geom, astray.geom) AND m.retired_at IS NULL AND m.valid_to IS NULL
GROUP BY astray.id, astray.municipality_id
HAVING min(m.id) IS DISTINCT FROM astray.municipality_id;

CREATE TEMP TABLE street_norms ON COMMIT DROP AS
SELECT street_name, gisapp_norm(street_name) AS norm FROM regions_address WHERE retired_at IS NULL GROUP BY street_name;

-- Addresses of one group are alike: whatever is said of one holds for all. Without a locality they are as many groups
-- as there are clusters.
CREATE TEMP TABLE street_groups ON COMMIT DROP AS
SELECT *, dense_rank() OVER (ORDER BY norm, locality, postcode, municipality_id, cluster) AS group_no
FROM (
    SELECT a.id, a.geom, n.norm, a.street_name, a.locality, a.postcode, a.municipality_id,
           CASE WHEN a.locality = '' AND a.municipality_id IS NULL THEN
               ST_ClusterDBSCAN(CASE WHEN a.locality = '' AND a.municipality_id IS NULL THEN a.geom END, %(near)s, 1)
               OVER (PARTITION BY n.norm, a.locality, a.postcode, a.municipality_id)
           END AS cluster
    FROM (
        SELECT one.id, one.geom, one.street_name, one.locality, one.postcode, one.street_id, one.retired_at,
               CASE WHEN area.id IS NULL THEN one.municipality_id ELSE area.municipality_id END AS municipality_id
        FROM regions_address one LEFT JOIN address_areas area ON area.id = one.id
    ) a
    JOIN street_norms n USING (street_name)
    LEFT JOIN regions_street s ON s.id = a.street_id AND s.retired_at IS NULL
    WHERE a.retired_at IS NULL AND s.name_norm IS DISTINCT FROM n.norm
) todo;

CREATE TEMP TABLE street_choice ON COMMIT DROP AS
SELECT g.group_no, best.id AS street
FROM (
    SELECT group_no, norm, locality, postcode, municipality_id, ST_Centroid(ST_Collect(geom)) AS middle
    FROM street_groups GROUP BY group_no, norm, locality, postcode, municipality_id
) g
CROSS JOIN LATERAL (
    SELECT s.id FROM regions_street s
    WHERE s.name_norm = g.norm AND s.retired_at IS NULL AND (
        (g.locality <> '' AND s.locality = g.locality AND (s.postcode IN ('', g.postcode) OR g.postcode = ''))
        OR s.municipality_id = g.municipality_id
        OR ST_DWithin(coalesce(s.geom, s.centre), g.middle, %(near)s))
    ORDER BY (s.locality = g.locality AND s.postcode = g.postcode) DESC,
             (s.locality = g.locality) DESC,
             (s.municipality_id IS NOT DISTINCT FROM g.municipality_id) DESC,
             ST_Distance(coalesce(s.geom, s.centre), g.middle), s.id
    LIMIT 1
) best;

-- counts: streets known from addresses alone
INSERT INTO regions_street AS known (source, source_id, name, locality, postcode, municipality_id, centre)
SELECT %(derived)s, concat_ws('|', g.norm, g.locality, g.postcode, g.municipality_id, g.cluster),
       mode() WITHIN GROUP (ORDER BY g.street_name), g.locality, g.postcode, g.municipality_id,
       ST_ClosestPoint(ST_Collect(g.geom), ST_Centroid(ST_Collect(g.geom)))
FROM street_groups g
WHERE g.norm <> '' AND NOT EXISTS (SELECT FROM street_choice c WHERE c.group_no = g.group_no)
GROUP BY g.norm, g.locality, g.postcode, g.municipality_id, g.cluster
ON CONFLICT (source, source_id) DO UPDATE SET retired_at = NULL, centre = excluded.centre, updated_at = clock_timestamp();

INSERT INTO street_choice
SELECT DISTINCT g.group_no, s.id
FROM street_groups g
JOIN regions_street s ON s.source = %(derived)s
    AND s.source_id = concat_ws('|', g.norm, g.locality, g.postcode, g.municipality_id, g.cluster)
WHERE NOT EXISTS (SELECT FROM street_choice c WHERE c.group_no = g.group_no);

-- counts: addresses in their municipality and on their street
UPDATE regions_address a
SET street_id = coalesce(found.street, a.street_id),
    municipality_id = CASE WHEN found.moved THEN found.municipality_id ELSE a.municipality_id END
FROM (
    SELECT id, chosen.street, area.id IS NOT NULL AS moved, area.municipality_id
    FROM address_areas area
    FULL JOIN (SELECT g.id, c.street FROM street_groups g JOIN street_choice c USING (group_no)) chosen USING (id)
) found
WHERE a.id = found.id;

-- counts: the postcode of a street whose source does not say it
UPDATE regions_street s SET postcode = most.postcode
FROM (
    SELECT street_id, mode() WITHIN GROUP (ORDER BY postcode) AS postcode
    FROM regions_address WHERE postcode <> '' AND retired_at IS NULL AND street_id IS NOT NULL GROUP BY street_id
) most
WHERE most.street_id = s.id AND s.postcode = '';

-- counts: derived streets without any address
UPDATE regions_street s SET retired_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE s.source = %(derived)s AND s.retired_at IS NULL
  AND NOT EXISTS (SELECT FROM regions_address a WHERE a.street_id = s.id AND a.retired_at IS NULL);

DROP TABLE address_areas, street_norms, street_groups, street_choice;
