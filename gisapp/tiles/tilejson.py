"""TileJSON 3.0 from the registry."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from gisapp.extent import common
from gisapp.layer import Layer, Type
from gisapp.moment import past
from gisapp.tiles.sql import label_layer

_JSON_TYPES = {Type.INTEGER: "Number", Type.NUMBER: "Number", Type.BOOLEAN: "Boolean"}


def _then() -> str:
    """The past that was asked for, for the tiles' address."""
    asked = past()
    return f"?{urlencode({'as_of': asked.isoformat()})}" if asked else ""


def describe(layers: Sequence[Layer], base_url: str, user: Any) -> dict[str, Any]:
    """The TileJSON document of these layers in one source."""
    names = ",".join(one.name for one in layers)
    return {
        "tilejson": "3.0.0",
        "name": ", ".join(str(one.title) for one in layers),
        "attribution": ", ".join(dict.fromkeys(one.attribution for one in layers if one.attribution)),
        "scheme": "xyz",
        "tiles": [f"{base_url}/tiles/{names}/{{z}}/{{x}}/{{y}}.mvt{_then()}"],
        "minzoom": min(one.min_zoom for one in layers),
        "maxzoom": max(one.max_zoom for one in layers),
        "bounds": list(common(layers, user)),
        "vector_layers": [
            {
                "id": name,
                "description": str(one.description),
                "minzoom": one.min_zoom,
                "maxzoom": one.max_zoom,
                "fields": {field.name: _JSON_TYPES.get(field.type, "String") for field in one.tile_fields},
            }
            for one in layers
            for name in ((one.name, label_layer(one)) if one.names_areas else (one.name,))
        ],
    }
