"""OGC API Tiles over HTTP: metadata; the tiles themselves are at /tiles/."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from gisapp import errors, layer
from gisapp.features import tilesets
from gisapp.features.views import allow, as_json, door, root_of
from gisapp.tiles.views import MOST_LAYERS


def _plain(request: HttpRequest) -> None:
    """Only JSON here."""
    allow(request, "f")
    if request.GET.get("f", "json") != "json":
        raise errors.BadInput("unknown-format", field="f", value=request.GET["f"][:50], possible="json")


def _known(matrix_set: str) -> None:
    if matrix_set != tilesets.MATRIX_SET:
        raise errors.NotFound("not-found", what=matrix_set[:50])


def _all(request: HttpRequest) -> list[layer.Layer]:
    """The layers of the whole tileset: as many as one tile may have."""
    return layer.visible_layers(request.user)[:MOST_LAYERS]


@door
def matrix_sets(request: HttpRequest) -> HttpResponse:
    """The tile matrix sets."""
    _plain(request)
    return as_json(tilesets.matrix_sets(root_of(request)))


@door
def matrix_set(request: HttpRequest, matrix_set: str) -> HttpResponse:
    """One tile matrix set."""
    _plain(request)
    _known(matrix_set)
    return as_json(tilesets.matrix_set())


@door
def all_tilesets(request: HttpRequest) -> HttpResponse:
    """The tilesets with all layers that the asker may see."""
    _plain(request)
    root = root_of(request)
    return as_json(tilesets.tilesets(_all(request), root, f"{root}/tiles", _("Alle Ebenen")))


@door
def whole_tileset(request: HttpRequest, matrix_set: str) -> HttpResponse:
    """The tileset with all layers that the asker may see."""
    _plain(request)
    _known(matrix_set)
    root, found = root_of(request), _all(request)
    if not found:
        raise errors.NotFound("not-found", what=matrix_set)
    return as_json(tilesets.tileset(found, root, f"{root}/tiles", _("Alle Ebenen"), request.user))


@door
def layer_tilesets(request: HttpRequest, name: str) -> HttpResponse:
    """The tilesets of one layer."""
    found = layer.get(name, request.user)
    _plain(request)
    root = root_of(request)
    return as_json(tilesets.tilesets([found], root, f"{root}/collections/{found.name}/tiles", str(found.title)))


@door
def layer_tileset(request: HttpRequest, name: str, matrix_set: str) -> HttpResponse:
    """One tileset of a layer."""
    found = layer.get(name, request.user)
    _plain(request)
    _known(matrix_set)
    root = root_of(request)
    base = f"{root}/collections/{found.name}/tiles"
    return as_json(tilesets.tileset([found], root, base, str(found.title), request.user))
