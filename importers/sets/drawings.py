"""DXF drawings as tables: the lines, and the points, of each layer of the drawing.

A drawing has no columns: its layer says what a line is. Points are POINT entities and inserted blocks, whose name says what
the symbol stands for and whose attributes are columns. Lettering, areas and what stands on the sheet instead of in the model
are left out, and that is said. A drawing never says its coordinate system.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import fiona
import shapely
from django.utils.translation import gettext as _
from fiona.errors import FionaError
from shapely.geometry import shape

from gisapp.errors import BadInput
from importers.curves import ARC_STEP
from importers.opening import Opened
from importers.sets.tables import Table

# A block as one place with its name, not as its strokes.
_OPTIONS = {"DXF_INLINE_BLOCKS": "FALSE", "OGR_ARC_STEPSIZE": ARC_STEP}
_COLUMNS = ("Layer", "EntityHandle", "Linetype", "BlockName", "BlockAngle")
_KINDS = {"LineString": "LineString", "MultiLineString": "LineString", "Point": "Point"}
POINTS = "/points"
"""Behind the name of a layer: its points."""


def _records(opened: Opened) -> Iterator[Any]:
    """Every entity of the model and the sheets. Raises BadInput where the file is corrupt."""
    try:
        with fiona.Env(**_OPTIONS):
            names = fiona.listlayers(opened.data)
            with fiona.open(
                opened.data, driver="DXF", layer="entities" if "entities" in names else names[0]
            ) as collection:
                yield from collection
    except (FionaError, OSError, ValueError, IndexError) as error:
        raise BadInput("file-corrupt", path=opened.path, reason=str(error)[:300]) from error


def _sort_of(record: Any) -> tuple[str, str]:
    """(layer, "LineString" or "Point"); of what is left out ("", what it is)."""
    values = record.properties
    if values.get("PaperSpace"):
        return "", _("auf dem Planblatt")
    if values.get("Text") or values.get("AttributeTag"):
        return "", _("Beschriftungen")
    kind = _KINDS.get(record.geometry.type if record.geometry else "")
    return (_text(str(values.get("Layer") or "0")), kind) if kind else ("", _("Flächen und anderes"))


def _attributes(record: Any) -> dict[str, str]:
    """What is written into a block: tag -> value."""
    pairs = (str(one).partition(" ") for one in record.properties.get("BlockAttributes") or ())
    return {_text(tag): _text(value) for tag, _space, value in pairs if tag}


def _text(told: str) -> str:
    """GDAL takes the UTF-8 of newer drawings (2007 on) for the Windows texts that their head names; here they are what they were."""
    try:
        return told.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return told


def tables(opened: Opened) -> list[Table]:
    """A table for the lines and one for the points of each layer that has some."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    left: Counter[str] = Counter()
    for record in _records(opened):
        layer, kind = _sort_of(record)
        if layer:
            found.setdefault((layer, kind), {}).update(dict.fromkeys(_attributes(record)))
        else:
            left[kind] += 1
    notes = [*opened.notes] + [
        _("{file}: nicht gelesen: {what}").format(
            file=opened.path.name, what=", ".join(f"{count} {what}" for what, count in sorted(left.items()))
        )
    ] * bool(left)
    if not found:
        raise BadInput("no-features", path=opened.path)
    return [_table(opened, layer, kind, list(tags), notes) for (layer, kind), tags in found.items()]


def _table(opened: Opened, layer: str, kind: str, tags: list[str], notes: list[str]) -> Table:
    columns = [*_COLUMNS, *(tag for tag in tags if tag not in _COLUMNS)]

    def rows() -> Iterator[tuple[int, dict[str, Any], bytes | None]]:
        for number, record in enumerate(_records(opened), 1):
            if _sort_of(record) == (layer, kind):
                values = _attributes(record) | {
                    name: _text(str(record.properties.get(name) or "")) for name in _COLUMNS
                }
                drawn = shapely.force_2d(shape(record.geometry))
                yield number, values, bytes(shapely.to_wkb(drawn, flavor="iso"))

    name = layer if kind == "LineString" else f"{layer}{POINTS}"
    return Table(opened.path.name, name, columns, None, kind, rows, notes=notes, drawn=True)
