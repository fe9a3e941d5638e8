"""Zipped files: looked through before a byte is unpacked, and refused when they are bombs or reach outside."""

import stat
import zipfile
from pathlib import Path, PurePosixPath

from django.conf import settings

from gisapp.errors import BadInput

MAX_RATIO = 200
"""Unpacked to packed size. Honest geodata reach 20 to 60; bombs start at 1,000."""
MAX_MEMBERS = 1000
SMALL = 10 * 1024 * 1024
"""Below this many unpacked bytes the ratio does not matter."""
_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
_WHOLE = {".gpkg", ".geojson", ".json", ".fgb", ".kml", ".gml", ".dxf", ".csv", ".tsv"}


def is_zip(head: bytes) -> bool:
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def _members(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files inside, none with a hostile name, a password or too many bytes; raises BadInput."""
    members = [one for one in archive.infolist() if not one.is_dir()]
    for one in members:
        name = PurePosixPath(one.filename.replace("\\", "/"))
        link = stat.S_ISLNK(one.external_attr >> 16)
        if name.is_absolute() or ".." in name.parts or ":" in one.filename or "\0" in one.filename or link:
            raise BadInput("zip-path", path=path, name=one.filename)
        if one.flag_bits & 1:
            raise BadInput("zip-encrypted", path=path)
    total, packed = sum(one.file_size for one in members), path.stat().st_size
    limit = settings.IMPORT_MAX_MB * 1024 * 1024
    if total > limit or (total > SMALL and total > packed * MAX_RATIO) or len(members) > MAX_MEMBERS:
        size = f"{total / 1024**2:.0f} MB"
        raise BadInput("zip-bomb", path=path, size=size, limit=f"{settings.IMPORT_MAX_MB} MB", ratio=MAX_RATIO)
    return members


def check(path: Path) -> None:
    """Raises BadInput unless this is an archive of plain members that may be unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            _members(path, archive)
    except (zipfile.BadZipFile, OSError) as error:
        raise BadInput("file-corrupt", path=path, reason=str(error)) from error


def _chosen(path: Path, members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The members of the one data set in the archive; raises BadInput when there is none, or more than one."""
    visible = [one for one in members if "__MACOSX" not in one.filename]
    shapes = [one for one in visible if one.filename.lower().endswith(".shp")]
    whole = [one for one in visible if PurePosixPath(one.filename).suffix.lower() in _WHOLE]
    if len(shapes) == 1 and not whole:
        stem = shapes[0].filename[:-4].lower()
        return [
            one for one in visible
            if one.filename.lower()[:-4] == stem and PurePosixPath(one.filename).suffix.lower() in _PARTS
        ]  # fmt: skip
    if len(whole) == 1 and not shapes:
        return whole
    found = ", ".join(one.filename for one in (shapes + whole)[:10]) or "-"
    raise BadInput("zip-contents", path=path, found=found)


def _extract(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> Path:
    """Write one member under its bare name; never more bytes than the archive's directory promised."""
    target = folder / PurePosixPath(member.filename).name
    written = 0
    with archive.open(member) as source, target.open("wb") as sink:
        while block := source.read(1024 * 1024):
            written += len(block)
            if written > member.file_size:
                raise BadInput(
                    "zip-bomb", path=path, size=f"> {written} B", limit=f"{member.file_size} B", ratio=MAX_RATIO
                )
            sink.write(block)
    return target


def unpack(path: Path, folder: Path) -> Path:
    """Unpack the one data set of the archive into `folder` and return its main file. Raises BadInput."""
    folder.mkdir()
    try:
        with zipfile.ZipFile(path) as archive:
            files = [_extract(path, archive, one, folder) for one in _chosen(path, _members(path, archive))]
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise BadInput("file-corrupt", path=path, reason=str(error)) from error
    except RuntimeError as error:
        raise BadInput("zip-encrypted", path=path) from error
    return next((one for one in files if one.suffix.lower() == ".shp"), files[0])
