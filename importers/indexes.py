"""A big load into an empty table builds its indexes once, at the end, in the same transaction.

Until it commits, readers of that (empty) table wait.
"""

from collections.abc import Sequence

from psycopg import sql
from psycopg.sql import Composed, Identifier

from importers.staging import execute, scalar


def _constraints(table: str) -> list[tuple[str, str]]:
    """(name, definition) of the table's UNIQUE constraints; nothing refers to them."""
    return execute(
        "SELECT c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c WHERE c.conrelid = %s::regclass"
        " AND c.contype = 'u' AND NOT EXISTS"
        " (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = c.conindid)",
        [table],
    ).fetchall()


def _plain_indexes(table: str) -> list[tuple[str, str]]:
    """(name, CREATE statement) of the indexes that belong to no constraint."""
    return execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = %s::regclass AND NOT i.indisprimary"
        " AND NOT EXISTS"
        " (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('u', 'x', 'p'))",
        [table],
    ).fetchall()


def _referenced(table: str) -> bool:
    """Do foreign keys point at this table? (Then PostgreSQL does not truncate it.)"""
    statement = "SELECT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid = %s::regclass)"
    return bool(scalar(statement, [table]))


def dropped(table: str) -> list[Composed]:
    """Drop the table's secondary indexes; the statements that build them again, for `build`."""
    if not _referenced(table):
        # A table that this transaction gave a new file needs no write-ahead log where wal_level is minimal.
        execute(sql.SQL("TRUNCATE {}").format(Identifier(table)))
    statements = []
    for name, definition in _constraints(table):
        execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(Identifier(table), Identifier(name)))
        statements.append(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                Identifier(table), Identifier(name), sql.SQL(definition)
            )
        )
    for name, definition in _plain_indexes(table):
        execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
        statements.append(sql.Composed([sql.SQL(definition)]))
    return statements


def build(statements: Sequence[Composed]) -> None:
    """Build what `dropped` took away. Raises psycopg errors where the rows break a unique rule."""
    if not statements:
        return
    # The checks of foreign keys that wait for the commit would forbid the changes below: let them run now.
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("SET CONSTRAINTS ALL DEFERRED")
    execute("SET LOCAL maintenance_work_mem = '512MB'")
    for statement in statements:
        execute(statement)
