"""Pages that an app declares (App.pages): in the map's menu and in the head of the other pages, for who may see them."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Visitor, drawn


def menu(page: Page) -> Any:
    page.get_by_role("button", name="Mehr").click()
    return page.locator("#panel-menu")


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_menu_leads_to_the_page_and_the_page_back(visit: Visitor, device: dict[str, Any]) -> None:
    page = visit("/", **device)
    menu(page).get_by_role("link", name="Sprechstunden").click()
    expect(page).to_have_url(f"{visit.site}/sprechstunden/")
    expect(page.get_by_role("heading", name="Sprechstunden", level=1)).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Karte", exact=True).click()
    drawn(page)


def test_the_entry_speaks_english_too(visit: Visitor) -> None:
    page = visit("/?lang=en")
    page.get_by_role("button", name="More").click()
    expect(page.locator("#panel-menu").get_by_role("link", name="Office hours")).to_be_visible()


def test_other_pages_have_the_entry_in_their_head(visit: Visitor) -> None:
    page = visit("/map/contents/", wait=False)
    page.get_by_role("navigation", name="Hauptmenü").get_by_role("link", name="Sprechstunden").click()
    expect(page).to_have_url(f"{visit.site}/sprechstunden/")


def test_an_entry_for_the_staff_is_theirs(visit: Visitor) -> None:
    page = visit("/")
    expect(menu(page).get_by_role("link", name="Sprechstunden")).to_be_visible()
    expect(page.get_by_role("link", name="Dienstplan")).to_have_count(0)
    page.goto(f"{visit.site}/konto/anmelden/")
    page.get_by_label("E-Mail-Adresse").fill("amt@example.org")
    page.get_by_label("Passwort").fill("Ein-langes-Passwort-7")
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name="Anmelden").click()
    drawn(page)
    menu(page).get_by_role("link", name="Dienstplan").click()
    expect(page).to_have_url(f"{visit.site}/dienstplan/")
