"""One web process, and two with a replica behind nginx and PgBouncer: requests per second of tiles and pages, in one run.

On a server of its own (a primary that can be followed), with the demo of a county. nginx only shares out here; what its
store of tiles answers is in the part "cache".
"""

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gisapp import cluster
from gisapp.paths import data_dir
from tests.bench.loading import load
from tests.cluster import postgres, servers
from tests.serving import free_port

CONNECTIONS = (8, 32)
ZOOM = 14
TILES = 60


def _tiles(node: postgres.Node) -> list[str]:
    """Tiles full of houses: those around the places with most addresses."""
    rows = node.ask(
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_Centroid(ST_Collect(geom)), 4326) AS p FROM regions_address "
        f"WHERE retired_at IS NULL GROUP BY locality ORDER BY count(*) DESC LIMIT {TILES}) t"
    )
    found = []
    for lon, lat in rows:
        side = 1 << ZOOM
        x = int((float(str(lon)) + 180) / 360 * side)
        y = int((1 - math.asinh(math.tan(math.radians(float(str(lat))))) / math.pi) / 2 * side)
        found.append(f"/tiles/buildings,roads,addresses/{ZOOM}/{x}/{y}.mvt")
    return sorted(set(found))


def _pages(node: postgres.Node) -> list[str]:
    keys = [row[0] for row in node.ask("SELECT id FROM regions_address WHERE retired_at IS NULL ORDER BY id LIMIT 60")]
    return [f"/ogc/collections/addresses/items?limit=20&after={key}" for key in keys]


@contextlib.contextmanager
def _balanced(top: Path, webs: list[str], ids: tuple[int, int] | None) -> Iterator[str]:
    place = top / "balancer"
    place.mkdir()
    if ids:
        os.chown(place, *ids)
    port = free_port()
    upstreams = " ".join(f"server {one.removeprefix('http://')};" for one in webs)
    text = (Path(__file__).parent / "balancer.conf").read_text()
    for name, value in {"FOLDER": str(place), "PORT": str(port), "SERVERS": upstreams}.items():
        text = text.replace(f"@{name}@", value)
    (place / "nginx.conf").write_text(text)
    command = [
        servers.program("nginx"),
        "-e",
        str(place / "error.log"),
        "-p",
        str(place),
        "-c",
        str(place / "nginx.conf"),
    ]
    with servers.running("balancer", command, dict(os.environ), top / "balancer.log", ids):
        address = f"http://127.0.0.1:{port}"
        postgres.until(lambda: servers._answers(f"{address}/map/ping"), "the balancer answers")
        yield address


def measure_replica(seconds: int) -> list[dict[str, Any]]:
    """Rows for the report: ours is two with the replica, theirs one web process alone."""
    with contextlib.ExitStack() as stack:
        top = stack.enter_context(postgres.folder())
        first = stack.enter_context(postgres.primary(top))
        owner = postgres.environment(first, GISAPP_DATA=str(top / "owner"), SECRET_KEY="measured")
        postgres.gisapp(owner, "setup")
        postgres.gisapp(owner, "demo", "--size", "m", timeout=900)
        first.ask("VACUUM ANALYZE")
        copy = stack.enter_context(postgres.replica_of(first, top))
        pooled = stack.enter_context(servers.pgbouncer(top, first, 8))
        common = {**owner, "LOG_FORMAT": "json", "ACCESS_LOG": "0", "STATIC_ROOT": str(data_dir() / "static")}
        alone = {**common, "DATABASE_URL": first.url(cluster.WEB_ROLE)}
        both = {
            **common, "DATABASE_URL": pooled, "DATABASE_DIRECT_URL": first.url(cluster.WEB_ROLE),
            "REPLICA_URL": copy.url(cluster.WEB_ROLE), "GISAPP_DB_PREPARE": "0",
        }  # fmt: skip
        work = {"eine Kachel": _tiles(first), "eine Seite mit 20 Objekten": _pages(first)}
        with servers.web("alone", top, alone) as (_process, address):
            theirs = _measured(address, work, seconds)
        webs = [stack.enter_context(servers.web(f"web-{number}", top, both))[1] for number in (1, 2)]
        site = stack.enter_context(_balanced(top, webs, first.ids))
        ours = _measured(site, work, seconds)
    return [_row(what, connections, ours, theirs) for what in work for connections in CONNECTIONS]


def _measured(address: str, work: dict[str, list[str]], seconds: int) -> dict[tuple[str, int], Any]:
    return {
        (what, connections): load(address, paths, connections, seconds)
        for what, paths in work.items()
        for connections in CONNECTIONS
    }


def _row(what: str, connections: int, ours: dict[Any, Any], theirs: dict[Any, Any]) -> dict[str, Any]:
    mine, other = ours[what, connections], theirs[what, connections]
    return {
        "what": what, "connections": connections, "ours": vars(mine), "theirs": vars(other), "goal": None,
        "peer": "ein Webprozess allein", "ratio": round(mine.per_second / other.per_second, 2),
    }  # fmt: skip
