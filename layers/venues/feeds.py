"""Calendars for other programs (RFC 5545): when a venue is in use, and never by whom."""

import datetime
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gisapp.map.languages import with_language
from layers.venues import queries
from layers.venues.localtime import BERLIN
from layers.venues.models import Slot

BACK, AHEAD = datetime.timedelta(days=31), datetime.timedelta(days=731)


def escaped(text: str) -> str:
    for sign, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        text = text.replace(sign, written)
    return text


def folded(line: str) -> str:
    """Lines of at most 75 octets, the next ones indented; no character is cut in two."""
    pieces: list[str] = []
    piece, length = "", 0
    for sign in line:
        octets = len(sign.encode())
        if length + octets > (75 if not pieces else 74):
            pieces.append(piece)
            piece, length = "", 0
        piece, length = piece + sign, length + octets
    return "\r\n ".join([*pieces, piece])


def _moment(when: datetime.datetime) -> str:
    return when.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")


def written(lines: Iterable[str]) -> str:
    return "\r\n".join(map(folded, lines)) + "\r\n"


@require_safe
@with_language
def calendar(request: HttpRequest, key: int) -> HttpResponse:
    """What is in use, from a month ago to two years ahead; one entry for each room and use."""
    venue = queries.venue(request.user, key)
    today = timezone.localdate(timezone=BERLIN)
    busy = queries.busy(venue.pk, today - BACK, today + AHEAD)
    rooms = dict(venue.rooms.values_list("pk", "name"))
    latest = (
        Slot.objects.filter(room__venue=venue)
        .order_by("-booking__updated_at")
        .values_list("booking__updated_at", flat=True)
        .first()
    )
    stamp = _moment(latest or venue.updated_at)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//KRIT-GIS//venues//DE", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
             f"X-WR-CALNAME:{escaped(venue.name)}"]  # fmt: skip
    for one in busy:
        title = _("vorgemerkt") if one.tentative else _("belegt")
        lines += [
            "BEGIN:VEVENT", f"UID:{one.room}-{_moment(one.begin)}@venues", f"DTSTAMP:{stamp}", f"DTSTART:{_moment(one.begin)}",
            f"DTEND:{_moment(one.end)}", f"SUMMARY:{escaped(f'{rooms[one.room]}: {title}')}",
            f"STATUS:{'TENTATIVE' if one.tentative else 'CONFIRMED'}", "TRANSP:OPAQUE", "END:VEVENT",
        ]  # fmt: skip
    answer = HttpResponse(written([*lines, "END:VCALENDAR"]), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = f'inline; filename="venue-{venue.pk}.ics"'
    answer["Cache-Control"] = "private, max-age=300"
    return answer
