"""What is free: the search over 500 venues with two years of bookings, and 50 who book one slot at the same moment.

`python -m tests.bench --only venues`. The bookings are written without the triggers' turns (they are not what is measured).
"""

import json
import os
import subprocess
import sys
from typing import Any

VENUES, DAYS, QUESTIONS, WRITERS = 500, 730, 400, 50
FILL = f"""
SET session_replication_role = replica;
INSERT INTO accounts_organisation (key, name, kind) VALUES ('bench-venues', 'x', 'gemeinde');
INSERT INTO venues_venue (organisation_id, name, kind, capacity, published, geom, equipment, source, source_id)
SELECT o.id, 'Haus ' || n, 'hall', 40 + n % 160, true, ST_SetSRID(ST_MakePoint(530000 + n * 7919 % 60000, 6010000 + n * 104729 % 50000), 25832),
       CASE WHEN n % 2 = 0 THEN '{{kitchen,tables}}' ELSE '{{tables}}' END::text[], 'bench', n::text
  FROM generate_series(1, {VENUES}) n, accounts_organisation o WHERE o.key = 'bench-venues';
INSERT INTO venues_opening (venue_id, weekdays, opens, closes) SELECT id, '{{1,2,3,4,5,6,7}}', '08:00', '02:00' FROM venues_venue;
INSERT INTO venues_room (venue_id, name) SELECT id, r FROM venues_venue, unnest(ARRAY['a', 'b']) r;
INSERT INTO venues_space (venue_id, name, capacity, before_minutes, after_minutes, lead_hours, days_ahead, mode)
SELECT id, s, capacity, 30, 60, 1, 800, 'instant' FROM venues_venue, unnest(ARRAY['a', 'ab']) s;
INSERT INTO venues_spaceroom (space_id, room_id) SELECT s.id, r.id FROM venues_space s JOIN venues_room r ON r.venue_id = s.venue_id AND s.name ~ r.name;
INSERT INTO venues_tariff (space_id, "group", unit, cents) SELECT id, 'resident', 'flat', 5000 FROM venues_space;
INSERT INTO venues_booking (id, number, organisation_id, venue_id, space_id, state, used, salt)
SELECT gen_random_uuid(), row_number() OVER (), v.organisation_id, v.id, s.id, 'confirmed',
       tstzrange(begins, begins + interval '4 hours'), 's'
  FROM venues_venue v JOIN venues_space s ON s.venue_id = v.id AND s.name = CASE WHEN v.id % 3 = 0 THEN 'ab' ELSE 'a' END,
       generate_series(0, {DAYS - 1}) d,
       LATERAL (SELECT (current_date + d + time '09:00' + make_interval(hours => ((v.id + d * 7) % 10)::int)) AT TIME ZONE 'Europe/Berlin') b (begins);
INSERT INTO venues_slot (booking_id, room_id, used, blocked, holds)
SELECT b.id, p.room_id, b.used, tstzrange(lower(b.used) - interval '30 min', upper(b.used) + interval '60 min'), true
  FROM venues_booking b JOIN venues_spaceroom p ON p.space_id = b.space_id;
SELECT setval('venues_booking_number', 10000000);
VACUUM ANALYZE venues_slot; VACUUM ANALYZE venues_booking; ANALYZE
"""


def _measure() -> dict[str, Any]:
    """In a process of its own, because a process has one database."""
    import datetime
    import random
    import threading
    import time
    from concurrent.futures import ThreadPoolExecutor
    from dataclasses import replace

    from django.contrib.gis.geos import Point
    from django.db import connections
    from django.utils import timezone

    from gisapp.errors import GisError
    from layers.venues import localtime, queries, services
    from layers.venues.contacts import Contact
    from layers.venues.models import Booking, Slot, Space

    rng, taken, sizes = random.Random(7), [], []
    for number in range(QUESTIONS + 20):
        day = timezone.localdate() + datetime.timedelta(days=rng.randrange(3, DAYS - 3))
        hour = rng.randrange(9, 20)
        span = localtime.span(day, datetime.time(hour), datetime.time(hour + 4), summer=True)
        near = (
            Point(530_000 + rng.random() * 60_000, 6_010_000 + rng.random() * 50_000, srid=25832)
            if number % 2
            else None
        )
        begin = time.perf_counter()
        found = queries.free(span, rng.randrange(10, 120), ["kitchen"] if number % 3 else [], near, 10_000)
        if number >= 20:
            taken.append((time.perf_counter() - begin) * 1000)
            sizes.append(len(found))
    taken.sort()
    space = Space.objects.select_related("venue").filter(name="ab").first()
    assert space is not None
    free = localtime.span(
        timezone.localdate() + datetime.timedelta(days=DAYS + 10), datetime.time(18), datetime.time(22)
    )
    wish = services.Wish(space, free, Contact("x", "x@example.org"))
    start = threading.Barrier(WRITERS)

    def book(number: int) -> str:
        try:
            Space.objects.exists()  # the connection is there
            start.wait()
            services.request(replace(wish, client_key=str(number)))
        except GisError as error:
            return error.code
        finally:
            connections.close_all()
        return "won"

    with ThreadPoolExecutor(WRITERS) as pool:
        begun = time.perf_counter()
        codes = list(pool.map(book, range(WRITERS)))
    return {
        "p50": round(taken[len(taken) // 2], 1), "p99": round(taken[int(len(taken) * 0.99)], 1), "seconds": round(time.perf_counter() - begun, 2),
        "won": codes.count("won"), "refused": codes.count("booking-taken"), "bookings": Booking.objects.count(), "slots": Slot.objects.count(),
        "found": sum(sizes) / len(sizes),
    }  # fmt: skip


def measure_venues() -> list[dict[str, Any]]:
    """p50 and p99 of the search in milliseconds, and what comes of 50 writers at once."""
    import psycopg

    from gisapp import cluster
    from tests.bench import importing

    importing._empty_database()
    with psycopg.connect(**cluster.dsn(importing.DATABASE, "postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        for statement in FILL.split(";\n"):
            for one in statement.split("; ") if "VACUUM" in statement else [statement]:
                connection.execute(one)
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); import json; from tests.bench.venues import _measure; print(json.dumps(_measure()))"],
        env={**os.environ, "GISAPP_DATABASE": importing.DATABASE, "GISAPP_SERVING": ""}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["won"], found["refused"]) == (1, WRITERS - 1), found
    counted = f"{found['bookings']:,} bookings of {VENUES} venues"
    return [
        {
            "what": f"what is free, {counted}",
            "connections": 1,
            "ours": {"p50": found["p50"], "p99": found["p99"]},
            "goal": 200,
        },
        {
            "what": f"{WRITERS} book one slot, one wins",
            "connections": WRITERS,
            "ours": {"seconds": found["seconds"]},
            "goal": None,
        },
    ]
