"""Every format by round trip, coordinate systems, encodings, kinds of geometry, kinds of values."""

import zipfile
from datetime import date
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.gis.db.models.functions import AsWKT
from django.db import connection

from gisapp.errors import BadInput
from tests.db.importers.conftest import Importer, square, write_file

pytestmark = pytest.mark.django_db
POINTS = ["POINT (550000 6030000)", "POINT (551000 6031000)", "POINT (552000 6032000)"]
UTM = 'crs = "EPSG:25832"\n[fields]\nkind = "kind"\n[id]\ncolumn = "id"\n'
COLUMNS = {"id": ["a", "b", "c"], "kind": ["school", "bakery", "park"], "name": ["Öhlmühle", "Bäcker", None]}


def pois() -> list[tuple[str, str, str, str]]:
    model = apps.get_model("basemap.Poi")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source_id, kind, name, ST_AsText(ST_SnapToGrid(geom, 0.01)) FROM basemap_poi ORDER BY kind DESC"
        )
        assert model.objects.count() >= 0
        return cursor.fetchall()


EXPECTED = [
    ("a", "school", "Öhlmühle", "POINT(550000 6030000)"),
    ("c", "park", "", "POINT(552000 6032000)"),
    ("b", "bakery", "Bäcker", "POINT(551000 6031000)"),
]


class TestFormats:
    @pytest.mark.parametrize(("suffix", "driver"), [
        (".gpkg", "GPKG"), (".shp", "ESRI Shapefile"), (".fgb", "FlatGeobuf"), (".gml", "GML"),
    ])  # fmt: skip
    def test_01_round_trip(self, run: Importer, tmp_path: Path, suffix: str, driver: str) -> None:
        file = write_file(tmp_path / f"pois{suffix}", POINTS, COLUMNS, kind="Point", driver=driver)
        report = run("pois", file)
        assert (report.read, report.created, report.rejected) == (3, 3, [])
        assert pois() == EXPECTED
        again = run("pois", file)
        assert (again.created, again.updated, again.unchanged) == (0, 0, 3)

    @pytest.mark.parametrize(("suffix", "driver"), [(".geojson", "GeoJSON"), (".kml", "KML")])
    def test_02_round_trip_in_degrees(self, run: Importer, tmp_path: Path, suffix: str, driver: str) -> None:
        degrees = ["POINT (9.77 54.41)", "POINT (9.78 54.42)", "POINT (9.79 54.43)"]
        file = write_file(tmp_path / f"pois{suffix}", degrees, COLUMNS, kind="Point", crs="EPSG:4326", driver=driver)
        mapping = '[fields]\nkind = "kind"\nname = "name"\n[id]\ncolumn = "id"\n'
        if driver == "KML":  # GDAL's KML calls the name Name and keeps the rest as extended data
            mapping = mapping.replace('"name"', '"Name"').replace('"id"', '"id2"')
        report = run("pois", file, map=mapping)
        assert (report.read, report.created, report.rejected) == (3, 3, [])
        model = apps.get_model("basemap.Poi")
        assert {one.source_id for one in model.objects.all()} == {"a", "b", "c"}
        point = model.objects.get(source_id="a").geom
        point.transform(4326)
        assert (point.x, point.y) == (pytest.approx(9.77, abs=1e-8), pytest.approx(54.41, abs=1e-8))

    def test_03_zipped_shapefile(self, run: Importer, tmp_path: Path) -> None:
        write_file(tmp_path / "pois.shp", POINTS, COLUMNS, kind="Point", driver="ESRI Shapefile")
        file = tmp_path / "pois.zip"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in tmp_path.glob("pois.*"):
                if part.suffix != ".zip":
                    archive.write(part, f"ordner/{part.name}")
        assert run("pois", file).created == 3
        assert pois() == EXPECTED

    def test_04_dxf_areas_are_closed_lines(self, run: Importer, tmp_path: Path) -> None:
        ring = "LINESTRING (550000 6030000, 550010 6030000, 550010 6030010, 550000 6030010, 550000 6030000)"
        file = write_file(
            tmp_path / "haus.dxf", [ring, "LINESTRING (550000 6030000, 550010 6030010)"], {}, driver="DXF", crs=None
        )
        report = run("buildings", file, map='crs = "EPSG:25832"\n[constants]\nkind = "house"\n')
        assert (report.read, report.created) == (2, 1)
        assert [(one.row, one.code) for one in report.rejected] == [(2, "geometry-type")]
        assert apps.get_model("basemap.Building").objects.get().geom.area == pytest.approx(100, rel=1e-6)

    @pytest.mark.parametrize(("text", "mapping"), [
        ("id;kind;lon;lat\na;school;9,77;54,41\n", ""),
        ("id,kind,longitude,latitude\na,school,9.77,54.41\n", ""),
        ("id\tkind\tx\ty\na\tschool\t549970.5\t6029500\n", UTM),
        ("id|kind|wkt\na|school|POINT (549970 6029500)\n", UTM),
        ('id,kind,wkt\na,school,"SRID=25832;POINT (549970 6029500)"\n',
         UTM),
    ])  # fmt: skip
    def test_05_csv_of_every_shape(self, run: Importer, tmp_path: Path, text: str, mapping: str) -> None:
        file = tmp_path / "pois.csv"
        file.write_text(text)
        report = run("pois", file, map=mapping)
        assert (report.read, report.created, report.rejected) == (1, 1, [])
        found = apps.get_model("basemap.Poi").objects.get()
        assert (found.source_id, found.kind) == ("a", "school")
        assert 549_000 < found.geom.x < 551_000


class TestCoordinateSystems:
    def test_01_gauss_krueger_is_transformed_with_beta2007(self, run: Importer, tmp_path: Path) -> None:
        file = write_file(
            tmp_path / "gk.gpkg",
            ["POINT (3556000 6022000)"],
            {"id": ["a"], "kind": ["x"]},
            kind="Point",
            crs="EPSG:31467",
        )
        run("pois", file)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ST_Distance(p.geom, ST_Transform(ST_SetSRID(ST_Point(3556000, 6022000), 31467), 25832)),"
                " postgis_proj_version() FROM basemap_poi p"
            )
            distance, _version = cursor.fetchone()
        assert distance < 0.001

    def test_02_without_a_system_the_mapping_must_say_it(self, run: Importer, tmp_path: Path) -> None:
        file = write_file(tmp_path / "pois.shp", POINTS, COLUMNS, kind="Point", crs=None, driver="ESRI Shapefile")
        with pytest.raises(BadInput, match="crs-missing"):
            run("pois", file)
        assert run("pois", file, map='crs = "EPSG:25832"\n[fields]\nkind = "kind"\n[id]\ncolumn="id"\n').created == 3

    def test_03_degrees_that_claim_to_be_metres_are_refused(self, run: Importer, tmp_path: Path) -> None:
        file = write_file(
            tmp_path / "pois.gpkg", ["POINT (9.7 54.4)", "POINT (9.8 54.5)"], {"kind": ["x", "y"]}, kind="Point"
        )
        with pytest.raises(BadInput, match="crs-wrong"):
            run("pois", file)

    def test_04_a_row_far_away_is_rejected_unless_anywhere(self, run: Importer, tmp_path: Path) -> None:
        shapes = [*POINTS, "POINT (-4000000 1000000)"]
        file = write_file(tmp_path / "pois.gpkg", shapes, {"id": list("abcd"), "kind": ["x"] * 4}, kind="Point")
        assert [(one.row, one.code) for one in run("pois", file).rejected] == [(4, "outside-area")]
        assert run("pois", file, anywhere=True).created == 1

    def test_05_infinite_coordinates_are_rejected(self, run: Importer, tmp_path: Path) -> None:
        file = tmp_path / "pois.csv"
        places = [
            "550000 6030000",
            "inf 6030000",
            "nan nan",
            "1 1",
            "551000 6030000",
            "552000 6030000",
            "553000 6030000",
        ]
        rows = [f"{name},x,POINT ({place})" for name, place in zip("abcdefg", places, strict=True)]
        file.write_text("id,kind,wkt\n" + "\n".join(rows) + "\n")
        report = run("pois", file, map=UTM)
        assert (report.created, {one.id or one.row for one in report.rejected}) == (4, {"b", "c", "d"})


class TestTexts:
    def test_01_a_shapefile_without_utf8_is_read_as_windows_1252(self, run: Importer, tmp_path: Path) -> None:
        file = write_file(
            tmp_path / "pois.shp", POINTS, COLUMNS, kind="Point", driver="ESRI Shapefile", encoding="CP1252"
        )
        file.with_suffix(".cpg").unlink(missing_ok=True)
        report = run("pois", file)
        assert pois() == EXPECTED
        assert any("Windows-1252" in one for one in report.notes)

    def test_02_a_csv_in_windows_1252_and_utf_16(self, run: Importer, tmp_path: Path) -> None:
        for encoding in ("cp1252", "utf-16", "utf-8-sig"):
            file = tmp_path / f"{encoding}.csv"
            file.write_text("id;kind;name;lon;lat\na;school;Öhlmühle – „Süd“;9.7;54.4\n", encoding=encoding)
            run("pois", file)
            name = apps.get_model("basemap.Poi").objects.get(source=encoding).name
            assert name == "Öhlmühle – „Süd“", encoding

    def test_03_empty_texts_and_nothing_are_the_default(self, run: Importer, tmp_path: Path) -> None:
        file = write_file(
            tmp_path / "p.gpkg", POINTS, {"id": list("abc"), "kind": [" school ", "", None]}, kind="Point"
        )
        report = run("pois", file)
        assert [(one.row, one.field, one.code) for one in report.rejected] == [
            (2, "kind", "required-missing"), (3, "kind", "required-missing"),
        ]  # fmt: skip
        assert apps.get_model("basemap.Poi").objects.get().kind == "school"


class TestGeometry:
    def test_01_single_becomes_multi_and_height_is_dropped(self, run: Importer, tmp_path: Path) -> None:
        shapes = ["POLYGON Z ((550000 6030000 7, 550010 6030000 7, 550010 6030010 7, 550000 6030000 7))"]
        file = write_file(tmp_path / "b.gpkg", shapes, {"id": ["a"]}, kind="Polygon Z")
        run("buildings", file)
        (text,) = apps.get_model("basemap.Building").objects.annotate(wkt=AsWKT("geom")).values_list("wkt", flat=True)
        assert text.startswith("MULTIPOLYGON") and " 7" not in text

    def test_02_other_kinds_are_rejected_by_row(self, run: Importer, tmp_path: Path) -> None:
        shapes = [
            square(550000, 6030000),
            "POINT (550000 6030000)",
            f"GEOMETRYCOLLECTION ({square(550000, 6030000)})",
            None,
        ]
        file = write_file(tmp_path / "b.gpkg", shapes, {"id": list("abcd")})
        report = run("buildings", file)
        assert [(one.row, one.code, one.value) for one in report.rejected] == [
            (2, "geometry-type", "POINT"), (3, "geometry-type", "GEOMETRYCOLLECTION"), (4, "geometry-missing", ""),
        ]  # fmt: skip
        assert report.created == 1

    def test_03_repaired_where_nothing_is_lost_else_rejected(self, run: Importer, tmp_path: Path) -> None:
        spike = (
            "POLYGON ((550000 6030000, 550100 6030000, 550100 6030100, 550100 6030150, 550100 6030100,"
            " 550000 6030100, 550000 6030000))"
        )
        bow_tie = "POLYGON ((550000 6030000, 550100 6030100, 550100 6030000, 550000 6030100, 550000 6030000))"
        file = write_file(tmp_path / "b.gpkg", [spike, bow_tie, square(550000, 6030000)], {"id": list("abc")})
        report = run("buildings", file)
        assert [(one.row, one.id, one.code) for one in report.repaired] == [(1, "a", "geometry-repaired")]
        assert [(one.row, one.id, one.code) for one in report.rejected] == [(2, "b", "geometry-invalid")]
        assert report.created == 2

    def test_04_one_point_of_a_multipoint(self, run: Importer, tmp_path: Path) -> None:
        shapes = ["MULTIPOINT (550000 6030000)", "MULTIPOINT (550000 6030000, 550001 6030000)"]
        file = write_file(tmp_path / "p.gpkg", shapes, {"id": ["a", "b"], "kind": ["x", "y"]}, kind="MultiPoint")
        report = run("pois", file)
        assert (report.created, [one.row for one in report.rejected]) == (1, [2])

    def test_05_geometry_that_cannot_be_parsed_names_its_row(self, run: Importer, tmp_path: Path) -> None:
        file = write_file(tmp_path / "b.gpkg", [square(550000, 6030000), square(551000, 6030000)], {"id": ["a", "b"]})
        import sqlite3

        with sqlite3.connect(file) as database:
            (blob,) = database.execute("SELECT geom FROM b WHERE id = 'b'").fetchone()
            broken = bytearray(blob)
            broken[-16:-8] = b"\0" * 8  # the ring no longer closes
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                database.execute(f'DROP TRIGGER "{name}"')
            database.execute("UPDATE b SET geom = ? WHERE id = 'b'", [bytes(broken)])
        report = run("buildings", file)
        assert report.created == 1
        assert [(one.row, one.id) for one in report.rejected] == [(2, "b")]


class TestValues:
    def test_01_integers_dates_and_keys(self, run: Importer, tmp_path: Path) -> None:
        file = tmp_path / "gemeinden.csv"
        rows = [
            ("1058001", "A", "1234", "01.01.2020"), ("01058002", "B", "12,5", "2020-01-01"),
            ("01058003", "C", "-3", ""),
            ("x", "D", "5", "2020-02-31"), ("01058005", "", "99999999999", "20200101"), ("01058001", "F", "7", ""),
        ]  # fmt: skip
        lines = [
            f'{key};{name};{people};{since};"{square(550000 + 200 * n, 6030000)}"'
            for n, (key, name, people, since) in enumerate(rows)
        ]
        file.write_text("AGS;GEN;EWZ;WSK;WKT\n" + "\n".join(lines) + "\n")
        mapping = 'crs = "EPSG:25832"\n[fields]\n'
        mapping += 'key = "AGS"\nname = "GEN"\npopulation = "EWZ"\nvalid_from = "WSK"\n[id]\ncolumn = "AGS"\n'
        report = run("municipalities", file, map=mapping)
        assert [(one.row, one.field, one.code) for one in report.rejected] == [
            (2, "population", "not-an-integer"), (3, "population", "not-an-integer"), (4, "key", "bad-area-key"),
            (4, "valid_from", "not-a-date"), (5, "name", "required-missing"), (5, "population", "not-an-integer"),
            (6, "key", "value-twice"),
        ]  # fmt: skip
        found = apps.get_model("regions.Municipality").objects.get()
        assert (found.key, found.population, found.valid_from) == ("01058001", 1234, date(2020, 1, 1))

    def test_02_constants_and_value_maps(self, run: Importer, tmp_path: Path) -> None:
        shapes = ["LINESTRING (550000 6030000, 550100 6030000)"] * 3
        file = write_file(tmp_path / "r.gpkg", shapes, {"nr": [1, 2, 3], "typ": [1306, 1307, 9]}, kind="LineString")
        mapping = (
            '[fields]\nkind = "typ"\n[id]\ncolumn = "nr"\n[constants]\nsurface = "asphalt"\nbridge = true\n'
            '[values.kind]\n"1306" = "primary"\n"1307" = "residential"\n"*" = "service"\n'
        )
        assert run("roads", file, map=mapping).created == 3
        roads = apps.get_model("basemap.Road").objects.order_by("source_id")
        assert [one.kind for one in roads] == ["primary", "residential", "service"]
        assert {(one.surface, one.bridge, one.tunnel) for one in roads} == {("asphalt", True, False)}

    def test_03_without_an_id_the_row_itself_is_one(self, run: Importer, tmp_path: Path) -> None:
        shapes = [POINTS[0], POINTS[1], POINTS[0]]
        file = write_file(tmp_path / "p.gpkg", shapes, {"kind": ["x", "y", "x"]}, kind="Point")
        report = run("pois", file)
        assert (report.created, [(one.row, one.code) for one in report.rejected]) == (2, [(3, "same-row-twice")])
        again = run("pois", file)
        assert (again.created, again.updated, again.unchanged) == (0, 0, 2)

    def test_04_an_update_sets_only_mapped_columns_and_the_time(self, run: Importer, tmp_path: Path) -> None:
        file = write_file(tmp_path / "p.gpkg", POINTS, COLUMNS, kind="Point")
        run("pois", file)
        model = apps.get_model("basemap.Poi")
        model.objects.update(website="https://beispiel.example")
        before = {one.source_id: one.updated_at for one in model.objects.all()}
        newer = write_file(
            tmp_path / "p2.gpkg", POINTS, COLUMNS | {"kind": ["school", "butcher", "park"]}, kind="Point"
        )
        report = run("pois", newer, source="p")
        assert (report.created, report.updated, report.unchanged) == (0, 1, 2)
        changed = model.objects.get(source_id="b")
        assert (changed.kind, changed.website) == ("butcher", "https://beispiel.example")
        assert changed.updated_at > before["b"]
        assert model.objects.get(source_id="a").updated_at == before["a"]

    def test_05_addresses_make_their_streets(self, run: Importer, tmp_path: Path) -> None:
        shapes = [f"POINT ({550000 + n * 10} 6030000)" for n in range(5)]
        columns = {
            "id": list("abcde"), "strasse": ["Dorfstraße", "Dorfstr.", "DORFSTRASSE", "Am Kanal", "Dorfstraße"],
            "hausnr": ["12a", "12  A", "12-14", "1", "3"], "plz": [24358, 24358, 24358, 24358, 24799],
            "ort": ["Ascheffel"] * 4 + ["Königshügel"],
        }  # fmt: skip
        report = run("addresses", write_file(tmp_path / "a.gpkg", shapes, columns, kind="Point"))
        assert (report.created, report.rejected) == (5, [])
        streets = apps.get_model("regions.Street").objects.order_by("name_norm", "locality")
        assert [(one.name_norm, one.locality, one.addresses.count()) for one in streets] == [
            ("am kanal", "Ascheffel", 1), ("dorfstr", "Ascheffel", 3), ("dorfstr", "Königshügel", 1),
        ]  # fmt: skip
