"""What is left when something is missing: JavaScript, WebGL, the server, a pointer."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.town import LAT, LON, SHOPS


def test_without_javascript_everything_is_in_lists(visit: Visitor) -> None:
    page = visit("/", wait=False, java_script_enabled=False)
    page.get_by_role("link", name="Inhalte als Listen").click()
    page.get_by_role("heading", name="Orte von Interesse").get_by_role("link").click()
    expect(page.locator(".list-count")).to_have_text(f"{SHOPS + 2} Einträge")
    page.get_by_label("Gruppe").select_option("food")
    page.get_by_role("button", name="Anzeigen").click()
    expect(page.locator("tbody tr")).to_have_count(SHOPS // 2)
    page.get_by_role("link", name="Zurücksetzen").click()
    page.get_by_role("link", name="Weiter").click()
    expect(page.get_by_text("Seite 2")).to_be_visible()
    page.get_by_role("link", name="Zurück", exact=True).click()
    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.locator("tbody tr").first).to_contain_text("Laden 38")
    page.get_by_role("link", name="Laden 38").click()
    expect(page.get_by_role("heading", name="Laden 38", level=1)).to_be_visible()


def test_without_javascript_the_search_is_a_page(visit: Visitor) -> None:
    page = visit("/", wait=False, java_script_enabled=False)
    page.get_by_role("combobox").fill("Knust")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Bäckerei Knust").click()
    expect(page.get_by_role("heading", name="Bäckerei Knust")).to_be_visible()


def test_without_webgl_the_list_works(visit: Visitor) -> None:
    context = visit.context()
    context.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page = visit.watch(context.new_page())
    page.goto(visit.site + "/")
    expect(page.locator("#map-note")).to_contain_text("WebGL fehlt")
    page.get_by_role("button", name="Liste").click()
    expect(page.locator("#list-count")).to_have_text(f"{SHOPS + 2} insgesamt")
    page.locator("#list-items a").first.click()
    expect(page.locator("#panel-detail h2")).to_be_visible()


def test_server_down_is_said_once_and_passes(visit: Visitor) -> None:
    page = visit(f"/#map=15/{LAT}/{LON}")
    page.context.set_offline(True)
    page.locator("#search-input").fill("Laden")
    banner = page.get_by_role("alert")
    expect(banner).to_contain_text("Keine Verbindung zum Server")
    page.locator("#map canvas").focus()
    for _step in range(3):
        page.keyboard.press("ArrowRight")
    page.context.set_offline(False)
    expect(banner).to_be_hidden()
    expected = re.compile(r"ERR_INTERNET_DISCONNECTED")
    visit.problems = [one for one in visit.problems if not expected.search(one)]


def test_keyboard_alone(visit: Visitor) -> None:
    page = visit(f"/#map=15/{LAT}/{LON}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Zur Suche")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#title-list")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel-list")).to_be_hidden()
    page.get_by_role("button", name="Messen").focus()
    page.keyboard.press("Enter")
    canvas = page.locator("#map canvas")
    canvas.focus()
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(600)
    page.keyboard.press("m")
    expect(page.locator("#measure-result")).to_have_text(re.compile(r"^Strecke [\d,]+ m$"))
    expect(page.locator("#live")).to_have_text(re.compile(r"Punkt 2 gesetzt"))


def test_little_motion(visit: Visitor) -> None:
    page = visit("/#sel=pois/39", reduced_motion="reduce")
    expect(page.locator("#panel-detail h2")).to_have_text("Bäckerei Knust")
    assert page.evaluate("getComputedStyle(document.querySelector('.switch-track')).transitionDuration") in (
        "0s",
        "1e-05s",
    )


def test_text_at_double_size_still_fits(visit: Visitor) -> None:
    page = visit("/map/contents/", wait=False, viewport={"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
