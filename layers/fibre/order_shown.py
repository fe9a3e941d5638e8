"""What a rehearsal found, for people: the rows that would change, by kind, named, with what changes, and where they are."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.gis.geos import GEOSGeometry
from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from gisapp.database import fetch_rows
from gisapp.layer import Text
from layers.fibre.access import GUARDED
from layers.fibre.called import Called, called, placed
from layers.fibre.declared import LAYERS
from layers.fibre.services import rights_of

Row = Mapping[str, Any]
# Of one kind more than these are counted and not listed.
MOST_LISTED = 500
_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Columns by which a row without a name of its own is called: what it is a part of, the nearest first.
_PARTS: Mapping[str, Sequence[str]] = {
    "ductstep": ("duct_id", "segment_id"), "tube": ("duct_id",), "tubesection": ("tube_id",), "tubejoint": ("node_id",),
    "tubeend": ("section_id",), "tray": ("enclosure_id",), "port": ("enclosure_id", "device_id"), "splitterleg": ("splitter_id",),
    "cablestep": ("cable_id", "section_id", "segment_id"), "slack": ("cable_id", "node_id"), "cableentry": ("cable_id", "enclosure_id"),
    "fibresection": ("cable_id",), "unit": ("premises_id",), "circuitend": ("circuit_id", "port_id", "section_id"),
    "lease": ("tube_id", "cable_id", "enclosure_id"), "joint": ("enclosure_id",), "jointend": ("section_id", "port_id", "leg_id"),
}  # fmt: skip
_NUMBERED = {
    "tube": (":", "position"),
    "port": ("/", "number"),
    "splitterleg": ("#", "number"),
    "fibresection": (":", "number"),
}
# What stands at a node has its place there.
_PLACES = (
    "node_id", "enclosure_id", "joint_id", "device_id", "splitter_id", "duct_id", "cable_id", "tube_id", "section_id", "port_id", "leg_id",
    "segment_id",
)  # fmt: skip
_MARKS = {"add": "+", "change": "~", "remove": "−"}


@dataclass
class Shown:
    """One row that would change. `changes` are (column, before, after) in words; `shape` is GeoJSON in CRS84."""

    what: str
    name: str
    changes: Sequence[tuple[str, str, str]] = ()
    shape: Any = None
    layer: str = ""
    key: str = ""

    @property
    def mark(self) -> str:
        return _MARKS[self.what]

    @property
    def box(self) -> str:
        """west,south,east,north for the map to go to."""
        if not self.shape:
            return ""
        return ",".join(f"{one:.7f}" for one in GEOSGeometry(json.dumps(self.shape)).extent)

    @property
    def words(self) -> str:
        return {"add": _("neu"), "change": _("geändert"), "remove": _("entfällt")}[self.what]


@dataclass
class Group:
    """All rows of one kind."""

    title: str
    rows: list[Shown] = field(default_factory=list)

    def _count(self, what: str) -> int:
        return sum(one.what == what for one in self.rows)

    added = property(lambda self: self._count("add"))
    changed = property(lambda self: self._count("change"))
    removed = property(lambda self: self._count("remove"))

    @property
    def listed(self) -> Sequence[Shown]:
        return self.rows[:MOST_LISTED]

    @property
    def unlisted(self) -> int:
        return len(self.rows) - len(self.listed)


@cache
def _titles() -> Mapping[str, Text]:
    """What the tables hold, in the order in which people look at it: objects before their parts."""
    objects = {one.model_class._meta.model_name or "": one.title for one in LAYERS}
    return objects | {one.model.split(".")[1].lower(): one.title for one in GUARDED}


def _keys(changes: Sequence[Row]) -> set[str]:
    values = (value for one in changes for part in (one["old"], one["new"]) for value in part.values())
    return {one["key"] for one in changes if _KEY.fullmatch(one["key"])} | {
        value for value in values if isinstance(value, str) and _KEY.fullmatch(value)
    }


def _rows_there(changes: Sequence[Row], user: Any) -> dict[tuple[str, str], Row]:
    """The rows that would be changed, as they are: a change has no more than the columns that differ."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for one in changes:
        if one["what"] == "change" and one["table"] in _PARTS:
            wanted[one["table"]].append(one["key"])
    found: dict[tuple[str, str], Row] = {}
    with rights_of(user):
        for table, keys in wanted.items():
            kind = "uuid" if _KEY.fullmatch(keys[0]) else "bigint"
            rows = fetch_rows(
                f"SELECT x.id::text, to_jsonb(x) FROM fibre_{table} x WHERE x.id = ANY (%s::{kind}[])",  # noqa: S608 - a model's name
                [keys],
            )
            found |= {(table, key): json.loads(row) if isinstance(row, str) else row for key, row in rows}
    return found


class _Reader:
    """Names, places and words for the rows of one rehearsal."""

    def __init__(self, changes: Sequence[Row], user: Any) -> None:
        self.there = called(_keys(changes), user)
        before = _rows_there(changes, user)
        # As it would be; of what goes, as it was.
        self.rows: dict[str, tuple[str, Row]] = {}
        for one in changes:
            row: Row = {**before.get((one["table"], one["key"]), {}), **one["old"], **one["new"]}
            self.rows[f"{one['table']} {one['key']}"] = one["table"], row
            if _KEY.fullmatch(one["key"]):
                self.rows[one["key"]] = one["table"], row
        self.ends: dict[str, list[Row]] = defaultdict(list)
        for table, end in self.rows.values():
            if table == "jointend" and end.get("joint_id"):
                self.ends[str(end["joint_id"])].append(end)
        drawn = {
            number: json.dumps(row["geom"])
            for number, (_table, row) in enumerate(self.rows.values())
            if row.get("geom")
        }
        shapes = placed(drawn)
        self.shapes = {key: shapes[number] for number, key in enumerate(self.rows) if number in shapes}

    def name(self, key: Any) -> str:
        known = self.there.get(str(key))
        if known:
            return known.name
        return self.label(*self.rows[str(key)], str(key)) if str(key) in self.rows else _("in einem anderen Netz")

    def label(self, table: str, row: Row, key: str) -> str:
        if row.get("name"):
            return str(row["name"])
        parts = [self.name(row[one]) for one in _PARTS.get(table, ()) if row.get(one)]
        if table in _NUMBERED and parts:
            between, column = _NUMBERED[table]
            return f"{parts[0]}{between}{'in' if row.get('is_input') else ''}{row.get(column, '?')}"
        if table == "tray":
            parts.append(_("Kassette %(number)s") % {"number": row.get("number")})
        if table == "joint" and self.ends.get(key):
            parts.insert(0, " – ".join(self.label("jointend", one, "") for one in self.ends[key]))
        if row.get("slot"):
            parts.append(_("Platz %(number)s") % {"number": row["slot"]})
        return " · ".join(parts) or key[:8]

    def shape(self, row_key: str, deep: int = 4) -> Any:
        """Where a row is: where it is drawn, or what it is a part of."""
        if row_key in self.shapes:
            return json.loads(self.shapes[row_key])
        known = self.there.get(row_key.rpartition(" ")[2])
        if known and known.place:
            return json.loads(known.place)
        row = self.rows[row_key][1] if row_key in self.rows else {}
        above = (self.shape(str(row[one]), deep - 1) for one in _PLACES if row.get(one) and deep)
        return next((one for one in above if one), None)

    def words(self, table: str, column: str, value: Any) -> str:
        """A column's value for people."""
        if value is None:
            return "–"
        if isinstance(value, str) and _KEY.fullmatch(value):
            return self.name(value)
        if isinstance(value, bool):
            return _("ja") if value else _("nein")
        choices = dict(getattr(_field(table, column), "choices", None) or ())
        return str(choices.get(value, value))


def _field(table: str, column: str) -> Any:
    try:
        return apps.get_model("fibre", table)._meta.get_field(column.removesuffix("_id"))
    except FieldDoesNotExist:
        return None


def _differences(reader: _Reader, one: Row) -> Iterator[tuple[str, str, str]]:
    if one["what"] != "change":
        return
    for column in sorted(one["old"].keys() | one["new"].keys()):
        title = str(getattr(_field(one["table"], column), "verbose_name", column))
        if column in ("geom", "place"):
            yield _("Lage"), "", _("anders")
        else:
            before, after = (reader.words(one["table"], column, one[part].get(column)) for part in ("old", "new"))
            yield title, before, after


def groups(changes: Sequence[Row], user: Any) -> list[Group]:
    """The rows by kind, in the order of the declarations; names and places of what `user` sees."""
    reader = _Reader(changes, user)
    found: dict[str, Group] = {}
    for one in changes:
        table, key = one["table"], f"{one['table']} {one['key']}"
        known = reader.there.get(one["key"], Called(""))
        group = found.setdefault(table, Group(str(_titles().get(table, table))))
        group.rows.append(
            Shown(
                one["what"], reader.label(table, reader.rows[key][1], one["key"]) if not known.name else known.name,
                list(_differences(reader, one)), reader.shape(one["key"] if one["key"] in reader.rows else key),
                known.layer, one["key"],
            )
        )  # fmt: skip
    order = list(_titles())
    return [
        found[table] for table in sorted(found, key=lambda name: order.index(name) if name in order else len(order))
    ]


def features(shown: Sequence[Group]) -> dict[str, Any]:
    """What the map draws: each shape once for each thing that is done there."""
    once: dict[tuple[str, str], dict[str, Any]] = {}
    for one in (row for group in shown for row in group.rows if row.shape):
        properties = {"what": one.what}
        once.setdefault(
            (one.what, json.dumps(one.shape)), {"type": "Feature", "properties": properties, "geometry": one.shape}
        )
    return {"type": "FeatureCollection", "features": list(once.values())}
