from django.db import migrations

from gisapp.accounts import data_keys


def encrypt(apps, schema_editor):
    """What was stored in the clear until now."""
    data_keys.encrypt_plain(apps.get_model("mfa", "Authenticator"))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_track"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    # Backwards nothing is decrypted: an older version would ask for new second factors, not read old ones by accident.
    operations = [migrations.RunPython(encrypt, migrations.RunPython.noop)]
