"""The account in a browser: second factor by app and passkey, members of an organisation; axe on every page."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.test_quality import Axe, in_both_modes
from tests.serving import administer

PASSWORD = "Ein-langes-Passwort-7"
DEVICES = pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
FORGET = """
DELETE FROM mfa_authenticator; DELETE FROM gisapp_cache;
"""


@pytest.fixture
def home(visit: Visitor) -> str:
    """The site by a name: passkeys belong to names and not to numbers. Nobody has a second factor, nothing is counted."""
    administer(FORGET, "gisapp_browser")
    visit.friends = (visit.site.replace("127.0.0.1", "localhost"),)
    return visit.friends[0]


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def log_in(page: Page, home: str, email: str) -> None:
    page.goto(f"{home}/konto/anmelden/")
    page.get_by_label("E-Mail-Adresse").fill(email)
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Anmelden").click()
    page.wait_for_url(lambda address: "/konto/anmelden/" not in address)


@dataclass
class Keys:
    """A device that makes passkeys without asking anybody (of the browser's own protocol)."""

    context: BrowserContext
    page: Page
    verifies: bool = True

    def __post_init__(self) -> None:
        self.session = self.context.new_cdp_session(self.page)
        self.session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": self.verifies, "automaticPresenceSimulation": True,
        }  # fmt: skip
        self.number = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def count(self) -> int:
        found = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.number})
        return len(found["credentials"])


Setup = Callable[[dict[str, Any]], tuple[Page, Keys]]


@pytest.fixture
def with_keys(visit: Visitor, home: str) -> Setup:
    def make(device: dict[str, Any]) -> tuple[Page, Keys]:
        context = visit.context(**device)
        page = visit.watch(context.new_page())
        return page, Keys(context, page)

    return make


@DEVICES
def test_01_a_passkey_is_set_up_and_then_is_the_whole_log_in(
    with_keys: Setup, home: str, device: dict[str, Any]
) -> None:
    page, keys = with_keys(device)
    log_in(page, home, "technik@example.org")
    page.goto(f"{home}/map/contents/")
    page.get_by_role("link", name="Jetzt einrichten oder zeigen").click()
    page.get_by_role("link", name="Passkey hinzufügen").click()
    page.get_by_label("Name").fill("Mein Telefon")
    page.get_by_role("button", name="Hinzufügen").click()
    expect(page.get_by_role("heading", name="Ersatzcodes")).to_be_visible()
    expect(page.locator(".codes li")).to_have_count(10)
    assert keys.count() == 1
    expect(page.get_by_text("Ihre Rolle verlangt")).to_have_count(0)
    page.goto(f"{home}/konto/")
    expect(page.get_by_text("Mein Telefon")).to_be_visible()
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url(f"{home}/")

    page.goto(f"{home}/konto/anmelden/?next=/konto/")
    page.get_by_role("button", name="Passkey verwenden").click()
    page.wait_for_url(f"{home}/konto/")
    expect(page.get_by_role("heading", name="Mein Konto", level=1)).to_be_visible()
    expect(page.get_by_text("Ihre Rolle verlangt")).to_have_count(0)


def test_02_a_passkey_as_second_factor_after_the_password(with_keys: Setup, home: str) -> None:
    page, keys = with_keys(DESKTOP)
    log_in(page, home, "technik@example.org")
    page.goto(f"{home}/konto/sicherheit/passkeys/neu/")
    page.get_by_label("auch ohne Passwort anmelden").uncheck()
    page.get_by_role("button", name="Hinzufügen").click()
    expect(page.get_by_role("heading", name="Ersatzcodes")).to_be_visible()
    page.context.clear_cookies()
    log_in(page, home, "technik@example.org")
    expect(page.get_by_role("heading", name="Zweiter Faktor")).to_be_visible()
    page.get_by_role("button", name="Passkey verwenden").click()
    page.wait_for_url(f"{home}/")
    page.goto(f"{home}/konto/")
    expect(page.get_by_role("heading", name="Mein Konto", level=1)).to_be_visible()
    assert keys.count() == 1


def test_03_a_passkey_that_is_not_there_is_told_in_words(with_keys: Setup, home: str) -> None:
    page, _keys = with_keys(PHONE)
    page.goto(f"{home}/konto/anmelden/")
    page.get_by_role("button", name="Passkey verwenden").click()
    expect(page.get_by_role("alert")).to_have_text("Das hat mit dem Passkey nicht geklappt.")


@DEVICES
def test_04_the_app_is_set_up_by_keyboard(visit: Visitor, home: str, device: dict[str, Any]) -> None:
    page = visit.watch(visit.context(**device).new_page())
    log_in(page, home, "leitung@example.org")
    page.goto(f"{home}/konto/sicherheit/")
    page.get_by_role("link", name="Einrichten Authentifizierungs-App").focus()
    page.keyboard.press("Enter")
    secret = page.locator("code.secret").inner_text()
    expect(page.get_by_role("img", name="QR-Code")).to_be_visible()
    page.locator("#id_code").focus()
    page.keyboard.type(code(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ersatzcodes")).to_be_visible()
    page.goto(f"{home}/konto/organisation/amt/")
    expect(page.get_by_role("heading", name="Mitglieder", exact=False, level=1)).to_be_visible()


def admin_page(visit: Visitor, home: str, device: dict[str, Any]) -> Page:
    """Whoever leads the Amt, with the second factor shown."""
    page = visit.watch(visit.context(**device).new_page())
    log_in(page, home, "leitung@example.org")
    page.goto(f"{home}/konto/sicherheit/app/")
    page.locator("#id_code").fill(code(page.locator("code.secret").inner_text()))
    page.get_by_role("button", name="Einrichten").click()
    expect(page.get_by_role("heading", name="Ersatzcodes")).to_be_visible()
    return page


def test_05_a_contractor_without_a_last_day_is_told_at_the_field(visit: Visitor, home: str) -> None:
    page = admin_page(visit, home, DESKTOP)
    page.goto(f"{home}/konto/organisation/amt/")
    page.get_by_label("E-Mail-Adresse").fill("tiefbau@example.org")
    page.get_by_label("Rolle").select_option("contractor")
    page.get_by_role("button", name="Vergeben").click()
    last_day = page.get_by_label("bis einschließlich")
    expect(last_day).to_have_attribute("aria-invalid", "true")
    expect(last_day).to_have_accessible_description(
        "leer: unbefristet; Auftragnehmer brauchen einen letzten Tag Auftragnehmer brauchen einen letzten Tag."
    )
    last_day.fill("2099-12-31")
    page.get_by_role("button", name="Vergeben").click()
    expect(page.get_by_text("eine Einladung ist unterwegs")).to_be_visible()
    page.get_by_role("link", name="Ändern tiefbau@example.org").click()
    page.get_by_role("button", name="Sofort beenden").click()
    expect(page.get_by_text("Die Rolle ist beendet.")).to_be_visible()
    expect(page.get_by_role("link", name="Ändern tiefbau@example.org")).to_have_count(0)
    visit.problems = [one for one in visit.problems if "status of 400" not in one]


def test_06_a_key_is_shown_once(visit: Visitor, home: str) -> None:
    page = admin_page(visit, home, PHONE)
    page.goto(f"{home}/konto/")
    page.locator("#tokens summary").click()
    page.get_by_label("Wofür?").fill("Skript")
    page.get_by_role("button", name="Ausstellen").click()
    text = page.locator("code.secret").inner_text()
    assert text.startswith("krit_")
    page.get_by_role("link", name="Fertig").click()
    expect(page.get_by_text(f"…{text[-4:]}")).to_be_visible()
    page.get_by_role("button", name="Widerrufen Skript").click()
    expect(page.get_by_text("Der Zugangsschlüssel gilt nicht mehr.")).to_be_visible()


OPEN = (
    "anmelden/",
    "passwort/vergessen/",
    "passwort/vergessen/unterwegs/",
    "neu/",
    "geschlossen/",
    "passwort/gesetzt/",
)
OWED = ("sicherheit/", "sicherheit/app/", "sicherheit/passkeys/neu/")
OWN = (
    "", "e-mail/", "passwort/", "loeschen/", "abmelden/", "sicherheit/", "sicherheit/ersatzcodes/",
    "sicherheit/ersatzcodes/neu/", "sicherheit/passkeys/", "sicherheit/app/entfernen/", "sicherheit/zeigen/", "bestaetigen/",
    "organisation/amt/",
)  # fmt: skip


def check(page: Page, axe: Axe, address: str) -> None:
    page.goto(address)
    for device in (DESKTOP, PHONE):
        page.set_viewport_size(device["viewport"])
        assert in_both_modes(page, axe) == [], address
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{address} is wider than the screen"


def test_07_axe_finds_nothing_before_the_log_in(visit: Visitor, axe: Axe, home: str) -> None:
    page = visit.watch(visit.context().new_page())
    for path in OPEN:
        check(page, axe, f"{home}/konto/{path}")


def test_08_axe_finds_nothing_where_a_factor_is_owed(visit: Visitor, axe: Axe, home: str) -> None:
    page = visit.watch(visit.context().new_page())
    log_in(page, home, "technik@example.org")
    for path in OWED:
        check(page, axe, f"{home}/konto/{path}")
    check(page, axe, f"{home}/")


def test_09_axe_finds_nothing_in_the_account(visit: Visitor, axe: Axe, home: str) -> None:
    page = admin_page(visit, home, DESKTOP)
    for path in OWN:
        check(page, axe, f"{home}/konto/{path}")
    page.goto(f"{home}/konto/organisation/amt/")
    page.get_by_role("link", name="Ändern technik@example.org").click()
    check(page, axe, page.url)
