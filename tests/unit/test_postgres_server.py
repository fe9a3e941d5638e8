"""Which PostgreSQL is taken, how its programs are run, and settings that fit the machine."""

import os
from pathlib import Path

import pytest

from gisapp import postgres_server
from gisapp.postgres_server import Server, configuration, dynamic_shared_memory, environment, installed_servers


def install(root: Path, major: int, *, postgis: bool = True) -> None:
    (root / f"usr/lib/postgresql/{major}/bin").mkdir(parents=True)
    (root / f"usr/lib/postgresql/{major}/bin/postgres").touch()
    extension = root / f"usr/share/postgresql/{major}/extension"
    extension.mkdir(parents=True)
    if postgis:
        (extension / "postgis.control").touch()


def test_newest_server_with_postgis_comes_first(tmp_path: Path) -> None:
    install(tmp_path, 15)
    install(tmp_path, 16)
    install(tmp_path, 17, postgis=False)
    assert [server.major for server in installed_servers((tmp_path,))] == [16, 15]


def test_distribution_before_unpacked_of_the_same_version(tmp_path: Path) -> None:
    for name in ("one", "two"):
        install(tmp_path / name, 15)
    found = installed_servers((tmp_path / "one", tmp_path / "two"))
    assert [server.root.name for server in found] == ["one", "two"]


def unpacked(root: Path) -> Server:
    machine = root / "usr/lib/x86_64-linux-gnu"
    for name in ("libgeos.so.3", "blas/libblas.so.3", "lapack/liblapack.so.3", "gdalplugins/ogr_x.so"):
        (machine / name).parent.mkdir(parents=True, exist_ok=True)
        (machine / name).touch()
    (root / "usr/lib/libarmadillo.so.11").touch()
    install(root, 15)
    return Server(root / "usr/lib/postgresql/15/bin", 15, root)


def test_unpacked_server_finds_its_libraries_and_grids(tmp_path: Path) -> None:
    env = environment(unpacked(tmp_path))
    machine = tmp_path / "usr/lib/x86_64-linux-gnu"
    expected = [tmp_path / "usr/lib", machine, machine / "blas", machine / "lapack"]
    assert env["LD_LIBRARY_PATH"].split(":") == [str(path) for path in expected]
    assert env["PROJ_LIB"] == env["PROJ_DATA"] == str(tmp_path / "usr/share/proj")


def test_callers_own_variables_do_not_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGDATA", "PROJ_LIB", "GDAL_DATA", "LD_LIBRARY_PATH"):
        monkeypatch.setenv(name, "/elsewhere")
    env = environment(Server(Path("/usr/lib/postgresql/15/bin"), 15))
    assert "/elsewhere" not in env.values()


def test_this_process_keeps_clear_of_proj_variables() -> None:
    assert not {"PROJ_LIB", "PROJ_DATA"} & set(os.environ)


@pytest.mark.parametrize(("memory", "shared"), [(512, "128MB"), (4096, "1024MB"), (65536, "4096MB")])
def test_shared_buffers_follow_the_memory(memory: int, shared: str) -> None:
    assert f"shared_buffers = {shared}\n" in configuration(memory, 2, Path("/run/x"))


def test_durability_stays_as_shipped() -> None:
    text = configuration(8192, 4, Path("/run/x"))
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        assert name not in text
    assert "listen_addresses = ''\n" in text


def test_without_a_usable_shm_directory_system_v_is_used(tmp_path: Path) -> None:
    assert dynamic_shared_memory(tmp_path / "missing") == "sysv"
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o755)
    assert dynamic_shared_memory(closed) == "sysv"


def test_small_shm_directory_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shm = tmp_path / "shm"
    shm.mkdir()
    shm.chmod(0o1777)
    assert dynamic_shared_memory(shm) == "posix"
    monkeypatch.setattr(postgres_server, "ROOMY_SHM", 10**18)
    assert dynamic_shared_memory(shm) == "sysv"
