"""Drawings for CAD: DXF of release 12, which every program reads.

A drawing has no attributes. What can be kept of them is where an entity lies - one drawing layer for each value of the
layer's classification ("roads_residential") - and what is written beside it: the label, as TEXT in the drawing layer
"roads_residential_Text", so that names can be switched off. Areas are closed polylines, rings in them too; one unit is
a metre of EPSG:25832.

GDAL would write areas as solid hatches, labels as MTEXT in Latin-1 alone, and neither fiona nor pyogrio hands it the
style strings that say what a label is; hence our own few lines.
"""

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely

HEIGHT_M = 2.5
"""Text is 2.5 mm high on a plan 1 : 1,000; on a large area a fortieth of its width."""
LONGEST_NAME = 31
TEXT_SUFFIX = "_Text"
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
# Colours of AutoCAD's index that differ on a dark and on a light ground.
_COLOURS = (1, 3, 5, 6, 30, 4, 150, 40, 94, 8, 210, 34)

Row = tuple[Any, str, str]
"""(shapely geometry, value of the classification, label)"""


def layer_name(*parts: str) -> str:
    """A drawing layer's name: letters, digits, _ and -; so short that the text layer's name fits as well."""
    joined = "_".join(part for part in parts if part).translate(_FOLDED)
    return re.sub(r"[^A-Za-z0-9_-]+", "-", joined)[: LONGEST_NAME - len(TEXT_SUFFIX)] or "0"


def plain_text(label: str) -> str:
    """The label as a TEXT entity spells it: one line, no control codes (%%, ^), what Windows-1252 lacks as \\U+XXXX."""
    line = " ".join(label.split()).replace("%%", "%%%%%%").replace("^", "^ ")[:250]
    return "".join(
        sign if sign.isprintable() and _in_code_page(sign) else "".join(f"\\U+{one:04X}" for one in _utf16(sign))
        for sign in line
    )


def _in_code_page(sign: str) -> bool:
    try:
        sign.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _utf16(sign: str) -> Iterator[int]:
    raw = sign.encode("utf-16-be")
    return (int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2))


def _pairs(*pairs: object) -> str:
    """Group codes and their values, a line each."""
    return "".join(f"{code}\n{value}\n" for code, value in zip(pairs[::2], pairs[1::2], strict=True))


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _at(code: int, x: float, y: float) -> str:
    return f"{code}\n{_number(x)}\n{code + 10}\n{_number(y)}\n{code + 20}\n0\n"


def _polyline(line: Any, layer: str) -> str:
    points = shapely.get_coordinates(line)
    closed = len(points) > 3 and bool((points[0] == points[-1]).all())
    head = _pairs(0, "POLYLINE", 8, layer, 66, 1, 70, int(closed)) + _at(10, 0, 0)
    vertex = _pairs(0, "VERTEX", 8, layer)
    corners = "".join(vertex + _at(10, x, y) for x, y in (points[:-1] if closed else points))
    return head + corners + _pairs(0, "SEQEND", 8, layer)


def _shape(geometry: Any, layer: str) -> str:
    """The entities of a geometry of any kind."""
    if geometry.geom_type == "Point":
        return _pairs(0, "POINT", 8, layer) + _at(10, geometry.x, geometry.y)
    if geometry.geom_type == "Polygon":
        return "".join(_polyline(ring, layer) for ring in (geometry.exterior, *geometry.interiors))
    if geometry.geom_type in ("LineString", "LinearRing"):
        return _polyline(geometry, layer)
    return "".join(_shape(part, layer) for part in geometry.geoms)


def _largest(geometry: Any) -> Any:
    parts = shapely.get_parts(geometry)
    sizes = np.maximum(shapely.area(parts), shapely.length(parts) * 1e-6)
    return parts[int(np.argmax(sizes))]


def _text(geometry: Any, label: str, layer: str) -> str:
    """The label: right of a point, along the middle of the longest line, inside the largest area."""
    part, height, angle, align = _largest(geometry), HEIGHT_M, 0.0, 1
    if part.geom_type == "Polygon":
        spot = shapely.point_on_surface(part)
        west, _south, east, _north = part.bounds
        height = max(HEIGHT_M, (east - west) / 40)
    elif part.geom_type == "LineString":
        spot = part.interpolate(0.5, normalized=True)
        before, after = (part.interpolate(0.5 + step, normalized=True) for step in (-0.01, 0.01))
        turn = float(np.degrees(np.arctan2(after.y - before.y, after.x - before.x)))
        angle = turn - 180 if turn > 90 else turn + 180 if turn <= -90 else turn
    else:
        spot, align = shapely.Point(part.x + height / 2, part.y), 0
    return (
        _pairs(0, "TEXT", 8, layer) + _at(10, spot.x, spot.y)
        + _pairs(40, _number(height), 1, plain_text(label), 50, _number(angle), 7, "STANDARD", 72, align)
        + _at(11, spot.x, spot.y) + _pairs(73, 2)
    )  # fmt: skip


def _head(layers: Iterable[tuple[str, int]], bounds: Any, notes: Iterable[str]) -> str:
    west, south, east, north = bounds if not np.isnan(bounds).any() else (0, 0, 0, 0)
    found = "".join(_pairs(999, plain_text(note)) for note in notes)
    found += _pairs(0, "SECTION", 2, "HEADER", 9, "$ACADVER", 1, "AC1009", 9, "$DWGCODEPAGE", 3, "ANSI_1252")
    found += _pairs(9, "$EXTMIN") + _at(10, west, south) + _pairs(9, "$EXTMAX") + _at(10, east, north)
    found += _pairs(0, "ENDSEC", 0, "SECTION", 2, "TABLES", 0, "TABLE", 2, "LTYPE", 70, 1)
    found += _pairs(0, "LTYPE", 2, "CONTINUOUS", 70, 0, 3, "Solid line", 72, 65, 73, 0, 40, 0, 0, "ENDTAB")
    named = list(layers)
    found += _pairs(0, "TABLE", 2, "LAYER", 70, len(named) + 1)
    for name, colour in [("0", 7), *named]:
        found += _pairs(0, "LAYER", 2, name, 70, 0, 62, colour, 6, "CONTINUOUS")
    found += _pairs(0, "ENDTAB", 0, "TABLE", 2, "STYLE", 70, 1, 0, "STYLE", 2, "STANDARD", 70, 0, 40, 0, 41, 1, 50, 0)
    found += _pairs(71, 0, 42, HEIGHT_M, 3, "txt", 4, "", 0, "ENDTAB", 0, "ENDSEC")
    return found + _pairs(0, "SECTION", 2, "ENTITIES")


def write(path: Path, name: str, batches: Iterable[list[Row]], notes: Iterable[str] = ()) -> None:
    """Write the drawing of map layer `name`. Entities go to a file beside first: layers and extent stand before them."""
    layers: dict[str, int] = {}
    bounds = np.full(4, np.nan)
    with tempfile.TemporaryFile(dir=path.parent) as entities:

        def put(text: str) -> None:
            entities.write(text.encode("cp1252"))

        for batch in batches:
            for geometry, value, label in batch:
                drawn = layer_name(name, value)
                layers.setdefault(drawn, _COLOURS[len(layers) % len(_COLOURS)])
                put(_shape(geometry, drawn))
                if label.strip():
                    layers.setdefault(drawn + TEXT_SUFFIX, layers[drawn])
                    put(_text(geometry, label, drawn + TEXT_SUFFIX))
            extent = shapely.total_bounds([geometry for geometry, _value, _label in batch])
            bounds = np.concatenate([np.fmin(bounds, extent)[:2], np.fmax(bounds, extent)[2:]])
        entities.seek(0)
        with path.open("wb") as file:
            file.write(_head(sorted(layers.items()), bounds, notes).encode("cp1252"))
            shutil.copyfileobj(entities, file)
            file.write(_pairs(0, "ENDSEC", 0, "EOF").encode())
