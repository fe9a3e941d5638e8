"""What a use costs: a pure function of plain values, with a line for each part of the price.

Money is Decimal euros in whole cents. Prices include VAT; the deposit is no price and bears none. An hour is one that
passes (the night of October's change has one more), and one that has begun counts; a day is a day of the calendar.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import ceil
from typing import Any

from gisapp.errors import BadInput, Conflict

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def euros(cents: int) -> Decimal:
    return (Decimal(cents) / 100).quantize(CENT)


def cents(amount: Decimal) -> int:
    return int((amount * 100).to_integral_value(ROUND_HALF_UP))


@dataclass(frozen=True)
class Rate:
    """A tariff: `unit` is hour, day or flat; weekdays are 1 (Monday) to 7, none of them: every day."""

    group: str
    unit: str
    amount: Decimal
    weekdays: frozenset[int] = frozenset()
    season_from: int = 101
    season_to: int = 1231

    def fits(self, group: str, begin: datetime.datetime) -> bool:
        """Is it this group's on the local day of the begin?"""
        day = begin.month * 100 + begin.day
        inside = self.season_from <= day <= self.season_to
        if self.season_from > self.season_to:
            inside = day >= self.season_from or day <= self.season_to
        return self.group == group and inside and (not self.weekdays or begin.isoweekday() in self.weekdays)


@dataclass(frozen=True)
class Item:
    """So many of an extra."""

    name: str
    count: int
    amount: Decimal


@dataclass(frozen=True)
class Line:
    """One part: `kind` is use, extra or cleaning; `count` units at `each`."""

    kind: str
    unit: str
    name: str
    count: int
    each: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Price:
    """`total` is what is paid, `vat` the tax in it; the deposit comes on top and comes back."""

    lines: tuple[Line, ...]
    total: Decimal
    vat_percent: Decimal
    vat: Decimal
    deposit: Decimal

    def plain(self) -> dict[str, Any]:
        """As it is kept with the booking: cents and words, nothing of who books."""
        return {
            "lines": [
                {"kind": one.kind, "unit": one.unit, "name": one.name, "count": one.count, "each": cents(one.each),
                 "amount": cents(one.amount)}
                for one in self.lines
            ],
            "total": cents(self.total), "vat_percent": str(self.vat_percent), "vat": cents(self.vat), "deposit": cents(self.deposit),
        }  # fmt: skip


def units(unit: str, begin: datetime.datetime, end: datetime.datetime) -> int:
    """How many of these units the use has; `begin` and `end` are local times with their zone."""
    if unit == "flat":
        return 1
    if unit == "hour":
        passed = end.astimezone(datetime.UTC) - begin.astimezone(datetime.UTC)
        return max(1, ceil(passed / datetime.timedelta(hours=1)))
    # The midnight at which it ends belongs to no further day.
    last = (end.replace(tzinfo=None) - datetime.timedelta(microseconds=1)).date()
    return max(1, (last - begin.date()).days + 1)


def price(
    rates: Sequence[Rate],
    group: str,
    begin: datetime.datetime,
    end: datetime.datetime,
    *,
    items: Sequence[Item] = (),
    cleaning: Decimal = ZERO,
    deposit: Decimal = ZERO,
    vat_percent: Decimal = ZERO,
) -> Price:
    """The first rate that fits counts. Raises Conflict("booking-no-tariff") without one, BadInput("time-reversed")."""
    if end <= begin:
        raise BadInput("time-reversed", field="ends")
    rate = next((one for one in rates if one.fits(group, begin)), None)
    if rate is None:
        raise Conflict("booking-no-tariff")
    count = units(rate.unit, begin, end)
    lines = [Line("use", rate.unit, "", count, rate.amount, rate.amount * count)]
    lines += [
        Line("extra", "piece", one.name, one.count, one.amount, one.amount * one.count) for one in items if one.count
    ]
    if cleaning:
        lines.append(Line("cleaning", "flat", "", 1, cleaning, cleaning))
    total = sum((one.amount for one in lines), ZERO).quantize(CENT)
    vat = (total * vat_percent / (100 + vat_percent)).quantize(CENT, ROUND_HALF_UP)
    return Price(tuple(lines), total, vat_percent, vat, deposit)  # fmt: skip


def fee(total: Decimal, rules: Sequence[tuple[int, int]], days: int) -> Decimal:
    """What cancelling costs `days` before the begin. `rules`: (days before, percent); the nearest that has begun counts."""
    begun = [(limit, percent) for limit, percent in rules if days <= limit]
    if not begun:
        return ZERO
    return (total * min(begun)[1] / 100).quantize(CENT, ROUND_HALF_UP)
