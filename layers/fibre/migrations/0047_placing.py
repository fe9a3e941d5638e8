from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """Where cables and enclosures are on the map."""

    # Rows are written anew in the first half; the table's own rules are asked at the end of it.
    dependencies = [("fibre", "0046_places_of_cables")]

    operations = [
        sql_file(__file__, "placing.sql"),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
    ]
