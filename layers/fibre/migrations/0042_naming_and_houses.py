from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """Names by rules, where a tube leads, and a house connected in one step."""

    dependencies = [("fibre", "0041_search")]

    operations = [
        sql_file(__file__, "naming.sql"),
        sql_file(__file__, "tubeway.sql"),
        sql_file(__file__, "house.sql"),
        migrations.RunSQL("SELECT fibre_tune()", migrations.RunSQL.noop),
    ]
