from functools import partial
from typing import Any

from django.db import migrations

from gisapp.sql import install_triggers, sql_file
from layers.fibre import catalogue

ROUTE = ("network", "node", "segment")
DUCTS = ("duct", "ductstep", "tube", "tubesection", "tubejoint", "tubeend")
CABLES = (
    "cable", "cablestep", "slack", "cableentry", "fibresection", "enclosure", "device", "tray", "port", "splitter", "splitterleg",
    "joint", "jointend", "premises", "unit", "circuit", "circuitend", "lease", "measure",
)  # fmt: skip
CATALOGUE = (
    "colour", "colourscheme", "schemecolour", "ductspec", "ductspectube", "fittingspec", "cablespec", "cableattenuation",
    "enclosurespec", "splitterspec", "usualloss", "opticsclass", "opticsbudget",
)  # fmt: skip
PLANNING = ("namingrule", "workorder", "orderstep")

# In the order in which the files build on each other.
RULES_OF_CABLES = (
    "pending", "cables", "fibres", "enclosures", "joints", "splicing", "trace", "service", "light", "impact", "plans", "grants",
)  # fmt: skip
ACTIONS = ("search", "naming", "tubeway", "house", "blowing", "acts", "occupancy", "placing", "removing")


def files(*names: str) -> list[migrations.RunSQL]:
    return [sql_file(__file__, f"{name}.sql") for name in names]


def track(tables: tuple[str, ...]) -> migrations.RunSQL:
    """Changes of these tables count as a new version of the data (`gisapp_track`, app registry)."""
    named = ", ".join(f"'fibre_{table}'" for table in tables)
    return migrations.RunSQL(f"SELECT gisapp_track({named})", migrations.RunSQL.noop)


def load(apps: Any, schema_editor: Any) -> None:
    model = partial(apps.get_model, "fibre")
    catalogue.load(model)
    catalogue.load_optics(model)


class Migration(migrations.Migration):
    """The history and the rules of the network, the questions and actions, and the catalogue that is shipped."""

    dependencies = [("fibre", "0001_initial"), ("history", "0002_taking_back"), ("registry", "0001_versions")]

    operations = [
        install_triggers("fibre"),
        *files("network", "route"),
        track(ROUTE),
        *files("walks", "ducts", "couplings"),
        track(DUCTS),
        *files(*RULES_OF_CABLES),
        track(CABLES + CATALOGUE),
        *files("access", "past", *ACTIONS, "orders"),
        track(PLANNING),
        migrations.RunPython(load, migrations.RunPython.noop),
        *files("undoing"),
        # The catalogue's own rules are asked here and not at some later migration's end.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
    ]
