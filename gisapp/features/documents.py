"""The JSON documents of OGC API Features: landing page, conformance, collections, OpenAPI."""

from typing import Any

from django.conf import settings
from django.db.models import IntegerField
from django.db.models.fields import AutoFieldMixin

from gisapp import __version__
from gisapp.extent import EVERYTHING, bounds
from gisapp.features.cql import LANGUAGES
from gisapp.features.crs import CRS84, STORAGE, SUPPORTED
from gisapp.layer import Field, Layer, Type
from gisapp.tenants.current import site_name

CONFORMANCE = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/update",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/features",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/optimistic-locking-etags",
    # Not arithmetic (there is no power), not spatial-functions (mixed collections), not arrays and functions.
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
]
JSON, HTML, GEOJSON = "application/json", "text/html", "application/geo+json"
OPENAPI, SCHEMA = "application/vnd.oai.openapi+json;version=3.0", "application/schema+json"
_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/"
QUERYABLES = f"{_RELATION}queryables"
DEFAULT_LIMIT, MOST_LIMIT = 10, 10_000

_TYPES: dict[Type, dict[str, str]] = {
    Type.STRING: {"type": "string"},
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DATE: {"type": "string", "format": "date"},
    Type.DATETIME: {"type": "string", "format": "date-time"},
}


def link(href: str, rel: str, kind: str, title: str = "") -> dict[str, str]:
    return {"href": href, "rel": rel, "type": kind} | ({"title": title} if title else {})


def both(url: str, shown: str, kind: str = JSON) -> list[dict[str, str]]:
    """Links to this document itself (`shown` is "json" or "html") and to its other form."""
    forms = {"json": kind, "html": HTML}
    return [link(f"{url}?f={name}", "self" if name == shown else "alternate", forms[name]) for name in ("json", "html")]


def landing(root: str, shown: str) -> dict[str, Any]:
    return {
        "title": site_name(settings.SITE_NAME),
        "description": "Öffentliche Ebenen der Karte als OGC API Features. / Public layers as OGC API Features.",
        "links": [
            *both(f"{root}/", shown),
            link(f"{root}/api?f=json", "service-desc", OPENAPI, "OpenAPI 3.0"),
            link(f"{root}/api?f=html", "service-doc", HTML, "OpenAPI"),
            link(f"{root}/conformance", "conformance", JSON),
            link(f"{root}/collections", "data", JSON),
            link(f"{root}/tiles", f"{_RELATION}tilesets-vector", JSON, "OGC API Tiles"),
            link(f"{root}/tileMatrixSets", f"{_RELATION}tiling-schemes", JSON),
        ],
    }


def conformance(root: str) -> dict[str, Any]:
    from gisapp.features import tilesets

    return {"conformsTo": [*CONFORMANCE, *tilesets.CONFORMANCE]}


def collection(layer: Layer, root: str, user: Any, shown: str = "json") -> dict[str, Any]:
    """One layer as a collection."""
    url = f"{root}/collections/{layer.name}"
    return {
        "id": layer.name,
        "title": str(layer.title),
        "description": str(layer.description),
        "attribution": layer.attribution,
        "itemType": "feature",
        "extent": {"spatial": {"bbox": [bounds(layer, user) or EVERYTHING], "crs": CRS84}},
        "crs": list(SUPPORTED),
        "storageCrs": STORAGE.uri,
        "links": [
            *both(url, shown),
            link(f"{url}/items?f=json", "items", GEOJSON, str(layer.title)),
            link(f"{url}/items?f=html", "items", HTML, str(layer.title)),
            link(f"{url}/schema", "describedby", SCHEMA),
            link(f"{url}/queryables", QUERYABLES, SCHEMA),
            link(f"{url}/metadata", "describedby", "application/xml", "ISO 19139"),
            *([link(layer.licence, "license", HTML)] if layer.licence else []),
            link(f"{url}/tiles", f"{_RELATION}tilesets-vector", JSON, str(layer.title)),
        ],
    }


def collections(layers: list[Layer], root: str, user: Any, shown: str) -> dict[str, Any]:
    return {
        "links": both(f"{root}/collections", shown),
        "crs": list(SUPPORTED),
        "collections": [collection(one, root, user) for one in layers],
    }


def field_schema(one: Field) -> dict[str, Any]:
    """A field as JSON Schema."""
    return {"title": str(one.title), **_TYPES[one.type]}


def schema(layer: Layer, root: str) -> dict[str, Any]:
    """The layer's public fields as JSON Schema."""
    properties: dict[str, Any] = {one.name: field_schema(one) for one in layer.public_fields}
    properties["geometry"] = {"format": f"geometry-{layer.geometry.lower()}", "x-ogc-role": "primary-geometry"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{root}/collections/{layer.name}/schema",
        "type": "object",
        "title": str(layer.title),
        "properties": properties,
    }


def queryables(layer: Layer, root: str) -> dict[str, Any]:
    """What a filter may ask for: the public fields, the geometry and the key."""
    found = schema(layer, root)
    number = isinstance(layer.key, IntegerField | AutoFieldMixin)
    key = {"id": {"type": "integer" if number else "string", "x-ogc-role": "id"}}
    for one in layer.public_fields:
        if one.values:
            found["properties"][one.name]["enum"] = list(one.values)
    return {
        **found,
        "$id": f"{root}/collections/{layer.name}/queryables",
        "properties": {**key, **found["properties"]},
        "additionalProperties": False,
    }


def _parameter(name: str, schema: dict[str, Any], text: str, place: str = "query") -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "in": place, "schema": schema, "description": text}
    if place == "path":
        return found | {"required": True}
    if place == "header":
        return found
    return found | ({"style": "form", "explode": False} if schema.get("type") == "array" else {})


def _components() -> dict[str, Any]:
    uris = list(SUPPORTED)
    box = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_LIMIT, "default": DEFAULT_LIMIT}
    system = {"type": "string", "format": "uri", "enum": uris, "default": CRS84}
    return {
        "parameters": {
            "f": _parameter("f", {"type": "string", "enum": ["json", "html"]}, "Form der Antwort / form of the answer"),
            "limit": _parameter("limit", limit, "Höchstzahl der Objekte / most features"),
            "after": _parameter("after", {"type": "string"}, "Objekte hinter diesem Schlüssel / features behind this key"),
            "bbox": _parameter("bbox", box, "Ausschnitt / box"),
            "bbox-crs": _parameter("bbox-crs", system, "Koordinatensystem des Ausschnitts / system of the box"),
            "crs": _parameter("crs", system, "Koordinatensystem der Antwort / system of the answer"),
            "datetime": _parameter("datetime", {"type": "string"}, "Zeitpunkt oder -raum; die Ebenen haben keine Zeit"),
            "filter": _parameter("filter", {"type": "string"}, "Bedingung in CQL2 / condition in CQL2"),
            "filter-lang": _parameter("filter-lang", {"type": "string", "enum": list(LANGUAGES), "default": LANGUAGES[0]},
                                      "Sprache der Bedingung / language of the condition"),
            "filter-crs": _parameter("filter-crs", system, "Koordinatensystem ihrer Geometrien / system of its geometries"),
            "Idempotency-Key": _parameter("Idempotency-Key", {"type": "string"}, "Nur einmal tun / do it once", "header"),
            "If-Match": _parameter("If-Match", {"type": "string"}, "ETag des bekannten Standes / of the known state", "header"),
            "Content-Crs": _parameter("Content-Crs", {"type": "string"}, "System der Geometrie / of the geometry", "header"),
            "featureId": _parameter("featureId", {"type": "string"}, "Schlüssel / key", "path"),
        },
        "schemas": {
            "problem": {
                "type": "object",
                "required": ["title", "status", "code"],
                "properties": {
                    "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
                    "code": {"type": "string"}, "field": {"type": "string"}, "detail": {"type": "string"},
                },
            },
            "featureCollection": {
                "type": "object",
                "required": ["type", "features"],
                "properties": {
                    "type": {"type": "string", "enum": ["FeatureCollection"]},
                    "features": {"type": "array", "items": {"type": "object"}},
                    "numberMatched": {"type": "integer"}, "numberReturned": {"type": "integer"},
                    "timeStamp": {"type": "string", "format": "date-time"},
                    "links": {"type": "array", "items": {"type": "object"}},
                },
            },
        },
        "responses": {
            "problem": {
                "description": "Abgelehnt / refused (RFC 9457)",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}},
            }
        },
    }  # fmt: skip


def _operation(summary: str, name: str, parameters: list[Any], kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    problem = {"$ref": "#/components/responses/problem"}
    return {
        "get": {
            "summary": summary,
            "operationId": name,
            "parameters": parameters,
            "responses": {
                "200": {
                    "description": "OK",
                    "content": {kind: {"schema": schema}, HTML: {"schema": {"type": "string"}}},
                },
                "400": problem,
                "404": problem,
            },
        }
    }


def _write(summary: str, name: str, parameters: list[Any], success: str) -> dict[str, Any]:
    """One writing operation."""
    problem = {"$ref": "#/components/responses/problem"}
    refused = ("400", "401", "403", "404", "409", "412", "415", "422", "428", "429")
    body = {"required": True, "content": {GEOJSON: {"schema": {"type": "object"}}}}
    return {
        "summary": summary, "operationId": name, "parameters": parameters,
        **({} if success == "204" else {"requestBody": body}),
        "responses": {success: {"description": "OK"}, **dict.fromkeys(refused, problem)},
    }  # fmt: skip


def _writes(one: Layer) -> tuple[dict[str, Any], dict[str, Any]]:
    """The writing operations of the collection's items, and of one item."""
    once, known, system, key = (
        {"$ref": f"#/components/parameters/{name}"}
        for name in ("Idempotency-Key", "If-Match", "Content-Crs", "featureId")
    )
    title, change = str(one.title), [key, once, known, system]
    return (
        {"post": _write(title, f"create.{one.name}", [once, system], "201")},
        {
            "put": _write(title, f"replace.{one.name}", change, "200"),
            "patch": _write(title, f"update.{one.name}", change, "200"),
            "delete": _write(title, f"delete.{one.name}", change[:3], "204"),
        },
    )


def openapi(layers: list[Layer], root: str, user: Any) -> dict[str, Any]:
    """The OpenAPI 3.0 description of exactly the layers that the asker may know of."""
    thing = {"type": "object"}
    common = [{"$ref": f"#/components/parameters/{name}"} for name in ("f",)]
    paths = {
        "/": _operation("Startseite / landing page", "getLandingPage", common, JSON, thing),
        "/conformance": _operation("Konformität / conformance", "getConformance", common, JSON, thing),
        "/tiles": _operation("Kacheln / tiles", "getTilesets", [], JSON, thing),
        "/tileMatrixSets": _operation("Kachelraster / tile matrix sets", "getTileMatrixSets", [], JSON, thing),
        "/collections": _operation("Ebenen / layers", "getCollections", common, JSON, thing),
    }
    asked = ("f", "limit", "after", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs")
    for one in layers:
        equal = [_parameter(field.name, _TYPES[field.type], str(field.title)) for field in one.public_fields]
        refs = [{"$ref": f"#/components/parameters/{name}"} for name in asked]
        features = {"$ref": "#/components/schemas/featureCollection"}
        url = f"/collections/{one.name}"
        paths[url] = _operation(str(one.title), f"describe.{one.name}", common, JSON, thing)
        paths[f"{url}/schema"] = _operation(str(one.title), f"schema.{one.name}", [], SCHEMA, thing)
        paths[f"{url}/queryables"] = _operation(str(one.title), f"queryables.{one.name}", [], SCHEMA, thing)
        paths[f"{url}/metadata"] = _operation(str(one.title), f"metadata.{one.name}", [], "application/xml", thing)
        paths[f"{url}/tiles"] = _operation(str(one.title), f"tilesets.{one.name}", [], JSON, thing)
        paths[f"{url}/items"] = _operation(str(one.title), f"items.{one.name}", [*refs, *equal], GEOJSON, features)
        paths[f"{url}/items/{{featureId}}"] = _operation(
            str(one.title), f"item.{one.name}",
            [{"$ref": f"#/components/parameters/{name}"} for name in ("featureId", "f", "crs")], GEOJSON, thing,
        )  # fmt: skip
        if one.edited_by(user):
            whole, single = _writes(one)
            paths[f"{url}/items"] |= whole
            paths[f"{url}/items/{{featureId}}"] |= single
    return {
        "openapi": "3.0.3",
        "info": {"title": site_name(settings.SITE_NAME), "version": __version__},
        "servers": [{"url": root}],
        "paths": paths,
        "components": _components(),
    }
