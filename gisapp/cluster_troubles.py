"""What can be wrong with the private cluster, said in one line with the remedy."""

import errno
import os
import pwd
import re
from pathlib import Path

from gisapp.terminal import either

NEEDED_MB = 300


class ClusterError(Exception):
    """What is wrong with the private cluster, and what mends it."""


def owner_of(path: Path) -> int | None:
    """The uid that a path belongs to; None where there is none."""
    try:
        return path.stat().st_uid
    except OSError:
        return None


def user_name(uid: int | None) -> str:
    """The name of a uid."""
    try:
        return pwd.getpwuid(uid).pw_name if uid is not None else "?"
    except KeyError:
        return f"uid {uid}"


def foreign(path: Path, owner: int | None) -> ClusterError:
    """The path belongs to somebody else."""
    me, other = user_name(os.getuid()), user_name(owner)
    return ClusterError(
        either(
            f"{path} gehört {other}, hier läuft {me}. Abhilfe: als {other} aufrufen, oder GISAPP_DATA (oder "
            "GISAPP_PG) auf ein eigenes Verzeichnis setzen.",
            f"{path} belongs to {other}, this is {me}. Mend it: call as {other}, or set GISAPP_DATA (or GISAPP_PG) to "
            "a directory of your own.",
        )
    )


def unreachable(path: Path) -> ClusterError:
    """The server's user cannot get to the cluster."""
    return ClusterError(
        either(
            f"{path} liegt in einem Verzeichnis, das der Benutzer der Datenbank nicht betreten darf. Abhilfe: chmod o+x für jedes "
            "Verzeichnis darüber, oder GISAPP_PG anders setzen.",
            f"{path} lies in a directory that the database's user may not enter. Mend it: chmod o+x on each directory above, or "
            "set GISAPP_PG elsewhere.",
        )
    )


def full(path: Path) -> ClusterError:
    """The disk is full."""
    return ClusterError(
        either(
            f"Der Datenträger von {path} ist voll; die Datenbank braucht mindestens {NEEDED_MB} MB. Abhilfe: Platz "
            "schaffen, oder GISAPP_PG auf einen anderen Datenträger setzen.",
            f"The disk of {path} is full; the database needs at least {NEEDED_MB} MB. Mend it: free space, or set "
            "GISAPP_PG to another disk.",
        )
    )


def read_only(path: Path) -> ClusterError:
    """The place cannot be written."""
    return ClusterError(
        either(
            f"{path} ist nicht beschreibbar. Abhilfe: GISAPP_DATA (oder GISAPP_PG) auf ein beschreibbares Verzeichnis "
            "setzen.",
            f"{path} cannot be written. Mend it: set GISAPP_DATA (or GISAPP_PG) to a directory that can.",
        )
    )


def _nearest(path: Path) -> Path:
    """The path itself or what exists above it."""
    return next((one for one in (path, *path.parents) if os.path.lexists(one)), Path("/"))


def explain(error: OSError, place: Path) -> ClusterError:
    """What an error of the file system means for the cluster at `place`."""
    path = Path(os.fsdecode(error.filename)) if error.filename else place
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return full(path)
    if error.errno in {errno.EACCES, errno.EPERM} and owner_of(_nearest(path)) != os.getuid():
        return foreign(_nearest(path), owner_of(_nearest(path)))
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR}:
        return read_only(path)
    return ClusterError(f"{path}: {error.strerror or error}")


def explain_output(doing: str, output: str, place: Path) -> ClusterError:
    """What the output of a server program that failed means for the cluster at `place`."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return full(place)
    if "Read-only file system" in output:
        return read_only(place)
    if "Permission denied" in output:
        return unreachable(place)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|error:|HINT", line)] or lines
    return ClusterError(f"{doing}: {' '.join(telling[-3:])}")
