"""The list beside the map: a layer's features in view, filtered, sorted and paged, as values for the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.db.models.functions import Distance, Envelope, GeometryDistance, PointOnSurface, Transform
from django.contrib.gis.geos import Point, Polygon
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from gisapp import errors
from gisapp.features.query import parse_id
from gisapp.geolibs import STORAGE_SRID, TILE_SRID, WGS84_SRID
from gisapp.layer import Field, Layer, Type
from gisapp.map import values

PAGE = 30
MOST_COUNTED = 10_000
LAST_PAGE = 1_000


@dataclass(frozen=True)
class Query:
    """What is asked of the list."""

    text: str = ""
    equal: Mapping[str, str] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)
    box: tuple[float, float, float, float] | None = None
    near: tuple[float, float] | None = None
    sort: str = ""
    page: int = 1

    def address(self, **changes: Any) -> str:
        """The query string of this list with some things changed (None takes them away)."""
        found: dict[str, Any] = {"q": self.text, "sort": self.sort}
        found |= {f"f.{name}": value for name, value in self.equal.items()}
        found |= {f"min.{name}": f"{value:g}" for name, value in self.least.items()}
        found["bbox"] = ",".join(f"{part:.6f}" for part in self.box) if self.box else ""
        found["near"] = ",".join(f"{part:.6f}" for part in self.near) if self.near else ""
        found |= changes
        return urlencode({name: value for name, value in found.items() if value not in ("", None)})


def _numbers(text: str, count: int, code: str) -> tuple[float, ...] | None:
    if not text:
        return None
    parts = text.split(",")
    try:
        found = tuple(float(part) for part in parts)
    except ValueError:
        found = ()
    if len(found) != count or not all(abs(number) <= 180 for number in found):
        raise errors.BadInput(code, name="bbox" if count == 4 else "near", value=text[:100])
    return found


def parse(layer: Layer, asked: QueryDict) -> Query:
    """The query of these GET parameters; raises BadInput for unknown fields and values that are none."""
    equal, least = {}, {}
    for name, value in asked.items():
        if "\x00" in value:  # no text of the database holds it
            raise errors.BadInput("bad-value", field=name, name=name, value=str(value)[:50].replace("\x00", "?"))
        kind, _dot, which = name.partition(".")
        if kind not in ("f", "min") or not which or not value:
            continue
        declared = layer.field(which)
        if not declared.filter:
            raise errors.BadInput("unknown-field", layer=layer.name, field=which)
        if kind == "f":
            equal[which] = str(value)
        else:
            least[which] = _number(which, str(value))
    sort = asked.get("sort", "")
    if sort:
        layer.field(sort.removeprefix("-"))
    page = asked.get("page", "1")
    box = _numbers(asked.get("bbox", ""), 4, "bad-box")
    near = _numbers(asked.get("near", ""), 2, "bad-value")
    return Query(
        text=asked.get("q", "").strip()[:100],
        equal=equal,
        least=least,
        box=(box[0], box[1], box[2], box[3]) if box else None,
        near=(near[0], near[1]) if near else None,
        sort=sort,
        page=min(max(int(page), 1), LAST_PAGE) if page.isdecimal() and len(page) < 6 else 1,
    )


def _number(name: str, value: str) -> float:
    try:
        return float(value.replace(",", "."))
    except ValueError:
        raise errors.BadInput("bad-number", name=name, value=value[:50]) from None


def _condition(declared: Field, value: str) -> Q:
    if declared.type is Type.BOOLEAN:
        return Q(**{declared.path: value in ("true", "1", "ja", "yes")})
    if declared.type in (Type.INTEGER, Type.NUMBER):
        return Q(**{declared.path: _number(declared.name, value)})
    return Q(**{declared.path: value})


def matching(layer: Layer, query: Query, user: Any) -> QuerySet[Any]:
    """The features that the query means, unordered."""
    found = layer.features(user)
    for name, value in query.equal.items():
        found = found.filter(_condition(layer.field(name), value))
    for name, number in query.least.items():
        found = found.filter(**{f"{layer.field(name).path}__gte": number})
    if query.text:
        words = [one for one in (*layer.search_fields, layer.field(layer.label)) if one.public]
        any_of = Q()
        for one in words:
            any_of |= Q(**{f"{one.path}__icontains": query.text})
        for one in layer.public_fields:
            keys = [key for key, text in one.values.items() if query.text.casefold() in str(text).casefold()]
            any_of |= Q(**{f"{one.path}__in": keys}) if keys else Q()
        found = found.filter(any_of)
    if query.box:
        box = Polygon.from_bbox(_mercator_safe(query.box))
        box.srid = WGS84_SRID
        box.transform(TILE_SRID)
        found = found.filter(**{f"{layer.tile_column}__intersects": box})
    return found


def _mercator_safe(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    west, south, east, north = box
    return west, max(south, -85.0), east, min(north, 85.0)


def ordered(layer: Layer, query: Query, found: QuerySet[Any]) -> QuerySet[Any]:
    """By distance from the asker's place, by the asked column, or by label; the key decides between equals."""
    if query.near and not query.sort:
        place = Point(*query.near, srid=WGS84_SRID)
        place.transform(STORAGE_SRID)
        found = found.annotate(_metres=Distance(layer.geometry_column, place))
        return found.order_by(GeometryDistance(layer.geometry_column, place), "pk")
    wanted = query.sort or layer.label
    path = layer.field(wanted.removeprefix("-")).path
    nameless = Q(**{path: ""}) if layer.field(wanted.removeprefix("-")).type is Type.STRING else None
    from django.db.models import BooleanField, Case, F, Value, When

    order: list[Any] = []
    if nameless is not None:
        found = found.annotate(
            _nameless=Case(When(nameless, then=Value(True)), default=Value(False), output_field=BooleanField())
        )
        order.append("_nameless")
    order.append(F(path).desc(nulls_last=True) if wanted.startswith("-") else F(path).asc(nulls_last=True))
    return found.order_by(*order, "pk")


@dataclass(frozen=True)
class Item:
    """One feature in the list."""

    id: str
    title: str
    more: str
    cells: Sequence[str]
    lon: float
    lat: float
    box: str
    distance: str


@dataclass(frozen=True)
class Page:
    layer: Layer
    query: Query
    items: Sequence[Item]
    count: int
    capped: bool

    @property
    def has_next(self) -> bool:
        return self.query.page * PAGE < self.count or (self.capped and len(self.items) == PAGE)

    @property
    def count_text(self) -> str:
        words = number_format(self.count, force_grouping=True)
        return _("mehr als {count}").format(count=words) if self.capped else words

    @property
    def next_address(self) -> str:
        return self.query.address(page=self.query.page + 1)

    @property
    def previous_address(self) -> str:
        return self.query.address(page=self.query.page - 1)


def metres_text(metres: float) -> str:
    """A distance as people say it: 40 m, 1,2 km."""
    if metres < 995:
        return f"{number_format(round(metres, -1) if metres >= 20 else round(metres), 0)} m"
    return f"{number_format(metres / 1000, 1 if metres < 99_500 else 0, force_grouping=True)} km"


def page(layer: Layer, query: Query, user: Any) -> Page:
    """The asked page of the list with its exact count (up to a bound beyond which nobody reads)."""
    found = matching(layer, query, user)
    count = found.order_by()[: MOST_COUNTED + 1].count()
    start = (query.page - 1) * PAGE
    paths = {one.name: one.path for one in layer.public_fields}
    placed = ordered(layer, query, found).annotate(
        _where=_in_wgs84(PointOnSurface, layer), _box=_in_wgs84(Envelope, layer)
    )
    extra = ["_metres"] if query.near and not query.sort else []
    taken = placed.values("pk", "_where", "_box", *extra, *paths.values())[start : start + PAGE]
    return Page(
        layer, query, [_item(layer, row, paths) for row in taken], min(count, MOST_COUNTED), count > MOST_COUNTED
    )


def _in_wgs84(function: Any, layer: Layer) -> Any:
    return Transform(
        function(layer.geometry_column, output_field=GeometryField(srid=STORAGE_SRID)), WGS84_SRID,
        output_field=GeometryField(srid=WGS84_SRID),
    )  # fmt: skip


def _item(layer: Layer, row: Mapping[str, Any], paths: Mapping[str, str]) -> Item:
    by_name = {name: row[path] for name, path in paths.items()}
    where, box = row["_where"], row["_box"]
    title = values.title_of(layer, by_name, row["pk"])
    cells = [values.text_of(layer.field(name), by_name[name]) for name in layer.columns]
    others = [words for name, words in zip(layer.columns, cells, strict=True) if name != layer.label and words != title]
    return Item(
        id=str(row["pk"]),
        title=title,
        more=" · ".join(words for words in others if words),
        cells=[words if name != layer.label else title for name, words in zip(layer.columns, cells, strict=True)],
        lon=round(where.x, 6) if where else 0,
        lat=round(where.y, 6) if where else 0,
        box=",".join(f"{part:.6f}" for part in box.extent) if box else "",
        distance=metres_text(row["_metres"].m) if row.get("_metres") is not None else "",
    )


def feature(layer: Layer, key: str, user: Any) -> Mapping[str, Any]:
    """One feature's values by field name, with its key, place, box, length and area; raises NotFound."""
    paths = {one.name: one.path for one in layer.public_fields}
    found = (
        layer.features(user)
        .filter(pk=parse_id(layer, key))
        .annotate(_where=_in_wgs84(PointOnSurface, layer), _box=_in_wgs84(Envelope, layer))
        .values("pk", "_where", "_box", *paths.values())
        .first()
    )
    if found is None:
        raise errors.NotFound("unknown-feature", layer=layer.name, id=key)
    return {"pk": found["pk"], "where": found["_where"], "box": found["_box"]} | {
        name: found[path] for name, path in paths.items()
    }
