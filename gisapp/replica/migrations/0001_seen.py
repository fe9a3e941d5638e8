from django.db import migrations

# Not logged ahead: after a crash nobody has written lately. It is on no replica, and asked of the primary alone.
TABLE = """
CREATE UNLOGGED TABLE gisapp_seen (
    who text PRIMARY KEY,
    position bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX gisapp_seen_at ON gisapp_seen (at);
COMMENT ON TABLE gisapp_seen IS 'How far the log was when somebody wrote last; see gisapp/replica/seen.py';
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [migrations.RunSQL(TABLE, "DROP TABLE gisapp_seen")]
