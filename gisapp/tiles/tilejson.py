"""TileJSON 3.0 from the registry."""

from collections.abc import Sequence
from typing import Any

from gisapp.database import fetch_rows
from gisapp.layer import Layer, Type

SCHLESWIG_HOLSTEIN = [7.8, 53.3, 11.4, 55.1]
_JSON_TYPES = {Type.INTEGER: "Number", Type.NUMBER: "Number", Type.BOOLEAN: "Boolean"}


def extent(layers: Sequence[Layer]) -> list[float]:
    """The box (west, south, east, north in CRS84) of all layers' statistics; rough and instant."""
    boxes = []
    for one in layers:
        table = one.model_class._meta.db_table
        sql = (
            "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM "
            "(SELECT ST_Transform(ST_SetSRID(ST_EstimatedExtent('public', %s, %s)::geometry, 3857), 4326) AS b) e"
        )
        found = fetch_rows(sql, [table, one.tile_column])
        if found and found[0][0] is not None:
            boxes.append(found[0])
    if not boxes:
        return SCHLESWIG_HOLSTEIN
    west, south, east, north = zip(*boxes, strict=True)
    return [round(value, 5) for value in (min(west), min(south), max(east), max(north))]


def describe(layers: Sequence[Layer], base_url: str) -> dict[str, Any]:
    """The TileJSON document of these layers in one source."""
    names = ",".join(one.name for one in layers)
    return {
        "tilejson": "3.0.0",
        "name": ", ".join(str(one.title) for one in layers),
        "attribution": ", ".join(dict.fromkeys(one.attribution for one in layers if one.attribution)),
        "scheme": "xyz",
        "tiles": [f"{base_url}/tiles/{names}/{{z}}/{{x}}/{{y}}.mvt"],
        "minzoom": min(one.min_zoom for one in layers),
        "maxzoom": max(one.max_zoom for one in layers),
        "bounds": extent(layers),
        "vector_layers": [
            {
                "id": one.name,
                "description": str(one.description),
                "minzoom": one.min_zoom,
                "maxzoom": one.max_zoom,
                "fields": {field.name: _JSON_TYPES.get(field.type, "String") for field in one.tile_fields},
            }
            for one in layers
        ],
    }
