"""One SQL statement for one tile of all asked layers.

Each layer contributes `ST_AsMVT` over its `visible_to(user)` queryset, so that a tile can never show more than a page.
The statement's text is compiled once per geometry column of a public layer, for others each time; the tile's numbers
are parameters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import BinaryField, BooleanField, F, Func, IntegerField, QuerySet, Value
from django.db.models.fields import AutoFieldMixin
from psycopg.types.numeric import Int4

from gisapp.database import compiled
from gisapp.geolibs import STORAGE_SRID
from gisapp.layer import Layer
from gisapp.moment import past

EXTENT = 4096
BUFFER = 64
# Stand for zoom, column and row until the statement runs; no tile has negative numbers.
ZOOM, COLUMN, ROW = -1_000_001, -1_000_002, -1_000_003


class Envelope(Func):
    """The tile's square in EPSG:3857, a buffer of 64/4096 of its side wider when `margin` is asked for."""

    function = "ST_TileEnvelope"
    output_field = BinaryField()

    def __init__(self, *, margin: bool = False) -> None:
        super().__init__(Value(ZOOM), Value(COLUMN), Value(ROW))
        self.template = (
            f"%(function)s(%(expressions)s, margin => {BUFFER / EXTENT})" if margin else "%(function)s(%(expressions)s)"
        )


class Stored(Func):
    """In the system of what is stored."""

    function = "ST_Transform"
    template = f"%(function)s(%(expressions)s, {STORAGE_SRID})"
    output_field = BinaryField()


class TileGeometry(Func):
    """The geometry in the tile's own coordinates, clipped."""

    function = "ST_AsMVTGeom"
    template = f"%(function)s(%(expressions)s, {EXTENT}, {BUFFER}, true)"
    output_field = BinaryField()


class LabelPoint(Func):
    """A point on the area, for layers without a stored one."""

    function = "ST_PointOnSurface"
    output_field = BinaryField()


class BoxesMeet(Func):
    """The && of PostGIS, which the index answers."""

    arg_joiner = " && "
    template = "%(expressions)s"
    output_field = BooleanField()


@dataclass(frozen=True)
class Statement:
    """The text of one layer's part with its parameters, in which ZOOM, COLUMN and ROW stand for the tile."""

    sql: str
    params: tuple[Any, ...]

    def filled(self, zoom: int, column: int, row: int) -> list[Any]:
        # Int4, so that every tile has the same parameter types and one prepared statement serves all.
        numbers = {ZOOM: Int4(zoom), COLUMN: Int4(column), ROW: Int4(row)}
        return [numbers.get(one, one) if isinstance(one, int) else one for one in self.params]


def has_number_key(layer: Layer) -> bool:
    """Can the primary key be the feature id of a vector tile (an unsigned integer)?"""
    return isinstance(layer.key, IntegerField | AutoFieldMixin)


def _part(name: str, layer: Layer, shape: Any, rows: QuerySet[Any]) -> Statement:
    """One layer of the tile: lean by contract, the key as feature id and the tile fields alone."""
    fields = [one for one in layer.tile_fields if one.public]
    rows = (
        rows.annotate(gisapp_tile=TileGeometry(shape, Envelope()))
        .order_by()
        .values_list("pk", "gisapp_tile", *(one.path for one in fields))
    )
    sql, params = compiled(rows)
    quoted = ", ".join(f'"{one}"' for one in ("id", "geom", *(field.name for field in fields)))
    key = ", 'id'" if has_number_key(layer) else ""
    # Names are the registry's ([a-z0-9_]), the inner statement is the ORM's, values are parameters.
    text = f"(SELECT ST_AsMVT(t.*, '{name}', {EXTENT}, 'geom'{key}) FROM ({sql}) AS t({quoted}))"  # noqa: S608
    return Statement(text, params)


def layer_statement(layer: Layer, geometry: str, user: Any) -> Statement:
    """The part of one layer and, where it names areas, the points of the names as a layer NAME_label."""
    rows = layer.features(user).filter(BoxesMeet(F(geometry), Envelope(margin=True)))
    if past() is not None:  # events are indexed by what was stored, not by what follows from it
        rows = rows.filter(BoxesMeet(F(layer.geometry_column), Stored(Envelope(margin=True))))
    part = _part(layer.name, layer, F(geometry), rows)
    if not layer.names_areas:
        return part
    point = F(layer.label_column) if layer.label_column else LabelPoint(F(layer.tile_column))
    # No margin: a point belongs to one tile, so that a name is written once.
    labels = _part(label_layer(layer), layer, point, rows.filter(BoxesMeet(point, Envelope())))
    return Statement(f"{part.sql} || {labels.sql}", part.params + labels.params)


def label_layer(layer: Layer) -> str:
    """The name of the tile's layer that holds where areas are named."""
    return f"{layer.name}_label"


@lru_cache(maxsize=512)
def _public_statement(layer: Layer, geometry: str) -> Statement:
    return layer_statement(layer, geometry, AnonymousUser())


def tile_statement(
    layers: Sequence[Layer], zoom: int, column: int, row: int, user: Any
) -> tuple[str, list[Any]] | None:
    """SQL and parameters that give one tile as bytes, or None when no layer has anything at this zoom."""
    parts, params = [], []
    for layer in layers:
        if zoom < layer.min_zoom:
            continue
        geometry = layer.tile_geometry(zoom)
        if layer.shared:
            statement = _public_statement(layer, geometry)
        else:
            statement = layer_statement(layer, geometry, user or AnonymousUser())
        parts.append(statement.sql)
        params.extend(statement.filled(zoom, column, row))
    return (f"SELECT {' || '.join(parts)}", params) if parts else None
