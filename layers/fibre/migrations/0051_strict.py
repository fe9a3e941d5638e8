from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """A segment that touches itself only after it was drawn to its nodes, and an end cap that is moved, are refused."""

    dependencies = [("fibre", "0050_settling")]

    operations = [sql_file(__file__, "strict.sql")]
