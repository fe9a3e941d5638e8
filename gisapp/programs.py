"""Programs of the distribution that the tests and the benchmark drive; nothing needs them in order to run."""

import os
import re
import shutil
import subprocess
from functools import lru_cache

from gisapp.paths import unpacked_system

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@lru_cache(maxsize=16)
def _says(path: str) -> str:
    """What the browser says to --version; nothing when it does not start."""
    try:
        done = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _drivable(path: str) -> bool:
    """Ubuntu's chromium is a snap, or a script that asks for one. A snap starts in no container and sees no /tmp."""
    said = _says(path)
    return bool(re.match(r"(Chromium|Google Chrome) \d", said)) and not re.search(r"\bsnap\b", said)


def _chromiums() -> list[str]:
    return [path for name in CHROMIUMS if (path := shutil.which(name))]


def chromium() -> str | None:
    """The path of a Chromium that the tests can drive; CHROMIUM names one. docker/bootstrap.sh reckons the same way."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for path in _chromiums() if _drivable(path)), None)


def undrivable_chromium() -> str | None:
    """The path of what is called chromium and cannot be driven: a snap, a stub, or one that does not start."""
    named = os.environ.get("CHROMIUM")
    if named or chromium():
        return None
    return next(iter(_chromiums()), None)


def find(name: str) -> str | None:
    """The path of a program; nginx, PgBouncer and QGIS Server lie where only root's PATH leads, or were unpacked."""
    if name == "chromium":
        return chromium()
    places = [os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/cgi-bin", str(unpacked_system() / "usr/sbin")]
    return shutil.which(name, path=":".join(places))
