"""oEmbed 1.0: whoever pastes a map's address into a page gets the frame for it."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from gisapp import errors
from gisapp.map.config import map_config
from gisapp.tiles.views import base_url

WIDTH, HEIGHT = 800, 500
SMALLEST = 200


def _size(request: HttpRequest, name: str, usual: int) -> int:
    """The usual size, no larger than the asker can take."""
    text = request.GET.get(name, "")
    return max(min(usual, int(text)), SMALLEST) if text.isdecimal() and len(text) < 6 else usual


def frame_address(request: HttpRequest, address: str) -> str:
    """The embeddable page that shows the same as this address of the map; raises NotFound for other addresses."""
    parts, own = urlsplit(address), urlsplit(base_url(request))
    if (parts.scheme, parts.netloc) != (own.scheme, own.netloc) or parts.path not in (reverse("map"), reverse("embed")):
        raise errors.NotFound("not-found", what=address[:200])
    kept = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name in ("lang", "mode")])
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return f"{base_url(request)}{reverse('embed')}{'?' if kept else ''}{kept}{fragment}"


@require_safe
def oembed(request: HttpRequest) -> HttpResponse:
    """The answer for ?url=...; format json alone (501 otherwise, as the specification says)."""
    if request.GET.get("format", "json") != "json":
        return HttpResponse("json", status=501, content_type="text/plain")
    source = frame_address(request, request.GET.get("url", ""))
    width, height = _size(request, "maxwidth", WIDTH), _size(request, "maxheight", HEIGHT)
    name = map_config().name
    html = format_html(
        '<iframe src="{}" width="{}" height="{}" title="{}" loading="lazy" allow="geolocation" allowfullscreen></iframe>',
        source, width, height, name,
    )  # fmt: skip
    response = JsonResponse(
        {
            "version": "1.0", "type": "rich", "title": name, "provider_name": name,
            "provider_url": base_url(request) + "/", "width": width, "height": height, "html": html,
        }
    )  # fmt: skip
    response["Access-Control-Allow-Origin"] = "*"
    return response
