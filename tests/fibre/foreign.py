"""Trenches of the demo region as another tool would hand them over: with its faults, through GDAL's own ogr2ogr.

Every fault is planned, so that what must come of it is known beforehand and not read off the import.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import shapely

from layers.fibre import demo_plan

TOLERANCE = 0.1
WITHIN, BEYOND = 0.03, 0.4
"""How far (metres) ends are drawn short of their node: within the tolerance, and beyond it."""


@dataclass
class Plan:
    """Lines by id (a list of parts each), nodes by name, and what must come of them."""

    lines: dict[str, list[list[tuple[float, float]]]] = field(default_factory=dict)
    nodes: dict[str, tuple[float, float]] = field(default_factory=dict)
    whole: int = 0
    loose: set[str] = field(default_factory=set)
    snapped: set[str] = field(default_factory=set)
    copies: set[str] = field(default_factory=set)
    several: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1)
def village() -> tuple[tuple[demo_plan.Trench, ...], dict[str, tuple[float, float]]]:
    """The trenches of one village of the demo, streets and lead-ins, and the places of their nodes."""
    net = next(iter(demo_plan.networks("s", 1)))
    sizes = Counter(one.key.split("/")[0] for one in net.trenches if one.use != "trunk")
    name = min((size, one) for one, size in sizes.items() if size >= 150)[1]
    trenches = tuple(one for one in net.trenches if one.use != "trunk" and one.key.split("/")[0] == name)
    ends = {end for one in trenches for end in (one.begin, one.end)}
    return trenches, {one.key: one.xy for one in net.sites if one.key in ends}


def _short(line: Sequence[tuple[float, float]], by: float) -> list[tuple[float, float]]:
    """The line without so many metres at its beginning."""
    found = shapely.ops.substring(shapely.LineString(line), by, shapely.LineString(line).length)
    return [(x, y) for x, y in found.coords]


def planned() -> Plan:
    """The village with its faults. Of the lead-ins only those are drawn short by much that then are far from any street."""
    trenches, places = village()
    found = Plan(nodes={key.replace("/", "-"): place for key, place in places.items()}, whole=len(trenches))
    streets = shapely.union_all([shapely.linestrings(one.line) for one in trenches if one.use == "street"])
    multi: list[str] = []
    for number, one in enumerate(trenches):
        key, line = f"T{number:04}", [(float(x), float(y)) for x, y in one.line]
        lead_in = one.use == "house"
        if lead_in and number % 6 == 1:
            line = _short(line, WITHIN)
            found.snapped.add(key)
        elif lead_in and number % 6 == 2 and shapely.Point(_short(line, BEYOND)[0]).distance(streets) > 0.2:
            line = _short(line, BEYOND)
            found.loose.add(key)
        elif lead_in and number % 6 == 3:
            multi.append(key)
        found.lines[key] = [line[::-1] if number % 5 == 0 else line]
        if number % 11 == 3 and key not in found.loose:
            found.lines[f"{key}-D"] = [line if number % 2 else line[::-1]]
            found.copies.add(f"{key}-D")
            found.snapped |= {f"{key}-D"} & {f"{one}-D" for one in found.snapped}
        if number % 13 == 4 and key not in found.loose and key not in found.snapped:
            found.lines[f"{key}-N"] = [[(x + 0.02, y - 0.02) for x, y in line]]
            found.copies.add(f"{key}-N")
            found.snapped.add(f"{key}-N")
    # Two lead-ins that do not touch, under one id.
    for first, second in zip(multi[::2], multi[1::2], strict=False):
        if f"{second}-D" not in found.lines and f"{second}-N" not in found.lines:
            found.lines[first] += found.lines.pop(second)
            found.several.add(first)
    _add_refused(found)
    return found


def _add_refused(found: Plan) -> None:
    x, y = max(found.nodes.values())
    x += 50
    bad = {
        "ZERO": ([(x, y), (x, y)], "import-segment-short"), "TINY": ([(x, y + 9), (x + 0.04, y + 9)], "import-segment-short"),
        "RING": ([(x, y + 20), (x + 9, y + 20), (x + 9, y + 29), (x, y + 20)], "segment-closed"),
        "KNOT": ([(x, y + 40), (x + 9, y + 49), (x + 9, y + 40), (x, y + 49)], "segment-not-simple"),
    }  # fmt: skip
    for key, (line, code) in bad.items():
        found.lines[key] = [line]
        found.refused[key] = code


def _collection(rows: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}
    features = [{"type": "Feature", "properties": values, "geometry": shape} for values, shape in rows]
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})


def drawn(plan: Plan, folder: Path, *, swapped: bool = False) -> tuple[Path, Path]:
    """The lines (with heights) and the nodes as GeoJSON in metres, for ogr2ogr to read."""

    def place(x: float, y: float, *z: float) -> list[float]:
        return [*((y, x) if swapped else (x, y)), *z]

    lines = [
        ({"NUMMER": key, "STRASSE": "Süderstraße", "Layer": "Gräben"},
         {"type": "MultiLineString", "coordinates": [[place(*one, 12.5) for one in part] for part in parts]}
         if len(parts) > 1 else {"type": "LineString", "coordinates": [place(*one, 12.5) for one in parts[0]]})
        for key, parts in plan.lines.items()
    ]  # fmt: skip
    nodes = [({"NUMMER": key, "Layer": "Knoten"}, {"type": "Point", "coordinates": place(*one)}) for key, one in plan.nodes.items()]  # fmt: skip
    found = folder / "quelle-linien.geojson", folder / "quelle-punkte.geojson"
    for path, rows in zip(found, (lines, nodes), strict=True):
        path.write_text(_collection(rows), encoding="utf-8")
    return found


def ogr2ogr(*arguments: str | Path) -> None:
    """GDAL's own program, as it is on the machine: another GDAL than the project's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GDAL", "PROJ"))}
    done = subprocess.run(["ogr2ogr", *map(str, arguments)], capture_output=True, text=True, check=False, env=clean)
    assert done.returncode == 0, done.stderr
