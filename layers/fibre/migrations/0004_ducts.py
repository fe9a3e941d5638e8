from django.db import migrations

from gisapp.sql import sql_file


class Migration(migrations.Migration):
    """The rules of ducts and couplings."""

    dependencies = [("fibre", "0003_catalogue_and_ducts")]

    operations = [
        sql_file(__file__, "walks.sql"),
        sql_file(__file__, "ducts.sql"),
        sql_file(__file__, "couplings.sql"),
        migrations.RunSQL(
            "SELECT gisapp_track('fibre_duct', 'fibre_ductstep', 'fibre_tube', 'fibre_tubesection', 'fibre_tubejoint', 'fibre_tubeend')",
            migrations.RunSQL.noop,
        ),
    ]
