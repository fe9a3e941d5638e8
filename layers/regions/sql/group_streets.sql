-- Which pieces of road are one street? Those of one name in one locality: the municipality that a piece's middle lies in,
-- else the nearest town or village within ten kilometres. The id says what it stands for: "folded name|locality".

CREATE TEMP TABLE street_pieces ON COMMIT DROP AS
SELECT piece.source_id, piece.row_no, piece.name, norms.norm, piece.geom, piece.locality,
       ST_PointOnSurface(piece.geom) AS middle
FROM {relation} piece
JOIN (SELECT name, gisapp_norm(name) AS norm FROM {relation} GROUP BY name) norms ON norms.name = piece.name;

UPDATE street_pieces SET locality = m.name
FROM regions_municipality m
WHERE street_pieces.locality = '' AND ST_Covers(m.geom, street_pieces.middle)
  AND m.retired_at IS NULL AND m.valid_to IS NULL;

UPDATE street_pieces SET locality = (
    SELECT p.name FROM regions_place p
    WHERE p.retired_at IS NULL AND p.kind IN ('city', 'town', 'village', 'hamlet')
      AND ST_DWithin(p.geom, street_pieces.middle, 10000)
    ORDER BY p.geom <-> street_pieces.middle, p.id LIMIT 1)
WHERE locality = '';

TRUNCATE {relation};

INSERT INTO {relation} (row_no, source_id, name, locality, geom)
SELECT min(row_no), norm || '|' || coalesce(locality, ''), mode() WITHIN GROUP (ORDER BY name), coalesce(locality, ''),
       ST_Multi(ST_LineMerge(ST_CollectionExtract(ST_Collect(geom ORDER BY source_id), 2)))
FROM street_pieces
WHERE norm <> ''
GROUP BY norm, locality;

DROP TABLE street_pieces;
