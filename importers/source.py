"""What a reader hands to the pipeline: columns, a coordinate system, and Arrow batches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyproj

from gisapp.errors import BadInput
from gisapp.geolibs import WGS84_SRID

GEOMETRY = "\0geometry"
"""Name of the batch's WKB column; no file's column can have it."""
ROW = "\0row"
"""Name of the column with the row's number in the file, where rows were left out."""


@dataclass(frozen=True)
class Column:
    """A column of the file: `kind` is "text", "int", "float" or "bool"."""

    name: str
    kind: str


@dataclass(frozen=True)
class RowProblem:
    """Why a row is not taken (or was changed), by number (1 is the first feature) and id."""

    row: int
    id: str
    field: str
    code: str
    value: str = ""


@dataclass
class Source:
    """A readable file. `batches(names)` yields record batches of these columns and of GEOMETRY (WKB, may be NULL).

    `crs` is what the file says ("EPSG:25832", WKT) or None; `count` is -1 where unknown. Rows that the reader itself
    had to leave out are added to `problems` while it reads.
    """

    columns: Sequence[Column]
    crs: str | None
    count: int
    batches: Callable[[Sequence[str]], Iterator[pa.RecordBatch]]
    notes: list[str] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    geometry: str = ""

    def column(self, name: str) -> Column | None:
        return next((one for one in self.columns if one.name == name), None)

    def sample(self, size: int = 1000) -> pa.RecordBatch | None:
        """The first rows of all columns."""
        iterator = self.batches([one.name for one in self.columns])
        try:
            first = next(iterator, None)
        finally:
            close = getattr(iterator, "close", None)
            if close:
                close()
        self.problems.clear()
        return None if first is None else first.slice(0, size)


def srid_of(crs: str | None) -> int | None:
    """The EPSG code of a horizontal coordinate system; None where `crs` is None. Raises BadInput("crs-unknown")."""
    if not crs:
        return None
    try:
        found: Any = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise BadInput("crs-unknown", crs=crs[:80]) from error
    if found.is_compound:
        found = found.sub_crs_list[0]
    if len(found.axis_info) == 3:
        found = found.to_2d()
    if found.to_authority() == ("OGC", "CRS84"):
        return WGS84_SRID
    code = found.to_epsg() or found.to_epsg(min_confidence=25)
    if code is None:
        raise BadInput("crs-unknown", crs=found.name or crs[:80])
    return int(code)
