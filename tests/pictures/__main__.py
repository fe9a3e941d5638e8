"""Draw the pictures of docs/ anew; the screenshots need the browser and a database like its tests'."""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from gisapp import cluster, programs
from gisapp.paths import CHECKOUT
from tests.browser.conftest import FLAGS, MAP_CONFIG
from tests.browser.test_fibre_page import PASSWORD
from tests.pictures.actions import draw
from tests.serving import fresh_database, gisapp, served

IMAGES = CHECKOUT / "docs/images"
MOST_BYTES = 200_000


def _ask(page: Page, ref: str, question: str) -> None:
    page.locator("#fibre-ref").fill(ref)
    page.get_by_role("button", name=question, exact=True).click()
    page.locator("#fibre-result-title").filter(has_text=ref).wait_for()
    page.locator("#fibre-result").scroll_into_view_if_needed()


def _trace(page: Page) -> None:
    _ask(page, "OLT-1/1", "Verfolgen")


def _impact(page: Page) -> None:
    _ask(page, "T-1", "Wen trifft es?")


def _section(page: Page) -> None:
    page.locator("#fibre-what").select_option("fibre_segment")
    page.locator("#fibre-items").get_by_role("link", name="T-1").first.click()
    page.locator(".cross-section").wait_for()


def _owner(page: Page) -> None:
    page.locator("#fibre-text").fill("NVt-07")
    page.locator("#fibre-items").get_by_role("link", name="NVt-07").click()
    page.locator("#fibre-detail [data-close]").click()
    page.get_by_label("nach Eigentum").check()
    page.locator("#fibre-legend").scroll_into_view_if_needed()


SHOTS: dict[str, Callable[[Page], None]] = {
    "fibre-trace": _trace, "fibre-impact": _impact, "fibre-occupancy": _section, "fibre-owner": _owner,
}  # fmt: skip


def shoot(site: str, page: Page) -> None:
    """Each question on the engineers' page of the test town, 1,280 by 800."""
    page.goto(f"{site}/konto/anmelden/?next=/fibre/")
    page.get_by_label("E-Mail-Adresse").fill("planung@example.org")
    page.get_by_label("Passwort").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name="Anmelden").click()
    for name, ask in SHOTS.items():
        page.goto(f"{site}/fibre/")
        page.wait_for_selector('#map[aria-busy="false"]')
        ask(page)
        page.wait_for_timeout(1_500)  # the map comes to rest
        page.wait_for_selector('#map[aria-busy="false"]')
        file = IMAGES / f"{name}.png"
        page.screenshot(path=file)
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise SystemExit(f"{file.name}: {size:,} bytes, {MOST_BYTES:,} at most")
        sys.stdout.write(f"{file}\n")


def photograph() -> None:
    """With a server of its own, as the browser's tests have it."""
    folder = Path(tempfile.mkdtemp(prefix="pictures-"))
    settings = folder / "map.json"
    settings.write_text(json.dumps(MAP_CONFIG))
    with cluster.in_use(), fresh_database("gisapp_pictures") as database:
        environment = {
            **database, "STATIC_ROOT": str(folder / "static"), "GISAPP_MAP_CONFIG": str(settings),
            "DJANGO_SETTINGS_MODULE": "tests.browser.settings", "PYTHONPATH": str(CHECKOUT),
        }  # fmt: skip
        gisapp(environment, "manage", "collectstatic", "--noinput", "--verbosity", "0")
        gisapp(environment, "manage", "shell", "-v", "0", "-c", "from tests.browser.town import build; build()")
        with served(environment) as site, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=programs.chromium(), args=FLAGS)
            shoot(site, browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 800}).new_page())
            browser.close()


if __name__ == "__main__":
    for made in draw(IMAGES / "fibre"):
        sys.stdout.write(f"{made}\n")
    if "actions" not in sys.argv[1:]:
        photograph()
