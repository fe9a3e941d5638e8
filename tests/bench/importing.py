"""`gisapp import` beside ogr2ogr of the same GeoPackage, and beside bulk_create: `python -m tests.bench --only import`.

ogr2ogr is measured twice: as it is (one table, one spatial index), and until its table is what ours is: a copy in
EPSG:3857, folded names, checks, the unique source id and their indexes (equal_*.sql).
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from gisapp.paths import CHECKOUT, data_dir

DATABASE = "gisapp_bench_import"
HERE = Path(__file__).parent
SAMPLE = 20_000
"""So many rows go through bulk_create; the whole file would take minutes."""


def _write(path: Path, geometry: Any, columns: dict[str, Sequence[Any]], kind: str) -> None:
    shapes = shapely.to_wkb(geometry)
    data = [np.array(values, dtype=object if isinstance(values[0], str) else None) for values in columns.values()]
    pyogrio.raw.write(path, shapes, data, list(columns), geometry_type=kind, crs="EPSG:25832", driver="GPKG")


def make_pois(path: Path, count: int) -> None:
    """Points of interest, spread over a county, with a name each."""
    random = np.random.default_rng(1)
    points = shapely.points(random.uniform(540_000, 620_000, count), random.uniform(6_000_000, 6_060_000, count))
    kinds = [("school", "bakery", "park", "doctors", "library")[number % 5] for number in range(count)]
    names = [f"Ort {number % 50_000}" for number in range(count)]
    _write(path, points, {"id": [f"p{n}" for n in range(count)], "kind": kinds, "name": names}, "Point")


def make_buildings(path: Path, count: int) -> None:
    """Buildings with an annexe: seven vertices each."""
    random = np.random.default_rng(2)
    x, y = random.uniform(540_000, 620_000, count), random.uniform(6_000_000, 6_060_000, count)
    wide, deep = random.uniform(5, 20, count), random.uniform(5, 20, count)
    corners = [(0, 0), (1, 0), (1, 1), (0.5, 1), (0.5, 1.3), (0, 1.3), (0, 0)]
    rings = np.stack([np.stack([x + wide * a, y + deep * b], 1) for a, b in corners], 1)
    areas = shapely.multipolygons(shapely.polygons(rings).reshape(-1, 1))
    columns = {"id": [f"b{n}" for n in range(count)], "kind": ["house"] * count, "levels": random.integers(1, 4, count)}
    _write(path, areas, columns, "MultiPolygon")


def _timed(command: Sequence[str], **more: Any) -> float:
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    return time.monotonic() - started


def _sql(text: str) -> float:
    import psycopg

    from gisapp import cluster

    started = time.monotonic()
    with psycopg.connect(**cluster.dsn(DATABASE)) as connection:  # type: ignore[arg-type]
        connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        connection.execute(text)
    return time.monotonic() - started


def _bulk_create(file: Path) -> float:
    """Seconds that Django's bulk_create takes for SAMPLE rows of the points, read by fiona."""
    code = (
        "import django; django.setup(); import sys, time, fiona\n"
        "from django.apps import apps; from django.contrib.gis.geos import Point\n"
        "started = time.monotonic(); rows = []; model = apps.get_model('basemap.Poi')\n"
        f"for number, one in zip(range({SAMPLE}), fiona.open(sys.argv[1])):\n"
        "    p = one.properties; rows.append(model(source='bulk', source_id=p['id'], kind=p['kind'], name=p['name'],"
        " geom=Point(*one.geometry.coordinates, srid=25832)))\n"
        "model.objects.bulk_create(rows, batch_size=1000); print(time.monotonic() - started)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "gisapp.settings", "GISAPP_DATABASE": DATABASE},
    )  # fmt: skip
    return float(done.stdout)


def _compare(layer: str, table: str, file: Path) -> dict[str, float]:
    """Seconds of one turn: we, ogr2ogr as it is, and ogr2ogr until its table is what ours is."""
    from gisapp import cluster

    place = " ".join(f"{key}={value}" for key, value in cluster.dsn(DATABASE).items())
    _sql(f"DROP TABLE IF EXISTS peer_{layer}, peer_{layer}_event; TRUNCATE {table}, {table}event CASCADE")
    plain = _timed(["ogr2ogr", "-f", "PostgreSQL", f"PG:{place}", str(file), "-nln", f"peer_{layer}"])
    equal = plain + _sql((HERE / f"equal_{layer}.sql").read_text(encoding="utf-8"))
    environment = {**os.environ, "GISAPP_DATABASE": DATABASE, "GISAPP_SERVING": ""}
    ours = _timed([sys.executable, "-m", "gisapp", "import", layer, str(file), "--json"], env=environment)
    return {"ours": ours, "ogr2ogr to an equal table": equal, "ogr2ogr as it is": plain}


def _empty_database() -> None:
    import psycopg

    from gisapp import cluster

    with psycopg.connect(**cluster.dsn("postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {cluster.TEMPLATE}")
    owner = {**os.environ, "GISAPP_DATABASE": DATABASE, "GISAPP_SERVING": ""}
    subprocess.run([sys.executable, "-m", "gisapp", "manage", "migrate", "-v0"], env=owner, check=True)


def _row(layer: str, count: int, ours: float, theirs: float, peer: str, goal: float | None) -> dict[str, Any]:
    return {
        "what": f"import of {count:,} {layer}",
        "connections": 1,
        "ours": {"per_second": round(count / ours)},
        "theirs": {"per_second": round(count / theirs)},
        "peer": peer,
        "ratio": round(theirs / ours, 2),
        "goal": goal,
    }


def measure_import(pois: int = 1_000_000, buildings: int = 300_000) -> list[dict[str, Any]]:
    """The rows of the table, each the median of three turns; needs ogr2ogr and the private cluster running."""
    _empty_database()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for layer, table, count, make in (
            ("pois", "basemap_poi", pois, make_pois),
            ("buildings", "basemap_building", buildings, make_buildings),
        ):
            file = folder / f"{layer}.gpkg"
            make(file, count)
            turns = [_compare(layer, table, file) for _ in range(3)]
            seconds = {who: sorted(turn[who] for turn in turns)[1] for who in turns[0]}
            goal = 1.1 if layer == "pois" else None
            for peer in ("ogr2ogr to an equal table", "ogr2ogr as it is"):
                rows.append(_row(layer, count, seconds["ours"], seconds[peer], peer, goal))
            if layer == "pois":
                _sql("TRUNCATE basemap_poi, basemap_poievent CASCADE")
                bulk = _bulk_create(file) * count / SAMPLE
                rows.append(_row(layer, count, seconds["ours"], bulk, "bulk_create", 30))
    return rows


def measure_start() -> list[dict[str, Any]]:
    """Seconds from `gisapp demo --serve` on an existing demo, the database stopped, to the first answered page."""
    from tests.bench.servers import wait_for

    environment = {key: value for key, value in os.environ.items() if key not in ("GISAPP_DATABASE", "GISAPP_SERVING")}
    folder = data_dir() / "bench" / "start"
    environment["GISAPP_DATA"] = str(folder)
    subprocess.run(
        [sys.executable, "-m", "gisapp", "demo"], env=environment, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL
    )
    begin = time.perf_counter()
    command = [sys.executable, "-m", "gisapp", "demo", "--serve", "--port", "8209"]
    process = subprocess.Popen(
        command, env=environment, cwd=CHECKOUT, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_for("http://127.0.0.1:8209/ogc/collections/places/items")
        taken = time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait(60)
    return [{"what": "cold start of the demo", "connections": 1, "ours": {"seconds": round(taken, 1)}, "goal": 10}]
