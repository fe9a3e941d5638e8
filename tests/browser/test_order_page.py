"""Work orders in a browser: the whole way from a planner's draft to a contractor's finished work, on the page alone."""

import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Visitor, drawn
from tests.browser.orders import draft, step
from tests.browser.test_account import PASSWORD, code, log_in
from tests.serving import administer, gisapp

CREW = "bautrupp@example.org"
LAST_DAY = (datetime.date.today() + datetime.timedelta(30)).isoformat()
MAKE = """
from gisapp.accounts.models import User
crew, _ = User.objects.get_or_create(email={email!r})
crew.set_password({password!r})
crew.save()
"""


@pytest.fixture
def home(visit: Visitor, town: dict[str, str]) -> Iterator[str]:
    """The site, with an account for the crew and nobody's second factor; orders of other tests are put aside."""
    administer("DELETE FROM mfa_authenticator; DELETE FROM gisapp_cache", "gisapp_browser")
    gisapp(town, "manage", "shell", "-v", "0", "-c", MAKE.format(email=CREW, password=PASSWORD))
    yield visit.site
    administer(
        "UPDATE fibre_workorder SET state = 'cancelled' WHERE state IN ('draft', 'approved', 'issued')",
        "gisapp_browser",
    )


def person(visit: Visitor, home: str, email: str, **device: Any) -> Page:
    page = visit.watch(visit.context(**device).new_page())
    log_in(page, home, email)
    return page


def lead(visit: Visitor, home: str, **device: Any) -> Page:
    """The engineer, who has shown a second factor."""
    page = person(visit, home, "technik@example.org", **device)
    page.goto(f"{home}/konto/sicherheit/app/")
    page.locator("#id_code").fill(code(page.locator("code.secret").inner_text()))
    page.get_by_role("button", name="Einrichten").click()
    expect(page.get_by_role("heading", name="Ersatzcodes")).to_be_visible()
    return page


def splices(page: Page, first: int) -> None:
    step(page, "splice", enclosure="M-07", cable_a="K1", fibre_a=str(first), cable_b="K2", fibre_b=str(first), many="2")


def issued(visit: Visitor, home: str, number: str, first: int) -> tuple[Page, str]:
    """The engineer's page of an order that the crew was given, and its address."""
    planner = person(visit, home, "planung@example.org")
    draft(planner, home, number)
    splices(planner, first)
    planner.get_by_text("Bezeichnung, Auftragnehmer, Tage und Gebiet ändern").click()
    head = planner.locator("#head-form")
    head.get_by_label("Auftragnehmer").fill(CREW)
    head.get_by_label("bis einschließlich").fill(LAST_DAY)
    head.get_by_label("Gebiet: um diese").fill("T-1\nT-2")
    head.get_by_role("button", name="Speichern").click()
    expect(planner.get_by_text("Gespeichert.")).to_be_visible()
    expect(planner.get_by_role("button", name="Genehmigen")).to_have_count(0)
    page = lead(visit, home)
    page.goto(planner.url)
    page.get_by_role("button", name="Proben").click()
    expect(page.locator("#result")).to_contain_text("Verbindungen")
    drawn(page)
    page.get_by_role("button", name="Genehmigen").click()
    expect(page.get_by_text(f"{number} ist jetzt: genehmigt.")).to_be_visible()
    page.get_by_role("button", name="Beauftragen").click()
    expect(page.get_by_text(f"{number} ist jetzt: beauftragt.")).to_be_visible()
    return page, planner.url.split("#")[0]


def test_01_from_the_draft_to_the_finished_work(visit: Visitor, home: str) -> None:
    page, address = issued(visit, home, "2026-17", 5)
    draft(page, home, "2026-18", "Nicht für den Tiefbau")
    crew = person(visit, home, CREW)
    crew.goto(f"{home}/fibre/orders/")
    expect(crew.locator(".order-list li")).to_have_count(1)
    crew.get_by_role("link", name="2026-17").click()
    drawn(crew)
    for name in ("Genehmigen", "Beauftragen", "Verwerfen", "Löschen"):
        expect(crew.get_by_role("button", name=name)).to_have_count(0)
    crew.get_by_role("button", name="Proben").press("Enter")
    rows = crew.locator("#result .order-counts").get_by_role("row")
    expect(rows.filter(has_text="Verbindungen")).to_have_count(2)
    expect(crew.locator("#result")).not_to_contain_text("Das Netz hat sich")
    drawn(crew)
    crew.locator("#result .order-spot").first.click()
    drawn(crew)
    # The box must be ticked: the browser itself says so.
    crew.get_by_role("button", name="Ausführen").click()
    expect(crew.get_by_label("Die Arbeit ist getan")).to_be_focused()
    crew.get_by_label("Die Arbeit ist getan").check()
    crew.get_by_role("button", name="Ausführen").click()
    expect(crew.get_by_text("2026-17 ist ausgeführt")).to_be_visible()
    page.goto(address)
    expect(page.locator(".order-state")).to_have_text("ausgeführt")
    page.goto(f"{home}/fibre/ask?ref=K1:5&question=trace")
    expect(page.get_by_role("main")).to_contain_text("K2:5")
    expect(page.get_by_role("main")).to_contain_text("Spleiß")


def test_02_what_stops_it_is_said_at_its_step(visit: Visitor, home: str) -> None:
    page = lead(visit, home)
    draft(page, home, "2026-20")
    step(page, "remove", kind="segment", object="T-1")
    expect(page.locator(".order-steps li")).to_contain_text("Trasse T-1 löschen")
    page.get_by_role("button", name="Proben").click()
    expect(page.locator("#result")).to_contain_text("Schritt 1 wird abgelehnt")
    expect(page.locator("#result code")).to_have_text("segment-occupied")
    expect(page.locator("#result")).to_contain_text("RV-123")
    page.get_by_role("button", name="Genehmigen").click()
    expect(page.locator(".note-wrong")).to_contain_text("order-stops")
    step(page, "remove", kind="segment", object="T-4")
    page.get_by_role("button", name="nach oben 2").click()
    expect(page.locator(".order-steps li").first).to_contain_text("T-4")
    page.get_by_role("button", name="Entfernen 2").click()
    expect(page.locator(".order-steps li")).to_have_count(1)
    page.get_by_role("button", name="Proben").click()
    expect(page.locator("#result .order-rows li.is-remove")).to_contain_text("T-4")
    drawn(page)
    page.get_by_text("Löschen", exact=True).first.click()
    page.get_by_label("Diesen Auftrag mit seinen Schritten löschen").check()
    page.get_by_role("button", name="Löschen").click()
    expect(page.get_by_text("2026-20 ist gelöscht.")).to_be_visible()


def test_03_without_a_script(visit: Visitor, home: str) -> None:
    page = person(visit, home, "planung@example.org", java_script_enabled=False)
    draft(page, home, "2026-21")
    splices(page, 9)
    expect(page.locator(".order-steps li")).to_contain_text("Faser K1:9 mit K2:9 in M-07 spleißen, 2 der Reihe nach")
    expect(page.locator("#order-map")).to_be_hidden()
    page.get_by_role("link", name="Ändern 1").click()
    page.locator("#step-form").get_by_label("wie viele").fill("3")
    page.locator("#step-form").get_by_role("button", name="Speichern").click()
    expect(page.locator(".order-steps li")).to_contain_text("3 der Reihe nach")


def test_04_the_area_is_drawn_on_the_map(visit: Visitor, home: str) -> None:
    page = person(visit, home, "planung@example.org")
    draft(page, home, "2026-22")
    drawn(page)
    page.get_by_text("Bezeichnung, Auftragnehmer, Tage und Gebiet ändern").click()
    page.get_by_role("button", name="Gebiet auf der Karte zeichnen").click()
    box = page.locator("#map canvas").bounding_box()
    assert box
    for x, y in ((0.3, 0.3), (0.7, 0.3), (0.7, 0.6)):
        page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    page.get_by_role("button", name="Kartenmitte als Ecke").press("Enter")
    page.get_by_role("button", name="Letzte Ecke entfernen").press("Enter")
    page.get_by_role("button", name="Fertig gezeichnet").press("Enter")
    expect(page.get_by_label("Gebiet als GeoJSON")).to_have_value(re.compile('"Polygon"'))
    page.locator("#head-form").get_by_role("button", name="Speichern").click()
    expect(page.locator(".order-facts")).to_contain_text("ha, auf der Karte umrandet")
    drawn(page)
    # A step's place is chosen there as well.
    page.get_by_label("Nächster Schritt").select_option("connect-house")
    page.get_by_role("button", name="Wählen").click()
    drawn(page)
    page.get_by_role("button", name="Stelle auf der Karte wählen").click()
    box = page.locator("#map canvas").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator('[name="place"]')).to_have_value(re.compile(r"54\.\d+, 9\.\d+"))
    expect(page.locator('[name="place"]')).to_be_focused()


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_05_axe_finds_nothing(
    visit: Visitor, home: str, axe: Callable[[Page], list[str]], device: dict[str, Any], scheme: str
) -> None:
    page = lead(visit, home, color_scheme=scheme, **device)
    draft(page, home, f"2026-3{len(device)}{scheme}")
    splices(page, 11)
    step(page, "remove", kind="segment", object="T-4")
    page.get_by_role("button", name="Proben").click()
    expect(page.locator("#result .order-counts")).to_be_visible()
    drawn(page)
    page.goto(page.url.split("#")[0] + "?action=connect-house")
    drawn(page)
    page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for path in ("/fibre/orders/", "/fibre/orders/new/"):
        page.goto(home + path)
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
