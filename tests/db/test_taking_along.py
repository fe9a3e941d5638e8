"""`gisapp export pmtiles` and `gisapp export map`: files that hold what the public sees, whole or not at all."""

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
from django.contrib.auth.models import AnonymousUser
from pmtiles.reader import MmapSource, Reader, all_tiles

from gisapp import layer as contract
from gisapp.commands.export import EXPORT
from gisapp.database import fetch_rows
from gisapp.errors import BadInput
from gisapp.exports import page, tilefile
from gisapp.tiles.sql import tile_statement
from tests import factories

pytestmark = pytest.mark.django_db


def run(capsys: pytest.CaptureFixture[str], layer: str, file: Any, target: Any = None, **more: Any) -> dict[str, Any]:
    given = {"bbox": "", "layers": "", "zoom": "", "json": True, "target": target, **more}
    assert EXPORT.run(argparse.Namespace(layer=layer, file=Path(file), **given)) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def content(file: Path) -> tuple[dict[str, Any], dict[str, Any], dict[tuple[int, ...], bytes]]:
    with file.open("rb") as opened:
        source = MmapSource(opened)
        reader = Reader(source)
        return reader.header(), reader.metadata(), dict(all_tiles(source))


@pytest.fixture
def region() -> None:
    factories.municipality("Haby")
    factories.place("Haby", x=100, y=100)
    factories.place("Holtsee", x=3_000, y=3_000)
    factories.note(factories.organisation("b"), title="geheim", x=50, y=50)


def test_01_every_tile_is_the_webs(region: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "region.pmtiles"
    done = run(capsys, "pmtiles", "places,municipalities,notes", file, zoom="8-13")
    header, metadata, tiles = content(file)
    assert done["tiles"] == len(tiles) > 10
    assert (header["min_zoom"], header["max_zoom"]) == (8, 13)
    assert {one["id"] for one in metadata["vector_layers"]} >= {"places", "municipalities"}
    layers = [contract.get(name) for name in ("municipalities", "places", "notes")]
    for (zoom, column, row), body in tiles.items():
        statement = tile_statement(layers, zoom, column, row, AnonymousUser())
        assert statement is not None
        # The order of the layers in a tile is the asker's.
        ours = mapbox_vector_tile.decode(bytes(fetch_rows(*statement, binary=True)[0][0]))
        assert mapbox_vector_tile.decode(gzip.decompress(body)) == ours
    seen = b"".join(gzip.decompress(one) for one in tiles.values())
    assert b"Haby" in seen
    assert b"geheim" not in seen
    west, south, east, north = (header[f"{name}_e7"] / 1e7 for name in ("min_lon", "min_lat", "max_lon", "max_lat"))
    corner = factories.point(100, 100)
    corner.transform(4326)
    assert west < corner.x < east and south < corner.y < north


def test_02_equal_tiles_are_stored_once(tmp_path: Path) -> None:
    factories.municipality("Haby")  # 4 km: inside, tiles of a high zoom are all alike but for their borders
    wanted = tilefile.plan([contract.get("municipalities")], range(16, 17))
    done = tilefile.write(wanted, tmp_path / "x.pmtiles", lambda _more: None)
    assert done.different < done.tiles / 2
    assert len(content(tmp_path / "x.pmtiles")[2]) == done.tiles


def test_03_a_box_and_zooms_make_it_smaller(region: None, tmp_path: Path) -> None:
    layers = [contract.get("places")]
    whole, part = tilefile.plan(layers), tilefile.plan(layers, range(5, 9), (9.6, 54.3, 9.71, 54.42))
    assert whole.count > part.count > 0
    assert whole.zooms == range(contract.get("places").min_zoom, contract.get("places").max_zoom + 1)
    with pytest.raises(BadInput, match="export-empty"):
        tilefile.plan(layers, None, (0.0, 10.0, 1.0, 11.0))
    for wrong in ("x", "9-5", "-1", "30", ""):
        with pytest.raises(BadInput, match="bad-value"):
            tilefile.parse_zooms(wrong)


def test_04_too_much_is_refused_before_it_begins(region: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tilefile, "MOST_TILES", 10)
    with pytest.raises(BadInput, match="export-too-large"):
        tilefile.plan([contract.get("places")])
    monkeypatch.undo()
    monkeypatch.setattr(tilefile, "MOST_BYTES", 100)
    with pytest.raises(BadInput, match="export-too-large"):
        tilefile.write(tilefile.plan([contract.get("places")]), tmp_path / "x.pmtiles", lambda _more: None)
    monkeypatch.setattr(page, "MOST_FEATURES", 1)
    with pytest.raises(BadInput, match="export-too-large"):
        page.render([contract.get("places")])
    assert list(tmp_path.iterdir()) == []


def test_05_stopped_in_the_middle_the_old_file_stays(region: None, tmp_path: Path) -> None:
    file = tmp_path / "x.pmtiles"
    file.write_bytes(b"old")
    done = 0

    def stop(more: int) -> None:
        nonlocal done
        done += more
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tilefile.write(tilefile.plan([contract.get("places")]), file, stop)
    assert (file.read_bytes(), [one.name for one in tmp_path.iterdir()]) == (b"old", ["x.pmtiles"])


def test_06_nothing_is_no_file(tmp_path: Path) -> None:
    for make in (lambda: tilefile.plan([contract.get("places")]), lambda: page.render([contract.get("places")])):
        with pytest.raises(BadInput, match="export-empty"):
            make()


def test_07_the_page_holds_all_and_no_word_of_others(
    region: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    factories.place("</script><img src=x onerror=alert(1)>", x=500, y=500)
    factories.place("{{ 7 * 7 }}{% for x in y %}{# weg #}{% endraw %}", x=600, y=600)
    factories.note(factories.organisation("b"), title="Baustelle", x=60, audience="public")
    file = tmp_path / "karte.html"
    run(capsys, "map", file, layers="municipalities,places,notes")
    text = file.read_text().replace("\\u0026", "&")
    assert "Holtsee" in text and "Baustelle" in text and "geheim" not in text
    assert "onerror=alert" in text and "<img src=x" not in text
    # What looks like folium's template language is the text that somebody typed.
    assert "&#123;&#123; 7 * 7 &#125;&#125;&#123;% for x in y %&#125;&#123;# weg #&#125;" in text
    assert "{% raw" not in text
    with pytest.raises(BadInput, match="bad-value"):
        run(capsys, "map", file)
    with pytest.raises(BadInput, match="bad-value"):
        run(capsys, "pmtiles", "places")


def test_08_a_place_where_nothing_can_be_written(region: None, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"bbox": "", "layers": "places", "zoom": "8", "json": True}
    for name, file, target in (("map", "/nirgends/x.html", None), ("pmtiles", "places", Path("/nirgends/x.pmtiles"))):
        assert EXPORT.run(argparse.Namespace(layer=name, file=Path(file), target=target, **given)) == 1
    assert "nirgends" in capsys.readouterr().err


def test_09_a_file_holds_what_the_public_sees(region: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever runs the command sees everything; what leaves the house by it is for everybody."""
    factories.note(factories.organisation("b"), title="Baustelle", x=60, audience="public")
    file = tmp_path / "hinweise.geojson"
    run(capsys, "notes", file)
    assert [one["properties"]["title"] for one in json.loads(file.read_text())["features"]] == ["Baustelle"]
