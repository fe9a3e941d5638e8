"""The JSON documents of OGC API Features: landing page, conformance, collections. openapi.py has the description."""

from typing import Any

from django.conf import settings

from gisapp.extent import EVERYTHING, bounds
from gisapp.features import shapes
from gisapp.features.crs import CRS84, STORAGE, SUPPORTED
from gisapp.layer import Field, Layer
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
    return {"title": str(one.title), **shapes.value(one)}


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
    key = {"id": {**shapes.key(layer), "x-ogc-role": "id"}}
    for one in layer.public_fields:
        if one.values:
            found["properties"][one.name]["enum"] = list(one.values)
    return {
        **found,
        "$id": f"{root}/collections/{layer.name}/queryables",
        "properties": {**key, **found["properties"]},
        "additionalProperties": False,
    }
