"""The version of what a queryset reads, for caches that must not lie (counts, bounds)."""

import datetime
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models.sql import Query
from django.utils import timezone

from gisapp.database import fetch_rows

Version = tuple[object, datetime.date]


@lru_cache(maxsize=256)
def _tracked(table: str) -> bool:
    sql = "SELECT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'gisapp_note_write' AND tgrelid = to_regclass(%s))"
    return bool(fetch_rows(sql, [f'"{table}"'])[0][0])


def _expressions(one: Any) -> Iterator[Any]:
    """The expression and all that it is made of, conditions and subqueries included."""
    yield one
    inner = [*getattr(one, "children", ()), *(getattr(one, "get_source_expressions", list)())]
    for part in inner:
        if part is not None and not isinstance(part, Query):
            yield from _expressions(part)
        elif part is not None:
            yield part


def tables_of(query: Query) -> set[str]:
    """Every table that a compiled query reads, those of its subqueries too."""
    found = {join.table_name for join in query.alias_map.values()}
    if query.model is not None:
        found.add(query.model._meta.db_table)
    for root in (query.where, *query.annotations.values(), *query.combined_queries):
        for one in _expressions(root) if not isinstance(root, Query) else (root,):
            inner = one if isinstance(one, Query) else getattr(one, "query", None)
            if isinstance(inner, Query):
                found |= tables_of(inner)
    return found


def version(query: Query) -> Version | None:
    """What changes whenever a committed write to a table of this compiled query becomes visible to this transaction,
    or a day ends (validity ends with it).

    None when a table is not tracked (`gisapp_track` in its migration), or when this very transaction has written
    one: nothing may be cached then.
    """
    return version_of(sorted(tables_of(query)))


def version_of(names: Sequence[str]) -> Version | None:
    """The same of these tables."""
    if not all(_tracked(name) for name in names):
        return None
    sql = (
        "SELECT count(*), coalesce(sum(transaction_id::text::numeric), 0)::text, "
        "coalesce(bool_or(transaction_id = pg_current_xact_id_if_assigned()), false) "
        "FROM gisapp_table_version WHERE table_name = ANY(%s)"
    )
    number, total, mine = fetch_rows(sql, [list(names)])[0]
    return None if mine else ((number, total), timezone.localdate())


def compact() -> int:
    """Drop what no running transaction can still tell apart, and return how many rows that were.

    Every writing transaction leaves a row, and each look at a version adds them up.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT gisapp_compact_versions()")
        return int(cursor.fetchone()[0])
