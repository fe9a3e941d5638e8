"""Where a layer's features lie: exact, computed once for each state of its tables."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import BinaryField, F, Func

from gisapp.database import compiled, fetch_rows
from gisapp.layer import Layer
from gisapp.registry.versions import Version, version

Bounds = tuple[float, float, float, float]
# What a map shows before there is anything: Schleswig-Holstein.
EVERYTHING: Bounds = (7.8, 53.3, 11.4, 55.1)


def _bounds(layer: Layer, user: Any) -> Bounds | None:
    shape = Func(F(layer.tile_column), template="%(expressions)s", output_field=BinaryField())
    rows = layer.features(user).order_by().annotate(gisapp_shape=shape).values_list("gisapp_shape")
    sql, params = compiled(rows)
    statement = (
        "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT ST_Transform(ST_SetSRID("  # noqa: S608
        f"ST_Extent(t.shape)::geometry, 3857), 4326) AS b FROM ({sql}) AS t(shape)) e"
    )
    row = fetch_rows(statement, params)[0]
    if row[0] is None:
        return None
    west, south, east, north = row
    # Rounded outwards, so that nothing lies outside.
    step = 5e-8
    return round(west - step, 7), round(south - step, 7), round(east + step, 7), round(north + step, 7)


@lru_cache(maxsize=256)
def _remembered(layer: Layer, seen: Version) -> Bounds | None:
    return _bounds(layer, AnonymousUser())


def bounds(layer: Layer, user: Any) -> Bounds | None:
    """West, south, east, north in CRS84 of what this user sees; None for an empty layer."""
    rows = layer.features(user)
    compiled(rows)
    seen = version(rows.query) if layer.shared else None
    return _bounds(layer, user) if seen is None else _remembered(layer, seen)


def common(layers: Sequence[Layer], user: Any) -> Bounds:
    """The box of several layers; Schleswig-Holstein when all are empty."""
    boxes = [box for one in layers if (box := bounds(one, user))]
    if not boxes:
        return EVERYTHING
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)
