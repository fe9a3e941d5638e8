"""Arcs and curves as lines: nothing behind the readers knows curves (shapely does not, and the tables keep lines)."""

import struct
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
import pyogrio

ARC_STEP = "1"
"""Degrees of an arc that become one straight piece: at a radius of 100 m it is 4 mm beside the arc."""
_CURVED = {8, 9, 10, 11, 12}  # CircularString, CompoundCurve, CurvePolygon, MultiCurve, MultiSurface
_WORDS = r"(?i)^\s*(circularstring|compoundcurve|curvepolygon|multicurve|multisurface)\b"


def _is_curved(head: bytes) -> bool:
    """Of the first five bytes of a WKB: ISO (1000s for Z and M) or extended (high bits)."""
    if len(head) < 5:
        return False
    (kind,) = struct.unpack("<I" if head[0] else ">I", head[1:5])
    return (kind & 0x0FFFFFFF) % 1000 in _CURVED


def _linear(given: bytes | str) -> bytes | None:
    """WKB of the lines of a curve in WKB or WKT; None where it cannot be read."""
    from django.contrib.gis.gdal import OGRGeometry
    from django.contrib.gis.gdal.error import GDALException

    pyogrio.set_gdal_config_options({"OGR_ARC_STEPSIZE": ARC_STEP})  # one GDAL for both (gisapp.geolibs)
    try:
        curve = OGRGeometry(given if isinstance(given, str) else memoryview(given))
        return bytes(curve.get_linear_geometry().wkb)
    except (GDALException, ValueError):
        return None


def straight(shapes: pa.Array) -> pa.Array:
    """An array of WKB with lines in place of curves; one that cannot be read is empty, and so no geometry at all."""
    heads = pc.binary_slice(shapes, 0, 5)
    curved = [head for head in pc.unique(heads).to_pylist() if head is not None and _is_curved(head)]
    if not curved:
        return shapes
    these = pc.fill_null(pc.is_in(heads, value_set=pa.array(curved, heads.type)), False).to_pylist()
    found = [(_linear(one) or b"") if is_one else one for one, is_one in zip(shapes.to_pylist(), these, strict=True)]
    return pa.array(found, shapes.type)


def read_texts(texts: pa.Array, read: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """WKB of an array of WKT: `read` gets those without curves (an empty text in place of the others)."""
    curved = pc.match_substring_regex(texts, _WORDS)
    if not pc.any(curved).as_py():
        return read(texts)
    plain = read(pc.if_else(curved, "", texts))
    found = [
        _linear(one) if is_one else None for one, is_one in zip(texts.to_pylist(), curved.to_pylist(), strict=True)
    ]
    return pc.if_else(curved, pa.array(found, plain.type), plain)
