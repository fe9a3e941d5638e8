from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """Blowing cables in and pulling them out; taking joints apart."""

    dependencies = [("fibre", "0042_naming_and_houses")]

    operations = [
        sql_file(__file__, "blowing.sql"),
        sql_file(__file__, "acts.sql"),
        migrations.RunSQL("SELECT fibre_tune()", migrations.RunSQL.noop),
    ]
