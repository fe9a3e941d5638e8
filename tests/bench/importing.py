"""`gisapp import` beside ogr2ogr of the same GeoPackage, and beside bulk_create: `python -m tests.bench.importing`.

ogr2ogr is measured twice: as it is (one table, one spatial index), and until its table is what ours is: a copy in
EPSG:3857, folded names, checks, the unique source id and their indexes (equal_*.sql).
"""

import json
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


def _compare(layer: str, table: str, file: Path, count: int) -> dict[str, Any]:
    from gisapp import cluster

    place = " ".join(f"{key}={value}" for key, value in cluster.dsn(DATABASE).items())
    _sql(f"DROP TABLE IF EXISTS peer_{layer}; TRUNCATE {table} CASCADE")
    peer = _timed(["ogr2ogr", "-f", "PostgreSQL", f"PG:{place}", str(file), "-nln", f"peer_{layer}"])
    equal = peer + _sql((HERE / f"equal_{layer}.sql").read_text(encoding="utf-8"))
    environment = {**os.environ, "GISAPP_DATABASE": DATABASE, "GISAPP_SERVING": ""}
    ours = _timed([sys.executable, "-m", "gisapp", "import", layer, str(file), "--json"], env=environment)
    return {
        "what": f"import of {count:,} {layer}", "ours_s": round(ours, 2), "ogr2ogr_s": round(peer, 2),
        "ogr2ogr_to_equal_s": round(equal, 2), "ours_per_second": round(count / ours),
        "times_ogr2ogr": round(peer / ours, 2), "times_ogr2ogr_to_equal": round(equal / ours, 2),
    }  # fmt: skip


def measure_import(pois: int = 1_000_000, buildings: int = 300_000) -> list[dict[str, Any]]:
    """The rows of the table; needs ogr2ogr and the private cluster running."""
    import psycopg

    from gisapp import cluster

    with psycopg.connect(**cluster.dsn("postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {cluster.TEMPLATE}")
    owner = {**os.environ, "GISAPP_DATABASE": DATABASE, "GISAPP_SERVING": ""}
    subprocess.run([sys.executable, "-m", "gisapp", "manage", "migrate", "-v0"], env=owner, check=True)
    with tempfile.TemporaryDirectory() as name:
        points, areas = Path(name) / "pois.gpkg", Path(name) / "buildings.gpkg"
        make_pois(points, pois)
        make_buildings(areas, buildings)
        rows = [_compare("pois", "basemap_poi", points, pois)]
        bulk = _bulk_create(points)
        rows[0]["bulk_create_per_second"] = round(SAMPLE / bulk)
        rows[0]["times_bulk_create"] = round(rows[0]["ours_per_second"] / (SAMPLE / bulk), 1)
        rows.append(_compare("buildings", "basemap_building", areas, buildings))
    return rows


if __name__ == "__main__":
    from gisapp import cluster

    with cluster.in_use():
        for row in measure_import():
            print(json.dumps(row))
