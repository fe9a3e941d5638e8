from django.db import migrations


class Migration(migrations.Migration):
    """Writes to these tables change their layers' version."""

    dependencies = [("regions", "0001_initial"), ("registry", "0001_versions")]

    operations = [
        migrations.RunSQL("SELECT gisapp_track('regions_country', 'regions_district', 'regions_amt', 'regions_municipality', 'regions_place', 'regions_street', 'regions_address')", migrations.RunSQL.noop),
    ]
