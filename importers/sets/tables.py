"""The tables of a folder or file, whatever their format: each with its columns, its coordinate system and its rows."""

import contextlib
import gzip
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
from django.conf import settings
from pyogrio.errors import DataLayerError, DataSourceError

from gisapp.errors import BadInput
from importers import csvfiles, vector
from importers.mapping import Mapping
from importers.opening import MB, Format, Opened, open_file
from importers.source import GEOMETRY, ROW, RowProblem, Source

_BESIDE = {
    ".shx",
    ".dbf",
    ".prj",
    ".cpg",
    ".qix",
    ".sbn",
    ".sbx",
    ".qmd",
    ".qml",
    ".xml",
    ".toml",
    ".md",
    ".pdf",
    ".html",
    ".log",
}


@dataclass
class Table:
    """A table of the set. `rows()` yields (number, values by column, geometry as WKB); unreadable rows go to `problems`.

    `drawn`: a layer of a drawing, which means what its name says.
    """

    file: str
    layer: str
    columns: Sequence[str]
    crs: str | None
    geometry: str
    rows: Callable[[], Iterator[tuple[int, dict[str, Any], bytes | None]]]
    problems: list[RowProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    drawn: bool = False

    @property
    def name(self) -> str:
        return f"{self.file}/{self.layer}" if self.layer else self.file


def _of_batches(
    batches: Iterator[pa.RecordBatch], columns: Sequence[str]
) -> Iterator[tuple[int, dict[str, Any], bytes | None]]:
    number = 0
    for batch in batches:
        names = batch.schema.names
        shapes = batch.column(GEOMETRY).to_pylist() if GEOMETRY in names else [None] * len(batch)
        numbers = batch.column(ROW).to_pylist() if ROW in names else range(number + 1, number + len(batch) + 1)
        values = [batch.column(one).to_pylist() for one in columns]
        for row, shape, *found in zip(numbers, shapes, *values, strict=True):
            yield row, dict(zip(columns, found, strict=True)), shape
        number += len(batch)


def _from_source(opened: Opened, layer: str, source: Source) -> Table:
    columns = [one.name for one in source.columns]
    return Table(
        opened.path.name, layer, columns, source.crs, source.geometry or "Geometry",
        lambda: _of_batches(source.batches(columns), columns), source.problems, source.notes,
    )  # fmt: skip


def _csv(opened: Opened, wanted: Mapping) -> Table:
    try:
        return _from_source(opened, "", csvfiles.open_csv(opened, wanted))
    except BadInput as error:
        if error.code != "no-geometry":
            raise
    source = csvfiles.open_plain(opened, wanted)
    table = _from_source(opened, "", source)
    table.geometry = ""
    return table


def _plain_layer(opened: Opened, layer: str) -> Table:
    """A layer without geometry (a table of a GeoPackage)."""
    columns = [str(one) for one in pyogrio.read_info(opened.data, layer=layer)["fields"]]

    def batches() -> Iterator[pa.RecordBatch]:
        with pyogrio.raw.open_arrow(
            opened.data, layer=layer, columns=columns, batch_size=vector.BATCH, use_pyarrow=True, read_geometry=False,
            datetime_as_string=True,
        ) as (_meta, reader):  # fmt: skip
            for batch in reader:
                yield pa.RecordBatch.from_arrays([batch.column(one) for one in columns], columns)

    return Table(opened.path.name, layer, columns, None, "", lambda: _of_batches(batches(), columns))


def _vector(opened: Opened) -> Iterator[Table]:
    """Each layer of the file."""
    vector.restrict_gdal()
    try:
        layers = [(str(name), kind) for name, kind in pyogrio.list_layers(opened.data)]
    except (DataSourceError, DataLayerError, RuntimeError) as error:
        raise BadInput("file-corrupt", path=opened.path, reason=str(error)[:300]) from error
    single = len(layers) == 1 and opened.format is not Format.GPKG
    for name, kind in layers:
        if kind is None:
            yield _plain_layer(opened, name)
        else:
            yield _from_source(opened, "" if single else name, vector.open_vector(opened, name))


def _tables_of(opened: Opened, wanted: Mapping) -> Iterator[Table]:
    if opened.format is Format.CSV:
        yield _csv(opened, wanted)
    elif opened.format is Format.DXF:
        from importers.sets import drawings

        yield from drawings.tables(opened)
    else:
        yield from _vector(opened)


def _unpacked(path: Path, folder: Path) -> Path:
    """The plain file of a .gz in `folder`; raises BadInput where it is damaged or would be too big."""
    target = folder / path.stem
    limit = settings.IMPORT_MAX_MB * MB
    try:
        with gzip.open(path) as packed, target.open("wb") as plain:
            while block := packed.read(4 * MB):
                plain.write(block)
                if plain.tell() > limit:
                    raise BadInput(
                        "file-too-big",
                        size=f"> {limit // MB} MB",
                        limit=f"{limit // MB} MB",
                        setting="GISAPP_IMPORT_MAX_MB",
                    )
    except (OSError, EOFError) as error:
        raise BadInput("file-corrupt", path=path, reason=str(error)) from error
    return target


def files_in(path: Path) -> list[Path]:
    """The files of a folder that may hold tables, or the file itself; raises BadInput for an empty folder."""
    if not path.is_dir():
        return [path]
    found = [
        one for one in sorted(path.iterdir())
        if one.is_file() and not one.name.startswith((".", "~")) and one.suffix.lower() not in _BESIDE
    ]  # fmt: skip
    if not found:
        raise BadInput("no-features", path=path)
    return found


@contextlib.contextmanager
def opened(path: Path, encodings: dict[str, Mapping] | None = None) -> Iterator[list[Table]]:
    """All tables of a folder or file, readable until the block ends. Raises BadInput for a file that cannot be read.

    In a folder, files of no known format are passed over.
    """
    with contextlib.ExitStack() as stack:
        from importers.sets import ofds, sheets

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gisapp-import-")))
        tables: list[Table] = []
        for file in files_in(path):
            networks = ofds.read(file)
            if networks is not None:
                tables += ofds.tables(file, networks)
                continue
            if sheets.is_workbook(file):
                tables += sheets.tables(file)
                continue
            plain = _unpacked(file, folder) if file.suffix.lower() == ".gz" else file
            try:
                one = stack.enter_context(open_file(plain))
            except BadInput as error:
                if path.is_dir() and error.code == "unsupported-file":
                    continue
                raise
            one.path = file
            tables += _tables_of(one, (encodings or {}).get(file.name, Mapping()))
        yield tables
