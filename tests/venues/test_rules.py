"""The rules of booking, in the database: raw statements are refused like services are."""

import datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from gisapp.errors import from_database
from layers.venues.localtime import Span, at, span
from layers.venues.models import Booking, Holiday, Opening, Room, Slot, Space, SpaceRoom, SpecialDay, Step, Venue
from tests.venues import world
from tests.venues.world import on

pytestmark = pytest.mark.django_db
SOON = Span(timezone.now() + datetime.timedelta(hours=2), timezone.now() + datetime.timedelta(hours=4))


def raw(space: Space, when: Span, state: str = "requested", people: int = 10, **more: Any) -> str:
    """Book by an INSERT of one's own; "" where it is taken, else the refusal's code."""
    values = {
        "space_id": space.pk,
        "state": state,
        "people": people,
        "salt": "s",
        "number": 0,
        "organisation_id": 0,
        "venue_id": 0,
        **more,
    }
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    statement = f"INSERT INTO venues_booking (id, used, {names}) VALUES (gen_random_uuid(), tstzrange(%s, %s), {marks})"
    return refused(statement.replace("group,", '"group",'), when.begin, when.end, *values.values())


def refused(statement: str, *values: Any) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except DatabaseError as error:
        known = from_database(error)
        assert known is not None, error
        return known.code
    return ""


def test_01_a_room_is_in_use_once_and_joined_rooms_block_each_other() -> None:
    hall = world.hall()
    assert raw(hall.half, on(30)) == ""
    assert raw(hall.half, on(30)) == "booking-taken"
    assert raw(hall.whole, on(30, 21, 23)) == "booking-taken"
    assert raw(hall.full, on(30, 12, 19)) == "booking-taken"
    assert raw(hall.kitchen, on(30)) == ""
    # Back to back they fit.
    assert raw(hall.whole, on(30, 22, 23)) == ""
    assert Slot.objects.filter(holds=True).count() == 1 + 1 + 2


def test_02_buffers_of_neighbours_add() -> None:
    hall = world.hall(before_minutes=30, after_minutes=60)
    assert raw(hall.half, on(30, 12, 14)) == ""
    # 60 minutes after the first and 30 before the second: from 15:30 on.
    assert raw(hall.half, on(30, 15, 17)) == "booking-taken"
    day = timezone.localdate() + datetime.timedelta(days=30)
    early = span(day, datetime.time(15, 29), datetime.time(17))
    assert raw(hall.half, early) == "booking-taken"
    assert raw(hall.half, span(day, datetime.time(15, 30), datetime.time(17))) == ""
    # A later change of the buffers leaves what is booked.
    Space.objects.filter(pk=hall.half.pk).update(before_minutes=0, after_minutes=0)
    slot = Slot.objects.order_by("id")[0]
    assert slot.blocked.upper - slot.used.upper == datetime.timedelta(minutes=60)


@pytest.mark.parametrize(
    ("when", "people", "code"),
    [
        (on(-1), 10, "booking-past"),
        (SOON, 10, "booking-too-soon"),
        (on(400), 10, "booking-too-far"),
        (on(30), 101, "booking-too-many"),
        (on(30, 6, 10), 10, "booking-closed"),
        (on(30, 20, 3), 10, "booking-closed"),
        (on(30, 20, 2), 10, ""),
    ],
)
def test_03_the_limits(when: Span, people: int, code: str) -> None:
    hall = world.hall()
    assert raw(hall.whole, when, people=people) == code
    if code:
        assert raw(hall.whole, when, people=people, exempt=True) == ""


def test_04_length() -> None:
    hall = world.hall(min_minutes=120, max_minutes=240)
    assert raw(hall.whole, on(30, 18, 19)) == "booking-too-short"
    assert raw(hall.whole, on(30, 17, 22)) == "booking-too-long"
    assert raw(hall.whole, on(30, 18, 22)) == ""


def test_05_seasons_special_days_and_holidays() -> None:
    day = timezone.localdate() + datetime.timedelta(days=40)
    hall = world.hall()
    Opening.objects.all().delete()
    Opening.objects.create(
        venue=hall.venue, weekdays=[day.isoweekday()], season_from=day.month * 100 + day.day, season_to=day.month * 100 + day.day,
        opens=datetime.time(10), closes=datetime.time(22),
    )  # fmt: skip
    assert raw(hall.half, on(40)) == ""
    assert raw(hall.half, on(47)) == "booking-closed"  # the weekday, beyond the season
    special = SpecialDay.objects.create(venue=hall.venue, first_day=day, last_day=day, reason="Dorffest")
    assert raw(hall.half, on(40, 12, 14)) == "booking-closed"
    SpecialDay.objects.filter(pk=special.pk).update(opens=datetime.time(12), closes=datetime.time(14))
    assert raw(hall.half, on(40, 12, 14)) == ""
    special.delete()
    Holiday.objects.create(day=day, name="Probetag")
    sunday = day.isoweekday() == 7
    assert raw(hall.half, on(40, 14, 16)) == ("" if sunday else "booking-closed")
    Venue.objects.update(on_holidays="weekday")
    assert raw(hall.half, on(40, 16, 17)) == ""
    Venue.objects.update(on_holidays="closed")
    assert raw(hall.half, on(40, 10, 11)) == "booking-closed"


def test_06_a_season_over_the_new_year() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day, venues_in_season(day::date, 1001, 331) FROM unnest(ARRAY['2027-01-05', '2027-03-31', '2027-04-01', '2027-10-01']) day"
        )
        assert dict(cursor.fetchall()) == {
            "2027-01-05": True,
            "2027-03-31": True,
            "2027-04-01": False,
            "2027-10-01": True,
        }


def test_07_overnight_and_whole_days() -> None:
    hall = world.hall(opens=8, closes=20, overnight=True)
    tomorrow = timezone.localdate() + datetime.timedelta(days=31)
    night = Span(on(30, 18, 20).begin, at(tomorrow, datetime.time(10)))
    assert raw(hall.half, night) == ""
    assert raw(hall.whole, Span(night.begin, at(tomorrow, datetime.time(7)))) == "booking-closed"
    Space.objects.update(overnight=False, whole_days=True)
    assert raw(hall.kitchen, on(30, 9, 20)) == "booking-whole-days"
    assert raw(hall.kitchen, on(30, 8, 20)) == ""
    assert raw(hall.kitchen, Span(on(33, 8, 20).begin, on(34, 8, 20).end)) == ""


def _next(month: int) -> datetime.date:
    """The last Sunday of the next March or October that is far enough away."""
    today = timezone.localdate()
    for year in (today.year, today.year + 1):
        day = datetime.date(year, month, 31)
        day -= datetime.timedelta(days=day.isoweekday() % 7)
        if day > today + datetime.timedelta(days=5):
            return day
    raise AssertionError


@pytest.mark.parametrize(("month", "hours"), [(3, 23), (10, 25)])
def test_08_the_nights_on_which_the_clock_jumps(month: int, hours: int) -> None:
    hall = world.hall(opens=0, closes=0, max_minutes=1440, days_ahead=800)
    day = _next(month)
    whole = Span(at(day, datetime.time()), at(day + datetime.timedelta(days=1), datetime.time()))
    assert (whole.end.astimezone(datetime.UTC) - whole.begin.astimezone(datetime.UTC)) == datetime.timedelta(
        hours=hours
    )
    assert raw(hall.half, whole) == ""
    slot = Slot.objects.get()
    assert slot.used.upper - slot.used.lower == datetime.timedelta(hours=hours)
    # An evening that goes over the jump, and one that begins when it ends.
    before = day - datetime.timedelta(days=1)
    assert raw(hall.kitchen, span(before, datetime.time(20), datetime.time(4))) == ""
    assert raw(hall.kitchen, span(day, datetime.time(4), datetime.time(6))) == ""
    assert raw(hall.kitchen, span(day, datetime.time(3, 30), datetime.time(5))) == "booking-taken"


def test_09_the_workflow_holds_for_raw_statements() -> None:
    hall = world.hall()
    assert raw(hall.half, on(30), state="completed") == "booking-transition"
    assert raw(hall.half, on(30)) == ""
    change = "UPDATE venues_booking SET state = %s"
    assert refused(change, "completed") == "booking-transition"
    for state in ("approved", "confirmed", "no_show", "completed"):
        assert refused(change, state) == "", state
    assert refused(change, "cancelled") == "booking-transition"
    assert (
        refused("UPDATE venues_booking SET used = tstzrange(lower(used), upper(used) + interval '1 hour')")
        == "booking-over"
    )
    assert refused("UPDATE venues_booking SET space_id = %s", hall.kitchen.pk) == "booking-keeps-space"
    assert list(Step.objects.order_by("id").values_list("state", flat=True)) == [
        "requested", "approved", "confirmed", "no_show", "completed",
    ]  # fmt: skip


def test_10_nobody_writes_a_slot_on_its_own() -> None:
    hall = world.hall()
    assert raw(hall.whole, on(30)) == ""
    for statement in (
        "DELETE FROM venues_slot", "UPDATE venues_slot SET holds = false",
        "INSERT INTO venues_slot (booking_id, room_id, used, blocked, holds) SELECT booking_id, room_id, used, blocked, false FROM venues_slot",
    ):  # fmt: skip
        assert refused(statement) == "slot-follows-booking"
    assert refused("DELETE FROM venues_step") == ""
    assert refused("DELETE FROM venues_booking") == ""
    assert not Slot.objects.exists()


def test_11_a_moved_booking_takes_its_slots_along() -> None:
    hall = world.hall()
    assert raw(hall.half, on(30)) == "" and raw(hall.whole, on(31)) == ""
    later = on(31, 20, 23)
    move = "UPDATE venues_booking SET used = tstzrange(%s, %s) WHERE space_id = %s"
    assert refused(move, later.begin, later.end, hall.half.pk) == "booking-taken"
    free = on(32)
    assert refused(move, free.begin, free.end, hall.half.pk) == ""
    assert raw(hall.half, on(30)) == ""
    assert refused(move, on(32, 3, 5).begin, on(32, 3, 5).end, hall.whole.pk) == "booking-closed"


def test_12_a_lapsed_option_is_in_nobodys_way_and_cannot_be_confirmed() -> None:
    hall = world.hall()
    hour_ago = timezone.now() - datetime.timedelta(hours=1)
    assert raw(hall.half, on(30), state="option", expires_at=hour_ago) == ""
    assert refused("UPDATE venues_booking SET state = 'confirmed'") == "booking-lapsed"
    assert raw(hall.whole, on(30)) == ""
    assert world.states() == ["expired", "requested"]
    assert raw(hall.kitchen, on(30), state="option") == ""
    option = Booking.objects.get(state="option")
    assert option.expires_at is not None
    assert option.expires_at - timezone.now() > datetime.timedelta(hours=71)


def test_13_who_waits_moves_up_when_it_gets_free_whatever_door_frees_it() -> None:
    hall = world.hall()
    assert raw(hall.whole, on(30)) == ""
    for space in (hall.half, hall.full, hall.half):
        assert raw(space, on(30), state="waiting") == ""
    assert refused("UPDATE venues_booking SET state = 'declined' WHERE state = 'requested'") == ""
    # The first who waited gets the half; the others still need it.
    assert world.states() == ["declined", "option", "waiting", "waiting"]
    assert refused("UPDATE venues_booking SET state = 'cancelled' WHERE state = 'option'") == ""
    assert world.states() == ["declined", "cancelled", "option", "waiting"]
    assert refused("DELETE FROM venues_step; DELETE FROM venues_booking WHERE state = 'option'") == ""
    assert world.states() == ["declined", "cancelled", "option"]


def test_14_rooms_equipment_and_conditions_keep_their_rules() -> None:
    hall, other = world.hall(), world.hall(name="Anderswo", x=900)
    far = Room.objects.get(venue=other.venue, name="west")
    assert (
        refused("INSERT INTO venues_spaceroom (space_id, room_id) VALUES (%s, %s)", hall.half.pk, far.pk)
        == "room-elsewhere"
    )
    assert refused("UPDATE venues_room SET venue_id = %s WHERE id = %s", hall.venue.pk, far.pk) == "venue-part-stays"
    assert raw(hall.half, on(30)) == ""
    assert refused("DELETE FROM venues_spaceroom WHERE space_id = %s", hall.half.pk) == "space-in-use"
    assert refused("UPDATE venues_venue SET equipment = '{sauna}'") == "equipment-unknown"
    terms = world.conditions(hall.venue)
    assert refused("UPDATE venues_conditions SET text = 'anders'") == ""
    assert refused("UPDATE venues_booking SET conditions_id = %s", terms.pk) == ""
    assert refused("UPDATE venues_conditions SET text = 'noch anders'") == "conditions-accepted"
    assert refused("DELETE FROM venues_conditions") == "conditions-accepted"
    SpaceRoom.objects.filter(space=hall.kitchen).delete()
    assert raw(hall.kitchen, on(30)) == "space-without-rooms"


def test_15_a_time_without_length_or_end_is_refused() -> None:
    hall = world.hall()
    statement = (
        "INSERT INTO venues_booking (id, space_id, state, salt, number, organisation_id, venue_id, used) "
        "VALUES (gen_random_uuid(), %s, 'requested', 's', 0, 0, 0, %s::tstzrange)"
    )
    for given in ("empty", "[2027-05-01,)", "(,2027-05-01]", "[2027-05-01 10:00,2027-05-01 10:00)"):
        assert refused(statement, hall.half.pk, given) == "rule-violated", given
