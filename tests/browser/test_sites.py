"""Two Ämter on one server, each under its own name: what people see of them, on a screen and on a phone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DATABASE, DESKTOP, PHONE, Visitor
from tests.browser.test_quality import in_both_modes
from tests.browser.town import LAT, LON
from tests.serving import environment, gisapp
from tests.tenants import picture

Axe = Callable[[Page], list[str]]
HERE, THERE = "hier.localhost", "dort.localhost"
"""Browsers find these on this machine without asking anybody."""


@pytest.fixture(scope="module")
def sites(site: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The address of each; both are made by the command, as an operator makes them."""
    folder = tmp_path_factory.mktemp("tenants")
    logo, boundary = folder / "wappen.png", folder / "grenze.geojson"
    logo.write_bytes(picture("#5b2a86", (200, 120)))
    ring = [[LON - 0.05, LAT - 0.03], [LON + 0.01, LAT - 0.03], [LON + 0.01, LAT + 0.03], [LON - 0.05, LAT + 0.03]]
    boundary.write_text('{"type": "Polygon", "coordinates": [%s]}' % [*ring, ring[0]])
    env = environment(DATABASE)
    port = site.rsplit(":", 1)[1]
    gisapp(env, "tenant", "create", "hier", "--name", "Amt Hier", "--boundary", str(boundary), "--host", HERE)
    gisapp(
        env, "tenant", "create", "dort", "--name", "Amt Dort", "--title-en", "District There", "--boundary",
        str(boundary), "--host", THERE, "--language", "en", "--language", "de", "--primary", "#5b2a86", "--accent",
        "#b3123f", "--logo", str(logo), "--service", "streets",
    )  # fmt: skip
    gisapp(
        env, "banner", "set", "--tenant", "dort", "--text-de", "Die Adresssuche ist langsam.", "--text-en",
        "The address search is slow.", "--level", "disruption",
    )  # fmt: skip
    try:
        yield {name: f"http://{name}:{port}" for name in (HERE, THERE)}
    finally:
        gisapp(env, "banner", "clear", "--everywhere")
        for key in ("hier", "dort"):
            gisapp(env, "tenant", "remove", key)


@pytest.fixture
def visitor(browser: Browser, sites: dict[str, str]) -> Iterator[Callable[[str], Visitor]]:
    made: list[Visitor] = []

    def visit(host: str) -> Visitor:
        made.append(Visitor(browser, sites[host]))
        return made[-1]

    yield visit
    for one in made:
        for context in one.contexts:
            context.close()
    assert [problem for one in made for problem in one.problems] == []


def colour(page: Page, what: str) -> str:
    """A custom property as the browser computes it, red, green, blue."""
    return str(page.evaluate(
        "name => { const one = document.createElement('i'); one.style.color = `var(${name})`;"
        " document.body.append(one); const found = getComputedStyle(one).color; one.remove(); return found; }", what
    ))  # fmt: skip


def test_01_each_looks_speaks_and_offers_as_its_tenant_wants(visitor: Callable[[str], Visitor]) -> None:
    # A browser that wishes for neither of the two languages gets the site's own.
    here, there = (visitor(host)("/", locale="fr-FR") for host in (HERE, THERE))
    expect(here).to_have_title("Amt Hier")
    expect(there).to_have_title("District There")
    assert (here.locator("html").get_attribute("lang"), there.locator("html").get_attribute("lang")) == ("de", "en")
    assert colour(there, "--brand") == "rgb(91, 42, 134)"
    assert colour(here, "--brand") == "rgb(15, 95, 90)"
    expect(here.locator(".brand-logo")).to_have_count(0)
    logo = there.locator(".brand-logo")
    expect(logo).to_be_visible()
    assert logo.evaluate("one => one.complete && one.naturalWidth") == 200
    offered = {}
    for name, page in (("here", here), ("there", there)):
        page.locator('.rail [data-panel="layers"]').click()
        offered[name] = set(
            page.locator("#panel-layers [data-layer]").evaluate_all("all => all.map(one => one.dataset.layer)")
        )
    assert offered["there"] == {"streets"}
    assert {"streets", "municipalities", "pois"} <= offered["here"]
    # The map starts on the Amt and not on all that there is.
    box = there.evaluate("JSON.parse(document.getElementById('page-data').textContent).start.box")
    assert box == pytest.approx([LON - 0.05, LAT - 0.03, LON + 0.01, LAT + 0.03], abs=1e-5)


def test_02_the_dark_page_has_the_tenants_colour_made_readable(visitor: Callable[[str], Visitor]) -> None:
    page = visitor(THERE)("/map/contents/", wait=False, color_scheme="dark")
    found = colour(page, "--brand")
    assert found != "rgb(91, 42, 134)"
    assert sum(int(part) for part in found[4:-1].split(",")) > 400


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("host", [HERE, THERE])
def test_03_axe_finds_nothing_on_either(
    visitor: Callable[[str], Visitor], axe: Axe, host: str, device: dict[str, Any]
) -> None:
    visit = visitor(host)
    page = visit("/", **device)
    assert in_both_modes(page, axe) == []
    for name in ("layers", "menu"):
        page.locator(f'.rail [data-panel="{name}"]').click()
        assert in_both_modes(page, axe) == [], name
    for path in ("/map/contents/", "/konto/anmelden/", "/map/list/streets", "/ogc/?f=html"):
        page.goto(visit.site + path)
        assert in_both_modes(page, axe) == [], path


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_04_a_notice_is_read_put_away_and_stays_away(visitor: Callable[[str], Visitor], device: dict[str, Any]) -> None:
    visit = visitor(THERE)
    page = visit("/", **{**device, "locale": "en-GB"})
    notice = page.get_by_role("alert").filter(has_text="The address search is slow.")
    expect(notice).to_be_visible()
    box, search = notice.bounding_box(), page.locator("header.top .search").bounding_box()
    assert box and search and box["y"] >= search["y"] + search["height"], "the notice covers the search"
    notice.get_by_role("button", name="Hide the notice").click()
    expect(notice).to_be_hidden()
    page.goto(visit.site + "/map/contents/")
    expect(page.get_by_text("The address search is slow.")).to_be_hidden()
    # Another browser has not put it away.
    other = visitor(THERE)("/map/contents/", wait=False, locale="en-GB")
    expect(other.get_by_text("The address search is slow.")).to_be_visible()


def test_05_the_map_goes_on_where_it_is_and_search_finds_what_is_on(visitor: Callable[[str], Visitor]) -> None:
    page = visitor(THERE)("/", locale="en-GB")
    page.locator("#search-input").fill("Laden")
    expect(page.locator("#search-note")).to_be_visible()
    expect(page.get_by_role("option")).to_have_count(0)
    here = visitor(HERE)("/")
    here.locator("#search-input").fill("Laden")
    expect(here.get_by_role("option").first).to_be_visible()
