"""The parts of the installation, and what a service manager does: whatever has ended is started again."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from gisapp import cluster
from gisapp.paths import CHECKOUT
from tests.processes import children
from tests.serving import free_port, gisapp, status

PARTS = ("postmaster", "backend", "database", "server", "web process", "worker")


class Stage:
    """A database cluster of its own with `gisapp database`, `gisapp serve` with two processes and `gisapp worker`."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("GISAPP_SERVING", "DATABASE_URL", "GISAPP_DATABASE")},
            "GISAPP_PG": str(home / "pg"), "STATIC_ROOT": str(home / "static"), "MEDIA_ROOT": str(home / "media"),
            "DJANGO_SETTINGS_MODULE": "tests.killing.settings", "PYTHONPATH": str(CHECKOUT), "WORKER_HEARTBEAT": "1",
        }  # fmt: skip
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._log = (home / "log.txt").open("ab")
        self._open, self._lock = True, threading.Lock()
        self.killed: list[tuple[float, str]] = []

    def start(self) -> None:
        self._keep_up()
        threading.Thread(target=self._manage, daemon=True).start()
        self.wait_until_ready()

    def wait_until_ready(self, seconds: float = 90) -> None:
        """Wait until all parts are; no part gets a second start for it."""
        until = time.monotonic() + seconds
        while status(self.address + "/readyz", 5) != 200:
            assert time.monotonic() < until, "the installation does not become ready: " + told(self.address)
            time.sleep(0.2)

    def _manage(self) -> None:
        while self._open:
            self._keep_up()
            time.sleep(0.3)

    def _keep_up(self) -> None:
        commands = {
            "database": ["database"],
            "server": ["serve", "--port", str(self.port), "--workers", "2"],
            "worker": ["worker", "--threads", "2"],
        }
        for name, arguments in commands.items():
            with self._lock:
                one = self._processes.get(name)
                if self._open and (one is None or one.poll() is not None):
                    self._processes[name] = subprocess.Popen(
                        [sys.executable, "-m", "gisapp", *arguments], cwd=CHECKOUT, env=self.environment,
                        stdout=self._log, stderr=self._log, start_new_session=True,
                    )  # fmt: skip

    def kill(self, part: str, rng: random.Random) -> bool:
        """`kill -9` of one part; False where it is not there to be killed."""
        pids = self._pids(part)
        if not pids:
            return False
        pid = rng.choice(pids)
        with contextlib.suppress(ProcessLookupError):
            # A server's power cut takes its processes along; a worker's runs must notice by themselves.
            os.killpg(pid, signal.SIGKILL) if part == "server" else os.kill(pid, signal.SIGKILL)
            self.killed.append((time.monotonic(), part))
            return True
        return False

    def _pids(self, part: str) -> list[int]:
        if part in ("postmaster", "backend"):
            postmaster = cluster._postmaster(cluster.cluster_dir())
            if postmaster is None:
                return []
            return [postmaster] if part == "postmaster" else children(postmaster)
        with self._lock:
            one = self._processes.get("server" if part == "web process" else part)
        if one is None or one.poll() is not None:
            return []
        return children(one.pid) if part == "web process" else [one.pid]

    def close(self) -> None:
        self._open = False
        with self._lock:
            for one in self._processes.values():
                one.terminate()
            for one in self._processes.values():
                try:
                    one.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(one.pid, signal.SIGKILL)
                    one.wait()
        self._log.close()


@contextlib.contextmanager
def stage(home: Path, prepare: Callable[[Stage], None]) -> Iterator[Stage]:
    """A running installation below `home`, made by `gisapp setup` and `prepare`."""
    found = Stage(home)
    cluster.ensure_running()
    try:
        gisapp(found.environment, "setup")
        prepare(found)
        found.start()
        yield found
    finally:
        found.close()
        cluster.stop(immediate=True)


def told(address: str) -> str:
    """What /readyz says is missing."""
    try:
        with urllib.request.urlopen(address + "/readyz", timeout=5) as answer:
            return str(answer.read()[:1000])
    except urllib.error.HTTPError as error:
        return str(error.read()[:1000])
    except OSError as error:
        return repr(error)
