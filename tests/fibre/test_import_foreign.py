"""The demo region's trenches from another tool's point of view, in its formats and coordinate systems, with its faults."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gisapp.errors import BadInput
from importers import report as reports
from importers.plan import Options
from importers.report import Report
from tests.factories import organisation
from tests.fibre import foreign
from tests.fibre.drawing import broken, one, sql
from tests.fibre.foreign import TOLERANCE, drawn, ogr2ogr, planned
from tests.fibre.test_import_network import imported

pytestmark = [pytest.mark.django_db, pytest.mark.qgis("ogr2ogr")]

MAP = """source = "fremd"
[[nodes]]
file = "knoten.{0}"
[nodes.fields]
id = "NUMMER"
[nodes.constants]
kind = "branch"
[[segments]]
file = "Gräben.{0}"
[segments.fields]
id = "NUMMER"
"""


@pytest.fixture(autouse=True)
def owner() -> None:
    organisation("zweckverband", kind="zweckverband")


def written(tmp_path: Path, suffix: str, *options: str, swapped: bool = False) -> tuple[foreign.Plan, Path, Path]:
    """(the plan, the folder with what ogr2ogr has made of it, the mapping)"""
    plan, folder = planned(), tmp_path / "lieferung"
    folder.mkdir()
    lines, nodes = drawn(plan, tmp_path, swapped=swapped)
    ogr2ogr(folder / f"Gräben.{suffix}", lines, *options)
    ogr2ogr(folder / f"knoten.{suffix}", nodes, *options)
    mapping = tmp_path / "map.toml"
    mapping.write_text(MAP.format(suffix), encoding="utf-8")
    return plan, folder, mapping


def load(folder: Path, mapping: Path | None = None, **more: Any) -> Report:
    return imported(folder, map_file=mapping, tolerance_m=TOLERANCE, **more)


def codes(report: Report) -> Counter[str]:
    return Counter(problem.code for problem in report.repaired)


def noted(report: Report, code: str) -> set[str]:
    return {problem.id for problem in report.repaired if problem.code == code}


def check_network(plan: foreign.Plan) -> None:
    """As many segments and nodes as the village has, and everything hangs together but what was drawn too short."""
    net = one("SELECT id FROM fibre_network")
    assert one("SELECT count(*) FROM fibre_segment") == plan.whole
    assert one("SELECT count(*) FROM fibre_node") == len(plan.nodes) + len(plan.loose)
    assert broken(net) == []
    apart = one(
        "SELECT count(*) FROM fibre_segment s JOIN fibre_node n ON n.id IN (s.from_node_id, s.to_node_id) AND n.source_id IS NULL"
        " WHERE NOT EXISTS (SELECT FROM fibre_segment o WHERE o.id <> s.id AND ARRAY[o.from_node_id, o.to_node_id] && ARRAY[s.from_node_id, s.to_node_id])"
    )
    assert apart == len(plan.loose)


def check_report(plan: foreign.Plan, report: Report) -> None:
    """Each fault is named by the line that has it, with its measure."""
    assert {problem.id: problem.code for problem in report.rejected} == plan.refused
    assert all(problem.row > 0 for problem in report.rejected)
    assert noted(report, "import-end-loose") == plan.loose
    assert noted(report, "import-segment-joined") == plan.copies
    assert noted(report, "geometry-in-parts") == plan.several
    assert noted(report, "import-end-snapped") == plan.snapped
    far = [float(one_.value.removesuffix(" cm")) for one_ in report.repaired if one_.code == "import-end-snapped"]
    assert max(far) == pytest.approx(100 * foreign.WITHIN, abs=0.2) and min(far) > 2
    loose = [float(one_.value.removesuffix(" cm")) for one_ in report.repaired if one_.code == "import-end-loose"]
    assert min(loose) >= 20 and max(loose) <= 100 * foreign.BEYOND + 0.2
    parts = {part.layer: part for part in report.layers}["segments"]
    assert (parts.read, parts.created, parts.joined) == (len(plan.lines), plan.whole, len(plan.copies))


def where() -> tuple[float, float]:
    return sql("SELECT avg(ST_X(geom)), avg(ST_Y(geom)) FROM fibre_node WHERE source_id IS NOT NULL")[0]


def middle(plan: foreign.Plan) -> tuple[float, float]:
    xs, ys = zip(*plan.nodes.values(), strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)


# (suffix, what ogr2ogr is told, how far off the place may be: without the official grid Gauß-Krüger is metres beside it)
WAYS = {
    "shapefile in UTM 33": ("shp", ["-t_srs", "EPSG:25833"], 0.01),
    "shapefile, heights and metres": ("shp", ["-dim", "XYZ"], 0.01),
    "gauss-krueger": ("gpkg", ["-t_srs", "EPSG:31467"], 3.0),
    "degrees": ("geojson", ["-t_srs", "EPSG:4326", "-lco", "COORDINATE_PRECISION=9"], 0.01),
}


def test_01_the_plan_has_some_of_every_fault() -> None:
    plan = planned()
    assert plan.whole >= 150
    sizes = [len(plan.loose), len(plan.snapped), len(plan.copies), len(plan.several), len(plan.refused)]
    assert min(sizes) >= 4, sizes


@pytest.mark.parametrize("way", WAYS)
def test_02_every_format_and_system_gives_the_same_network(way: str, tmp_path: Path) -> None:
    suffix, options, off = WAYS[way]
    plan, folder, mapping = written(tmp_path, suffix, *options)
    report = load(folder, mapping)
    check_report(plan, report)
    check_network(plan)
    assert where() == pytest.approx(middle(plan), abs=off)
    again = load(folder, mapping)
    assert not again.changed


def test_03_swapped_axes_are_turned_and_that_is_said(tmp_path: Path) -> None:
    plan, folder, mapping = written(tmp_path, "shp", "-a_srs", "EPSG:25832", swapped=True)
    report = load(folder, mapping)
    assert sum("Achsen sind vertauscht" in note for note in report.notes) == 2
    check_report(plan, report)
    check_network(plan)
    assert where() == pytest.approx(middle(plan), abs=0.01)


def test_04_a_wrong_system_is_refused_with_the_ones_that_fit(tmp_path: Path) -> None:
    _plan, folder, mapping = written(tmp_path, "gpkg", "-t_srs", "EPSG:4326")
    with pytest.raises(BadInput) as caught:
        load(folder, mapping, crs="EPSG:25832")
    assert caught.value.code == "crs-wrong"
    assert "EPSG:4326" in str(caught.value.text("de")) and "EPSG:31467" not in str(caught.value.text("de"))
    assert one("SELECT count(*) FROM fibre_network") == 0


@pytest.mark.parametrize("crs", ["EPSG:25833", "EPSG:31467"])
def test_05_a_system_that_nobody_says_is_asked_for_by_name(tmp_path: Path, crs: str) -> None:
    plan, folder, mapping = written(tmp_path, "shp", "-t_srs", crs)
    for one_ in folder.glob("*.prj"):
        one_.unlink()
    with pytest.raises(BadInput) as caught:
        load(folder, mapping)
    assert caught.value.code == "crs-missing"
    assert f"Die Koordinaten passen zu: {crs}." in str(caught.value.text("de"))
    report = load(folder, mapping, crs=crs)
    check_report(plan, report)
    check_network(plan)


def test_06_windows_texts_without_a_code_page(tmp_path: Path) -> None:
    plan, folder, mapping = written(tmp_path, "shp", "-lco", "ENCODING=CP1252")
    for one_ in folder.glob("*.cpg"):
        one_.unlink()
    table = mapping.read_text(encoding="utf-8") + 'location = "STRASSE"\n'
    mapping.write_text(table, encoding="utf-8")
    report = load(folder, mapping)
    check_report(plan, report)
    assert sql("SELECT DISTINCT location FROM fibre_segment") == [("Süderstraße",)]
    assert any("Windows-1252" in note for note in report.notes)


def test_07_a_drawing_comes_in_by_its_layers(tmp_path: Path) -> None:
    """DXF keeps neither ids nor parts: the handles tell lines apart, and each part is a line."""
    plan = planned()
    lines, nodes = drawn(plan, tmp_path)
    both = tmp_path / "alles.vrt"
    both.write_text(
        "<OGRVRTDataSource><OGRVRTUnionLayer name='entities'>"
        + "".join(
            f"<OGRVRTLayer name='{path.stem}'><SrcDataSource>{path}</SrcDataSource></OGRVRTLayer>"
            for path in (lines, nodes)
        )
        + "</OGRVRTUnionLayer></OGRVRTDataSource>",
        encoding="utf-8",
    )
    folder = tmp_path / "lieferung"
    folder.mkdir()
    ogr2ogr("-f", "DXF", folder / "Pläne.dxf", both, "-select", "Layer")
    report = load(folder, source="fremd", crs="EPSG:25832")
    assert report.source == "fremd"
    check_network(plan)
    assert Counter(problem.code for problem in report.rejected) == Counter(plan.refused.values())
    assert codes(report) == {
        "import-end-snapped": len(plan.snapped), "import-end-loose": len(plan.loose), "import-segment-joined": len(plan.copies),
    }  # fmt: skip
    parts = {part.layer: part for part in report.layers}
    assert (parts["nodes"].created, parts["segments"].created) == (len(plan.nodes), plan.whole)
    assert not load(folder, source="fremd", crs="EPSG:25832").changed


def test_08_the_dry_run_shows_it_all_on_a_map_and_writes_nothing(tmp_path: Path) -> None:
    plan, folder, mapping = written(tmp_path, "gpkg")
    report = load(folder, mapping, draw=True, options=Options(dry_run=True))
    check_report(plan, report)
    assert one("SELECT count(*) FROM fibre_network") == 0
    page = tmp_path / "probe.html"
    reports.write(report, page)
    data = page.read_text(encoding="utf-8").partition('id="shapes">')[2].partition("</script>")[0]
    shapes = json.loads(data)["features"]
    kinds = {what: Counter(geometry["type"] for geometry, _label in features) for what, features in shapes.items()}
    assert {what: found["LineString"] for what, found in kinds.items() if found["LineString"]} == {
        "new": plan.whole, "joined": len(plan.copies), "refused": len(plan.refused),
    }  # fmt: skip
    assert kinds["loose"] == {"Point": len(plan.loose)}
    assert {label.split()[0] for _geometry, label in shapes["loose"]} == plan.loose
    for key in ("KNOT", "RING"):
        assert key in page.read_text(encoding="utf-8")
