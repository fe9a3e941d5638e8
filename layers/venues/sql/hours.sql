-- When is a venue open, and may this space be booked for that time? Days and hours are those of Europe/Berlin; an hour that
-- the clock leaves out in March is the one after it, one that it strikes twice in October the second (winter time).

CREATE FUNCTION venues_in_season(day date, season_from int, season_to int) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE  -- (no search_path of its own: so it is drawn into the statements that call it)
AS $$
    SELECT CASE WHEN season_from <= season_to THEN given BETWEEN season_from AND season_to
                ELSE given >= season_from OR given <= season_to END
      FROM (SELECT (extract(month FROM day) * 100 + extract(day FROM day))::int) d (given)
$$;

-- The open hours that begin on these days. A special day takes the place of the weekday's hours (of two, the later one).
CREATE FUNCTION venues_hours(asked bigint, first_day date, last_day date)
    RETURNS TABLE (day date, opens timestamptz, closes timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER  -- (its plan is kept: the search asks it for each space)
    SET search_path = public, pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT d.day, (d.day + h.opens) AT TIME ZONE 'Europe/Berlin',
           (d.day + (h.closes <= h.opens)::int + h.closes) AT TIME ZONE 'Europe/Berlin'
      FROM (SELECT generate_series(first_day, last_day, interval '1 day')::date) d (day)
      JOIN venues_venue v ON v.id = asked
      LEFT JOIN venues_holiday f ON f.day = d.day
      LEFT JOIN LATERAL (SELECT e.id, e.opens, e.closes FROM venues_specialday e
                          WHERE e.venue_id = asked AND d.day BETWEEN e.first_day AND e.last_day ORDER BY e.id DESC LIMIT 1) e ON true
      CROSS JOIN LATERAL (
          SELECT e.opens, e.closes WHERE e.opens IS NOT NULL
          UNION ALL
          SELECT o.opens, o.closes FROM venues_opening o
           WHERE o.venue_id = asked AND e.id IS NULL AND NOT (f.day IS NOT NULL AND v.on_holidays = 'closed')
             AND CASE WHEN f.day IS NOT NULL AND v.on_holidays = 'sunday' THEN 7 ELSE extract(isodow FROM d.day)::int END = ANY (o.weekdays)
             AND venues_in_season(d.day, o.season_from, o.season_to)) h;
END
$$;

-- Why may this space not be booked so, by its rules? NULL: it may. (Whether it is free is another question.)
-- Length counts by the clock on the wall or by time that passes, whichever is kinder: they differ on two nights of the year.
CREATE FUNCTION venues_refusal(asked bigint, during tstzrange, guests int, at timestamptz) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = public, pg_catalog, pg_temp
AS $$
DECLARE
    s venues_space;
    begins timestamp := lower(during) AT TIME ZONE 'Europe/Berlin';
    ends timestamp := upper(during) AT TIME ZONE 'Europe/Berlin';
    passed interval := upper(during) - lower(during);
    fits boolean;
BEGIN
    SELECT * INTO s FROM venues_space WHERE id = asked;
    IF NOT FOUND OR NOT s.active OR EXISTS (SELECT FROM venues_venue v WHERE v.id = s.venue_id AND v.retired_at IS NOT NULL) THEN
        RETURN 'booking-not-offered';
    ELSIF lower(during) < at THEN
        RETURN 'booking-past';
    ELSIF lower(during) < at + make_interval(hours => s.lead_hours) THEN
        RETURN 'booking-too-soon';
    ELSIF begins::date > (at AT TIME ZONE 'Europe/Berlin')::date + s.days_ahead THEN
        RETURN 'booking-too-far';
    ELSIF guests > s.capacity THEN
        RETURN 'booking-too-many';
    ELSIF greatest(passed, ends - begins) < make_interval(mins => s.min_minutes) THEN
        RETURN 'booking-too-short';
    ELSIF least(passed, ends - begins) > make_interval(mins => s.max_minutes) THEN
        RETURN 'booking-too-long';
    END IF;
    WITH h AS MATERIALIZED (SELECT * FROM venues_hours(s.venue_id, begins::date - 1, ends::date))
    SELECT CASE WHEN s.whole_days THEN
                    EXISTS (SELECT FROM h WHERE h.opens = lower(during)) AND EXISTS (SELECT FROM h WHERE h.closes = upper(during))
                WHEN s.overnight THEN
                    EXISTS (SELECT FROM h WHERE h.opens <= lower(during) AND lower(during) < h.closes)
                    AND EXISTS (SELECT FROM h WHERE h.opens < upper(during) AND upper(during) <= h.closes)
                ELSE during <@ coalesce((SELECT range_agg(tstzrange(h.opens, h.closes)) FROM h), '{}'::tstzmultirange) END
      INTO fits;
    RETURN CASE WHEN NOT fits THEN CASE WHEN s.whole_days THEN 'booking-whole-days' ELSE 'booking-closed' END END;
END
$$;
