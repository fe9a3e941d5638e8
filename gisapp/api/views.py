"""REST under /api/: layers, search, reverse, downloads."""

import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view, throttle_classes
from rest_framework.request import Request
from rest_framework.response import Response

from gisapp import errors, layer
from gisapp.api.describe import describe
from gisapp.api.documented import SELECTING, documented
from gisapp.api.serializers import LayerAnswer, ReverseAnswer, SearchAnswer, problems
from gisapp.api.throttles import SearchThrottle, count_download
from gisapp.exports import writer
from gisapp.exports.formats import FORMATS, Format
from gisapp.features.crs import within_reach
from gisapp.features.query import Selection
from gisapp.features.views import selection_of
from gisapp.replica.routing import at_primary
from gisapp.search.query import search as search_all

MOST_HITS = 50
READ = ["GET", "HEAD"]
PIECE = 256 * 1024


def number_of(
    request: HttpRequest | Request, name: str, low: float, high: float, default: float | None = None
) -> float:
    """A number parameter within bounds; raises BadInput("bad-number")."""
    text = request.GET.get(name, "")
    if text == "" and default is not None:
        return default
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not low <= found <= high:
        raise errors.BadInput("bad-number", field=name, name=name, value=text[:50])
    return found


@extend_schema(responses=LayerAnswer(many=True))
@api_view(READ)
def layers(request: Request) -> Response:
    """Alle Ebenen, die Sie sehen dürfen. / All layers that you may see."""
    return Response([describe(one) for one in layer.visible_layers(request.user)])


@extend_schema(responses={200: LayerAnswer, **problems(404)})
@api_view(READ)
def single_layer(request: Request, layer: str) -> Response:
    """Eine Ebene. / One layer."""
    from gisapp.layer import get

    return Response(describe(get(layer, request.user)))


@extend_schema(
    parameters=[
        OpenApiParameter("q", str, required=True, description="Was gesucht wird / what is looked for"),
        OpenApiParameter("limit", int, description="Höchstens so viele (10, bis 50) / at most so many"),
        OpenApiParameter("layers", str, description="Nur diese Ebenen, mit Komma / only these layers"),
        OpenApiParameter("lon", float, description="Näheres zuerst / nearer first"),
        OpenApiParameter("lat", float),
    ],
    responses={200: SearchAnswer, **problems(400, 404, 429)},
)
@api_view(READ)
@throttle_classes([SearchThrottle])
def search(request: Request) -> Response:
    """Orte, Straßen, Adressen und alles andere finden, auch vertippt. / Find places, addresses and everything else."""
    asked = request.GET.get("q", "")
    limit = int(number_of(request, "limit", 1, MOST_HITS, 10))
    names = request.GET.get("layers", "")
    only = [layer.get(name, request.user) for name in names.split(",")] if names else None
    near = None
    if "lon" in request.GET or "lat" in request.GET:
        near = (number_of(request, "lon", -180, 180), number_of(request, "lat", -90, 90))
    hits = search_all(asked, request.user, limit=limit, layers=only, near=near)
    return Response({"query": asked, "hits": [vars(hit) for hit in hits]})


@extend_schema(
    parameters=[OpenApiParameter("lon", float, required=True), OpenApiParameter("lat", float, required=True)],
    responses={200: ReverseAnswer, **problems(400, 429)},
)
@api_view(READ)
@throttle_classes([SearchThrottle])
def reverse(request: Request) -> Response:
    """Welche Adresse ist hier, und wer ist zuständig? / Which address is here, and who is responsible?"""
    lon, lat = number_of(request, "lon", -180, 180), number_of(request, "lat", -90, 90)
    address, areas, seen = None, [], {one.name for one in layer.visible_layers(request.user)}
    for app in layer.offered_apps() if within_reach(lon, lat) else ():
        if app.nearest and address is None:
            address = app.nearest(lon, lat, request.user)
            if address and address["layer"] not in seen:
                address = None
        if app.areas:
            areas += [one for one in app.areas(lon, lat) if one["layer"] in seen]
    return Response({"address": address, "areas": areas})


def _file_pieces(found: layer.Layer, user: Any, selection: Selection, form: Format) -> FileResponse:
    """A finished file from a temporary directory that goes with the response."""
    folder = tempfile.TemporaryDirectory(prefix="gisapp-download-")
    path = Path(folder.name) / f"{found.name}{form.suffix}"
    try:
        writer.to_file(found, user, selection, form, path)
    except BaseException:
        folder.cleanup()
        raise
    response = FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type=form.content_type)
    # The open file outlives its name; nothing is left behind if the client goes away.
    folder.cleanup()
    return response


class _Begun(Iterator[bytes]):
    """Pieces, the first already computed: what is wrong with the question is said before the answer begins.

    The server closes it when the asker goes away, before or after the first piece; cursor and transaction end then.
    """

    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self._pieces = pieces
        self._first = [next(pieces)]

    def __next__(self) -> bytes:
        return self._first.pop() if self._first else next(self._pieces)

    def close(self) -> None:
        self._pieces.close()


@documented(
    operation_id="download",
    parameters=[
        OpenApiParameter("format", str, enum=list(FORMATS), default="gpkg", description="Dateiformat / file format"),
        *SELECTING,
    ],
    responses={(200, one.content_type.partition(";")[0]): OpenApiTypes.BINARY for one in FORMATS.values()}
    | problems(400, 404, 429),
)
@at_primary
@csrf_exempt  # it only reads; another method is told so
@require_safe
def download(request: HttpRequest, name: str) -> HttpResponseBase:
    """Eine Ebene oder eine Auswahl daraus als Datei. / A layer or a selection of it as a file."""
    count_download(request)
    found = layer.get(name, request.user)
    wanted = request.GET.get("format", "gpkg")
    form = FORMATS.get(wanted)
    if form is None or wanted not in found.exports:
        raise errors.BadInput("unknown-format", field="format", value=wanted[:50], possible=", ".join(found.exports))
    selection = selection_of(request, found, "format")
    if form.name not in ("geojson", "csv"):
        return _file_pieces(found, request.user, selection, form)
    pieces = _Begun(writer.text(found, request.user, selection, form))
    response = StreamingHttpResponse(pieces, content_type=form.content_type)
    response["Content-Disposition"] = f'attachment; filename="{found.name}{form.suffix}"'
    return response
