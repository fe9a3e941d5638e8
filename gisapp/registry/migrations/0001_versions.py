from django.db import migrations

from gisapp.sql import sql_file

REVERSE = """
DROP FUNCTION gisapp_track(text[]); DROP FUNCTION gisapp_compact_versions();
DROP FUNCTION gisapp_note_write() CASCADE; DROP TABLE gisapp_table_version;
"""


class Migration(migrations.Migration):
    """The version of every table that a layer reads."""

    operations = [sql_file(__file__, "versions.sql", REVERSE)]
