from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """The web server may act for a person under the database's own policies."""

    dependencies = [("accounts", "0008_reach")]

    operations = [sql_file(__file__, "acting.sql")]
