-- How do two spellings of the same German name compare equal?
--
-- gisapp_norm folds what people write differently: case, umlauts (ü = ue = u), ß, accents, hyphens and points, and the
-- word for street at a word's end with its usual misspellings (Dorfstraße = Dorfstrasse = Dorfsraße = Dorfstr. = dorfstr). IMMUTABLE, so that generated
-- columns and expression indexes can stand on it; the dictionary is named in full for the same reason.
CREATE FUNCTION gisapp_norm(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT btrim(regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    unaccent('unaccent', replace(lower(normalize(value, NFC)), 'ß', 'ss')),
                    '([aou])e', '\1', 'g'),
                '[^[:alnum:]]+', ' ', 'g'),
            's(tra|ra|ta|tar|tr)ss?e\M|str\M', 'str', 'g'),
        '\s+', ' ', 'g'))
$$;
