from django.db import migrations, models

# What Django's database cache keeps; not logged ahead, because after a crash limits may begin anew.
CACHE = """
CREATE UNLOGGED TABLE gisapp_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX gisapp_cache_expires ON gisapp_cache (expires);
"""


def prove_addresses(apps, schema_editor):
    """Accounts that were there before were made by administrators, who vouch for the addresses."""
    user, address = apps.get_model("accounts", "User"), apps.get_model("account", "EmailAddress")
    for one in user.objects.all():
        address.objects.get_or_create(
            user=one, email=one.email.lower(), defaults={"verified": True, "primary": True}
        )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_history"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.RunSQL(CACHE, "DROP TABLE gisapp_cache"),
        migrations.RunPython(prove_addresses, migrations.RunPython.noop),
        migrations.AddField(
            model_name="token",
            name="strong",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.AlterField(
            model_name="token",
            name="revoked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="widerrufen"),
        ),
    ]
