"""`gisapp venues free`: what is free on the command line."""

import argparse
import datetime
import json
import sys
from typing import Any

from django.contrib.gis.geos import Point
from django.utils.translation import gettext as _

from gisapp.commands.command import Command
from gisapp.errors import BadInput
from gisapp.geolibs import STORAGE_SRID, WGS84_SRID
from layers.venues import localtime, queries


def _arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True)
    free = verbs.add_parser("free", help=_("sagen, welche Räume zu einer Zeit frei sind"))
    free.add_argument("--date", required=True, metavar="D", help=_("Tag, 2027-05-01"))
    free.add_argument("--from", required=True, dest="begins", metavar="T", help=_("Beginn, 18:00"))
    free.add_argument(
        "--to",
        required=True,
        dest="ends",
        metavar="T",
        help=_("Ende, 23:00; nicht später als der Beginn: am nächsten Tag"),
    )
    free.add_argument("--people", type=int, default=1, metavar="N", help=_("so viele Personen"))
    free.add_argument(
        "--with",
        dest="equipment",
        default="",
        metavar="KEYS",
        help=_("Ausstattung, mit Komma getrennt (kitchen,stage)"),
    )
    free.add_argument("--near", default="", metavar="LAT,LON", help=_("in der Nähe dieser Stelle"))
    free.add_argument("--km", type=float, default=10, metavar="KM", help=_("so viele Kilometer um sie"))
    free.add_argument("--json", action="store_true", help=_("ein JSON-Objekt statt Text"))


def _near(text: str) -> Point | None:
    if not text:
        return None
    try:
        lat, lon = (float(one) for one in text.split(","))
    except ValueError as error:
        raise BadInput("bad-value", name="--near", value=text[:50]) from error
    point = Point(lon, lat, srid=WGS84_SRID)
    point.transform(STORAGE_SRID)
    return point


def _value(name: str, text: str, read: Any) -> Any:
    try:
        return read(text)
    except ValueError as error:
        raise BadInput("bad-value", name=name, value=text[:50]) from error


def _run(arguments: argparse.Namespace) -> int:
    span = localtime.span(
        _value("--date", arguments.date, datetime.date.fromisoformat), _value("--from", arguments.begins, datetime.time.fromisoformat),
        _value("--to", arguments.ends, datetime.time.fromisoformat), summer=True,
    )  # fmt: skip
    if arguments.people < 1:
        raise BadInput("bad-number", name="--people", value=arguments.people)
    wanted = [one.strip() for one in arguments.equipment.split(",") if one.strip()]
    found = queries.free(span, arguments.people, wanted, _near(arguments.near), arguments.km * 1000)
    begin, end = span.local
    rows = [
        {
            "venue": one.space.venue_id, "space": one.space.pk, "name": one.space.venue.name, "room": one.space.name,
            "locality": one.space.venue.locality, "capacity": one.space.capacity, "booking": one.space.mode,
            "metres": None if one.metres is None else round(one.metres),
        }
        for one in found
    ]  # fmt: skip
    if arguments.json:
        told = {
            "from": begin.isoformat(),
            "to": end.isoformat(),
            "people": arguments.people,
            "count": len(rows),
            "free": rows,
        }
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return 0
    for one in found:
        away = "" if one.metres is None else f"  {one.metres / 1000:.1f} km"
        home = one.space.venue
        sys.stdout.write(f"{home.name} · {one.space.name}, {home.locality} ({one.space.capacity}){away}\n")
    if not rows:
        sys.stdout.write(_("Nichts ist frei, das passt.") + "\n")
    return 0


VENUES = Command("venues", "Orte zum Feiern: was wann frei ist", _run, _arguments)
