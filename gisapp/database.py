"""The raw psycopg connection for the hot read paths: server-side binding and prepared statements."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet

from gisapp.moment import past
from gisapp.replica.routing import on_replica

# A PgBouncer before 1.21 in transaction mode knows no prepared statements: GISAPP_DB_PREPARE=0.
PREPARE = os.environ.get("GISAPP_DB_PREPARE", "1") != "0"
# The replica is asked past such a PgBouncer, or through one of its own.
REPLICA_PREPARE = os.environ.get("REPLICA_PREPARE", "1") != "0"


def compiled(rows: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """The queryset as SQL and parameters.

    What Django knows to be empty (`none()`, a number that the column cannot hold) is a statement without rows here,
    where `query.sql_with_params()` raises EmptyResultSet. A request that looks at the past reads the rows of then.
    """
    sql, params = rows.query.get_compiler(DEFAULT_DB_ALIAS, elide_empty=False).as_sql()
    if past() is not None:
        from gisapp.history.asof import shadowed

        sql = shadowed(sql)
    return sql, tuple(params)


def fetch_rows(sql: str, params: Sequence[Any] | Mapping[str, Any], *, binary: bool = False) -> list[tuple[Any, ...]]:
    """All rows of a read-only statement on Django's connection (and in its transaction, if there is one).

    Raises psycopg errors; `gisapp.errors.from_exception` names the ones that people can do something about.
    """
    connection.ensure_connection()
    prepare = REPLICA_PREPARE if on_replica() else PREPARE
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, params, prepare=prepare, binary=binary)
        return cursor.fetchall()
