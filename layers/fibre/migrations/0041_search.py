from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """The shortest way through the trenches, and what a trench has room for."""

    dependencies = [("fibre", "0040_naming_and_room"), ("accounts", "0009_acting")]

    operations = [
        sql_file(__file__, "search.sql"),
        migrations.RunSQL("SELECT gisapp_track('fibre_namingrule')", migrations.RunSQL.noop),
        migrations.RunSQL("SELECT fibre_tune()", migrations.RunSQL.noop),
    ]
