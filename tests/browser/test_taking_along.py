"""The map for taking along: opened from the disk with the network cut, it asks for nothing and runs nothing of the data."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from gisapp.paths import data_dir
from tests.browser.conftest import AXE
from tests.serving import fresh_database, gisapp

HOSTILE = "<img src=x onerror=window.hacked=1></script><script>window.hacked=2</script>{{7*7}}"
FILL = f"""
from tests import factories
factories.municipality("Haby")
factories.place({HOSTILE!r}, x=2000, y=2000)
factories.road("Dorfstraße", "residential", (0, 0), (3000, 3000))
"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("taking") / "karte.html"
    with fresh_database("gisapp_taking_along") as database:
        gisapp(database, "manage", "shell", "-v", "0", "-c", FILL)
        gisapp(database, "export", "map", str(file), "--layers", "municipalities,roads,places")
    return file


def test_01_it_opens_without_a_network(page_file: Path, browser: Browser) -> None:
    asked: list[str] = []
    told: list[str] = []
    context = browser.new_context(viewport={"width": 1000, "height": 700}, offline=True)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(page_file.as_uri())
    page.wait_for_selector("path.leaflet-interactive")
    # An area, a line and a point; the switch names all three.
    assert page.locator("path.leaflet-interactive").count() == 3
    names = page.locator(".leaflet-control-layers-overlays label").all_inner_texts()
    assert [one.strip() for one in names] == ["Gemeinden", "Straßen", "Orte"]
    page.locator("path.leaflet-interactive").last.click(force=True)
    popup = page.locator(".leaflet-popup-content")
    popup.wait_for()
    assert HOSTILE in popup.inner_text()
    assert page.evaluate("window.hacked") is None
    assert page.locator(".leaflet-popup-content img").count() == 0
    page.screenshot(path=str(data_dir() / "taking-along.png"))
    page.locator(".leaflet-control-layers-overlays input").nth(2).uncheck()
    assert page.locator("path.leaflet-interactive").count() == 2
    assert [one for one in asked if not one.startswith(("file://", "data:"))] == []
    assert asked == [page_file.as_uri()] + [one for one in asked[1:] if one.startswith("data:")]
    assert told == []
    context.close()


def test_02_it_has_a_title_a_language_and_its_sources(page_file: Path, browser: Browser) -> None:
    page: Any = browser.new_page()
    page.goto(page_file.as_uri())
    page.wait_for_selector("path.leaflet-interactive")
    assert page.title() == "Gemeinden, Straßen, Orte"
    assert page.locator("html").get_attribute("lang") == "de"
    assert "©" in page.locator("#source").inner_text()
    # The policy of the page forbids what it does not need, this test's own script too: it is put in by the driver.
    page.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
    assert [one["id"] for one in found["violations"]] == []
