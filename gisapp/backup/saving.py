"""Writing a backup."""

import os
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psycopg
from django.conf import settings
from django.db import connection
from procrastinate.contrib.django.utils import connector_params

from gisapp import __version__
from gisapp.backup import databases, programs
from gisapp.backup.archive import Manifest, Writer
from gisapp.backup.errors import BackupError
from gisapp.backup.sealing import recipients, sealed
from gisapp.registry.facts import put

Say = Callable[[str], None]
# Whose rows are in no backup. Sessions: nobody is logged in again by a restore. Table versions: they are numbers of
# transactions of this very cluster, which in another one would be those of later writes; so are the marks of writers.
WITHOUT_ROWS = ("django_session", "gisapp_table_version", "gisapp_seen")


def save(path: Path, *, force: bool, to: str = "") -> dict[str, Any]:
    """Write everything into one file; what it says of itself.

    The file appears under its name when it is complete and on the disk, and not before. `to` are the keys to encrypt to:
    a public age key or a file of keys. Raises BackupError.
    """
    keys = recipients(to) if to else []
    if path.exists() and not force:
        raise BackupError("backup-exists", file=path)
    half = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        try:
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                manifest = _write(file, keys)
                file.flush()
                os.fsync(file.fileno())
            size = half.stat().st_size
            _appear(half, path, force=force)
        except OSError as error:
            raise BackupError(reason=f"{error.filename or path}: {error.strerror or error}") from error
    finally:
        with suppress(FileNotFoundError):  # it has got its name
            half.unlink()
    put("last_backup", manifest.created_at)
    return {
        "file": str(path), "bytes": size, "encrypted": bool(keys), "version": manifest.version,
        "created_at": manifest.created_at, "tables": len(manifest.tables), "rows": sum(manifest.tables.values()),
        "database": asdict(manifest.database), "media": asdict(manifest.media),
    }  # fmt: skip


def _appear(half: Path, path: Path, *, force: bool) -> None:
    """Give the finished file its name; one that was put there meanwhile is not overwritten."""
    if force:
        half.replace(path)
    else:
        try:
            os.link(half, path)
        except FileExistsError as error:
            raise BackupError("backup-exists", file=path) from error
        except OSError:  # a file system without links
            half.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(file: IO[bytes], keys: list[Any]) -> Manifest:
    with psycopg.connect(**connector_params()) as reader, sealed(file, keys) as stream:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        # The counts, the migrations and the dump are of one and the same moment.
        snapshot = _scalar(reader, "SELECT pg_export_snapshot()")
        writer = Writer(stream)
        manifest = Manifest(
            version=__version__,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            postgresql=programs.server_major(),
            owner=_scalar(reader, "SELECT current_user"),
            roles=databases.roles(reader),
            migrations=databases.migrations(reader),
            tables=databases.counts(reader, WITHOUT_ROWS),
        )
        try:
            manifest.database = _dump(writer, snapshot)
            manifest.media = writer.media(Path(settings.MEDIA_ROOT))
            writer.finish(manifest)
        except BaseException:
            writer.abandon()
            raise
        return manifest


def _scalar(reader: "psycopg.Connection[Any]", sql: str) -> str:
    row = reader.execute(sql).fetchone()
    assert row is not None
    return str(row[0])


def _dump(writer: Writer, snapshot: str) -> Any:
    program, env = programs.command("pg_dump", str(connection.settings_dict["NAME"]))
    # Uncompressed: the whole tar is, better and faster.
    arguments = ["--format=custom", "--compress=0", f"--snapshot={snapshot}", "--no-password"]
    arguments += [f"--exclude-table-data=public.{table}" for table in WITHOUT_ROWS]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, stderr=said, env=env, cwd="/")
        assert process.stdout is not None
        try:
            part = writer.database(process.stdout)
        finally:
            # At the end of its output it ends by itself; where we stopped reading, by the closed pipe.
            process.stdout.close()
            process.wait()
        if process.returncode:
            said.seek(0)
            raise BackupError(reason=programs.complaint(said.read().decode(errors="replace")))
    return part
