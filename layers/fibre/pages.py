"""The engineers' page: the network on the map with what lies and hangs there, and a list beside it."""

from typing import Any

from django.contrib.gis.db.models import Extent
from django.contrib.gis.geos import Polygon
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from gisapp import layer as registry
from gisapp.geolibs import STORAGE_SRID, WGS84_SRID
from gisapp.map import legend, listing
from gisapp.map.context import page_context, preloaded, script_data
from gisapp.map.languages import with_language
from gisapp.map.start import start_view
from layers.fibre import queries, values
from layers.fibre.access import SEES
from layers.fibre.declared import CABLE, DUCT, ENCLOSURE, LAYERS, NODE, SEGMENT
from layers.fibre.owners import owners
from layers.fibre.services import check_role

# In the order in which one looks for something.
_LISTED = (NODE, SEGMENT, DUCT, CABLE, ENCLOSURE)
_MARGIN_M = 200


def person_of(request: HttpRequest) -> Any:
    """Who sees networks at all; raises GisError("not-logged-in") and Forbidden."""
    check_role(request.user, SEES)
    return request.user


def start_of(user: Any, layers: list[registry.Layer]) -> dict[str, Any]:
    """The box of the structures that the person sees; without any, where the map starts."""
    found = queries.nodes(user).filter(kind__in=("pop", "exchange", "cabinet")).aggregate(box=Extent("geom"))["box"]
    if found is None:
        return start_view(layers)
    west, south, east, north = found
    box = Polygon.from_bbox((west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M))
    box.srid = STORAGE_SRID
    box.transform(WGS84_SRID)
    return {"box": list(box.extent)}


def heart_of(user: Any) -> list[float] | None:
    """A place at which there is something to see (WGS 84): the first structure from which the others are fed."""
    kinds = Case(*(When(kind=kind, then=number) for number, kind in enumerate(("pop", "exchange", "cabinet"))))
    found = queries.nodes(user).filter(kind__in=("pop", "exchange", "cabinet")).order_by(kinds, "name").first()
    if found is None:
        return None
    west, south, _east, _north = found.geom.transform(WGS84_SRID, clone=True).extent
    return [west, south]


@require_safe
@with_language
def network(request: HttpRequest) -> HttpResponse:
    """`?what=` names the listed layer, the other parameters are the list's; with a script the list follows by itself."""
    user = person_of(request)
    shown = [registry.get(one.name, user) for one in _LISTED]
    listed = next((one for one in shown if one.name == request.GET.get("what")), NODE)
    query = listing.parse(listed, request.GET)
    layers = [one for one in registry.visible_layers(user) if one.base_map or one in LAYERS]
    colours = owners(user)
    told = {
        "owners": {one.key: one.colour for one in colours if one.key},
        "other": colours[-1].colour,
        # What is farther away than this is an empty map: it says so, and does not begin there.
        "nearest": SEGMENT.min_zoom,
        "heart": heart_of(user),
    }
    context = {
        "networks": queries.networks(user),
        "shown": shown,
        "layer": listed,
        "query": query,
        "page": listing.page(listed, query, user),
        "chosen": query.equal.get("network", ""),
        "lifecycle": query.equal.get("lifecycle", ""),
        "lifecycles": list(values.LIFECYCLE.items()),
        "states": legend.shown(SEGMENT),
        "owners": colours,
        "legends": [legend.shown(one) for one in (NODE, ENCLOSURE)],
        "modules": [static("fibre/network.js"), *preloaded("embed.js")[1:]],
        "data": {**script_data(request, layers, start_of(user, layers)), "fibre": told},
    }
    return render(request, "fibre/network.html", {**page_context(request), **context})
