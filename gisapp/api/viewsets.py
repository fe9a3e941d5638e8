"""Features over REST: read like OGC API Features, written through the layer's serialiser by who may edit it."""

from typing import Any

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from gisapp import layer
from gisapp.api import writes
from gisapp.api.documented import ONCE, SELECTING
from gisapp.api.serializers import GEOJSON, problems
from gisapp.api.throttles import WriteThrottle
from gisapp.features import query, shapes, versions
from gisapp.features.crs import DEFAULT
from gisapp.features.views import limit_of, selection_of

_PAGE = [
    *SELECTING,
    OpenApiParameter("limit", int),
    OpenApiParameter("after", str, description="Objekte hinter diesem Schlüssel / features behind this key"),
]
_TOLD = {(200, GEOJSON): shapes.ANY_FEATURE}
_LISTED = {(200, GEOJSON): shapes.collection_of(shapes.ANY_FEATURE), **problems(400, 401, 404)}
_WRITING = problems(400, 401, 403, 404, 409, 412, 415, 422, 428, 429)
_LOCK = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="ETag des Objekts, von dem die Änderung ausgeht / of the feature that the change starts from",
)
_KNOWN = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="304, wenn es noch das ist")
_SYSTEM = OpenApiParameter(
    "Content-Crs",
    str,
    OpenApiParameter.HEADER,
    description="Koordinatensystem der gesendeten Geometrie (CRS84) / system of the sent geometry",
)
_SENT = {"application/json": shapes.ANY_SENT, GEOJSON: shapes.ANY_SENT}


def _geojson(content: Any) -> HttpResponse:
    return HttpResponse(orjson.dumps(content, default=str), content_type=GEOJSON)


class Features(APIView):
    """All features of a layer."""

    throttle_classes = (WriteThrottle,)

    @extend_schema(operation_id="features_list", parameters=_PAGE, responses=_LISTED)
    def get(self, request: Request, layer: str) -> HttpResponse:
        """Eine Seite Objekte als GeoJSON. / A page of features as GeoJSON."""
        found = _layer(layer, request)
        selection, limit = selection_of(request._request, found, "limit", "after"), limit_of(request._request)
        rows = query.page(found, request.user, selection, DEFAULT, limit=limit + 1, after=request.GET.get("after", ""))
        following = str(rows[limit - 1][0]) if len(rows) > limit else None
        return _geojson(
            {
                "type": "FeatureCollection",
                "features": [query.feature(found, row) for row in rows[:limit]],
                "numberMatched": query.count(found, request.user, selection),
                "after": following,
            }
        )

    @extend_schema(
        operation_id="features_create",
        parameters=[ONCE, _SYSTEM],
        request=_SENT,
        responses={(201, GEOJSON): shapes.ANY_FEATURE, **_WRITING},
    )
    def post(self, request: Request, layer: str) -> HttpResponse:
        """Ein Objekt anlegen. / Create a feature."""
        base = request.path.rstrip("/")
        return writes.create(request, _layer(layer, request), lambda key: f"{base}/{key}/")


class Feature(APIView):
    """One feature of a layer."""

    throttle_classes = (WriteThrottle,)

    @extend_schema(
        operation_id="features_retrieve", parameters=[_KNOWN], responses={**_TOLD, 304: None, **problems(401, 404)}
    )
    def get(self, request: Request, layer: str, key: str) -> HttpResponse:
        """Ein Objekt als GeoJSON. / One feature as GeoJSON."""
        found = _layer(layer, request)
        row, version = versions.read(found, request.user, key)
        if versions.known(request.headers.get("If-None-Match", ""), version):
            return versions.tagged(HttpResponse(status=304), version)
        return versions.tagged(_geojson(query.feature(found, row)), version)

    @extend_schema(
        operation_id="features_replace",
        parameters=[ONCE, _LOCK, _SYSTEM],
        request=_SENT,
        responses={**_TOLD, **_WRITING},
    )
    def put(self, request: Request, layer: str, key: str) -> HttpResponse:
        """Ein Objekt ersetzen. / Replace a feature."""
        return writes.change(request, _layer(layer, request), key, partial=False)

    @extend_schema(
        operation_id="features_change",
        parameters=[ONCE, _LOCK, _SYSTEM],
        request=_SENT,
        responses={**_TOLD, **_WRITING},
    )
    def patch(self, request: Request, layer: str, key: str) -> HttpResponse:
        """Teile eines Objekts ändern. / Change parts of a feature."""
        return writes.change(request, _layer(layer, request), key, partial=True)

    @extend_schema(operation_id="features_delete", parameters=[ONCE, _LOCK], responses={204: None, **_WRITING})
    def delete(self, request: Request, layer: str, key: str) -> HttpResponse:
        """Ein Objekt löschen. / Delete a feature."""
        return writes.remove(request, _layer(layer, request), key)


def _layer(name: str, request: Request) -> layer.Layer:
    return layer.get(name, request.user)
