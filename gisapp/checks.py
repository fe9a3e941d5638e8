"""Every part that KRIT-GIS stands on: what was found, what is needed, what mends it."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import django
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from gisapp import cluster
from gisapp.paths import CHECKOUT, data_dir
from gisapp.postgres_server import installed_servers
from gisapp.programs import find as find_program
from gisapp.programs import undrivable_chromium

OK, MISSING, TOO_OLD, WRONG = "ok", "missing", "too-old", "wrong"
NEEDED_POSTGIS = (3, 2)
NEEDED_FREE_MB = 500
VENDOR = CHECKOUT / "gisapp/map/static/vendor/maplibre/maplibre-gl.mjs"
LOCK_FILE = CHECKOUT / "gisapp/map/vendor/package-lock.json"

# A point of the official test data of BETA2007 (BKG, BETA2007testdaten.csv): EPSG:31467 and EPSG:25832.
GRID_POINT = (3595392.782000, 6023387.959898)
GRID_RESULT = (595286.044398, 6021417.376973)


@dataclass(frozen=True)
class Part:
    """One line of the table. `key` is stable; `required` parts decide the exit code."""

    key: str
    title: str
    found: str
    needed: str
    state: str
    remedy: str = ""
    required: bool = True

    @property
    def fails(self) -> bool:
        return self.required and self.state != OK


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: "3.3.2 4975da8" -> (3, 3, 2)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(one) for one in match[0].split(".")) if match else ()


def _between(version: str, low: tuple[int, ...], below: tuple[int, ...]) -> str:
    if numbers(version) < low:
        return TOO_OLD
    return OK if numbers(version) < below else WRONG


def software() -> Iterator[Part]:
    """What needs no database."""
    python = ".".join(str(one) for one in sys.version_info[:3])
    remedy = _("apt-get install python3 (3.11 bis 3.13), dann make setup")
    yield Part("python", "Python", python, "3.11–3.13", _between(python, (3, 11), (3, 14)), remedy)
    found = django.get_version()
    yield Part("django", "Django", found, "5.2", _between(found, (5, 2), (5, 3)), "docker/bootstrap.sh python")
    yield from _libraries()
    yield _server()
    yield _static()
    yield _vendor()
    yield disk()


def _libraries() -> Iterator[Part]:
    import pyproj
    from django.contrib.gis.gdal import gdal_version
    from django.contrib.gis.geos import geos_version

    remedy = "docker/bootstrap.sh python"
    # Both are asked from Django's own binding, so that a library that does not load shows here.
    for key, title, ask, low in (
        ("gdal", "GDAL (pyogrio)", lambda: gdal_version().decode(), (3, 6)),
        ("geos", "GEOS (shapely)", lambda: geos_version().decode(), (3, 11)),
        ("proj", "PROJ (pyproj)", lambda: pyproj.proj_version_str, (9, 1)),
    ):
        needed = "≥ " + ".".join(str(one) for one in low)
        try:
            found = ask().split("-")[0]
        except (OSError, RuntimeError) as error:
            yield Part(key, title, str(error), needed, MISSING, remedy)
            continue
        yield Part(key, title, found, needed, OK if numbers(found) >= low else TOO_OLD, remedy)


def _server() -> Part:
    found = ", ".join(
        str(server.major) + (_(" (entpackt)") if server.unpacked else "") for server in installed_servers()
    )
    own = not os.environ.get("DATABASE_URL")
    return Part(
        "postgresql-server", _("PostgreSQL-Server mit PostGIS"), found or "-", "≥ 13" if own else "-",
        OK if found else MISSING, "docker/bootstrap.sh system", required=own,
    )  # fmt: skip


def _static() -> Part:
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    count = len(json.loads(manifest.read_text())["paths"]) if manifest.exists() else 0
    found = _("%(count)d Dateien") % {"count": count} if count else "-"
    return Part("static", _("Statische Dateien"), found, _("gesammelt"), OK if count else MISSING, "make setup")


def _vendor() -> Part:
    wanted = json.loads(LOCK_FILE.read_text())["packages"]["node_modules/maplibre-gl"]["version"]
    found = "-"
    if VENDOR.exists():
        with VENDOR.open(encoding="utf-8") as lines:
            match = re.search(r"/v(\d[\d.]*)/", lines.read(500))
        found = match[1] if match else "?"
    state = OK if found == wanted else MISSING if found == "-" else WRONG
    return Part("maplibre", "MapLibre GL JS", found, wanted, state, "docker/bootstrap.sh vendor")


def disk() -> Part:
    free = shutil.disk_usage(data_dir()).free // 1024**2
    remedy = _("Platz schaffen oder GISAPP_DATA auf einen anderen Datenträger setzen")
    state = OK if free >= NEEDED_FREE_MB else MISSING
    return Part(
        "disk",
        _("Freier Platz bei %(path)s") % {"path": data_dir()},
        f"{free} MB",
        f"≥ {NEEDED_FREE_MB} MB",
        state,
        remedy,
    )


def database() -> Iterator[Part]:
    """What is asked from the connected database; one line says why when it does not answer."""
    title = _("Datenbank")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0].split()[0]
    except DatabaseError as error:
        yield unreachable(str(error).strip().splitlines()[0])
        return
    yield Part("database", title, f"PostgreSQL {version}", "≥ 13", OK if numbers(version) >= (13,) else TOO_OLD)
    installed = _installed_extensions()
    yield _postgis(installed.get("postgis", "-"))
    yield _extensions(installed)
    if "postgis" in installed:
        yield _grid()
    migrations = _migrations()
    yield migrations
    if migrations.state == OK:
        yield _secrets()


def _secrets() -> Part:
    """Whether the second factors in the database can be read with the keys of this environment."""
    from gisapp.accounts import data_keys

    lost = len(list(data_keys.unreadable()))
    found = _("%(count)d nicht lesbar") % {"count": lost} if lost else _("alle lesbar")
    title, remedy = _("Verschlüsselte Geheimnisse"), _("gisapp keys check nennt sie")
    return Part("data-keys", title, found, _("alle lesbar"), WRONG if lost else OK, remedy, required=False)


def unreachable(reason: str) -> Part:
    """The line for a database that does not answer."""
    remedy = _("DATABASE_URL berichtigen") if os.environ.get("DATABASE_URL") else _("siehe gefunden")
    return Part("database", _("Datenbank"), reason, "≥ 13", MISSING, remedy)


def _installed_extensions() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname, extversion FROM pg_extension")
        return dict(cursor.fetchall())


def _postgis(found: str) -> Part:
    state = MISSING if found == "-" else OK if numbers(found) >= NEEDED_POSTGIS else TOO_OLD
    return Part("postgis", "PostGIS", found, "≥ 3.2", state, _("gisapp setup, oder ein neueres PostGIS installieren"))


def _extensions(installed: dict[str, str]) -> Part:
    missing = [name for name in cluster.EXTENSIONS if name not in installed]
    found = _("es fehlt: ") + ", ".join(missing) if missing else ", ".join(cluster.EXTENSIONS)
    return Part("extensions", _("Erweiterungen"), found, _("alle"), MISSING if missing else OK, "gisapp setup")


def _grid() -> Part:
    """Gauss-Krueger comes out of PostGIS as BETA2007 says, and not 0.2-0.3 m beside it."""
    title, needed = _("Gitter BETA2007 in PostGIS"), _("< 1 mm neben dem amtlichen Testpunkt")
    remedy = _("apt-get install proj-data (auf dem Rechner der Datenbank)")
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ST_Distance(ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 31467), 25832),"
                " ST_SetSRID(ST_MakePoint(%s, %s), 25832))",
                [*GRID_POINT, *GRID_RESULT],
            )
            off = float(cursor.fetchone()[0])
    except DatabaseError as error:
        return Part("beta2007", title, str(error).splitlines()[0], needed, MISSING, remedy)
    found = _("%(off).4f m daneben") % {"off": off}
    return Part("beta2007", title, found, needed, OK if off < 0.001 else MISSING, remedy)


def _migrations() -> Part:
    executor = MigrationExecutor(connection)
    open_ones = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    found = _("%(count)d offen") % {"count": open_ones} if open_ones else _("alle angewendet")
    return Part(
        "migrations", _("Tabellen und Regeln"), found, _("alle angewendet"), WRONG if open_ones else OK, "gisapp setup"
    )


def programs() -> Iterator[Part]:
    """Programs of the tests and the benchmark; none is needed to run."""
    for name, package in (
        ("chromium", "chromium"), ("qgis_process", "qgis python3-qgis"), ("ogrinfo", "gdal-bin"), ("nginx", "nginx"),
    ):  # fmt: skip
        found, remedy = find_program(name), f"apt-get install {package}"
        stub = undrivable_chromium() if name == "chromium" else None
        if stub:
            remedy = _("%(path)s ist ein Snap oder startet nicht; Google Chrome installieren oder CHROMIUM setzen") % {
                "path": stub
            }
        yield Part(name, name, found or "-", _("nur Tests"), OK if found else MISSING, remedy, required=False)


def services() -> Iterator[Part]:
    """The base maps of other people that the operator configured."""
    from gisapp.map.config import map_config
    from gisapp.map.services import answers

    for one in answers(map_config()):
        title, state = _("Hintergrund %(name)s") % {"name": one.base_map}, WRONG if one.wrong else OK
        yield Part(f"base-map-{one.base_map}", title, one.found, _("antwortet"), state, one.wrong, required=False)


def all_parts(with_database: Callable[[], Iterator[Part]] = database) -> list[Part]:
    """Every line of the table, in its order."""
    return [*software(), *with_database(), *programs()]
