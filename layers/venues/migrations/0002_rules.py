import datetime
from functools import partial
from typing import Any

from django.db import migrations

from gisapp.sql import install_triggers, sql_file
from layers.venues import values

TABLES = (
    "venue", "room", "space", "spaceroom", "equipment", "conditions", "opening", "specialday", "holiday", "tariff", "extra", "cancelrule",
    "booking", "slot",
)  # fmt: skip


def load(apps: Any, schema_editor: Any) -> None:
    model = partial(apps.get_model, "venues")
    values.load_equipment(model)
    values.load_holidays(model, datetime.date.today())


class Migration(migrations.Migration):
    """The history and the rules of venues and bookings, the search, and what is shipped: equipment and holidays."""

    dependencies = [("venues", "0001_initial"), ("history", "0002_taking_back"), ("registry", "0001_versions")]

    operations = [
        install_triggers("venues"),
        *(sql_file(__file__, f"{name}.sql") for name in ("rules", "workflow", "hours", "slots", "search")),
        migrations.RunSQL(
            "SELECT gisapp_track({})".format(", ".join(f"'venues_{one}'" for one in TABLES)), migrations.RunSQL.noop
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
