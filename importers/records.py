"""Files that are looked at one record at a time, through fiona: DXF drawings, whose areas are closed lines."""

from collections.abc import Iterator, Sequence
from typing import Any

import fiona
import pyarrow as pa
import shapely
from fiona.errors import FionaError
from shapely.geometry import shape

from gisapp.errors import BadInput
from gisapp.layer import Geometry
from importers.opening import Opened
from importers.source import GEOMETRY, Column, Source

BATCH = 10_000


def _wkb(record: Any, wanted: Geometry) -> bytes | None:
    """The record's geometry; a closed line is an area where areas are wanted."""
    if record.geometry is None:
        return None
    found = shape(record.geometry)
    if wanted is Geometry.POLYGON and found.geom_type == "LineString" and found.is_closed and len(found.coords) > 3:
        found = shapely.Polygon(found.coords)
    return bytes(shapely.to_wkb(shapely.force_2d(found), flavor="iso"))


def _batch(records: list[Any], names: Sequence[str], wanted: Geometry) -> pa.RecordBatch:
    def text(value: object) -> str | None:
        return None if value is None else str(value)

    arrays = [pa.array([text(one.properties[name]) for one in records], pa.string()) for name in names]
    geometry = pa.array([_wkb(one, wanted) for one in records], pa.binary())
    return pa.RecordBatch.from_arrays([*arrays, geometry], [*names, GEOMETRY])


def _read(opened: Opened, names: Sequence[str], wanted: Geometry) -> Iterator[pa.RecordBatch]:
    try:
        with fiona.open(opened.data, driver="DXF") as collection:
            records: list[Any] = []
            for record in collection:
                records.append(record)
                if len(records) == BATCH:
                    yield _batch(records, names, wanted)
                    records = []
            if records:
                yield _batch(records, names, wanted)
    except (FionaError, OSError, ValueError) as error:
        raise BadInput("file-corrupt", path=opened.path, reason=str(error)[:300]) from error


def open_dxf(opened: Opened, wanted: Geometry) -> Source:
    """A DXF drawing as a Source; it never says its coordinate system. Raises BadInput when it is corrupt."""
    try:
        with fiona.open(opened.data, driver="DXF") as collection:
            names = list(collection.schema["properties"])
    except (FionaError, OSError, ValueError) as error:
        raise BadInput("file-corrupt", path=opened.path, reason=str(error)[:300]) from error
    return Source(
        columns=[Column(name, "text") for name in names],
        crs=None,
        count=-1,
        batches=lambda wanted_names: _read(opened, wanted_names, wanted),
        notes=list(opened.notes),
    )
