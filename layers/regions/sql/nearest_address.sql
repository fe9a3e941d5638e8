-- Which address is nearest to this point? (lon, lat, metres)
WITH here AS (SELECT ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 4326), 25832) AS point)
SELECT a.id, a.street_name, a.house_number, a.postcode, a.locality, ST_Distance(a.geom, point),
       ST_X(ST_Transform(a.geom, 4326)), ST_Y(ST_Transform(a.geom, 4326))
FROM here, regions_address a
WHERE a.retired_at IS NULL AND ST_DWithin(a.geom, point, %s)
ORDER BY a.geom <-> point
LIMIT 1
