"""Files that nobody here wrote: municipalities of Schleswig-Holstein, its schools, three OpenStreetMap extracts."""

import json
from collections import Counter
from pathlib import Path

import osmium
import pytest
from django.apps import apps
from django.db import connection

from gisapp.layer import all_targets
from importers import osm_tags
from importers.osm import run_osm_import
from importers.plan import Options
from importers.progress import Reporter
from importers.report import Report
from tests.db.importers.conftest import Importer

pytestmark = pytest.mark.django_db


def scalar(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def versions(table: str) -> object:
    """Changes when any row of the table is written, even with the same values."""
    return scalar(f"SELECT md5(string_agg(ctid::text || xmin::text, ',' ORDER BY ctid)) FROM {table}")


def import_osm(file: Path, layer: str = "osm", **options: bool) -> Report:
    return run_osm_import(layer, file, all_targets(), Options(**options), "", Reporter())


class TestMunicipalities:
    @pytest.fixture
    def file(self, real_data: Path) -> Path:
        return real_data / "regions" / "sh_gemeinden_de-01.geojson"

    def test_01_all_features_arrive_and_parts_of_one_municipality_are_one(self, run: Importer, file: Path) -> None:
        features = json.loads(file.read_text())["features"]
        keys = {one["properties"]["ags"] for one in features}
        report = run("municipalities", file)
        assert (report.read, report.rejected, report.created) == (len(features), [], len(keys))
        assert report.created + report.joined == report.read == 1175
        assert scalar("SELECT count(*) FROM regions_municipality WHERE retired_at IS NULL") == len(keys)

    def test_02_invalid_ones_are_repaired_and_named(self, run: Importer, file: Path) -> None:
        report = run("municipalities", file)
        assert len(report.repaired) == 2
        assert all(one.code == "geometry-repaired" and one.row and one.id.isdecimal() for one in report.repaired)
        assert scalar("SELECT count(*) FROM regions_municipality WHERE NOT ST_IsValid(geom)") == 0

    def test_03_districts_and_country_are_derived(self, run: Importer, file: Path) -> None:
        run("municipalities", file)
        assert scalar("SELECT count(*) FROM regions_district") == 15
        assert scalar("SELECT name FROM regions_country") == "Schleswig-Holstein"
        assert scalar("SELECT d.name FROM regions_municipality m JOIN regions_district d ON d.id = m.district_id"
                      " WHERE m.name = 'Ascheffel'") == "Rendsburg-Eckernförde"  # fmt: skip
        part = scalar("SELECT sum(ST_Area(geom)) FROM regions_municipality")
        assert scalar("SELECT ST_Area(geom) FROM regions_country") == pytest.approx(part, rel=1e-3)

    def test_04_the_same_file_again_touches_no_row(self, run: Importer, file: Path) -> None:
        run("municipalities", file)
        before = [versions(f"regions_{name}") for name in ("municipality", "district", "country")]
        report = run("municipalities", file)
        assert (report.created, report.updated, report.retired, report.unchanged, report.linked) == (0, 0, 0, 1106, 0)
        assert [versions(f"regions_{name}") for name in ("municipality", "district", "country")] == before
        assert "Nichts hat sich geändert." in report.as_lines()

    def test_05_a_changed_file_updates_and_sync_retires(self, run: Importer, file: Path, tmp_path: Path) -> None:
        run("municipalities", file, source="vg250")
        content = json.loads(file.read_text())
        gone = content["features"].pop(10)["properties"]["ags"]
        content["features"] = [one for one in content["features"] if one["properties"]["ags"] != gone]
        content["features"][0]["properties"]["name"] = "Flensborg"
        newer = tmp_path / "newer.geojson"
        newer.write_text(json.dumps(content))
        report = run("municipalities", newer, source="vg250", sync=True)
        # Flensburg's water part still says Flensburg: that row is refused, not silently joined.
        assert [(one.id, one.code) for one in report.rejected] == [("01001000", "id-twice")]
        assert (report.created, report.updated, report.retired) == (0, 1, 1)
        assert scalar(f"SELECT retired_at IS NOT NULL FROM regions_municipality WHERE key = '{gone}'") is True
        back = run("municipalities", file, source="vg250", sync=True)
        assert (back.created, back.updated, back.retired) == (0, 2, 0)
        assert scalar(f"SELECT retired_at IS NULL FROM regions_municipality WHERE key = '{gone}'") is True

    def test_06_aemter_come_from_the_mapping(self, run: Importer, file: Path, real_data: Path, tmp_path: Path) -> None:
        from gisapp.layer import all_table_targets
        from importers.tables import run_table_import

        run("municipalities", file)
        amt = json.loads((real_data / "regions" / "amt_huettener_berge.geojson").read_text())["features"]
        table = tmp_path / "aemter.csv"
        lines = [f"{one['properties']['ags']};010585803;Hüttener Berge" for one in amt]
        table.write_text("AGS;Amtsschlüssel;Amt\n" + "\n".join(lines), encoding="cp1252")
        (mapping,) = all_table_targets()
        report = run_table_import(mapping, table, Options())
        assert (report.read, report.created) == (16, 16)
        assert scalar("SELECT name FROM regions_amt") == "Hüttener Berge"
        assert scalar("SELECT count(*) FROM regions_municipality WHERE amt_id IS NOT NULL") == 16
        before = versions("regions_amt")
        again = run_table_import(mapping, table, Options())
        assert (again.created, again.updated, again.unchanged, again.linked) == (0, 0, 16, 0)
        assert versions("regions_amt") == before


class TestSchools:
    MAP = """source = "schulen"
[fields]
name = "name"
website = "website"
[id]
column = "id"
[constants]
kind = "school"
category = "education"
"""

    def test_01_a_tab_separated_file_becomes_points(self, run: Importer, real_data: Path) -> None:
        file = real_data / "poi" / "schulen_schleswig_holstein.csv"
        rows = [line.split("\t") for line in file.read_text().splitlines()[1:]]
        located = [row for row in rows if row[10].strip() and row[11].strip()]
        report = _with_map(run, file, self.MAP)
        assert report.read == len(rows)
        assert report.created + report.rejected_count == len(rows)
        assert report.created <= len(located)
        assert scalar("SELECT count(*) FROM basemap_poi WHERE source = 'schulen' AND kind = 'school'") == report.created
        assert (
            scalar(
                "SELECT count(*) FROM basemap_poi"
                " WHERE NOT geom @ ST_MakeEnvelope(420000, 5900000, 660000, 6110000, 25832)"
            )
            == 0
        )

    def test_02_bad_rows_are_named(self, run: Importer, real_data: Path, tmp_path: Path) -> None:
        lines = (real_data / "poi" / "schulen_schleswig_holstein.csv").read_text().splitlines()[:8]
        lines[2] = lines[2].replace("9.251399129181406", "neun")
        lines[3] = lines[3].replace("9.166013773625945", "").replace("54.284540219044246", "")
        lines[4] = lines[4] + "\tzu viel"
        lines.append(lines[1])
        file = tmp_path / "schulen.csv"
        file.write_text("\n".join(lines) + "\n")
        report = run("pois", file, map=self.MAP)
        assert [(one.row, one.code) for one in report.rejected] == [
            (2, "bad-coordinate"), (3, "geometry-missing"), (4, "bad-row"), (8, "id-twice"),
        ]  # fmt: skip
        assert (report.read, report.created, report.rejected_count) == (8, 4, 4)


def _with_map(run: Importer, file: Path, text: str) -> Report:
    """The real files' folder cannot be written to: link the file elsewhere, with the mapping beside it."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        link = Path(name) / file.name
        link.symlink_to(file)
        return run("pois", link, map=text)


def noted_writes() -> dict[str, object]:
    """What the versions of the tables stand at: a remembered count is thrown away where this changes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name, array_agg(transaction_id::text) FROM gisapp_table_version GROUP BY 1")
        return dict(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
class TestAgain:
    """The same file again: counts and bounds that were remembered before stay so."""

    def test_01_regions(self, run: Importer, real_data: Path) -> None:
        file = real_data / "regions" / "amt_huettener_berge.geojson"
        run("municipalities", file)
        before = noted_writes()
        assert before.keys() >= {"regions_municipality", "regions_district", "regions_country"}
        report = run("municipalities", file, sync=True)
        assert (report.changed, report.linked, noted_writes()) == (False, 0, before)

    def test_02_openstreetmap(self, real_data: Path) -> None:
        file = real_data / "osm" / "bb_kreis_merged.osm.pbf"
        import_osm(file)
        before = noted_writes()
        assert before.keys() >= {"basemap_road", "basemap_poi", "regions_street", "regions_address"}
        report = import_osm(file, sync=True)
        assert (report.changed, report.linked, noted_writes()) == (False, 0, before)


class TestOpenStreetMap:
    @pytest.mark.parametrize("name", ["zhelez", "bb_kreis_merged", "aachen"])
    def test_01_counts_agree_with_a_plain_loop(self, real_data: Path, name: str) -> None:
        file = real_data / "osm" / f"{name}.osm.pbf"
        report = import_osm(file)
        parts = {one.layer: one for one in report.layers}
        expected = _plain_count(file)
        for layer, count in expected.items():
            assert parts[layer].read == count, layer
            table = next(one.model_class._meta.db_table for one in all_targets() if one.layer == layer)
            if layer != "streets":
                assert (
                    scalar(f"SELECT count(*) FROM {table} WHERE source = 'osm'") == count - parts[layer].rejected_count
                )
        codes = {one.code for one in report.rejected}
        assert codes <= {"node-missing", "relation-broken", "geometry-invalid"}

    def test_02_again_touches_no_row(self, real_data: Path) -> None:
        file = real_data / "osm" / "bb_kreis_merged.osm.pbf"
        import_osm(file)
        tables = [one.model_class._meta.db_table for one in all_targets()]
        before = {one: versions(one) for one in tables}
        report = import_osm(file)
        assert (report.created, report.updated, report.retired, report.linked) == (0, 0, 0, 0)
        assert {one: versions(one) for one in tables} == before

    def test_03_addresses_find_their_streets(self, real_data: Path) -> None:
        import_osm(real_data / "osm" / "aachen.osm.pbf")
        address, street = apps.get_model("regions.Address"), apps.get_model("regions.Street")
        assert not address.objects.filter(street=None).exists()
        assert address.objects.exclude(street__source="derived").count() > 0.9 * address.objects.count()
        pont = street.objects.get(name="Pontstraße", source="osm")
        assert (pont.locality, pont.postcode, pont.geom is not None) == ("Aachen", "52062", True)
        assert pont.addresses.count() > 100
        assert scalar("SELECT max(ST_Distance(a.geom, coalesce(s.geom, s.centre))) < 3000 FROM regions_address a"
                      " JOIN regions_street s ON s.id = a.street_id WHERE a.locality = 'Aachen'") is True  # fmt: skip

    def test_04_one_layer_alone(self, real_data: Path) -> None:
        from gisapp.layer import target

        found = target("rails")
        assert found is not None
        file = real_data / "osm" / "bb_kreis_merged.osm.pbf"
        report = run_osm_import("rails", file, [found], Options(), "", Reporter())
        assert (report.created, [one.layer for one in report.layers]) == (59, ["rails"])
        assert scalar("SELECT count(*) FROM basemap_road") == 0

    def test_05_sync_retires_what_an_extract_no_longer_has(self, real_data: Path) -> None:
        import_osm(real_data / "osm" / "bb_kreis_merged.osm.pbf")
        report = import_osm(real_data / "osm" / "zhelez.osm.pbf", sync=True)
        assert report.retired >= 1248 + 1206 + 59
        assert scalar("SELECT count(*) FROM basemap_rail WHERE retired_at IS NULL") == 0


def _plain_count(file: Path) -> dict[str, int]:
    """What the file has, counted with a plain handler of osmium and rules written anew."""

    class Counter_(osmium.SimpleHandler):
        def __init__(self) -> None:
            super().__init__()
            self.counts: Counter[str] = Counter()

        def way(self, way: osmium.osm.Way) -> None:
            highway, flat = way.tags.get("highway"), way.tags.get("area") == "yes"
            if highway in osm_tags.ROADS and not flat:
                self.counts["roads"] += 1
            if highway in osm_tags.PATHS and not flat:
                self.counts["paths"] += 1
            if way.tags.get("railway") in osm_tags.RAILS:
                self.counts["rails"] += 1
            if way.tags.get("waterway") in osm_tags.WATERWAYS:
                self.counts["waterways"] += 1

        def node(self, node: osmium.osm.Node) -> None:
            if node.tags.get("place") in osm_tags.PLACES and "name" in node.tags:
                self.counts["places"] += 1

    counter = Counter_()
    counter.apply_file(str(file))
    return dict(counter.counts)
