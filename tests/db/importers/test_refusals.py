"""Files that must not come in: each refused with a clear error and an unchanged database."""

import http.server
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pyogrio
import pytest
from django.apps import apps
from django.db import connection

from gisapp.errors import BadInput
from importers import opening, vector
from layers.basemap.models import Poi
from tests.db.importers.conftest import Importer, square, write_file

pytestmark = pytest.mark.django_db
POINTS = [f"POINT ({550000 + n * 100} 6030000)" for n in range(50)]
COLUMNS = {"id": [f"i{n}" for n in range(50)], "kind": ["school"] * 50}
GML = """<?xml version="1.0"?>{doctype}
<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink">
<gml:featureMember><ogr:p fid="1"><ogr:geometryProperty{link}><gml:Point srsName="EPSG:25832">
<gml:coordinates>550000,6030000</gml:coordinates></gml:Point></ogr:geometryProperty><ogr:kind>{value}</ogr:kind></ogr:p></gml:featureMember></ogr:FeatureCollection>"""
KML = """<?xml version="1.0"?>{doctype}<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>{value}</name>
<Point><coordinates>9.7,54.4</coordinates></Point></Placemark></Document></kml>"""
VRT = """<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>
</OGRVRTDataSource>"""
BOMB = """<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>"""


def refused(run: Importer, file: Path, code: str, layer: str = "pois", **more: object) -> BadInput:
    """The import is refused with this code and leaves every table as it was."""
    before = counts()
    with pytest.raises(BadInput) as caught:
        run(layer, file, **more)
    assert caught.value.code == code
    assert str(file.name) in str(caught.value) or code in str(caught.value)
    assert "?" not in caught.value.text("de").replace("??", ""), caught.value.text("de")
    assert counts() == before
    return caught.value


def counts() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM basemap_poi), (SELECT count(*) FROM basemap_building),"
            " (SELECT count(*) FROM regions_municipality), (SELECT count(*) FROM regions_address)"
        )
        return list(cursor.fetchone())


@pytest.fixture
def gpkg(tmp_path: Path) -> Path:
    return write_file(tmp_path / "pois.gpkg", POINTS, COLUMNS, kind="Point")


class TestNoFile:
    def test_01_missing(self, run: Importer, tmp_path: Path) -> None:
        refused(run, tmp_path / "nirgends.gpkg", "no-such-file")

    def test_02_folder(self, run: Importer, tmp_path: Path) -> None:
        refused(run, tmp_path, "is-directory")

    def test_03_device_and_pipe(self, run: Importer, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.csv")
        refused(run, tmp_path / "pipe.csv", "not-a-plain-file")
        refused(run, Path("/dev/zero"), "not-a-plain-file")

    def test_04_unreadable(self, run: Importer, gpkg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if os.geteuid():
            gpkg.chmod(0)
        else:  # root reads everything: let the system say no
            real = Path.open

            def closed(self: Path, *args: object, **more: object) -> object:
                if self.name == "pois.gpkg":
                    raise PermissionError(13, "Permission denied")
                return real(self, *args, **more)  # type: ignore[call-overload]

            monkeypatch.setattr(Path, "open", closed)
        assert "Permission denied" in refused(run, gpkg, "file-unreadable").text()

    def test_05_empty(self, run: Importer, tmp_path: Path) -> None:
        (tmp_path / "leer.geojson").touch()
        refused(run, tmp_path / "leer.geojson", "file-empty")

    @pytest.mark.parametrize(
        "name", ["PG:host=localhost", "/vsicurl/http://127.0.0.1/x.gpkg", "http://127.0.0.1/x.gpkg", "WFS:http://x"]
    )
    def test_06_connection_strings_are_no_files(self, run: Importer, name: str) -> None:
        refused(run, Path(name), "no-such-file")


class TestBroken:
    @pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
    def test_01_truncated_geopackage(self, run: Importer, gpkg: Path, share: float) -> None:
        gpkg.write_bytes(gpkg.read_bytes()[: int(gpkg.stat().st_size * share)])
        refused(run, gpkg, "file-corrupt")

    def test_02_damaged_geopackage(self, run: Importer, gpkg: Path) -> None:
        content = bytearray(gpkg.read_bytes())
        content[4096:] = bytes(len(content) - 4096)
        gpkg.write_bytes(content)
        refused(run, gpkg, "file-corrupt")

    @pytest.mark.parametrize(
        ("suffix", "driver"),
        [(".fgb", "FlatGeobuf"), (".geojson", "GeoJSON"), (".gml", "GML"), (".shp", "ESRI Shapefile")],
    )
    def test_03_truncated(self, run: Importer, tmp_path: Path, suffix: str, driver: str) -> None:
        crs = "EPSG:4326" if suffix == ".geojson" else "EPSG:25832"
        file = write_file(tmp_path / f"p{suffix}", POINTS, COLUMNS, kind="Point", driver=driver, crs=crs)
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        refused(run, file, "file-corrupt")

    def test_04_truncated_osm(self, real_data: Path, tmp_path: Path) -> None:
        from gisapp.layer import all_targets
        from importers.osm import run_osm_import
        from importers.plan import Options
        from importers.progress import Reporter

        file = tmp_path / "half.osm.pbf"
        content = (real_data / "osm" / "zhelez.osm.pbf").read_bytes()
        file.write_bytes(content[: len(content) // 2])
        with pytest.raises(BadInput, match="file-corrupt"):
            run_osm_import("osm", file, all_targets(), Options(), "", Reporter())
        assert apps.get_model("basemap.Road").objects.count() == 0

    @pytest.mark.parametrize("missing", [".shx", ".dbf"])
    def test_05_shapefile_without_a_part(self, run: Importer, tmp_path: Path, missing: str) -> None:
        file = write_file(tmp_path / "p.shp", POINTS, COLUMNS, kind="Point", driver="ESRI Shapefile")
        file.with_suffix(missing).unlink()
        assert missing in refused(run, file, "shapefile-incomplete").text()

    def test_06_no_features(self, run: Importer, tmp_path: Path) -> None:
        file = tmp_path / "p.geojson"
        file.write_text('{"type": "FeatureCollection", "features": []}')
        refused(run, file, "no-features")

    @pytest.mark.parametrize(("name", "content"), [
        ("x.pdf", b"%PDF-1.4 \0\1\2"), ("x.gpkg", b"hello, this is no package"), ("x.csv", b"\x89PNG\r\n\x1a\n\0\0\0"),
        ("x.json", b'{"name": "no geodata"}'), ("x.vrt", b"<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>"),
        ("x.geojson", VRT.encode()),
    ])  # fmt: skip
    def test_07_unknown_format(self, run: Importer, tmp_path: Path, name: str, content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        refused(run, tmp_path / name, "unsupported-file")

    @pytest.mark.parametrize(("text", "code"), [
        ("Liebe Leute,\nanbei der Text.\nGruß\n", "not-a-table"), ("a;b\n1;2\n", "no-geometry"),
        ("name;lon;lat\nx;9;54\n", "column-missing"),
    ])  # fmt: skip
    def test_08_text_that_is_no_table_of_places(self, run: Importer, tmp_path: Path, text: str, code: str) -> None:
        (tmp_path / "text.csv").write_text(text)
        refused(run, tmp_path / "text.csv", code)

    def test_09_a_missing_column_names_those_that_exist(self, run: Importer, tmp_path: Path) -> None:
        file = write_file(tmp_path / "p.gpkg", POINTS, {"foo": ["x"] * 50}, kind="Point")
        error = refused(run, file, "column-missing")
        assert "kind" in error.text() and "foo" in error.text()

    def test_10_several_layers(self, run: Importer, gpkg: Path) -> None:
        write_file(gpkg, POINTS, COLUMNS, kind="Point", layer="second", append=True)
        assert "second" in refused(run, gpkg, "several-layers").text()
        text = 'file_layer = "second"\n[fields]\nkind = "kind"\n[id]\ncolumn = "id"\n'
        assert run("pois", gpkg, map=text).created == 50

    @pytest.mark.parametrize(
        "text", ["= nonsense", 'colour = "red"', "[fields]\nkind = 3", '[fields]\nnowhere = "kind"']
    )
    def test_11_bad_mapping(self, run: Importer, gpkg: Path, text: str) -> None:
        refused(run, gpkg, "bad-mapping", map=text)

    def test_12_a_file_that_changes_meanwhile(self, run: Importer, gpkg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = vector.open_vector

        def slow(opened: opening.Opened, layer: str = "") -> object:
            source = real(opened, layer)
            os.utime(gpkg, ns=(1, 1))
            return source

        monkeypatch.setattr(vector, "open_vector", slow)
        refused(run, gpkg, "file-changed")


class TestTooMuch:
    def test_01_bytes(self, run: Importer, gpkg: Path, settings: object) -> None:
        settings.IMPORT_MAX_MB = 0  # type: ignore[attr-defined]
        refused(run, gpkg, "file-too-big")

    def test_02_features(self, run: Importer, gpkg: Path, settings: object) -> None:
        settings.IMPORT_MAX_FEATURES = 49  # type: ignore[attr-defined]
        refused(run, gpkg, "too-many-features")

    def test_03_zip_bomb(self, run: Importer, tmp_path: Path) -> None:
        file = tmp_path / "bomb.zip"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("p.geojson", b" " * (64 * 1024 * 1024))
        refused(run, file, "zip-bomb")

    def test_04_zip_that_lies_about_its_size(self, run: Importer, tmp_path: Path) -> None:
        file = tmp_path / "liar.zip"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("p.geojson", b" " * (30 * 1024 * 1024))
        content = bytearray(file.read_bytes())
        where = content.rfind(b"PK\x01\x02")
        content[where + 24 : where + 28] = struct.pack("<I", 1000)
        file.write_bytes(content)
        refused(run, file, "file-corrupt")

    @pytest.mark.parametrize(
        "name", ["../evil.geojson", "/etc/evil.geojson", "a/../../evil.geojson", "..\\evil.geojson", "C:\\evil.geojson"]
    )
    def test_05_zip_that_reaches_outside(self, run: Importer, tmp_path: Path, name: str) -> None:
        file = tmp_path / "evil.zip"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, "{}")
        refused(run, file, "zip-path")

    def test_06_zip_with_nothing_or_two_things(self, run: Importer, tmp_path: Path) -> None:
        for names in ([], ["readme.txt"], ["a.geojson", "b.geojson"]):
            file = tmp_path / "x.zip"
            with zipfile.ZipFile(file, "w") as archive:
                for name in names:
                    archive.writestr(name, "{}")
            refused(run, file, "zip-contents")
        (tmp_path / "half.zip").write_bytes(b"PK\x03\x04" + b"x" * 100)
        refused(run, tmp_path / "half.zip", "file-corrupt")


class TestHostile:
    @pytest.mark.parametrize(("name", "text"), [("x.gml", GML), ("x.kml", KML)])
    def test_01_entity_bombs(self, run: Importer, tmp_path: Path, name: str, text: str) -> None:
        file = tmp_path / name
        file.write_text(text.format(doctype=BOMB, value="&c;", link=""))
        refused(run, file, "xml-entities")
        outside = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        file.write_text(
            text.format(doctype="<!--" + "x" * 70_000 + "-->" + outside, value="&e;", link=""), encoding="utf-16"
        )
        refused(run, file, "xml-entities")

    def test_02_gml_fetches_nothing(self, run: Importer, tmp_path: Path) -> None:
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            link = f' xlink:href="http://127.0.0.1:{server.server_port}/geometry.gml"'
            link += f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://x http://127.0.0.1:{server.server_port}/x.xsd"'
            file = tmp_path / "x.gml"
            file.write_text(GML.format(doctype="", value="school", link=link))
            report = run("pois", file)
            server.shutdown()
        assert asked == []
        assert report.created == 1

    def test_03_gdal_knows_no_other_driver_and_no_network(self, tmp_path: Path) -> None:
        vector.restrict_gdal()
        assert set(pyogrio.list_drivers()) <= vector.ALLOWED_DRIVERS
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.5)
            port = server.getsockname()[1]
            for name in (
                f"/vsicurl/http://127.0.0.1:{port}/x.gpkg",
                f"WFS:http://127.0.0.1:{port}",
                f"http://127.0.0.1:{port}/x.json",
            ):
                with pytest.raises(Exception, match=r".+"):
                    pyogrio.read_info(name)
            with pytest.raises(TimeoutError):
                server.accept()
        vrt = tmp_path / "x.vrt"
        vrt.write_text(VRT)
        with pytest.raises(pyogrio.errors.DataSourceError):
            pyogrio.read_info(vrt)

    def test_04_a_name_with_signs_is_only_a_name(self, run: Importer, tmp_path: Path) -> None:
        folder = tmp_path / "zip:--x!"
        folder.mkdir()
        file = write_file(tmp_path / "p.gpkg", POINTS, COLUMNS, kind="Point").rename(
            folder / "a'b\"; DROP TABLE x; --.gpkg"
        )
        assert run("pois", file).created == 50

    def test_05_columns_and_values_are_only_text(self, run: Importer, tmp_path: Path) -> None:
        evil = "x'); DROP TABLE basemap_poi; -- {geom} %s"
        file = write_file(tmp_path / "p.gpkg", POINTS[:1], {evil: [evil], "nr": ["1"]}, kind="Point")
        column = evil.replace('"', '\\"')
        mapping = f'source = "{evil}"\n[fields]\nkind = "{column}"\n[id]\ncolumn = "nr"\n'
        mapping += f'[constants]\nname = "{evil}"\n[values.name]\n"{evil}" = "{evil}"\n'
        assert run("pois", file, map=mapping).created == 1
        found = apps.get_model("basemap.Poi").objects.get()
        assert (found.kind, found.name, found.source) == (evil, evil, evil)

    def test_06_nul_characters_do_not_end_the_import(self, run: Importer, tmp_path: Path) -> None:
        file = tmp_path / "p.csv"
        file.write_bytes(b"id;kind;name;lon;lat\na;school;A\0B;9.7;54.4\n")
        mapping = '[fields]\nkind = "kind"\nname = "name"\n[id]\ncolumn = "id"\n'
        try:
            report = run("pois", file, map=mapping)
        except BadInput as error:
            assert error.code == "unsupported-file"
        else:
            assert report.created == 1


class TestOptions:
    def test_01_dry_run_changes_nothing(self, run: Importer, gpkg: Path) -> None:
        report = run("pois", gpkg, dry_run=True)
        assert (report.created, report.rolled_back, counts()[0]) == (50, True, 0)

    def test_02_strict_keeps_nothing_when_a_row_is_rejected(self, run: Importer, tmp_path: Path) -> None:
        file = write_file(tmp_path / "b.gpkg", [square(550000, 6030000), "POINT (550000 6030000)"], {"id": ["a", "b"]})
        report = run("buildings", file, strict=True)
        assert (report.rolled_back, report.rejected_count, counts()[1]) == (True, 1, 0)
        assert run("buildings", file).created == 1

    def test_02b_sync_does_not_retire_what_could_not_be_read(self, run: Importer, tmp_path: Path) -> None:
        """A row with a broken coordinate is still in the file: its feature stays until somebody decides."""
        file = tmp_path / "orte.csv"
        head = "id,name,kind,lon,lat\n"
        file.write_text(head + "1,Eins,shop,9.7,54.4\n2,Zwei,shop,9.7,54.4\n3,Drei,shop,9.7,54.4\n")
        assert run("pois", file, source="orte").created == 3
        file.write_text(head + "1,Eins,shop,9.7,54.4\n2,Zwei,shop,neun,54.4\n")
        report = run("pois", file, source="orte", sync=True)
        live = Poi.objects.filter(source="orte", retired_at__isnull=True).values_list("name", flat=True)
        assert set(live) == {"Eins", "Zwei", "Drei"}
        assert (report.retired, report.rejected_count) == (0, 1)
        assert any("Nichts stillgelegt" in note for note in report.notes)

    def test_03_a_second_import_into_the_layer_waits_its_turn(self, gpkg: Path, run: Importer) -> None:
        import psycopg

        settings = connection.settings_dict
        with psycopg.connect(host=settings["HOST"], dbname=settings["NAME"], user=settings["USER"],
                             password=settings["PASSWORD"] or None,
                             port=settings["PORT"] or None) as other:  # fmt: skip
            other.execute("SELECT pg_advisory_xact_lock(hashtext('gisapp import'), hashtext('basemap_poi'))")
            refused(run, gpkg, "import-busy")


@pytest.mark.django_db(transaction=True)
class TestKilled:
    def _start(self, file: Path, tmp_path: Path) -> subprocess.Popen[bytes]:
        settings = connection.settings_dict
        place = f"host={settings['HOST']}&port={settings['PORT'] or 5432}"
        url = f"postgresql://{settings['USER']}:{settings['PASSWORD']}@/{settings['NAME']}?{place}"
        environment = os.environ | {"DATABASE_URL": url}
        command = [sys.executable, "-m", "gisapp", "import", "pois", str(file)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _busy(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%import_raw_pois%'"
                           " AND pid <> pg_backend_pid() AND datname = current_database())")  # fmt: skip
            return bool(cursor.fetchone()[0])

    @pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
    def test_01_in_the_middle_nothing_stays(self, tmp_path: Path, by: signal.Signals) -> None:
        count = 300_000
        shapes = [f"POINT ({500000 + n % 1000 * 100} {6000000 + n // 1000 * 100})" for n in range(count)]
        columns = {
            "id": [f"i{n}" for n in range(count)],
            "kind": ["school"] * count,
            "name": [f"Ort {n}" for n in range(count)],
        }
        file = write_file(tmp_path / "big.fgb", shapes, columns, kind="Point", SPATIAL_INDEX="NO")
        process = self._start(file, tmp_path)
        deadline = time.monotonic() + 60
        while not self._busy():
            assert process.poll() is None and time.monotonic() < deadline, "the import was not seen at work"
            time.sleep(0.02)
        process.send_signal(by)
        assert process.wait(60) != 0
        while self._busy():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert counts()[0] == 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'basemap_poi'")
            assert cursor.fetchone()[0] >= 5
            cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'import\\_%'")
            assert cursor.fetchone()[0] == 0
