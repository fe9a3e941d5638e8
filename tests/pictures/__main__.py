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
from tests.browser.orders import draft, step
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


def _log_in(site: str, page: Page, email: str) -> None:
    page.goto(f"{site}/konto/anmelden/?next=/fibre/")
    page.get_by_label("E-Mail-Adresse").fill(email)
    page.get_by_label("Passwort").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name="Anmelden").click()


def _kept(page: Page, name: str, part: str = "") -> None:
    """The window, or a part of it alone."""
    page.wait_for_timeout(1_500)  # the map comes to rest
    page.wait_for_selector('#map[aria-busy="false"]')
    file = IMAGES / f"{name}.png"
    if part:
        page.locator(part).screenshot(path=file)
    else:
        page.screenshot(path=file)
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{file.name}: {size:,} bytes, {MOST_BYTES:,} at most")
    sys.stdout.write(f"{file}\n")


def shoot_order(site: str, page: Page) -> None:
    """A work order that was rehearsed; the operator does what takes two people elsewhere."""
    _log_in(site, page, "betrieb@demo.invalid")
    draft(page, site, "2026-17", "Umbau am NVt-07")
    step(page, "splice", enclosure="M-07", cable_a="K1", fibre_a="5", cable_b="K2", fibre_b="5", many="2")
    step(page, "set-lifecycle", kind="segment", object="T-5", lifecycle="in_service")
    step(page, "remove", kind="segment", object="T-4")
    page.get_by_text("Bezeichnung, Auftragnehmer, Tage und Gebiet ändern").click()
    page.get_by_label("Gebiet: um diese").fill("T-2\nT-4\nT-5")
    page.locator("#head-form").get_by_role("button", name="Speichern").click()
    page.get_by_role("button", name="Proben").click()
    page.locator("#result .order-counts").wait_for()
    page.goto(page.url.split("#")[0])
    # (The bar above it says that this is the demo's operator.)
    page.locator("main").scroll_into_view_if_needed()
    _kept(page, "fibre-order", "main")
    page.locator("#result").evaluate("one => one.scrollIntoView()")
    _kept(page, "fibre-order-result", "main")


def shoot(site: str, page: Page) -> None:
    """Each question on the engineers' page of the test town, 1,280 by 800."""
    _log_in(site, page, "planung@example.org")
    for name, ask in SHOTS.items():
        page.goto(f"{site}/fibre/")
        page.wait_for_selector('#map[aria-busy="false"]')
        ask(page)
        _kept(page, name)


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
            for take in (shoot, shoot_order):
                take(site, browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 800}).new_page())
            browser.close()


if __name__ == "__main__":
    for made in draw(IMAGES / "fibre"):
        sys.stdout.write(f"{made}\n")
    if "actions" not in sys.argv[1:]:
        photograph()
