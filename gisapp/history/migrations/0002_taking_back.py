from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """What follows from a row does not follow a second time while the history takes something back."""

    dependencies = [("history", "0001_context")]

    operations = [sql_file(__file__, "taking_back.sql")]
