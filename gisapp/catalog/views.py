"""The catalogue over HTTP: the form by the address's ending, else by what the Accept header prefers."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from gisapp import errors, layer
from gisapp.catalog import dcat, iso
from gisapp.features.views import allow, door
from gisapp.tiles.views import base_url

FORMS = {
    "ttl": ("turtle", "text/turtle; charset=utf-8"),
    "jsonld": ("json-ld", "application/ld+json"),
    "rdf": ("xml", "application/rdf+xml"),
}


def _preferred(request: HttpRequest) -> str:
    kinds = {kind.partition(";")[0]: name for name, (_form, kind) in FORMS.items()}
    found = request.get_preferred_type(list(kinds))
    if found is None and request.headers.get("Accept", "*/*").startswith("text/html"):
        return "ttl"
    if found is None:
        raise errors.GisError("not-acceptable")
    return kinds[found]


@csrf_exempt
@require_safe
def catalogue(request: HttpRequest, form: str = "") -> HttpResponse:
    """All public layers as DCAT-AP.de."""
    allow(request)
    name, kind = FORMS[form or _preferred(request)]
    response = HttpResponse(
        dcat.catalogue(base_url(request)).serialize(format=name, encoding="utf-8"), content_type=kind
    )
    response["Access-Control-Allow-Origin"] = "*"
    if not form:
        patch_vary_headers(response, ["Accept"])
    return response


@door
def metadata(request: HttpRequest, name: str) -> HttpResponse:
    """A layer's metadata in ISO 19139; like the catalogue it tells what the public sees."""
    found = layer.get(name)
    allow(request)
    return HttpResponse(iso.metadata(found, base_url(request)), content_type="application/xml")
