from django.db import migrations


class Migration(migrations.Migration):
    """Who a token is and what that person may is remembered until one of these changes (tokens.py)."""

    dependencies = [("accounts", "0005_log_in"), ("registry", "0001_versions")]

    operations = [
        migrations.RunSQL(
            "SELECT gisapp_track('accounts_token', 'accounts_user', 'accounts_membership', 'accounts_membership_areas')",
            migrations.RunSQL.noop,
        ),
    ]
