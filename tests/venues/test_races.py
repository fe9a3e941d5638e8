"""Many people at the same moment: each on a connection of its own."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from gisapp.accounts.roles import Role
from gisapp.errors import GisError
from gisapp.mail.models import Outgoing
from layers.venues import services
from layers.venues.models import Booker, Booking, Slot
from tests import factories
from tests.venues import world
from tests.venues.world import on, wish

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS = 50


def together(tasks: list[Callable[[], Any]]) -> list[str]:
    """What comes of tasks that start at the same moment: "" or the code of the refusal."""
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> str:
        try:
            connection.ensure_connection()
            start.wait()
            task()
        except GisError as error:
            return error.code
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [one.result() for one in [pool.submit(run, task) for task in tasks]]


def overlaps() -> int:
    """Slots of one room that hold it at the same time, counted without the constraint's index."""
    with connection.cursor() as cursor:
        cursor.execute("SET enable_indexscan = off; SET enable_bitmapscan = off")
        cursor.execute(
            "SELECT count(*) FROM venues_slot a JOIN venues_slot b ON a.room_id = b.room_id AND a.id < b.id "
            "AND a.holds AND b.holds AND a.blocked && b.blocked"
        )
        found = int(cursor.fetchone()[0])
        cursor.execute("RESET enable_indexscan; RESET enable_bitmapscan")
    return found


def test_01_of_fifty_who_book_one_slot_one_wins() -> None:
    hall = world.hall(mode="instant")
    spaces = [hall.half, hall.whole, hall.full]
    found = together([lambda n=n: services.request(wish(spaces[n % 3], on(30))) for n in range(WRITERS)])
    assert found.count("") == 1
    assert found.count("booking-taken") == WRITERS - 1
    assert Booking.objects.count() == Booker.objects.count() == Outgoing.objects.count() == 1
    assert overlaps() == 0


def test_02_with_raw_statements_as_well() -> None:
    hall = world.hall()
    when = on(30)
    spaces = [hall.half.pk, hall.whole.pk, hall.full.pk]
    given = connection.get_connection_params()
    place = {name: given[name] for name in ("dbname", "user", "host", "port") if given.get(name)}
    statement = (
        "INSERT INTO venues_booking (id, space_id, state, people, salt, number, organisation_id, venue_id, used) "
        "VALUES (gen_random_uuid(), %s, 'confirmed', 10, 's', 0, 0, 0, tstzrange(%s, %s))"
    )
    start = threading.Barrier(WRITERS)

    def write(number: int) -> str:
        with psycopg.connect(**place) as writer:
            start.wait()
            try:
                writer.execute(statement, [spaces[number % 3], when.begin, when.end])
            except psycopg.Error as error:
                return str(error.diag.message_detail)
        return ""

    with ThreadPoolExecutor(WRITERS) as pool:
        found = list(pool.map(write, range(WRITERS)))
    assert found.count("") == 1
    assert found.count("code: booking-taken") == WRITERS - 1
    assert overlaps() == 0


def test_03_one_form_that_is_sent_many_times_at_once_is_one_booking() -> None:
    hall = world.hall()
    found = together([lambda: services.request(wish(hall.half, on(30), client_key="k"))] * 12)
    assert found == [""] * 12
    assert Booking.objects.count() == Outgoing.objects.count() == 1


def test_04_asking_cancelling_approving_and_waiting_at_once_never_deadlocks() -> None:
    hall = world.hall()
    staff = factories.member(Role.STAFF, hall.venue.organisation)
    spaces = [hall.half, hall.whole, hall.full, hall.kitchen]
    taken = [services.request(wish(spaces[0], on(day))) for day in range(30, 38)]
    for day in range(30, 38):
        services.wait(wish(hall.whole, on(day), f"wartet{day}@example.org"))
    dice = random.Random(7)
    tasks: list[Callable[[], Any]] = [lambda one=one: services.cancel(one) for one in taken]
    tasks += [lambda one=one: services.approve(one, staff) for one in taken]
    asked = [(dice.choice(spaces), on(dice.randrange(30, 38))) for _n in range(24)]
    tasks += [lambda space=space, when=when: services.request(wish(space, when)) for space, when in asked]
    dice.shuffle(tasks)
    found = together(tasks)
    assert set(found) <= {"", "booking-taken", "booking-transition"}
    assert overlaps() == 0
    # Each slot says what its booking says.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM venues_slot s JOIN venues_booking b ON b.id = s.booking_id WHERE s.holds <> venues_holds(b.state)"
        )
        assert cursor.fetchone()[0] == 0
    assert Slot.objects.filter(holds=True).exists()
