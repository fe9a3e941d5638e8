-- What must be added to what ogr2ogr made of the points, so that it is what `gisapp import` made of them?
ALTER TABLE peer_pois
    ADD source text NOT NULL DEFAULT 'peer', ADD created_at timestamptz DEFAULT now(), ADD updated_at timestamptz DEFAULT now(),
    ADD retired_at timestamptz,
    ADD geom_3857 geometry(Point, 3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
    ADD name_norm text GENERATED ALWAYS AS (gisapp_norm(coalesce(name, ''))) STORED;
ALTER TABLE peer_pois ADD CHECK (ST_IsValid(geom)), ADD CHECK (NOT ST_IsEmpty(geom)), ADD UNIQUE (source, id);
CREATE INDEX ON peer_pois USING gist (geom_3857);
CREATE INDEX ON peer_pois USING gin (name_norm gin_trgm_ops);
