"""A first look at an uploaded file: its columns, its first rows, and where they lie."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj.exceptions import ProjError

from gisapp.errors import BadInput
from gisapp.geolibs import WGS84_SRID, transformer
from gisapp.layer import Target
from importers.mapping import Mapping, suggest
from importers.opening import open_file
from importers.pipeline import open_source
from importers.source import GEOMETRY, Source, srid_of

ROWS = 100
_LONGEST = 80


def look(target: Target, file: Path) -> tuple[Mapping, dict[str, Any]]:
    """The suggested mapping, and {columns, rows, crs, count, geometry: GeoJSON in CRS84 or None} of the first rows.

    Raises BadInput where the importer itself would refuse the file.
    """
    with open_file(file) as opened:
        source = open_source(opened, Mapping(), target.geometry)
        found = suggest(target, source, file.name)
        sample = source.sample(ROWS)
    names = [one.name for one in source.columns]
    if sample is None:
        raise BadInput("no-features", path=file.name)
    columns = [sample.column(name).to_pylist() for name in names]
    rows = [[_short(value) for value in row] for row in zip(*columns, strict=True)]
    shapes = sample.column(GEOMETRY).to_pylist() if GEOMETRY in sample.schema.names else []
    told = {"columns": names, "rows": rows, "crs": source.crs or "", "count": source.count}
    return found, {**told, "geometry": _geometry(source, shapes)}


def _short(value: Any) -> str:
    text = "" if value is None else str(value).replace("\0", "")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _geometry(source: Source, shapes: list[bytes | None]) -> Any:
    """The shapes of the most frequent kind as one geometry; None where their system cannot be transformed here."""
    try:
        srid = srid_of(source.crs)
        found = shapely.from_wkb([one for one in shapes if one], on_invalid="ignore")
        change = transformer(f"EPSG:{srid}", f"EPSG:{WGS84_SRID}") if srid else None
    except (BadInput, ProjError):
        return None
    parts = [part for part in shapely.get_parts(shapely.force_2d(found)) if part is not None and not part.is_empty]
    if change is None or not parts:
        return None
    kind = Counter(one.geom_type for one in parts).most_common(1)[0][0]
    multi = {"Point": shapely.MultiPoint, "LineString": shapely.MultiLineString, "Polygon": shapely.MultiPolygon}[kind]
    whole = multi([one for one in parts if one.geom_type == kind])
    moved = shapely.transform(whole, lambda one: np.column_stack(change.transform(one[:, 0], one[:, 1])))
    return shapely.geometry.mapping(moved) if np.isfinite(shapely.get_coordinates(moved)).all() else None
