"""Ctrl-C ends the server, its processes and the demo's worker at any moment, also while they are still loading."""

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


@pytest.mark.parametrize("after", [0.0, 3.0])
@pytest.mark.parametrize(("sent", "to_all"), [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGINT, False)])
def test_the_demo_ends_with_its_server_and_its_worker(after: float, sent: signal.Signals, to_all: bool) -> None:
    """The three processes of `gisapp demo --serve`: a terminal tells them all at once, a supervisor the first alone."""
    port = free_port()
    code = (
        "import argparse, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt));"
        "from gisapp.commands.demo import serve_elsewhere as go;"
        f"raise SystemExit(go(argparse.Namespace(host='127.0.0.1', port={port}, workers=1)))"
    )
    demo = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 40
        while not listens(port):
            assert demo.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        assert len(members(demo.pid)) >= 3
        time.sleep(after)
        (os.killpg if to_all else os.kill)(demo.pid, sent)
        demo.wait(timeout=30)
        assert members(demo.pid) == []
    finally:
        if members(demo.pid):
            os.killpg(demo.pid, signal.SIGKILL)
        demo.wait()
