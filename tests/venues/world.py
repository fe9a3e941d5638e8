"""A village hall of two halves and a kitchen, near the corner of tests/factories.py; and how to book it.

+---------+---------+---------+
| west    | east    | kitchen |     rooms (atomic)
+---------+---------+---------+
'- hall: both ------'             "Saal", 100 people
'- half -'                        "Saal West", 50
'- hall and kitchen -----------'  "Saal mit Küche", 100
"""

import datetime
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.utils import timezone

from gisapp.accounts.models import Organisation
from layers.venues import values
from layers.venues.contacts import Contact
from layers.venues.localtime import Span, span
from layers.venues.models import Booking, Conditions, Equipment, Opening, Room, Space, SpaceRoom, Tariff, Venue
from layers.venues.services import Wish
from tests import factories

ALL_DAYS = [1, 2, 3, 4, 5, 6, 7]


@dataclass
class Hall:
    venue: Venue
    whole: Space
    half: Space
    full: Space
    kitchen: Space


def equipment() -> None:
    """The shipped equipment; a test that empties all tables has taken it along."""
    if not Equipment.objects.exists():
        values.load_equipment(lambda name: apps.get_model("venues", name))


def venue(
    of: Organisation, name: str = "Dorfgemeinschaftshaus Haby", x: float = 100, y: float = 100, **more: Any
) -> Venue:
    equipment()
    given = {"kind": "hall", "capacity": 120, "locality": "Haby", "published": True, **more}
    made: Venue = Venue.objects.create(organisation=of, name=name, geom=factories.point(x, y), **given)
    return made


def space(of: Venue, name: str, rooms: list[Room], **more: Any) -> Space:
    """Let on request, a day ahead, for an hour up to two days; 50 euros for everybody."""
    made = Space.objects.create(**{"venue": of, "name": name, "capacity": 100, "lead_hours": 24, **more})
    SpaceRoom.objects.bulk_create([SpaceRoom(space=made, room=one) for one in rooms])
    for group in ("resident", "club", "commercial"):
        Tariff.objects.create(space=made, group=group, unit="flat", cents=5_000)
    return made


def hall(
    of: Organisation | None = None,
    *,
    name: str = "Dorfgemeinschaftshaus Haby",
    x: float = 100,
    opens: int = 8,
    closes: int = 2,
    **more: Any,
) -> Hall:
    """Open each day from 8 to 2 at night; `more` are properties of each space."""
    home = venue(of or factories.organisation("gemeinde"), name, x)
    Opening.objects.create(venue=home, weekdays=ALL_DAYS, opens=datetime.time(opens), closes=datetime.time(closes))
    west, east, cook = (Room.objects.create(venue=home, name=one) for one in ("west", "east", "kitchen"))
    return Hall(
        home,
        space(home, "Saal", [west, east], **more),
        space(home, "Saal West", [west], **{"capacity": 50, **more}),
        space(home, "Saal mit Küche", [west, east, cook], **{"equipment": ["kitchen"], **more}),
        space(home, "Küche", [cook], **{"equipment": ["kitchen"], "capacity": 10, **more}),
    )


def on(days: int, begins: int = 18, ends: int = 22) -> Span:
    """So many days from today, from one hour to another (of the next day where that is not later)."""
    day = timezone.localdate() + datetime.timedelta(days=days)
    return span(day, datetime.time(begins), datetime.time(ends), summer=True)


def wish(of: Space, when: Span, email: str = "verein@example.org", **more: Any) -> Wish:
    made: Wish = Wish(space=of, span=when, contact=Contact("Anna Probe", email, club="SV Probe"), **more)
    return made


def conditions(of: Venue, text: str = "Besenrein übergeben.") -> Conditions:
    made: Conditions = Conditions.objects.create(
        venue=of, version=Conditions.objects.filter(venue=of).count() + 1, text=text
    )
    return made


def states() -> list[str]:
    """The states of all bookings, in the order in which they were made."""
    return list(Booking.objects.order_by("number").values_list("state", flat=True))
