"""The declaration's rights as row-level security, for people who work in the database itself (QGIS, psql).

Made anew from the registry after every migration, so that they cannot drift from what the web asks. The installation's
own roles pass: the owner by right, the web role by a policy, because its doors ask `visible_to`.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Q, UniqueConstraint
from psycopg import sql

from gisapp import cluster
from gisapp.accounts.refusals import refusals
from gisapp.layer import Audience, Layer, Who, all_layers

FACT = "rights"
"""Under this name the installation keeps the fingerprint of what it gave."""
_LOOKUPS = {"accounts_organisation": ("id", "key", "name")}
"""Tables whose columns everybody in the database may read, because rows refer to them."""


def _exists(role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        return cursor.fetchone() is not None


def _owner() -> str:
    """The role that the installation's tables belong to: ours."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def _condition(layer: Layer, rows: Q) -> str:
    """A condition on the layer's own columns as SQL, as Django writes it into constraints."""
    with connection.schema_editor(collect_sql=True) as editor:
        probe = UniqueConstraint(fields=["id"], condition=rows, name="probe")
        found: str = probe._get_condition_sql(layer.model_class, editor)  # type: ignore[attr-defined]
    return found


def _roles(who: Who) -> str:
    return "ARRAY[{}]::text[]".format(", ".join(f"'{one.value}'" for one in sorted(who.roles)))


def _column(layer: Layer, name: str) -> str:
    return f'"{layer.model_class._meta.get_field(name).column}"'  # type: ignore[union-attr]


def _seen(layer: Layer) -> str:
    """Which rows of the table the asker sees."""
    if layer.owner:
        owner, place = _column(layer, layer.owner), _column(layer, layer.geometry_column)
        rule = f"gisapp_belongs({owner}, {place}, {_roles(layer.within)})"
        allowed = f"({_condition(layer, layer.public)}) OR {rule}" if layer.public else rule
    elif isinstance(layer.see, Audience):
        allowed = "false" if layer.see in (Audience.NOBODY, Audience.OPERATOR) else "true"
    else:
        allowed = f"EXISTS (SELECT FROM gisapp_grants({_roles(layer.see)}))"
    return f"({allowed} OR gisapp_operator())" + _live(layer)


def _edited(layer: Layer) -> str:
    """Which rows of the table the asker may write, before and after."""
    place = _column(layer, layer.geometry_column)
    if not layer.edit.roles or layer.editable_by:
        return "gisapp_operator()"
    if layer.owner:
        return f"gisapp_belongs({_column(layer, layer.owner)}, {place}, {_roles(layer.edit)}) OR gisapp_operator()"
    return f"gisapp_responsible({place}, {_roles(layer.edit)}) OR gisapp_operator()"


def _live(layer: Layer) -> str:
    names = {one.name for one in layer.model_class._meta.concrete_fields}
    return " AND retired_at IS NULL" if "retired_at" in names else ""


def _statements(layer: Layer, member: str, web: str | None) -> Iterator[str]:
    table = f'"{layer.model_class._meta.db_table}"'
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    for name in ("gisapp_web", "gisapp_see", "gisapp_add", "gisapp_change", "gisapp_remove"):
        yield f"DROP POLICY IF EXISTS {name} ON {table}"
    if web:
        yield f"CREATE POLICY gisapp_web ON {table} TO {web} USING (true) WITH CHECK (true)"
    seen, edited = _seen(layer), _edited(layer)
    yield f"CREATE POLICY gisapp_see ON {table} FOR SELECT TO {member} USING ({seen})"
    yield f"CREATE POLICY gisapp_add ON {table} FOR INSERT TO {member} WITH CHECK ({edited})"
    # What is seen and not edited is refused in words by the triggers below: a policy would pass over it in silence, and
    # QGIS would tell of a change that never happened.
    yield f"CREATE POLICY gisapp_change ON {table} FOR UPDATE TO {member} USING ({seen}) WITH CHECK ({edited})"
    yield f"CREATE POLICY gisapp_remove ON {table} FOR DELETE TO {member} USING ({seen})"
    yield from refusals(layer.model_class._meta.db_table, str(layer.title.de), edited, _owner(), web)
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {member}"
    yield from _sequence(layer, member)


def _sequence(layer: Layer, member: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        table, key = layer.model_class._meta.db_table, layer.key.column
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', key])
        found = cursor.fetchone()[0]
    if found:
        yield f"GRANT USAGE ON SEQUENCE {found} TO {member}"


def after_migrate(app_config: Any, plan: Any = (), **more: Any) -> None:
    """The signal comes once for each app; the last one's finds every table."""
    from django.apps import apps

    from gisapp.registry import facts

    if app_config is list(apps.get_app_configs())[-1]:
        apply()
        if "registry_fact" in connection.introspection.table_names():
            facts.put(FACT, fingerprint())


def fingerprint() -> str:
    """Changes when the declarations' rights do: a new version may give other rights without a migration."""
    web = cluster.WEB_ROLE if _exists(cluster.WEB_ROLE) else None
    if not _exists(cluster.MEMBER_ROLE):
        return ""
    every = [one for layer in all_layers() for one in _statements(layer, cluster.MEMBER_ROLE, web)]
    return hashlib.sha256("\n".join(every).encode()).hexdigest()


def apply() -> None:
    """Make the policies of every layer's table; without the group role (a server that is not ours, before
    `gisapp user grant-db`) there is nobody to make them for."""
    if connection.vendor != "postgresql" or not _exists(cluster.MEMBER_ROLE):
        return
    web = cluster.WEB_ROLE if _exists(cluster.WEB_ROLE) else None
    done = set()
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for layer in all_layers():
            table = layer.model_class._meta.db_table
            if table in done or table not in tables:
                continue
            done.add(table)
            for statement in _statements(layer, cluster.MEMBER_ROLE, web):
                cursor.execute(statement)
        for table, columns in _LOOKUPS.items():
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            grant = sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(
                names, sql.Identifier(table), sql.Identifier(cluster.MEMBER_ROLE)
            )
            cursor.execute(grant)
