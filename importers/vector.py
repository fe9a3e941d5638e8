"""The bulk path: GDAL's Arrow stream through pyogrio, column by column, without a Python object per row."""

import ctypes
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
from django.utils.translation import gettext as _
from pyogrio.errors import DataLayerError, DataSourceError

from gisapp import geolibs
from gisapp.errors import BadInput
from importers import curves
from importers.opening import Format, Opened
from importers.source import GEOMETRY, Column, Source

ALLOWED_DRIVERS = frozenset(
    {
        "GPKG",
        "ESRI Shapefile",
        "GeoJSON",
        "GeoJSONSeq",
        "FlatGeobuf",
        "LIBKML",
        "KML",
        "GML",
        "DXF",
        "CSV",
        "MEM",
        "Memory",
    }
)
BATCH = 65_536
_NO_NETWORK = {
    # Belt and braces: the drivers that reach out are gone, and the files have names of our own.
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_DISABLE_READDIR_ON_OPEN": "FALSE",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "LIBKML_RESOLVE_STYLE": "NO",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "200",
}


@lru_cache(maxsize=1)
def restrict_gdal() -> None:
    """Take every driver but the permitted ones out of this process's GDAL: no VRT, no database, no network."""
    gdal = ctypes.CDLL(geolibs.gdal_library())
    gdal.GDALGetDriver.restype = ctypes.c_void_p
    gdal.GDALGetDriverShortName.restype = ctypes.c_char_p
    gdal.GDALGetDriverShortName.argtypes = [ctypes.c_void_p]
    gdal.GDALDeregisterDriver.argtypes = [ctypes.c_void_p]
    drivers = [gdal.GDALGetDriver(number) for number in range(gdal.GDALGetDriverCount())]
    for driver in drivers:
        if gdal.GDALGetDriverShortName(driver).decode() not in ALLOWED_DRIVERS:
            gdal.GDALDeregisterDriver(driver)
    pyogrio.set_gdal_config_options(_NO_NETWORK)


def _layer(opened: Opened, wanted: str) -> str:
    """The layer of the file to read; raises BadInput when there are several or none of that name."""
    names = [str(name) for name, kind in pyogrio.list_layers(opened.data)]
    if wanted:
        if wanted not in names:
            raise BadInput("no-such-file-layer", name=wanted, layers=", ".join(names))
        return wanted
    if not names:
        raise BadInput("no-features", path=opened.path)
    spatial = [str(name) for name, kind in pyogrio.list_layers(opened.data) if kind is not None]
    if len(spatial or names) > 1:
        raise BadInput("several-layers", layers=", ".join(spatial or names))
    return (spatial or names)[0]


def _kind(dtype: str) -> str:
    if dtype.startswith(("int", "uint")):
        return "int"
    if dtype.startswith("float"):
        return "float"
    return "bool" if dtype == "bool" else "text"


def _plain(array: pa.Array) -> pa.Array:
    """The array as one of the four kinds that staging takes."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _plain(array.dictionary_decode())
    if pa.types.is_boolean(kind) or kind in (pa.int64(), pa.float64(), pa.string()):
        return array
    if pa.types.is_integer(kind):
        return pc.cast(array, pa.int64(), safe=False)
    if pa.types.is_floating(kind):
        return pc.cast(array, pa.float64())
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        return pa.array([None if one is None else str(one) for one in array.to_pylist()], pa.string())
    return pc.cast(array, pa.string())


def _stream(opened: Opened, layer: str, encoding: str | None, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Batches of these columns and the geometry; raises BadInput when the file breaks off."""
    try:
        with pyogrio.raw.open_arrow(
            opened.data, layer=layer, encoding=encoding, columns=list(columns), batch_size=BATCH, use_pyarrow=True,
            datetime_as_string=True,
        ) as (meta, reader):  # fmt: skip
            geometry = meta["geometry_name"] or "wkb_geometry"
            for batch in reader:
                arrays = [_plain(batch.column(name)) for name in columns]
                wkb = batch.column(geometry)
                yield pa.RecordBatch.from_arrays(
                    [*arrays, curves.straight(wkb.cast(pa.binary()))], [*columns, GEOMETRY]
                )
    except (DataSourceError, DataLayerError, pa.ArrowException, OSError, RuntimeError) as error:
        raise BadInput("file-corrupt", path=opened.path, reason=str(error)[:300]) from error


def _encoding(opened: Opened, notes: list[str]) -> str | None:
    """The encoding of a Shapefile's texts: its .cpg, else UTF-8 if all of them are that, else Windows-1252."""
    if opened.format is not Format.SHAPEFILE:
        return None
    code_page = opened.data.with_suffix(".cpg")
    named = code_page.read_text("ascii", "replace").strip() if code_page.exists() else ""
    content = opened.data.with_suffix(".dbf").read_bytes()
    start = int.from_bytes(content[8:10], "little")
    # The names of the columns stand in entries of 32 bytes behind the head, eleven bytes each.
    heads = [content[at : at + 11].partition(b"\0")[0] for at in range(32, start - 1, 32)]
    try:
        b"\n".join([*heads, content[start:]]).decode("utf-8")
    except UnicodeDecodeError:
        if named and named.upper().replace("-", "") != "UTF8":
            return None
        notes.append(_("Zeichensatz: Windows-1252 (kein gültiges UTF-8)"))
        return "CP1252"
    return None if named else "UTF-8"


def open_vector(opened: Opened, file_layer: str = "") -> Source:
    """A GDAL file as a Source. Raises BadInput when it is corrupt, has several layers, or no geometry."""
    restrict_gdal()
    notes = list(opened.notes)
    try:
        layer = _layer(opened, file_layer)
        encoding = _encoding(opened, notes)
        info: dict[str, Any] = pyogrio.read_info(opened.data, layer=layer, encoding=encoding)
    except (DataSourceError, DataLayerError, RuntimeError, UnicodeDecodeError) as error:
        raise BadInput("file-corrupt", path=opened.path, reason=str(error)[:300]) from error
    columns = [Column(str(name), _kind(str(kind))) for name, kind in zip(info["fields"], info["dtypes"], strict=True)]
    if info["geometry_type"] is None:
        raise BadInput("no-geometry", path=opened.path, columns=", ".join(one.name for one in columns))
    crs = info["crs"]
    if crs is None and opened.format in (Format.GEOJSON, Format.KML):
        crs = "EPSG:4326"
    return Source(
        columns=columns,
        crs=crs,
        count=int(info["features"]),
        batches=lambda names: _stream(opened, layer, encoding, names),
        notes=notes,
        geometry=str(info["geometry_type"]),
    )
