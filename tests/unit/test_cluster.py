"""The private cluster says in one line what is wrong and what mends it, and touches nothing then."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from gisapp import cluster
from gisapp.cluster import ClusterError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """GISAPP_PG in a directory of this test; messages in German."""
    monkeypatch.setenv("GISAPP_PG", str(tmp_path / "pg"))
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setattr(cluster, "OUTSIDE", tmp_path / "outside")
    monkeypatch.setattr(cluster, "_reachable", lambda _path: True)
    return tmp_path / "pg"


def test_01_cluster_of_another_major_version_is_refused_untouched(place: Path) -> None:
    place.mkdir()
    (place / "PG_VERSION").write_text("9\n")
    ids = cluster._server_ids()
    if ids:
        os.chown(place, *ids)
    with pytest.raises(ClusterError, match=r"stammt von PostgreSQL 9; installiert ist \d+.*postgresql-9-postgis-3"):
        cluster.ensure_running()
    assert [path.name for path in place.iterdir()] == ["PG_VERSION"]


def test_02_a_directory_with_other_things_in_it_is_refused_untouched(place: Path) -> None:
    place.mkdir()
    (place / "steuern.ods").write_text("wichtig")
    ids = cluster._server_ids()
    if ids:
        os.chown(place, *ids)
    with pytest.raises(ClusterError, match="kein leeres Verzeichnis und kein Cluster"):
        cluster.ensure_running()
    assert (place / "steuern.ods").read_text() == "wichtig"


def test_03_somebody_elses_cluster(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.mkdir()
    (place / "PG_VERSION").write_text("15\n")
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    with pytest.raises(ClusterError, match=r"gehört \w+, hier läuft uid 54321. Abhilfe: als \w+ aufrufen, oder"):
        cluster.ensure_running()


def test_04_full_disk_before_anything_is_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(place.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=10 * 1024**2))
    with pytest.raises(ClusterError, match=r"Datenträger von .* ist voll; .* mindestens 300 MB"):
        cluster.ensure_running()
    assert not place.exists()


def test_05_a_place_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setenv("GISAPP_PG", "/proc/gisapp/pg")
    refused = pytest.raises(ClusterError, match=r"/proc/gisapp cannot be written. Mend it: set GISAPP_DATA")
    with refused, cluster.in_use():
        pass


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("initdb: error: could not write: No space left on device", "ist voll"),
        ("could not create directory: Read-only file system", "nicht beschreibbar"),
        ('could not access directory "/geheim/x": Permission denied', "nicht betreten darf"),
        ("LOG: starting\nFATAL:  invalid value for parameter\nLOG: down", "FATAL:  invalid value for parameter"),
    ],
)
def test_06_what_server_programs_say(place: Path, output: str, says: str) -> None:
    assert says in str(cluster.explain_output("initdb", output, place))


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "ist voll"), (errno.EROFS, "nicht beschreibbar"), (errno.EIO, "Input/output")]
)
def test_07_what_the_file_system_says(place: Path, number: int, says: str) -> None:
    assert says in str(cluster.explain(OSError(number, os.strerror(number), str(place)), place))


def test_08_characters_that_break_pg_ctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GISAPP_PG", str(tmp_path / "a$b" / "pg"))
    with pytest.raises(ClusterError, match="GISAPP_PG"):
        cluster.ensure_running()


class TestSocketDirectory:
    def test_01_beside_the_cluster(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GISAPP_PG", "/srv/ein ort/pg")
        assert cluster.socket_dir() == Path("/srv/ein ort/pg-run")

    @pytest.mark.parametrize("path", ["/srv/" + "sehr-" * 20 + "lang/pg", "/srv/a,b/pg", "/srv/Hütten/pg"])
    def test_02_in_tmp_where_the_path_does_not_serve(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GISAPP_PG", path)
        assert str(cluster.socket_dir()).startswith(f"/tmp/gisapp-{os.getuid()}-")
        assert len(str(cluster.socket_dir())) < cluster.LONGEST_SOCKET_DIR

    def test_03_a_relative_path_means_one_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GISAPP_PG", "pg")
        assert cluster.cluster_dir() == Path.cwd() / "pg"
