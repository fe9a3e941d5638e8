"""An import by hand in the browser: file, mapping, map, dry run, run, undo - and stopping."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gisapp.paths import data_dir
from tests.browser.conftest import DESKTOP, PHONE, Visitor

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [9.70 + number / 1000, 54.43]},
            "properties": {"nr": str(number), "name": f"Importort {number}", "art": "hamlet"},
        }
        for number in range(5)
    ]
    path = tmp_path / "orte.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def logged_in(visit: Visitor) -> Page:
    page = visit("/konto/anmelden/?next=/import/", wait=False)
    page.get_by_label("E-Mail-Adresse").fill("amt@example.org")
    page.get_by_label("Passwort").fill("Ein-langes-Passwort-7")
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name="Anmelden").click()
    page.goto(f"{visit.site}/import/")
    return page


def test_01_from_the_file_to_the_undo(visit: Visitor, axe: Callable[[Page], list[str]], file: Path) -> None:
    page = logged_in(visit)
    assert axe(page) == []
    page.get_by_label("Datei (GeoPackage").set_input_files(file)
    page.get_by_label("Ebene").select_option("places")
    page.get_by_role("button", name="Hochladen und ansehen").click()
    expect(page.get_by_role("cell", name="Importort 3")).to_be_visible()
    page.wait_for_selector('html[data-ready="1"]')
    expect(page.get_by_label("Name (Pflicht)")).to_have_value("name")
    page.locator('select[name="field_kind"]').select_option("art")
    page.locator('select[name="id_column"]').select_option("nr")
    expect(page.get_by_role("button", name="Jetzt übernehmen")).to_have_count(0)
    for device in (DESKTOP, PHONE):
        page.set_viewport_size(device["viewport"])
        assert axe(page) == []
    page.screenshot(path=str(data_dir() / "import-phone.png"), full_page=True)
    page.set_viewport_size(DESKTOP["viewport"])
    page.screenshot(path=str(data_dir() / "import-desktop.png"), full_page=True)
    page.get_by_role("button", name="Probelauf").click()
    expect(page.get_by_role("heading", name="Ergebnis des Probelaufs")).to_be_visible(timeout=60_000)
    expect(page.locator("dl.facts")).to_contain_text("neu5")
    page.get_by_role("button", name="Jetzt übernehmen").click()
    expect(page.get_by_role("button", name="Diesen Import zurücknehmen")).to_be_visible(timeout=60_000)
    assert axe(page) == []
    found = page.request.get(f"{visit.site}/ogc/collections/places/items?filter=name LIKE 'Importort%25'&f=json").json()
    assert found["numberMatched"] == 5
    page.get_by_role("button", name="Diesen Import zurücknehmen").click()
    expect(page.get_by_role("main")).to_contain_text("zurückgenommen")
    found = page.request.get(f"{visit.site}/ogc/collections/places/items?filter=name LIKE 'Importort%25'&f=json").json()
    assert found["numberMatched"] == 0


def test_02_it_can_be_stopped(visit: Visitor, file: Path) -> None:
    page = logged_in(visit)
    page.get_by_label("Datei (GeoPackage").set_input_files(file)
    page.get_by_label("Ebene").select_option("places")
    page.get_by_role("button", name="Hochladen und ansehen").click()
    page.wait_for_selector('html[data-ready="1"]')
    page.locator('select[name="field_kind"]').select_option("art")
    page.get_by_role("button", name="Probelauf").click()
    page.get_by_role("button", name="Anhalten").click()
    expect(page.get_by_role("main")).to_contain_text("angehalten", timeout=30_000)
