from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """The functions that policies ask, and versions of the tables that rights hang on."""

    dependencies = [("accounts", "0002_tenancy"), ("registry", "0001_versions")]

    operations = [
        sql_file(
            __file__,
            "access.sql",
            "DROP FUNCTION gisapp_operator, gisapp_responsible, gisapp_belongs, gisapp_grants, gisapp_user",
        ),
        migrations.RunSQL("SELECT gisapp_track('accounts_organisation')", migrations.RunSQL.noop),
    ]
