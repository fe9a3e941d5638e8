"""What is this file? Sniffed from its first bytes, never from its name alone; everything doubtful is refused.

What GDAL opens afterwards is a plain local file under a name of our own in a private folder (`open_file`), so that no
connection string, no network path and no stray side file ever reaches it.
"""

import contextlib
import os
import re
import stat
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from gisapp.errors import BadInput
from importers import archives

MB = 1024 * 1024
HEAD = 64 * 1024


class Format(StrEnum):
    """What can be read; the value is the name of GDAL's driver where GDAL reads it."""

    GPKG = "GPKG"
    SHAPEFILE = "ESRI Shapefile"
    GEOJSON = "GeoJSON"
    FLATGEOBUF = "FlatGeobuf"
    KML = "LIBKML"
    GML = "GML"
    DXF = "DXF"
    CSV = "CSV"
    OSM = "OSM"


_SUFFIX = {
    Format.GPKG: ".gpkg", Format.SHAPEFILE: ".shp", Format.GEOJSON: ".geojson", Format.FLATGEOBUF: ".fgb",
    Format.KML: ".kml", Format.GML: ".gml", Format.DXF: ".dxf", Format.CSV: ".csv", Format.OSM: ".osm.pbf",
}  # fmt: skip


@dataclass
class Opened:
    """A file that may be read: `path` is what the person named, `data` the plain file to read."""

    path: Path
    data: Path
    format: Format
    notes: list[str] = field(default_factory=list)


def _size_text(size: int) -> str:
    return f"{size / MB:,.1f} MB".replace(",", ".")


def _plain_file(path: Path) -> os.stat_result:
    """The state of a plain, readable file that is neither empty nor too big; raises BadInput."""
    try:
        state = path.stat()
    except FileNotFoundError as error:
        raise BadInput("no-such-file", path=path) from error
    except OSError as error:
        raise BadInput("file-unreadable", path=path, reason=error.strerror or str(error)) from error
    if stat.S_ISDIR(state.st_mode):
        raise BadInput("is-directory", path=path)
    if not stat.S_ISREG(state.st_mode):
        raise BadInput("not-a-plain-file", path=path)
    if state.st_size == 0:
        raise BadInput("file-empty", path=path)
    limit = settings.IMPORT_MAX_MB * MB
    if state.st_size > limit:
        raise BadInput(
            "file-too-big", size=_size_text(state.st_size), limit=_size_text(limit), setting="GISAPP_IMPORT_MAX_MB"
        )
    return state


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError as error:
        raise BadInput("file-unreadable", path=path, reason=error.strerror or str(error)) from error


def _decoded(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    return head.decode("utf-8-sig", "replace")


def _xml_format(path: Path, head: bytes) -> Format | None:
    """KML or GML by the root element. A DOCTYPE or an entity is refused wherever it stands."""
    text = _decoded(head)
    root = re.search(
        r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[\s/>]", re.sub(r"<!--.*?-->|<\?.*?\?>", "", text, flags=re.S)
    )
    if root is None and "<!" not in text:
        return None
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.I) or _has_doctype(path):
        raise BadInput("xml-entities", path=path)
    if root is None:
        return None
    if f"{root[2]}>".encode() not in _tail(path):
        raise BadInput("file-corrupt", path=path, reason=_("%(part)s fehlt") % {"part": f"</{root[2]}>"})
    if root[2] == "kml":
        return Format.KML
    known = "opengis.net/gml" in text or "opengis.net/wfs" in text
    return Format.GML if known else None


def _tail(path: Path) -> bytes:
    """The file's last bytes, without the NULs of UTF-16."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return file.read().replace(b"\0", b"")


def _has_doctype(path: Path) -> bool:
    """Does a DOCTYPE or entity stand anywhere in the file (in ASCII or UTF-16)?"""
    tail = b""
    with path.open("rb") as file:
        while block := file.read(4 * MB):
            seen = (tail + block).replace(b"\0", b"").upper()
            if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                return True
            tail = block[-32:]
    return False


def sniff(path: Path, head: bytes) -> Format | None:
    """The format by the file's first bytes; None where it is none that can be read. Raises BadInput("xml-entities")."""
    if head.startswith(b"SQLite format 3\0"):
        return Format.GPKG
    if head.startswith(b"fgb"):
        return Format.FLATGEOBUF
    if head.startswith(b"\x00\x00\x27\x0a"):
        return Format.SHAPEFILE
    if head[4:64].find(b"OSMHeader") >= 0:
        return Format.OSM
    if head.startswith(b"AutoCAD Binary DXF") or re.match(rb"\s*(999\s[^\n]*\n\s*)*0\s*\r?\n\s*SECTION", head):
        return Format.DXF
    text = _decoded(head).lstrip()
    if text.startswith("<"):
        return _xml_format(path, head)
    if text.startswith("{"):
        found = re.search(
            r'"type"\s*:\s*"(FeatureCollection|Feature|\w*(Point|LineString|Polygon)|GeometryCollection)"', text
        )
        return Format.GEOJSON if found else None
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    return Format.CSV if path.suffix.lower() in {".csv", ".tsv", ".txt", ".tab"} else None


def _too_short(there: int, expected: int) -> str:
    return _("%(there)s von %(expected)s Bytes") % {"there": there, "expected": expected}


def _check_gpkg(path: Path, head: bytes) -> None:
    """A GeoPackage must be as long as its header says (a half download is shorter)."""
    page = struct.unpack(">H", head[16:18])[0] if len(head) >= 100 else 0
    page = 65536 if page == 1 else page
    pages = struct.unpack(">I", head[28:32])[0] if len(head) >= 100 else 0
    size = path.stat().st_size
    if not page or (pages and size < page * pages):
        reason = _too_short(size, page * pages) if page else _("der Kopf fehlt")
        raise BadInput("file-corrupt", path=path, reason=reason)


def _check_fgb(path: Path, head: bytes) -> None:
    if head[:8] != b"fgb\x03fgb\x00" and head[:4] != b"fgb\x03":
        raise BadInput("file-corrupt", path=path, reason=_("der Kopf fehlt"))


def _shapefile_parts(path: Path) -> dict[str, Path]:
    """The parts beside the .shp by suffix; raises BadInput naming those that are missing."""
    beside = {one.suffix.lower(): one for one in path.parent.iterdir() if one.stem == path.stem and one.is_file()}
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in beside]
    if missing:
        raise BadInput("shapefile-incomplete", path=path, missing=", ".join(missing))
    head = _head(path)
    length = struct.unpack(">I", head[24:28])[0] * 2 if len(head) >= 100 else -1
    if length < 0 or path.stat().st_size < length:
        raise BadInput("file-corrupt", path=path, reason=_too_short(path.stat().st_size, length))
    wanted = (".shp", ".shx", ".dbf", ".prj", ".cpg")
    return {suffix: beside[suffix] for suffix in wanted if suffix in beside}


def _link(path: Path, kind: Format, folder: Path) -> Path:
    """The file under a name of our own in the private folder."""
    if kind is Format.SHAPEFILE:
        for suffix, part in _shapefile_parts(path).items():
            (folder / f"input{suffix}").symlink_to(part.resolve())
    else:
        (folder / f"input{_SUFFIX[kind]}").symlink_to(path.resolve())
    return folder / f"input{_SUFFIX[kind]}"


def _examine(path: Path) -> Format:
    _plain_file(path)
    head = _head(path)
    kind = sniff(path, head)
    if kind is None:
        raise BadInput("unsupported-file", path=path)
    if kind is Format.GPKG:
        _check_gpkg(path, head)
    if kind is Format.FLATGEOBUF:
        _check_fgb(path, head)
    return kind


def _from_part(path: Path) -> Path:
    """A person may name the .dbf or .shx of a Shapefile: the .shp is meant."""
    if path.suffix.lower() in {".dbf", ".shx"} and path.is_file():
        for suffix in (".shp", ".SHP"):
            if path.with_suffix(suffix).is_file():
                return path.with_suffix(suffix)
        raise BadInput("shapefile-incomplete", path=path, missing=".shp")
    return path


@contextlib.contextmanager
def open_file(named: Path) -> Iterator[Opened]:
    """Sniff the file, unpack it where it is an archive, and offer it under a plain name until the block ends.

    Raises BadInput when it cannot be read, and BadInput("file-changed") at the end when it changed meanwhile.
    """
    path = _from_part(Path(os.path.abspath(named)))  # noqa: PTH100 - resolve() would follow the person's own links
    before = _plain_file(path)
    with tempfile.TemporaryDirectory(prefix="gisapp-import-") as name:
        folder = Path(name)
        inner = path
        notes = []
        if archives.is_zip(_head(path)):
            inner = archives.unpack(path, folder / "unpacked")
            notes.append(f"{path.name}: {inner.name}")
        kind = _examine(inner)
        (folder / "data").mkdir()
        yield Opened(path, _link(inner, kind, folder / "data"), kind, notes)
    after = path.stat() if path.exists() else None
    if after is None or (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise BadInput("file-changed", path=path)


def is_osm(path: Path) -> bool:
    """Is this an .osm.pbf file? False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return b"OSMHeader" in file.read(64)
    except OSError:
        return False
