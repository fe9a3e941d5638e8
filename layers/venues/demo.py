"""The demo's venues: a hall, a room, a barbecue place or a sports ground in each municipality, with a year of bookings."""

import datetime
from collections.abc import Callable
from typing import Any

import numpy as np
from django.apps import apps
from django.contrib.gis.geos import Point
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext as _

from gisapp.accounts.models import Organisation
from layers.regions.demo import SOURCE
from layers.regions.demo_plan import plan
from layers.venues import contacts, localtime, quotes, values
from layers.venues.contacts import Contact
from layers.venues.models import (
    Booking,
    CancelRule,
    Conditions,
    Extra,
    Opening,
    Room,
    Series,
    Space,
    SpaceRoom,
    Tariff,
    Venue,
)
from layers.venues.price import cents

OWNER = "amt-huettener-berge"
MOST = 40
EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
# Kind, name, people, equipment, what is let: (name, rooms, people, euros a day for resident, club, others).
_HALL = (("Saal", ("Saal West", "Saal Ost"), 120, (150, 60, 300)), ("Saal West", ("Saal West",), 60, (90, 40, 180)),
         ("Saal mit Küche", ("Saal West", "Saal Ost", "Küche"), 120, (190, 90, 360)), ("Küche", ("Küche",), 15, (50, 25, 90)))  # fmt: skip
_KINDS = (
    ("hall", "Dorfgemeinschaftshaus {place}", 120, ("kitchen", "tables", "stage", "projector", "heating", "accessible-toilet", "parking"), _HALL),
    ("room", "Bürgerraum {place}", 30, ("projector", "wifi", "tables", "heating", "toilet"), (("Bürgerraum", ("Bürgerraum",), 30, (40, 0, 80)),)),
    ("barbecue", "Grillplatz {place}", 60, ("grill", "tables", "water", "parking"), (("Grillplatz", ("Grillplatz",), 60, (25, 15, 60)),)),
    ("sports", "Sportplatz {place}", 200, ("floodlight", "changing-room", "toilet", "parking"), (("Sportplatz", ("Platz",), 200, (60, 0, 150)),)),
)  # fmt: skip
_TERMS = (
    "Die Räume werden besenrein übergeben, Müll wird mitgenommen. Ab 22 Uhr bleiben Fenster und Türen zu. Für Schäden haftet, wer bucht. "
    "Diese Bedingungen gehören zur erfundenen Demo-Region."
)
_CLUBS = ("SV Probe", "Landfrauen Probe", "Freiwillige Feuerwehr Probe", "Chor Probe", "")


def build(size: str, seed: int, progress: Callable[[str], None]) -> None:
    """Write the demo's venues anew, in one transaction; the organisation is the accounts' part."""
    values.load_equipment(lambda name: apps.get_model("venues", name))
    values.load_holidays(lambda name: apps.get_model("venues", name), timezone.localdate())
    villages = [one for one in plan(size, seed).villages if one.main][:MOST]
    progress(_("%(count)s Orte zum Feiern") % {"count": len(villages)})
    rng = np.random.default_rng([seed, 77])
    owner = Organisation.objects.get(key=OWNER)
    with transaction.atomic():
        _clear()
        for number, village in enumerate(villages):
            _venue(owner, number, village, rng)


def _clear() -> None:
    old = Venue.objects.filter(source=SOURCE)
    Booking.objects.filter(venue__in=old).delete()
    Series.objects.filter(space__venue__in=old).delete()
    SpaceRoom.objects.filter(space__venue__in=old).delete()
    old.delete()


def _venue(owner: Organisation, number: int, village: Any, rng: np.random.Generator) -> None:
    kind, name, people, equipment, spaces = _KINDS[0] if number % 2 == 0 else _KINDS[1 + number // 2 % 3]
    x, y = village.centre
    made = Venue.objects.create(
        source=SOURCE, source_id=str(number), organisation=owner, name=name.format(place=village.name), kind=kind, capacity=people,
        equipment=list(equipment), locality=village.name, geom=Point(x + 70, y + 40, srid=25832), published=True,
        access="full" if number % 3 else "partly", text=_TEXTS[kind], house_rules="Nachtruhe ab 22 Uhr. Rauchen nur draußen.",
    )  # fmt: skip
    early, late = (8, 2) if kind in ("hall", "room") else (8, 22)
    summer = {"season_from": 401, "season_to": 1031} if kind == "barbecue" else {}
    Opening.objects.create(
        venue=made, weekdays=EVERY_DAY, opens=datetime.time(early), closes=datetime.time(late), **summer
    )
    Conditions.objects.create(venue=made, version=1, text=_TERMS)
    for days, percent in ((30, 20), (14, 50), (3, 100)):
        CancelRule.objects.create(venue=made, days_before=days, percent=percent)
    rooms = {one: Room.objects.create(venue=made, name=one) for _n, parts, _p, _e in spaces for one in dict.fromkeys(parts)} if kind != "hall" else {
        one: Room.objects.create(venue=made, name=one) for one in ("Saal West", "Saal Ost", "Küche")
    }  # fmt: skip
    for ordinal, (title, parts, most, euros) in enumerate(spaces):
        _space(made, ordinal, title, [rooms[one] for one in parts], most, euros, rng)


_TEXTS = {
    "hall": "Teilbarer Saal mit Bühne und Küche, für Feste, Versammlungen und Vereinsabende.",
    "room": "Heller Raum für Sitzungen, Kurse und kleine Feiern.",
    "barbecue": "Überdachter Grillplatz mit Tischen am Waldrand.",
    "sports": "Rasenplatz mit Flutlicht und Umkleiden.",
}


def _space(
    venue: Venue,
    ordinal: int,
    title: str,
    rooms: list[Room],
    most: int,
    euros: tuple[int, int, int],
    rng: np.random.Generator,
) -> None:
    kitchen = any(one.name == "Küche" for one in rooms)
    made = Space.objects.create(
        venue=venue, name=title, capacity=most, ordinal=ordinal, before_minutes=30, after_minutes=60 if venue.kind == "hall" else 30,
        mode="instant" if venue.kind == "barbecue" else "request", lead_hours=24, min_minutes=60, max_minutes=1440,
        deposit_cents=20_000 if kitchen else 10_000 if venue.kind == "hall" else 0, cleaning_cents=6_000 if venue.kind == "hall" else 0,
    )  # fmt: skip
    SpaceRoom.objects.bulk_create([SpaceRoom(space=made, room=one) for one in rooms])
    for group, amount in zip(("resident", "club", "commercial"), euros, strict=True):
        Tariff.objects.create(space=made, group=group, unit="day", cents=amount * 100)
    if kitchen:
        Extra.objects.create(
            space=made, name="Geschirr für 30 Personen", name_en="Crockery for 30 people", cents=1_500, most=4
        )
    if ordinal < 2:
        _bookings(made, rng)


def _bookings(space: Space, rng: np.random.Generator) -> None:
    """Some evenings of the coming months; what does not fit is not made."""
    today = timezone.localdate()
    parity = space.ordinal % 2
    for number in range(10):
        day = today + datetime.timedelta(days=int(4 + number * 9 + rng.integers(0, 4)) * 2 + parity)
        span = localtime.span(day, datetime.time(18), datetime.time(21), summer=True)
        closed = space.venue.kind == "barbecue" and not 4 <= day.month <= 10
        if closed:
            continue
        state = "requested" if number % 4 == 1 and space.mode == "request" else "confirmed"
        group = ("club", "resident")[number % 2]
        price = quotes.quote(space, span, group)
        made = Booking.objects.create(
            space=space, venue_id=space.venue_id, organisation_id=space.venue.organisation_id, number=0, state=state,
            used=DateTimeTZRange(span.begin, span.end), people=min(space.capacity, 20 + number), group=group, price=price.plain(),
            price_cents=cents(price.total), deposit_cents=cents(price.deposit), exempt=True,
        )  # fmt: skip
        contacts.keep(made, Contact("Erika Beispiel", club=_CLUBS[number % len(_CLUBS)], purpose=_("Vereinsabend")))
