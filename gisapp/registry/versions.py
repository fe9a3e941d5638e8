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

    None when a table is not tracked (`gisapp_track` in its migration), or when this very transaction has written
    one: nothing may be cached then.
    """
    names = sorted(set(tables))
    if not names or not all(_tracked(name) for name in names):
        return None
    sql = (
        "SELECT count(*), coalesce(sum(transaction_id::text::numeric), 0)::text, "
        "coalesce(bool_or(transaction_id = pg_current_xact_id_if_assigned()), false) "
        "FROM gisapp_table_version WHERE table_name = ANY(%s)"
    )
    number, total, mine = fetch_rows(sql, [names])[0]
    return None if mine else (number, total)
