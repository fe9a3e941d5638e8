"""What everybody may see, as views of the database, and a role that sees these views and nothing else.

The views are the registry's own `visible_to` for visitors with the public fields, compiled to SQL: a view shows exactly
what the public door of the web shows. They are dropped before migrations, which could not change their tables
otherwise, and made anew afterwards.
"""

import hashlib
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from psycopg import ClientCursor, sql

from gisapp import cluster
from gisapp.layer import Layer, visible_layers

SCHEMA = ROLE = cluster.PUBLIC_ROLE
FACT = "public-views"
KEY, SHAPE = "id", "geom"


def layers() -> list[Layer]:
    """The layers of which visitors see anything."""
    return visible_layers(AnonymousUser())


def columns(layer: Layer) -> list[str]:
    """The view's columns: key, geometry and the public fields under their declared names."""
    names = [one.name for one in layer.public_fields if one.name not in (KEY, SHAPE)]
    return [KEY, SHAPE, *names]


def _definition(layer: Layer) -> str:
    """The SELECT of what visitors see, with its parameters in it: a view has none."""
    names = set(columns(layer))
    paths = [one.path for one in layer.public_fields if one.name in names and one.name not in (KEY, SHAPE)]
    rows = layer.features(AnonymousUser()).order_by().values_list("pk", layer.geometry_column, *paths)
    text, params = rows.query.get_compiler("default", elide_empty=False).as_sql()
    connection.ensure_connection()
    found: str = ClientCursor(connection.connection).mogrify(text, params)
    return found


def statements() -> list[sql.Composable]:
    """All that makes the schema anew."""
    schema, role = sql.Identifier(SCHEMA), sql.Identifier(ROLE)
    made: list[sql.Composable] = [
        sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema),
        sql.SQL("CREATE SCHEMA {}").format(schema),
    ]
    for one in layers():
        named = sql.SQL(", ").join(map(sql.Identifier, columns(one)))
        made.append(
            # security_barrier: no function of the asker sees a row before the rule has passed it.
            sql.SQL("CREATE VIEW {}.{} ({}) WITH (security_barrier) AS ").format(
                schema, sql.Identifier(one.name), named
            )
            + sql.SQL(_definition(one))
        )
    made.append(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
    made.append(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, role))
    return made


def _tables_exist() -> bool:
    there = set(connection.introspection.table_names())
    return all(one.model_class._meta.db_table in there for one in layers()) and "registry_fact" in there


def role_exists() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        return cursor.fetchone() is not None


def apply(*, anew: bool = False) -> bool:
    """Make the views where they are not as this version declares them; False without the role or the tables."""
    from gisapp.registry import facts

    if connection.vendor != "postgresql" or not role_exists() or not _tables_exist():
        return False
    made = statements()
    with transaction.atomic(), connection.cursor() as cursor:
        text = "\n".join(one.as_string(cursor.cursor) for one in made)
        wanted = hashlib.sha256(text.encode()).hexdigest()
        cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [SCHEMA])
        if cursor.fetchone()[0] and not anew and facts.get(FACT) == wanted:
            return True
        for one in made:
            cursor.execute(one)
        facts.put(FACT, wanted)
    return True


def before_migrate(app_config: Any, plan: Any = (), **more: Any) -> None:
    """A column that a view shows cannot be changed: the views go while there is something to migrate."""
    if plan and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def after_migrate(app_config: Any, plan: Any = (), **more: Any) -> None:
    """The signal comes once for each app; the last one's finds every table."""
    from django.apps import apps

    if app_config is list(apps.get_app_configs())[-1]:
        apply(anew=True)
