"""Ctrl-C ends the server and its workers at any moment, also while they are still loading."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def members(group: int) -> list[int]:
    """The living processes of a process group."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _parent, its_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(entry.name))
    return found


@pytest.mark.parametrize("after", [0.0, 0.2, 0.5, 1.5])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_nothing(after: float, sent: signal.Signals) -> None:
    port = free_port()
    command = [sys.executable, "-m", "gisapp", "serve", "--port", str(port), "--workers", "2"]
    server = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not listens(port):
            assert server.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        time.sleep(after)
        os.killpg(server.pid, sent)
        server.wait(timeout=15)
        assert members(server.pid) == []
    finally:
        if members(server.pid):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
