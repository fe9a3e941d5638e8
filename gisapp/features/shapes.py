"""Features as JSON Schema, for the OpenAPI documents: the geometries of a layer, what is told and what is sent.

Written for OpenAPI 3.0, where `nullable` says what JSON Schema says by a type "null".
"""

from typing import Any

from django.db.models import IntegerField
from django.db.models.fields import AutoFieldMixin

from gisapp.layer import Field, Layer, Type

Schema = dict[str, Any]

_TYPES: dict[Type, dict[str, str]] = {
    Type.STRING: {"type": "string"},
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DATE: {"type": "string", "format": "date"},
    Type.DATETIME: {"type": "string", "format": "date-time"},
}
POSITION: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}
PROBLEM: Schema = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "code": {"type": "string"}, "field": {"type": "string"}, "place": {"type": "string"}, "detail": {"type": "string"},
    },
}  # fmt: skip


def value(one: Field) -> dict[str, str]:
    """The type of a field's value."""
    return _TYPES[one.type]


def _nested(depth: int, least: int) -> Schema:
    """Positions in as many arrays; a line of the innermost has `least` of them."""
    found: Schema = POSITION
    for level in range(depth):
        found = {"type": "array", "items": found, "minItems": least if level == 0 else 1}
    return found


_COORDINATES = {
    "Point": POSITION, "LineString": _nested(1, 2), "Polygon": _nested(2, 4),
    "MultiPoint": _nested(1, 1), "MultiLineString": _nested(2, 2), "MultiPolygon": _nested(3, 4),
}  # fmt: skip


def geometry(kind: str) -> Schema:
    """A GeoJSON geometry of this kind; of any kind for "Geometry"."""
    if kind not in _COORDINATES:
        return {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}}
    return {
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {"type": {"type": "string", "enum": [kind]}, "coordinates": _COORDINATES[kind]},
    }


def sent_geometry(kind: str) -> Schema:
    """What is taken for a column of this kind: a single geometry becomes a multi one."""
    single = kind.removeprefix("Multi")
    return geometry(kind) if single == kind else {"oneOf": [geometry(kind), geometry(single)]}


def numbered(layer: Layer) -> bool:
    """Is the key a number?"""
    return isinstance(layer.key, IntegerField | AutoFieldMixin)


def key(layer: Layer) -> dict[str, str]:
    return {"type": "integer" if numbered(layer) else "string"}


ANY_FEATURE: Schema = {
    "type": "object",
    "required": ["type", "id", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "geometry": {**geometry("Geometry"), "nullable": True},
        "properties": {"type": "object"},
    },
}


def feature(layer: Layer) -> Schema:
    """A feature as the layer tells it."""
    fields = {one.name: {**value(one), "title": str(one.title), "nullable": True} for one in layer.public_fields}
    return {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": key(layer),
            "geometry": {**geometry(str(layer.geometry)), "nullable": True},
            "properties": {"type": "object", "required": list(fields), "properties": fields, "additionalProperties": False},
            "links": {"type": "array", "items": LINK},
        },
    }  # fmt: skip


def sent(layer: Layer) -> Schema:
    """A feature as it is sent. Values that come from elsewhere may stand in it and change nothing."""
    fields = {one.name: {**value(one), "title": str(one.title), "nullable": True} for one in layer.public_fields}
    return {
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "geometry": sent_geometry(str(layer.geometry)),
            "properties": {"type": "object", "properties": fields, "additionalProperties": False},
        },
    }


ANY_SENT: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "geometry": geometry("Geometry"),
        "properties": {"type": "object"},
    },
}
LINK: Schema = {
    "type": "object",
    "required": ["href", "rel"],
    "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "title")},
}


def collection_of(one: Schema) -> Schema:
    """A page of features."""
    count = {"type": "integer", "minimum": 0}
    return {
        "type": "object",
        "required": ["type", "features", "numberMatched"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": one},
            "numberMatched": count,
            "numberReturned": count,
            "timeStamp": {"type": "string", "format": "date-time"},
            "after": {"type": "string", "nullable": True},
            "links": {"type": "array", "items": LINK},
        },
    }
