"""pg_dump and pg_restore: which ones, and how they reach the database."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from django.db import connection

from gisapp import cluster, postgres_server
from gisapp.backup.errors import BackupError
from gisapp.observe.redaction import redact


def server_major() -> int:
    """The major version of the server that we are connected to."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def _candidates(name: str) -> list[tuple[int, list[str], dict[str, str]]]:
    """(major, command, environment) of each installation of this program."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LD_"))}
    found = [
        (server.major, [str(server.bindir / name)], postgres_server.environment(server))
        for server in postgres_server.installed_servers()
        if (server.bindir / name).exists()
    ]
    for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}"):
        found.append((int(path.parts[-3]), [str(path)], plain))
    elsewhere = shutil.which(name)
    if elsewhere:
        said = subprocess.run([elsewhere, "--version"], capture_output=True, text=True, check=False).stdout
        match = re.search(r"\) (\d+)", said)
        if match:
            found.append((int(match[1]), [elsewhere], plain))
    return found


def command(name: str, database: str) -> tuple[list[str], dict[str, str]]:
    """The program of the server's own version, or the next newer one, and the environment that leads it to `database`.

    Raises BackupError("backup-no-program"). The password travels in the environment, which only this user can read.
    """
    major = server_major()
    fitting = sorted((one for one in _candidates(name) if one[0] >= major), key=lambda one: one[0])
    if not fitting:
        raise BackupError("backup-no-program", program=name, major=major)
    _major, program, env = fitting[0]
    given = connection.settings_dict
    names = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}
    env |= {variable: str(given[key]) for key, variable in names.items() if given.get(key)}
    options = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}
    env |= {variable: str(given["OPTIONS"][key]) for key, variable in options.items() if given["OPTIONS"].get(key)}
    return program, env | {"PGDATABASE": database, "LC_ALL": "C.UTF-8"}


def complaint(output: str) -> str:
    """The last telling line of a program's complaints, without values of rows."""
    lines = [line for line in redact(output).splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()] or lines
    return telling[0][:300] if telling else "?"


def is_private() -> bool:
    """Do we work on the private cluster?"""
    return not os.environ.get("DATABASE_URL")


def template() -> str:
    """What a new database is made of: the private cluster's template carries the extensions."""
    return cluster.TEMPLATE if is_private() else "template0"
