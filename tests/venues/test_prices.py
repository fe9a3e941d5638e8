"""Prices and fees: pure functions of plain values."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisapp.errors import BadInput, Conflict
from layers.venues.localtime import BERLIN, Span, at, span
from layers.venues.price import Item, Rate, cents, euros, fee, price, units

DAY = datetime.date(2027, 5, 3)  # a Monday
MONEY = st.integers(0, 1_000_000).map(euros)
MOMENTS = st.datetimes(datetime.datetime(2026, 1, 1), datetime.datetime(2030, 1, 1), timezones=st.just(BERLIN))
LENGTHS = st.timedeltas(datetime.timedelta(minutes=1), datetime.timedelta(days=20))


def local(day: datetime.date, hour: int, minute: int = 0) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(hour, minute), BERLIN)


def test_01_every_part_has_its_line() -> None:
    rates = [Rate("club", "hour", Decimal("12.50"))]
    found = price(
        rates, "club", local(DAY, 18), local(DAY, 21, 30), items=[Item("Geschirr", 2, Decimal("15.00"))],
        cleaning=Decimal("60.00"), deposit=Decimal("200.00"), vat_percent=Decimal("19"),
    )  # fmt: skip
    assert [(one.kind, one.count, one.amount) for one in found.lines] == [
        ("use", 4, Decimal("50.00")), ("extra", 2, Decimal("30.00")), ("cleaning", 1, Decimal("60.00")),
    ]  # fmt: skip
    assert (found.total, found.vat, found.deposit) == (Decimal("140.00"), Decimal("22.35"), Decimal("200.00"))
    assert found.plain()["total"] == 14_000 and found.plain()["lines"][0]["each"] == 1_250


def test_02_the_first_rate_that_fits_the_begin_counts() -> None:
    rates = [
        Rate("club", "flat", Decimal("80.00"), frozenset({6, 7})),
        Rate("club", "flat", Decimal("30.00"), season_from=1001, season_to=331),
        Rate("club", "flat", Decimal("20.00")),
    ]
    saturday, winter = DAY + datetime.timedelta(days=5), datetime.date(2027, 1, 4)
    assert price(rates, "club", local(DAY, 18), local(DAY, 20)).total == Decimal("20.00")
    assert price(rates, "club", local(saturday, 18), local(saturday, 20)).total == Decimal("80.00")
    assert price(rates, "club", local(winter, 18), local(winter, 20)).total == Decimal("30.00")
    with pytest.raises(Conflict, match="booking-no-tariff"):
        price(rates, "resident", local(DAY, 18), local(DAY, 20))
    with pytest.raises(BadInput, match="time-reversed"):
        price(rates, "club", local(DAY, 18), local(DAY, 18))


@pytest.mark.parametrize(
    ("unit", "begin", "end", "count"),
    [
        ("hour", local(DAY, 18), local(DAY, 19), 1),
        ("hour", local(DAY, 18), local(DAY, 19, 1), 2),
        ("day", local(DAY, 0), local(DAY + datetime.timedelta(days=1), 0), 1),
        ("day", local(DAY, 18), local(DAY + datetime.timedelta(days=1), 2), 2),
        ("flat", local(DAY, 18), local(DAY + datetime.timedelta(days=9), 2), 1),
        # The night has one hour less, or one more.
        ("hour", local(datetime.date(2027, 3, 27), 22), local(datetime.date(2027, 3, 28), 4), 5),
        ("hour", local(datetime.date(2027, 10, 30), 22), local(datetime.date(2027, 10, 31), 4), 7),
    ],
)
def test_03_units(unit: str, begin: datetime.datetime, end: datetime.datetime, count: int) -> None:
    assert units(unit, begin, end) == count


@given(
    MOMENTS,
    LENGTHS,
    MONEY,
    MONEY,
    st.integers(0, 9),
    st.sampled_from(["hour", "day", "flat"]),
    st.sampled_from([0, 7, 19]),
)
def test_04_the_lines_add_up_and_no_cent_is_lost(
    begin: datetime.datetime,
    length: datetime.timedelta,
    amount: Decimal,
    extra: Decimal,
    count: int,
    unit: str,
    vat: int,
) -> None:
    end = (begin.astimezone(datetime.UTC) + length).astimezone(BERLIN)
    rates = [Rate("club", unit, amount)]
    found = price(rates, "club", begin, end, items=[Item("x", count, extra)], cleaning=extra, vat_percent=Decimal(vat))
    assert found.total == sum((one.amount for one in found.lines), Decimal(0))
    assert all(one.amount == one.each * one.count for one in found.lines)
    assert euros(cents(found.total)) == found.total
    assert 0 <= found.vat <= found.total
    assert abs((found.total - found.vat) * vat / 100 - found.vat) <= Decimal("0.02")
    longer = price(rates, "club", begin, end + datetime.timedelta(days=2))
    assert longer.lines[0].amount >= found.lines[0].amount


@given(MONEY, st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=5), st.integers(-5, 200))
def test_05_a_fee_is_a_part_of_the_price(total: Decimal, rules: list[tuple[int, int]], days: int) -> None:
    assert 0 <= fee(total, rules, days) <= total


def test_06_the_nearest_limit_counts() -> None:
    rules = [(30, 20), (14, 50), (3, 100)]
    found = [fee(Decimal("100.00"), rules, days) for days in (31, 30, 15, 14, 4, 3, 0)]
    assert found == [Decimal(one) for one in (0, 20, 20, 50, 50, 100, 100)]


def test_07_the_clock_on_the_wall() -> None:
    march, october = datetime.date(2027, 3, 28), datetime.date(2027, 10, 31)
    with pytest.raises(BadInput, match="time-left-out"):
        at(march, datetime.time(2, 30))
    with pytest.raises(BadInput, match="time-twice"):
        at(october, datetime.time(2, 30))
    first, second = (at(october, datetime.time(2, 30), summer=one) for one in (True, False))
    assert second.astimezone(datetime.UTC) - first.astimezone(datetime.UTC) == datetime.timedelta(hours=1)
    night = span(march - datetime.timedelta(days=1), datetime.time(22), datetime.time(4))
    assert night.end.date() == march
    with pytest.raises(BadInput, match="time-reversed"):
        span(DAY, datetime.time(10), datetime.time(12), DAY - datetime.timedelta(days=1))
    with pytest.raises(BadInput, match="time-reversed"):
        Span(night.end, night.begin)


@given(MOMENTS)
def test_08_what_a_clock_shows_is_found_again(when: datetime.datetime) -> None:
    shown = when.astimezone(datetime.UTC).astimezone(BERLIN).replace(microsecond=0)
    try:
        found = at(shown.date(), shown.time())
    except BadInput as error:
        assert error.code == "time-twice"
        found = at(shown.date(), shown.time(), summer=shown.dst() != datetime.timedelta())
    assert found.astimezone(datetime.UTC) == shown.astimezone(datetime.UTC)
