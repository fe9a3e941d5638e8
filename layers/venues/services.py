"""What people do with bookings: one function for each, in one transaction, with the mails that follow.

The rules stand in the database (sql/slots.sql, sql/workflow.sql) and hold for raw SQL too; here are the rights, the price,
the conditions, and the keys by which a form that was sent twice is one booking. Order of locks: sql/rules.sql.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from gisapp.database import fetch_rows
from gisapp.errors import BadInput, Conflict, Forbidden, GisError, NotFound, from_database
from gisapp.history.recording import recorded
from layers.venues import contacts, notices, queries, quotes
from layers.venues.contacts import Contact
from layers.venues.localtime import Span
from layers.venues.models import Booking, Conditions, Space
from layers.venues.price import cents

State = Booking.State


@dataclass(frozen=True)
class Wish:
    """What somebody wants. `conditions` is the version that was accepted; `client_key` makes sending it twice harmless."""

    space: Space
    span: Span
    contact: Contact
    people: int = 1
    group: str = "resident"
    extras: Mapping[int, int] = field(default_factory=dict)
    conditions: int | None = None
    client_key: str | None = None


@contextmanager
def refusals() -> Iterator[None]:
    """The database's refusals as domain errors."""
    try:
        yield
    except DatabaseError as error:
        known = from_database(error)
        if known is None:
            raise
        raise known from error


def conditions_of(space: Space) -> Conditions | None:
    """The version that whoever books now accepts; None where the venue has none."""
    return Conditions.objects.filter(venue=space.venue_id).order_by("-version").first()


def keeps(user: Any, space: Space) -> None:
    """Raise Forbidden unless this person decides about the bookings of the space's venue."""
    if not queries.kept(user).filter(pk=space.venue_id).exists():
        raise Forbidden("forbidden")


def _again(wish: Wish) -> Booking | None:
    """The booking that this very wish has made before. Raises Conflict("booking-key-used") where it was another one."""
    found = Booking.objects.filter(client_key=wish.client_key).first() if wish.client_key else None
    if found and (found.space_id, found.used.lower, found.used.upper) != (
        wish.space.pk,
        wish.span.begin,
        wish.span.end,
    ):
        raise Conflict("booking-key-used")
    return found


def _range(span: Span) -> DateTimeTZRange:
    return DateTimeTZRange(span.begin, span.end)


def insert(wish: Wish, state: str, **more: Any) -> Booking:
    """One booking and who made it, priced; in the caller's transaction. Raises what the database refuses."""
    price = quotes.quote(wish.space, wish.span, wish.group, wish.extras)
    booking = Booking.objects.create(
        space=wish.space, venue_id=wish.space.venue_id, organisation_id=wish.space.venue.organisation_id, number=0, state=state,
        used=_range(wish.span), people=wish.people, group=wish.group, price=price.plain(), price_cents=cents(price.total),
        deposit_cents=cents(price.deposit), client_key=wish.client_key, conditions_id=wish.conditions, **more,
    )  # fmt: skip
    contacts.keep(booking, wish.contact)
    return booking


def _make(wish: Wish, state: str, **more: Any) -> Booking:
    """Raises Conflict with the code of the rule that refuses it ("booking-taken", "booking-closed", ...)."""
    if (before := _again(wish)) is not None:
        return before
    try:
        with transaction.atomic():
            booking = insert(wish, state, **more)
            notices.tell(wish.space.venue_id)
    except IntegrityError as error:
        # The same form, sent at the same moment: the other one was first.
        if "client_key" in str(error) and (before := _again(wish)) is not None:
            return before
        with refusals():
            raise
    except DatabaseError:
        with refusals():
            raise
    booking.refresh_from_db()
    return booking


def _accepted(wish: Wish) -> None:
    present = conditions_of(wish.space)
    if present is not None and wish.conditions != present.pk:
        raise BadInput("booking-conditions", field="conditions")


def request(wish: Wish) -> Booking:
    """A visitor asks for a time, or books it where the space says so.

    Raises Conflict, BadInput("booking-conditions"), NotFound where the venue is not public.
    """
    if not wish.space.venue.published:
        raise NotFound("venue-unknown")
    _accepted(wish)
    return _make(wish, State.CONFIRMED if wish.space.mode == Space.Mode.INSTANT else State.REQUESTED)


def wait(wish: Wish) -> Booking:
    """A visitor joins the waiting list for a time that is taken."""
    if not wish.space.venue.published:
        raise NotFound("venue-unknown")
    _accepted(wish)
    return _make(wish, State.WAITING)


def hold(wish: Wish, user: Any) -> Booking:
    """Staff hold a time for somebody, as long as the space's options last."""
    keeps(user, wish.space)
    return _make(wish, State.OPTION)


def book(wish: Wish, user: Any, *, exempt: bool = False) -> Booking:
    """Staff book for somebody who calls or comes by; with `exempt` outside of hours and limits, never what is taken."""
    keeps(user, wish.space)
    return _make(wish, State.CONFIRMED, exempt=exempt)


def block(space: Space, span: Span, user: Any, reason: str = "") -> Booking:
    """Staff close a space for a time: nobody books it then. `reason` stands in the history."""
    keeps(user, space)
    with recorded("web", user=user, reason=reason), refusals(), transaction.atomic():
        made = Booking.objects.create(
            space=space, venue_id=space.venue_id, organisation_id=space.venue.organisation_id, number=0, state=State.CONFIRMED,
            used=_range(span), blocks=True,
        )  # fmt: skip
    made.refresh_from_db()
    return made


_STEPS = {
    "booker": "SELECT target FROM venues_transition WHERE source = %s AND booker",
    "staff": "SELECT target FROM venues_transition WHERE source = %s AND staff",
}


def possible(booking: Booking, actor: str) -> set[str]:
    """The states that "booker" or "staff" may bring it to."""
    rows = fetch_rows(_STEPS[actor], [booking.state])
    found = {str(row[0]) for row in rows}
    if actor == "booker" and booking.used.lower <= timezone.now():
        return set()  # what has begun is no longer the booker's to change
    if booking.used.lower > timezone.now():
        found -= {State.COMPLETED, State.NO_SHOW}
    if actor == "booker" and booking.state == State.OPTION and booking.space.mode == Space.Mode.REQUEST:
        # Who moved up from the waiting list says that it is wanted; the municipality still decides.
        found.discard(State.CONFIRMED)
    return found


@contextmanager
def _changing(booking: Booking, actor: str, target: str) -> Iterator[Booking]:
    """The booking's row, locked first of all; the mails behind. Raises Conflict("booking-transition")."""
    with refusals(), transaction.atomic():
        locked = Booking.objects.select_for_update(of=("self",)).select_related("space", "venue").get(pk=booking.pk)
        if target not in possible(locked, actor):
            raise Conflict("booking-transition")
        yield locked
        notices.tell(locked.venue_id)
    booking.refresh_from_db()


def _becomes(locked: Booking, state: str, **more: Any) -> None:
    Booking.objects.filter(pk=locked.pk).update(state=state, **more)


def approve(booking: Booking, user: Any, answer: str = "") -> None:
    """Staff agree. It is booked then, unless the booker confirms it himself (until it lapses)."""
    keeps(user, booking.space)
    if booking.state == State.APPROVED:
        return
    with _changing(booking, "staff", State.APPROVED) as locked:
        contacts.answer(locked, answer)
        if locked.space.booker_confirms:
            _becomes(locked, State.APPROVED, expires_at=_until(locked))
        else:
            _becomes(locked, State.APPROVED)
            _becomes(locked, State.CONFIRMED)


def _until(locked: Booking) -> Any:
    row = fetch_rows(
        "SELECT least(now() + make_interval(hours => %s), %s)", [locked.space.option_hours, locked.used.lower]
    )
    return row[0][0]


def decline(booking: Booking, user: Any, answer: str) -> None:
    """Staff refuse, and say why."""
    keeps(user, booking.space)
    if not answer.strip():
        raise BadInput("booking-answer", field="answer")
    with _changing(booking, "staff", State.DECLINED) as locked:
        contacts.answer(locked, answer)
        _becomes(locked, State.DECLINED)


def confirm(booking: Booking, user: Any = None) -> None:
    """The booker says yes to what was approved or held for him; staff may say it for him (`user`)."""
    if user is not None:
        keeps(user, booking.space)
    actor = "booker" if user is None else "staff"
    # An option on what is let on request becomes the request that the municipality decides about.
    asks = actor == "booker" and booking.state == State.OPTION and booking.space.mode == Space.Mode.REQUEST
    target = State.REQUESTED if asks else State.CONFIRMED
    if booking.state == target:
        return
    with _changing(booking, actor, target) as locked:
        _becomes(locked, target)


def cancel(booking: Booking, user: Any = None, answer: str = "") -> None:
    """The booker gives it back, at the fee that the venue's rules set; from staff it costs nothing.

    What becomes free moves the waiting list up in the same transaction.
    """
    if user is not None:
        keeps(user, booking.space)
    if booking.state == State.CANCELLED:
        return
    with _changing(booking, "booker" if user is None else "staff", State.CANCELLED) as locked:
        fee = cents(quotes.cancelling(locked)) if user is None else 0
        contacts.answer(locked, answer)
        _becomes(locked, State.CANCELLED, fee_cents=fee)


def finish(booking: Booking, user: Any, *, came: bool) -> None:
    """Staff note after the use whether anybody came."""
    keeps(user, booking.space)
    target = State.COMPLETED if came else State.NO_SHOW
    with _changing(booking, "staff", target) as locked:
        _becomes(locked, target)


def approve_all(keys: list[Any], user: Any) -> tuple[list[Booking], list[tuple[Booking, GisError]]]:
    """Approve these of the person's own bookings, each for itself: what was, and what was refused and why."""
    done: list[Booking] = []
    refused: list[tuple[Booking, GisError]] = []
    for booking in queries.bookings(user).filter(pk__in=keys).order_by("number"):
        try:
            approve(booking, user)
        except GisError as error:
            refused.append((booking, error))
        else:
            done.append(booking)
    return done, refused
