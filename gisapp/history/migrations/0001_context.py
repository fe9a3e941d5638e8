from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """Changes that no program of ours made are named by the database log-in."""

    dependencies = [("accounts", "0003_access"), ("pghistory", "0007_auto_20250421_0444")]

    operations = [sql_file(__file__, "context.sql")]
