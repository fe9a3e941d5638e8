from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """What the questions look up in the past."""

    dependencies = [("fibre", "0030_aliases")]

    operations = [sql_file(__file__, "past.sql")]
