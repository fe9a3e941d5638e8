"""OGC API Features 1.0 over HTTP."""

import datetime
import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from gisapp import errors, layer
from gisapp.features import cql, documents, openapi, query, versions
from gisapp.features.crs import parse as parse_crs
from gisapp.features.documents import HTML
from gisapp.tiles.views import base_url

# Read by gisapp.history.middleware, at every address.
PAST = "as_of"
_SELECTING = ("bbox", "bbox-crs", "datetime", "filter", "filter-lang", "filter-crs")
_PAGING = ("f", "limit", "after", "crs")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}([Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2}))?", re.ASCII)


def root_of(request: HttpRequest) -> str:
    return base_url(request) + reverse("ogc:landing").rstrip("/")


def _form(request: HttpRequest) -> str:
    """ "json" or "html": the parameter f, else what the Accept header prefers."""
    asked = request.GET.get("f")
    if asked is None:
        return "html" if request.get_preferred_type([documents.JSON, documents.GEOJSON, HTML]) == HTML else "json"
    if asked not in ("json", "html"):
        raise errors.BadInput("unknown-format", field="f", value=asked[:50], possible="json, html")
    return asked


def allow(request: HttpRequest, *names: str) -> None:
    """Refuse parameters that nobody knows or that stand twice: a misspelt filter must not answer with everything."""
    for name, values in request.GET.lists():
        if name not in names and name != PAST:
            raise errors.BadInput("unknown-parameter", field=name[:50], name=name[:50])
        if len(values) > 1:
            raise errors.BadInput("repeated-parameter", field=name[:50], name=name[:50])


def door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that reads, open to other sites' scripts, whose form may follow the Accept header."""

    @csrf_exempt
    @require_safe
    @wraps(view)
    def opened(request: HttpRequest, **more: str) -> HttpResponse:
        response = view(request, **more)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = "Content-Crs, ETag"
        patch_vary_headers(response, ["Accept"])
        return response

    return opened


def as_json(content: Any, kind: str = documents.JSON, **headers: str) -> HttpResponse:
    response = HttpResponse(
        orjson.dumps(content, option=orjson.OPT_PASSTHROUGH_SUBCLASS, default=str), content_type=kind
    )
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def _answer(request: HttpRequest, form: str, content: Any, template: str, **more: Any) -> HttpResponse:
    if form == "html":
        return render(request, f"features/{template}.html", {"content": content, "root": root_of(request), **more})
    return as_json(content)


@door
def landing(request: HttpRequest) -> HttpResponse:
    allow(request, "f")
    form = _form(request)
    content = documents.landing(root_of(request), form)
    return _answer(request, form, content, "landing", layers=layer.visible_layers(request.user))


@door
def conformance(request: HttpRequest) -> HttpResponse:
    allow(request, "f")
    return _answer(request, _form(request), documents.conformance(root_of(request)), "conformance")


@door
def api(request: HttpRequest) -> HttpResponse:
    allow(request, "f")
    content = openapi.document(layer.visible_layers(request.user), root_of(request), request.user)
    if _form(request) == "html":
        return render(request, "features/api.html", {"content": content, "root": root_of(request)})
    return as_json(content, documents.OPENAPI)


@door
def collections(request: HttpRequest) -> HttpResponse:
    allow(request, "f")
    form = _form(request)
    content = documents.collections(layer.visible_layers(request.user), root_of(request), request.user, form)
    return _answer(request, form, content, "collections")


@door
def collection(request: HttpRequest, name: str) -> HttpResponse:
    found = layer.get(name, request.user)
    allow(request, "f")
    form = _form(request)
    return _answer(
        request, form, documents.collection(found, root_of(request), request.user, form), "collection", layer=found
    )


@door
def schema(request: HttpRequest, name: str) -> HttpResponse:
    found = layer.get(name, request.user)
    allow(request, "f")
    if request.GET.get("f", "json") != "json":
        raise errors.BadInput("unknown-format", field="f", value=request.GET["f"][:50], possible="json")
    return as_json(documents.schema(found, root_of(request)), documents.SCHEMA)


@door
def queryables(request: HttpRequest, name: str) -> HttpResponse:
    """What a filter may ask for (OGC API Features Part 3)."""
    found = layer.get(name, request.user)
    allow(request, "f")
    if request.GET.get("f", "json") != "json":
        raise errors.BadInput("unknown-format", field="f", value=request.GET["f"][:50], possible="json")
    return as_json(documents.queryables(found, root_of(request)), documents.SCHEMA)


def limit_of(request: HttpRequest) -> int:
    """The limit, lowered to the most that is served; raises BadInput for what is no positive number."""
    text = request.GET.get("limit", str(documents.DEFAULT_LIMIT))
    if not re.fullmatch(r"0*[1-9][0-9]{0,30}", text):
        raise errors.BadInput("bad-number", field="limit", name="limit", value=text[:50])
    return min(int(text), documents.MOST_LIMIT)


def _moment(text: str) -> datetime.datetime | None:
    """A date or date-time of RFC 3339; None for the open end of an interval. Raises ValueError."""
    if text in ("", ".."):
        return None
    if not _INSTANT.fullmatch(text):
        raise ValueError(text)
    found = datetime.datetime.fromisoformat(text.upper())
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def check_datetime(text: str) -> None:
    """Raise BadInput for what is no instant or interval. The layers have no time, so every feature is of any time."""
    parts = text.split("/")
    try:
        moments = [_moment(one) for one in parts]
        begin, end = moments[0], moments[-1]
        if len(parts) > 2 or (len(parts) == 1 and begin is None) or (begin and end and begin > end):
            raise ValueError(text)
    except ValueError as reason:
        raise errors.BadInput("bad-value", field="datetime", name="datetime", value=text[:60]) from reason


def selection_of(request: HttpRequest, found: layer.Layer, *others: str) -> query.Selection:
    """What the request's parameters select of the layer; raises BadInput for what is not understood.

    `others` are the parameters that the caller reads itself.
    """
    fixed = {*_SELECTING, *others}
    names = {one.name for one in found.public_fields} - fixed
    allow(request, *fixed, *names)
    box = request.GET.get("bbox")
    if "datetime" in request.GET:
        check_datetime(request.GET["datetime"])
    system = parse_crs(request.GET.get("bbox-crs"))
    filter_system, language = parse_crs(request.GET.get("filter-crs")), request.GET.get("filter-lang", cql.LANGUAGES[0])
    written = request.GET.get("filter")
    if language not in cql.LANGUAGES:
        possible = ", ".join(cql.LANGUAGES)
        raise errors.BadInput("unknown-format", field="filter-lang", value=language[:50], possible=possible)
    return query.Selection(
        box=query.Box.parse(box, system) if box is not None else None,
        equals={name: str(value) for name, value in request.GET.items() if name in names},
        filter=cql.parse(written, language, filter_system) if written is not None else None,
    )


@door
def items(request: HttpRequest, name: str) -> HttpResponse:
    """A page of features; `after` is the key behind which it begins."""
    found = layer.get(name, request.user)
    selection = selection_of(request, found, *_PAGING)
    crs, limit = parse_crs(request.GET.get("crs")), limit_of(request)
    form = _form(request)
    after = request.GET.get("after", "")
    rows = query.page(found, request.user, selection, crs, limit=limit + 1, after=after)
    more, rows = len(rows) > limit, rows[:limit]
    url = f"{root_of(request)}/collections/{found.name}"
    asked = {key: value for key, value in request.GET.items() if key != "f"}
    links = documents.both(f"{url}/items", form, documents.GEOJSON)
    for one in links:
        one["href"] = f"{url}/items?{urlencode({**asked, 'f': one['href'].rpartition('=')[2]})}"
    if more:
        following = {**asked, "after": str(rows[-1][0]), "limit": str(limit), "f": form}
        kind = documents.GEOJSON if form == "json" else documents.HTML
        links.append(documents.link(f"{url}/items?{urlencode(following)}", "next", kind))
    links.append(documents.link(url, "collection", documents.JSON))
    content = {
        "type": "FeatureCollection",
        "features": [query.feature(found, row) for row in rows],
        "numberMatched": query.count(found, request.user, selection),
        "numberReturned": len(rows),
        "timeStamp": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "links": links,
    }
    if form == "html":
        return render(request, "features/items.html", {"content": content, "layer": found, "root": root_of(request)})
    return as_json(content, documents.GEOJSON, Content_Crs=f"<{crs.uri}>")


def item_links(url: str, key: Any, form: str = "json") -> list[dict[str, str]]:
    """The links of one feature; `url` is the collection's."""
    both = documents.both(f"{url}/items/{key}", form, documents.GEOJSON)
    return [*both, documents.link(url, "collection", documents.JSON)]


@door
def item(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """One feature."""
    found = layer.get(name, request.user)
    allow(request, "f", "crs")
    crs, form = parse_crs(request.GET.get("crs")), _form(request)
    row, version = versions.read(found, request.user, key, crs)
    if form == "json" and versions.known(request.headers.get("If-None-Match", ""), version):
        return versions.tagged(HttpResponse(status=304), version)
    content = query.feature(found, row)
    url = f"{root_of(request)}/collections/{found.name}"
    content["links"] = item_links(url, content["id"], form)
    if form == "html":
        return render(request, "features/item.html", {"content": content, "layer": found, "root": root_of(request)})
    return versions.tagged(as_json(content, documents.GEOJSON, Content_Crs=f"<{crs.uri}>"), version)
