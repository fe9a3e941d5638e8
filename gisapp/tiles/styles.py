"""MapLibre styles from the registry: one source for the base map, one for each layer that can be switched."""

import copy
from collections.abc import Sequence
from typing import Any

from django.templatetags.static import static

from gisapp.layer import Layer
from gisapp.tiles import tilejson
from gisapp.tiles.sql import label_layer

MODES = ("light", "dark")
BACKGROUND = {"light": "#f7f5f1", "dark": "#1b1f24"}
BASE_SOURCE = "base"


def source_of(layer: Layer) -> str:
    return BASE_SOURCE if layer.base_map else layer.name


def style_layers(layer: Layer, mode: str) -> list[dict[str, Any]]:
    """The layer's style layers with source, unique ids and the mode's colours."""
    found = []
    for declared in layer.style.layers:
        one = copy.deepcopy(dict(declared))
        if mode == "dark":
            one["paint"] = {**one.get("paint", {}), **layer.style.dark.get(one["id"], {})}
        one["metadata"] = {"gisapp:layer": layer.name}
        part = label_layer(layer) if layer.names_areas and one["type"] == "symbol" else layer.name
        one |= {"id": f"{layer.name}.{one['id']}", "source": source_of(layer), "source-layer": part}
        one["minzoom"] = max(one.get("minzoom", 0), layer.min_zoom)
        found.append(one)
    return found


def _drawing_order(layers: Sequence[Layer], mode: str) -> list[dict[str, Any]]:
    """Base map first, then what lies on it; all labels and symbols above all areas and lines."""
    numbered = [
        (one["type"] == "symbol", not layer.base_map, layer.order, place, one)
        for layer in layers
        for place, one in enumerate(style_layers(layer, mode))
    ]
    return [row[-1] for row in sorted(numbered, key=lambda row: row[:-1])]


def sources(layers: Sequence[Layer], base_url: str, user: Any) -> dict[str, Any]:
    """The vector sources; the base map's layers share one, so that a tile of it is one request."""
    grouped: dict[str, list[Layer]] = {}
    for one in layers:
        grouped.setdefault(source_of(one), []).append(one)
    found = {}
    for name, members in grouped.items():
        described = tilejson.describe(members, base_url, user)
        kept = ("tiles", "minzoom", "maxzoom", "attribution", "bounds")
        found[name] = {"type": "vector", **{key: described[key] for key in kept}}
    return found


def style(layers: Sequence[Layer], mode: str, base_url: str, user: Any) -> dict[str, Any]:
    """The whole style. Icons are named in metadata, to be added as the map asks for them; labels need no glyph files."""
    icons = {name: static(path) for one in layers for name, path in one.style.icons.items()}
    return {
        "version": 8,
        "name": "KRIT-GIS",
        "metadata": {"gisapp:icons": icons, "gisapp:mode": mode},
        "sources": sources(layers, base_url, user),
        "layers": [
            {"id": "background", "type": "background", "paint": {"background-color": BACKGROUND[mode]}},
            *_drawing_order(layers, mode),
        ],
    }
