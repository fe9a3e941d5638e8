"""Prices and fees of the tariffs in the database, computed by the pure functions of price.py."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone

from gisapp.errors import BadInput
from layers.venues.localtime import BERLIN, Span
from layers.venues.models import Booking, Space
from layers.venues.price import Item, Price, Rate, euros, fee, price


def _items(space: Space, extras: Mapping[int, int]) -> list[Item]:
    known = {one.pk: one for one in space.extras.order_by("name")}
    for key, count in extras.items():
        if key not in known or not 0 <= count <= known[key].most:
            raise BadInput("extra-unknown", field=f"extra_{key}")
    return [Item(one.name, extras[key], euros(one.cents)) for key, one in known.items() if extras.get(key)]


def quote(space: Space, span: Span, group: str, extras: Mapping[int, int] | None = None) -> Price:
    """What the use costs; `extras`: how many of each, by its key.

    Raises Conflict("booking-no-tariff"), BadInput("extra-unknown").
    """
    rates = [
        Rate(one.group, one.unit, euros(one.cents), frozenset(one.weekdays), one.season_from, one.season_to)
        for one in space.tariffs.order_by("ordinal", "pk")
    ]
    begin, end = span.local
    return price(
        rates, group, begin, end, items=_items(space, extras or {}), cleaning=euros(space.cleaning_cents),
        deposit=euros(space.deposit_cents), vat_percent=Decimal(space.vat_percent),
    )  # fmt: skip


def cancelling(booking: Booking) -> Decimal:
    """What it costs the booker to cancel now: nothing before it is confirmed."""
    if booking.state != Booking.State.CONFIRMED:
        return Decimal("0.00")
    days = (booking.used.lower.astimezone(BERLIN).date() - timezone.localdate(timezone=BERLIN)).days
    rules = list(booking.venue.cancel_rules.values_list("days_before", "percent"))
    return fee(euros(booking.price_cents), rules, days)


def shown(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The price that is kept with a booking, in euros."""
    lines = [{**one, "each": euros(one["each"]), "amount": euros(one["amount"])} for one in kept.get("lines", [])]
    return {
        "lines": lines, "total": euros(kept.get("total", 0)), "vat": euros(kept.get("vat", 0)), "deposit": euros(kept.get("deposit", 0)),
        "vat_percent": Decimal(kept.get("vat_percent", "0")),
    }  # fmt: skip
