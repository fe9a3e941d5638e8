"""What every write of features over HTTP has in common: once for a key, from a known state, answered with the new one."""

from collections.abc import Callable
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.request import Request

from gisapp.api.serializers import GEOJSON, serializer_for
from gisapp.features import idempotency, query, versions, writing
from gisapp.features.crs import Crs, parse
from gisapp.layer import Layer

Shown = Callable[[dict[str, Any]], dict[str, Any]]


def _sent_crs(request: Request) -> Crs:
    """The system of the sent geometry (OGC API Features Part 4): the header Content-Crs, else CRS84."""
    return parse(request.headers.get("Content-Crs"))


def _answer(layer: Layer, user: Any, key: Any, status: int, crs: Crs, shown: Shown) -> HttpResponse:
    """The feature as it is now, with its tag."""
    row, version = versions.read(layer, user, str(key), crs)
    content = orjson.dumps(shown(query.feature(layer, row)), default=str)
    response = HttpResponse(content, status=status, content_type=GEOJSON)
    response["Content-Crs"] = f"<{crs.uri}>"
    return versions.tagged(response, version)


def create(request: Request, layer: Layer, location: Callable[[Any], str], shown: Shown = dict) -> HttpResponse:
    """201 with the new feature and its address. Raises GisError and DRF's ValidationError."""

    def write() -> HttpResponse:
        crs = _sent_crs(request)
        made = writing.create(layer, request.user, serializer_for(layer), request.data, crs=crs).instance
        response = _answer(layer, request.user, made.pk, 201, crs, shown)
        response["Location"] = location(made.pk)
        return response

    return idempotency.once(request._request, request.user, write)


def change(request: Request, layer: Layer, key: str, *, partial: bool, shown: Shown = dict) -> HttpResponse:
    """200 with the changed feature. Raises GisError and DRF's ValidationError."""

    def write() -> HttpResponse:
        crs, wanted = _sent_crs(request), versions.Wanted.parse(request.headers.get("If-Match"))
        writing.change(
            layer, request.user, key, serializer_for(layer), request.data, partial=partial, wanted=wanted, crs=crs
        )
        return _answer(layer, request.user, key, 200, crs, shown)

    return idempotency.once(request._request, request.user, write)


def remove(request: Request, layer: Layer, key: str) -> HttpResponse:
    """204. Raises GisError."""

    def write() -> HttpResponse:
        wanted = versions.Wanted.parse(request.headers.get("If-Match"))
        writing.remove(layer, request.user, key, wanted=wanted)
        return HttpResponse(status=204)

    return idempotency.once(request._request, request.user, write)
