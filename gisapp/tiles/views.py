"""Tiles, TileJSON and styles over HTTP."""

import gzip
import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.http import parse_etags
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from gisapp import errors, layer
from gisapp.compression import takes_gzip
from gisapp.database import fetch_rows
from gisapp.tenants.current import site_address
from gisapp.tiles import styles, tilejson
from gisapp.tiles.sql import tile_statement

CONTENT_TYPE = "application/vnd.mapbox-vector-tile"
MOST_LAYERS = 32
LARGEST_ZOOM = 22
WORTH_COMPRESSING = 500
FRESH_SECONDS = 60


def asked_layers(names: str, user: Any) -> list[layer.Layer]:
    """The layers of a comma list, in the registry's order, each once; raises errors for unknown or too many."""
    wanted = list(dict.fromkeys(name for name in names.split(",") if name))
    if not wanted or len(wanted) > MOST_LAYERS:
        raise errors.BadInput("bad-value", name="layers", value=names[:200])
    return [layer.get(name, user) for name in wanted]


def _user_for(request: HttpRequest, names: str) -> Any:
    """None when all layers are for everyone: the session is then not touched and the answer may be cached."""
    found = [layer.find(name) for name in names.split(",")]
    if all(one is not None and one.shared for one in found):
        return None
    return request.user


@csrf_exempt
@require_safe
def tile(request: HttpRequest, names: str, z: str, x: str, y: str) -> HttpResponseBase:
    """One vector tile of one or more layers; 204 where there is nothing."""
    zoom, column, row = int(z), int(x), int(y)
    if zoom > LARGEST_ZOOM or column >= 1 << zoom or row >= 1 << zoom:
        raise errors.NotFound("bad-tile")
    user = _user_for(request, names)
    statement = tile_statement(asked_layers(names, user), zoom, column, row, user)
    body = bytes(fetch_rows(*statement, binary=True)[0][0]) if statement else b""
    return _answer(request, body, public=user is None)


def _known(request: HttpRequest, tag: str) -> bool:
    """Has the asker this tile already?"""
    return any(
        one == "*" or one.removeprefix("W/") == f'"{tag}"'
        for one in parse_etags(request.headers.get("If-None-Match", ""))
    )


def _answer(request: HttpRequest, body: bytes, *, public: bool) -> HttpResponse:
    # Weak, because the plain and the compressed body share it.
    tag = hashlib.blake2b(body, digest_size=12).hexdigest()
    response = HttpResponse(content_type=CONTENT_TYPE)
    response.gisapp_wordless = True  # type: ignore[attr-defined]
    response["Vary"] = "Accept-Encoding"
    if _known(request, tag):
        response.status_code = 304
    elif not body:
        response.status_code = 204
    else:
        if len(body) > WORTH_COMPRESSING and takes_gzip(request):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            response["Content-Encoding"] = "gzip"
        response.content = body
    response["ETag"] = f'W/"{tag}"'
    response["Cache-Control"] = (
        f"public, max-age={FRESH_SECONDS}, stale-while-revalidate=600" if public else "private, no-cache"
    )
    if public:
        response["Access-Control-Allow-Origin"] = "*"
    return response


@csrf_exempt
@require_safe
def tile_json(request: HttpRequest, names: str) -> JsonResponse:
    """TileJSON 3.0 of one or more layers."""
    found = tilejson.describe(asked_layers(names, request.user), base_url(request), request.user)
    response = JsonResponse(found)
    response["Access-Control-Allow-Origin"] = "*"
    return response


@csrf_exempt
@require_safe
def style_json(request: HttpRequest) -> JsonResponse:
    """A MapLibre style of the layers in `layers` (all by default) in `mode` light or dark."""
    names = request.GET.get("layers", "")
    layers = asked_layers(names, request.user) if names else layer.visible_layers(request.user)
    mode = request.GET.get("mode", "light")
    if mode not in styles.MODES:
        raise errors.BadInput("bad-value", name="mode", value=mode[:50])
    response = JsonResponse(styles.style(layers, mode, base_url(request), request.user))
    response["Access-Control-Allow-Origin"] = "*"
    return response


def base_url(request: HttpRequest) -> str:
    """The site's address as the asker sees it, without a slash at the end."""
    return site_address() or settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
