from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """Walks and cables are looked at as sets: bulk loads do not ask for each tube, nor for each tube of the database."""

    dependencies = [("fibre", "0030_aliases")]

    operations = [sql_file(__file__, "hits.sql"), sql_file(__file__, "settling.sql")]
