"""Whole journeys, on desktop and phone."""

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import DESKTOP, PHONE, Visitor, drawn
from tests.browser.town import EVIL, LAT, LON, SHOPS

HERE = f"map=15/{LAT}/{LON}"
DEVICES = pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])


@DEVICES
def test_search_select_detail(visit: Visitor, device: dict[str, Any]) -> None:
    page = visit("/", **device)
    page.get_by_role("combobox", name="Adresse, Ort oder Objekt suchen").fill("bäckerei knus")
    option = page.get_by_role("option", name="Bäckerei Knust").first
    expect(option).to_be_visible()
    expect(page.get_by_role("group", name="Orte von Interesse")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    panel = page.locator("#panel-detail")
    expect(panel.get_by_role("heading", name="Bäckerei Knust")).to_be_focused()
    expect(panel).to_contain_text("rollstuhlgerecht")
    expect(panel.get_by_role("link", name="https://knust.example/")).to_have_attribute("rel", re.compile("noopener"))
    expect(page).to_have_url(re.compile(r"sel=pois/\d+"))


def test_search_says_when_nothing_is_found(visit: Visitor) -> None:
    page = visit("/")
    page.locator("#search-input").fill("Xyzzyqq")
    expect(page.locator("#search-note")).to_have_text("Nichts gefunden für „Xyzzyqq“")


def test_search_finds_a_coordinate(visit: Visitor) -> None:
    page = visit("/")
    page.locator("#search-input").fill("54,4321 9,7012")
    page.get_by_role("option").click()
    expect(page).to_have_url(re.compile(r"mark=9\.7012,54\.4321"))


@DEVICES
def test_layer_switch_and_legend(visit: Visitor, device: dict[str, Any]) -> None:
    page = visit(f"/#{HERE}", **device)
    page.get_by_role("button", name="Ebenen").click()
    panel = page.locator("#panel-layers")
    expect(panel.locator("svg.swatch:visible").first).to_be_visible()
    expect(panel.get_by_text("Essen und Trinken")).to_be_visible()
    panel.locator(".layer-title", has_text="Orte von Interesse").click()
    expect(page).to_have_url(re.compile(r"layers=[^&]*municipalities"))
    expect(page).not_to_have_url(re.compile(r"layers=[^&]*pois"))
    page.go_back()
    expect(panel.get_by_role("switch", name="Orte von Interesse")).to_be_checked()


def test_base_map_of_the_operator(visit: Visitor) -> None:
    page = visit(f"/#{HERE}&panel=layers")
    page.get_by_label("Luftbild").check()
    expect(page).to_have_url(re.compile("base=luftbild"))
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text("© Niemand")


@DEVICES
def test_list_follows_the_view(visit: Visitor, device: dict[str, Any]) -> None:
    page = visit(f"/#{HERE}&panel=list", **device)
    count = page.locator("#list-count")
    expect(count).to_have_text(re.compile(r"^(3\d|40) im Ausschnitt$"))
    expect(page.locator("#list-items li")).to_have_count(30)
    page.get_by_role("button", name="Mehr anzeigen").click()
    expect(page.locator("#list-items li").nth(31)).to_be_visible()
    page.evaluate(
        "history.pushState(null, '', '#map=15/54.30/9.2&panel=list&list=pois'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    expect(count).to_have_text("0 im Ausschnitt")


def test_list_filters_and_selects(visit: Visitor) -> None:
    page = visit(f"/#{HERE}&panel=list&list=pois")
    page.locator("#list-filters-box summary").click()
    page.get_by_label("Gruppe").select_option("food")
    expect(page.locator("#list-count")).to_have_text(f"{SHOPS // 2} im Ausschnitt")
    page.get_by_label("Suchwort").fill("Laden 05")
    expect(page.locator("#list-items li")).to_have_count(1)
    page.get_by_role("link", name="Laden 05").click()
    expect(page.locator("#panel-detail h2")).to_have_text("Laden 05")
    page.locator("#panel-detail").get_by_role("button", name="Schließen").click()
    expect(page.locator("#panel-list")).to_be_visible()


def test_click_on_the_map_selects(visit: Visitor) -> None:
    page = visit(f"/#map=17/{LAT + 0.0015}/{LON + 0.01}")
    box = page.locator("#map").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#panel-detail h2")).to_have_text("Bäckerei Knust")
    expect(page.locator("#panel-detail")).to_contain_text("Ascheffel")


def test_deep_link_restores_everything(visit: Visitor) -> None:
    link = f"/?lang=en#map=16/{LAT}/{LON}&layers=pois&mode=dark&mark={LON},{LAT},Treff&list=pois&q=Laden&f.category=shop&panel=list"
    page = visit(link)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-mode", "dark")
    expect(page.locator(".mark-text")).to_have_text("Treff")
    expect(page.get_by_label("Search word")).to_have_value("Laden")
    expect(page.locator('[name="f.category"]')).to_have_value("shop")
    expect(page.locator("#list-items li").first).to_contain_text("Laden")
    page.locator("#list-items a").first.click()
    expect(page).to_have_url(re.compile("sel=pois"))
    page.go_back()
    expect(page.locator("#panel-detail")).to_be_hidden()


def test_details_that_come_after_going_back_stay_away(visit: Visitor) -> None:
    page = visit(f"/?lang=de#map=16/{LAT}/{LON}&layers=pois&list=pois&q=Laden&panel=list")
    held: list[Route] = []
    page.route(re.compile("/map/detail/"), lambda route: held.append(route))
    page.locator("#list-items a").first.click()
    expect(page).to_have_url(re.compile("sel=pois"))
    page.go_back()
    expect(page).not_to_have_url(re.compile("sel=pois"))
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_timeout(1_500)
    expect(page.locator("#panel-detail")).to_be_hidden()
    expect(page.locator("#panel-list")).to_be_visible()


def test_selected_feature_in_the_link(visit: Visitor) -> None:
    page = visit("/#sel=municipalities/1")
    expect(page.locator("#panel-detail h2")).to_have_text("Ascheffel")
    expect(page.locator("#panel-detail")).to_contain_text("1.042")


def test_mark_text_is_text(visit: Visitor) -> None:
    page = visit(f"/#{HERE}&panel=mark")
    page.get_by_label("Text").fill(EVIL)
    page.get_by_role("button", name="In die Kartenmitte").click()
    expect(page.locator(".mark-text")).to_have_text(EVIL)
    expect(page).to_have_url(re.compile("mark=9.7"))
    expect(page.locator("#mark-place")).to_contain_text("Ascheffel")
    other = visit(page.url.removeprefix(visit.site))
    expect(other.locator(".mark-text")).to_have_text(EVIL)
    assert other.locator(".mark img").count() == 0


def test_names_from_the_data_are_text(visit: Visitor) -> None:
    page = visit(f"/#{HERE}&panel=list&list=pois&q=onerror")
    link = page.locator("#list-items a[data-id]")
    expect(link).to_contain_text(EVIL)
    link.click()
    expect(page.locator("#panel-detail h2")).to_have_text(EVIL)


def test_measure_with_the_pointer(visit: Visitor) -> None:
    page = visit(f"/#{HERE}")
    page.get_by_role("button", name="Messen").click()
    page.mouse.click(700, 300)
    page.mouse.click(900, 300)
    expect(page.locator("#measure-result")).to_have_text(re.compile(r"^Strecke \d{3} m$"))
    page.mouse.click(900, 500)
    page.get_by_role("radio", name="Fläche").check()
    expect(page.locator("#measure-result")).to_have_text(re.compile(r"^Fläche \d+,\d+ ha, Umfang "))
    expect(page.locator("#panel-detail")).to_be_hidden()


def test_near_me(visit: Visitor) -> None:
    page = visit("/", geolocation={"longitude": LON + 0.01, "latitude": LAT + 0.0015}, permissions=["geolocation"])
    page.get_by_role("button", name="In meiner Nähe").click()
    expect(page.locator("#list-items li").first).to_contain_text("Bäckerei Knust")
    expect(page.locator("#list-items li").nth(1).locator(".item-distance")).to_have_text(re.compile(r" m$"))


def test_near_me_refused(visit: Visitor) -> None:
    page = visit("/", permissions=[])
    page.evaluate("void (navigator.geolocation.getCurrentPosition = (_found, failed) => failed({code: 1}))")
    page.get_by_role("button", name="In meiner Nähe").click()
    expect(page.locator("#map-note")).to_contain_text("bleibt privat")


def test_share_and_embed_code(visit: Visitor) -> None:
    page = visit(f"/#{HERE}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Teilen").click()
    page.locator("#share-copy").click()
    expect(page.locator("#map-note")).to_have_text("In die Zwischenablage kopiert")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{visit.site}/?lang=de#map=15/54.43/9.7")
    assert f'<iframe src="{visit.site}/embed/?lang=de#map=15' in page.locator("#embed-code").input_value()


def test_dark_mode_switch_is_remembered(visit: Visitor) -> None:
    page = visit(f"/#{HERE}")
    page.get_by_role("button", name="Mehr").click()
    page.get_by_role("button", name="Dunkle Darstellung").click()
    expect(page.locator("html")).to_have_attribute("data-mode", "dark")
    again = visit.watch(page.context.new_page())
    again.goto(visit.site + "/map/contents/")
    expect(again.locator("html")).to_have_attribute("data-mode", "dark")
    assert again.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 28)"


def test_language_switch_keeps_the_view(visit: Visitor) -> None:
    page = visit(f"/#{HERE}&panel=menu")
    page.get_by_role("link", name="English").click()
    drawn(page)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="Layers")).to_be_visible()
    expect(page).to_have_url(re.compile(r"lang=en#map=15/54.43/9.7"))


def test_login_and_logout(visit: Visitor) -> None:
    page = visit("/konto/anmelden/", wait=False)
    page.get_by_label("E-Mail-Adresse").fill("amt@example.org")
    page.get_by_label("Passwort").fill("falsch")
    page.get_by_role("main").get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("alert")).to_contain_text("passen nicht zusammen")
    page.get_by_label("E-Mail-Adresse").fill("amt@example.org")
    page.get_by_label("Passwort").fill("Ein-langes-Passwort-7")
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name="Anmelden").click()
    drawn(page)
    page.get_by_role("button", name="Mehr").click()
    expect(page.get_by_role("link", name="Mein Konto")).to_be_visible()
    expect(page.get_by_role("link", name="Verwaltung")).to_have_count(0)
    with page.expect_navigation():
        page.get_by_role("button", name="Abmelden").click()
    drawn(page)
    page.get_by_role("button", name="Mehr").click()
    expect(page.get_by_role("link", name="Anmelden")).to_be_visible()


@DEVICES
def test_the_map_as_it_was(visit: Visitor, device: dict[str, Any]) -> None:
    """Nothing was there a year before the town was built: the list is empty, the note says which day is shown."""
    page = visit(f"/#{HERE}&panel=layers", **device)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Die Karte zeigen, wie sie an diesem Tag war").fill("2020-03-01")
    page.keyboard.press("Tab")
    note = page.locator("#past-note")
    expect(note).to_contain_text("Stand vom 1. März 2020")
    expect(page).to_have_url(re.compile("at=2020-03-01"))
    page.get_by_role("button", name="Liste").first.click()
    expect(page.locator("#list-count")).to_have_text(re.compile("^0 "))
    assert any("/tiles/style.json" in one and "as_of=2020-03-01" in one for one in asked)
    note.get_by_role("button", name="Heute").click()
    expect(note).to_be_hidden()
    expect(page).not_to_have_url(re.compile("at=2020"))
    expect(page.locator("#list-count")).to_have_text(re.compile(r"^\d\d im Ausschnitt$"))


@DEVICES
def test_the_story_of_a_feature(visit: Visitor, device: dict[str, Any]) -> None:
    """Two states are on the map and side by side; names and reasons stay with the members; an operator takes one back."""
    page = visit.watch(visit.context(**device).new_page())
    page.goto(visit.site + "/map/list/pois?q=Laden+01")
    page.get_by_role("link", name="Laden 01").first.click()
    page.get_by_role("link", name="Verlauf: was sich geändert hat").click()
    expect(page.get_by_role("heading", name="Verlauf: Laden 01")).to_be_visible()
    page.wait_for_selector("html[data-ready]", state="attached")
    expect(page.locator(".past-map")).to_be_visible()
    expect(page.locator(".story > li")).to_have_count(2)
    expect(page.locator(".story > li").first).to_contain_text("Lage geändert")
    expect(page.get_by_text("Umzug")).to_have_count(0)
    expect(page.get_by_role("button", name="Diese Änderung zurücknehmen")).to_have_count(0)
    page.get_by_label("Älterer Stand").select_option(index=0)
    page.get_by_role("button", name="Vergleichen").click()
    expect(page.locator("tr.differs")).to_have_count(0)
