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
from django.db.models import BinaryField, BooleanField, F, Func, IntegerField, Value
from django.db.models.fields import AutoFieldMixin
from psycopg.types.numeric import Int4

from gisapp.database import compiled
from gisapp.layer import Audience, Layer

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


class TileGeometry(Func):
    """The geometry in the tile's own coordinates, clipped."""

    function = "ST_AsMVTGeom"
    template = f"%(function)s(%(expressions)s, {EXTENT}, {BUFFER}, true)"
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


def layer_statement(layer: Layer, geometry: str, user: Any) -> Statement:
    """The part of one layer: lean by contract, the key as feature id and the tile fields alone."""
    fields = [one for one in layer.tile_fields if one.public]
    rows = (
        layer.features(user)
        .filter(BoxesMeet(F(geometry), Envelope(margin=True)))
        .annotate(gisapp_tile=TileGeometry(F(geometry), Envelope()))
        .order_by()
        .values_list("pk", "gisapp_tile", *(one.path for one in fields))
    )
    sql, params = compiled(rows)
    quoted = ", ".join(f'"{name}"' for name in ("id", "geom", *(one.name for one in fields)))
    key = ", 'id'" if has_number_key(layer) else ""
    # Names are the registry's ([a-z0-9_]), the inner statement is the ORM's, values are parameters.
    text = f"SELECT ST_AsMVT(t.*, '{layer.name}', {EXTENT}, 'geom'{key}) FROM ({sql}) AS t({quoted})"  # noqa: S608
    return Statement(text, params)


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
        if layer.same_for_everyone and layer.see is Audience.EVERYONE:
            statement = _public_statement(layer, geometry)
        else:
            statement = layer_statement(layer, geometry, user or AnonymousUser())
        parts.append(f"({statement.sql})")
        params.extend(statement.filled(zoom, column, row))
    return (f"SELECT {' || '.join(parts)}", params) if parts else None
