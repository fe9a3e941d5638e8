"""Geometry literals of a filter: from GeoJSON in the filter's system to EPSG:25832."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from django.db.models import BinaryField, Func

from gisapp.features.cql.tree import MOST_VERTICES, Node, refuse, syntax, too_large
from gisapp.features.crs import REACH, Crs
from gisapp.geolibs import STORAGE_SRID, transformer

_DEPTHS = {
    "Point": 0, "LineString": 1, "MultiPoint": 1, "Polygon": 2, "MultiLineString": 2, "MultiPolygon": 3,
}  # fmt: skip
_DEEPEST_COLLECTION = 4


class Shape(Func):
    """A geometry literal; its parameter is text, so that equal filters have equal statements."""

    output_field = BinaryField()

    def __init__(self, shape: Any) -> None:
        super().__init__()
        self._hex = shapely.to_wkb(shapely.set_srid(shape, STORAGE_SRID), hex=True, include_srid=True)

    def as_sql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s::geometry", [self._hex]


def _position(found: Any, place: str) -> tuple[float, float]:
    numbers = found if isinstance(found, list) else []
    plain = all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers)
    if not plain or not 2 <= len(numbers) <= 4 or not all(math.isfinite(float(one)) for one in numbers):
        raise refuse("filter-geometry", place, reason="[x, y]")
    return float(numbers[0]), float(numbers[1])


def _positions(found: Any, depth: int, place: str) -> Iterator[tuple[float, float]]:
    if depth == 0:
        yield _position(found, place)
        return
    if not isinstance(found, list) or not found:
        raise refuse("filter-geometry", place, reason="[]")
    for one in found:
        yield from _positions(one, depth - 1, place)


def _flat(found: Any, depth: int) -> Any:
    """Coordinates without heights."""
    return found[:2] if depth == 0 else [_flat(one, depth - 1) for one in found]


def _checked(found: Any, place: str, level: int = 0) -> tuple[dict[str, Any], int]:
    """GeoJSON that is well formed and without heights, and how many vertices it has; raises BadInput."""
    kind = found.get("type") if isinstance(found, dict) else None
    if kind == "GeometryCollection":
        members = found.get("geometries")
        if not isinstance(members, list) or not members or level >= _DEEPEST_COLLECTION:
            raise refuse("filter-geometry", place, reason="geometries")
        parts = [_checked(one, place, level + 1) for one in members]
        return {"type": kind, "geometries": [one for one, _ in parts]}, sum(number for _, number in parts)
    if not isinstance(kind, str) or kind not in _DEPTHS:
        raise syntax(place, str(kind), ", ".join(_DEPTHS))
    depth = _DEPTHS[kind]
    vertices = sum(1 for _ in _positions(found.get("coordinates"), depth, place))
    return {"type": kind, "coordinates": _flat(found["coordinates"], depth)}, vertices


def _boxed(numbers: Any, crs: Crs, place: str) -> Any:
    """The rectangle, drawn in to where EPSG:25832 reaches, as `bbox` is."""
    from gisapp.errors import BadInput
    from gisapp.features.query import Box, _cut

    plain = isinstance(numbers, list) and all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in numbers
    )
    try:
        box = Box.parse(",".join(map(repr, numbers)) if plain else "", crs)
        if box.west > box.east:
            raise BadInput("bad-box")
    except BadInput as reason:
        raise refuse("filter-geometry", place, reason="BBOX(west, south, east, north)") from reason
    return shapely.box(*_cut(box))


def literal(node: Node, crs: Crs) -> Any:
    """The shape of a geometry node in EPSG:25832, its straight edges bent as `bbox`'s are; raises BadInput."""
    if isinstance(node.value, dict) and "bbox" in node.value:
        shape = _boxed(node.value["bbox"], crs, node.place)
    else:
        content, vertices = _checked(node.value, node.place)
        if vertices > MOST_VERTICES:
            raise too_large("vertices", MOST_VERTICES, node.place)
        try:
            shape = shapely.geometry.shape(content)
        except (ValueError, shapely.errors.ShapelyError) as reason:
            raise refuse("filter-geometry", node.place, reason=str(reason)[:100]) from reason
        if crs.flipped:
            shape = shapely.transform(shape, lambda found: found[:, ::-1])
        _within_reach(shape, crs, node.place)
    if shape.is_empty or not shape.is_valid:
        raise refuse("filter-geometry", node.place, reason=shapely.is_valid_reason(shape)[:100])
    if shape.geom_type == "GeometryCollection":
        shape = shapely.unary_union(shape)
    return _stored(shape, crs, node.place)


def _within_reach(shape: Any, crs: Crs, place: str) -> None:
    west, south, east, north = REACH.get(crs.srid, (-1e8, -1e8, 1e8, 1e8))
    bounds = shape.bounds
    if not (west <= bounds[0] and south <= bounds[1] and bounds[2] <= east and bounds[3] <= north):
        raise refuse("filter-geometry", place, reason="EPSG:25832")


def _stored(shape: Any, crs: Crs, place: str) -> Any:
    if crs.srid == STORAGE_SRID:
        return shape
    step = 0.05 if crs.srid in (4326, 4258) else 5000
    # A hair's edge drawn over a continent a hundred times would become a million vertices.
    if shapely.length(shape) / step < MOST_VERTICES:
        shape = shapely.segmentize(shape, step)
    # 4258 is 25832's own system; the two and CRS84 agree within the realisation, as PostGIS has it too.
    change = transformer(f"EPSG:{crs.srid}", f"EPSG:{STORAGE_SRID}")
    moved = shapely.transform(shape, lambda found: np.column_stack(change.transform(found[:, 0], found[:, 1])))
    if not np.isfinite(shapely.get_coordinates(moved)).all() or not moved.is_valid:
        raise refuse("filter-geometry", place, reason="EPSG:25832")
    return moved
