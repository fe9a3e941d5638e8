"""What people do with bookings, with the mails that follow."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from gisapp.accounts.roles import Role
from gisapp.errors import BadInput, Conflict, Forbidden, GisError, NotFound
from gisapp.mail.models import Outgoing
from layers.venues import contacts, queries, series, services, tasks
from layers.venues.models import Booker, Booking, CancelRule, Space, Step, Venue
from tests import factories
from tests.venues import world
from tests.venues.world import on, wish

pytestmark = pytest.mark.django_db
S = Booking.State


@pytest.fixture
def staff() -> Any:
    return factories.member(Role.STAFF, factories.organisation("gemeinde"))


def mails() -> list[str]:
    return list(Outgoing.objects.order_by("created_at", "due_at").values_list("subject", flat=True))


def refused(code: str) -> Any:
    return pytest.raises(GisError, match=rf"\[{code}\]")


def test_01_from_the_request_to_the_booking(staff: Any) -> None:
    hall = world.hall()
    made = services.request(wish(hall.half, on(30), people=20))
    assert (made.state, made.price_cents, made.organisation_id) == (S.REQUESTED, 5_000, hall.venue.organisation_id)
    services.approve(made, staff, "Viel Freude!")
    assert made.state == S.CONFIRMED
    assert list(made.steps.order_by("id").values_list("state", flat=True)) == ["requested", "approved", "confirmed"]
    # One mail for each time something was done, with the last state.
    assert [one.split(":")[0] for one in mails()] == ["Ihre Anfrage ist eingegangen", "Ihre Buchung steht"]
    text = Outgoing.objects.latest("created_at").text
    assert "Viel Freude!" in text and contacts.token(made) in text
    assert not Step.objects.filter(told_at__isnull=True).exists()


def test_02_who_confirms_himself_has_a_time_for_it(staff: Any) -> None:
    hall = world.hall(booker_confirms=True)
    made = services.request(wish(hall.half, on(30)))
    services.approve(made, staff)
    assert made.state == S.APPROVED and made.expires_at is not None
    services.confirm(made)
    assert made.state == S.CONFIRMED and made.expires_at is None
    services.confirm(made)  # twice is once
    late = services.request(wish(hall.kitchen, on(30)))
    services.approve(late, staff)
    Booking.objects.filter(pk=late.pk).update(expires_at=timezone.now() - datetime.timedelta(minutes=1))
    with refused("booking-lapsed"):
        services.confirm(late)


def test_03_what_is_booked_at_once(staff: Any) -> None:
    hall = world.hall(mode="instant")
    assert services.request(wish(hall.half, on(30))).state == S.CONFIRMED
    with refused("booking-taken") as error:
        services.request(wish(hall.whole, on(30)))
    assert "Probe" not in str(error.value) and str(Booking.objects.get().number) not in str(error.value)
    assert Booker.objects.count() == 1


def test_04_the_same_form_twice_is_one_booking() -> None:
    hall = world.hall()
    first = services.request(wish(hall.half, on(30), client_key="k"))
    assert services.request(wish(hall.half, on(30), client_key="k")).pk == first.pk
    with refused("booking-key-used"):
        services.request(wish(hall.half, on(31), client_key="k"))
    assert Booking.objects.count() == 1 and len(mails()) == 1


def test_05_the_conditions_are_accepted_in_their_present_version() -> None:
    hall = world.hall()
    first = world.conditions(hall.venue)
    with refused("booking-conditions"):
        services.request(wish(hall.half, on(30)))
    second = world.conditions(hall.venue, "Auch gefegt.")
    with refused("booking-conditions"):
        services.request(wish(hall.half, on(30), conditions=first.pk))
    made = services.request(wish(hall.half, on(30), conditions=second.pk))
    assert made.conditions == second


def test_06_cancelling_costs_what_the_rules_say_and_from_staff_nothing(staff: Any) -> None:
    hall = world.hall(mode="instant")
    CancelRule.objects.create(venue=hall.venue, days_before=40, percent=50)
    early, late = services.request(wish(hall.half, on(50))), services.request(wish(hall.half, on(30)))
    services.cancel(early)
    services.cancel(late)
    assert (early.fee_cents, late.fee_cents) == (0, 2_500)
    third = services.request(wish(hall.half, on(30)))
    services.cancel(third, staff, "Rohrbruch")
    assert (third.fee_cents, third.state) == (0, S.CANCELLED)
    told = contacts.of(third)
    assert told and told.answer == "Rohrbruch"
    services.cancel(third)  # already


def test_07_the_waiting_list_moves_up_in_the_same_moment(staff: Any) -> None:
    hall = world.hall()
    first = services.request(wish(hall.whole, on(30)))
    waits = services.wait(wish(hall.half, on(30), "zweite@example.org"))
    services.decline(first, staff, "Da feiern wir selbst.")
    waits.refresh_from_db()
    assert waits.state == S.OPTION and waits.expires_at is not None
    assert Outgoing.objects.filter(subject__startswith="Für Sie vorgemerkt", recipient="zweite@example.org").exists()
    assert Outgoing.objects.filter(recipient="zweite@example.org").count() == 2
    services.confirm(waits)
    assert waits.state == S.REQUESTED  # the municipality still decides
    with refused("booking-answer"):
        services.decline(waits, staff, " ")


def test_08_only_who_keeps_the_venue_decides(staff: Any) -> None:
    hall = world.hall()
    made = services.request(wish(hall.half, on(30)))
    strangers = [
        factories.citizen(), factories.member(Role.STAFF, factories.organisation("andere")),
        factories.member(Role.PLANNER, factories.organisation("gemeinde")),
        factories.member(Role.STAFF, factories.organisation("gemeinde"), factories.area("own:far", x=400_000), email="fern@example.org"),
    ]  # fmt: skip
    for user in strangers:
        assert not queries.bookings(user).exists()
        for act in (
            lambda u=user: services.approve(made, u), lambda u=user: services.decline(made, u, "x"), lambda u=user: services.cancel(made, u),
            lambda u=user: services.hold(wish(hall.kitchen, on(30)), u), lambda u=user: services.block(hall.kitchen, on(30), u),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                act()
    assert list(queries.bookings(staff)) == [made]
    Venue.objects.update(published=False)
    for ask in (services.request, services.wait):
        hall.half.venue.refresh_from_db()
        with pytest.raises(NotFound):
            ask(wish(hall.half, on(31)))


def test_09_for_who_calls_and_has_no_address(staff: Any) -> None:
    hall = world.hall()
    made = services.book(wish(hall.half, on(30), email=""), staff)
    assert made.state == S.CONFIRMED and mails() == []
    with refused("booking-closed"):
        services.book(wish(hall.kitchen, on(30, 3, 5), email=""), staff)
    assert services.book(wish(hall.kitchen, on(30, 3, 5), email=""), staff, exempt=True).exempt
    with refused("booking-taken"):
        services.book(wish(hall.kitchen, on(30, 4, 6), email=""), staff, exempt=True)
    closed = services.block(hall.whole, on(31, 8, 20), staff, "Boden wird geschliffen")
    assert closed.blocks
    with refused("booking-taken"):
        services.request(wish(hall.half, on(31)))


def test_10_a_series_is_whole_or_names_what_it_misses(staff: Any) -> None:
    hall = world.hall(after_minutes=0)
    first = timezone.localdate() + datetime.timedelta(days=30)
    days = series.dates(
        first, first + datetime.timedelta(weeks=5), weeks=1, without={first + datetime.timedelta(weeks=2)}
    )
    assert len(days) == 5
    spans = series.spans(days, datetime.time(18), datetime.time(20))
    services.request(wish(hall.half, spans[1]))
    with refused("series-missed") as error:
        series.book_series(wish(hall.half, spans[0]), spans, staff)
    assert f"{days[1]:%d.%m.%Y}" in str(error.value)
    assert Booking.objects.count() == 1
    made = series.book_series(wish(hall.half, spans[0], client_key="s"), spans, staff, leave_out=True)
    assert [one["code"] for one in made.misses] == ["booking-taken"] and made.bookings.count() == 4
    assert series.book_series(wish(hall.half, spans[0], client_key="s"), spans, staff, leave_out=True) == made
    assert series.cancel_series(made, staff, spans[3].begin) == 2
    assert sorted(made.bookings.values_list("state", flat=True)) == ["cancelled", "cancelled", "confirmed", "confirmed"]
    for bad in ((first, first - datetime.timedelta(days=1)), (first, first + datetime.timedelta(weeks=100))):
        with pytest.raises(BadInput):
            series.dates(*bad)


def test_11_a_link_opens_one_booking_until_it_is_changed() -> None:
    hall = world.hall()
    first, second = (services.request(wish(hall.half, on(day))) for day in (30, 31))
    token = contacts.token(first)
    assert contacts.opened(first.pk, token) == first
    for key, given in ((second.pk, token), (first.pk, token[:-1]), (first.pk, ""), (first.pk, "ü")):
        with pytest.raises(NotFound):
            contacts.opened(key, given)
    Booking.objects.filter(pk=first.pk).update(salt="new")
    with pytest.raises(NotFound):
        contacts.opened(first.pk, token)


def test_12_nobody_is_remembered_longer_than_needed(settings: Any, staff: Any) -> None:
    hall = world.hall()
    settings.VENUES_KEPT_DAYS = 30
    old = services.book(wish(hall.half, on(-31)), staff, exempt=True)
    young = services.book(wish(hall.half, on(-20)), staff, exempt=True)
    assert contacts.forget() == 1
    assert contacts.of(old) is None and contacts.of(young) is not None
    assert Booking.objects.count() == 2


def test_13_the_job_ends_what_is_over_and_tells_what_nobody_told(staff: Any) -> None:
    hall = world.hall()
    option = services.hold(wish(hall.half, on(30)), staff)
    done = services.book(wish(hall.kitchen, on(-2)), staff, exempt=True)
    Booking.objects.filter(pk=option.pk).update(expires_at=timezone.now() - datetime.timedelta(minutes=1))
    raw = services.request(wish(hall.half, on(31)))
    Booking.objects.filter(pk=raw.pk).update(state="declined")  # somebody in the database itself
    for venue in tasks.due():
        tasks.tend(venue)
    assert {one.pk: one.state for one in Booking.objects.all()} == {
        option.pk: "expired",
        done.pk: "completed",
        raw.pk: "declined",
    }
    subjects = [one.split(":")[0] for one in mails()]
    assert "Ihre Vormerkung ist verfallen" in subjects and "Ihre Anfrage ist abgelehnt" in subjects
    assert tasks.due() == []


def test_14_many_at_once_each_for_itself(staff: Any) -> None:
    hall = world.hall()
    keys = [services.request(wish(hall.half, on(day))).pk for day in (30, 31, 32)]
    Booking.objects.filter(pk=keys[1]).update(state="cancelled")
    done, refused_ones = services.approve_all(keys, staff)
    assert len(done) == 2 and [error.code for _booking, error in refused_ones] == ["booking-transition"]
    other = factories.member(Role.STAFF, factories.organisation("andere"))
    assert services.approve_all(keys, other) == ([], [])


def test_15_a_wrong_address_loses_nothing() -> None:
    hall = world.hall()
    with refused("bad-mail-address"):
        services.request(wish(hall.half, on(30), email="kein Ort"))
    assert not Booking.objects.exists()
    Space.objects.update(active=False)
    with pytest.raises(Conflict, match="booking-not-offered"):
        services.request(wish(hall.half, on(30)))


def test_16_what_has_begun_is_no_longer_the_bookers_to_change(staff: Any) -> None:
    hall = world.hall()
    begun = services.book(wish(hall.half, on(-1)), staff, exempt=True)
    with refused("booking-transition"):
        services.cancel(begun)
    services.finish(begun, staff, came=False)
    assert begun.state == S.NO_SHOW
    coming = services.book(wish(hall.half, on(30)), staff)
    with refused("booking-transition"):
        services.finish(coming, staff, came=True)
    services.cancel(coming, staff, "Liebe Frau Probe, leider nicht.")
    # What was said to a person is not in the history of the booking.
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, ' ') FROM venues_bookingevent e")
        assert "Probe" not in cursor.fetchone()[0]
