"""The raw psycopg connection for the hot read paths: server-side binding and prepared statements."""

import os
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection

# A PgBouncer before 1.21 in transaction mode knows no prepared statements: GISAPP_DB_PREPARE=0.
PREPARE = os.environ.get("GISAPP_DB_PREPARE", "1") != "0"


def fetch_rows(sql: str, params: Sequence[Any], *, binary: bool = False) -> list[tuple[Any, ...]]:
    """All rows of a read-only statement on Django's connection (and in its transaction, if there is one).

    Raises psycopg errors; `gisapp.errors.from_database` names the ones that people can do something about.
    """
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, params, prepare=PREPARE, binary=binary)
        return cursor.fetchall()
