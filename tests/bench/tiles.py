"""Tiles and feature pages beside tipg and djangorestframework-gis."""

import math
import random
from typing import Any

from tests.bench import servers
from tests.bench.loading import Load, load

CONNECTIONS = (1, 8, 32)
SEED = 3


def tiles_of(points: list[tuple[float, float]], zoom: int) -> list[tuple[int, int, int]]:
    """The distinct tiles of points in degrees, in a fixed random order."""
    count = 1 << zoom
    found = {
        (
            zoom,
            int((lon + 180) / 360 * count),
            int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * count),
        )
        for lon, lat in points
    }
    ordered = sorted(found)
    random.Random(SEED).shuffle(ordered)
    return ordered


def _points(number: int) -> list[tuple[float, float]]:
    from gisapp.database import fetch_rows

    sql = (
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(geom, 4326) AS p FROM regions_address "
        "WHERE id %% 1009 = 7 ORDER BY id LIMIT %s) t"
    )
    return [(float(x), float(y)) for x, y in fetch_rows(sql, [number])]


def _row(name: str, connections: int, mine: Load, other: Load | None, goal: float | None, peer: str) -> dict[str, Any]:
    return {
        "what": name,
        "connections": connections,
        "ours": vars(mine),
        "peer": peer if other else "",
        "theirs": vars(other) if other else None,
        "ratio": round(mine.per_second / other.per_second, 2) if other and other.per_second else None,
        "goal": goal,
    }


def measure_tiles(seconds: int) -> list[dict[str, Any]]:
    """Lean and same-content tiles at zoom 14 and 10 against tipg."""
    points = _points(900)
    rows = []
    with servers.ours() as mine, servers.tipg() as theirs:
        for zoom, table, layer, columns in (
            (14, "regions_address", "addresses", "house_number"),
            (14, "basemap_building", "buildings", ""),
            (14, "basemap_road", "roads", "name,kind,ref"),
            (10, "basemap_road", "roads", "name,kind,ref"),
        ):
            tiles = tiles_of(points, zoom)[:300]
            own = [f"/tiles/{layer}/{z}/{x}/{y}.mvt" for z, x, y in tiles]
            base = f"/collections/public.{table}/tiles/WebMercatorQuad"
            default = [f"{base}/{z}/{x}/{y}" for z, x, y in tiles]
            same = [f"{path}?properties={columns}&geom-column=geom_3857" for path in default]
            for connections in CONNECTIONS:
                ours = load(mine, own, connections, seconds)
                other = load(theirs, default, connections, seconds)
                rows.append(
                    _row(
                        f"tile {layer} z{zoom}, lean / default",
                        connections,
                        ours,
                        other,
                        2.5 if connections == 8 else None,
                        "tipg",
                    )
                )
                if columns:
                    equal = load(theirs, same, connections, seconds)
                    rows.append(
                        _row(
                            f"tile {layer} z{zoom}, same content",
                            connections,
                            ours,
                            equal,
                            1.2 if connections == 8 else None,
                            "tipg",
                        )
                    )
    return rows


def _first_address() -> int:
    """The keys of the million addresses follow each other from here; a region built anew begins higher."""
    import psycopg

    from gisapp import cluster

    with psycopg.connect(**cluster.dsn(servers.DATABASE)) as connection:  # type: ignore[arg-type]
        found = connection.execute("SELECT min(id), max(id) - min(id) + 1 FROM regions_address").fetchone()
    assert found is not None and found[1] == 1_000_000, found
    return int(found[0])


def measure_features(seconds: int) -> list[dict[str, Any]]:
    """A page of 1,000 addresses and one address against tipg and DRF-gis."""
    rows = []
    chance, first = random.Random(SEED), _first_address()
    keys = [chance.randrange(first, first + 1_000_000) for _ in range(500)]
    with servers.ours() as mine, servers.tipg() as theirs, servers.drf_gis() as plain:
        page = [f"/ogc/collections/addresses/items?limit=1000&f=json&after={key}" for key in keys[:50]]
        tipg_page = [
            f"/collections/public.regions_address/items?limit=1000&offset={key}&f=geojson"
            for key in range(0, 50_000, 1000)
        ]
        drf_page = [f"/addresses/?limit=1000&offset={key}" for key in range(0, 50_000, 1000)]
        one = [f"/ogc/collections/addresses/items/{key}?f=json" for key in keys]
        tipg_one = [f"/collections/public.regions_address/items/{key}?f=geojson" for key in keys]
        for connections in CONNECTIONS:
            goal = connections == 8
            ours = load(mine, page, connections, seconds, gzip=False)
            rows.append(
                _row(
                    "page of 1,000 features",
                    connections,
                    ours,
                    load(theirs, tipg_page, connections, seconds, gzip=False),
                    6 if goal else None,
                    "tipg",
                )
            )
            rows.append(
                _row(
                    "page of 1,000 features",
                    connections,
                    ours,
                    load(plain, drf_page, connections, seconds, gzip=False),
                    10 if goal else None,
                    "DRF-gis",
                )
            )
            single = load(mine, one, connections, seconds, gzip=False)
            rows.append(
                _row(
                    "one feature",
                    connections,
                    single,
                    load(theirs, tipg_one, connections, seconds, gzip=False),
                    3 if goal else None,
                    "tipg",
                )
            )
    return rows


def measure_cache(seconds: int) -> list[dict[str, Any]]:
    """Tiles of all base-map layers from the nginx cache against computed ones."""
    tiles = tiles_of(_points(900), 14)[:200]
    names = "addresses,buildings,landuse,paths,places,rails,roads,waters,waterways"
    paths = [f"/tiles/{names}/{z}/{x}/{y}.mvt" for z, x, y in tiles]
    rows = []
    with servers.ours() as mine, servers.nginx(mine) as cached:
        for connections in (8,):
            computed = load(mine, paths, connections, seconds)
            kept = load(cached, paths, connections, seconds)
            rows.append(_row("base-map tile z14, cached / computed", connections, kept, computed, 40, "without cache"))
    return rows
