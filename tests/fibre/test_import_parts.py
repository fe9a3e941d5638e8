"""Small networks in files, each with one thing that other tools do: what comes in, what is said, what is refused."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gisapp.errors import BadInput
from importers.plan import Options
from importers.report import Report
from importers.sets.running import Request, suggestion
from importers.sets.tables import files_in
from layers.fibre.intake.ducts import simple_path
from layers.fibre.intake.load import FIBRE
from tests.factories import X0, Y0, organisation
from tests.fibre.drawing import broken, graph, one, sql
from tests.fibre.test_import_network import imported

pytestmark = pytest.mark.django_db

Corner = tuple[float, float]


def wkt(*corners: Corner) -> str:
    places = ", ".join(f"{X0 + x} {Y0 + y}" for x, y in corners)
    return f"{'POINT' if len(corners) == 1 else 'LINESTRING'}({places})"


class Files:
    """A folder of CSV files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        organisation("zweckverband", kind="zweckverband")

    def write(self, name: str, heads: str, rows: Sequence[Sequence[Any]]) -> None:
        lines = [heads.replace(" ", ";"), *(";".join(str(one) for one in row) for row in rows)]
        (self.folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def nodes(self, *rows: tuple[str, str, str, float, float]) -> None:
        self.write("nodes", "id name type wkt", [(key, name, kind, wkt((x, y))) for key, name, kind, x, y in rows])

    def trenches(self, *rows: tuple[str, Sequence[Corner]]) -> None:
        self.write("trenches", "id name wkt", [(key, f"TR-{key}", wkt(*corners)) for key, corners in rows])

    def load(self, **more: Any) -> Report:
        more.setdefault("source", "alt")
        options = Options(**{name: more.pop(name) for name in ("dry_run", "strict", "sync") if name in more})
        return imported(self.folder, options=options, **more)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def net() -> Any:
    return one("SELECT id FROM fibre_network")


def codes(report: Report) -> list[tuple[str, str]]:
    return sorted((problem.id, problem.code) for problem in report.repaired)


def whole(files: Files) -> None:
    """A street of two trenches with a duct, two cables that meet in a closure, and a splice for each of two fibres."""
    files.nodes(("n1", "PoP", "PoP", 0, 0), ("n2", "M1", "Muffe", 100, 0), ("n3", "HA1", "Hausanschluss", 200, 0))
    files.trenches(("t1", [(0, 0), (100, 0)]), ("t2", [(200, 0), (100, 0)]))
    files.write("ducts", "id name type", [("d1", "RV1", "7x7/4"), ("d2", "RV2", "7x7/4")])
    files.write("duct_in_trench", "segment duct", [("t1", "d1"), ("t2", "d2")])
    files.write(
        "cables", "id name type fibres from to duct tube",
        [("c1", "K1", "LTMC24(2x12)", 24, "n1", "n2", "d1", 3), ("c2", "K2", "12", 12, "n2", "n3", "d2", 1)],
    )  # fmt: skip
    files.write(
        "splices",
        "node tray slot cable_a fibre_a cable_b fibre_b",
        [("n2", 1, 1, "K1", 1, "K2", 1), ("n2", 1, 2, "c1", 2, "c2", 2)],
    )


def test_01_a_network_in_a_folder_is_found_by_its_columns(files: Files) -> None:
    whole(files)
    report = files.load(into="nord")
    assert report.rejected == []
    assert sql("SELECT key, name FROM fibre_network") == [("nord", "nord")]
    assert sql("SELECT name, kind, function FROM fibre_node ORDER BY name") == [
        ("HA1", "building", "Hausanschluss"), ("M1", "branch", "Muffe"), ("PoP", "pop", ""),
    ]  # fmt: skip
    assert sql("SELECT name, spec_id FROM fibre_enclosure") == [("M1", "muffe-144")]
    assert sql(
        "SELECT c.name, t.position, e.side FROM fibre_cable c JOIN fibre_cablestep s ON s.cable_id = c.id JOIN fibre_tubesection x ON x.id = s.section_id"
        " JOIN fibre_tube t ON t.id = x.tube_id JOIN fibre_cableentry e ON e.cable_id = c.id ORDER BY 1"
    ) == [("K1", 3, "b"), ("K2", 1, "a")]
    assert sql("SELECT bundles, per_bundle, outer_mm FROM fibre_cablespec WHERE key = 'LTMC24(2x12)'") == [
        (2, 12, None)
    ]
    assert any("LTMC24(2x12)" in note for note in report.notes)
    assert sql("SELECT t.number, j.slot FROM fibre_joint j JOIN fibre_tray t ON t.id = j.tray_id ORDER BY 2") == [
        (1, 1),
        (1, 2),
    ]
    assert broken(net()) == []
    assert not files.load(into="nord").changed


def test_02_nodes_on_one_spot_are_one_and_both_ids_lead_to_it(files: Files) -> None:
    files.nodes(("n1", "M1", "Muffe", 0, 0), ("n2", "NVt-1", "NVt 48", 0.03, 0), ("n3", "HA1", "Hausanschluss", 50, 0))
    files.write(
        "cables",
        "id name type fibres from to",
        [("c1", "K1", "12", 12, "n1", "n3"), ("c2", "K2", "12", 12, "n2", "n3")],
    )
    report = files.load()
    # The structure stays, not the mere place.
    assert codes(report) == [("n1", "import-node-joined")]
    assert report.repaired[0].value == "NVt-1 (3.0 cm)"
    assert len({row[0] for row in sql("SELECT from_node_id FROM fibre_cable")}) == 1
    assert (
        one("SELECT a.source_id || ' ' || n.name FROM fibre_alias a JOIN fibre_node n ON n.id = a.object_id")
        == "n1 NVt-1"
    )
    assert not files.load().changed


def test_03_trenches_are_split_where_ends_and_nodes_lie_on_them(files: Files) -> None:
    files.nodes(("n1", "HA1", "Hausanschluss", 30, 20))
    files.trenches(("main", [(0, 0), (30, 0), (100, 0)]), ("house", [(30, 0), (30, 20)]))
    report = files.load()
    assert codes(report) == [("main", "import-segment-split")]
    assert graph(net()) == {((0, 0), (30, 0), 30), ((30, 0), (100, 0), 70), ((30, 0), (30, 20), 20)}
    assert sql("SELECT name, source_id, parent_id IS NULL FROM fibre_segment WHERE name IS DISTINCT FROM 'TR-house' ORDER BY length_m") == [
        ("TR-main", "main", True), (None, None, False),
    ]  # fmt: skip
    assert broken(net()) == []
    assert not files.load().changed


def test_04_unsnapped_ends_within_the_tolerance_are_drawn_to_their_node(files: Files) -> None:
    files.nodes(("n1", "A", "Schacht", 0, 0), ("n2", "B", "Schacht", 100, 0))
    files.trenches(("t1", [(0.02, 0.02), (99.8, 0)]))
    files.load(dry_run=True)
    assert sql("SELECT count(*) FROM fibre_node") == [(0,)]
    report = files.load(tolerance_m=0.3)
    assert codes(report) == [("t1", "import-end-snapped")]
    assert report.repaired[0].value == "20.0 cm"
    assert graph(net()) == {((0, 0), (100, 0), 100)}


def test_05_reversed_and_repeated_lines_are_the_one_that_is_there(files: Files) -> None:
    files.trenches(
        ("t1", [(0, 0), (50, 10), (100, 0)]),
        ("t2", [(100, 0), (50, 10), (0, 0)]),
        ("t3", [(0, 0), (50, -10), (100, 0)]),
    )
    report = files.load()
    assert codes(report) == [("t2", "import-segment-joined")]
    assert (report.created, report.joined) == (2, 1)
    assert one("SELECT count(*) FROM fibre_segment") == 2
    # A duct may name either of the two lines.
    files.write("ducts", "id type", [("d1", "10/6")])
    files.write("duct_in_trench", "segment duct", [("t2", "d1")])
    assert files.load().created == 1
    assert one("SELECT s.source_id FROM fibre_ductstep d JOIN fibre_segment s ON s.id = d.segment_id") == "t1"
    assert not files.load().changed


def test_06_what_cannot_come_in_is_named_and_the_rest_does(files: Files) -> None:
    files.nodes(("n1", "A", "Schacht", 0, 0), ("n2", "A", "Schacht", 10, 0))
    files.trenches(
        ("ring", [(0, 50), (50, 50), (50, 90), (0, 50)]),
        ("knot", [(0, 200), (50, 250), (50, 200), (0, 250)]),
        ("t1", [(0, 0), (10, 0)]),
    )
    files.write("ducts", "id type", [("d1", "10/6"), ("d2", "Unsinn"), ("d3", "10/6")])
    files.write("duct_in_trench", "segment duct", [("t1", "d1"), ("weg", "d3"), ("t1", "nie")])
    files.write(
        "cables",
        "id type fibres from to",
        [
            ("c1", "12", 12, "n1", "n2"),
            ("c2", "12", 12, "n1", "nix"),
            ("c3", "", "", "n1", "n2"),
            ("c4", "12", "viele", "n1", "n2"),
        ],
    )
    files.write(
        "splices",
        "node cable_a fibre_a cable_b fibre_b",
        [("n1", "c1", 1, "c1", 2), ("n1", "c1", 1, "c9", 1), ("n1", "c1", 99, "c1", 3), ("n1", "c1", 2, "c1", 4)],
    )
    report = files.load()
    found = sorted((problem.field.split(".")[0], problem.code) for problem in report.rejected)
    assert found == [
        ("cables", "import-product-unknown"), ("cables", "import-unknown-node"), ("cables", "not-an-integer"),
        ("ducts", "import-product-unknown"), ("ducts", "import-unknown-segment"),
        ("links", "import-unknown-duct"), ("links", "import-unknown-segment"),
        ("segments", "segment-closed"), ("segments", "segment-not-simple"),
        ("splices", "import-end-twice"), ("splices", "import-unknown-cable"), ("splices", "import-unknown-fibre"),
    ]  # fmt: skip
    assert sql("SELECT name FROM fibre_node ORDER BY 1") == [("A",), ("A (n2)",)]
    assert one("SELECT count(*) FROM fibre_duct") == 1
    assert one("SELECT count(*) FROM fibre_joint") == 1
    with pytest.raises(BadInput) as caught:
        files.load(into="ganz anders", tolerance_m=9)
    assert caught.value.code == "bad-value"
    strict = files.load(strict=True)
    assert strict.rolled_back


def test_07_a_newer_delivery_updates_and_sync_removes_where_the_rules_allow(files: Files) -> None:
    whole(files)
    files.load()
    files.nodes(("n1", "PoP", "PoP", 0, 5), ("n2", "M1", "Muffe", 100, 0), ("n3", "HA1 neu", "Hausanschluss", 200, 0))
    files.write("splices", "node tray slot cable_a fibre_a cable_b fibre_b", [("n2", 1, 1, "K1", 1, "K2", 2)])
    files.trenches(("t1", [(0, 5), (100, 0)]))
    report = files.load()
    assert (report.created, report.updated, report.retired) == (0, 3, 0), report.as_dict()
    assert one("SELECT count(*) FROM fibre_segment") == 2
    assert sql(
        "SELECT f.number, g.number FROM fibre_joint j JOIN fibre_jointend a ON a.joint_id = j.id AND a.side = 'b' JOIN fibre_fibresection f"
        " ON f.id = a.section_id JOIN fibre_jointend b ON b.joint_id = j.id AND b.side = 'a' JOIN fibre_fibresection g ON g.id = b.section_id"
    ) == [(1, 2)]
    report = files.load(sync=True)
    # The trench that the files no longer have carries a duct: it stays, and the report names it.
    assert ("t2", "segment-occupied") in [(problem.id, problem.code) for problem in report.rejected]
    assert one("SELECT count(*) FROM fibre_segment") == 2
    files.write("ducts", "id name type", [("d1", "RV1", "7x7/4")])
    files.write("duct_in_trench", "segment duct", [("t1", "d1")])
    files.write(
        "cables", "id name type fibres from to duct tube", [("c1", "K1", "LTMC24(2x12)", 24, "n1", "n2", "d1", 3)]
    )
    files.write("splices", "node tray slot cable_a fibre_a cable_b fibre_b", [("n2", 1, 1, "K1", 1, "K1", 99)])
    report = files.load(sync=True)
    assert {part.layer: part.retired for part in report.layers if part.retired} == {
        "cables": 1, "ducts": 1, "enclosures": 1, "segments": 1, "splices": 1,
    }  # fmt: skip
    assert broken(net()) == []


def test_08_a_dry_run_writes_nothing_and_its_page_shows_a_map(files: Files, tmp_path: Path) -> None:
    from importers import report as reports

    whole(files)
    report = files.load(dry_run=True, draw=True)
    assert report.created > 0
    assert one("SELECT count(*) FROM fibre_network") == 0
    page = tmp_path / "probe.html"
    reports.write(report, page)
    text = page.read_text(encoding="utf-8")
    data = text.partition('id="shapes">')[2].partition("</script>")[0]
    shapes = json.loads(data)["features"]
    assert len(shapes["new"]) == 5
    assert "http" not in text.replace("http://www.w3.org", "").partition("<main>")[2]
    assert "default-src 'none'" in text


def test_09_the_mapping_is_suggested_and_obeyed(files: Files, tmp_path: Path) -> None:
    files.write(
        "a", "schluessel benennung lage_wkt art", [("x1", "Eins", wkt((0, 0)), "H"), ("x2", "Zwei", wkt((9, 0)), "N")]
    )
    assert files_in(tmp_path) == [tmp_path / "a.csv"]
    (tmp_path / "a.csv").write_text((tmp_path / "a.csv").read_text().replace("lage_wkt", "wkt"))
    assert "[[nodes]]" in suggestion(Request(FIBRE, tmp_path))
    (tmp_path / "map.toml").write_text(
        'source = "fremd"\ncrs = "EPSG:25832"\n[[nodes]]\nfile = "a.csv"\n[nodes.fields]\nid = "schluessel"\nname = "benennung"\nkind = "art"\n'
        '[nodes.values.kind]\n"H" = "building"\n"*" = "cabinet"\n[nodes.constants]\nlifecycle = "planned"\n'
    )
    imported(tmp_path, map_file=tmp_path / "map.toml")
    assert sql("SELECT name, kind, lifecycle, source, source_id FROM fibre_node ORDER BY 1") == [
        ("Eins", "building", "planned", "fremd", "x1"), ("Zwei", "cabinet", "planned", "fremd", "x2"),
    ]  # fmt: skip
    (tmp_path / "bad.toml").write_text('[[nodes]]\nfile = "b.csv"\n')
    with pytest.raises(BadInput) as caught:
        imported(tmp_path, map_file=tmp_path / "bad.toml")
    assert caught.value.code == "bad-mapping"


def test_10_a_wrong_coordinate_system_is_refused_and_can_be_corrected(files: Files) -> None:
    files.write(
        "nodes",
        "id name type wkt",
        [("n1", "A", "Schacht", "POINT(9.7 54.4)"), ("n2", "B", "Schacht", "POINT(9.71 54.4)")],
    )
    with pytest.raises(BadInput) as caught:
        files.load(crs="EPSG:25832")
    assert caught.value.code == "crs-wrong"
    report = files.load(crs="EPSG:4326")
    assert report.created == 2
    assert one("SELECT ST_X(ST_Transform(geom, 4326)) FROM fibre_node WHERE name = 'A'") == pytest.approx(9.7, abs=1e-6)


def test_11_unordered_segments_become_a_walk_or_say_why_not() -> None:
    assert simple_path([("s2", 2, 3), ("s1", 2, 1), ("s3", 4, 3)], 1) == ["s1", "s2", "s3"]  # type: ignore[list-item, comparison-overlap, arg-type]
    assert simple_path([("s2", 2, 3), ("s1", 2, 1), ("s3", 4, 3)], 4) == ["s3", "s2", "s1"]  # type: ignore[list-item, comparison-overlap, arg-type]
    assert simple_path([("a", 1, 2), ("b", 2, 3), ("c", 3, 1)], 2) == ["a", "c", "b"]  # type: ignore[list-item, comparison-overlap, arg-type]
    assert simple_path([("a", 1, 2), ("b", 2, 3), ("c", 2, 4)]) == "duct-walk-repeats"  # type: ignore[list-item, comparison-overlap]
    assert simple_path([("a", 1, 2), ("b", 3, 4)]) == "duct-walk-broken"  # type: ignore[list-item, comparison-overlap]
    assert simple_path([("a", 1, 2), ("b", 3, 4), ("c", 4, 5), ("d", 5, 3)]) == "duct-walk-broken"  # type: ignore[list-item, comparison-overlap]
    assert simple_path([]) == "duct-walk-empty"


def test_12_ofds_packages_come_in_and_broken_ones_are_refused_with_the_place(real_data: Path) -> None:
    organisation("zweckverband", kind="zweckverband")
    examples = real_data / "ofds" / "ofds_spec_examples" / "json"
    report = imported(examples / "network-package.json", options=Options(anywhere=True))
    given = json.loads((examples / "network-package.json").read_text())["networks"][0]
    parts = {part.layer: part for part in report.layers}
    assert (parts["nodes"].created, parts["segments"].created) == (len(given["nodes"]), len(given["spans"]))
    assert one("SELECT count(*) FROM fibre_node WHERE kind = 'pop'") == sum(
        "pop" in node.get("type", []) for node in given["nodes"]
    )
    assert not imported(examples / "network-package.json", options=Options(anywhere=True)).changed
    # Far away from here, it is refused as a whole unless somebody says that it is meant.
    with pytest.raises(BadInput) as caught:
        imported(examples / "network-package.json")
    assert caught.value.code == "crs-wrong"
    with pytest.raises(BadInput) as caught:
        imported(examples / "network-package-invalid.json")
    assert caught.value.code == "ofds-invalid"
    assert "/networks/0/spans/0" in str(caught.value)


def _lines(path: Path, driver: str, crs: str, *lines: Sequence[Corner]) -> None:
    """A file of lines as another tool writes them, in its own coordinate system."""
    import numpy as np
    import pyogrio
    import shapely

    from gisapp.geolibs import transformer

    change = transformer("EPSG:25832", crs) if crs != "EPSG:25832" else None
    shapes = [
        shapely.LineString([change.transform(X0 + x, Y0 + y) if change else (X0 + x, Y0 + y) for x, y in corners])
        for corners in lines
    ]
    fields = [] if driver == "DXF" else [np.array([f"T{number}" for number in range(len(lines))], dtype=object)]
    pyogrio.raw.write(
        path, np.array(shapely.to_wkb(shapes), dtype=object), fields, ["NUMMER"] if fields else [], geometry_type="LineString",
        crs=None if driver == "DXF" else crs, driver=driver,
    )  # fmt: skip


_FOREIGN: tuple[Sequence[Corner], ...] = (
    [(0, 0), (100, 0)], [(100.03, 0.02), (200, 0)], [(200, 0), (100, 0)], [(150, 0.01), (150, 40)],
)  # fmt: skip


@pytest.mark.parametrize("driver", ["ESRI Shapefile", "DXF", "GPKG", "GeoJSON"])
def test_13_segments_of_another_tool_are_put_together(driver: str, tmp_path: Path) -> None:
    """Unsnapped ends, a reversed copy, a branch from the middle - whatever the format and coordinate system."""
    organisation("zweckverband", kind="zweckverband")
    suffixes = {"ESRI Shapefile": "shp", "DXF": "dxf", "GPKG": "gpkg", "GeoJSON": "geojson"}
    path = tmp_path / f"trassen.{suffixes[driver]}"
    crs = {"DXF": "EPSG:25832", "GeoJSON": "EPSG:4326"}.get(driver, "EPSG:25833")
    _lines(path, driver, crs, *_FOREIGN)
    report = imported(path, tolerance_m=0.1, source="fremd")
    assert report.rejected == []
    ends = {tuple(sorted((round(a[0]), round(b[0])))) for a, b, _length in graph(net())}
    assert ends == {(0, 100), (100, 150), (150, 200), (150, 150)}
    assert one("SELECT count(*) FROM fibre_segment") == 4
    assert {code for _id, code in codes(report)} == {
        "import-end-snapped",
        "import-segment-split",
        "import-segment-joined",
    }
    assert broken(net()) == []
    assert not imported(path, tolerance_m=0.1, source="fremd").changed


def test_14_splice_lists_come_as_a_workbook(files: Files) -> None:
    import openpyxl

    whole(files)
    (files.folder / "splices.csv").unlink()
    files.load()
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Spleiße M1"
    sheet.append(["Knoten", "Kassette", "Platz", "Kabel A", "Faser A", "Kabel B", "Faser B", "Dämpfung dB"])
    sheet.append(["M1", 2, 5, "K1", 7, "K2", 3.0, 0.05])
    sheet.append(["M1", 2, 6, "K1", 8, "K9", 4, None])
    path = files.folder / "liste.xlsx"
    book.save(path)
    report = imported(path, source="alt")
    assert [(problem.row, problem.code, problem.value) for problem in report.rejected] == [
        (2, "import-unknown-cable", "K9")
    ]
    assert sql(
        "SELECT t.number, j.slot, j.loss_db::float FROM fibre_joint j JOIN fibre_tray t ON t.id = j.tray_id"
    ) == [(2, 5, 0.05)]
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BadInput) as caught:
        imported(path)
    assert caught.value.code == "file-corrupt"
