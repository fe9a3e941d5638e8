"""The engineers' page in a browser: map, list, what lies and hangs there, by mouse and by keyboard."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Visitor, drawn

PASSWORD = "Ein-langes-Passwort-7"


def opened(visit: Visitor, path: str = "/fibre/", **device: Any) -> Page:
    page = visit.watch(visit.context(**device).new_page())
    page.goto(f"{visit.site}/konto/anmelden/?next={path}")
    page.get_by_label("E-Mail-Adresse").fill("planung@example.org")
    page.get_by_label("Passwort").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name="Anmelden").click()
    return page


def test_01_the_list_leads_to_what_lies_there(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    page.get_by_label("Name", exact=True).fill("NVt")
    expect(page.locator("#fibre-items li")).to_have_count(1)
    page.get_by_role("link", name="NVt-07").press("Enter")
    detail = page.locator("#fibre-detail")
    expect(detail.get_by_role("heading", name="NVt-07")).to_be_focused()
    expect(detail).to_contain_text("Einzelrohrverbinder 7 mm → RV-123, 1 rot")
    detail.get_by_role("link", name="T-1", exact=True).click()
    expect(detail.get_by_role("heading", name="T-1")).to_be_visible()
    expect(detail).to_contain_text("Rohrverband 24x7/4")
    expect(detail.get_by_text("rot mit Ring")).to_be_visible()
    page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    drawn(page)


def test_02_a_click_on_the_map_selects(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    page.get_by_label("Name", exact=True).fill("S-12")
    page.get_by_role("link", name="S-12").click()
    expect(page.locator("#fibre-detail").get_by_role("heading", name="S-12")).to_be_visible()
    page.locator("#fibre-detail [data-close]").click()
    drawn(page)
    # The manhole is in the middle now.
    box = page.locator("#map canvas").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#fibre-detail")).to_contain_text("S-12")


def test_03_one_network_alone_and_something_lit_up(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    page.locator("#fibre-network").select_option("probe")
    drawn(page)
    page.locator("#fibre-what").select_option("fibre_segment")
    expect(page.get_by_role("link", name="T-4")).to_be_visible()
    module = page.locator('script[type="module"]').get_attribute("src")
    page.evaluate(
        "async (address) => (await import(address)).show({type: 'LineString', coordinates: [[9.70, 54.43], [9.705, 54.43]]}, "
        "{title: 'Weg', items: [{title: 'NVt-07', more: '12 m'}]})",
        module,
    )
    expect(page.get_by_role("heading", name="Weg")).to_be_focused()
    expect(page.locator("#fibre-result-list li")).to_have_text("NVt-0712 m")
    drawn(page)


def test_03b_too_far_away_it_says_so_and_it_does_not_begin_there(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    far = page.locator("#fibre-far")
    expect(far).to_be_hidden()
    start = page.evaluate("JSON.parse(document.getElementById('page-data').textContent)")
    assert start["fibre"]["nearest"] == 12
    west, south, east, north = start["start"]["box"]
    assert west < start["fibre"]["heart"][0] < east
    assert south < start["fibre"]["heart"][1] < north
    for _ in range(5):
        page.get_by_role("button", name="Verkleinern").click()
        page.wait_for_timeout(400)
    expect(far).to_have_text("Das Netz erscheint ab einem größeren Maßstab. Bitte näher heranzoomen.")
    expect(far).to_be_visible()
    # Of a network that is wider than the window, the middle is shown, near enough to see it.
    wide = json.dumps({**start, "start": {"box": [west - 1, south - 0.6, east + 1, north + 0.6]}})
    page.route(
        "**/fibre/",
        lambda route: route.fulfill(response=(answer := route.fetch()), body=_with_data(answer.text(), wide)),
    )
    page.goto(f"{visit.site}/fibre/")
    drawn(page)
    expect(far).to_be_hidden()


def _with_data(html: str, data: str) -> str:
    head, tail = html.split('<script id="page-data" type="application/json">')
    return f'{head}<script id="page-data" type="application/json">{data}</script>{tail.split("</script>", 1)[1]}'


def test_04_without_a_script_it_is_a_list_of_links(visit: Visitor) -> None:
    page = opened(visit, "/fibre/?what=fibre_segment%26q=T-2", java_script_enabled=False)
    expect(page.locator("#fibre-items li")).to_have_count(1)
    page.get_by_role("link", name="T-2").click()
    expect(page.get_by_role("heading", name="T-2", level=1)).to_be_visible()


def test_05_the_entry_is_in_the_menu_of_those_who_see_networks(visit: Visitor) -> None:
    page = opened(visit, "/map/contents/")
    page.get_by_role("navigation", name="Hauptmenü").get_by_role("link", name="Glasfasernetz").click()
    expect(page.get_by_role("heading", name="Glasfasernetz", level=1)).to_be_visible()
    drawn(page)
    stranger = visit("/map/contents/", wait=False)
    expect(stranger.get_by_role("link", name="Glasfasernetz")).to_have_count(0)


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_06_axe_finds_nothing(
    visit: Visitor, axe: Callable[[Page], list[str]], device: dict[str, Any], scheme: str
) -> None:
    page = opened(visit, color_scheme=scheme, **device)
    drawn(page)
    assert axe(page) == []
    page.get_by_role("link", name="NVt-07").click()
    expect(page.locator("#fibre-detail").get_by_role("heading", name="NVt-07")).to_be_visible()
    page.locator("#fibre-detail").get_by_role("link", name="RV-123").first.click()
    expect(page.locator("#fibre-detail").get_by_role("heading", name="RV-123")).to_be_visible()
    drawn(page)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_20_a_fibre_is_followed_and_lights_up(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    page.locator("#fibre-ref").fill("ODF-1/1")
    page.get_by_role("button", name="Verfolgen").click()
    title = page.locator("#fibre-result-title")
    expect(title).to_have_text("Verfolgung von ODF-1/1")
    expect(title).to_be_focused()
    result = page.locator("#fibre-result")
    expect(result).to_contain_text("nicht vollständig")
    expect(result.locator("li").filter(has_text="K2:14")).to_contain_text("grün mit Ring")
    expect(result).to_contain_text("Kassette 1, Platz 1")
    assert page.evaluate("JSON.parse(document.getElementById('fibre-shape').textContent).features.length") == 1
    page.locator("#fibre-ref").fill("gibt es nicht")
    page.get_by_role("button", name="Wen trifft es?").click()
    expect(title).to_contain_text("gibt es in den Netzen nicht")


def test_21_what_was_chosen_is_asked_about(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    page.get_by_label("Name", exact=True).fill("NVt")
    page.get_by_role("link", name="NVt-07").click()
    expect(page.locator("#fibre-detail").get_by_role("heading", name="NVt-07")).to_be_visible()
    page.get_by_role("button", name="Wen trifft es?").click()
    result = page.locator("#fibre-result")
    expect(result).to_contain_text("Belegte Fasern: 2")
    expect(result).to_contain_text("K1")


def test_22_without_a_script_it_is_a_page(visit: Visitor) -> None:
    page = opened(visit, "/fibre/ask?ref=K1:1&question=trace")
    expect(page.get_by_role("heading", name="Verfolgung von K1:1")).to_be_visible()
    expect(page.get_by_role("link", name="Zur Karte des Netzes")).to_be_visible()
    page.locator("#fibre-ref").fill("K1")
    with page.expect_navigation():
        page.get_by_role("button", name="Wen trifft es?").click()
    expect(page.get_by_role("heading", name="Auswirkung auf K1")).to_be_visible()


def test_30_the_cross_section_of_a_trench(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    page.locator("#fibre-what").select_option("fibre_segment")
    page.get_by_role("link", name="T-1", exact=False).first.click()
    detail = page.locator("#fibre-detail")
    expect(detail.get_by_role("heading", name="T-1")).to_be_visible()
    picture = detail.get_by_role("img", name="Querschnitt der Trasse T-1")
    expect(picture).to_be_visible()
    expect(picture.locator("desc")).to_contain_text("RV-123: 1 belegt, 1 vermietet, 1 reserviert, 21 frei")
    expect(picture).to_contain_text("Tiefe 60 cm (Überdeckung) · Breite 30 cm")
    row = detail.get_by_role("row").filter(has_text="K3")
    expect(row).to_contain_text("2 grün")
    expect(row).to_contain_text("0 von 24 Fasern belegt")
    expect(detail.get_by_role("row").filter(has_text="vermietet")).to_contain_text("Stadtwerke Probe Mobilfunk")
    row.get_by_role("link", name="K3").click()
    expect(detail.get_by_role("heading", name="K3")).to_be_visible()


def test_31_questions_start_where_the_details_are(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    page.locator("#fibre-what").select_option("fibre_cable")
    page.get_by_role("link", name="K1").press("Enter")
    detail = page.locator("#fibre-detail")
    expect(detail.get_by_role("heading", name="K1")).to_be_focused()
    expect(detail).to_contain_text("1 belegt")
    detail.get_by_text("jede Faser").press("Enter")
    expect(detail.get_by_role("row").filter(has_text="verbunden, verbunden")).to_have_count(1)
    detail.get_by_role("link", name="Wen trifft es?").press("Enter")
    expect(page.locator("#fibre-result-title")).to_be_focused()
    expect(page.locator("#fibre-result")).to_contain_text("Belegte Fasern: 1")
    detail.get_by_role("link", name="Verfolgen").click()
    expect(page.locator("#fibre-result-title")).to_contain_text("Verfolgung von")


def test_32_the_budget_is_judged(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    page.locator("#fibre-ref").fill("OLT-1/1")
    page.get_by_role("button", name="Verfolgen").click()
    table = page.get_by_role("table", name="Dämpfungsbudget · GPON B+")
    expect(table.get_by_role("row").filter(has_text="1490")).to_contain_text("der Weg ist nicht vollständig")


def test_33_coloured_by_owner_the_legend_follows(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    legend = page.locator("#fibre-legend")
    page.get_by_label("nach Eigentum").check()
    expect(legend).to_contain_text("Stadtwerke Probe")
    expect(legend.get_by_text("nach Stand")).to_be_hidden()
    drawn(page)
    page.get_by_label("nach Stand").check()
    expect(legend.get_by_text("Stadtwerke Probe")).to_be_hidden()
    drawn(page)


def test_34_one_state_alone(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    page.locator("#fibre-what").select_option("fibre_segment")
    page.locator("#fibre-lifecycle").select_option("planned")
    expect(page.locator("#fibre-items li")).to_have_count(1)
    expect(page.get_by_role("link", name="T-4")).to_be_visible()
    drawn(page)


def test_35_enclosures_and_how_full_they_are(visit: Visitor) -> None:
    page = opened(visit)
    drawn(page)
    page.locator("#fibre-what").select_option("fibre_enclosure")
    page.get_by_role("link", name="ODF-1").click()
    detail = page.locator("#fibre-detail")
    expect(detail).to_contain_text("1 von 144 belegt, 1 mit Faser")
    detail.get_by_role("link", name="PoP Probe").click()
    expect(detail.get_by_role("heading", name="PoP Probe")).to_be_visible()
    expect(detail).to_contain_text("ODF-1")


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_36_axe_finds_nothing_in_details_and_answers(
    visit: Visitor, axe: Callable[[Page], list[str]], device: dict[str, Any], scheme: str
) -> None:
    page = opened(visit, color_scheme=scheme, **device)
    drawn(page)
    page.get_by_label("nach Eigentum").check()
    for what, name in (("fibre_segment", "T-1"), ("fibre_cable", "K1"), ("fibre_enclosure", "ODF-1")):
        page.locator("#fibre-what").select_option(what)
        page.locator("#fibre-items").get_by_role("link", name=name).first.click()
        expect(page.locator("#fibre-detail").get_by_role("heading", name=name)).to_be_visible()
        for more in page.locator("#fibre-detail summary").all():
            more.click()
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), what
    page.locator("#fibre-detail").get_by_role("link", name="Verfolgen").click()
    expect(page.locator("#fibre-result-title")).to_be_focused()
    drawn(page)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_37_in_english(visit: Visitor) -> None:
    page = opened(visit)
    page.goto(f"{visit.site}/fibre/?what=fibre_segment&lang=en")
    drawn(page)
    page.locator("#fibre-items").get_by_role("link", name="T-1").first.click()
    detail = page.locator("#fibre-detail")
    expect(detail.get_by_role("img", name="Cross-section of segment T-1")).to_be_visible()
    expect(detail).to_contain_text("reserved")
    expect(page.get_by_label("by owner")).to_be_visible()
