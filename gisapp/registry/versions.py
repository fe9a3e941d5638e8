"""The version of a layer's tables, for caches that must not lie (counts, validators)."""

from collections.abc import Iterable
from functools import lru_cache

from gisapp.database import fetch_rows


@lru_cache(maxsize=256)
def _tracked(table: str) -> bool:
    sql = "SELECT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'gisapp_note_write' AND tgrelid = to_regclass(%s))"
    return bool(fetch_rows(sql, [f'"{table}"'])[0][0])


def version(tables: Iterable[str]) -> tuple[object, ...] | None:
    """What changes whenever a committed write to one of the tables becomes visible to this transaction.

    None when a table is not tracked (`gisapp_track` in its migration): nothing may be cached then.
    """
    names = sorted(set(tables))
    if not names or not all(_tracked(name) for name in names):
        return None
    sql = (
        "SELECT count(*), coalesce(sum(transaction_id::text::numeric), 0)::text "
        "FROM gisapp_table_version WHERE table_name = ANY(%s)"
    )
    return fetch_rows(sql, [names])[0]
