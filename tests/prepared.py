"""A database with tables and rules and without content, made once: the suite's databases are copies of it.

A copy takes a fraction of a second, the migrations ten. It is made anew when a file of the program has changed, so that
it never holds rules of yesterday. Only in the private cluster: a server of somebody's own is not littered.
"""

import hashlib
import os
import subprocess
import sys

import psycopg

from gisapp import cluster
from gisapp.paths import CHECKOUT

NAME = "gisapp_prepared"
# What migrations run: code, rules, and the catalogues that they load.
_PARTS, _ENDINGS = ("gisapp", "layers", "importers"), (".py", ".sql", ".csv")


def fingerprint() -> str:
    """Of all that goes into the database, with the versions of the packages that bring migrations of their own."""
    found = hashlib.sha256((CHECKOUT / "requirements/dev.txt").read_bytes())
    paths = (path for part in _PARTS for path in (CHECKOUT / part).rglob("*") if path.suffix in _ENDINGS)
    for path in sorted(paths):
        found.update(str(path.relative_to(CHECKOUT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def template() -> str:
    """The name of the database to copy; it is there afterwards. Two that ask at once get the one that the first makes."""
    wanted = fingerprint()
    with psycopg.connect(**cluster.dsn("postgres", "postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute("SELECT pg_advisory_lock(hashtextextended('gisapp prepared', 0))")
        there = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [NAME]
        ).fetchone()
        if there != (wanted,):
            _make(connection)
            connection.execute(f"COMMENT ON DATABASE {NAME} IS '{wanted}'")
    return NAME


def _make(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    connection.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
    connection.execute(f"CREATE DATABASE {NAME} OWNER {cluster.OWNER_ROLE} TEMPLATE {cluster.TEMPLATE}")
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "GISAPP_SERVING")}
    subprocess.run(
        [sys.executable, "-m", "gisapp", "manage", "migrate", "--verbosity", "0"],
        cwd=CHECKOUT,
        env={**kept, "GISAPP_DATABASE": NAME, "DJANGO_SETTINGS_MODULE": "gisapp.settings"},
        check=True,
    )
