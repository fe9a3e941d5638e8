from functools import partial
from typing import Any

from django.db import migrations

from gisapp.sql import sql_file
from layers.fibre import catalogue

FILES = ("pending", "cables", "fibres", "enclosures", "joints", "splicing", "trace", "service", "impact", "plans", "grants")
TRACKED = (
    "cable", "cablestep", "slack", "cableentry", "fibresection", "enclosure", "device", "tray", "port", "splitter", "splitterleg", "joint",
    "jointend", "premises", "unit", "circuit", "circuitend", "lease", "measure", "colour", "colourscheme", "schemecolour", "ductspec", "ductspectube", "fittingspec", "cablespec",
    "cableattenuation", "enclosurespec", "splitterspec", "usualloss",
)  # fmt: skip


def load(apps: Any, schema_editor: Any) -> None:
    catalogue.load(partial(apps.get_model, "fibre"))


class Migration(migrations.Migration):
    """The rules of cables, fibres, enclosures and joints, and the catalogue that is shipped."""

    dependencies = [("fibre", "0005_cables")]

    operations = [
        *(sql_file(__file__, f"{name}.sql") for name in FILES),
        migrations.RunSQL(
            f"SELECT gisapp_track({', '.join(repr('fibre_' + one) for one in TRACKED)})", migrations.RunSQL.noop
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
