"""What a piece of work changes in the network, row by row: read from the history that it has written."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from django.apps import apps
from django.db import connection
from django.db.models import Model

from gisapp.history.recording import current
from gisapp.history.tracking import event_model

# What says nothing about the network: when it was written, and what follows from other columns.
_ASIDE = frozenset({"created_at", "updated_at", "retired_at", "shared_with"})
_ORDERS = frozenset({"fibre_workorder", "fibre_orderstep"})
_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _models() -> list[type[Model]]:
    tracked = [one for one in apps.get_app_config("fibre").get_models() if event_model(one) is not None]
    return [one for one in tracked if one._meta.db_table not in _ORDERS]


def _rows_of(model: type[Model]) -> str:
    events = event_model(model)
    assert events is not None
    table, ours = events._meta.db_table, model._meta.db_table
    return f"""
SELECT m.first, '{ours}', m.key::text, f.pgh_label = 'insert', l.pgh_label = 'delete',
       (SELECT to_jsonb(b) FROM {table} b WHERE b.pgh_obj_id = m.key AND b.pgh_id < m.first ORDER BY b.pgh_id DESC LIMIT 1), to_jsonb(l)
  FROM (SELECT pgh_obj_id AS key, min(pgh_id) AS first, max(pgh_id) AS last FROM {table}
         WHERE pgh_context_id = %(change)s GROUP BY pgh_obj_id) m
  JOIN {table} f ON f.pgh_id = m.first
  JOIN {table} l ON l.pgh_id = m.last"""  # noqa: S608 - names of models


def written() -> list[dict[str, Any]]:
    """The changes of the current `recorded` block, by table and in the order in which they began.

    Each is {"table", "key", "what": "add" | "change" | "remove", "old": {...}, "new": {...}}, of changes only the columns that
    differ. What was added and removed again is left out. Geometries are GeoJSON in EPSG:25832.
    """
    context = current()
    assert context is not None, "changes are read within recorded()"
    found = []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(map(_rows_of, _models())) + " ORDER BY 2, 1", {"change": context.id})
        rows = cursor.fetchall()
    for _first, table, key, added, gone, before, after in rows:
        old = {} if added else _plain(before)
        new = {} if gone else _plain(after)
        if added and gone:
            continue
        what = "add" if added else "remove" if gone else "change"
        if what == "change":
            differ = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
            old, new = ({name: row.get(name) for name in sorted(differ)} for row in (old, new))
            if not differ:
                continue
        found.append({"table": table.removeprefix("fibre_"), "key": key, "what": what, "old": old, "new": new})
    return found


def _plain(row: Any) -> dict[str, Any]:
    values = orjson.loads(row) if isinstance(row, str) else row or {}
    return {
        name: value
        for name, value in values.items()
        if not name.startswith("pgh_") and name not in _ASIDE and value is not None
    }


def comparable(changes: Sequence[dict[str, Any]]) -> list[str]:
    """Each change as a text that is the same for the same change of another rehearsal: new objects have other keys each time."""
    names: dict[str, str] = {}
    for one in changes:
        if one["what"] == "add":
            names[one["key"]] = (
                f"{one['table']} {sum(name.startswith(one['table'] + ' ') for name in names.values()) + 1}"
            )
    texts = []
    for one in changes:
        # (Numbers that the database gives to new rows are nothing to compare.)
        new = {name: value for name, value in one["new"].items() if name != "id" or one["what"] != "add"}
        row = {**one, "new": new, "key": names.get(one["key"], one["key"])}
        text = orjson.dumps(row, option=orjson.OPT_SORT_KEYS).decode()
        texts.append(_KEY.sub(lambda found: names.get(found[0], found[0]), text))
    return texts


def difference(agreed: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What was agreed upon and would not happen, and what would happen and was not agreed upon."""
    before, after = comparable(agreed), comparable(now)
    return {
        "missing": [one for one, text in zip(agreed, before, strict=True) if text not in set(after)],
        "unexpected": [one for one, text in zip(now, after, strict=True) if text not in set(before)],
    }


def touched(changes: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The keys of what is there already and is changed, removed, or used by something new."""
    new = {one["key"] for one in changes if one["what"] == "add"}
    for one in changes:
        if one["what"] != "add":
            yield one["key"]
        elif one["table"] in _TAKES:
            yield from (
                value for column in _TAKES[one["table"]] if (value := one["new"].get(column)) and value not in new
            )


# Of what is new, the columns that take something which nobody else can have at the same time.
_TAKES = {"cablestep": ("section_id",), "jointend": ("section_id", "port_id", "leg_id"), "tubeend": ("section_id",)}
