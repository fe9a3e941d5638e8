"""A fibre network of about 1,000,000 segments for the bench: `python -m tests.bench.fibre_size`.

The first networks are the demo's of size l, written through every rule (`gisapp demo`). The others are copies of them a
field away, by SQL: the same rows under other keys, in one transaction for each copy, with triggers off - the originals have
passed the rules, and `checked` asks the rules about a whole copy afterwards. Whoever interrupts it goes on where it was.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisapp.settings")

from gisapp import cluster

DATABASE = "gisapp_bench_fibre"
ORIGINALS, COPIES = 16, 8
APART_M = 200_000
# Parents before children, as far as it matters for reading along.
TABLES = (
    "network", "node", "segment", "duct", "ductstep", "tube", "tubesection", "tubejoint", "tubeend", "cable", "cablestep", "cableentry",
    "fibresection", "measure", "enclosure", "device", "tray", "port", "splitter", "splitterleg", "joint", "jointend", "premises", "unit",
    "circuit", "circuitend", "light",
)  # fmt: skip
_ORIGINAL = """
import django; django.setup()
from django.db import transaction
from gisapp.accounts.models import Organisation
from layers.fibre import demo, demo_plan
from layers.fibre.models import Network
owner, _ = Organisation.objects.get_or_create(key=demo.OWNER, defaults={"name": "Bench", "kind": "zweckverband"})
for net in demo_plan.networks("l", 1):
    if net.number >= %d:
        break
    if not Network.objects.filter(key=f"demo-{net.number + 1}").exists():
        with transaction.atomic():
            demo._Writer(net, owner.pk).write()
        print(f"  network {net.number + 1}: {len(net.trenches)} segments, {len(net.homes)} homes", flush=True)
"""


def connect(role: str = "postgres", database: str = DATABASE) -> Any:
    import psycopg

    return psycopg.connect(**cluster.dsn(database, role), autocommit=True)  # type: ignore[arg-type]


def _originals() -> None:
    with connect(database="postgres") as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {cluster.OWNER_ROLE} TEMPLATE {cluster.TEMPLATE}")
    environment = {**os.environ, "GISAPP_DATABASE": DATABASE, "GISAPP_SERVING": ""}
    subprocess.run([sys.executable, "-m", "gisapp", "setup"], env=environment, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-c", _ORIGINAL % ORIGINALS], env=environment, check=True)


def _columns(connection: Any, table: str) -> Iterator[tuple[str, str]]:
    """(column, its value in a copy): keys are made anew from the old ones, places are shifted."""
    rows = connection.execute(
        "SELECT column_name, data_type, udt_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s "
        "AND is_generated = 'NEVER' AND is_identity = 'NO' ORDER BY ordinal_position",
        [f"fibre_{table}"],
    ).fetchall()
    for name, kind, udt in rows:
        if kind == "uuid":
            yield name, f"md5({name}::text || %(number)s)::uuid"
        elif udt == "_uuid":
            yield name, f"array(SELECT md5(one::text || %(number)s)::uuid FROM unnest({name}) one)"
        elif udt == "geometry":
            yield name, f"ST_Translate({name}, %(shift)s, 0)"
        elif table == "network" and name in ("key", "name"):
            yield name, f"{name} || '-' || %(number)s"
        else:
            yield name, name


def _copy(connection: Any, number: int) -> None:
    values = {"number": str(number), "shift": APART_M * number}
    first = "(SELECT id FROM fibre_network WHERE key ~ '^demo-[0-9]+$')"
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("SET LOCAL synchronous_commit = off")
        for table in TABLES:
            columns = list(_columns(connection, table))
            connection.execute(
                f"INSERT INTO fibre_{table} ({', '.join(name for name, _value in columns)}) "
                f"SELECT {', '.join(value for _name, value in columns)} FROM ONLY fibre_{table} WHERE {_of_originals(table, first)}",
                values,
            )


def _of_originals(table: str, networks: str) -> str:
    """Which rows of a table are the originals': by way of what they hang on."""
    holders = {
        "network": f"id IN {networks}", "ductstep": "duct", "tube": "duct", "tubesection": "tube", "tubeend": "joint:tubejoint",
        "tubejoint": "node", "cablestep": "cable", "cableentry": "cable", "fibresection": "cable", "measure": "cable", "tray": "enclosure",
        "splitter": "enclosure", "splitterleg": "splitter", "joint": "enclosure", "jointend": "joint", "unit": "premises",
        "circuitend": "circuit", "light": "section:fibresection",
    }  # fmt: skip
    if table == "port":
        return f"({_held('enclosure', 'enclosure', networks)} OR {_held('device', 'device', networks)})"
    found = holders.get(table, "")
    if " IN " in found:
        return found
    if not found:
        return f"network_id IN {networks}"
    column, _colon, other = found.partition(":")
    parent = other or column
    return f"{column}_id IN (SELECT id FROM fibre_{parent} WHERE {_of_originals(parent, networks)})"


def _held(column: str, table: str, networks: str) -> str:
    return f"{column}_id IN (SELECT id FROM fibre_{table} WHERE network_id IN {networks})"


def checked(number: int = 1) -> int:
    """Ask the rules about every cable and joint of one network of a copy; how many were asked about. Raises what they raise."""
    with connect() as connection:
        net = connection.execute(
            "SELECT id FROM fibre_network WHERE key ~ %s ORDER BY key LIMIT 1", [f"-{number}$"]
        ).fetchone()[0]
        cables = [row[0] for row in connection.execute("SELECT id FROM fibre_cable WHERE network_id = %s", [net])]
        ducts = [row[0] for row in connection.execute("SELECT id FROM fibre_duct WHERE network_id = %s", [net])]
        joints = [
            row[0]
            for row in connection.execute(
                "SELECT j.id FROM fibre_joint j JOIN fibre_enclosure e ON e.id = j.enclosure_id WHERE e.network_id = %s",
                [net],
            )
        ]
        with connection.transaction(force_rollback=True):
            connection.execute("SELECT fibre_settle_ducts(%s, pg_current_xact_id())", [ducts])
            connection.execute("SELECT fibre_check_cable(%s), fibre_check_joint(%s)", [cables, joints])
    return len(cables) + len(joints) + len(ducts)


def _copies() -> set[int]:
    """Which copies there are."""
    with connect(database="postgres") as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            return set()
    with connect() as connection:
        if not connection.execute("SELECT to_regclass('fibre_network')").fetchone()[0]:
            return set()
        rows = connection.execute(
            "SELECT DISTINCT substring(key FROM '-([0-9]+)$')::int FROM fibre_network WHERE key ~ '^demo-[0-9]+-'"
        )
        return {row[0] for row in rows}


def build() -> dict[str, Any]:
    """Make what is missing of it; how large it is."""
    began = time.monotonic()
    if not _copies():
        _originals()
    with connect() as connection:
        there = _copies()
        if len(there) < COPIES:
            connection.execute("ANALYZE")
        for number in range(1, COPIES + 1):
            if number not in there:
                _copy(connection, number)
                print(f"  copy {number} of {COPIES} after {time.monotonic() - began:.0f} s", flush=True)
        if there != set(range(1, COPIES + 1)):
            connection.execute("VACUUM ANALYZE")
        counted = {
            table: connection.execute(f"SELECT count(*) FROM fibre_{table}").fetchone()[0]
            for table in ("segment", "duct", "tubesection", "cable", "fibresection", "joint", "premises")
        }
        size = connection.execute("SELECT pg_database_size(%s)", [DATABASE]).fetchone()[0]
    return {**counted, "gigabytes": round(size / 1e9, 1), "seconds": round(time.monotonic() - began)}


def drop() -> None:
    with connect(database="postgres") as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


if __name__ == "__main__":
    with cluster.in_use():
        if "--drop" in sys.argv:
            drop()
        else:
            print(build())
            print(f"  the rules find nothing wrong with {checked()} ducts, cables and joints of a copy")
