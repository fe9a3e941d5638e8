"""Who sees and changes what hangs on a venue, in the database itself (QGIS, psql)."""

from collections.abc import Callable

import psycopg
import pytest
from django.apps import apps
from django.db import connection
from psycopg import sql

from gisapp.accounts.models import User
from gisapp.accounts.roles import Role
from layers.venues import services
from layers.venues.access import GUARDED
from layers.venues.models import Booking, CancelRule, Caretaker, Extra, Series, SpecialDay, Venue
from tests import factories
from tests.db.test_authorization import as_person, logins  # noqa: F401 - a fixture
from tests.venues import world
from tests.venues.world import on, wish

pytestmark = pytest.mark.django_db(transaction=True)
PRIVATE = {"venues_booking", "venues_slot", "venues_step", "venues_booker", "venues_caretaker", "venues_series"}
COMMON = {"venues_equipment", "venues_holiday"}


@pytest.fixture
def people(logins: Callable[[dict[str, User | None]], dict[str, str]]) -> dict[str, str]:  # noqa: F811
    """A database log-in for each; a hall of organisation A with one booking and a row in every table."""
    first, second = factories.organisation("a"), factories.organisation("b", factories.area("own:b", x=400_000))
    hall = world.hall(first)
    staff = factories.member(Role.STAFF, first)
    world.conditions(hall.venue)
    Caretaker.objects.create(venue=hall.venue, name="Karl Probe", phone="0123")
    Extra.objects.create(space=hall.half, name="Geschirr", cents=100)
    CancelRule.objects.create(venue=hall.venue, days_before=3, percent=50)
    SpecialDay.objects.create(venue=hall.venue, first_day="2027-01-01", last_day="2027-01-01")
    Series.objects.create(space=hall.half)
    services.hold(wish(hall.half, on(30)), staff)
    elsewhere = factories.area("own:far", x=400_000)
    return logins({
        "staff": staff, "planner": factories.member(Role.PLANNER, first), "stranger": factories.member(Role.STAFF, second),
        "far": factories.member(Role.STAFF, first, elsewhere, email="far@example.org"), "citizen": factories.citizen(),
        "operator": factories.operator(),
    })  # fmt: skip


def counts(role: str) -> dict[str, int]:
    """How many rows of each table this person sees."""
    tables = [apps.get_model(one.model)._meta.db_table for one in GUARDED]
    with as_person(role) as asker:
        rows = {
            one: asker.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(one))).fetchone()
            for one in tables
        }
    return {name: row[0] for name, row in rows.items() if row}


def test_01_bookings_and_who_made_them_are_for_who_keeps_the_venue(people: dict[str, str]) -> None:
    everything = {name for name, count in counts(people["operator"]).items() if count}
    assert everything >= PRIVATE
    assert {name for name, count in counts(people["staff"]).items() if count} == everything
    for who in ("planner", "stranger", "far", "citizen"):
        seen = {name for name, count in counts(people[who]).items() if count}
        assert not seen & PRIVATE, who
        assert seen >= everything - PRIVATE - COMMON, who  # what is let, when and for how much, is public
    Venue.objects.update(published=False)
    assert not {name for name, count in counts(people["stranger"]).items() if count} - COMMON
    assert {name for name, count in counts(people["planner"]).items() if count} >= everything - PRIVATE - COMMON


@pytest.mark.parametrize("who", ["planner", "stranger", "far", "citizen"])
def test_02_others_change_nothing(people: dict[str, str], who: str) -> None:
    space, venue = Booking.objects.get().space_id, Booking.objects.get().venue_id
    when = on(33)
    insert = (
        "INSERT INTO venues_booking (id, space_id, state, salt, number, organisation_id, venue_id, used) "
        "VALUES (gen_random_uuid(), %s, 'confirmed', 's', 0, 0, 0, tstzrange(%s, %s))"
    )
    statements = [
        (insert, [space, when.begin, when.end]), ("UPDATE venues_space SET cleaning_cents = 1", []),
        ("INSERT INTO venues_room (venue_id, name) VALUES (%s, 'x')", [venue]), ("DELETE FROM venues_tariff", []),
    ]  # fmt: skip
    for statement, values in statements:
        with as_person(people[who]) as asker, pytest.raises(psycopg.errors.InsufficientPrivilege):
            asker.execute(statement, values)
    with as_person(people[who]) as asker:
        # What is not seen is not there: nothing is touched.
        assert asker.execute("UPDATE venues_booking SET state = 'confirmed'").rowcount == 0
        assert asker.execute("UPDATE venues_booker SET name = 'x'").rowcount == 0


def test_03_staff_work_in_the_database_by_the_same_rules(people: dict[str, str]) -> None:
    with as_person(people["staff"]) as asker:
        assert asker.execute("UPDATE venues_booking SET state = 'confirmed'").rowcount == 1
        assert asker.execute("SELECT holds FROM venues_slot").fetchall() == [(True,)]
        with pytest.raises(psycopg.Error) as refused:
            asker.execute("UPDATE venues_slot SET holds = false")
        assert refused.value.diag.message_detail == "code: slot-follows-booking"
    for function in ("venues_lapse", "venues_move_up"):
        with as_person(people["staff"]) as asker, pytest.raises(psycopg.errors.InsufficientPrivilege):
            asker.execute(sql.SQL("SELECT {}(1)").format(sql.Identifier(function)))


def test_04_the_history_of_bookings_says_nothing_of_a_person(people: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, ' ') FROM venues_bookingevent e")
        told = cursor.fetchone()[0]
    assert "angefragt" not in told and "option" in told
    assert "Anna" not in told and "example.org" not in told and "SV Probe" not in told
