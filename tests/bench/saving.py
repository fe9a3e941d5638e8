"""`gisapp backup` and `gisapp restore` of the m region beside pg_dump and pg_restore of the same database.

Ours has the media too, checksums and counts of every table; the restore swaps the finished database in and applies the
retention periods. `python -m tests.bench --only backup`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from gisapp import cluster
from gisapp.backup import programs
from gisapp.paths import CHECKOUT

DATABASE, COPY, PEER = "gisapp_bench_m", "gisapp_bench_restored", "gisapp_bench_peer"


def _administer(*statements: str) -> None:
    with psycopg.connect(**cluster.dsn("postgres", "postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        for one in statements:
            connection.execute(one)  # type: ignore[call-overload]


def _new(name: str, template: str = cluster.TEMPLATE) -> None:
    _administer(
        f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
        f"CREATE DATABASE {name} OWNER {cluster.OWNER_ROLE} TEMPLATE {template}",
    )


def _timed(command: Sequence[str], database: str = "", **more: Any) -> float:
    environment = {**os.environ, "GISAPP_SERVING": "", **({"GISAPP_DATABASE": database} if database else {})}
    began = time.monotonic()
    done = subprocess.run(command, cwd=CHECKOUT, env=more.pop("env", environment), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr[-500:]}")
    return time.monotonic() - began


def _peer(name: str) -> tuple[list[str], dict[str, str]]:
    """The program as the superuser, who alone may restore extensions."""
    command, env = programs.command(name, PEER)
    return command, {**os.environ, **env, "PGUSER": "postgres"}


def _megabytes(file: Path) -> str:
    return f"{file.stat().st_size / 1048576:.0f} MB"


def _row(what: str, ours: float, peer: str, theirs: float | None) -> dict[str, Any]:
    found: dict[str, Any] = {"what": what, "connections": 1, "goal": None, "ours": {"seconds": round(ours, 1)}}
    if theirs is not None:
        found |= {"peer": peer, "theirs": {"seconds": round(theirs, 1)}, "ratio": round(theirs / ours, 2)}
    return found


def _size(name: str) -> str:
    with psycopg.connect(**cluster.dsn(name)) as connection:  # type: ignore[arg-type]
        row = connection.execute("SELECT pg_database_size(current_database()) / 1048576").fetchone()
    assert row is not None
    return f"{row[0]} MB"


def measure_backup() -> list[dict[str, Any]]:
    """Seconds of each step, one after the other on an otherwise idle machine."""
    gisapp = [sys.executable, "-m", "gisapp"]
    _new(DATABASE)
    _timed([*gisapp, "demo", "--size", "m"], DATABASE)
    with tempfile.TemporaryDirectory() as folder:
        file, dump = Path(folder) / "amt.gisapp", Path(folder) / "amt.dump"
        saved = _timed([*gisapp, "backup", str(file)], DATABASE)
        command, env = _peer("pg_dump")
        dumped = _timed([*command, "--format=custom", f"--file={dump}", DATABASE], env=env)
        sizes = f"database {_size(DATABASE)}, file {_megabytes(file)}"
        verified = _timed([*gisapp, "backup", "--verify", str(file)], DATABASE)
        _new(COPY)
        restored = _timed([*gisapp, "restore", str(file), "--force"], COPY)
        _new(PEER, "template0")
        command, env = _peer("pg_restore")
        loaded = _timed([*command, "--single-transaction", f"--dbname={PEER}", str(dump)], env=env)
        rows = [
            _row(f"backup of size m ({sizes})", saved, f"pg_dump --format=custom ({_megabytes(dump)})", dumped),
            _row("restore of size m", restored, "pg_restore", loaded),
            _row("trial restore of size m (--verify)", verified, "", None),
        ]
    _administer(*(f"DROP DATABASE {one} WITH (FORCE)" for one in (COPY, PEER)))
    return rows
