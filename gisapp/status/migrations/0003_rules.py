from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """What maintenance refuses; writes to banners and maintenance are noted, so that every process learns of them."""

    dependencies = [("status", "0002_history"), ("registry", "0001_versions")]

    operations = [
        sql_file(__file__, "maintenance.sql", "DROP FUNCTION gisapp_refuse_in_maintenance() CASCADE"),
        migrations.RunSQL("SELECT gisapp_track('status_banner', 'status_maintenance')", migrations.RunSQL.noop),
    ]
