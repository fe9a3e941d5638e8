"""In which coordinate system a table may be: what its coordinates look like, where the file does not say it or says it wrongly."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from django.conf import settings
from django.utils.translation import gettext as _

from gisapp.geolibs import STORAGE_SRID, WGS84_SRID
from importers.staging import scalar

Box = tuple[float, float, float, float]
"""West, south, east, north."""
# What German files are in: UTM 32 and 33 (also with the zone before the easting), Gauß-Krüger, degrees, web maps.
COMMON = (25832, 4326, 25833, 31467, 31466, 31468, 31469, 4647, 5650, 3857)


def area(srid: int, anywhere: bool) -> Box:
    """The box, in that coordinate system, in which places are plausible (with `anywhere`: can be transformed at all)."""
    if anywhere:
        degrees = scalar(
            "SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = %s AND srtext LIKE 'GEOGCS%%')", [srid]
        )
        return (-180, -85, 180, 85) if degrees else (-1e8, -1e8, 1e8, 1e8)
    corners = scalar(
        "SELECT ARRAY[ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b)] FROM (SELECT ST_Transform(ST_Segmentize("
        "ST_MakeEnvelope(%s, %s, %s, %s, %s), 20000), %s::int) AS b) box",
        [*settings.IMPORT_AREA, STORAGE_SRID, srid],
    )
    west, south, east, north = corners
    return west, south, east, north


def inside(boxes: Any, there: Box) -> float:
    """Of these boxes (an array of rows west, south, east, north) the share that lies in the box."""
    found = np.asarray(boxes, dtype=float).reshape(-1, 4)
    found = found[np.isfinite(found).all(axis=1)]
    if not len(found):
        return 0.0
    west, south, east, north = there
    good = (found[:, 0] >= west) & (found[:, 1] >= south) & (found[:, 2] <= east) & (found[:, 3] <= north)
    return float(good.mean())


def swapped(boxes: Any) -> Any:
    """The boxes of the same shapes with northings for eastings."""
    return np.asarray(boxes, dtype=float).reshape(-1, 4)[:, [1, 0, 3, 2]]


def fitting(shapes: Sequence[Any], share: float) -> Iterator[tuple[int, bool]]:
    """The usual systems in which more than this share of the shapes would lie here: (EPSG code, axes swapped)."""
    boxes = shapely.bounds(shapes)
    for turned in (False, True):
        for srid in COMMON:
            if inside(swapped(boxes) if turned else boxes, area(srid, anywhere=False)) > share:
                yield srid, turned


def assumed(shapes: Sequence[Any]) -> tuple[int, bool] | None:
    """The system of a file that says none, where its coordinates can only be ours or degrees: (EPSG code, axes swapped)."""
    found = [one for one in fitting(shapes, 0.5) if one[0] in (STORAGE_SRID, WGS84_SRID)]
    return found[0] if found else None


def likely(shapes: Sequence[Any]) -> str:
    """Words that name the systems to which the coordinates would fit; none where there is none."""
    names = [
        _("EPSG:{code} mit vertauschten Achsen").format(code=code) if turned else f"EPSG:{code}"
        for code, turned in fitting(shapes, 0.5)
    ]
    return " " + _("Die Koordinaten passen zu: {names}.").format(names=", ".join(names)) if names else ""
