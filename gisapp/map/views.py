"""The map's pages: the map, details, lists, legend, embedding."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from gisapp import layer as registry
from gisapp.database import fetch_rows
from gisapp.layer import Layer
from gisapp.map import filters, legend, listing, values
from gisapp.map.context import page_context, preloaded, script_data
from gisapp.map.languages import with_language
from gisapp.map.sheet import scale_choices
from gisapp.map.start import start_view
from gisapp.search.query import search
from gisapp.tiles.views import base_url

MOST_HITS = 30


def _shell(request: HttpRequest, entry: str, layers: Sequence[Layer]) -> dict[str, Any]:
    return {
        **page_context(request),
        "modules": preloaded(entry),
        "data": script_data(request, list(layers), start_view(layers)),
    }


@require_safe
@with_language
def index(request: HttpRequest) -> HttpResponse:
    """The regional map."""
    layers = registry.visible_layers(request.user)
    listed = [one for one in layers if one.interactive and not one.base_map]
    address = base_url(request) + reverse("map")
    return render(
        request,
        "map/index.html",
        {
            **_shell(request, "app.js", layers),
            "groups": legend.groups(layers),
            "base_entries": legend.base_entries(layers),
            "listed": listed[::-1],
            "scales": scale_choices(),
            "oembed": f"{base_url(request)}{reverse('oembed')}?url={address}&format=json",
        },
    )


@require_safe
@xframe_options_exempt
@with_language
def embed(request: HttpRequest) -> HttpResponse:
    """The map with little around it, for other sites' frames."""
    layers = registry.visible_layers(request.user)
    response = render(request, "map/embed.html", _shell(request, "embed.js", layers))
    response.gisapp_frames = True  # type: ignore[attr-defined]
    return response


@require_safe
@with_language
def detail(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """One feature: a whole page, or with ?fragment=1 what the map's panel shows."""
    found = registry.get(name, request.user)
    feature = listing.feature(found, key, request.user)
    where, box = feature["where"], feature["box"]
    title = values.title_of(found, feature, feature["pk"])
    zoom = max(found.min_zoom + 1, 15 if found.geometry == registry.Geometry.POINT else 12)
    place = (
        f"#map={zoom}/{where.y:.5f}/{where.x:.5f}&layers={found.name}&sel={found.name}/{feature['pk']}" if where else ""
    )
    context = {
        "layer": found,
        "feature": feature,
        "feature_title": title,
        "rows": values.rows(found, feature),
        "lon": round(where.x, 6) if where else None,
        "lat": round(where.y, 6) if where else None,
        "box": ",".join(f"{part:.6f}" for part in box.extent) if box else "",
        "detail_address": reverse("map-detail", args=[found.name, feature["pk"]]),
        "map_address": f"{reverse('map')}{place}",
        "exports": found.exports,
        "detail_template": found.detail_template,
        "more": found.details(request.user, feature["pk"]) if found.details else {},
    }
    if "fragment" in request.GET:
        return _fragment(render(request, "map/_detail_panel.html", context))
    return render(request, "map/detail_page.html", {**page_context(request), **context})


def _fragment(response: HttpResponse) -> HttpResponse:
    """A piece of a page is nothing that search engines or caches should keep."""
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@with_language
def feature_list(request: HttpRequest, name: str) -> HttpResponse:
    """A layer's features as a table that needs no script, or with ?fragment=1 what the map's list shows."""
    found = registry.get(name, request.user)
    query = listing.parse(found, request.GET)
    page = listing.page(found, query, request.user)
    context = {"layer": found, "page": page, "query": query}
    if "fragment" in request.GET:
        return _fragment(render(request, "map/_list_items.html", context))
    context["filters"] = list(filters.filters(found, query, request.user))
    context["columns"] = [_column(found, column, query) for column in found.columns]
    context["others"] = [one for one in registry.visible_layers(request.user) if one.interactive and not one.base_map]
    return render(request, "map/list_page.html", {**page_context(request), **context})


def _column(layer: Layer, name: str, query: listing.Query) -> dict[str, str]:
    """A column's heading with the address that sorts by it, the other way round the second time."""
    current = query.sort or layer.label
    turned = f"-{name}" if current == name else name
    order = {name: "ascending", f"-{name}": "descending"}.get(current, "none")
    return {"title": str(layer.field(name).title), "address": query.address(sort=turned, page=None), "order": order}


@require_safe
@with_language
def list_filters(request: HttpRequest, name: str) -> HttpResponse:
    """The filter controls of a layer's list, for the panel beside the map."""
    found = registry.get(name, request.user)
    query = listing.parse(found, request.GET)
    return _fragment(
        render(
            request, "map/_filters.html", {"layer": found, "filters": list(filters.filters(found, query, request.user))}
        )
    )


@require_safe
@with_language
def search_page(request: HttpRequest) -> HttpResponse:
    """What the search box finds, as a page: for browsers without JavaScript."""
    asked = request.GET.get("q", "")
    context = {"asked": asked[:100], "hits": search(asked, request.user, limit=MOST_HITS) if asked else []}
    return render(request, "map/search_page.html", {**page_context(request), **context})


@require_safe
@with_language
def contents(request: HttpRequest) -> HttpResponse:
    """What is on the map, as a page: every layer with its legend, its list and its downloads."""
    layers = registry.visible_layers(request.user)
    context = {"groups": legend.groups(layers), "base_entries": legend.base_entries(layers)}
    return render(request, "map/contents_page.html", {**page_context(request), **context})


@require_safe
def ping(request: HttpRequest) -> HttpResponse:
    """204 when the server and its database answer; the map asks while it waits for them to come back."""
    fetch_rows("SELECT 1", [])
    response = HttpResponse(status=204)
    response["Cache-Control"] = "no-store"
    return response
