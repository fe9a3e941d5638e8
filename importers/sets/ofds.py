"""Network packages of the Open Fibre Data Standard (JSON): their nodes and spans as tables."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shapely
from django.conf import settings
from django.utils.translation import gettext as _

from gisapp.errors import BadInput
from importers.opening import MB
from importers.sets.tables import Table

_SHOWN = 5


def read(path: Path) -> list[dict[str, Any]] | None:
    """The networks of a package; None where the file is no package. Raises BadInput("ofds-invalid") naming what is wrong."""
    if path.suffix.lower() != ".json" or path.stat().st_size > min(settings.IMPORT_MAX_MB, 500) * MB:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("type") == "FeatureCollection":
        return None
    networks = content.get("networks", [content] if "spans" in content or "nodes" in content else None)
    if networks is None:
        return None
    problems = _problems(networks)
    if problems:
        raise BadInput("ofds-invalid", path=path, count=len(problems), reason="; ".join(problems[:_SHOWN]))
    return list(networks)


def _problems(networks: Any) -> list[str]:
    """What keeps the networks from being read, with the place in the file."""
    if not isinstance(networks, list) or not all(isinstance(one, dict) for one in networks):
        return [_("/networks ist keine Liste von Netzen")]
    found: list[str] = []
    for number, network in enumerate(networks):
        place = f"/networks/{number}"
        if not isinstance(network.get("id"), str) or not network["id"]:
            found.append(_("%(place)s: ohne Kennung") % {"place": place})
        for kind in ("nodes", "spans"):
            if not isinstance(network.get(kind, []), list) or not all(
                isinstance(one, dict) for one in network.get(kind, [])
            ):
                found.append(_("%(place)s ist keine Liste") % {"place": f"{place}/{kind}"})
        if not found:
            found += _of_nodes(place, network) + _of_spans(place, network)
    return found


def _of_nodes(place: str, network: dict[str, Any]) -> list[str]:
    found, seen = [], set()
    for number, node in enumerate(network.get("nodes", [])):
        here = f"{place}/nodes/{number}"
        if not isinstance(node.get("id"), str) or not node["id"]:
            found.append(_("%(place)s: ohne Kennung") % {"place": here})
        elif node["id"] in seen:
            found.append(_("%(place)s: Kennung %(id)s steht mehrfach") % {"place": here, "id": node["id"]})
        seen.add(str(node.get("id")))
        if "location" in node and _shape(node["location"], "Point") is None:
            found.append(
                _("%(place)s: keine Geometrie der Art %(kind)s") % {"place": f"{here}/location", "kind": "Point"}
            )
    return found


def _of_spans(place: str, network: dict[str, Any]) -> list[str]:
    found, seen, nodes = [], set(), {node.get("id") for node in network.get("nodes", [])}
    for number, span in enumerate(network.get("spans", [])):
        here = f"{place}/spans/{number}"
        if not isinstance(span.get("id"), str) or not span["id"]:
            found.append(_("%(place)s: ohne Kennung") % {"place": here})
        elif span["id"] in seen:
            found.append(_("%(place)s: Kennung %(id)s steht mehrfach") % {"place": here, "id": span["id"]})
        seen.add(str(span.get("id")))
        for end in ("start", "end"):
            if end in span and (not isinstance(span[end], str) or span[end] not in nodes):
                found.append(
                    _("%(place)s: den Knoten %(id)s gibt es nicht")
                    % {"place": f"{here}/{end}", "id": str(span[end])[:40]}
                )
        if "route" in span and _shape(span["route"], "LineString") is None:
            found.append(
                _("%(place)s: keine Geometrie der Art %(kind)s") % {"place": f"{here}/route", "kind": "LineString"}
            )
    return found


def _shape(geometry: Any, kind: str) -> Any:
    """The shape, or None where it is none of this kind."""
    if not isinstance(geometry, dict) or geometry.get("type") != kind:
        return None
    try:
        found = shapely.geometry.shape(geometry)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError, shapely.errors.ShapelyError):
        return None
    return None if found.is_empty else found


_LIFECYCLE = {"proposed": "planned", "planned": "planned", "underConstruction": "under_construction", "operational": "in_service",
              "inactive": "out_of_service", "decommissioned": "decommissioned"}  # fmt: skip


def tables(path: Path, networks: list[dict[str, Any]]) -> list[Table]:
    """The nodes and the spans of all networks. Spans without a route run straight from node to node."""

    def nodes() -> Iterator[tuple[int, dict[str, Any], bytes | None]]:
        row = 0
        for network in networks:
            for one in network.get("nodes", []):
                row += 1
                shape = _shape(one.get("location"), "Point")
                values = {"id": f"{network['id']}/{one['id']}", "name": one.get("name"), "kind": ", ".join(map(str, one.get("type", []))),
                          "lifecycle": _LIFECYCLE.get(str(one.get("status")))}  # fmt: skip
                yield row, values, None if shape is None else shapely.to_wkb(shape)

    def spans() -> Iterator[tuple[int, dict[str, Any], bytes | None]]:
        row = 0
        for network in networks:
            places = {one["id"]: _shape(one.get("location"), "Point") for one in network.get("nodes", [])}
            for one in network.get("spans", []):
                row += 1
                shape = _shape(one.get("route"), "LineString")
                a, b = places.get(one.get("start")), places.get(one.get("end"))
                if a is not None and b is not None:
                    # The ends of a route lie near its nodes, but which node each is the standard says by its id.
                    inner = list(shape.coords)[1:-1] if shape is not None else []
                    shape = shapely.LineString([a.coords[0], *inner, b.coords[0]])
                values = {"id": f"{network['id']}/{one['id']}", "name": one.get("name"),
                          "construction": "aerial" if one.get("deployment") == ["aboveGround"] else None,
                          "lifecycle": _LIFECYCLE.get(str(one.get("status")))}  # fmt: skip
                yield row, values, None if shape is None else shapely.to_wkb(shape)

    return [
        Table(path.name, "nodes", ["id", "name", "kind", "lifecycle"], "EPSG:4326", "Point", nodes),
        Table(path.name, "spans", ["id", "name", "construction", "lifecycle"], "EPSG:4326", "LineString", spans),
    ]
