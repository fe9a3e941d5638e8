"""The tar: the dump in pieces, the media files, and the manifest that says what there must be."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

import zstandard

from gisapp.backup.errors import BackupError
from gisapp.backup.sealing import opened

FORMAT = 1
MANIFEST = "manifest.json"
# The dump's length is not known before its end, and a tar wants to know it before the beginning of each entry.
PIECE = 16 * 1024**2
BLOCK = 1024**2
OWN = (".restoring-", ".before-")
"""Names that a restore leaves in the media directory while it works; they are in no backup."""


@dataclass
class Part:
    """What a part must be: its length in bytes, its SHA-256, and of how many entries it consists."""

    bytes: int = 0
    sha256: str = ""
    entries: int = 0


@dataclass
class Manifest:
    """What is in a backup. `tables` are the numbers of rows in the dump's own snapshot."""

    version: str
    created_at: str
    postgresql: int
    owner: str
    roles: list[str]
    migrations: list[list[str]]
    tables: dict[str, int]
    database: Part = field(default_factory=Part)
    media: Part = field(default_factory=Part)
    format: int = FORMAT
    product: str = "krit-gis"

    @classmethod
    def parse(cls, text: bytes) -> "Manifest":
        """Raises ValueError or TypeError for anything else."""
        found = json.loads(text)
        if found.get("product") != "krit-gis" or found.get("format") != FORMAT:
            raise ValueError("format")
        found |= {name: Part(**found[name]) for name in ("database", "media")}
        return cls(**found)


class Writer:
    """Adds the parts and at last the manifest."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - `finish` ends it

    def _add(self, name: str, body: IO[bytes], size: int, mtime: float = 0) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = size, 0o600, mtime
        self.tar.addfile(entry, body)

    def database(self, dump: IO[bytes]) -> Part:
        """The dump, to its end."""
        part, digest = Part(), hashlib.sha256()
        while piece := _exactly(dump, PIECE):
            digest.update(piece)
            self._add(f"database/{part.entries:06d}", io.BytesIO(piece), len(piece))
            part.entries, part.bytes = part.entries + 1, part.bytes + len(piece)
        part.sha256 = digest.hexdigest()
        return part

    def media(self, folder: Path) -> Part:
        """Every regular file below the folder; what is deleted while we look is not missed."""
        part, digest = Part(), hashlib.sha256()
        for path in media_files(folder):
            name = path.relative_to(folder).as_posix()
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue
            with file:
                found = os.fstat(file.fileno())
                read = _Read(file, found.st_size, digest)
                digest.update(f"{name}\0{found.st_size}\0".encode())
                self._add(f"media/{name}", read, found.st_size, found.st_mtime)  # type: ignore[arg-type]
            part.entries, part.bytes = part.entries + 1, part.bytes + found.st_size
        part.sha256 = digest.hexdigest()
        return part

    def finish(self, manifest: Manifest) -> None:
        text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
        self._add(MANIFEST, io.BytesIO(text), len(text))
        self.tar.close()

    def abandon(self) -> None:
        """Nothing more can be written; keep the tar from trying to when it is thrown away."""
        setattr(self.tar.fileobj, "closed", True)  # noqa: B010 - tarfile's own stream, which the types do not know


class _Read:
    """A file that is hashed while it is read, and is as long as it was at first: what grows meanwhile is cut, what
    shrinks is filled up."""

    def __init__(self, file: IO[bytes], size: int, digest: Any) -> None:
        self.file, self.left, self.digest = file, size, digest

    def read(self, size: int) -> bytes:
        data = self.file.read(min(size, self.left))
        if len(data) < min(size, self.left):
            data += bytes(min(size, self.left) - len(data))
        self.left -= len(data)
        self.digest.update(data)
        return data


def media_files(folder: Path) -> Iterator[Path]:
    """The regular files below a folder in a fixed order; no links, which could lead out of it."""
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith(OWN))
        yield from (
            path for path in (Path(top) / name for name in sorted(names)) if path.is_file() and not path.is_symlink()
        )


def _exactly(stream: IO[bytes], size: int) -> bytes:
    """`size` bytes, or fewer at the end: a pipe hands out less at a time."""
    parts, left = [], size
    while left and (data := stream.read(min(left, BLOCK))):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def _safe(name: str) -> PurePosixPath | None:
    """The path below media/ if it stays there."""
    path = PurePosixPath(name)
    inside = path.parts[:1] == ("media",) and len(path.parts) > 1 and ".." not in path.parts
    return PurePosixPath(*path.parts[1:]) if inside and not any("\0" in one for one in path.parts) else None


Piece = Callable[[bytes], object]
Wanted = Callable[[PurePosixPath], IO[bytes]]


def read(path: Path, key: Path | None, piece: Piece | None = None, media: Wanted | None = None) -> Manifest:
    """Read a backup to its end, check every part against the manifest, and return that.

    `piece` gets the dump, piece by piece; `media` opens the file that a media file is to be written to. Both get their
    data before the check is over: who must not act on damaged data reads once without them first.
    Raises BackupError("backup-damaged" and others).
    """
    try:
        with opened(path, key) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            return _checked(path, tar, piece, media)
    except (tarfile.TarError, zstandard.ZstdError, ValueError, TypeError, KeyError, EOFError, UnicodeError) as error:
        raise BackupError("backup-damaged", file=path, reason=type(error).__name__) from error


def _checked(path: Path, tar: tarfile.TarFile, piece: Piece | None, media: Wanted | None) -> Manifest:
    database, files = Part(), Part()
    dump, content = hashlib.sha256(), hashlib.sha256()
    for entry in tar:
        body = tar.extractfile(entry)
        if body is None:
            raise BackupError("backup-damaged", file=path, reason=entry.name[:100])
        if entry.name == MANIFEST:
            manifest = Manifest.parse(body.read(BLOCK * 64))
            database.sha256, files.sha256 = dump.hexdigest(), content.hexdigest()
            for name, found, wanted in (("database", database, manifest.database), ("media", files, manifest.media)):
                if found != wanted:
                    raise BackupError("backup-damaged", file=path, reason=name)
            return manifest
        if entry.name == f"database/{database.entries:06d}":
            _copy(body, dump, piece)
            database.entries, database.bytes = database.entries + 1, database.bytes + entry.size
            continue
        inside = _safe(entry.name)
        if inside is None:
            raise BackupError("backup-damaged", file=path, reason=entry.name[:100])
        content.update(f"{inside}\0{entry.size}\0".encode())
        if media is None:
            _copy(body, content, None)
        else:
            with media(inside) as target:
                _copy(body, content, target.write)
        files.entries, files.bytes = files.entries + 1, files.bytes + entry.size
    raise BackupError("backup-damaged", file=path, reason=MANIFEST)


def _copy(body: IO[bytes], digest: Any, into: Piece | None) -> None:
    while data := body.read(BLOCK):
        digest.update(data)
        if into is not None:
            into(data)
