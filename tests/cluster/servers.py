"""The processes around the database: PgBouncer, web, workers, nginx. All on loopback or Unix sockets, all ended by their number."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

import psycopg

from gisapp import cluster, programs
from gisapp.paths import CHECKOUT, unpacked_system
from gisapp.postgres_server import library_directories
from tests.cluster import postgres
from tests.serving import free_port

DOCKER = CHECKOUT / "docker"


def program(name: str) -> str:
    found = programs.find(name)
    assert found, f"{name} is missing: docker/bootstrap.sh cluster"
    return found


def _environment(path: str) -> dict[str, str]:
    """For a program that was unpacked without root, where its libraries lie."""
    root = unpacked_system()
    more = {"LD_LIBRARY_PATH": ":".join(library_directories(root))} if Path(path).is_relative_to(root) else {}
    return {**os.environ, **more}


def filled(template: Path, **values: str) -> str:
    """A template of docker/ with its ${NAMES} filled in as envsubst does: nothing else is touched."""
    found = template.read_text(encoding="utf-8")
    for name, value in values.items():
        found = found.replace("${" + name + "}", value)
    left = Template(found)
    missing = [one[2] for one in left.pattern.findall(found) if one[2]]
    assert not missing, f"{template.name}: not filled in: {missing}"
    return found


@dataclass
class Process:
    """A child that leads its own group, with what it says in a file."""

    name: str
    child: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        return self.child.poll() is None

    def kill(self) -> None:
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait(10)

    def end(self) -> None:
        if self.alive:
            os.killpg(self.child.pid, signal.SIGTERM)
            try:
                self.child.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


@contextlib.contextmanager
def running(
    name: str,
    command: list[str],
    environment: dict[str, str],
    log: Path,
    ids: tuple[int, int] | None = None,
    given: socket.socket | None = None,
) -> Iterator[Process]:
    """A process for the length of the block; `given` is a socket that it finds as its standard input."""
    with log.open("wb") as file:
        child = subprocess.Popen(
            command, cwd=CHECKOUT, env=environment, stdin=given or subprocess.DEVNULL, stdout=file, stderr=file,
            start_new_session=True, user=ids[0] if ids else None, group=ids[1] if ids else None,
            extra_groups=[] if ids else None,
        )  # fmt: skip
    process = Process(name, child, log)
    try:
        yield process
    finally:
        process.end()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=3) as answer:
            return bool(answer.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


@contextlib.contextmanager
def web(name: str, top: Path, environment: dict[str, str]) -> Iterator[tuple[Process, str]]:
    """One `gisapp serve`, and its address."""
    port = free_port()
    own = {**environment, "GISAPP_DATA": str(top / name)}
    command = [sys.executable, "-m", "gisapp", "serve", "--port", str(port), "--workers", "1"]
    with running(name, command, own, top / f"{name}.log") as process:
        address = f"http://127.0.0.1:{port}"
        postgres.until(lambda: not process.alive or _answers(f"{address}/map/ping"), f"{name} answers", 60)
        assert process.alive, process.log.read_text()
        yield process, address


def worker(name: str, top: Path, environment: dict[str, str]) -> contextlib.AbstractContextManager[Process]:
    own = {**environment, "GISAPP_DATA": str(top / name)}
    command = [sys.executable, "-m", "gisapp", "worker", "--threads", "2", "--grace", "5"]
    return running(name, command, own, top / f"{name}.log")


@contextlib.contextmanager
def pgbouncer(top: Path, node: postgres.Node, pool: int = 6) -> Iterator[str]:
    """PgBouncer in transaction mode on a Unix socket; the URL of the web role through it."""
    place = top / "pgbouncer"
    place.mkdir(mode=0o700)
    port = free_port()  # for the socket's name alone
    (place / "users.txt").write_text("".join(f'"{one}" ""\n' for one in (cluster.OWNER_ROLE, cluster.WEB_ROLE)))
    (place / "pgbouncer.ini").write_text(
        filled(
            DOCKER / "pgbouncer/pgbouncer.ini.template",
            DATABASE_NAME=cluster.DATABASE, DATABASE_PLACE=f"host={node.sockets} port=5432 dbname={cluster.DATABASE}",
            LISTEN_LINES=f"unix_socket_dir = {place}\nlisten_port = {port}\nunix_socket_mode = 0777",
            AUTH_TYPE="trust", AUTH_FILE=str(place / "users.txt"), POOL_SIZE=str(pool),
        )
    )  # fmt: skip
    if node.ids:
        for one in (place, *place.iterdir()):
            os.chown(one, *node.ids)
    path = program("pgbouncer")
    command = [path, str(place / "pgbouncer.ini")]
    url = f"postgresql://{cluster.WEB_ROLE}@/{cluster.DATABASE}?host={place}&port={port}"
    with running("pgbouncer", command, _environment(path), top / "pgbouncer.log", node.ids) as process:

        def ready() -> bool:
            assert process.alive, process.log.read_text()
            try:
                psycopg.connect(url, connect_timeout=2).close()
            except psycopg.OperationalError:
                return False
            return True

        postgres.until(ready, "PgBouncer answers")
        yield url


def nginx_configuration(place: Path, port: int, upstreams: list[str], qgis: str = "127.0.0.1:9") -> Path:
    """The template that compose.yml uses as well, in an nginx that writes below `place` alone."""
    site = filled(
        DOCKER / "nginx/krit-gis.conf.template",
        LISTEN=f"127.0.0.1:{port}", WEB_SERVERS=" ".join(f"server {one};" for one in upstreams),
        TILE_CACHE_DIR=str(place / "cache"), TILE_CACHE_SIZE="200m", UPLOAD_MAX_MB="500", PUBLIC_SCHEME="http",
        TRUSTED_PROXY="127.0.0.1", QGIS_SERVICE_FILE=str(place.parent / "qgis" / "pg_service.conf"), QGIS_SERVER=qgis,
    )  # fmt: skip
    (place / "site.conf").write_text(site)
    temporary = "".join(
        f"{one}_temp_path {place}/{one};\n" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (place / "nginx.conf").write_text(
        f"daemon off;\nworker_processes 1;\npid {place}/nginx.pid;\nerror_log {place}/error.log warn;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\n{temporary}include {place}/site.conf;\n}}\n"
    )
    return place / "nginx.conf"


@contextlib.contextmanager
def qgis_server(top: Path, project: Path, node: postgres.Node) -> Iterator[str | None]:
    """QGIS Server as FastCGI on a port (what spawn-fcgi does), reading as the role for the public; None without one."""
    path = programs.find("qgis_mapserv.fcgi")
    if path is None:
        yield None
        return
    place = top / "qgis"
    place.mkdir(mode=0o700)
    service = place / "pg_service.conf"
    service.write_text(f"[krit_gis]\nhost={node.sockets}\ndbname={cluster.DATABASE}\nuser={cluster.PUBLIC_ROLE}\n")
    if node.ids:
        for one in (place, service):
            os.chown(one, *node.ids)
    environment = {
        **os.environ, "HOME": str(place), "QT_QPA_PLATFORM": "offscreen",
        "QGIS_PROJECT_FILE": str(project),
    }  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        with running("qgis", [path], environment, top / "qgis.log", node.ids, given=listening):
            yield address


@contextlib.contextmanager
def nginx(top: Path, upstreams: list[str], ids: tuple[int, int] | None, qgis: str | None = None) -> Iterator[str]:
    """nginx with the store of tiles before these web processes; its address."""
    place = top / "nginx"
    place.mkdir()
    port = free_port()
    configuration = nginx_configuration(place, port, upstreams, qgis or "127.0.0.1:9")
    if ids:
        for one in (place, *place.iterdir()):
            os.chown(one, *ids)
    path = program("nginx")
    command = [path, "-e", str(place / "error.log"), "-p", str(place), "-c", str(configuration)]
    with running("nginx", command, _environment(path), top / "nginx.log", ids) as process:
        address = f"http://127.0.0.1:{port}"
        postgres.until(lambda: not process.alive or _answers(f"{address}/map/ping"), "nginx answers")
        assert process.alive, process.log.read_text()
        yield address


def seconds_since(begin: float) -> float:
    return round(time.monotonic() - begin, 1)
