"""Every reason for which an import refuses stands in the user's guide; every switch and setting, too."""

import argparse
from pathlib import Path

import pytest

from gisapp.layer import all_table_targets, all_targets
from importers import command, osm_tags
from importers.error_texts import FILE_ERRORS, ROW_ERRORS

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")
OSM_GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "importing-osm.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", [*FILE_ERRORS, *ROW_ERRORS], ids=lambda entry: entry.code)
def test_01_errors(entry: object) -> None:
    assert f"| `{entry.code}` | {entry.de} |" in GUIDE  # type: ignore[attr-defined]


def test_02_switches() -> None:
    parser = argparse.ArgumentParser()
    command.IMPORT.arguments(parser)
    for action in parser._actions:
        for name in action.option_strings:
            assert name in {"-h", "--help"} or f"`{name}" in GUIDE, name


def test_03_layers() -> None:
    for name in [*(one.layer for one in all_targets()), *(one.name for one in all_table_targets())]:
        assert name in GUIDE


def test_04_osm_layers() -> None:
    rows = osm_tags.lines({"highway": "primary", "name": "x", "railway": "rail", "waterway": "river"})
    rows += (
        osm_tags.lines({"highway": "path"}) + osm_tags.areas({"building": "yes"}) + osm_tags.areas({"landuse": "grass"})
    )
    rows += osm_tags.areas({"natural": "water"}) + osm_tags.places({"place": "town", "name": "x"})
    rows += osm_tags.points({"shop": "books", "addr:housenumber": "1", "addr:street": "x"})
    for layer in {layer for layer, _row in rows}:
        assert f"| {layer} |" in OSM_GUIDE, layer
