"""The OpenAPI 3.0 document of OGC API Features: exactly the layers that the asker may know of, and their types."""

from typing import Any

from django.conf import settings

from gisapp import __version__
from gisapp.features import shapes
from gisapp.features.cql import LANGUAGES
from gisapp.features.crs import CRS84, SUPPORTED
from gisapp.features.documents import DEFAULT_LIMIT, GEOJSON, HTML, JSON, MOST_LIMIT, SCHEMA
from gisapp.layer import Layer
from gisapp.problems import CONTENT_TYPE
from gisapp.tenants.current import site_name

Document = dict[str, Any]
THING: Document = {"type": "object"}
XML = "application/xml"


def _parameter(name: str, schema: Document, text: str, place: str = "query") -> Document:
    found: Document = {"name": name, "in": place, "schema": schema, "description": text}
    if place == "path":
        return found | {"required": True}
    if place == "header":
        return found
    return found | ({"style": "form", "explode": False} if schema.get("type") == "array" else {})


def _refer(place: str, *names: str) -> list[dict[str, str]]:
    return [{"$ref": f"#/components/{place}/{name}"} for name in names]


def _parameters() -> Document:
    text = {"type": "string"}
    box = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_LIMIT, "default": DEFAULT_LIMIT}
    system = {"type": "string", "format": "uri", "enum": list(SUPPORTED), "default": CRS84}
    language = {"type": "string", "enum": list(LANGUAGES), "default": LANGUAGES[0]}
    found = (
        _parameter("f", {"type": "string", "enum": ["json", "html"]}, "Form der Antwort / form of the answer"),
        _parameter("limit", limit, "Höchstzahl der Objekte / most features"),
        _parameter("after", text, "Objekte hinter diesem Schlüssel / features behind this key"),
        _parameter("bbox", box, "Ausschnitt / box"),
        _parameter("bbox-crs", system, "Koordinatensystem des Ausschnitts / system of the box"),
        _parameter("crs", system, "Koordinatensystem der Antwort / system of the answer"),
        _parameter("datetime", text, "Zeitpunkt oder -raum; die Ebenen haben keine Zeit"),
        _parameter("filter", text, "Bedingung in CQL2 / condition in CQL2"),
        _parameter("filter-lang", language, "Sprache der Bedingung / language of the condition"),
        _parameter("filter-crs", system, "Koordinatensystem ihrer Geometrien / system of its geometries"),
        _parameter("Idempotency-Key", text, "Nur einmal tun / do it once", "header"),
        _parameter("If-Match", text, "ETag des bekannten Standes / of the known state", "header"),
        _parameter("If-None-Match", text, "304, wenn es noch das ist / if it still is that", "header"),
        _parameter("Content-Crs", text, "System der Geometrie / of the geometry", "header"),
        _parameter("featureId", text, "Schlüssel / key", "path"),
    )
    return {one["name"]: one for one in found}


def _listing(name: str, item: Document) -> Document:
    """An object with a list of this name."""
    return {"type": "object", "required": [name], "properties": {name: {"type": "array", "items": item}}}


def _components(layers: list[Layer]) -> Document:
    links = _listing("links", shapes.LINK)
    return {
        "parameters": _parameters(),
        "schemas": {
            "problem": shapes.PROBLEM,
            "landingPage": {**links, "required": ["links", "title"]},
            "conformance": _listing("conformsTo", {"type": "string"}),
            "collection": {**links, "required": ["id", "links", "extent", "crs", "storageCrs"]},
            "collections": _listing("collections", {"$ref": "#/components/schemas/collection"}),
            **{f"{one.name}.feature": shapes.feature(one) for one in layers},
            **{f"{one.name}.sent": shapes.sent(one) for one in layers},
        },
        "responses": {
            "problem": {
                "description": "Abgelehnt / refused (RFC 9457)",
                "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/problem"}}},
            },
            "unchanged": {"description": "Unverändert / not modified"},
        },
    }


def _refusals(*statuses: int) -> Document:
    return {str(one): {"$ref": "#/components/responses/problem"} for one in statuses}


def _operation(
    summary: str, name: str, parameters: list[Any], kind: str, schema: Document, *, page: bool = True
) -> Document:
    """A reading operation; `page`: there is one for people as well."""
    more = {HTML: {"schema": {"type": "string"}}} if page else {}
    return {
        "get": {
            "summary": summary,
            "operationId": name,
            "parameters": parameters,
            "responses": {
                "200": {"description": "OK", "content": {kind: {"schema": schema}, **more}},
                **_refusals(400, 401, 404, 503),
            },
        }
    }


def _write(one: Layer, verb: str, parameters: list[Any], success: str) -> Document:
    """One writing operation."""
    sent = {"schema": {"$ref": f"#/components/schemas/{one.name}.sent"}}
    told = {"content": {GEOJSON: {"schema": {"$ref": f"#/components/schemas/{one.name}.feature"}}}}
    refused = _refusals(400, 401, 403, 404, 406, 409, 412, 415, 422, 428, 429, 503)
    without = success == "204"
    return {
        "summary": str(one.title), "operationId": f"{verb}.{one.name}", "parameters": parameters,
        **({} if without else {"requestBody": {"required": True, "content": {GEOJSON: sent, JSON: sent}}}),
        "responses": {success: {"description": "OK", **({} if without else told)}, **refused},
    }  # fmt: skip


def _writes(one: Layer) -> tuple[Document, Document]:
    """The writing operations of the collection's items, and of one item."""
    once, known, system, key = _refer("parameters", "Idempotency-Key", "If-Match", "Content-Crs", "featureId")
    change = [key, once, known, system]
    return (
        {"post": _write(one, "create", [once, system], "201")},
        {
            "put": _write(one, "replace", change, "200"),
            "patch": _write(one, "update", change, "200"),
            "delete": _write(one, "delete", change[:3], "204"),
        },
    )


def _paths(one: Layer, user: Any) -> Document:
    """The addresses of one collection."""
    url, title, form = f"/collections/{one.name}", str(one.title), _refer("parameters", "f")
    asked = _refer(
        "parameters",
        "f",
        "limit",
        "after",
        "bbox",
        "bbox-crs",
        "crs",
        "datetime",
        "filter",
        "filter-lang",
        "filter-crs",
    )
    equal = [_parameter(field.name, shapes.value(field), str(field.title)) for field in one.public_fields]
    whole = {"$ref": "#/components/schemas/collection"}
    feature = {"$ref": f"#/components/schemas/{one.name}.feature"}
    single = _refer("parameters", "featureId", "f", "crs", "If-None-Match")
    found = {
        url: _operation(title, f"describe.{one.name}", form, JSON, whole),
        f"{url}/schema": _operation(title, f"schema.{one.name}", [], SCHEMA, THING, page=False),
        f"{url}/queryables": _operation(title, f"queryables.{one.name}", [], SCHEMA, THING, page=False),
        f"{url}/metadata": _operation(title, f"metadata.{one.name}", [], XML, {"type": "string"}, page=False),
        f"{url}/tiles": _operation(title, f"tilesets.{one.name}", [], JSON, THING, page=False),
        f"{url}/items": _operation(
            title, f"items.{one.name}", [*asked, *equal], GEOJSON, shapes.collection_of(feature)
        ),
        f"{url}/items/{{featureId}}": _operation(title, f"item.{one.name}", single, GEOJSON, feature),
    }
    found[f"{url}/items/{{featureId}}"]["get"]["responses"]["304"] = {"$ref": "#/components/responses/unchanged"}
    if one.edited_by(user):
        all_items, one_item = _writes(one)
        found[f"{url}/items"] |= all_items
        found[f"{url}/items/{{featureId}}"] |= one_item
    return found


def document(layers: list[Layer], root: str, user: Any) -> Document:
    """The whole of it; `root` is the address of the landing page."""
    common = _refer("parameters", "f")
    page, conformance, collections = _refer("schemas", "landingPage", "conformance", "collections")
    paths = {
        "/": _operation("Startseite / landing page", "getLandingPage", common, JSON, page),
        "/conformance": _operation("Konformität / conformance", "getConformance", common, JSON, conformance),
        "/tiles": _operation("Kacheln / tiles", "getTilesets", [], JSON, THING, page=False),
        "/tileMatrixSets": _operation(
            "Kachelraster / tile matrix sets", "getTileMatrixSets", [], JSON, THING, page=False
        ),
        "/collections": _operation("Ebenen / layers", "getCollections", common, JSON, collections),
    }
    for one in layers:
        paths |= _paths(one, user)
    return {
        "openapi": "3.0.3",
        "info": {"title": site_name(settings.SITE_NAME), "version": __version__},
        "servers": [{"url": root}],
        "paths": paths,
        "components": _components(layers),
    }
