"""DXF for CAD: drawing layers, texts, closed polylines; read back by two GDALs and by a reader of group codes."""

import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.test import Client

from gisapp.exports import dxf
from layers.basemap.models import Building, LandUse, Poi, Road
from tests import factories

pytestmark = pytest.mark.django_db
X, Y = 560_000, 6_030_000
AREA = f"({X} {Y}, {X + 400} {Y}, {X + 400} {Y + 100}, {X} {Y + 100}, {X} {Y})"
HOLE = f"({X + 10} {Y + 10}, {X + 20} {Y + 10}, {X + 20} {Y + 20}, {X + 10} {Y + 10})"


def shape(wkt: str) -> GEOSGeometry:
    return GEOSGeometry(f"SRID=25832;{wkt}")


def download(client: Client, layer: str, folder: Path) -> Path:
    path = folder / f"{layer}.dxf"
    response = client.get(f"/api/download/{layer}?format=dxf")
    assert response.status_code == 200, response.content
    path.write_bytes(b"".join(response.streaming_content))
    return path


def entities(path: Path) -> list[dict[int, str]]:
    """Each entity as its last value per group code (0 is its type); a reader of our own, of nothing but the pairs."""
    lines = path.read_text("cp1252").split("\n")
    pairs = [(int(code), value) for code, value in zip(lines[::2], lines[1::2], strict=False)]
    found: list[dict[int, str]] = []
    for code, value in pairs[pairs.index((2, "ENTITIES")) + 1 :]:
        if code == 0:
            found.append({})
        found[-1][code] = value
    assert [one[0] for one in found[-2:]] == ["ENDSEC", "EOF"]
    return found[:-2]


def named_layers(path: Path) -> list[str]:
    lines = path.read_text("cp1252").split("\n")
    return [lines[at + 3] for at in range(0, len(lines) - 1, 2) if lines[at : at + 3] == ["0", "LAYER", "2"]]


def read(path: Path) -> list[dict[str, Any]]:
    meta, _fids, shapes, values = pyogrio.raw.read(path)
    rows = [dict(zip(meta["fields"], row, strict=True)) for row in zip(*values, strict=True)]
    return [row | {"shape": one} for row, one in zip(rows, shapely.from_wkb(shapes), strict=True)]


def test_01_points_with_their_names_on_a_layer_for_each_kind(client: Client, tmp_path: Path) -> None:
    for name, category, kind in (
        ("Bäckerei Łódź 5%%", "shop", "bakery"),
        ("Zur Mühle", "food", "pub"),
        ("", "food", "cafe"),
    ):
        Poi.objects.create(name=name, category=category, kind=kind, geom=shape(f"POINT ({X}.123 {Y})"))
    path = download(client, "pois", tmp_path)
    assert named_layers(path) == ["0", "pois_food", "pois_food_Text", "pois_shop", "pois_shop_Text"]
    rows = read(path)
    assert Counter(row["Layer"] for row in rows) == {
        "pois_food": 2, "pois_food_Text": 1, "pois_shop": 1, "pois_shop_Text": 1,
    }  # fmt: skip
    text = next(row for row in rows if row["Layer"] == "pois_shop_Text")
    # What Windows-1252 lacks is spelt as AutoCAD reads it; GDAL shows it as it is spelt.
    assert text["Text"] == "Bäckerei \\U+0141ód\\U+017A 5%%%%%%"
    assert text["shape"].distance(shapely.Point(X + 0.123, Y)) < 2
    assert {one[0] for one in entities(path)} == {"POINT", "TEXT"}
    assert {float(one[40]) for one in entities(path) if one[0] == "TEXT"} == {2.5}


def test_02_lines_carry_their_name_along_the_middle(client: Client, tmp_path: Path) -> None:
    line = f"MULTILINESTRING (({X + 100} {Y + 100}, {X} {Y}), ({X} {Y}, {X} {Y + 5}))"
    Road.objects.create(name="Straße am Fluß", kind="residential", geom=shape(line))
    path = download(client, "roads", tmp_path)
    found = entities(path)
    assert Counter(one[0] for one in found) == {"POLYLINE": 2, "VERTEX": 4, "SEQEND": 2, "TEXT": 1}
    (text,) = (one for one in found if one[0] == "TEXT")
    assert (text[8], text[1]) == ("roads_residential_Text", "Straße am Fluß")
    # Upright, whichever way the line was drawn.
    assert (float(text[11]), float(text[21]), float(text[50])) == pytest.approx((X + 50, Y + 50, 45))
    assert [row["shape"].length for row in read(path)[:2]] == pytest.approx([100 * 2**0.5, 5])


def test_03_areas_are_closed_polylines_with_their_holes(client: Client, tmp_path: Path) -> None:
    LandUse.objects.create(name="Holz", kind="wood", geom=shape(f"MULTIPOLYGON (({AREA}, {HOLE}))"))
    Building.objects.create(geom=shape(f"MULTIPOLYGON (({AREA}))"))
    path = download(client, "landuse", tmp_path)
    rings = [one for one in entities(path) if one[0] == "POLYLINE"]
    assert [one[70] for one in rings] == ["1", "1"]
    outer, inner, text = read(path)
    assert shapely.Polygon(outer["shape"]).area == pytest.approx(40_000)
    assert shapely.Polygon(inner["shape"]).area == pytest.approx(50)
    assert (text["Text"], text["Layer"]) == ("Holz", "landuse_wood_Text")
    assert shapely.Polygon(outer["shape"]).contains(text["shape"])
    # A fortieth of the 400 m.
    (written,) = (one for one in entities(path) if one[0] == "TEXT")
    assert float(written[40]) == 10
    # Without a name there is no text.
    assert named_layers(download(client, "buildings", tmp_path)) == ["0", "buildings_yes"]


def test_04_a_layer_without_kinds_is_one_drawing_layer(client: Client, tmp_path: Path) -> None:
    factories.address(factories.street("Dorfstraße"), "4a")
    path = download(client, "addresses", tmp_path)
    assert {one[8] for one in entities(path)} == {"addresses", "addresses_Text"}
    empty = client.get("/api/download/addresses?format=dxf&postcode=00000")
    (tmp_path / "empty.dxf").write_bytes(b"".join(empty.streaming_content))
    assert entities(tmp_path / "empty.dxf") == []


@pytest.mark.qgis("ogrinfo")
def test_05_another_gdal_reads_it_too(client: Client, tmp_path: Path) -> None:
    Road.objects.create(name="Am Öhr", kind="track", geom=shape(f"MULTILINESTRING (({X} {Y}, {X + 50} {Y}))"))
    said = subprocess.run(
        ["ogrinfo", "-al", download(client, "roads", tmp_path)], capture_output=True, text=True, check=True
    ).stdout
    assert "Feature Count: 2" in said and "Layer (String) = roads_track_Text" in said
    assert f"LINESTRING ({X} {Y},{X + 50} {Y})" in said.replace(" 0,", ",").replace(" 0)", ")").replace("Z ", "")
    assert 't:"Am Öhr"' in said and "s:2.5g" in said


def test_06_names_that_a_drawing_cannot_bear() -> None:
    assert dxf.layer_name("pois", "Öl & Gas/überall") == "pois_Oel-Gas-ueberall"
    long = dxf.layer_name("a" * 40, "kind")
    assert len(long + "_Text") <= 31
    assert dxf.plain_text("a\nb\tc\x00 100%% x^2 Łódź 😀") == (
        "a b c\\U+0000 100%%%%%% x^ 2 \\U+0141ód\\U+017A \\U+D83D\\U+DE00"
    )


def test_07_a_whole_extract_kind_by_kind(client: Client, tmp_path: Path, real_data: Path) -> None:
    from gisapp.layer import all_targets
    from importers.osm import run_osm_import
    from importers.plan import Options
    from importers.progress import Reporter

    run_osm_import("osm", real_data / "osm" / "bb_kreis_merged.osm.pbf", all_targets(), Options(), "", Reporter())
    path = download(client, "roads", tmp_path)
    drawn, written = Counter(), Counter()  # type: ignore[var-annotated]
    for row in read(path):
        (written if row["Layer"].endswith("_Text") else drawn)[row["Layer"].removesuffix("_Text")] += 1
    stored = Road.objects.values_list("kind", "name", "geom")
    assert drawn == Counter(f"roads_{kind}" for kind, _name, lines in stored for _part in lines)
    assert written == Counter(f"roads_{kind}" for kind, name, _lines in stored if name)
    length = sum(row["shape"].length for row in read(path))
    assert length == pytest.approx(sum(lines.length for _kind, _name, lines in stored), rel=1e-4)
    assert sum(drawn.values()) > 1000
