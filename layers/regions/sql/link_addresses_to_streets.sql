-- Which street does each address belong to? The one of its folded name in its locality and postcode; else in its
-- municipality; else of its name within %(near)s metres. What no map knows becomes a street of its own, in the middle of
-- its addresses.

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
    FROM regions_address a
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

-- counts: addresses on their street
UPDATE regions_address a SET street_id = c.street
FROM street_groups g JOIN street_choice c USING (group_no)
WHERE a.id = g.id AND a.street_id IS DISTINCT FROM c.street;

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

DROP TABLE street_norms, street_groups, street_choice;
