"""A club finds a free hall, asks for it, and gets it: on a desktop, on a phone, and without a script."""

import datetime
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Visitor, drawn
from tests.browser.test_account import log_in
from tests.serving import administer, gisapp

DAY = datetime.date.today() + datetime.timedelta(days=45)
PICTURES = os.environ.get("VENUES_PICTURES", "")
"""A folder for pictures of each step, to be looked at."""


EMPTY = "DELETE FROM gisapp_cache; DELETE FROM venues_step; DELETE FROM venues_booker; DELETE FROM venues_booking; "


@pytest.fixture(scope="module")
def built(town: dict[str, str]) -> Iterator[None]:
    """The hall stands as long as these tests run."""
    gisapp(town, "manage", "shell", "-v", "0", "-c", "from tests.browser.venues import build; build()")
    yield
    administer(EMPTY + "UPDATE venues_venue SET retired_at = now()", "gisapp_browser")


@pytest.fixture
def hall(visit: Visitor, built: None) -> str:
    """The site, with a hall that nobody has booked."""
    administer(EMPTY, "gisapp_browser")
    return visit.site


def look(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}-{page.viewport_size['width']}.png", full_page=True)  # type: ignore[index]


def search(page: Page, home: str, people: str = "60", *, kitchen: bool = True) -> None:
    page.goto(f"{home}/venues/")
    page.get_by_label("Tag", exact=True).fill(DAY.isoformat())
    page.get_by_label("von", exact=True).fill("18:00")
    page.get_by_label("bis", exact=True).fill("23:00")
    page.get_by_label("Personen").fill(people)
    page.get_by_label("in der Nähe von").fill("Ascheffel")
    page.get_by_label("Umkreis in km").fill("10")
    if kitchen:
        page.get_by_text("Ausstattung wählen").click()
        page.get_by_label("Küche").check()
    page.get_by_role("button", name="Freie Räume zeigen").click()


def fill(page: Page, email: str = "sv@example.org") -> None:
    page.get_by_label("Wer bucht").select_option("club")
    page.get_by_label("Ihr Name").fill("Anna Probe")
    page.get_by_label("Verein oder Firma").fill("SV Probe")
    page.get_by_label("E-Mail-Adresse").fill(email)
    page.get_by_label("Anlass").fill("Jahreshauptversammlung")
    page.get_by_label("Ich nehme die Nutzungsbedingungen an.").check()


@pytest.mark.parametrize(
    "device", [DESKTOP, PHONE, {**PHONE, "java_script_enabled": False}], ids=["desktop", "phone", "without"]
)
def test_01_a_club_finds_a_free_hall_and_gets_it(visit: Visitor, hall: str, device: dict[str, Any]) -> None:
    page = visit.watch(visit.context(**device).new_page())
    if device.get("java_script_enabled", True):
        search(page, hall)
    else:
        page.goto(f"{hall}/venues/?date={DAY}&begins=18:00&ends=23:00&people=60&equipment=kitchen&near=Ascheffel&km=10")
    expect(page.get_by_role("heading", name="Freie Angebote: 1")).to_be_visible()
    if device.get("java_script_enabled", True):
        drawn(page)
    look(page, "1-search")
    page.get_by_role("link", name=re.compile("^Anfragen")).click()
    page.get_by_label("Geschirr für 30").fill("2")
    fill(page)
    page.get_by_role("button", name="Preis berechnen").click()
    expect(page.locator("#price .price-total")).to_contain_text("150,00 €")
    look(page, "2-price")
    page.get_by_label("Ich nehme die Nutzungsbedingungen an.").check()
    page.get_by_role("button", name="Anfrage senden").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ihre Buchung")
    expect(page.locator(".order-state").first).to_have_text("angefragt")
    look(page, "3-asked")
    own = page.url
    number = page.get_by_role("heading", level=1).inner_text().split()[-1]

    desk = visit.watch(
        visit.context(**{name: value for name, value in device.items() if name != "java_script_enabled"}).new_page()
    )
    log_in(desk, hall, "amt@example.org")
    desk.goto(f"{hall}/venues/desk/")
    expect(desk.locator(".desk-list li")).to_have_count(1)
    look(desk, "4-desk")
    desk.get_by_role("link", name=re.compile(number)).press("Enter")
    expect(desk.get_by_role("main")).to_contain_text("Jahreshauptversammlung")
    desk.get_by_label("Antwort an die buchende Person").fill("Der Schlüssel liegt im Amt.")
    look(desk, "5-decide")
    desk.get_by_role("button", name="Zusagen").click()
    expect(desk.get_by_role("status")).to_contain_text(f"{number} ist jetzt: gebucht.")

    page.goto(own)
    expect(page.locator(".order-state").first).to_have_text("gebucht")
    expect(page.get_by_role("main")).to_contain_text("Der Schlüssel liegt im Amt.")
    page.get_by_role("link", name="Dörpshuus").click()
    page.goto(f"{page.url.split('?')[0]}?month={DAY:%Y-%m}#calendar")
    expect(page.locator("td.day-partly")).to_have_count(1)
    expect(page.locator("td.day-partly")).to_contain_text(str(DAY.day))
    expect(page.get_by_role("main")).not_to_contain_text("SV Probe")
    look(page, "6-calendar")
    page.locator("td.day-partly a").click()
    expect(page.locator("#day")).to_contain_text("frei von 08:00 bis 18:00 Uhr")
    look(page, "7-day")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_02_who_comes_second_waits_and_moves_up(visit: Visitor, hall: str) -> None:
    pages = []
    for email in ("eins@example.org", "zwei@example.org"):
        page = visit.watch(visit.context().new_page())
        page.goto(f"{hall}/venues/")
        page.get_by_role("link", name="Dörpshuus").click()
        page.goto(page.url.rstrip("/") + f"/book/?date={DAY}&begins=18:00&ends=23:00&people=20")
        fill(page, email)
        page.get_by_role("button", name="Anfrage senden").click()
        pages.append(page)
    first, second = pages
    expect(second.get_by_role("alert")).to_contain_text("schon belegt")
    look(second, "8-taken")
    second.get_by_role("button", name="Auf die Warteliste").click()
    expect(second.locator(".order-state").first).to_have_text("auf der Warteliste")
    first.get_by_text("Stornieren", exact=True).first.click()
    expect(first.locator("details[open]")).to_contain_text("kostet jetzt nichts")
    first.get_by_label("Ja, diese Buchung stornieren").check()
    first.get_by_role("button", name="Stornieren").click()
    expect(first.locator(".order-state").first).to_have_text("storniert")
    second.reload()
    expect(second.locator(".order-state").first).to_have_text("vorgemerkt")
    look(second, "9-option")
    second.get_by_role("button", name="Ja, ich möchte die Zeit").press("Enter")
    expect(second.locator(".order-state").first).to_have_text("angefragt")
    visit.problems = [one for one in visit.problems if "400" not in one]  # the refusal's status, as the console sees it


@pytest.mark.parametrize(
    ("device", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"]
)
def test_03_axe_finds_nothing(
    visit: Visitor, hall: str, axe: Callable[[Page], list[str]], device: dict[str, Any], scheme: str
) -> None:
    page = visit.watch(visit.context(color_scheme=scheme, **device).new_page())
    log_in(page, hall, "amt@example.org")
    search(page, hall)
    drawn(page)
    page.locator("#map canvas").click()
    expect(page.locator(".venue-list > li")).to_be_focused()
    addresses = [page.url]
    page.get_by_role("link", name="Dörpshuus").first.click()
    venue = page.url.split("?")[0]
    addresses += [f"{venue}?day={DAY}", f"{venue}book/?desk=1", f"{hall}/venues/desk/"]
    page.goto(f"{venue}book/?date={DAY}&begins=10:00&ends=12:00&people=20")
    fill(page)
    addresses.append(page.url)
    page.get_by_role("button", name="Anfrage senden").click()
    addresses.append(page.url)
    page.goto(f"{hall}/venues/desk/")
    page.locator(".desk-list a").first.click()
    addresses.append(page.url)
    for address in addresses:
        page.goto(address)
        if page.locator("#map").count():
            drawn(page)
        page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
