"""SQL files in migrations: rules, views and functions stand in `.sql` files by subject and are loaded from there."""

from pathlib import Path
from typing import Any

from django.db import migrations


def sql_file(migration_file: str, name: str, reverse: str = "") -> migrations.RunSQL:
    """The operation that runs `sql/NAME` of the app whose migration this is.

    A file that is loaded is history: a later change of a rule is a new file (or `CREATE OR REPLACE` in a new migration).
    """
    path = Path(migration_file).resolve().parent.parent / "sql" / name
    return migrations.RunSQL(path.read_text(encoding="utf-8"), reverse_sql=reverse or migrations.RunSQL.noop)


def install_triggers(app: str) -> migrations.RunPython:
    """The operation that makes the triggers that the models of `app` name in a migration's `CreateModel`, all at once.

    pgtrigger's own operation makes one at a time, and Django renders every related model anew after each.
    """

    def install(apps: Any, schema_editor: Any) -> None:
        for model in apps.get_app_config(app).get_models():
            for trigger in getattr(model._meta, "triggers", ()):
                schema_editor.execute(trigger.install_sql, params=None)

    return migrations.RunPython(install, migrations.RunPython.noop)
