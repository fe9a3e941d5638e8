from django.db import migrations


class Migration(migrations.Migration):
    """Writes to these tables change their layers' version."""

    dependencies = [("notes", "0001_initial"), ("registry", "0001_versions")]

    operations = [
        migrations.RunSQL("SELECT gisapp_track('notes_note')", migrations.RunSQL.noop),
    ]
