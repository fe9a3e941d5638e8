"""Bookings that come again: every week, every second week - with days left out."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from gisapp.errors import BadInput, Conflict, GisError
from layers.venues import notices, queries
from layers.venues.localtime import Span, span
from layers.venues.models import Booking, Series
from layers.venues.services import Wish, cancel, insert, keeps, refusals

MOST = 60
"""So many dates a series has at most."""


def dates(
    first: datetime.date, last: datetime.date, *, weeks: int = 1, without: Collection[datetime.date] = ()
) -> list[datetime.date]:
    """Every so many weeks from `first` to `last`. Raises BadInput("series-empty"), BadInput("series-too-long")."""
    found = []
    day = first
    while day <= last:
        if day not in without:
            found.append(day)
        if len(found) > MOST:
            raise BadInput("series-too-long", most=MOST)
        day += datetime.timedelta(weeks=weeks)
    if not found:
        raise BadInput("series-empty")
    return found


def spans(days: Sequence[datetime.date], begins: datetime.time, ends: datetime.time) -> list[Span]:
    """The same hours of the wall clock on each day; where an hour comes twice, the first one."""
    return [span(day, begins, ends, summer=True) for day in days]


def book_series(wish: Wish, when: Sequence[Span], user: Any, *, leave_out: bool = False) -> Series:
    """Staff book all of these, or, with `leave_out`, those that can be; the others are named in `misses`.

    Raises Conflict("series-missed", which=...) where one cannot be had and none is left out, or where none can be had.
    Nothing is booked then. The same client_key gives the series that it has made before.
    """
    keeps(user, wish.space)
    if wish.client_key and (before := Series.objects.filter(client_key=wish.client_key).first()):
        return before
    with refusals(), transaction.atomic():
        made = Series.objects.create(space=wish.space, client_key=wish.client_key)
        misses = []
        for one in when:
            try:
                with refusals(), transaction.atomic():
                    insert(replace(wish, span=one, client_key=None), Booking.State.CONFIRMED, series=made)
            except GisError as error:
                misses.append({"from": one.begin.isoformat(), "to": one.end.isoformat(), "code": error.code})
        if misses and (not leave_out or len(misses) == len(when)):
            days = ", ".join(f"{datetime.datetime.fromisoformat(one['from']):%d.%m.%Y}" for one in misses)
            raise Conflict("series-missed", which=days)
        Series.objects.filter(pk=made.pk).update(misses=misses)
        notices.tell(wish.space.venue_id)
    made.refresh_from_db()
    return made


def cancel_series(made: Series, user: Any, since: datetime.datetime) -> int:
    """Staff cancel what of a series begins at `since` or later; how many bookings that are."""
    keeps(user, made.space)
    rows = queries.bookings(user).filter(series=made, used__startswith__gte=since, state=Booking.State.CONFIRMED)
    with transaction.atomic():
        found = list(rows.order_by("number"))
        for booking in found:
            cancel(booking, user)
    return len(found)
