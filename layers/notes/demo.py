"""The notices of the demo: some of each organisation, internal and public."""

from collections.abc import Callable

from django.contrib.gis.geos import Point
from django.db import transaction
from django.utils.translation import gettext as _

from gisapp.accounts.models import Organisation
from layers.notes.models import Note
from layers.regions.demo import SOURCE
from layers.regions.demo_plan import plan

# Organisation, title, text, audience, state.
_NOTES = (
    ("amt", "Straßensperrung Ortsdurchfahrt", "Kanalsanierung, Umleitung ist ausgeschildert.", "public", "open"),
    ("amt", "Spielplatz wird erneuert", "Voraussichtlich bis zum Frühjahr.", "public", "open"),
    ("amt", "Grenzstein fehlt", "Vermessung beauftragen.", "internal", "open"),
    ("amt", "Hydrant geprüft", "Ohne Mängel.", "internal", "done"),
    ("verband", "Glasfaserausbau beginnt", "Tiefbau ab Monatsbeginn, Anwohner sind informiert.", "public", "open"),
    ("verband", "Schacht nicht zugänglich", "Schlüssel liegt beim Bauhof.", "internal", "open"),
    ("verband", "Trasse abgenommen", "Protokoll liegt vor.", "internal", "done"),
)
KEYS = {"amt": "amt-huettener-berge", "verband": "breitband-verband"}


def build(size: str, seed: int, progress: Callable[[str], None]) -> None:
    """Write the demo's notices anew, in one transaction; the organisations are the accounts' part."""
    progress(_("%(count)s Hinweise") % {"count": len(_NOTES)})
    villages = [one for one in plan(size, seed).villages if one.main]
    with transaction.atomic():
        Note.objects.filter(source=SOURCE).delete()
        owners = {key: Organisation.objects.get(key=name) for key, name in KEYS.items()}
        for number, (who, title, text, audience, state) in enumerate(_NOTES):
            x, y = villages[(number * 5 + seed) % len(villages)].centre
            Note.objects.create(
                source=SOURCE, source_id=str(number), title=title, text=text, audience=audience, state=state,
                organisation=owners[who], geom=Point(x + 40 * number, y - 60, srid=25832),
            )  # fmt: skip
