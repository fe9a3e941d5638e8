-- What must be added to what ogr2ogr made of the points, so that it is what `gisapp import` made of them?
ALTER TABLE peer_pois
    ADD source text NOT NULL DEFAULT 'peer', ADD created_at timestamptz DEFAULT now(), ADD updated_at timestamptz DEFAULT now(),
    ADD retired_at timestamptz,
    ADD geom_3857 geometry(Point, 3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
    ADD name_norm text GENERATED ALWAYS AS (gisapp_norm(coalesce(name, ''))) STORED;
ALTER TABLE peer_pois ADD CHECK (ST_IsValid(geom)), ADD CHECK (NOT ST_IsEmpty(geom)), ADD UNIQUE (source, id);
CREATE INDEX ON peer_pois USING gist (geom_3857);
CREATE INDEX ON peer_pois USING gin (name_norm gin_trgm_ops);
-- The history: one event for each row, with the indexes that ours has.
CREATE TABLE peer_pois_event AS
    SELECT row_number() OVER () AS pgh_id, clock_timestamp() AS pgh_created_at, 'insert'::text AS pgh_label, p.fid AS pgh_obj_id,
           md5(p.source)::uuid AS pgh_context_id, p.fid AS object_id, p.source, p.id AS source_id, p.created_at, p.updated_at, p.retired_at,
           p.geom, p.name, p.kind
      FROM peer_pois p;
ALTER TABLE peer_pois_event ADD PRIMARY KEY (pgh_id);
CREATE INDEX ON peer_pois_event (pgh_obj_id);
CREATE INDEX ON peer_pois_event (pgh_context_id);
CREATE INDEX ON peer_pois_event USING gist (geom);
CREATE INDEX ON peer_pois_event USING brin (pgh_created_at);
