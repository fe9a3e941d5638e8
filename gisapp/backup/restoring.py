"""Restoring a backup, and proving one by restoring it for trial."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import IO, Any

import psycopg
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from gisapp.backup import archive, databases, programs
from gisapp.backup.archive import Manifest
from gisapp.backup.errors import BackupError
from gisapp.backup.saving import WITHOUT_ROWS

Say = Callable[[str], None]
# The extensions are there already, and their owner is not us; what they know is theirs.
_NOT_OURS = re.compile(r"^\d+; \d+ \d+ (EXTENSION -|COMMENT - EXTENSION|TABLE DATA public spatial_ref_sys) ?")


class _Head:
    """The beginning of the dump, which has its table of contents, kept from the first reading."""

    def __init__(self) -> None:
        self.data = bytearray()

    def __call__(self, data: bytes) -> None:
        if len(self.data) < archive.PIECE:
            self.data += data


def verified(path: Path, key: Path | None) -> tuple[Manifest, bytes]:
    """Read all of it before anything is touched: the manifest, and the list of what is to be restored."""
    head = _Head()
    manifest = archive.read(path, key, head)
    program, env = programs.command("pg_restore", databases.current())
    listed = subprocess.run([*program, "--list"], input=bytes(head.data), capture_output=True, env=env, check=False)
    lines = [line for line in listed.stdout.decode().splitlines() if not _NOT_OURS.match(line)]
    if not any(re.match(r"\d+; ", line) for line in lines):
        raise BackupError("backup-damaged", file=path, reason=programs.complaint(listed.stderr.decode()))
    return manifest, "\n".join(lines).encode()


def _refuse_newer(manifest: Manifest) -> None:
    known = set(MigrationLoader(None).graph.nodes)
    if any((app, name) not in known for app, name in manifest.migrations):
        raise BackupError("backup-too-new", version=manifest.version)


def verify(path: Path, key: Path | None) -> dict[str, Any]:
    """Restore into a throw-away database and count. Raises BackupError("backup-differs")."""
    manifest, listed = verified(path, key)
    with databases.fresh("probe") as name:
        _load(path, key, name, manifest, listed, None)
        _compare(name, manifest)
    return _report(path, manifest) | {"verified": True}


def _report(path: Path, manifest: Manifest) -> dict[str, Any]:
    return {
        "file": str(path), "version": manifest.version, "created_at": manifest.created_at,
        "tables": len(manifest.tables), "rows": sum(manifest.tables.values()), "media": asdict(manifest.media),
    }  # fmt: skip


def _compare(name: str, manifest: Manifest) -> None:
    with databases.connect(name) as reader:
        found = databases.counts(reader, WITHOUT_ROWS)
    wrong = {
        table: (found.get(table), manifest.tables.get(table))
        for table in {*found, *manifest.tables}
        if found.get(table) != manifest.tables.get(table)
    }
    if wrong:
        raise BackupError("backup-differs", reason=json.dumps(dict(sorted(wrong.items())[:5])))


def _load(
    path: Path, key: Path | None, name: str, manifest: Manifest, listed: bytes, media: archive.Wanted | None
) -> None:
    """Restore the dump into that database, in one transaction; and the media files where `media` puts them."""
    program, env = programs.command("pg_restore", name)
    arguments = ["--dbname", name, "--exit-on-error", "--single-transaction", "--no-owner", "--no-password"]
    if not databases.may_give_rights(manifest.owner, manifest.roles):
        arguments.append("--no-privileges")
    with tempfile.NamedTemporaryFile() as list_file, tempfile.TemporaryFile() as said:
        list_file.write(listed)
        list_file.flush()
        arguments += ["--use-list", list_file.name]
        process = subprocess.Popen(
            [*program, *arguments], stdin=subprocess.PIPE, stdout=said, stderr=said, env=env, cwd="/"
        )
        assert process.stdin is not None
        into = process.stdin

        def feed(data: bytes) -> None:
            with suppress(BrokenPipeError):  # it has stopped; its exit code and its words tell why
                into.write(data)

        try:
            archive.read(path, key, feed, media)
        except BaseException:
            process.kill()
            raise
        finally:
            with suppress(BrokenPipeError):
                into.close()
            process.wait()
        if process.returncode:
            said.seek(0)
            raise BackupError(reason=programs.complaint(said.read().decode(errors="replace")))


def restore(path: Path, key: Path | None, *, force: bool, keep_old: bool, say: Say) -> dict[str, Any]:
    """Replace database and media files by the backup's.

    Nothing is touched before the whole file has been read and found sound. A database beside is filled, brought to this
    version and cleared of what its time is over for; then it takes the other's place. A database that has no table yet
    and whose user may not create another is filled directly. Raises BackupError.
    """
    full = databases.own_rows()
    if full and not force:
        raise BackupError(
            "restore-not-empty", reason=", ".join(f"{name}: {rows}" for name, rows in list(full.items())[:3])
        )
    manifest, listed = verified(path, key)
    _refuse_newer(manifest)
    direct = not programs.is_private() and databases.is_bare()
    with _staged(Path(settings.MEDIA_ROOT)) as media:
        if direct:
            _fill(databases.current(), path, key, manifest, listed, media, say)
            media.swap()
        else:
            _beside(path, key, manifest, listed, media, keep_old=keep_old, say=say)
        media.forget(keep=keep_old)
    return _report(path, manifest) | {"restored": True}


def _beside(
    path: Path, key: Path | None, manifest: Manifest, listed: bytes, media: "Media", *, keep_old: bool, say: Say
) -> None:
    with databases.fresh("restore") as name:
        _fill(name, path, key, manifest, listed, media, say)
        aside = name.replace("_restore_", "_before_")
        with databases.swapped(name, aside):
            media.swap()
    if not keep_old:
        try:
            databases.drop(aside)
        except psycopg.errors.ObjectInUse:  # what was restored is in its place all the same
            say(
                _("Die alte Datenbank %(name)s ist in Benutzung und bleibt. Abhilfe: dort trennen, dann DROP DATABASE.")
                % {"name": aside}
            )


def _fill(name: str, path: Path, key: Path | None, manifest: Manifest, listed: bytes, media: "Media", say: Say) -> None:
    """Load, compare, migrate, forget: afterwards the database may be seen."""
    from gisapp.commands.setup import prepare, secure
    from gisapp.mail.delivery import hold
    from gisapp.registry.facts import put
    from gisapp.tasks import retention

    _load(path, key, name, manifest, listed, media.open)
    _compare(name, manifest)
    with databases.working_on(name):
        prepare(say)
        # A new database gives the web role its usual rights to every table; the history's are fewer.
        secure(anew=True)
        hold()
        retention.run()
        # Of itself a backup does not know; it is the newest that there is of this database.
        put("last_backup", manifest.created_at)


class Media:
    """The media files on their way: staged inside the media directory, which may be a mount of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.new = Path(tempfile.mkdtemp(prefix=".restoring-", dir=root))
        self.old = root / self.new.name.replace(".restoring-", ".before-")

    def open(self, name: PurePosixPath) -> IO[bytes]:
        target = self.new / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.open("xb")

    def swap(self) -> None:
        """The old ones aside, the new ones in. What fails is undone as far as it went."""
        self.old.mkdir(mode=0o700)
        moved: list[tuple[Path, Path]] = []
        try:
            for entry in sorted(self.root.iterdir()):
                if not entry.name.startswith(archive.OWN):
                    moved.append((entry, self.old / entry.name))
                    entry.rename(moved[-1][1])
            for entry in sorted(self.new.iterdir()):
                moved.append((entry, self.root / entry.name))
                entry.rename(moved[-1][1])
        except OSError:
            for source, target in reversed(moved):
                if target.exists() and not source.exists():
                    target.rename(source)
            raise
        os.sync()

    def forget(self, *, keep: bool) -> None:
        if not keep:
            shutil.rmtree(self.old, ignore_errors=True)


@contextmanager
def _staged(root: Path) -> Iterator[Media]:
    try:
        media = Media(root)
        try:
            yield media
        finally:
            shutil.rmtree(media.new, ignore_errors=True)
    except OSError as error:
        raise BackupError(reason=f"{error.filename or root}: {error.strerror or error}") from error
