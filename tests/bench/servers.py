"""The servers under test, each with two workers and a pool of eight connections as the same serving role."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from gisapp import cluster
from gisapp.paths import CHECKOUT, data_dir

HERE = Path(__file__).parent
DATABASE = "gisapp_bench"
WORKERS = 2
PEER = data_dir() / "bench-venv" / "bin"


def wait_for(url: str, seconds: float = 60) -> None:
    """Until the address answers at all."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=20):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


@contextlib.contextmanager
def _running(command: list[str], environment: dict[str, str], url: str) -> Iterator[str]:
    log = data_dir() / "bench" / f"{Path(command[0]).name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=CHECKOUT, env={**os.environ, **environment}, stdout=file, stderr=file, start_new_session=True
        )
    try:
        wait_for(url)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def ours(port: int = 8201, **environment: str) -> contextlib.AbstractContextManager[str]:
    """`gisapp serve` as it is started for everyone."""
    command = [sys.executable, "-m", "gisapp", "serve", "--port", str(port), "--workers", str(WORKERS)]
    return _running(command, {"GISAPP_DATABASE": DATABASE, **environment}, f"http://127.0.0.1:{port}")


def drf_gis(port: int = 8203) -> contextlib.AbstractContextManager[str]:
    """The same server and tables, served by djangorestframework-gis as its documentation shows."""
    return ours(port, GISAPP_URLS="tests.bench.drf_urls")


def tipg(port: int = 8202) -> contextlib.AbstractContextManager[str]:
    """tipg on the same database and role; configuration in tipg.env."""
    parts = cluster.dsn(DATABASE, cluster.WEB_ROLE)
    # Its settings refuse a DSN without a host; asyncpg takes the socket's directory percent-encoded.
    url = f"postgresql://{parts['user']}@{quote(parts['host'], safe='')}:5432/{parts['dbname']}"
    given = dict(line.split("=", 1) for line in (HERE / "tipg.env").read_text().splitlines() if "=" in line)
    # Served by granian as well: uvicorn with several workers leaves TCP_NODELAY off and loses 40 ms an answer.
    command = [
        str(PEER / "granian"),
        "--interface",
        "asgi",
        "--port",
        str(port),
        "--workers",
        str(WORKERS),
        "tipg.main:app",
    ]
    return _running(command, {"DATABASE_URL": url, **given}, f"http://127.0.0.1:{port}")


@contextlib.contextmanager
def nginx(upstream: str, port: int = 8204) -> Iterator[str]:
    """The tile cache of docker/nginx.conf before a server."""
    folder = data_dir() / "bench" / "nginx"
    folder.mkdir(parents=True, exist_ok=True)
    text = (HERE / "nginx.conf").read_text()
    for name, value in (
        ("@FOLDER@", str(folder)),
        ("@PORT@", str(port)),
        ("@UPSTREAM@", upstream.removeprefix("http://")),
    ):
        text = text.replace(name, value)
    (folder / "nginx.conf").write_text(text)
    with _running(
        ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"],
        {},
        f"http://127.0.0.1:{port}",
    ) as url:
        yield url
