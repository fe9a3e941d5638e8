from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """The rules of the route graph, and the versions of its tables."""

    dependencies = [("fibre", "0001_initial"), ("registry", "0001_versions"), ("regions", "0001_initial")]

    operations = [
        sql_file(__file__, "route.sql"),
        migrations.RunSQL("SELECT gisapp_track('fibre_network', 'fibre_node', 'fibre_segment')", migrations.RunSQL.noop),
    ]
