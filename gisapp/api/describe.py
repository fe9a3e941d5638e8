"""A layer's declaration as plain values, for the API, the command line and the documentation page."""

from typing import Any

from gisapp.layer import Layer


def describe(layer: Layer) -> dict[str, Any]:
    """What a client needs to know of a layer; private fields are not part of it."""
    return {
        "name": layer.name,
        "title": str(layer.title),
        "description": str(layer.description),
        "group": str(layer.group),
        "geometry": str(layer.geometry),
        "attribution": layer.attribution,
        "switched_on": layer.switched_on,
        "base_map": layer.base_map,
        "interactive": layer.interactive,
        "min_zoom": layer.min_zoom,
        "max_zoom": layer.max_zoom,
        "label": layer.label,
        "columns": list(layer.columns),
        "exports": list(layer.exports),
        "fields": [
            {"name": one.name, "type": str(one.type), "title": str(one.title), "unit": one.unit, "filter": one.filter}
            for one in layer.public_fields
        ],
    }
