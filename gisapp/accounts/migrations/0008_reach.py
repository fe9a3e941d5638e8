from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """What policies ask once for a statement, and who is a person of the database."""

    dependencies = [("accounts", "0007_encrypt_second_factors")]

    operations = [sql_file(__file__, "reach.sql", "DROP FUNCTION gisapp_within, gisapp_person")]
