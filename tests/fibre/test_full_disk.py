"""A disk that is full in the middle: said in words, nothing half is left, and what was done before is told."""

from pathlib import Path
from typing import Any

import pyogrio
import pytest

from gisapp.errors import BadInput
from importers import running
from layers.fibre import exporting
from tests.fibre.drawing import network, one
from tests.fibre.test_import_parts import Files

pytestmark = pytest.mark.django_db


def _full(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")


def test_01_a_geopackage_that_does_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network("netz")
    target = tmp_path / "netz.gpkg"
    target.write_text("the one from yesterday")
    written = pyogrio.write_arrow

    def until_it_is_full(table: Any, path: Any, *, layer: str, **more: Any) -> None:
        if layer == "cable":
            raise pyogrio.errors.DataLayerError("database or disk is full")
        written(table, path, layer=layer, **more)

    monkeypatch.setattr(pyogrio, "write_arrow", until_it_is_full)
    with pytest.raises(OSError, match="disk is full"):
        exporting.write(target, "netz")
    assert [one_.name for one_ in tmp_path.iterdir()] == ["netz.gpkg"]
    assert target.read_text() == "the one from yesterday"


def test_02_an_import_is_told_although_its_report_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse

    from importers.command import IMPORT

    folder = tmp_path / "lieferung"
    folder.mkdir()
    Files(folder).nodes(("n1", "Eins", "H", 0, 0), ("n2", "Zwei", "H", 40, 0))
    parser = argparse.ArgumentParser()
    IMPORT.arguments(parser)
    there = tmp_path / "bericht.html"
    there.write_text("the one from yesterday")
    monkeypatch.setattr(Path, "replace", _full)
    with pytest.raises(BadInput) as caught:
        running.run(parser.parse_args(["fibre", str(folder), "--crs", "EPSG:25832", "--report", str(there)]))
    assert caught.value.code == "report-unwritten"
    assert "2" in capsys.readouterr().out
    assert one("SELECT count(*) FROM fibre_node") == 2
    assert sorted(one_.name for one_ in tmp_path.iterdir()) == ["bericht.html", "lieferung"]
    assert there.read_text() == "the one from yesterday"
