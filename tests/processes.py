"""Real processes of the product on the database of the running test."""

import contextlib
import os
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from django.db import connection


def on_test_database() -> dict[str, str]:
    """The environment that leads a `gisapp` process to the test's database, wherever the suite runs."""
    name = str(connection.settings_dict["NAME"])
    env = {**os.environ, "GISAPP_DATABASE": name}
    if env.get("DATABASE_URL"):
        env["DATABASE_URL"] = urlunsplit(urlsplit(env["DATABASE_URL"])._replace(path="/" + quote(name)))
    return env


def children(of: int) -> list[int]:
    """The living child processes of a process."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = place.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == of and state != "Z":
                found.append(int(place.parent.name))
    return found
