from django.contrib.postgres.operations import (
    BtreeGistExtension,
    CreateExtension,
    TrigramExtension,
    UnaccentExtension,
)
from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """Extensions (present already in the private cluster's template) and the folding of names."""

    operations = [
        CreateExtension("postgis"),
        TrigramExtension(),
        UnaccentExtension(),
        BtreeGistExtension(),
        sql_file(__file__, "norm.sql", "DROP FUNCTION gisapp_norm(text)"),
    ]
