from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """What an order may become, and that nobody changes what was agreed upon."""

    dependencies = [("fibre", "0060_orders")]

    operations = [
        sql_file(__file__, "orders.sql"),
        migrations.RunSQL("SELECT gisapp_track('fibre_workorder', 'fibre_orderstep')", migrations.RunSQL.noop),
    ]
