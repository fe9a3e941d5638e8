-- The rules of fibres and of what a cable does in an enclosure: it ends there, passes in an uncut loop, or is opened, and
-- then chosen fibres may be cut.

CREATE FUNCTION fibre_check_entries(cables uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT fibre_called(c.name, c.id) AS cable, n.name AS enclosure, e.side INTO bad
      FROM fibre_cableentry e
      JOIN fibre_cable c ON c.id = e.cable_id
      JOIN fibre_enclosure n ON n.id = e.enclosure_id
     WHERE e.cable_id = ANY (cables)
       AND CASE e.side WHEN 'a' THEN n.node_id <> c.from_node_id WHEN 'b' THEN n.node_id <> c.to_node_id
           ELSE EXISTS (SELECT FROM fibre_cablestep s WHERE s.cable_id = c.id) AND NOT EXISTS (
               SELECT FROM fibre_stepend l WHERE l.cable_id = c.id AND l.ends_at = n.node_id
                  AND l.ordinal < (SELECT max(o.ordinal) FROM fibre_cablestep o WHERE o.cable_id = c.id)) END
     ORDER BY c.name LIMIT 1;
    IF FOUND AND bad.side IS NOT NULL THEN
        PERFORM fibre_refuse('entry-elsewhere', format('Das Kabel %s endet nicht dort, wo %s steht.', bad.cable, bad.enclosure),
            'Anfang ("a") ist der Anfangsknoten des Kabels, Ende ("b") sein Endknoten.');
    ELSIF FOUND THEN
        PERFORM fibre_refuse('entry-off-way', format('Das Kabel %s kommt bei %s nicht aus einem Rohr.', bad.cable, bad.enclosure),
            'Sein Weg muss dort von einem Stück auf das nächste wechseln: erst das Röhrchen öffnen (fibre_open_tube).');
    END IF;
END
$$;

-- Each fibre is there from the cable's beginning to its end, piece after piece; it is cut only where the cable is opened.
CREATE FUNCTION fibre_check_fibres(cables uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT fibre_called(c.name, c.id) AS name INTO bad
      FROM fibre_cable c
      JOIN fibre_cablespec p ON p.key = c.spec_id
      LEFT JOIN fibre_fibresection f ON f.cable_id = c.id
     WHERE c.id = ANY (cables)
     GROUP BY c.id, p.key
    HAVING count(f.id) FILTER (WHERE f.cut_a_id IS NULL) <> p.bundles * p.per_bundle
        OR count(f.id) FILTER (WHERE f.cut_b_id IS NULL) <> p.bundles * p.per_bundle OR max(f.number) > p.bundles * p.per_bundle
     ORDER BY c.name LIMIT 1;
    IF NOT FOUND THEN
        SELECT fibre_called(c.name, c.id) AS name INTO bad
          FROM fibre_fibresection f JOIN fibre_cable c ON c.id = f.cable_id
         WHERE f.cable_id = ANY (cables) AND f.cut_b_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM fibre_fibresection g WHERE g.cut_a_id = f.cut_b_id AND g.number = f.number AND g.cable_id = f.cable_id)
         ORDER BY c.name LIMIT 1;
    END IF;
    IF FOUND THEN
        PERFORM fibre_refuse('fibre-incomplete', format('Das Kabel %s hätte nicht mehr alle seine Fasern, vom Anfang bis zum Ende.', bad.name),
            'Fasern legt die Datenbank an; geschnitten werden sie mit fibre_cut_fibres, geheilt mit fibre_mend_fibres.');
    END IF;
    SELECT fibre_called(c.name, c.id) AS name, f.number, e.state, e.cable_id = f.cable_id AS own, x.at_a, x.at_b INTO bad
      FROM fibre_fibresection f
      JOIN fibre_cable c ON c.id = f.cable_id
      JOIN fibre_cableentry e ON e.id IN (f.cut_a_id, f.cut_b_id)
      LEFT JOIN LATERAL (
          SELECT (SELECT m.drawn_m FROM fibre_measure m WHERE m.entry_id = f.cut_a_id) AS at_a,
                 (SELECT m.drawn_m FROM fibre_measure m WHERE m.entry_id = f.cut_b_id) AS at_b) x ON true
     WHERE f.cable_id = ANY (cables) AND (e.state <> 'opened' OR e.cable_id <> f.cable_id OR x.at_a > x.at_b)
     ORDER BY c.name, f.number LIMIT 1;
    IF FOUND AND bad.own AND bad.state = 'opened' THEN
        PERFORM fibre_refuse('fibre-cuts-order', format('Die Schnitte der Faser %s des Kabels %s lägen in falscher Reihenfolge.', bad.number, bad.name),
            'Erst die Schnitte zurücknehmen (fibre_mend_fibres), dann den Weg des Kabels ändern.');
    ELSIF FOUND THEN
        PERFORM fibre_refuse('entry-not-opened', format('Das Kabel %s ist dort nicht geöffnet, wo seine Faser %s geschnitten ist.', bad.name, bad.number),
            'Im Gehäuse ist das Kabel geöffnet, solange Fasern darin geschnitten sind.');
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION fibre_check_entries(uuid[]), fibre_check_fibres(uuid[]) FROM PUBLIC;

CREATE FUNCTION fibre_cable_drawn() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO fibre_fibresection (cable_id, number)
    SELECT f.id, n FROM fresh f JOIN fibre_cablespec p ON p.key = f.spec_id, generate_series(1, p.bundles * p.per_bundle) n;
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_drawn AFTER INSERT ON fibre_cable
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION fibre_cable_drawn();
CREATE TRIGGER fibre_1_organisation BEFORE INSERT OR UPDATE ON fibre_cable
    FOR EACH ROW EXECUTE FUNCTION fibre_organisation();

CREATE TRIGGER fibre_2_keeps BEFORE UPDATE OF spec_id ON fibre_cable
    FOR EACH ROW WHEN (NEW.spec_id <> OLD.spec_id) EXECUTE FUNCTION fibre_keeps_spec('cable-keeps-spec');

CREATE FUNCTION fibre_cable_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    entered text;
BEGIN
    PERFORM fibre_hold(OLD.network_id);
    SELECT string_agg(n.name, ', ' ORDER BY n.name) INTO entered
      FROM fibre_cableentry e JOIN fibre_enclosure n ON n.id = e.enclosure_id WHERE e.cable_id = OLD.id;
    IF entered IS NOT NULL THEN
        PERFORM fibre_refuse('cable-occupied', format('Das Kabel %s ist eingeführt in: %s.', fibre_called(OLD.name, OLD.id), left(entered, 200)),
            'Erst seine Spleiße lösen und es aus den Gehäusen nehmen.');
    END IF;
    DELETE FROM fibre_measure WHERE cable_id = OLD.id;
    DELETE FROM fibre_slack WHERE cable_id = OLD.id;
    DELETE FROM fibre_cablestep WHERE cable_id = OLD.id;
    DELETE FROM fibre_fibresection WHERE cable_id = OLD.id;
    RETURN OLD;
END
$$;
CREATE TRIGGER fibre_4_gone BEFORE DELETE ON fibre_cable
    FOR EACH ROW EXECUTE FUNCTION fibre_cable_gone();

-- What is spliced on a cable hangs on where the cable enters.
CREATE FUNCTION fibre_entries_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_note('joint', array(
        SELECT j.joint_id FROM rows_ r JOIN fibre_fibresection f ON f.cable_id = r.cable_id JOIN fibre_jointend j ON j.section_id = f.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_joints_changed AFTER UPDATE ON fibre_cableentry
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_entries_written();
CREATE TRIGGER zz_fibre_joints_removed AFTER DELETE ON fibre_cableentry
    REFERENCING OLD TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_entries_written();

CREATE FUNCTION fibre_fibres_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM fibre_note('joint', array(SELECT j.joint_id FROM rows_ r JOIN fibre_jointend j ON j.section_id = r.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER zz_fibre_joints_changed AFTER UPDATE ON fibre_fibresection
    REFERENCING NEW TABLE AS rows_ FOR EACH STATEMENT EXECUTE FUNCTION fibre_fibres_written();

-- Look at what is pending now: an action that needs the lengths cannot wait for the end of the transaction.
CREATE FUNCTION fibre_settle() RETURNS void
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    SET CONSTRAINTS fibre_due_now, fibre_pending_now IMMEDIATE;
    SET CONSTRAINTS fibre_due_now, fibre_pending_now DEFERRED;
END
$$;

-- Open a cable in an enclosure and cut these fibres there (Fensterschnitt). Returns how many were cut.
CREATE FUNCTION fibre_cut_fibres(of_cable uuid, in_enclosure uuid, numbers integer[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    entry uuid;
    here float8;
    piece record;
    made uuid;
    cut integer := 0;
BEGIN
    PERFORM fibre_hold(network_id) FROM fibre_cable WHERE id = of_cable;
    INSERT INTO fibre_cableentry (enclosure_id, cable_id, state) VALUES (in_enclosure, of_cable, 'opened')
    ON CONFLICT (cable_id, enclosure_id) WHERE side IS NULL DO UPDATE SET state = 'opened' WHERE fibre_cableentry.state <> 'opened';
    SELECT id INTO entry FROM fibre_cableentry WHERE cable_id = of_cable AND enclosure_id = in_enclosure AND side IS NULL;
    PERFORM fibre_settle();
    SELECT drawn_m INTO here FROM fibre_measure WHERE entry_id = entry;
    FOR piece IN
        SELECT n.number, f.id, f.cut_b_id FROM unnest(numbers) n(number)
          LEFT JOIN fibre_fibresection f ON f.cable_id = of_cable AND f.number = n.number
           AND f.cut_a_id IS DISTINCT FROM entry AND f.cut_b_id IS DISTINCT FROM entry
           AND (f.cut_a_id IS NULL OR (SELECT drawn_m FROM fibre_measure WHERE entry_id = f.cut_a_id) <= here)
           AND (f.cut_b_id IS NULL OR (SELECT drawn_m FROM fibre_measure WHERE entry_id = f.cut_b_id) > here)
           AND NOT EXISTS (SELECT FROM fibre_fibresection g WHERE g.cut_a_id = entry AND g.number = f.number)
         ORDER BY n.number
    LOOP
        IF piece.id IS NULL THEN
            PERFORM fibre_refuse('fibre-not-cuttable-here', format('Die Faser %s läuft hier nicht ungeschnitten durch.', piece.number),
                'Es gibt sie nicht, sie ist hier schon geschnitten, oder das Kabel ist noch nicht verlegt.');
        END IF;
        made := gen_random_uuid();
        UPDATE fibre_fibresection SET cut_b_id = entry WHERE id = piece.id;
        INSERT INTO fibre_fibresection (id, cable_id, number, cut_a_id, cut_b_id)
        VALUES (made, of_cable, piece.number, entry, piece.cut_b_id);
        -- What is spliced at the far end stays there: that is the new piece's end now.
        UPDATE fibre_jointend SET section_id = made WHERE section_id = piece.id AND side = 'b';
        cut := cut + 1;
    END LOOP;
    RETURN cut;
END
$$;

-- Make one piece of two again, where a cut was a mistake. (A splice is no mending: it stays a splice.)
CREATE FUNCTION fibre_mend_fibres(of_cable uuid, in_enclosure uuid, numbers integer[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    entry uuid;
    pair record;
    mended integer := 0;
BEGIN
    PERFORM fibre_hold(network_id) FROM fibre_cable WHERE id = of_cable;
    SELECT id INTO entry FROM fibre_cableentry WHERE cable_id = of_cable AND enclosure_id = in_enclosure AND side IS NULL;
    FOR pair IN
        SELECT n.number, f.id AS before, g.id AS behind, g.cut_b_id FROM unnest(numbers) n(number)
          LEFT JOIN fibre_fibresection f ON f.cut_b_id = entry AND f.number = n.number
          LEFT JOIN fibre_fibresection g ON g.cut_a_id = entry AND g.number = n.number ORDER BY n.number
    LOOP
        IF pair.before IS NULL OR pair.behind IS NULL THEN
            PERFORM fibre_refuse('fibre-not-cut-here', format('Die Faser %s ist hier nicht geschnitten.', pair.number));
        END IF;
        IF EXISTS (SELECT FROM fibre_jointend WHERE (thing, side) IN ((pair.before, 'b'), (pair.behind, 'a'))) THEN
            PERFORM fibre_refuse('fibre-end-taken', format('Die Faser %s ist an dem Schnitt gespleißt.', pair.number), 'Erst den Spleiß lösen.');
        END IF;
        UPDATE fibre_jointend SET section_id = pair.before WHERE section_id = pair.behind AND side = 'b';
        DELETE FROM fibre_fibresection WHERE id = pair.behind;
        UPDATE fibre_fibresection SET cut_b_id = pair.cut_b_id WHERE id = pair.before;
        mended := mended + 1;
    END LOOP;
    RETURN mended;
END
$$;
