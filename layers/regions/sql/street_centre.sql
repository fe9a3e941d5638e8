-- Where is the middle of a street? A door that gives a course and no middle (a person, an interface) gets the middle of
-- the longest piece; one that moves the course moves the middle along. Imports bring their own.
CREATE FUNCTION regions_street_centre() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    SELECT ST_LineInterpolatePoint(piece.geom, 0.5) INTO NEW.centre
      FROM ST_Dump(NEW.geom) AS piece ORDER BY ST_Length(piece.geom) DESC LIMIT 1;
    RETURN NEW;
END
$$;
CREATE TRIGGER regions_street_centre_new BEFORE INSERT ON regions_street
    FOR EACH ROW WHEN (NEW.centre IS NULL AND NEW.geom IS NOT NULL) EXECUTE FUNCTION regions_street_centre();
-- Functions and no IS DISTINCT FROM: a restored backup would not find the operator of geometries in it.
CREATE TRIGGER regions_street_centre_moved BEFORE UPDATE OF geom ON regions_street
    FOR EACH ROW WHEN (NEW.geom IS NOT NULL AND ST_OrderingEquals(NEW.centre, OLD.centre)
                       AND (OLD.geom IS NULL OR NOT ST_OrderingEquals(NEW.geom, OLD.geom)))
    EXECUTE FUNCTION regions_street_centre();
