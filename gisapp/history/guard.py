"""What makes the history trustworthy: its triggers write with the owner's rights, and nobody else writes it.

The triggers that refuse UPDATE and DELETE of events come with `tracked`; here the doors around them are closed.
"""

from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Model

from gisapp import cluster
from gisapp.history import asof
from gisapp.history.tracking import event_model

_TRIGGERS = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = 'public' AND p.proname LIKE 'pgtrigger\\_%' AND NOT p.prosecdef
"""
# An event belongs to a key; a row under another key would be a row without a past.
_KEEP_KEY = """
CREATE OR REPLACE TRIGGER gisapp_keep_key BEFORE UPDATE OF id ON "{table}"
    FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id) EXECUTE FUNCTION gisapp_keep_key()
"""


def tracked_tables() -> list[str]:
    events = [one for one in apps.get_models() if hasattr(one, "pgh_tracked_model")]
    return sorted(one.pgh_tracked_model._meta.db_table for one in events)


def event_tables() -> list[str]:
    return sorted(one._meta.db_table for one in apps.get_models() if hasattr(one, "pgh_tracked_model"))


def after_migrate(app_config: Any, **more: Any) -> None:
    """The signal comes once for each app; the last one's finds every table."""
    if app_config is list(apps.get_app_configs())[-1] and connection.vendor == "postgresql":
        close()


def _begin(cursor: Any, model: type[Model]) -> None:
    """Rows that were there before their table had a history begin it as they are."""
    events = event_model(model)
    assert events is not None
    names = [one.column for one in model._meta.concrete_fields if not one.generated]
    columns = ", ".join(f'"{one}"' for one in names)
    table, into, key = model._meta.db_table, events._meta.db_table, model._meta.pk.column
    cursor.execute(
        f'INSERT INTO "{into}" ({columns}, pgh_created_at, pgh_label, pgh_obj_id) '  # noqa: S608 - names of models
        f'SELECT {columns}, created_at, \'insert\', "{key}" FROM "{table}" '
        f'WHERE NOT EXISTS (SELECT FROM "{into}")'
    )


def close() -> None:
    """Let history triggers run as the owner, and take the right to write events from the web role.

    A person who may change a row may not change what the history says about it.
    """
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        for model in asof.layer_models():
            if model._meta.db_table in there:
                _begin(cursor, model)
        for table in tracked_tables():
            if table in there:
                cursor.execute(_KEEP_KEY.format(table=table))
        cursor.execute(_TRIGGERS)
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER FUNCTION {name} SECURITY DEFINER SET search_path = public, pg_catalog, pg_temp")
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [cluster.WEB_ROLE])
        if not cursor.fetchone():
            return
        for table in [*event_tables(), "pghistory_context"]:
            if table in there:
                cursor.execute(f'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON "{table}" FROM {cluster.WEB_ROLE}')
