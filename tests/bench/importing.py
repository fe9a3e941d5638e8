"""Import of a million points and 300,000 polygons beside ogr2ogr and bulk_create, each into empty tables of equal indexes."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from gisapp import cluster
from gisapp.paths import CHECKOUT, data_dir

DATABASE = "gisapp_bench_import"
POINTS, POLYGONS, BY_ORM = 1_000_000, 300_000, 20_000
SEED = 11


def _file(kind: str, number: int) -> Path:
    """A GeoPackage in EPSG:25832 with an id, a name and a kind; made once."""
    path = data_dir() / "bench" / f"{kind}_{number}.gpkg"
    if path.exists():
        return path
    rng = np.random.default_rng(SEED)
    x, y = rng.uniform(520_000, 600_000, number), rng.uniform(5_980_000, 6_060_000, number)
    if kind == "points":
        shapes = shapely.points(np.round(x, 2), np.round(y, 2))
    else:
        shapes = shapely.box(np.round(x, 2), np.round(y, 2), np.round(x + 12, 2), np.round(y + 9, 2))
    order = np.arange(number)
    names = np.array([f"Ort {one}" for one in order], dtype=object)
    kinds = np.array(["house", "shop", "farm", "school"], dtype=object)[order % 4]
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_suffix(".new.gpkg")
    pyogrio.raw.write(
        building, shapely.to_wkb(shapes), [order.astype("int64"), names, kinds], fields=["fid_source", "name", "kind"],
        layer=kind, driver="GPKG", crs="EPSG:25832", geometry_type="Point" if kind == "points" else "Polygon",
    )  # fmt: skip
    building.rename(path)
    return path


def _empty_database() -> None:
    import psycopg

    with psycopg.connect(**cluster.dsn("postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {cluster.TEMPLATE}")
    environment = {**os.environ, "GISAPP_DATABASE": DATABASE, "GISAPP_SERVING": ""}
    command = [sys.executable, "-m", "gisapp", "manage", "migrate", "-v", "0"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def _ours(path: Path, layer: str) -> float:
    mapping = path.with_suffix(".toml")
    mapping.write_text('source = "bench"\n[id]\ncolumn = "fid_source"\n[fields]\nname = "name"\nkind = "kind"\n')
    environment = {**os.environ, "GISAPP_DATABASE": DATABASE, "GISAPP_SERVING": ""}
    command = [sys.executable, "-m", "gisapp", "import", layer, str(path), "--map", str(mapping), "--json"]
    begin = time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    taken = time.perf_counter() - begin
    report = json.loads(done.stdout)
    if report["created"] != report["read"] or report["rejected"]:
        raise RuntimeError(f"the import kept {report['created']} of {report['read']}")
    return taken


def _ogr2ogr(path: Path, model: str, *, equal: bool) -> float:
    """The same file by ogr2ogr with COPY.

    `equal`: appended to a table like ours, with its constraints, generated columns and indexes; else into a table
    of its own making with one index on the geometry.
    """
    import psycopg

    table = f"peer_{model.replace('.', '_').lower()}{'' if equal else '_plain'}"
    parts = cluster.dsn(DATABASE)
    with psycopg.connect(**parts, autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        if equal:
            connection.execute(f"CREATE TABLE {table} (LIKE {model.replace('.', '_').lower()} INCLUDING ALL)")
    layer = path.stem.split("_")[0]
    select = f"SELECT 'bench' AS source, CAST(fid_source AS character(20)) AS source_id, name, kind, geom FROM {layer}"
    more = ["-append", "-sql", select, "-dialect", "OGRSQL"] if equal else ["-lco", "GEOMETRY_NAME=geom"]
    target = f"PG:host={parts['host']} dbname={parts['dbname']} user={parts['user']}"
    kind = [] if layer == "points" else ["-nlt", "PROMOTE_TO_MULTI"]
    begin = time.perf_counter()
    subprocess.run(
        ["ogr2ogr", "-f", "PostgreSQL", target, str(path), "-nln", table, *more, *kind,
         "--config", "PG_USE_COPY", "YES", "-gt", "unlimited"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    taken = time.perf_counter() - begin
    with psycopg.connect(**parts) as connection:  # type: ignore[arg-type]
        found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    if not found or found[0] != int(path.stem.split("_")[1]):
        raise RuntimeError(f"ogr2ogr kept {found} rows of {path.name}")
    return taken


def _bulk_create(path: Path, model: str) -> float:
    """Seconds for the whole file, from a part of it: objects made and sent by bulk_create."""
    code = f"""
import django, time, json
django.setup()
import pyogrio, shapely
from django.apps import apps
from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction
model = apps.get_model("{model}")
_, _, shapes, (ids, names, kinds) = pyogrio.raw.read("{path}", max_features={BY_ORM})
begin = time.perf_counter()
multi = "{model}" == "basemap.Building"
with transaction.atomic():
    rows = []
    for key, name, kind, shape in zip(ids, names, kinds, shapes):
        geometry = GEOSGeometry(memoryview(shape), srid=25832)
        if multi:
            from django.contrib.gis.geos import MultiPolygon
            geometry = MultiPolygon(geometry, srid=25832)
        rows.append(model(source="orm", source_id=str(key), name=name, kind=kind, geom=geometry))
    model.objects.bulk_create(rows, batch_size=1000)
print(time.perf_counter() - begin)
"""
    environment = {
        **os.environ,
        "GISAPP_DATABASE": DATABASE,
        "GISAPP_SERVING": "",
        "DJANGO_SETTINGS_MODULE": "gisapp.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=CHECKOUT, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def measure_import() -> list[dict[str, Any]]:
    """Features a second; whole processes, three runs of each in turn, the median."""
    rows = []
    for kind, number, layer, model in (
        ("points", POINTS, "pois", "basemap.Poi"),
        ("polygons", POLYGONS, "buildings", "basemap.Building"),
    ):
        path = _file(kind, number)
        taken: dict[str, list[float]] = {"ours": [], "ogr2ogr, equal table": [], "ogr2ogr, plain table": []}
        for _turn in range(3):
            _empty_database()
            taken["ours"].append(_ours(path, layer))
            taken["ogr2ogr, equal table"].append(_ogr2ogr(path, model, equal=True))
            taken["ogr2ogr, plain table"].append(_ogr2ogr(path, model, equal=False))
        _empty_database()
        seconds = {name: sorted(times)[1] for name, times in taken.items()}
        seconds["bulk_create"] = _bulk_create(path, model) * number / BY_ORM
        goals = {"ogr2ogr, equal table": 1.1, "bulk_create": 30} if kind == "points" else {}
        for peer in list(seconds)[1:]:
            rows.append(
                {
                    "what": f"import of {number:,} {kind}",
                    "connections": 1,
                    "ours": {"per_second": round(number / seconds["ours"])},
                    "theirs": {"per_second": round(number / seconds[peer])},
                    "peer": peer,
                    "ratio": round(seconds[peer] / seconds["ours"], 2),
                    "goal": goals.get(peer),
                }
            )
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
