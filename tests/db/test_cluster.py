"""A throw-away cluster through its life: made, killed, fought over, left.

It lies below a path with spaces that is too long for a socket, as checkouts sometimes do.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from gisapp import cluster

# Holds the cluster until a line comes in; then leaves.
USER = "from gisapp import cluster\nwith cluster.in_use():\n    print('in', flush=True)\n    input()\n"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A directory that the server's user may enter (pytest's own are closed to it)."""
    top = Path(tempfile.mkdtemp(prefix="gisapp-test-"))
    top.chmod(0o755)
    yield top / "ein Pfad mit Leerzeichen, der für einen Socket viel zu lang ist, wie es vorkommt" / "pg"
    shutil.rmtree(top)


@pytest.fixture(autouse=True)
def place(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GISAPP_PG", str(home))
    yield home
    if home.exists():
        cluster.stop(immediate=True)


def ask(sql: str, database: str = cluster.DATABASE, role: str = "postgres") -> list[tuple[object, ...]]:
    with psycopg.connect(**cluster.dsn(database, role), autocommit=True) as connection:  # type: ignore[arg-type]
        cursor = connection.execute(sql)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


@contextlib.contextmanager
def other_user() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", USER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def has_entered(process: subprocess.Popen[str]) -> bool:
    assert process.stdout
    return process.stdout.readline() == "in\n"


def leave(process: subprocess.Popen[str]) -> int:
    process.communicate("\n", timeout=30)
    return process.returncode


def test_01_made_for_this_checkout_alone(place: Path) -> None:
    assert cluster.ensure_running() is True
    assert cluster.ensure_running() is False
    assert ask("SHOW listen_addresses") == [("",)]
    assert {name for (name,) in ask("SELECT extname FROM pg_extension")} >= set(cluster.EXTENSIONS)
    assert ask("SELECT 1", role=cluster.WEB_ROLE) == [(1,)]
    assert cluster.socket_dir().stat().st_mode & 0o777 == 0o700
    assert place.stat().st_uid != 0
    assert ask("SELECT pg_is_in_recovery(), current_setting('fsync')") == [(False, "on")]


def test_02_committed_work_survives_kill_9_of_the_postmaster(place: Path) -> None:
    cluster.ensure_running()
    ask("CREATE TABLE kept (n int)")
    ask("INSERT INTO kept SELECT generate_series(1, 1000)")
    # A child that is busy outlives its postmaster for a moment and holds the shared memory.
    busy = psycopg.connect(**cluster.dsn(), autocommit=True)  # type: ignore[arg-type]
    os.kill(int((place / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    assert cluster.ensure_running() is True
    assert ask("SELECT count(*) FROM kept") == [(1000,)]
    busy.close()


def test_03_a_number_that_another_program_has_now_is_no_server(place: Path) -> None:
    cluster.ensure_running()
    cluster.stop()
    (place / "postmaster.pid").write_text(f"{os.getpid()}\n{place}\n")
    assert cluster.ensure_running() is True
    assert ask("SELECT 1") == [(1,)]


def test_04_a_server_that_lost_its_socket_is_started_again() -> None:
    cluster.ensure_running()
    shutil.rmtree(cluster.socket_dir())
    assert cluster.ensure_running() is True
    assert ask("SELECT 1") == [(1,)]


def test_05_two_start_at_once_and_the_last_one_out_stops_it() -> None:
    with other_user() as one, other_user() as two:
        assert has_entered(one)
        assert has_entered(two)
        assert leave(one) == 0
        assert cluster.runs()
        assert leave(two) == 0
    assert not cluster.runs()


def test_06_a_killed_user_holds_nothing() -> None:
    with other_user() as killed:
        assert has_entered(killed)
        killed.kill()
        killed.wait()
        assert cluster.runs()
        with cluster.in_use():
            assert ask("SELECT 1") == [(1,)]
    assert not cluster.runs()


def test_07_a_set_up_that_was_killed_is_finished(place: Path) -> None:
    (place / "gisapp.ready").unlink()
    building = place.with_name("pg.new")
    building.mkdir()
    (building / "half").touch()
    cluster.ensure_running()
    ask(f"DROP DATABASE {cluster.DATABASE}", "postgres")
    (place / "gisapp.ready").unlink()
    cluster.ensure_running()
    assert ask("SELECT 1") == [(1,)]


def test_08_extensions_follow_the_installed_packages() -> None:
    cluster.ensure_running()
    ask("DROP EXTENSION pg_trgm")
    assert [line.split()[1] for line in cluster.refresh_extensions()] == ["pg_trgm"]
    assert cluster.refresh_extensions() == []


def test_09_settings_of_ones_own_are_kept(place: Path) -> None:
    (place / "conf.d" / "eigene.conf").write_text("max_connections = 33\n")
    cluster.ensure_running()
    assert ask("SHOW max_connections") == [("33",)]


def test_10_database_url_is_honoured_and_no_private_cluster_is_made(tmp_path: Path) -> None:
    cluster.ensure_running()
    url = f"postgresql://{cluster.OWNER_ROLE}@/{cluster.DATABASE}?host={cluster.socket_dir()}"
    environment = {key: value for key, value in os.environ.items() if key != "GISAPP_PG"}
    environment |= {"DATABASE_URL": url, "GISAPP_DATA": str(tmp_path), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "gisapp", "check", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    parts = {part["key"]: part for part in json.loads(done.stdout)["parts"]}
    assert parts["database"]["state"] == parts["postgis"]["state"] == "ok"
    # Nothing was migrated there and nothing collected here, and both are said.
    assert parts["migrations"]["state"] == "wrong"
    assert parts["static"]["state"] == "missing"
    assert done.returncode == 1
    assert not list(tmp_path.glob("pg*"))


def test_20_a_service_of_its_own_keeps_it_running(place: Path, tmp_path: Path) -> None:
    """`gisapp database`: it says when it is ready, is there again after its server was killed, and leaves in order."""
    notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notified.bind(str(tmp_path / "notify"))
    notified.settimeout(60)
    command = [sys.executable, "-m", "gisapp", "database"]
    without = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = subprocess.Popen(
        command, env={**without, "NOTIFY_SOCKET": str(tmp_path / "notify")}, stderr=subprocess.PIPE
    )
    try:
        assert notified.recv(100) == b"READY=1"
        assert ask("SELECT 1") == [(1,)]
        before = cluster._postmaster(cluster.cluster_dir().resolve())
        assert before is not None
        os.kill(before, signal.SIGKILL)
        assert eventually(lambda: cluster._postmaster(cluster.cluster_dir().resolve()) not in (None, before), 30)
        assert eventually(answers, 30)
        process.terminate()
        assert process.wait(60) == 130
        assert not cluster.runs()
    finally:
        notified.close()
        process.kill()
        process.wait()


def answers() -> bool:
    try:
        return ask("SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def test_21_the_service_has_nothing_to_do_for_another_server() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gisapp", "database"], capture_output=True, text=True,
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"},
    )  # fmt: skip
    assert done.returncode == 2
    assert "DATABASE_URL" in done.stderr
