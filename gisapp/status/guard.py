"""The rule of maintenance at the tables of the layers, for whoever writes without coming through the web."""

from typing import Any

from django.db import connection

from gisapp.layer import all_layers

_THERE = "SELECT to_regproc('gisapp_refuse_in_maintenance') IS NOT NULL"
_TRIGGER = """
CREATE OR REPLACE TRIGGER gisapp_maintenance BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{table}"
    FOR EACH STATEMENT EXECUTE FUNCTION gisapp_refuse_in_maintenance()
"""
_BASE = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname = ANY(%s) AND relnamespace = 'public'::regnamespace"


def after_migrate(app_config: Any, **more: Any) -> None:
    """The signal comes once for each app; the last one's finds every table."""
    from django.apps import apps

    if app_config is list(apps.get_app_configs())[-1] and connection.vendor == "postgresql":
        apply()


def apply() -> None:
    """Put the rule on every layer's table (a view has none of its own)."""
    with connection.cursor() as cursor:
        cursor.execute(_THERE)
        if not cursor.fetchone()[0]:
            return
        cursor.execute(_BASE, [sorted({one.model_class._meta.db_table for one in all_layers()})])
        for (table,) in cursor.fetchall():
            cursor.execute(_TRIGGER.format(table=table))
