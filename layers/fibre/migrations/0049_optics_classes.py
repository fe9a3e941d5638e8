from functools import partial
from typing import Any

from django.db import migrations

from layers.fibre import catalogue


def load(apps: Any, schema_editor: Any) -> None:
    catalogue.load_optics(partial(apps.get_model, "fibre"))


class Migration(migrations.Migration):
    """The optics classes that are shipped."""

    dependencies = [("fibre", "0048_optics")]

    operations = [
        migrations.RunSQL("SELECT gisapp_track('fibre_opticsclass', 'fibre_opticsbudget')", migrations.RunSQL.noop),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
