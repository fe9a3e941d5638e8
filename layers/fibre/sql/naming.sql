-- Names where nobody gives one: a row without a name takes the next one of its network's rule for its kind, if there is one.
--
-- The counter is a row that is locked until the transaction ends: of two who draw at once the second one waits (as they do for
-- the network anyway), and a number that was given is given to nobody again, also when its object is gone. Whoever names many
-- things in one transaction takes numbers in blocks: a row that is changed for each of them would be found ever more slowly.

-- Which placeholders a kind of thing has.
CREATE FUNCTION fibre_placeholders(of_kind text) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN of_kind = 'tube' THEN '{rohr,position}'::text[]
                WHEN of_kind LIKE 'node/%' OR of_kind = 'segment' THEN '{n,jahr,gemeinde,gemeindeschluessel}'
                WHEN of_kind IN ('enclosure', 'device', 'splitter', 'premises', 'cable') THEN '{n,jahr,gemeinde,gemeindeschluessel,knoten}'
                ELSE '{n,jahr}' END
$$;

CREATE FUNCTION fibre_check_pattern(of_kind text, pattern text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    known CONSTANT text[] := fibre_placeholders(of_kind);
    needed CONSTANT text := CASE of_kind WHEN 'tube' THEN 'position' ELSE 'n' END;
    possible CONSTANT text := (SELECT string_agg('{' || k || '}', ', ') FROM unnest(known) k);
    found_ text[] := array(SELECT m[1] FROM regexp_matches(pattern, '\{([a-z]+)(?::0[1-9])?\}', 'g') m);
BEGIN
    IF regexp_replace(pattern, '\{[a-z]+(:0[1-9])?\}', '', 'g') ~ '[{}]' OR NOT found_ <@ known
        OR EXISTS (SELECT FROM regexp_matches(pattern, '\{([a-z]+):0[1-9]\}', 'g') m WHERE m[1] <> needed) THEN
        PERFORM fibre_refuse('naming-pattern', format('Das Muster „%s“ ist nicht zu verstehen.', pattern),
            format('Möglich sind hier: %s; eine Nummer mit fester Breite ist {%s:02}.', possible, needed));
    END IF;
    IF cardinality(array_positions(found_, needed)) <> 1 THEN
        PERFORM fibre_refuse('naming-without-number', format('Das Muster „%s“ braucht genau eine Nummer, {%s}.', pattern, needed),
            'Sonst hießen zwei Dinge gleich.');
    END IF;
    IF pattern ~ '[[:cntrl:]]' OR pattern <> btrim(pattern) OR length(pattern) > 100 THEN
        PERFORM fibre_refuse('naming-pattern', 'Ein Muster hat höchstens 100 Zeichen, keine Steuerzeichen und außen keine Leerzeichen.');
    END IF;
END
$$;

CREATE FUNCTION fibre_pattern_right() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_check_pattern(NEW.kind, NEW.pattern);
    RETURN NEW;
END
$$;
CREATE TRIGGER fibre_2_pattern BEFORE INSERT OR UPDATE ON fibre_namingrule
    FOR EACH ROW EXECUTE FUNCTION fibre_pattern_right();

-- Is there a rule for this kind? (Whoever sees the network sees its rules.)
CREATE FUNCTION fibre_names(net uuid, of_kind text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$ SELECT EXISTS (SELECT FROM fibre_namingrule WHERE network_id = net AND kind = of_kind) $$;

CREATE FUNCTION fibre_fill(pattern text, number bigint, at_node uuid, in_municipality bigint, holder text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    width integer := (regexp_match(pattern, '\{(?:n|position):0([1-9])\}'))[1];
    digits text := number::text;
    filled text;
    place record;
BEGIN
    filled := regexp_replace(pattern, '\{(?:n|position)(?::0[1-9])?\}', lpad(digits, greatest(coalesce(width, 1), length(digits)), '0'));
    filled := replace(filled, '{jahr}', to_char(now() AT TIME ZONE 'Europe/Berlin', 'YYYY'));
    IF filled LIKE '%{gemeinde%' THEN
        SELECT m.name, m.key INTO place FROM regions_municipality m
         WHERE m.id = coalesce(in_municipality, (SELECT n.municipality_id FROM fibre_node n WHERE n.id = at_node));
        filled := replace(replace(filled, '{gemeindeschluessel}', coalesce(place.key, '')), '{gemeinde}', coalesce(place.name, ''));
    END IF;
    -- Last of all: what others have named may contain braces.
    RETURN replace(replace(filled, '{knoten}', coalesce(holder, '')), '{rohr}', coalesce(holder, ''));
END
$$;

-- The next number. What is left of a block is kept in a setting of the transaction; a savepoint that is rolled back gives
-- back both. (Who writes such a setting by hand gets no name that is taken, and could have chosen the name as well.)
CREATE FUNCTION fibre_next_number(net uuid, of_kind text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    setting CONSTANT text := 'fibre.numbers_' || md5(net::text || of_kind);
    -- The number given last, the last one of the block, and how many were given in this transaction.
    kept integer[] := nullif(current_setting(setting, true), '')::integer[];
    given integer := coalesce(kept[3], 0);
    block integer := CASE WHEN given < 20 THEN 1 ELSE least(given, 1000) END;
    last integer;
BEGIN
    IF kept IS NULL OR kept[1] >= kept[2] THEN
        INSERT INTO fibre_namingcount (network_id, kind, last_number) VALUES (net, of_kind, block)
        ON CONFLICT (network_id, kind) DO UPDATE SET last_number = fibre_namingcount.last_number + block RETURNING last_number INTO last;
        kept := ARRAY[last - block, last];
    END IF;
    PERFORM set_config(setting, ARRAY[kept[1] + 1, kept[2], given + 1]::text, true);
    RETURN kept[1] + 1;
END
$$;

-- The next name of this kind; NULL where the network has no rule for it. `taken(name)` is asked of `of_table`.
CREATE FUNCTION fibre_next_name(net uuid, of_kind text, of_table text, at_node uuid, in_municipality bigint, holder text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
    SET enable_sort = off
AS $$
DECLARE
    pattern_ text := (SELECT pattern FROM fibre_namingrule WHERE network_id = net AND kind = of_kind);
    number integer;
    made text;
    taken boolean;
BEGIN
    IF pattern_ IS NULL THEN
        RETURN NULL;
    END IF;
    LOOP
        number := fibre_next_number(net, of_kind);
        made := fibre_fill(pattern_, number, at_node, in_municipality, holder);
        IF of_table = 'fibre_splitter' THEN
            SELECT EXISTS (SELECT FROM fibre_splitter s JOIN fibre_enclosure e ON e.id = s.enclosure_id WHERE e.network_id = net AND s.name = made) INTO taken;
        ELSE
            -- In the order of the names, so that on a table that nobody has counted yet the names' own index answers.
            EXECUTE format('SELECT coalesce((SELECT name FROM %I WHERE network_id = $1 AND name >= $2 ORDER BY network_id, name LIMIT 1) = $2, false)', of_table)
               INTO taken USING net, made;
        END IF;
        IF NOT taken THEN
            RETURN made;
        END IF;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_next_number(uuid, text), fibre_next_name(uuid, text, text, uuid, bigint, text), fibre_fill(text, bigint, uuid, bigint, text) FROM PUBLIC;

-- On every table with names: the kind is the trigger's argument (of nodes, the row's own kind).
CREATE FUNCTION fibre_named() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    row_ CONSTANT jsonb := to_jsonb(NEW) - 'geom' - 'geom_3857';
    of_kind CONSTANT text := CASE TG_ARGV[0] WHEN 'node' THEN 'node/' || (row_ ->> 'kind') ELSE TG_ARGV[0] END;
    net uuid := row_ ->> 'network_id';
    at_node uuid := coalesce(row_ ->> 'node_id', row_ ->> 'from_node_id');
    holder text;
BEGIN
    IF of_kind = 'splitter' THEN
        SELECT e.network_id, e.node_id, e.name INTO net, at_node, holder FROM fibre_enclosure e WHERE e.id = NEW.enclosure_id;
    ELSE
        holder := (SELECT n.name FROM fibre_node n WHERE n.id = at_node);
    END IF;
    NEW.name := fibre_next_name(net, of_kind, TG_TABLE_NAME, at_node, (row_ ->> 'municipality_id')::bigint, holder);
    RETURN NEW;
END
$$;
DO $$
DECLARE
    of_kind text;
BEGIN
    FOREACH of_kind IN ARRAY ARRAY['node', 'segment', 'duct', 'cable', 'enclosure', 'device', 'splitter', 'premises', 'circuit'] LOOP
        EXECUTE format('CREATE TRIGGER fibre_3_named BEFORE INSERT ON %I FOR EACH ROW WHEN (NEW.name IS NULL) EXECUTE FUNCTION fibre_named(%L)',
            'fibre_' || of_kind, of_kind);
    END LOOP;
END
$$;

-- What a tube is called: "RV-123/14", or as the network's rule has it.
CREATE FUNCTION fibre_tube_label(of_tube uuid) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT fibre_fill(coalesce(r.pattern, '{rohr}/{position}'), t.position, NULL, NULL, fibre_called(d.name, d.id))
              FROM fibre_tube t JOIN fibre_duct d ON d.id = t.duct_id LEFT JOIN fibre_namingrule r ON r.network_id = d.network_id AND r.kind = 'tube'
             WHERE t.id = of_tube AND (NOT gisapp_person() OR gisapp_operator()
                   OR gisapp_belongs(d.organisation_id, d.geom, ARRAY['planner', 'engineer', 'contractor', 'admin'])));
END
$$;
