from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """Each host once; writes to what sites are made of are noted, so that every process learns of them."""

    dependencies = [("tenants", "0001_initial"), ("registry", "0001_versions"), ("accounts", "0005_log_in")]

    operations = [
        sql_file(
            __file__,
            "hosts.sql",
            "DROP TRIGGER IF EXISTS gisapp_note_hosts ON tenants_tenant; DROP FUNCTION gisapp_note_hosts()",
        ),
        migrations.RunSQL(
            "SELECT gisapp_track('tenants_tenant', 'tenants_legaltext', 'accounts_organisation_areas',"
            " 'accounts_area')",
            migrations.RunSQL.noop,
        ),
    ]
