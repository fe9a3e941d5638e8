"""SQL files in migrations: rules, views and functions stand in `.sql` files by subject and are loaded from there."""

from pathlib import Path

from django.db import migrations


def sql_file(migration_file: str, name: str, reverse: str = "") -> migrations.RunSQL:
    """The operation that runs `sql/NAME` of the app whose migration this is.

    A file that is loaded is history: a later change of a rule is a new file (or `CREATE OR REPLACE` in a new migration).
    """
    path = Path(migration_file).resolve().parent.parent / "sql" / name
    return migrations.RunSQL(path.read_text(encoding="utf-8"), reverse_sql=reverse or migrations.RunSQL.noop)
