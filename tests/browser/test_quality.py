"""axe on every page, weight before the first tile, nobody else's host."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.town import LAT, LON

HERE = f"map=15/{LAT}/{LON}"
Axe = Callable[[Page], list[str]]
BUDGET = 600_000


def in_both_modes(page: Page, axe: Axe) -> list[str]:
    """What axe finds in the light and in the dark page; the change of mode needs no reload."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {one}" for one in axe(page)]
    return found


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_on_the_map(visit: Visitor, axe: Axe, device: dict[str, Any]) -> None:
    page = visit(f"/#{HERE}", **device)
    assert in_both_modes(page, axe) == []
    for name in ("layers", "list", "share", "menu"):
        page.locator(f'.rail [data-panel="{name}"]').click()
        expect(page.locator(f"#panel-{name}")).to_be_visible()
        assert in_both_modes(page, axe) == [], name
    for name in ("measure", "mark", "print"):
        page.locator(f'[data-panel="{name}"]:visible').first.click()
        assert in_both_modes(page, axe) == [], name
        page.locator('.rail [data-panel="menu"]').click()
    page.locator('.rail [data-panel="list"]').click()
    page.locator("#list-items a").first.click()
    expect(page.locator("#panel-detail h2")).to_be_visible()
    assert in_both_modes(page, axe) == []
    page.locator("#search-input").fill("Laden")
    expect(page.get_by_role("option").first).to_be_visible()
    assert in_both_modes(page, axe) == []


PAGES = (
    "/map/contents/",
    "/map/search/?q=Laden",
    "/map/list/pois?q=Laden",
    "/map/detail/municipalities/1",
    "/konto/anmelden/",
    "/map/list/nothing",
    "/print/?scale=10000",
    "/embed/",
    "/verlauf/pois/1/",
)


def test_axe_finds_nothing_on_other_pages(visit: Visitor, axe: Axe) -> None:
    page = visit.watch(visit.context().new_page())
    for path in PAGES:
        page.goto(visit.site + path)
        if path.startswith(("/print", "/embed")):
            page.wait_for_selector('#map[aria-busy="false"]', state="attached")
        for device in (DESKTOP, PHONE):
            page.set_viewport_size(device["viewport"])
            assert in_both_modes(page, axe) == [], path
    visit.problems = [one for one in visit.problems if "status of 404" not in one]


def test_weight_before_the_first_tile(visit: Visitor) -> None:
    context = visit.context()
    page = visit.watch(context.new_page())
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: dict[str, float] = {}
    addresses: dict[str, str] = {}
    session.on(
        "Network.requestWillBeSent", lambda event: addresses.update({event["requestId"]: event["request"]["url"]})
    )
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    page.goto(f"{visit.site}/#{HERE}")
    page.wait_for_selector('#map[aria-busy="false"]')
    heavy = {addresses.get(key, key): size for key, size in sizes.items() if ".mvt" not in addresses.get(key, "")}
    total = sum(heavy.values())
    print(f"weight before the first tile: {total:.0f} bytes in {len(heavy)} answers")
    assert total < BUDGET, sorted(heavy.items(), key=lambda pair: -pair[1])[:8]
    assert any("maplibre-gl." in address for address in heavy)


def test_targets_are_large_enough(visit: Visitor) -> None:
    page = visit(f"/#{HERE}&panel=layers", **PHONE)
    small = page.evaluate(
        """[...document.querySelectorAll('button, summary, .switch, select, input:not([type=radio]):not([type=checkbox]):not([type=hidden])')]
        .filter(one => one.checkVisibility())
        .map(one => [one.getBoundingClientRect(), one.outerHTML.slice(0, 90)])
        .filter(([box]) => box.width < 24 || box.height < 44 - 0.5).map(([box, html]) => `${box.width}x${box.height} ${html}`)"""
    )
    assert small == []
