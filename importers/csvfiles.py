"""CSV and TSV with coordinates: lon/lat, x/y or WKT columns; encoding and delimiter are sniffed.

Read by Arrow in blocks; coordinates become WKB a column at a time.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from django.utils.translation import gettext as _
from pyarrow import csv as arrow_csv

from gisapp.errors import BadInput
from importers import curves
from importers.mapping import Mapping, folded
from importers.opening import Opened
from importers.source import GEOMETRY, ROW, Column, RowProblem, Source

DELIMITERS = "\t;,|"
_LON = ("lon", "lng", "long", "longitude", "laengengrad", "geolaenge", "lonwgs84")
_LAT = ("lat", "latitude", "breitengrad", "geobreite", "latwgs84")
_X = ("x", "xcoord", "xkoordinate", "rechtswert", "ostwert", "easting", "east", "e", "utmx", "koordx", "ost")
_Y = ("y", "ycoord", "ykoordinate", "hochwert", "nordwert", "northing", "north", "n", "utmy", "koordy", "nord")
_WKT = ("wkt", "geom", "geometry", "thegeom", "geometrie", "shape", "wktgeom")
_NUMBER = r"^\s*[+-]?\d+([.,]\d+)?([eE][+-]?\d{1,2})?\s*$"


@dataclass
class _Table:
    """How the text is to be read, and which columns make the geometry."""

    opened: Opened
    encoding: str
    delimiter: str
    heads: list[str]
    x: str = ""
    y: str = ""
    wkt: str = ""
    crs: str = ""
    notes: list[str] = field(default_factory=list)


def _encoding(opened: Opened) -> str:
    """The file's encoding: by its mark, else UTF-8 where all of it is that, else Windows-1252."""
    with opened.data.open("rb") as file:
        start = file.read(4)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        file.seek(0)
        rest = b""
        while block := file.read(4 * 1024 * 1024):
            try:
                (rest + block).decode("utf-8")
                rest = b""
            except UnicodeDecodeError as error:
                if error.start < len(rest + block) - 3:
                    return "cp1252"
                rest = (rest + block)[error.start :]
    return "cp1252" if rest else "utf-8-sig"


def _lines(opened: Opened, encoding: str, count: int) -> list[str]:
    with opened.data.open(encoding=encoding, errors="replace", newline="") as file:
        return [line for line, number in zip(file, range(count), strict=False)]


def _delimiter(opened: Opened, lines: Sequence[str]) -> str:
    """The sign that splits the head and the next lines into the same number of columns, more than one."""
    best, most = "", 0
    for sign in DELIMITERS:
        rows = [row for row in csv.reader(io.StringIO("".join(lines)), delimiter=sign) if row]
        if not rows or len(rows[0]) < 2:
            continue
        agreeing = sum(len(row) == len(rows[0]) for row in rows[1:])
        score = len(rows[0]) if agreeing >= 0.6 * len(rows[1:]) else 0
        if score > most:
            best, most = sign, score
    if not best:
        raise BadInput("not-a-table", path=opened.path, reason=_("kein Trennzeichen (Tabulator, ; , |) ergibt Spalten"))
    return best


def _heads(line: list[str]) -> list[str]:
    """The columns' names, each once."""
    heads: list[str] = []
    for number, name in enumerate(line, start=1):
        plain = name.strip().lstrip("\ufeff") or f"column_{number}"
        heads.append(plain if plain not in heads else f"{plain}_{number}")
    return heads


def _table(opened: Opened, wanted: Mapping) -> _Table:
    encoding = wanted.encoding or _encoding(opened)
    try:
        lines = _lines(opened, encoding, 100)
    except LookupError as error:
        raise BadInput("bad-mapping", path=opened.path, reason=f"encoding: {encoding}") from error
    delimiter = wanted.delimiter or _delimiter(opened, lines)
    head = next(csv.reader(io.StringIO("".join(lines)), delimiter=delimiter), [])
    table = _Table(opened, encoding, delimiter, _heads(head), notes=list(opened.notes))
    if encoding == "cp1252" and not wanted.encoding:
        table.notes.append(_("Zeichensatz: Windows-1252 (kein gültiges UTF-8)"))
    return table


def _pick(heads: Sequence[str], names: Sequence[str]) -> str:
    by_name = {folded(head): head for head in reversed(heads)}
    return next((by_name[name] for name in names if name in by_name), "")


def _find_geometry(table: _Table, wanted: Mapping) -> None:
    """Which columns make the geometry: those that the mapping names, else those with a usual name."""
    for name in wanted.geometry.values():
        if name not in table.heads:
            raise BadInput("no-such-column", column=name, columns=", ".join(table.heads))
    table.x, table.y = wanted.geometry.get("x", ""), wanted.geometry.get("y", "")
    table.wkt = wanted.geometry.get("wkt", "")
    if table.wkt or (table.x and table.y):
        lon_lat = folded(table.x) in _LON and folded(table.y) in _LAT
    else:
        table.x, table.y = _pick(table.heads, _LON), _pick(table.heads, _LAT)
        lon_lat = bool(table.x and table.y)
        if not lon_lat:
            table.x, table.y = _pick(table.heads, _X), _pick(table.heads, _Y)
        if not (table.x and table.y):
            table.x = table.y = ""
            table.wkt = _pick(table.heads, _WKT)
    if not table.wkt and not table.x:
        raise BadInput("no-geometry", path=table.opened.path, columns=", ".join(table.heads))
    table.crs = "EPSG:4326" if lon_lat and not table.wkt else ""


def _numbers(texts: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(values, is the text empty?, is it a number?); a decimal comma is one."""
    filled = pc.fill_null(pc.utf8_trim_whitespace(texts), "")
    empty = pc.equal(filled, "").to_numpy(zero_copy_only=False)
    good = pc.match_substring_regex(filled, _NUMBER)
    values = pc.cast(pc.replace_substring(pc.if_else(good, filled, "nan"), ",", "."), pa.float64())
    return values.to_numpy(zero_copy_only=False), empty, good.to_numpy(zero_copy_only=False)


def _points(x: np.ndarray, y: np.ndarray, missing: np.ndarray) -> pa.Array:
    """Little-endian WKB points."""
    record = np.zeros(len(x), dtype=[("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
    record["order"], record["kind"], record["x"], record["y"] = 1, 1, x, y
    offsets = np.arange(len(x) + 1, dtype=np.int32) * 21
    array = pa.Array.from_buffers(pa.binary(), len(x), [None, pa.py_buffer(offsets), pa.py_buffer(record.tobytes())])
    return pc.if_else(pa.array(~missing), array, pa.scalar(None, pa.binary()))


def _from_wkt(texts: pa.Array) -> pa.Array:
    shapes = shapely.from_wkt(texts.to_numpy(zero_copy_only=False), on_invalid="ignore")
    return pa.array(shapely.to_wkb(shapes), pa.binary())


def _geometry(table: _Table, batch: pa.RecordBatch) -> tuple[pa.Array, np.ndarray, str, str]:
    """(WKB, which rows are unreadable, field, code)."""
    if table.wkt:
        texts = pc.replace_substring_regex(batch.column(table.wkt), r"^\s*SRID=\d+;", "")
        plain = pc.fill_null(pc.utf8_trim_whitespace(texts), "")
        empty = pc.equal(plain, "").to_numpy(zero_copy_only=False)
        wkb = curves.read_texts(plain, _from_wkt)
        return wkb, wkb.is_null().to_numpy(zero_copy_only=False) & ~empty, table.wkt, "bad-wkt"
    x, x_empty, x_good = _numbers(batch.column(table.x))
    y, y_empty, y_good = _numbers(batch.column(table.y))
    missing = x_empty & y_empty
    return _points(x, y, missing), ~missing & ~(x_good & y_good), f"{table.x}/{table.y}", "bad-coordinate"


def _read(table: _Table, problems: list[RowProblem], names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Batches of these columns and the geometry; unreadable rows go into `problems`."""
    skipped: list[int] = []

    def unfit(row: arrow_csv.InvalidRow) -> str:
        skipped.append(row.number - 1)
        problems.append(RowProblem(row.number - 1, "", "-", "bad-row", (row.text or "")[:80]))
        return "skip"

    wanted = list(dict.fromkeys([*names, *(one for one in (table.x, table.y, table.wkt) if one)]))
    try:
        reader = arrow_csv.open_csv(
            table.opened.data,
            arrow_csv.ReadOptions(
                encoding=table.encoding, column_names=table.heads, skip_rows=1, block_size=8 << 20, use_threads=False
            ),
            arrow_csv.ParseOptions(delimiter=table.delimiter, newlines_in_values=True, invalid_row_handler=unfit),
            arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in table.heads}, include_columns=wanted,
                strings_can_be_null=True,
                null_values=[""], quoted_strings_can_be_null=True,
            ),
        )  # fmt: skip
        done = 0
        for batch in reader:
            total = done + len(batch) + len(skipped)
            numbers = np.setdiff1d(np.arange(1, total + 1), np.array(skipped))[done : done + len(batch)]
            done += len(batch)
            yield _made_whole(table, batch, numbers, names, problems)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise BadInput("not-a-table", path=table.opened.path, reason=str(error)[:200]) from error


def _made_whole(
    table: _Table, batch: pa.RecordBatch, numbers: np.ndarray, names: Sequence[str], problems: list[RowProblem]
) -> pa.RecordBatch:
    """The batch with geometry and row numbers, without the rows whose geometry cannot be read."""
    if not table.wkt and not table.x:
        return pa.RecordBatch.from_arrays([*map(batch.column, names), pa.array(numbers, pa.int64())], [*names, ROW])
    wkb, bad, where, code = _geometry(table, batch)
    for index in np.flatnonzero(bad):
        said = [batch.column(one)[int(index)].as_py() or "" for one in (table.x, table.y, table.wkt) if one]
        problems.append(RowProblem(int(numbers[index]), "", where, code, " / ".join(said)[:80]))
    arrays = [*(batch.column(name) for name in names), wkb, pa.array(numbers, pa.int64())]
    whole = pa.RecordBatch.from_arrays(arrays, [*names, GEOMETRY, ROW])
    return whole.filter(pa.array(~bad)) if bad.any() else whole


def open_csv(opened: Opened, wanted: Mapping) -> Source:
    """A table with coordinates as a Source. Raises BadInput when it is no table or has no coordinates."""
    table = _table(opened, wanted)
    _find_geometry(table, wanted)
    problems: list[RowProblem] = []
    return Source(
        columns=[Column(name, "text") for name in table.heads if name not in (table.x, table.y, table.wkt)],
        crs=table.crs or None,
        count=-1,
        batches=lambda names: _read(table, problems, names),
        notes=table.notes,
        problems=problems,
        geometry="WKT" if table.wkt else "Point",
    )


def open_plain(opened: Opened, wanted: Mapping) -> Source:
    """A table without coordinates as a Source. Raises BadInput when it is no table."""
    table = _table(opened, wanted)
    problems: list[RowProblem] = []
    return Source(
        columns=[Column(name, "text") for name in table.heads],
        crs=None,
        count=-1,
        batches=lambda names: _read(table, problems, names),
        notes=table.notes,
        problems=problems,
    )


def read_rows(opened: Opened) -> tuple[list[str], list[dict[str, str]]]:
    """A small table without coordinates: (columns, rows). Raises BadInput."""
    if opened.format.value != "CSV":
        raise BadInput("not-a-table", path=opened.path, reason=opened.format.value)
    table = _table(opened, Mapping())
    with opened.data.open(encoding=table.encoding, newline="") as file:
        rows = [row for row in csv.reader(file, delimiter=table.delimiter) if any(row)]
    return table.heads, [dict(zip(table.heads, row, strict=False)) for row in rows[1:]]
