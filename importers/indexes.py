"""A big load into an empty table builds its indexes once, at the end, in the same transaction.

Until it commits, readers of that (empty) table wait.
"""

import contextlib
from collections.abc import Iterator

from psycopg import sql
from psycopg.sql import Identifier

from importers.staging import execute, scalar


def _constraints(table: str) -> list[tuple[str, str]]:
    """(name, definition) of the table's UNIQUE constraints; nothing refers to them."""
    return execute(
        "SELECT c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c WHERE c.conrelid = %s::regclass"
        " AND c.contype = 'u' AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = c.conindid)",
        [table],
    ).fetchall()


def _plain_indexes(table: str) -> list[tuple[str, str]]:
    """(name, CREATE statement) of the indexes that belong to no constraint."""
    return execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = %s::regclass AND NOT i.indisprimary"
        " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('u', 'x', 'p'))",
        [table],
    ).fetchall()


def _referenced(table: str) -> bool:
    """Do foreign keys point at this table? (Then PostgreSQL does not truncate it.)"""
    statement = "SELECT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid = %s::regclass)"
    return bool(scalar(statement, [table]))


@contextlib.contextmanager
def rebuilt_at_end(table: str, wanted: bool) -> Iterator[None]:
    """Drop the table's secondary indexes for the length of the block, where `wanted`, and build them after it."""
    if not wanted:
        yield
        return
    if not _referenced(table):
        # A table that this transaction gave a new file needs no write-ahead log where wal_level is minimal.
        execute(sql.SQL("TRUNCATE {}").format(Identifier(table)))
    constraints, plain = _constraints(table), _plain_indexes(table)
    for name, _definition in constraints:
        execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(Identifier(table), Identifier(name)))
    for name, _definition in plain:
        execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
    yield
    execute("SET LOCAL maintenance_work_mem = '512MB'")
    for name, definition in constraints:
        execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(Identifier(table), Identifier(name), sql.SQL(definition))
        )
    for _name, definition in plain:
        execute(sql.SQL(definition))
