"""Features over REST: read like OGC API Features, written through the layer's serialiser by who may edit it."""

from typing import Any

import orjson
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gisapp import layer
from gisapp.api.documented import SELECTING
from gisapp.api.serializers import GEOJSON, problems, serializer_for
from gisapp.api.throttles import WriteThrottle
from gisapp.features import query, writing
from gisapp.features.crs import DEFAULT
from gisapp.features.views import limit_of, selection_of

_PAGE = [
    *SELECTING,
    OpenApiParameter("limit", int),
    OpenApiParameter("after", str, description="Objekte hinter diesem Schlüssel / features behind this key"),
]
_READING = {(200, GEOJSON): OpenApiTypes.OBJECT, **problems(400, 404)}
_WRITING = problems(400, 401, 403, 404, 409, 415, 429)
_SENT = {"application/json": OpenApiTypes.OBJECT, GEOJSON: OpenApiTypes.OBJECT}


def _geojson(content: Any) -> HttpResponse:
    return HttpResponse(orjson.dumps(content, default=str), content_type=GEOJSON)


class Features(APIView):
    """All features of a layer."""

    throttle_classes = (WriteThrottle,)

    @extend_schema(operation_id="features_list", parameters=_PAGE, responses=_READING)
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

    @extend_schema(operation_id="features_create", request=_SENT, responses={201: OpenApiTypes.OBJECT, **_WRITING})
    def post(self, request: Request, layer: str) -> Response:
        """Ein Objekt anlegen. / Create a feature."""
        found = _layer(layer, request)
        serializer = writing.create(found, request.user, serializer_for(found), request.data)
        answer = Response(serializer.data, status=status.HTTP_201_CREATED)
        answer["Location"] = f"{request.path.rstrip('/')}/{serializer.instance.pk}/"
        return answer


class Feature(APIView):
    """One feature of a layer."""

    throttle_classes = (WriteThrottle,)

    @extend_schema(operation_id="features_retrieve", responses=_READING)
    def get(self, request: Request, layer: str, key: str) -> HttpResponse:
        """Ein Objekt als GeoJSON. / One feature as GeoJSON."""
        found = _layer(layer, request)
        return _geojson(query.feature(found, query.single(found, request.user, key, DEFAULT)))

    @extend_schema(operation_id="features_replace", request=_SENT, responses={200: OpenApiTypes.OBJECT, **_WRITING})
    def put(self, request: Request, layer: str, key: str) -> Response:
        """Ein Objekt ersetzen. / Replace a feature."""
        return self._write(request, layer, key, partial=False)

    @extend_schema(operation_id="features_change", request=_SENT, responses={200: OpenApiTypes.OBJECT, **_WRITING})
    def patch(self, request: Request, layer: str, key: str) -> Response:
        """Teile eines Objekts ändern. / Change parts of a feature."""
        return self._write(request, layer, key, partial=True)

    def _write(self, request: Request, name: str, key: str, *, partial: bool) -> Response:
        found = _layer(name, request)
        sent = writing.change(found, request.user, key, serializer_for(found), request.data, partial=partial)
        return Response(sent.data)

    @extend_schema(operation_id="features_delete", responses={204: None, **_WRITING})
    def delete(self, request: Request, layer: str, key: str) -> Response:
        """Ein Objekt löschen. / Delete a feature."""
        writing.remove(_layer(layer, request), request.user, key)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _layer(name: str, request: Request) -> layer.Layer:
    return layer.get(name, request.user)
