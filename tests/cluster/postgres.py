"""A primary of our own and its streaming replica, from the installed server's programs, on Unix sockets."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import psycopg

from gisapp import cluster, postgres_server
from gisapp.paths import CHECKOUT

SETTINGS = """wal_level = replica
max_wal_senders = 6
hot_standby_feedback = on
wal_keep_size = 256MB
shared_buffers = 128MB
fsync = on
"""


@dataclass
class Node:
    """One server; as root it runs as the unprivileged user that the private cluster has too."""

    server: postgres_server.Server
    directory: Path
    sockets: Path

    @property
    def ids(self) -> tuple[int, int] | None:
        user = cluster.server_user()
        return (user.pw_uid, user.pw_gid) if user else None

    def run(self, program: str, *arguments: str) -> None:
        done = postgres_server.run(self.server, program, *arguments, user=self.ids)
        assert done.returncode == 0, f"{program}: {done.stderr or done.stdout}"

    def start(self) -> None:
        cluster._start(self.server, self.directory, self.sockets)

    def stop(self, mode: str = "fast") -> None:
        if self.pid() is not None:
            self.run("pg_ctl", "-D", str(self.directory), "-s", "-w", "-t", "60", "-m", mode, "stop")

    def pid(self) -> int | None:
        return cluster._postmaster(self.directory)

    def _family(self) -> list[int]:
        """The server's process and its children."""
        parent = self.pid()
        if parent is None:
            return []
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [parent, *(int(one) for one in children)]

    def signal(self, number: signal.Signals) -> None:
        for one in self._family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, number)

    def kill(self) -> None:
        """As when the machine loses its power: every process at once."""
        family = self._family()
        self.signal(signal.SIGKILL)
        until = time.monotonic() + 10
        while any(_alive(one) for one in family):
            assert time.monotonic() < until, "a killed server is still there"
            time.sleep(0.05)

    def url(self, role: str = cluster.OWNER_ROLE, database: str = cluster.DATABASE) -> str:
        return f"postgresql://{role}@/{database}?host={self.sockets}"

    def ask(self, sql: str, role: str = "postgres", database: str = cluster.DATABASE) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(role, database), autocommit=True) as connection:
            cursor = connection.execute(sql)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description else []


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A directory that the server's user may enter, gone afterwards."""
    top = Path(tempfile.mkdtemp(prefix="gisapp-cluster-"))
    top.chmod(0o755)
    try:
        yield top
    finally:
        shutil.rmtree(top, ignore_errors=True)


@contextlib.contextmanager
def bare(top: Path) -> Iterator[Node]:
    """A server with a superuser and nothing else."""
    parent, sockets = top / "bare", top / "bare-run"
    for one in (parent, sockets):
        one.mkdir(mode=0o700)
    servers = postgres_server.installed_servers()
    assert servers, "PostgreSQL with PostGIS is missing: docker/bootstrap.sh system"
    node = Node(servers[0], parent / "pg", sockets)
    if node.ids:
        for one in (parent, sockets):
            os.chown(one, *node.ids)
    node.run("initdb", "-D", str(node.directory), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust")
    with (node.directory / "postgresql.conf").open("a") as file:
        file.write(f"listen_addresses = ''\nunix_socket_directories = '{sockets}'\nshared_buffers = 64MB\n")
    try:
        node.start()
        yield node
    finally:
        node.stop("immediate")


@contextlib.contextmanager
def primary(top: Path) -> Iterator[Node]:
    """A primary with roles and an empty database, which keeps a log that replicas can follow."""
    with mock.patch.dict(os.environ, {"GISAPP_PG": str(top / "primary")}):
        os.environ.pop("DATABASE_URL", None)
        cluster.ensure_running()
        directory = cluster.cluster_dir().resolve()
        node = Node(cluster._server_for_cluster(directory), directory, cluster.socket_dir())
    try:
        (directory / "conf.d" / "10-replication.conf").write_text(SETTINGS)
        node.stop()
        node.start()
        yield node
    finally:
        node.stop("immediate")
        shutil.rmtree(node.sockets, ignore_errors=True)


@contextlib.contextmanager
def replica_of(first: Node, top: Path) -> Iterator[Node]:
    """A hot standby that follows the primary, made by pg_basebackup as an operator would."""
    sockets = top / "replica-run"
    sockets.mkdir(mode=0o700)
    if first.ids:
        os.chown(sockets, *first.ids)
    parent = top / "copies"  # the directory in it is the server's user's to make
    parent.mkdir()
    if first.ids:
        os.chown(parent, *first.ids)
    copy = Node(first.server, parent / "replica", sockets)
    first.run(
        "pg_basebackup", "-h", str(first.sockets), "-U", "postgres", "-D", str(copy.directory), "-R", "-X", "stream",
        "-c", "fast",
    )  # fmt: skip
    own = copy.directory / "conf.d" / "20-replica.conf"
    own.write_text(f"unix_socket_directories = '{sockets}'\n")
    copy.start()
    try:
        yield copy
    finally:
        copy.signal(signal.SIGCONT)
        copy.stop("immediate")


def gisapp(environment: dict[str, str], *arguments: str, timeout: float = 240) -> str:
    """Run a command of the product to its end and return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "gisapp", *arguments], cwd=CHECKOUT, env=environment, capture_output=True, text=True,
        timeout=timeout, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def environment(node: Node, **more: str) -> dict[str, str]:
    """What a `gisapp` works on this primary with, as its owner."""
    foreign = ("GISAPP_", "DATABASE", "REPLICA", "PG")
    found = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    kept = {"GISAPP_DATA": os.environ["GISAPP_DATA"]} if "GISAPP_DATA" in os.environ else {}
    return found | kept | {"DATABASE_URL": node.url(), "READY_NEEDS_WORKER": "0"} | more


def until(condition: Callable[[], object], what: str, seconds: float = 20) -> None:
    """Wait until the condition holds; fails with `what` when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not in {seconds} s: {what}"
        time.sleep(0.05)
