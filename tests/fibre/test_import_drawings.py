"""What CAD programs draw, curves of other formats, odd names and encodings; and what QGIS itself writes."""

import math
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gisapp.errors import BadInput
from importers.sets.running import Request, suggestion
from layers.fibre.intake.load import FIBRE
from tests.factories import X0, Y0, organisation
from tests.fibre import dxf
from tests.fibre.drawing import broken, graph, one, sql
from tests.fibre.foreign import ogr2ogr
from tests.fibre.test_import_network import imported
from tests.fibre.test_import_parts import wkt

pytestmark = pytest.mark.django_db
SCRIPT = Path(__file__).parent.parent / "qgis" / "write_lines.py"


@pytest.fixture(autouse=True)
def owner() -> None:
    organisation("zweckverband", kind="zweckverband")


def net() -> Any:
    return one("SELECT id FROM fibre_network")


ENTITIES = [
    dxf.line("Gräben", "A1", (0, 0), (100, 0)),
    dxf.bulge("Gräben", "A2", (100, 0), (120, 0), 1.0),
    dxf.arc("Gräben", "A3", (150, 0), 30, 0, 180),
    dxf.circle("Gräben", "A4", (300, 0), 5),
    dxf.spline("Gräben", "A5", [(180, 0), (200, 20), (220, -20), (240, 0), (260, 10)]),
    dxf.line("Gräben", "A6", (20, 30), (20, 30)),
    dxf.line("Gräben", "A7", (0, 0), (9, 9), sheet=True),
    dxf.insert("Gräben", "A8", "PFEIL", (50, 0)),
    dxf.text("Beschriftung", "A9", (5, 5), "Süderstraße"),
    dxf.closed("Flurstücke", "B1", [(0, 0), (500, 0), (500, 500), (0, 500)]),
    dxf.point("Netzknoten", "C1", (0, 0)),
    dxf.insert("Netzknoten", "C2", "SCHACHT", (100, 0)),
    dxf.insert("Netzknoten", "C3", "NVT", (260, 10), BEZEICHNUNG="NVt-07 Süd", STATUS="planned"),
]


@pytest.mark.parametrize("version", ["AC1015", "AC1027"])
def test_01_a_drawing_with_everything(version: str, tmp_path: Path) -> None:
    path = tmp_path / "Lageplan Süd.dxf"
    path.write_bytes(dxf.drawing(ENTITIES, ["PFEIL", "SCHACHT", "NVT"], version))
    report = imported(path)
    assert report.source == "lageplan-sued"
    assert [(problem.row, problem.id, problem.code) for problem in report.rejected] == [
        (4, "A4", "segment-closed"), (6, "A6", "import-segment-short"),
    ]  # fmt: skip
    lengths = dict(sql("SELECT source_id, round(length_m::numeric, 2)::float FROM fibre_segment"))
    assert set(lengths) == {"A1", "A2", "A3", "A5"}
    assert (lengths["A1"], lengths["A2"]) == (100, pytest.approx(10 * math.pi, abs=0.01))
    assert lengths["A3"] == pytest.approx(30 * math.pi, abs=0.02)
    assert {tuple(sorted((round(a[0]), round(b[0])))) for a, b, _length in graph(net())} == {
        (0, 100), (100, 120), (120, 180), (180, 260),
    }  # fmt: skip
    nodes = "SELECT source_id, kind, name, function, lifecycle FROM fibre_node WHERE source_id IS NOT NULL ORDER BY 1"
    assert sql(nodes) == [
        ("C1", "branch", None, "", "in_service"), ("C2", "manhole", "C2", "SCHACHT", "in_service"),
        ("C3", "cabinet", "NVt-07 Süd", "NVT", "planned"),
    ]  # fmt: skip
    assert one("SELECT count(*) FROM fibre_node") == 5
    notes = "\n".join(report.notes)
    for words in (
        "1 auf dem Planblatt",
        "1 Beschriftungen",
        "Flurstücke: nicht erkannt",
        "Gräben/points: nicht erkannt",
    ):
        assert words in notes, notes
    assert broken(net()) == []
    assert not imported(path).changed


def test_02_a_drawing_whose_layers_say_nothing_is_read_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "plan.dxf"
    path.write_bytes(dxf.drawing([dxf.line("0", "A1", (0, 0), (50, 0)), dxf.line("7", "A2", (50, 0), (90, 0)), dxf.point("0", "A3", (9, 9))], [], "AC1027"))  # fmt: skip
    report = imported(path)
    assert (report.rejected, one("SELECT count(*) FROM fibre_segment"), one("SELECT count(*) FROM fibre_node")) == ([], 2, 3)  # fmt: skip


def test_03_the_mapping_chooses_layers(tmp_path: Path) -> None:
    path = tmp_path / "plan.dxf"
    path.write_bytes(dxf.drawing([dxf.line("Bestand", "A1", (0, 0), (50, 0)), dxf.line("Ausbau", "A2", (50, 0), (90, 0)), dxf.line("Zaun", "A3", (0, 9), (9, 9))], [], "AC1027"))  # fmt: skip
    table = tmp_path / "map.toml"
    table.write_text(
        "".join(
            f'[[segments]]\nfile = "plan.dxf"\nlayer = "{layer}"\n[segments.fields]\nid = "EntityHandle"\n[segments.constants]\nlifecycle = "{state}"\n'
            for layer, state in (("Bestand", "in_service"), ("Ausbau", "planned"))
        )
    )
    imported(path, map_file=table)
    assert sql("SELECT source_id, lifecycle FROM fibre_segment ORDER BY 1") == [("A1", "in_service"), ("A2", "planned")]
    # Without a layer all lines are meant.
    table.write_text('[[segments]]\nfile = "plan.dxf"\n[segments.fields]\nid = "EntityHandle"\n')
    assert imported(path, map_file=table).created == 1
    table.write_text('[[segments]]\nfile = "plan.dxf"\nlayer = "Leitung"\n')
    with pytest.raises(BadInput) as caught:
        imported(path, map_file=table)
    assert caught.value.code == "bad-mapping" and "plan.dxf/Ausbau" in str(caught.value.text("de"))


def test_04_a_drawing_of_nothing_but_words_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.dxf"
    path.write_bytes(dxf.drawing([dxf.text("0", "A1", (0, 0), "leer")], [], "AC1027"))
    with pytest.raises(BadInput) as caught:
        imported(path)
    assert caught.value.code == "no-features"


def _curves() -> list[tuple[str, str]]:
    def at(*places: tuple[float, float]) -> str:
        return ", ".join(f"{X0 + x} {Y0 + y}" for x, y in places)

    return [
        ("t1", f"CIRCULARSTRING({at((0, 0), (50, 50), (100, 0))})"),
        ("t2", f"COMPOUNDCURVE(({at((100, 0), (200, 0))}), CIRCULARSTRING({at((200, 0), (250, 50), (300, 0))}))"),
        ("t3", wkt((300, 0), (400, 0))),
    ]


@pytest.mark.qgis("ogr2ogr")
@pytest.mark.parametrize("suffix", ["csv", "gpkg"])
def test_05_curves_come_in_as_lines(suffix: str, tmp_path: Path) -> None:
    table = tmp_path / "trassen.csv"
    table.write_text("id;wkt\n" + "".join(f"{key};{shape}\n" for key, shape in _curves()), encoding="utf-8")
    path = table
    if suffix == "gpkg":
        path = tmp_path / "trassen.gpkg"
        ogr2ogr(path, table, "-oo", "GEOM_POSSIBLE_NAMES=wkt", "-oo", "KEEP_GEOM_COLUMNS=NO", "-nlt", "CURVE", "-a_srs", "EPSG:25832")  # fmt: skip
    report = imported(path)
    assert report.rejected == []
    assert dict(sql("SELECT source_id, length_m FROM fibre_segment")) == {
        "t1": pytest.approx(50 * math.pi, abs=0.03), "t2": pytest.approx(100 + 50 * math.pi, abs=0.03), "t3": pytest.approx(100),
    }  # fmt: skip
    assert one("SELECT count(*) FROM fibre_node") == 4


@pytest.mark.qgis("ogr2ogr")
def test_06_umlauts_in_the_names_of_files_layers_and_columns(tmp_path: Path) -> None:
    """A Shapefile of an old program: Windows code page in the heads of the columns alone, and no .cpg."""
    table = tmp_path / "quelle.csv"
    table.write_text(f"id;Verlegeart;Oberfläche;wkt\nt1;Fräsen;asphalt;{wkt((0, 0), (100, 0))}\n", encoding="utf-8")
    source = [table, "-oo", "GEOM_POSSIBLE_NAMES=wkt", "-oo", "KEEP_GEOM_COLUMNS=NO", "-a_srs", "EPSG:25832"]
    folder = tmp_path / "Netz"
    folder.mkdir()
    ogr2ogr(
        folder / "Gräben Süd.shp", *source, "-lco", "ENCODING=CP1252", "-sql", 'SELECT id, "Oberfläche" FROM quelle'
    )
    (folder / "Gräben Süd.cpg").unlink()
    assert imported(folder, source="a").rejected == []
    assert sql("SELECT surface FROM fibre_segment") == [("sealed",)]
    package = tmp_path / "netz.gpkg"
    ogr2ogr(package, *source, "-nln", "Gräben Größe 2")
    assert 'layer = "Gräben Größe 2"' in suggestion(Request(FIBRE, package))
    report = imported(package, source="b")
    assert (report.rejected, report.joined) == ([], 1)


@pytest.mark.qgis
@pytest.mark.parametrize("suffix", ["shp", "dxf"])
def test_07_what_qgis_writes(suffix: str, tmp_path: Path) -> None:
    """QGIS itself moves the lines to UTM 33 and saves them."""
    table = tmp_path / "trassen.csv"
    lines = [wkt((0, 0), (100, 0)), wkt((100.03, 0.02), (200, 0)), wkt((200, 0), (100, 0)), wkt((150, 0.01), (150, 40))]
    table.write_text(
        "nummer;wkt\n" + "".join(f"T{number};{one_}\n" for number, one_ in enumerate(lines)), encoding="utf-8"
    )
    package, path = tmp_path / "quelle.gpkg", tmp_path / f"trassen.{suffix}"
    ogr2ogr(package, table, "-oo", "GEOM_POSSIBLE_NAMES=wkt", "-oo", "KEEP_GEOM_COLUMNS=NO", "-a_srs", "EPSG:25832")
    driver, crs = {"shp": ("ESRI Shapefile", "EPSG:25833"), "dxf": ("DXF", "EPSG:25832")}[suffix]
    done = subprocess.run(
        ["/usr/bin/python3", str(SCRIPT), str(package), str(path), driver, crs],
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1:] == ["ok"], done.stderr[-2000:]
    report = imported(path, tolerance_m=0.1, source="qgis")
    assert report.rejected == []
    ends = {tuple(sorted((round(a[0]), round(b[0])))) for a, b, _length in graph(net())}
    assert (ends, one("SELECT count(*) FROM fibre_segment")) == ({(0, 100), (100, 150), (150, 200), (150, 150)}, 4)
    assert {problem.code for problem in report.repaired} == {
        "import-end-snapped", "import-segment-split", "import-segment-joined",
    }  # fmt: skip
    assert not imported(path, tolerance_m=0.1, source="qgis").changed
