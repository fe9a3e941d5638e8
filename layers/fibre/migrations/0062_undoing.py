from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """The history takes back whole actions on a network, with everything that followed from them."""

    dependencies = [("fibre", "0061_rules_of_orders"), ("history", "0002_taking_back")]

    operations = [sql_file(__file__, "undoing.sql")]
