"""The clock on the wall: local times of Europe/Berlin, and the two nights of the year on which it jumps.

Pure: nothing here asks the database or what time it is.
"""

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gisapp.errors import BadInput

BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Span:
    """From `begin` up to, and not including, `end`; both with their zone."""

    begin: datetime.datetime
    end: datetime.datetime

    def __post_init__(self) -> None:
        if self.end <= self.begin:
            raise BadInput("time-reversed", field="to")

    @property
    def local(self) -> tuple[datetime.datetime, datetime.datetime]:
        return self.begin.astimezone(BERLIN), self.end.astimezone(BERLIN)


def midnight(day: datetime.date) -> datetime.datetime:
    """The moment at which a day begins; the clock never jumps then."""
    return datetime.datetime.combine(day, datetime.time(), BERLIN)


def at(day: datetime.date, time: datetime.time, *, summer: bool | None = None, field: str = "") -> datetime.datetime:
    """The moment that a clock shows this. Of an hour that comes twice, `summer` says which.

    Raises BadInput("time-left-out") for what no clock shows, and BadInput("time-twice") where `summer` is not said.
    """
    first = datetime.datetime.combine(day, time.replace(fold=0), BERLIN)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    shown = f"{day:%d.%m.%Y}"
    if first.astimezone(datetime.UTC).astimezone(BERLIN).replace(tzinfo=None) != first.replace(tzinfo=None):
        raise BadInput("time-left-out", field=field, day=shown)
    if summer is None:
        raise BadInput("time-twice", field=field, day=shown)
    return first if summer else second


def span(
    day: datetime.date,
    begins: datetime.time,
    ends: datetime.time,
    last: datetime.date | None = None,
    *,
    summer: bool | None = None,
) -> Span:
    """From one local time to another: on `last`, or on the same day, or overnight where `ends` is not after `begins`."""
    if last is None:
        last = day if ends > begins else day + datetime.timedelta(days=1)
    return Span(at(day, begins, summer=summer, field="begins"), at(last, ends, summer=summer, field="ends"))
