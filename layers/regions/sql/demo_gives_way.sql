-- Which invented areas lie where real ones were imported? They are retired, so that the map shows each place once.

-- counts: invented municipalities below real ones
UPDATE regions_municipality m SET retired_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE m.source = 'demo' AND m.retired_at IS NULL AND EXISTS (
    SELECT FROM regions_municipality r
    WHERE r.source <> 'demo' AND r.retired_at IS NULL AND r.valid_to IS NULL
      AND ST_Intersects(r.geom, ST_PointOnSurface(m.geom)));

-- counts: invented Ämter without members
UPDATE regions_amt a SET retired_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE a.source = 'demo' AND a.retired_at IS NULL AND NOT EXISTS (
    SELECT FROM regions_municipality m WHERE m.amt_id = a.id AND m.retired_at IS NULL);

-- counts: invented districts without municipalities
UPDATE regions_district d SET retired_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE d.source = 'demo' AND d.retired_at IS NULL AND NOT EXISTS (
    SELECT FROM regions_municipality m WHERE m.district_id = d.id AND m.source = 'demo' AND m.retired_at IS NULL);

-- counts: invented countries without districts of their own
UPDATE regions_country c SET retired_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE c.source = 'demo' AND c.retired_at IS NULL AND NOT EXISTS (
    SELECT FROM regions_district d WHERE d.country_id = c.id AND d.source = 'demo' AND d.retired_at IS NULL);
