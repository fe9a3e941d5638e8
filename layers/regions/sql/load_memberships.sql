-- Which rows of the mapping AGS -> Amt are new or changed? Writes them; one row per written row: was it created?
INSERT INTO regions_amtmembership AS known (ags, amt_key, amt_name)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])
ON CONFLICT (ags) DO UPDATE SET amt_key = excluded.amt_key, amt_name = excluded.amt_name
WHERE (known.amt_key, known.amt_name) IS DISTINCT FROM (excluded.amt_key, excluded.amt_name)
RETURNING (xmax = 0)
