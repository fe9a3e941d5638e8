"""What is in a database, and databases beside it: made, swapped, dropped."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.db import connection
from procrastinate.contrib.django.utils import connector_params
from psycopg import sql

from gisapp import cluster
from gisapp.backup import programs
from gisapp.backup.errors import BackupError

Connection = psycopg.Connection[Any]
# Rows that a fresh set-up has, or that the machinery writes about itself: nobody would miss them.
FRAMEWORK = (
    "django_migrations", "django_content_type", "auth_permission", "django_session", "gisapp_table_version",
    "registry_fact", "procrastinate_jobs", "procrastinate_events", "procrastinate_workers",
    "procrastinate_periodic_defers", "tasks_progress", "gisapp_cache", "gisapp_seen",
)  # fmt: skip
_TABLES = (
    "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT EXISTS "
    "(SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') "
    "ORDER BY 1"
)


def tables(reader: Connection) -> list[str]:
    """Our tables; those of extensions are not ours."""
    return [str(name) for (name,) in reader.execute(_TABLES).fetchall()]


def counts(reader: Connection, without: tuple[str, ...] = ()) -> dict[str, int]:
    """Rows of each of our tables."""
    found = {}
    for name in tables(reader):
        if name not in without:
            row = reader.execute(sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(name))).fetchone()
            assert row is not None
            found[name] = int(row[0])
    return found


def migrations(reader: Connection) -> list[list[str]]:
    if "django_migrations" not in tables(reader):
        return []
    return [
        [app, name] for app, name in reader.execute("SELECT app, name FROM django_migrations ORDER BY 1, 2").fetchall()
    ]


def roles(reader: Connection) -> list[str]:
    """The roles that own our tables or have rights on them."""
    return [
        str(name)
        for (name,) in reader.execute(
            "SELECT DISTINCT r.rolname FROM pg_class c LEFT JOIN LATERAL aclexplode(c.relacl) a ON true "
            "JOIN pg_roles r ON r.oid IN (c.relowner, a.grantee) "
            "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S', 'v') AND NOT EXISTS "
            "(SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') "
            "ORDER BY 1"
        ).fetchall()
    ]


def connect(database: str, *, autocommit: bool = False) -> Connection:
    """A connection to another database of the same server, as the same user."""
    return psycopg.connect(**{**connector_params(), "dbname": database}, autocommit=autocommit)


def current() -> str:
    return str(connection.settings_dict["NAME"])


def own_rows() -> dict[str, int]:
    """Our tables that hold rows somebody would miss."""
    with connect(current()) as reader:
        return {name: rows for name, rows in counts(reader, FRAMEWORK).items() if rows}


def is_bare() -> bool:
    """Has the database no table of ours at all?"""
    with connect(current()) as reader:
        return not tables(reader)


def may_create() -> bool:
    with connect(current()) as reader:
        row = reader.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        return bool(row and row[0])


def may_give_rights(owner: str, wanted: list[str]) -> bool:
    """Are we who owned the tables, with all roles on this server that had rights on them? Then these can be restored."""
    with connect(current()) as reader:
        row = reader.execute("SELECT current_user").fetchone()
        there = {name for (name,) in reader.execute("SELECT rolname FROM pg_roles").fetchall()}
        return bool(row and row[0] == owner and there >= set(wanted))


@contextmanager
def fresh(purpose: str) -> Iterator[str]:
    """A new database beside ours, dropped at the end if it still has this name. Raises BackupError("restore-no-right")."""
    if not may_create():
        raise BackupError("restore-no-right")
    name = f"{current()[:40]}_{purpose}_{secrets.token_hex(4)}"
    with connect("postgres", autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(programs.template()))
        )
    try:
        if not programs.is_private():
            with connect(name, autocommit=True) as reader:
                for extension in cluster.EXTENSIONS:
                    reader.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        yield name
    finally:
        drop(name)


# Who may be sent away: not autovacuum, which has no role and goes by itself when the database is renamed or dropped, and
# no superuser by anybody else. To try it with one of these is an error, and nobody behind it would be sent away.
_SEND_AWAY = """
SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
  JOIN pg_roles theirs ON theirs.oid = a.usesysid
  JOIN pg_roles ours ON ours.rolname = current_user
 WHERE a.datname = ANY(%s) AND a.pid <> pg_backend_pid()
   AND (ours.rolsuper OR NOT theirs.rolsuper
        AND (pg_has_role(theirs.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')))
"""
_INSIDE = (
    "SELECT coalesce(string_agg(DISTINCT usename, ', ' ORDER BY usename), '?') FROM pg_stat_activity "
    "WHERE datname = ANY(%s) AND usename IS NOT NULL"
)


def drop(name: str) -> None:
    """Drop a database if it is there; whoever is connected to it is sent away.

    Raises psycopg.errors.ObjectInUse when somebody stays whom we may not send away; nobody else comes in any more then.
    """
    with connect("postgres", autocommit=True) as admin:
        if not admin.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchall():
            return
        _allow(admin, name, False)
        _send_away(admin, [name])
        # Not WITH (FORCE): who is no superuser is refused that while autovacuum works in the database.
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _allow(admin: Connection, name: str, allowed: bool) -> None:
    statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    admin.execute(statement.format(sql.Identifier(name), sql.Literal(allowed)))


@contextmanager
def swapped(new: str, aside: str) -> Iterator[None]:
    """Give `new` the current database's name, and that one the name `aside`; undone when the block fails.

    Whoever is connected is sent away, and finds the new one when he comes back: both renames are one transaction.
    Raises BackupError("restore-in-use") when somebody stays whom we may not send away.
    """
    name = current()
    connection.close()
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    with connect("postgres", autocommit=True) as admin:
        # Nobody may come in between; a role with the right to would only wait a moment.
        _allow(admin, name, False)
        try:
            _send_away(admin, [name, new])
            with admin.transaction():
                admin.execute(rename.format(sql.Identifier(name), sql.Identifier(aside)))
                admin.execute(rename.format(sql.Identifier(new), sql.Identifier(name)))
                yield
        except BaseException as error:
            in_use = isinstance(error, psycopg.errors.ObjectInUse)
            reason = "?"
            with suppress(psycopg.Error):  # the error that is on its way says more
                reason = admin.execute(_INSIDE, [[name, new]]).fetchall()[0][0] if in_use else "?"
            with suppress(psycopg.Error):
                _allow(admin, name, True)
            if in_use:
                raise BackupError("restore-in-use", reason=reason) from error
            raise
        _allow(admin, aside, True)


def _send_away(admin: Connection, names: list[str]) -> None:
    """Until nobody is left who may be sent away, for five seconds at most."""
    for _ in range(50):
        if not admin.execute(_SEND_AWAY, [names]).fetchall():
            return
        time.sleep(0.1)


@contextmanager
def working_on(name: str) -> Iterator[None]:
    """Django works on this database for the length of the block."""
    kept = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = kept
