"""`gisapp serve` on a database of a test: in the private cluster, or in the server that DATABASE_URL names.

There the log-in needs the right CREATEDB, as it does for the rest of the suite.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg

from gisapp import cluster
from gisapp.paths import CHECKOUT
from tests.prepared import template

Environment = dict[str, str]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def environment(database: str) -> Environment:
    """What a `gisapp` of its own finds this database by."""
    found = {name: value for name, value in os.environ.items() if name != "GISAPP_SERVING"}
    url = os.environ.get("DATABASE_URL")
    if url:
        return {**found, "DATABASE_URL": urlunsplit(urlsplit(url)._replace(path=f"/{database}"))}
    return {**found, "GISAPP_DATABASE": database}


def administer(statement: str, database: str = "") -> None:
    """Run it as who may create and drop databases."""
    url = os.environ.get("DATABASE_URL")
    if url:
        connection = psycopg.connect(environment(database)["DATABASE_URL"] if database else url, autocommit=True)
    else:
        connection = psycopg.connect(**cluster.dsn(database or "postgres", "postgres"), autocommit=True)  # type: ignore[arg-type]
    with connection:
        connection.execute(statement)  # type: ignore[call-overload]


@contextlib.contextmanager
def fresh_database(name: str) -> Iterator[Environment]:
    """A database with tables and rules and without content, for the length of the block."""
    private = not os.environ.get("DATABASE_URL")
    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    administer(drop)
    administer(f"CREATE DATABASE {name}" + (f" OWNER {cluster.OWNER_ROLE} TEMPLATE {template()}" if private else ""))
    found = environment(name)
    try:
        if not private:
            gisapp(found, "setup")  # creates the extensions as well
        yield found
    finally:
        administer(drop)


def gisapp(environment: Environment, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gisapp", *arguments],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"


def status(address: str, timeout: float = 20) -> int:
    """The status of the answer; 0 where there is none."""
    try:
        with urllib.request.urlopen(address, timeout=timeout) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (urllib.error.URLError, OSError):
        return 0


@contextlib.contextmanager
def served(environment: Environment, *, workers: int = 1) -> Iterator[str]:
    """The address of a `gisapp serve`."""
    port = free_port()
    command = [sys.executable, "-m", "gisapp", "serve", "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 60
        while status(f"http://127.0.0.1:{port}/map/ping", 2) not in (200, 204):
            assert process.poll() is None, "gisapp serve ended"
            assert time.monotonic() < until, f"port {port} does not answer"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextlib.contextmanager
def working(environment: Environment) -> Iterator["subprocess.Popen[bytes]"]:
    """A `gisapp worker`; it ends at the block's end, whatever it is doing."""
    command = [sys.executable, "-m", "gisapp", "worker", "--grace", "0.5"]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
