from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """What is taken and what is free: the questions about tubes, fibres and places."""

    dependencies = [("fibre", "0043_actions")]

    operations = [sql_file(__file__, "occupancy.sql")]
