"""`gisapp import`: what is printed, which exit code."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

from gisapp.errors import BadInput
from importers import command, running
from tests.db.importers.conftest import square, write_file

pytestmark = pytest.mark.django_db
KEYS = {"layer", "source", "read", "created", "updated", "unchanged", "retired", "repaired", "rejected", "seconds"}


def gisapp_import(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    command.IMPORT.arguments(parser)
    return running.run(parser.parse_args([str(one) for one in arguments]))


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A German one, whatever the terminal of these tests speaks."""
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    shapes = [square(550000, 6030000), "POINT (550000 6030000)"]
    return write_file(tmp_path / "Häuser 2026.gpkg", shapes, {"id": ["a", "<b>"], "kind": ["house", "x"]})


def test_01_json_is_one_object_with_the_promised_keys(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gisapp_import("buildings", file, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) >= KEYS
    assert (said["read"], said["created"], said["layer"], said["source"]) == (2, 1, "buildings", "h-user-2026")
    (rejected,) = said["rejected"]
    assert {"row": 2, "id": "<b>", "field": "geom", "code": "geometry-type"}.items() <= rejected.items()
    assert rejected["reason"] == "falsche Art von Geometrie"


def test_02_a_rejected_row_leaves_the_good_ones_unless_strict(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gisapp_import("buildings", file, "--strict", "--json") == 1
    assert json.loads(capsys.readouterr().out)["rolled_back"] is True
    assert apps.get_model("basemap.Building").objects.count() == 0
    assert gisapp_import("buildings", file) == 0
    assert "1 neu" in capsys.readouterr().out
    assert apps.get_model("basemap.Building").objects.count() == 1


def test_03_the_html_report_stands_alone_and_escapes(file: Path, tmp_path: Path) -> None:
    page = tmp_path / "bericht.html"
    gisapp_import("buildings", file, "--report", page)
    text = page.read_text(encoding="utf-8")
    assert '<html lang="de">' in text and "&lt;b&gt;" in text and "falsche Art von Geometrie" in text
    assert "<script" not in text and "http" not in text.replace("http-equiv", "") and "<b>" not in text
    gisapp_import("buildings", file, "--report", tmp_path / "bericht.json")
    assert json.loads((tmp_path / "bericht.json").read_text())["unchanged"] == 1


def test_04_a_report_with_another_ending_is_refused_before_anything_happens(file: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="bad-report-name"):
        gisapp_import("buildings", file, "--report", tmp_path / "bericht.pdf")
    assert apps.get_model("basemap.Building").objects.count() == 0


def test_05_suggest_writes_a_mapping_that_works(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gisapp_import("buildings", file, "--suggest") == 0
    printed = capsys.readouterr().out
    assert 'kind = "kind"' in printed and 'column = "id"' in printed
    mapping = tmp_path / "zuordnung.toml"
    assert gisapp_import("buildings", file, "--suggest", mapping) == 0
    assert mapping.read_text() == printed
    assert gisapp_import("buildings", file, "--map", mapping) == 0
    assert apps.get_model("basemap.Building").objects.get().source_id == "a"


def test_06_suggest_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_file(tmp_path / "x.gpkg", ["POINT (550000 6030000)"], {"foo": ["x"]}, kind="Point")
    gisapp_import("pois", file, "--suggest")
    said = capsys.readouterr().out
    assert "# Spalten ohne Feld: foo" in said and "# Pflichtfeld ohne Spalte: kind" in said


def test_07_an_apps_name_means_what_a_person_would_mean(real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gisapp_import("regions", real_data / "regions" / "amt_huettener_berge.geojson", "--json") == 0
    assert json.loads(capsys.readouterr().out)["layer"] == "municipalities"
    for name in ("osm", "basemap"):
        assert gisapp_import(name, real_data / "osm" / "zhelez.osm.pbf", "--json") == 0
        said = json.loads(capsys.readouterr().out)
        assert said["layers"]["roads"]["read"] == 2319


def test_08_an_unknown_layer_names_the_known_ones(file: Path) -> None:
    with pytest.raises(BadInput, match="no-target") as caught:
        gisapp_import("hauser", file)
    assert "buildings" in caught.value.text() and "aemter-mapping" in caught.value.text()


def test_09_an_osm_file_into_a_layer_that_it_cannot_feed(real_data: Path) -> None:
    with pytest.raises(BadInput, match="osm-needs-layer"):
        gisapp_import("municipalities", real_data / "osm" / "zhelez.osm.pbf")


@pytest.mark.parametrize("more", [["--suggest"], ["--map", "x.toml"]])
def test_11_an_osm_file_takes_no_mapping(real_data: Path, more: list[str]) -> None:
    with pytest.raises(BadInput, match="osm-no-mapping"):
        gisapp_import("osm", real_data / "osm" / "zhelez.osm.pbf", *more)


def test_10_wrong_usage_is_exit_code_2(file: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        gisapp_import("buildings")
    assert caught.value.code == 2


def test_12_everything_in_english(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "report.html"
    assert gisapp_import("buildings", file, "--language", "en", "--dry-run", "--report", page) == 0
    said = capsys.readouterr().out
    assert "2 read, 1 new, 0 changed" in said and "1 rejected" in said and "Row 2 (<b>): geom: " in said
    assert "Dry run: nothing was written." in said
    text = page.read_text(encoding="utf-8")
    assert '<html lang="en">' in text
    for words in (
        "Counts",
        "Rejected rows",
        "Reason",
        "wrong kind of geometry",
        "Mapping",
        "Dry run: nothing was written.",
    ):
        assert words in text
    for words in ("gelesen", "Zeile", "Grund", "Probelauf", "Zuordnung", "Datei "):
        assert words not in text + said
    gisapp_import("buildings", file, "--language", "en", "--json")
    (rejected,) = json.loads(capsys.readouterr().out)["rejected"]
    assert rejected["reason"] == "wrong kind of geometry"


def test_13_the_terminal_chooses_unless_the_switch_does(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    gisapp_import("buildings", file, "--dry-run")
    assert "1 rejected" in capsys.readouterr().out
    gisapp_import("buildings", file, "--dry-run", "--language", "de")
    assert "1 abgelehnt" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("de_DE.UTF-8", ["Eine Datei in eine Ebene einlesen", "stilllegen, was diese Quelle nicht mehr hat"]),
        ("en_US.UTF-8", ["Read a file into a layer", "retire what this source no longer has"]),
    ],
)
def test_14_help_in_the_language_of_the_terminal(locale: str, words: list[str]) -> None:
    command = [sys.executable, "-m", "gisapp", "import", "--help"]
    environment = {**os.environ, "LC_ALL": locale, "COLUMNS": "400"}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert [one for one in words if one not in said] == []


@pytest.mark.parametrize(("language", "words"), [("de", "gibt es nicht"), ("en", "There is no file")])
def test_15_refusals_of_a_file_too(tmp_path: Path, language: str, words: str) -> None:
    command = [sys.executable, "-m", "gisapp", "import", "pois", str(tmp_path / "x.csv"), "--language", language]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert words in done.stderr
