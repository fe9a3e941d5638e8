"""Reads of venues: which ones somebody sees or keeps, what is free, and when they are open and in use."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.gis.geos import Point
from django.db.models import Q, QuerySet
from django.utils import timezone

from gisapp.accounts import scope
from gisapp.accounts.roles import ADMINISTRATION, INSIDE
from gisapp.database import fetch_rows
from gisapp.errors import NotFound
from layers.venues.localtime import Span, midnight
from layers.venues.models import Booking, Holiday, Slot, Space, Venue

PUBLIC = Q(published=True)


def venues(user: Any) -> QuerySet[Venue]:
    """The published ones, and those of the user's organisations."""
    return scope.seen(Venue.objects.filter(retired_at__isnull=True), user, INSIDE, public=PUBLIC)


def kept(user: Any) -> QuerySet[Venue]:
    """The venues whose bookings this person sees and decides about."""
    rows = Venue.objects.filter(retired_at__isnull=True)
    return scope.edited(rows, user, ADMINISTRATION, owner="organisation")


def bookings(user: Any) -> QuerySet[Booking]:
    """The bookings of the venues that this person keeps; nobody else sees any."""
    rows = Booking.objects.select_related("venue", "space", "booker")
    return rows.filter(venue__in=kept(user).order_by().values("pk"))


def venue(user: Any, key: int) -> Venue:
    """Raises NotFound("venue-unknown")."""
    found = venues(user).filter(pk=key).first() if 0 < key < 2**63 else None
    if found is None:
        raise NotFound("venue-unknown")
    return found


@dataclass(frozen=True)
class Free:
    """A space that is free; `metres` from the place that was asked about, None without one."""

    space: Space
    metres: float | None


_FREE = "SELECT space_id, metres_away FROM venues_free(tstzrange(%s, %s), %s, %s, %s::geometry, %s)"


def free(
    span: Span, people: int, equipment: Sequence[str] = (), near: Point | None = None, metres: float = 10_000
) -> list[Free]:
    """Spaces of published venues that may be booked for this time, nearest first. `near` is in EPSG:25832."""
    place = near.ewkt if near is not None else None
    rows = fetch_rows(_FREE, [span.begin, span.end, people, list(equipment), place, metres])
    spaces = Space.objects.select_related("venue").in_bulk([key for key, _metres in rows])
    return [Free(spaces[key], away) for key, away in rows]


def holidays(first: datetime.date, last: datetime.date) -> set[datetime.date]:
    """The public holidays from one day to another."""
    return set(Holiday.objects.filter(day__range=(first, last)).values_list("day", flat=True))


_REFUSAL = """
SELECT coalesce(venues_refusal(s.id, w.used, %(people)s, now()), CASE WHEN EXISTS (
           SELECT FROM venues_spaceroom p JOIN venues_slot o ON o.room_id = p.room_id AND o.holds
             JOIN venues_booking b ON b.id = o.booking_id
            WHERE p.space_id = s.id AND o.blocked && tstzrange(
                      lower(w.used) - make_interval(mins => s.before_minutes), upper(w.used) + make_interval(mins => s.after_minutes))
              AND NOT (b.state IN ('option', 'approved') AND coalesce(b.expires_at <= now(), false)))
       THEN 'booking-taken' END, '')
  FROM venues_space s, (SELECT tstzrange(%(begin)s, %(end)s)) w (used) WHERE s.id = %(space)s
"""


def refusal(space: Space, span: Span, people: int) -> str:
    """The code of the rule for which this would be refused now; "" where nothing stands against it."""
    rows = fetch_rows(_REFUSAL, {"space": space.pk, "people": people, "begin": span.begin, "end": span.end})
    return str(rows[0][0])


@dataclass(frozen=True)
class Hours:
    """Open hours that begin on `day`."""

    day: datetime.date
    opens: datetime.datetime
    closes: datetime.datetime


def hours(key: int, first: datetime.date, last: datetime.date) -> list[Hours]:
    rows = fetch_rows("SELECT * FROM venues_hours(%s, %s, %s) ORDER BY opens", [key, first, last])
    return [Hours(*row) for row in rows]


@dataclass(frozen=True)
class Busy:
    """A room is in use from `begin` to `end`; nobody else gets it from `since` to `until`. Never who has it."""

    room: int
    begin: datetime.datetime
    end: datetime.datetime
    since: datetime.datetime
    until: datetime.datetime
    tentative: bool


def busy(venue_id: int, first: datetime.date, last: datetime.date) -> list[Busy]:
    """What the public may know of the days from `first` to `last`: when each room is in use."""
    whole = (midnight(first), midnight(last + datetime.timedelta(days=1)))
    rows = (
        Slot.objects.filter(room__venue=venue_id, holds=True, blocked__overlap=whole)
        .exclude(booking__state__in=("option", "approved"), booking__expires_at__lte=timezone.now())
        .order_by("used", "room_id")
        .values_list("room_id", "used", "blocked", "booking__state")
    )
    return [
        Busy(room, used.lower, used.upper, blocked.lower, blocked.upper, state in ("requested", "option"))
        for room, used, blocked, state in rows
    ]
