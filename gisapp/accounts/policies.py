"""The declaration's rights as row-level security, for people who work in the database itself (QGIS, psql).

Made anew from the registry after every migration, so that they cannot drift from what the web asks. The installation's
own roles pass: the owner by right, the web role by a policy, because its doors ask `visible_to`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Model, Q, UniqueConstraint
from psycopg import sql

from gisapp import cluster
from gisapp.accounts.refusals import refusals
from gisapp.accounts.roles import Role
from gisapp.guarded import Guarded
from gisapp.layer import Audience, Layer, all_guarded, all_layers

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


def _roles(roles: Iterable[Role]) -> str:
    return "ARRAY[{}]::text[]".format(", ".join(f"'{one.value}'" for one in sorted(roles)))


def _column(model: type[Model], name: str) -> str:
    """The column with its table, so that no inner SELECT takes it for one of its own."""
    return f'"{model._meta.db_table}"."{model._meta.get_field(name).column}"'  # type: ignore[union-attr]


@dataclass(frozen=True)
class _Rule:
    """Which rows of a table the asker sees, and which he may write before and after: conditions on its columns."""

    model: type[Model]
    title: str
    seen: str
    edited: str

    @property
    def table(self) -> str:
        return self.model._meta.db_table


_OPERATOR = "(SELECT gisapp_operator())"


def _within(owners: str, place: str, roles: Iterable[Role]) -> str:
    """The rows within the asker's reach, who is asked about once for the whole statement."""
    near = f"reach_area IS NULL OR {place} IS NULL OR ST_Intersects(reach_area, {place})" if place else "true"
    return f"EXISTS (SELECT FROM gisapp_within({_roles(roles)}) WHERE ({owners}) AND ({near}))"


def _seen(layer: Layer) -> str:
    """Which rows of the table the asker sees."""
    model = layer.model_class
    if layer.owner:
        owners = f"reach_owner = {_column(model, layer.owner)}"
        if layer.guests:
            owners += f" OR reach_owner = ANY ({_column(model, layer.guests)})"
        rule = _within(owners, _column(model, layer.place_column), layer.within)
        allowed = f"({_condition(layer, layer.public)}) OR {rule}" if layer.public else rule
    elif isinstance(layer.see, Audience):
        allowed = "false" if layer.see in (Audience.NOBODY, Audience.OPERATOR) else "true"
    else:
        allowed = f"EXISTS (SELECT FROM gisapp_grants({_roles(layer.see)}))"
    return f"({allowed} OR {_OPERATOR})" + _live(layer)


def _edited(layer: Layer) -> str:
    """Which rows of the table the asker may write, before and after."""
    model = layer.model_class
    place = _column(model, layer.place_column)
    if not layer.edit.roles or layer.editable_by:
        return "gisapp_operator()"
    if layer.owner:
        owner = _column(model, layer.owner)
        return f"gisapp_belongs({owner}, {place}, {_roles(layer.edit.roles)}) OR gisapp_operator()"
    return f"gisapp_responsible({place}, {_roles(layer.edit.roles)}) OR gisapp_operator()"


def _live(layer: Layer) -> str:
    names = {one.name for one in layer.model_class._meta.concrete_fields}
    return f" AND {_column(layer.model_class, 'retired_at')} IS NULL" if "retired_at" in names else ""


def _hanging(model: type[Model], parent: str, known: Mapping[type[Model], _Rule]) -> tuple[str, str]:
    """The rights of the row that these rows hang on. The asker's own policies look at it: what is not seen is not there."""
    above = known[model._meta.get_field(parent).related_model]  # type: ignore[index]
    found = f'SELECT FROM "{above.table}" WHERE {_column(above.model, above.model._meta.pk.name)} = {_column(model, parent)}'
    return f"EXISTS ({found})", f"EXISTS ({found} AND ({above.edited}))"


def _guarded(one: Guarded, known: Mapping[type[Model], _Rule]) -> _Rule:
    """Raises KeyError where a table is named before the one that it hangs on."""
    model = apps.get_model(one.model)
    if one.parent:
        ways = [_hanging(model, parent, known) for parent in one.parents]
        seen, edited = (" OR ".join(parts) for parts in zip(*ways, strict=True))
    elif one.common:
        seen = f"EXISTS (SELECT FROM gisapp_grants({_roles(one.within)})) OR {_OPERATOR}"
        edited = "gisapp_operator()"
    else:
        owner, place = _column(model, one.owner), _column(model, one.place) if one.place else ""
        seen = f"{_within(f'reach_owner = {owner}', place, one.within)} OR {_OPERATOR}"
        edited = "gisapp_operator()"
        if one.edit:
            edited = f"gisapp_belongs({owner}, {place or 'NULL'}, {_roles(one.edit)}) OR gisapp_operator()"
    seen, edited = one.seen or seen, one.edited or edited
    return _Rule(model, str(one.title.de), f"({seen})", f"({edited}) AND ({one.besides})" if one.besides else edited)


def rules() -> list[_Rule]:
    """Each table once: the layers', then those that hang on them."""
    known: dict[type[Model], _Rule] = {}
    for layer in all_layers():
        rule = _Rule(layer.model_class, str(layer.title.de), _seen(layer), _edited(layer))
        known.setdefault(rule.model, rule)
    for one in all_guarded():
        rule = _guarded(one, known)
        known.setdefault(rule.model, rule)
    return list(known.values())


def _statements(rule: _Rule, member: str, web: str | None) -> Iterator[str]:
    table, seen, edited = f'"{rule.table}"', rule.seen, rule.edited
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    for name in ("gisapp_web", "gisapp_see", "gisapp_add", "gisapp_change", "gisapp_remove"):
        yield f"DROP POLICY IF EXISTS {name} ON {table}"
    if web:
        yield f"CREATE POLICY gisapp_web ON {table} TO {web} USING (true) WITH CHECK (true)"
    yield f"CREATE POLICY gisapp_see ON {table} FOR SELECT TO {member} USING ({seen})"
    yield f"CREATE POLICY gisapp_add ON {table} FOR INSERT TO {member} WITH CHECK ({edited})"
    # What is seen and not edited is refused in words by the triggers below: a policy would pass over it in silence, and
    # QGIS would tell of a change that never happened.
    yield f"CREATE POLICY gisapp_change ON {table} FOR UPDATE TO {member} USING ({seen}) WITH CHECK ({edited})"
    yield f"CREATE POLICY gisapp_remove ON {table} FOR DELETE TO {member} USING ({seen})"
    yield from refusals(rule.table, rule.title, edited, _owner(), web)
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {member}"
    yield from _sequence(rule, member)


def _sequence(rule: _Rule, member: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{rule.table}"', rule.model._meta.pk.column])
        found = cursor.fetchone()[0]
    if found:
        yield f"GRANT USAGE ON SEQUENCE {found} TO {member}"


def after_migrate(app_config: Any, plan: Any = (), **more: Any) -> None:
    """The signal comes once for each app; the last one's finds every table."""
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
    every = [one for rule in rules() for one in _statements(rule, cluster.MEMBER_ROLE, web)]
    return hashlib.sha256("\n".join(every).encode()).hexdigest()


def _let_act(cursor: Any, web: str | None) -> None:
    """Let the web server's role act for people (acting.py), where we may say so; elsewhere the set-up of the server has."""
    for role in {web or _owner(), _owner()}:
        cursor.execute(
            "SELECT NOT pg_has_role(%(role)s, %(group)s, 'MEMBER') "
            "AND pg_has_role(current_user, %(group)s, 'MEMBER WITH ADMIN OPTION')",
            {"role": role, "group": cluster.MEMBER_ROLE},
        )
        if cursor.fetchone()[0]:
            cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(cluster.MEMBER_ROLE), sql.Identifier(role)))


def apply() -> None:
    """Make the policies of every layer's table; without the group role (a server that is not ours, before
    `gisapp user grant-db`) there is nobody to make them for."""
    if connection.vendor != "postgresql" or not _exists(cluster.MEMBER_ROLE):
        return
    web = cluster.WEB_ROLE if _exists(cluster.WEB_ROLE) else None
    with connection.cursor() as cursor:
        _let_act(cursor, web)
        tables = set(connection.introspection.table_names(cursor))
        for rule in rules():
            if rule.table in tables:
                for statement in _statements(rule, cluster.MEMBER_ROLE, web):
                    cursor.execute(statement)
        for table, columns in _LOOKUPS.items():
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            grant = sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(
                names, sql.Identifier(table), sql.Identifier(cluster.MEMBER_ROLE)
            )
            cursor.execute(grant)
