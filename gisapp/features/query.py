"""Pages of features straight from the database: geometry becomes GeoJSON in SQL and is never parsed again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
from django.contrib.auth.models import AnonymousUser
from django.db.models import BooleanField, F, Func, IntegerField, Q, QuerySet, TextField
from django.utils.dateparse import parse_date, parse_datetime

from gisapp import errors
from gisapp.database import compiled, fetch_rows
from gisapp.features.cql import Filter
from gisapp.features.crs import DEFAULT, REACH, Crs
from gisapp.geolibs import STORAGE_SRID
from gisapp.layer import Field, Layer, Type
from gisapp.registry.versions import Version, version

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Box:
    """A rectangle in a system; coordinates are east/north whatever the system's axis order."""

    west: float
    south: float
    east: float
    north: float
    crs: Crs = DEFAULT

    @classmethod
    def parse(cls, value: str, crs: Crs = DEFAULT) -> "Box":
        """Four numbers (or six with heights) in the system's axis order; raises BadInput("bad-box")."""
        try:
            numbers = [float(part) for part in value.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) == 6:
            numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
        if len(numbers) != 4 or not all(abs(number) < 1e9 for number in numbers):
            raise errors.BadInput("bad-box", field="bbox", value=value[:100])
        if crs.flipped:
            numbers = [numbers[1], numbers[0], numbers[3], numbers[2]]
        box = cls(numbers[0], numbers[1], numbers[2], numbers[3], crs)
        crosses_antimeridian = box.west > box.east and crs.srid == 4326
        if box.south > box.north or (box.west > box.east and not crosses_antimeridian):
            raise errors.BadInput("bad-box", field="bbox", value=value[:100])
        if crs.srid in (4326, 4258) and (abs(box.south) > 90 or abs(box.north) > 90):
            raise errors.BadInput("bad-box", field="bbox", value=value[:100])
        return box


@dataclass(frozen=True)
class Selection:
    """Which features of a layer are asked for."""

    box: Box | None = None
    equals: Mapping[str, str] = field(default_factory=dict)
    ids: Sequence[str] = ()
    filter: Filter | None = None


class _Shape(Func):
    """The geometry as GeoJSON text in the asked system."""

    output_field = TextField()

    def __init__(self, column: str, crs: Crs) -> None:
        super().__init__(F(column))
        shape = "%(expressions)s" if crs.srid == STORAGE_SRID else f"ST_Transform(%(expressions)s, {crs.srid})"
        shape = f"ST_FlipCoordinates({shape})" if crs.flipped else shape
        self.template = f"ST_AsGeoJSON({shape}, {crs.decimals}, 0)"


def _cut(box: Box) -> list[float]:
    """The box's corners, drawn in to where EPSG:25832 reaches: clients ask for the whole world."""
    corners = [box.west, box.south, box.east, box.north]
    if box.crs.srid not in REACH:
        return corners
    west, south, east, north = REACH[box.crs.srid]
    limits = ((west, east), (south, north)) * 2
    return [min(max(corner, low), high) for corner, (low, high) in zip(corners, limits, strict=True)]


class _InBox(Func):
    """Exactly in the box: the index's && and then ST_Intersects, with the box's edges bent as they are in 25832."""

    output_field = BooleanField()

    def __init__(self, column: str, box: Box) -> None:
        super().__init__(F(column))
        self._numbers = _cut(box)
        envelope = f"ST_MakeEnvelope(%s, %s, %s, %s, {box.crs.srid})"
        step = 0.05 if box.crs.srid in (4326, 4258) else 5000
        if box.crs.srid != STORAGE_SRID:
            envelope = f"ST_Transform(ST_Segmentize({envelope}, {step}), {STORAGE_SRID})"
        self._envelope = envelope

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column, params = compiler.compile(self.source_expressions[0])
        return f"ST_Intersects({column}, {self._envelope})", [*params, *self._numbers]


def parse_value(one: Field, text: str) -> Any:
    """A query parameter as a value of the field's type; raises BadInput("bad-value")."""
    try:
        if one.type is Type.INTEGER:
            found: Any = int(text)
            if abs(found) >= 1 << 63:
                raise ValueError
        elif one.type is Type.NUMBER:
            found = float(text)
        elif one.type is Type.BOOLEAN:
            found = {"true": True, "false": False, "1": True, "0": False}[text.lower()]
        elif one.type is Type.DATE:
            found = parse_date(text)
        elif one.type is Type.DATETIME:
            found = parse_datetime(text)
        else:
            found = None if "\x00" in text else text
    except (ValueError, KeyError):
        found = None
    if found is None:
        raise errors.BadInput("bad-value", field=one.name, name=one.name, value=text[:100])
    return found


def parse_id(layer: Layer, text: str) -> Any:
    """A feature id of the key's type; raises NotFound for text that no key can be."""
    try:
        found = layer.key.to_python(text)
    except Exception as reason:
        raise errors.NotFound("unknown-feature", layer=layer.name, id=text[:100]) from reason
    if isinstance(found, int) and abs(found) >= 1 << 63:
        raise errors.NotFound("unknown-feature", layer=layer.name, id=text[:100])
    return found


def select(layer: Layer, user: Any, selection: Selection) -> QuerySet[Any]:
    """The visible features of the selection."""
    rows = layer.features(user)
    for name, text in selection.equals.items():
        one = layer.field(name)
        rows = rows.filter(**{one.path: parse_value(one, text)})
    if selection.ids:
        rows = rows.filter(pk__in=[parse_id(layer, one) for one in selection.ids])
    if selection.filter:
        rows = rows.filter(selection.filter.condition(layer))
    if selection.box:
        box = selection.box
        if box.west > box.east:  # across the antimeridian: two boxes
            east = _InBox(layer.geometry_column, Box(box.west, box.south, 180, box.north, box.crs))
            west = _InBox(layer.geometry_column, Box(-180, box.south, box.east, box.north, box.crs))
            return rows.filter(Q(east) | Q(west))
        rows = rows.filter(_InBox(layer.geometry_column, box))
    return rows


def page(layer: Layer, user: Any, selection: Selection, crs: Crs, *, limit: int, after: str = "") -> list[Row]:
    """Up to `limit` rows (key, GeoJSON text, values of the public fields), ordered by key, behind the key `after`."""
    rows = select(layer, user, selection)
    if after:
        rows = rows.filter(pk__gt=parse_id(layer, after))
    rows = rows.annotate(gisapp_shape=_Shape(layer.geometry_column, crs)).order_by("pk")
    names = [one.path for one in layer.public_fields]
    sql, params = compiled(rows.values_list("pk", "gisapp_shape", *names))
    return fetch_rows(f"{sql} LIMIT %s", [*params, limit], binary=True)


class Exact(Func):
    """The stored geometry as it is, in a few bytes."""

    template = "md5(ST_AsEWKB(%(expressions)s))"
    output_field = TextField()


# Stands for the asked key in a remembered statement; no feature has it.
_ANY_KEY = -2_000_000_001


def _single(layer: Layer, user: Any, key: Any, crs: Crs) -> tuple[str, tuple[Any, ...]]:
    column = layer.geometry_column
    rows = layer.features(user).filter(pk=key).annotate(gisapp_shape=_Shape(column, crs), gisapp_exact=Exact(F(column)))
    names = [one.path for one in layer.public_fields]
    return compiled(rows.order_by().values_list("pk", "gisapp_shape", *names, "gisapp_exact"))


@lru_cache(maxsize=512)
def _prepared_single(layer: Layer, crs: Crs) -> tuple[str, tuple[Any, ...]] | None:
    """The statement that reads one feature of a public layer, made once: making it takes longer than running it.

    None for keys that are no numbers.
    """
    return _single(layer, AnonymousUser(), _ANY_KEY, crs) if isinstance(layer.key, IntegerField) else None


def single(layer: Layer, user: Any, key: str, crs: Crs) -> tuple[Row, str | None]:
    """One feature's row and a digest of its exact geometry; raises NotFound("unknown-feature")."""
    wanted = parse_id(layer, key)
    prepared = _prepared_single(layer, crs) if layer.shared else None
    if prepared is not None and isinstance(wanted, int):
        sql, params = prepared
        found = fetch_rows(sql, [type(one)(wanted) if one == _ANY_KEY else one for one in params], binary=True)
    else:
        found = fetch_rows(*_single(layer, user, wanted, crs), binary=True)
    if not found:
        raise errors.NotFound("unknown-feature", layer=layer.name, id=key[:100])
    return found[0][:-1], found[0][-1]


@lru_cache(maxsize=2048)
def _counted(sql: str, params: bytes, seen: Version, hold: "_Params") -> int:
    return int(fetch_rows(sql, hold.values)[0][0])


class _Params:
    """Parameters beside their hashable text; equal to every other, for the cache's key has the text."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Params)

    def __hash__(self) -> int:
        return 0


def count(layer: Layer, user: Any, selection: Selection) -> int:
    """Exactly how many features match. Remembered only while no write to the tables read has become visible."""
    rows = select(layer, user, selection).order_by().values("pk")
    sql, params = compiled(rows)
    statement = f"SELECT count(*) FROM ({sql}) AS t"  # noqa: S608 - the inner statement is the ORM's
    # Whose rows they are stands in the statement and its parameters: another asker's number is another entry.
    seen = version(rows.query)
    if seen is None:
        return int(fetch_rows(statement, params)[0][0])
    return _counted(statement, repr(params).encode(), seen, _Params(params))


def feature(layer: Layer, row: Row) -> dict[str, Any]:
    """A row as a GeoJSON feature for orjson."""
    names = [one.name for one in layer.public_fields]
    return {
        "type": "Feature",
        "id": row[0],
        "geometry": orjson.Fragment(row[1]) if row[1] is not None else None,
        "properties": dict(zip(names, row[2:], strict=True)),
    }
