from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """Who may change a network, which trenches are shared, and where a duct lies."""

    dependencies = [("fibre", "0020_places_and_guests"), ("accounts", "0008_reach")]

    operations = [sql_file(__file__, "access.sql")]
