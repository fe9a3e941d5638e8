"""Bytes on their way into the file and out of it: compressed, and encrypted where a key is given.

The encryption is age's (X25519 and ChaCha20-Poly1305, by the library of its Rust implementation): the machine that
writes backups needs the public key alone and cannot read them; any age program can, with the secret one.
"""

import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pyrage
import zstandard

from gisapp.backup.errors import BackupError

AGE = b"age-encryption.org/v1"
LEVEL = 3


def new_key(path: Path) -> str:
    """Write a new secret key for this user alone and return its public key. Raises BackupError when the file exists."""
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise BackupError("backup-exists", file=path) from error
    except OSError as error:
        raise BackupError(reason=f"{path}: {error.strerror}") from error
    with os.fdopen(handle, "w") as file:
        file.write(f"# public key: {public}\n{identity}\n")
    return public


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError("backup-bad-key", file=path) from error
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def recipients(given: str) -> list[Any]:
    """The public keys of `given`: one itself (age1…), or a file of public or secret keys."""
    lines = [given] if given.startswith("age1") else _lines(Path(given))
    found = []
    try:
        for line in lines:
            secret = line.startswith("AGE-SECRET-KEY-")
            found.append(
                pyrage.x25519.Identity.from_str(line).to_public() if secret else pyrage.x25519.Recipient.from_str(line)
            )
    except (pyrage.IdentityError, pyrage.RecipientError) as error:
        raise BackupError("backup-bad-key", file=given if not given.startswith("age1") else "age1…") from error
    if not found:
        raise BackupError("backup-bad-key", file=given)
    return found


def identities(path: Path) -> list[Any]:
    """The secret keys of a file. Raises BackupError("backup-bad-key")."""
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in _lines(path)]
    except pyrage.IdentityError as error:
        raise BackupError("backup-bad-key", file=path) from error
    if not found:
        raise BackupError("backup-bad-key", file=path)
    return found


class _Pump(threading.Thread):
    """Runs one end of a pipe; what went wrong there is raised by `finish`."""

    def __init__(self, do: Callable[[], None], end: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.do, self.end, self.error = do, end, None

    error: BaseException | None

    def run(self) -> None:
        try:
            self.do()
        except BaseException as error:
            self.error = error
        finally:
            with suppress(OSError):  # the other end has gone first, and said why
                self.end.close()

    def finish(self) -> None:
        self.join()
        if self.error is not None:
            raise self.error


class _Noting:
    """A file whose error is remembered as it was: the library that writes to it tells its text alone."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self.file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self.file.flush()


@contextmanager
def sealed(file: IO[bytes], keys: list[Any]) -> Iterator[IO[bytes]]:
    """What is written to the block's stream comes compressed, and encrypted to these keys if there are any, into `file`."""
    packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    if not keys:
        with packer.stream_writer(file, closefd=False) as stream:
            yield stream
        return
    out, into = os.pipe()
    reader, writer = os.fdopen(out, "rb", buffering=0), os.fdopen(into, "wb")
    target = _Noting(file)
    pump = _Pump(lambda: pyrage.encrypt_io(reader, target, keys), reader)
    pump.start()
    try:
        with writer, packer.stream_writer(writer, closefd=False) as stream:
            yield stream
    except BrokenPipeError:
        pump.join()
        if target.error is not None:  # why nobody reads any more: the disk is full
            raise target.error from None
        pump.finish()
        raise
    pump.join()
    if target.error is not None:
        raise target.error
    pump.finish()


@contextmanager
def opened(path: Path, key: Path | None) -> Iterator[IO[bytes]]:
    """The tar inside the file. Raises BackupError for a file that is none, or not to be read with this key."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupError("backup-unreadable", file=path, reason=error.strerror) from error
    with file:
        start = file.read(len(AGE))
        file.seek(0)
        if start != AGE:
            with zstandard.ZstdDecompressor().stream_reader(file, closefd=False) as stream:
                yield io.BufferedReader(stream, 1 << 20)
            return
        if key is None:
            raise BackupError("backup-encrypted", file=path)
        with _decrypted(path, file, identities(key)) as stream:
            yield stream


@contextmanager
def _decrypted(path: Path, file: IO[bytes], keys: list[Any]) -> Iterator[IO[bytes]]:
    out, into = os.pipe()
    reader, writer = os.fdopen(out, "rb"), os.fdopen(into, "wb", buffering=0)
    pump = _Pump(lambda: pyrage.decrypt_io(file, writer, keys), writer)
    pump.start()
    try:
        with reader, zstandard.ZstdDecompressor().stream_reader(reader, closefd=False) as stream:
            yield io.BufferedReader(stream, 1 << 20)
    finally:
        pump.join()
        if isinstance(pump.error, pyrage.DecryptError):
            raise BackupError("backup-wrong-key", file=path) from pump.error
        if isinstance(pump.error, OSError) and not isinstance(pump.error, BrokenPipeError):
            raise BackupError("backup-damaged", file=path, reason="age") from pump.error
