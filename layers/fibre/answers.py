"""The answers to an engineer's questions as a page, or as the part of it that the script puts beside the map."""

import datetime
import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gisapp.database import fetch_rows
from gisapp.errors import BadInput, GisError, NotFound
from gisapp.history.middleware import PARAMETER as AS_OF
from gisapp.map.context import page_context
from gisapp.map.languages import with_language
from layers.fibre.api import MOST, cut_of, sight_of
from layers.fibre.impact import Impact, impact
from layers.fibre.products import products
from layers.fibre.refs import starts, tubes
from layers.fibre.swatches import Swatch
from layers.fibre.trace import Hop, Trace
from layers.fibre.tracing import Sight, trace
from layers.fibre.tubetrace import Piece, tube_ways

QUESTIONS = ("trace", "tube", "impact")
# A cable's or a house's fibres are shown in short; of so few each hop is.
IN_FULL = 4


def _shown_hop(hop: Hop) -> dict[str, Any]:
    shown: dict[str, Any] = {"hop": hop, "kind": _KINDS[hop.kind]()}
    if hop.kind == "fibre" and hop.number:
        product = products().cables[hop.spec]
        bundle, position = product.place(hop.number)
        shown["fibre"] = Swatch.of_shade(position, product.fibres.get(position))
        shown["bundle"] = Swatch.of_shade(bundle, product.bundles.get(bundle))
    return shown


_KINDS = {
    "fibre": lambda: _("Faser"), "port": lambda: _("Port"), "device": lambda: _("Gerät"), "splitter": lambda: _("Splitter"),
    "splice": lambda: _("Spleiß"), "pigtail": lambda: _("Pigtail"), "patch": lambda: _("Patchkabel"),
    "plug": lambda: _("werkseitiger Stecker"), "through": lambda: _("Durchführung"),
}  # fmt: skip


def _traced(ref: str, sight: Sight) -> dict[str, Any]:
    found = starts(ref, sight)
    if len(found) > MOST:
        raise BadInput("fibre-too-many", ref=ref, count=len(found), most=MOST)
    full = len(found) <= IN_FULL
    traces = trace(found, sight, geometry=full)
    if not traces:
        raise NotFound("fibre-unknown", ref=ref)
    shapes = [one.geometry for one in traces if one.geometry]
    shape = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": one} for one in shapes],
    }
    return {
        "title": _("Verfolgung von %(ref)s") % {"ref": ref},
        "traces": [_shown(one, full) for one in traces],
        "shape": shape if shapes else None,
    }


def _led(ref: str, sight: Sight) -> dict[str, Any]:
    ways = tube_ways(tubes(ref, sight), sight)
    lines = [one.geometry for one in ways if one.geometry]
    features = [{"type": "Feature", "properties": {}, "geometry": one} for one in lines]
    return {
        "title": _("Röhrchenweg von %(ref)s") % {"ref": ref},
        "ways": [(one, [(hop, isinstance(hop, Piece)) for hop in one.hops]) for one in ways],
        "shape": {"type": "FeatureCollection", "features": features} if features else None,
    }


def _shown(found: Trace, full: bool) -> dict[str, Any]:
    return {
        "trace": found,
        "hops": [_shown_hop(one) for one in found.hops] if full else [],
        "stops": [one for one in found.ends if not one.complete],
    }


_SHAPE = """
SELECT ST_AsGeoJSON(ST_Transform(ST_Collect(g), 4326), 7) FROM (
    SELECT geom AS g FROM fibre_segment WHERE id = ANY (%(segments)s::uuid[])
    UNION ALL
    SELECT s.geom FROM fibre_cableway w JOIN fibre_segment s ON s.id = w.segment_id WHERE w.cable_id = ANY (%(cables)s::uuid[])
    UNION ALL
    SELECT n.geom FROM fibre_node n WHERE n.id = ANY (%(nodes)s::uuid[])) parts
"""


def _hit(ref: str, sight: Sight) -> dict[str, Any]:
    found = impact(cut_of(ref, sight), sight)
    where = {
        "segments": [one.id for one in found.segments],
        "cables": [one.id for one in found.cables] if not found.segments else [],
        "nodes": [one.more["node"] for one in found.premises],
    }
    shape = fetch_rows(_SHAPE, where)[0][0]
    return {
        "title": _("Auswirkung auf %(ref)s") % {"ref": ref},
        "impact": found,
        "lists": _lists(found),
        "shape": {"type": "Feature", "properties": {}, "geometry": json.loads(shape)} if shape else None,
    }


def _lists(found: Impact) -> list[tuple[str, Any]]:
    return [
        (_("Schaltungen"), found.circuits), (_("Anschlussobjekte"), found.premises), (_("Kabel"), found.cables),
        (_("Rohre"), found.ducts), (_("Trassen"), found.segments),
    ]  # fmt: skip


@require_safe
@with_language
def answer(request: HttpRequest) -> HttpResponse:
    """`?ref=&question=trace|tube|impact`, with `&fragment=1` the part for the script alone. What is asked in vain is told in words."""
    sight = sight_of(request.user)
    ref, question = request.GET.get("ref", "").strip()[:200], request.GET.get("question", "trace")
    context: dict[str, Any] = {
        "ref": ref,
        "question": question if question in QUESTIONS else "trace",
        "status": 200,
        "as_of": request.GET.get(AS_OF, "")[:10],
    }
    try:
        if not ref or "\x00" in ref:
            raise BadInput("fibre-unknown", ref=ref.replace("\x00", "?"))
        context |= {"trace": _traced, "tube": _led, "impact": _hit}[context["question"]](ref, sight)
    except GisError as refused:
        context |= {"title": refused.text().rstrip("."), "status": 404, "traces": [], "shape": None}
    if context["as_of"]:
        day = date_format(datetime.date.fromisoformat(context["as_of"]))
        context["title"] = _("%(title)s, Stand vom %(day)s") % {"title": context["title"], "day": day}
    if request.GET.get("fragment"):
        response = render(request, "fibre/_answer.html", context)
    else:
        response = render(request, "fibre/answer.html", {**page_context(request), **context}, status=context["status"])
    response["Cache-Control"] = "private, no-store"
    return response
