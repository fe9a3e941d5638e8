"""A month of one space, day by day: closed, free, partly taken, taken. Pure: it reckons with what it is given."""

import calendar
import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from layers.venues.localtime import midnight
from layers.venues.queries import Busy, Hours

Range = tuple[datetime.datetime, datetime.datetime]


@dataclass(frozen=True)
class Day:
    """`state`: past, closed, free, partly, taken, or other (of the neighbouring month). `gaps` are what is free of it."""

    date: datetime.date
    state: str
    gaps: tuple[Range, ...] = ()


def gaps(opened: Sequence[Range], taken: Sequence[Range]) -> list[Range]:
    """What is left of the open hours; both may overlap among themselves."""
    found: list[Range] = []
    for begin, end in sorted(opened):
        at = max(begin, found[-1][1]) if found and found[-1][1] > begin else begin
        for since, until in sorted(taken):
            if until <= at or since >= end:
                continue
            if since > at:
                found.append((at, since))
            at = max(at, until)
        if at < end:
            found.append((at, end))
    return found


def day(
    date: datetime.date,
    hours: Sequence[Hours],
    busy: Sequence[Busy],
    rooms: Collection[int],
    now: datetime.datetime,
    minutes: int,
) -> Day:
    """One day of a space with these rooms, of which `minutes` is the shortest use."""
    opened = [(one.opens, one.closes) for one in hours if one.day == date]
    if not opened:
        return Day(date, "past" if midnight(date) < now else "closed")
    if max(closes for _opens, closes in opened) <= now:
        return Day(date, "past")
    taken = [(one.since, one.until) for one in busy if one.room in rooms]
    least = datetime.timedelta(minutes=minutes)
    left = [one for one in gaps(opened, taken) if one[1] - one[0] >= least]
    if not left:
        return Day(date, "taken")
    touched = any(since < closes and until > opens for since, until in taken for opens, closes in opened)
    return Day(date, "partly" if touched else "free", tuple(left))


def month(
    first: datetime.date,
    hours: Sequence[Hours],
    busy: Sequence[Busy],
    rooms: Collection[int],
    now: datetime.datetime,
    minutes: int,
) -> list[list[Day]]:
    """The weeks of the month, Monday first."""
    return [
        [day(one, hours, busy, rooms, now, minutes) if one.month == first.month else Day(one, "other") for one in week]
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    ]
