from django.db import migrations


class Migration(migrations.Migration):
    """Writes to these tables change their layers' version."""

    dependencies = [("basemap", "0001_initial"), ("registry", "0001_versions")]

    operations = [
        migrations.RunSQL("SELECT gisapp_track('basemap_road', 'basemap_path', 'basemap_rail', 'basemap_water', 'basemap_waterway', 'basemap_landuse', 'basemap_building', 'basemap_poi')", migrations.RunSQL.noop),
    ]
