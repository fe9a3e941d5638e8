from functools import partial
from typing import Any

from django.db import migrations

from gisapp.sql import sql_file
from layers.fibre import catalogue


def load(apps: Any, schema_editor: Any) -> None:
    catalogue.load(partial(apps.get_model, "fibre"))


class Migration(migrations.Migration):
    """The rules of ducts and couplings, and the catalogue that is shipped."""

    dependencies = [("fibre", "0003_catalogue_and_ducts")]

    operations = [
        sql_file(__file__, "ducts.sql"),
        sql_file(__file__, "couplings.sql"),
        migrations.RunSQL(
            "SELECT gisapp_track('fibre_duct', 'fibre_ductstep', 'fibre_tube', 'fibre_tubesection', 'fibre_tubejoint', 'fibre_tubeend')",
            migrations.RunSQL.noop,
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
