from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """The middle of a street follows its course."""

    dependencies = [("regions", "0002_track")]

    operations = [sql_file(__file__, "street_centre.sql", "DROP FUNCTION regions_street_centre CASCADE")]
