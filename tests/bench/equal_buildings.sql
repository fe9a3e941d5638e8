-- What must be added to what ogr2ogr made of the buildings, so that it is what `gisapp import` made of them?
ALTER TABLE peer_buildings
    ADD source text NOT NULL DEFAULT 'peer', ADD created_at timestamptz DEFAULT now(), ADD updated_at timestamptz DEFAULT now(),
    ADD retired_at timestamptz,
    ADD geom_3857 geometry(MultiPolygon, 3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED;
ALTER TABLE peer_buildings ADD CHECK (ST_IsValid(geom)), ADD CHECK (NOT ST_IsEmpty(geom)), ADD UNIQUE (source, id);
CREATE INDEX ON peer_buildings USING gist (geom_3857);
