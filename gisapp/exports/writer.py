"""Features of a layer as files. Rows come through a server-side cursor in batches: memory stays flat at any size.

GeoJSON and CSV are text and go out as they are read. The other formats need a seekable file: GDAL writes it from an
Arrow stream into a temporary directory, and it is sent from there.
"""

import csv
import io
import itertools
import shutil
import tempfile
import uuid
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import psycopg
import pyarrow as pa
import pyogrio
import shapely
from django.db import connection, transaction
from django.db.models import BinaryField, F, FloatField, Func, IntegerField, TextField

from gisapp import errors
from gisapp.database import compiled
from gisapp.exports import dxf
from gisapp.exports.formats import Format
from gisapp.features.query import Selection, select
from gisapp.geolibs import STORAGE_SRID
from gisapp.layer import Field, Geometry, Layer, Type

BATCH = 5_000
_ARROW = {
    Type.STRING: pa.string(),
    Type.INTEGER: pa.int64(),
    Type.NUMBER: pa.float64(),
    Type.BOOLEAN: pa.bool_(),
    Type.DATE: pa.date32(),
    Type.DATETIME: pa.timestamp("ms", tz="UTC"),
}


class _Sql(Func):
    """A geometry function whose template is given whole."""

    def __init__(self, column: str, template: str, output: Any) -> None:
        super().__init__(F(column), output_field=output)
        self.template = template


def _shape(layer: Layer, srid: int) -> str:
    return "%(expressions)s" if srid == STORAGE_SRID else f"ST_Transform(%(expressions)s, {srid})"


def _rows(
    layer: Layer, user: Any, selection: Selection, geometry: Mapping[str, Func], fields: Sequence[Field]
) -> Generator[list[tuple[Any, ...]], None, None]:
    """Batches of (key, geometry expressions..., values...) ordered by key, in one snapshot."""
    rows = select(layer, user, selection).annotate(**geometry).order_by("pk")
    listed = rows.values_list("pk", *geometry, *(one.path for one in fields))
    sql, params = compiled(listed)
    with transaction.atomic():
        connection.ensure_connection()
        raw = connection.connection
        with psycopg.ServerCursor(raw, f"gisapp_export_{uuid.uuid4().hex[:12]}") as cursor:
            cursor.execute(sql, params, binary=True)
            while batch := cursor.fetchmany(BATCH):
                yield batch


def _begun(batches: Iterator[list[tuple[Any, ...]]]) -> Iterator[list[tuple[Any, ...]]]:
    """The same batches, the first already read: what is wrong with the question is raised before a piece goes out."""
    return itertools.chain(list(itertools.islice(batches, 1)), batches)


def geojson(layer: Layer, user: Any, selection: Selection) -> Generator[bytes, None, None]:
    """A GeoJSON FeatureCollection (RFC 7946: CRS84) in pieces."""
    shape = {"gisapp_shape": _Sql(layer.geometry_column, f"ST_AsGeoJSON({_shape(layer, 4326)}, 7, 0)", TextField())}
    fields = layer.public_fields
    head = {"type": "FeatureCollection", "name": layer.name, "attribution": layer.attribution}
    with closing(_rows(layer, user, selection, shape, fields)) as rows:
        batches = _begun(rows)
        yield orjson.dumps(head)[:-1] + b',"features":['
        first = True
        for batch in batches:
            texts = []
            for key, geometry, *values in batch:
                texts.append(
                    orjson.dumps(
                        {
                            "type": "Feature",
                            "id": key,
                            "geometry": orjson.Fragment(geometry) if geometry else None,
                            "properties": dict(zip((one.name for one in fields), values, strict=True)),
                        },
                        default=str,
                    )
                )
            yield (b"\n" if first else b",\n") + b",\n".join(texts)
            first = False
        yield b"\n]}\n"


def comma_separated(layer: Layer, user: Any, selection: Selection) -> Generator[bytes, None, None]:
    """CSV with a byte order mark (spreadsheets then read umlauts): key, lon and lat or WKT in CRS84, public fields."""
    point = layer.geometry is Geometry.POINT
    column = layer.geometry_column
    number = FloatField()
    shape: dict[str, Func] = (
        {"lon": _Sql(column, f"round(ST_X({_shape(layer, 4326)})::numeric, 7)::float8", number),
         "lat": _Sql(column, f"round(ST_Y({_shape(layer, 4326)})::numeric, 7)::float8", number)}
        if point else {"wkt": _Sql(column, f"ST_AsText({_shape(layer, 4326)}, 7)", TextField())}
    )  # fmt: skip
    shape = {f"gisapp_{name}": one for name, one in shape.items()}
    fields = layer.public_fields
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(["id", *(name.removeprefix("gisapp_") for name in shape), *(one.name for one in fields)])
    with closing(_rows(layer, user, selection, shape, fields)) as rows:
        batches = _begun(rows)
        yield "\ufeff".encode()
        for batch in batches:
            writer.writerows([[_cell(value) for value in row] for row in batch])
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue().encode()


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula is shown as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _batches(
    layer: Layer, user: Any, selection: Selection, fields: Sequence[Field], srid: int, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    shape = {"gisapp_wkb": _Sql(layer.geometry_column, f"ST_AsBinary({_shape(layer, srid)})", BinaryField())}
    for rows in _rows(layer, user, selection, shape, fields):
        columns = list(zip(*rows, strict=True))
        keys = [str(key) if pa.types.is_string(schema.field(0).type) else key for key in columns[0]]
        values = [keys, *columns[2:]]
        # A reference to another row is its key, which may be a UUID.
        told = [[str(each) if isinstance(each, uuid.UUID) else each for each in value] for value in values]
        arrays = [pa.array(value, type=one.type) for value, one in zip(told, list(schema)[:-1], strict=True)]
        shapes = [None if one is None else bytes(one) for one in columns[1]]
        yield pa.record_batch([*arrays, pa.array(shapes, type=pa.binary())], schema=schema)


def _telling(batches: Iterator[pa.RecordBatch], stopped: list[Exception]) -> Iterator[pa.RecordBatch]:
    """The batches; what ends them is kept in `stopped`, for GDAL says no more than that something did."""
    try:
        yield from batches
    except Exception as reason:
        stopped.append(reason)
        raise


def _column_names(layer: Layer, form: Format) -> list[str]:
    """What the fields are called in the format: a Shapefile has ten characters, KML shows "Name" beside the pin."""
    names = [one.name for one in layer.public_fields]
    if form.name == "kml":
        return ["Name" if name == layer.label else name for name in names]
    return _short_names(names) if form.name == "shp" else names


def _short_names(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        short, number = name[:10], 1
        while short in found:
            number += 1
            short = f"{name[: 10 - len(str(number))]}{number}"
        found.append(short)
    return found


def _write_arrow(layer: Layer, user: Any, selection: Selection, form: Format, path: Path) -> None:
    """GDAL writes the file from an Arrow stream."""
    fields = layer.public_fields
    integer = isinstance(layer.key, IntegerField)
    key = pa.field("id", pa.int64() if integer else pa.string())
    named = zip(fields, _column_names(layer, form), strict=True)
    schema = pa.schema([key, *(pa.field(name, _ARROW[one.type]) for one, name in named), pa.field("geom", pa.binary())])
    kind = "Unknown" if layer.geometry is Geometry.ANY else str(layer.geometry)
    more: dict[str, Any] = {"encoding": "UTF-8"} if form.name == "shp" else {}
    if form.name == "gpkg":
        more["dataset_metadata"] = {"ATTRIBUTION": layer.attribution}
    stopped: list[Exception] = []
    batches = _telling(_batches(layer, user, selection, fields, form.srid, schema), stopped)
    try:
        pyogrio.write_arrow(
            pa.RecordBatchReader.from_batches(schema, batches),
            str(path),
            layer=layer.name,
            driver=form.driver,
            geometry_name="geom",
            geometry_type=kind,
            crs=f"EPSG:{form.srid}",
            **more,
        )
    except RuntimeError as reason:
        raise stopped[0] if stopped else reason from None


def _write_dxf(layer: Layer, user: Any, selection: Selection, form: Format, path: Path) -> None:
    """Geometry, label and class of each feature; a drawing holds no more."""
    shape = {"gisapp_wkb": _Sql(layer.geometry_column, f"ST_AsBinary({_shape(layer, form.srid)})", BinaryField())}
    fields = [layer.field(name) for name in (layer.label, layer.classes or layer.label)]

    def drawn() -> Iterator[list[dxf.Row]]:
        with closing(_rows(layer, user, selection, shape, fields)) as rows:
            for batch in rows:
                there = [one for one in batch if one[1] is not None]
                shapes = shapely.from_wkb(np.array([bytes(one[1]) for one in there], dtype=object))
                words = [(_word(label), _word(kind) if layer.classes else "") for _key, _wkb, label, kind in there]
                yield [(one, kind, label) for one, (label, kind) in zip(shapes, words, strict=True) if not one.is_empty]

    notes = [str(layer.title), layer.attribution, f"EPSG:{form.srid}, m"]
    dxf.write(path, layer.name, drawn(), notes)


def _word(value: Any) -> str:
    return "" if value is None else str(value)


def to_file(layer: Layer, user: Any, selection: Selection, form: Format, path: Path) -> None:
    """Write the selection to `path`; an existing file is replaced only by a whole new one.

    Raises BadInput("unknown-format") when the layer does not offer the format, OSError for a full disk.
    """
    offered(layer, form)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".gisapp-export-") as name:
        folder = Path(name)
        if form.name in ("geojson", "csv"):
            done = folder / f"{layer.name}{form.suffix}"
            with done.open("wb") as file:
                file.writelines(text(layer, user, selection, form))
        else:
            done = folder / f"{layer.name}{'.shp' if form.zipped else form.suffix}"
            if form.zipped:
                done.parent.joinpath("files").mkdir()
                done = folder / "files" / done.name
            (_write_dxf if form.name == "dxf" else _write_arrow)(layer, user, selection, form, done)
            if form.zipped:
                done = Path(shutil.make_archive(str(folder / layer.name), "zip", folder / "files"))
        done.replace(path)


def text(layer: Layer, user: Any, selection: Selection, form: Format) -> Generator[bytes, None, None]:
    """The pieces of a text format."""
    return (geojson if form.name == "geojson" else comma_separated)(layer, user, selection)


def offered(layer: Layer, form: Format) -> None:
    if form.name not in layer.exports:
        raise errors.BadInput("unknown-format", value=form.name, possible=", ".join(layer.exports))
