"""Money, times and words of the venues' pages."""

import datetime
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format, number_format
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from layers.venues import price as prices
from layers.venues.localtime import BERLIN
from layers.venues.models import Extra, Opening, Space, Tariff, Venue
from layers.venues.notices import said

register = template.Library()
WHOLE_YEAR = (101, 1231)


@register.filter
def money(amount: Decimal) -> str:
    return f"{number_format(amount, 2, use_l10n=True, force_grouping=True)} €"


@register.filter
def euros(cents: int) -> str:
    return money(prices.euros(cents))


@register.filter
def kilometres(metres: float) -> str:
    return f"{number_format(metres / 1000, 1)} km"


@register.filter
def clock(when: datetime.datetime) -> str:
    return f"{when.astimezone(BERLIN):%H:%M}"


@register.filter
def day_of(when: datetime.datetime) -> str:
    """The local day, as addresses have it."""
    return when.astimezone(BERLIN).date().isoformat()


@register.simple_tag
def gap(day: datetime.date, since: datetime.datetime, until: datetime.datetime) -> str:
    """A free time of a day, whose open hours may go on after midnight."""
    begin = since.astimezone(BERLIN)
    values = {"a": clock(since), "b": clock(until), "day": date_format(begin, "D")}
    if begin.date() == day:
        return _("frei von %(a)s bis %(b)s Uhr") % values
    return _("frei von %(day)s %(a)s bis %(b)s Uhr") % values


@register.filter
def moment(when: datetime.datetime) -> str:
    return date_format(when.astimezone(BERLIN), "SHORT_DATETIME_FORMAT")


@register.filter
def day_word(state: str) -> str:
    return {"free": _("frei"), "partly": _("teils"), "taken": _("belegt"), "closed": _("geschlossen"), "past": ""}.get(
        state, ""
    )


@register.filter
def told(state: str) -> str:
    """What a state means for who booked."""
    return said(state)[1]


@register.filter
def price_line(line: Mapping[str, Any]) -> str:
    """One line of a price in words: what, how many, at how much each."""
    count, each = line["count"], money(line["each"])
    values = {"count": count, "each": each, "name": line["name"]}
    if line["kind"] == "cleaning":
        return _("Endreinigung")
    if line["kind"] == "extra":
        return _("%(name)s: %(count)s × %(each)s") % values
    if line["unit"] == "hour":
        return _("Nutzung: %(count)s × %(each)s je angefangene Stunde") % values
    if line["unit"] == "day":
        return _("Nutzung: %(count)s × %(each)s je Tag") % values
    return _("Nutzung, pauschal")


def _days(weekdays: list[int]) -> str:
    """Mo–Fr, or Sa, So: neighbours are drawn together."""
    runs: list[list[int]] = []
    for one in sorted(weekdays):
        if runs and one == runs[-1][-1] + 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    name = {one: str(WEEKDAYS_ABBR[one - 1]) for one in weekdays}
    return ", ".join(name[run[0]] if len(run) == 1 else f"{name[run[0]]}–{name[run[-1]]}" for run in runs)


def _season(first: int, last: int) -> str:
    """(1.4.–31.10.); "" for the whole year."""
    if (first, last) == WHOLE_YEAR:
        return ""
    return " ({}–{})".format(*(f"{value % 100}.{value // 100}." for value in (first, last)))


@register.filter
def opening(one: Opening) -> str:
    return f"{_days(one.weekdays)} {one.opens:%H:%M}–{one.closes:%H:%M}{_season(one.season_from, one.season_to)}"


@register.filter
def tariff_when(one: Tariff) -> str:
    """On which days alone a tariff holds; "" for all."""
    season = _season(one.season_from, one.season_to)
    return (f" ({_days(one.weekdays)})" if one.weekdays else "") + season


@register.filter
def extra_name(one: Extra) -> str:
    return one.name_en if one.name_en and (get_language() or "de").startswith("en") else one.name


@register.simple_tag
def equipment(space: Space, names: Mapping[str, str]) -> str:
    """What the space and its venue have, in words."""
    return ", ".join(names.get(one, one) for one in dict.fromkeys([*space.equipment, *space.venue.equipment]))


@register.simple_tag
def map_link(venue: Venue) -> str:
    """The map with the venue selected."""
    lon, lat = venue.place
    return mark_safe(f"{reverse('map')}#map=15/{lat}/{lon}&amp;layers=venues&amp;sel=venues/{venue.pk}")  # noqa: S308 - numbers alone


@register.simple_tag
def schema_place(venue: Venue) -> str:
    """What search engines read (schema.org); the same that the page says."""
    lon, lat = venue.place
    address = {
        "@type": "PostalAddress", "streetAddress": venue.street, "postalCode": venue.postcode, "addressLocality": venue.locality,
        "addressCountry": "DE",
    }  # fmt: skip
    told = {
        "@context": "https://schema.org", "@type": "EventVenue", "name": venue.name, "description": venue.text,
        "address": {name: value for name, value in address.items() if value}, "maximumAttendeeCapacity": venue.capacity,
        "geo": {"@type": "GeoCoordinates", "latitude": lat, "longitude": lon},
    }  # fmt: skip
    told = {name: value for name, value in told.items() if value}
    # As in Django's json_script: nothing in it ends the element.
    words = json.dumps(told, ensure_ascii=False).translate(
        {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}
    )
    return mark_safe(f'<script type="application/ld+json">{words}</script>')  # noqa: S308 - escaped above


@register.simple_tag
def pager(asked: Mapping[str, str], start: int) -> str:
    return "?" + urlencode({**asked, "from": start})
