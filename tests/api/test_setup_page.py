"""The operators' list of what is not set up: complete, true, and nobody else's."""

import json
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from gisapp.accounts.models import User
from gisapp.paths import CHECKOUT
from gisapp.registry import facts
from gisapp.status import setup
from gisapp.tenants.models import LegalText
from gisapp.tenants.putting import Wish, change
from layers.basemap.models import Road
from tests import factories, tenants

pytestmark = pytest.mark.django_db
PAGE = "/admin/einrichtung/"


def states() -> dict[str, str]:
    return {one.key: one.state for one in setup.items()}


def test_01_operators_alone_see_it(client: Client) -> None:
    assert client.get(PAGE).status_code == 302
    client.force_login(factories.staff())
    assert client.get(PAGE, follow=True).status_code == 403
    boss = factories.operator()
    client.force_login(boss)
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    page = answer.content.decode()
    for one in setup.items():
        assert f'data-item="{one.key}" data-state="{one.state}"' in page
    assert "gisapp backup FILE" in page and "docs/operator/backup.md" in page
    assert PAGE in client.get("/admin/").content.decode()
    assert PAGE in client.get("/").content.decode()


def test_02_every_line_says_why_and_what_mends_it_in_both_languages(client: Client) -> None:
    from django.utils import translation

    found = {}
    for language in ("de", "en"):
        with translation.override(language):
            found[language] = setup.items()
    assert [one.key for one in found["de"]] == [one.key for one in found["en"]]
    for german, english in zip(found["de"], found["en"], strict=True):
        assert german.title and german.why and german.found
        assert german.why != english.why, german.key
        assert bool(german.remedy) == (german.state != setup.OK), german.key
        assert (CHECKOUT / german.page).is_file(), german.page
    assert len({one.key for one in found["de"]}) == len(found["de"]) >= 20


def test_03_what_is_set_up_becomes_good(settings: Any) -> None:
    bad = {"public-url", "https", "mail-server", "mail-sender", "legal-imprint", "legal-privacy", "legal-accessibility",
           "data-municipalities", "data-addresses", "data-roads", "operator"}  # fmt: skip
    before = states()
    assert {key for key, state in before.items() if state == setup.MISSING} >= bad
    assert before["backup"] == before["worker"] == setup.CRITICAL
    assert before["tenant"] == setup.RECOMMENDED
    settings.PUBLIC_URL, settings.HTTPS, settings.MAIL_FROM = "https://karte.example", True, "karte@amt.example"
    settings.EMAIL_URL, settings.SECRET_KEY_FROM_ENVIRONMENT = "smtp://mail.example", True
    tenants.two()
    change("hier", Wish(logo=tenants.picture()))
    for kind in LegalText.Kind.values:
        LegalText.objects.create(kind=kind, text_de="Text")
    factories.municipality(source="vg250")
    Road.objects.update(source="osm")
    factories.road()
    Road.objects.update(source="osm")
    factories.ONE_OF["addresses"](tenants.organisation("hier"))
    boss = factories.operator()
    Authenticator.objects.create(user=boss, type="totp", data={})
    facts.put("last_backup", timezone.now().isoformat())
    after = states()
    assert {key for key in bad | {"backup", "tenant", "tenant-logo", "tenant-colours", "tenant-boundary", "second-factor",
                                  "secret-key"} if after[key] != setup.OK} == set()  # fmt: skip


def test_04_an_old_backup_and_one_that_lies_are_told_apart() -> None:
    for age, state in ((1, setup.OK), (5, setup.MISSING)):
        facts.put("last_backup", (timezone.now() - timedelta(days=age)).isoformat())
        assert states()["backup"] == state


def test_05_the_demos_people_on_a_real_installation_are_urgent(settings: Any) -> None:
    assert states()["demo-people"] == setup.OK
    person = User.objects.create_user("betrieb@demo.invalid", "x")
    settings.PUBLIC_URL, settings.DEMO_WITHOUT_SECOND_FACTOR = "", True
    assert states()["demo-people"] == setup.RECOMMENDED
    settings.PUBLIC_URL = "https://karte.example"
    assert states()["demo-people"] == setup.CRITICAL
    person.is_active = False
    person.save()
    assert states()["demo-people"] == setup.OK


def test_06_one_tenant_without_its_legal_text_is_named(settings: Any) -> None:
    first, _second = tenants.two()
    LegalText.objects.create(kind="imprint", tenant=first, text_de="x")
    item = next(one for one in setup.items() if one.key == "legal-imprint")
    assert (item.state, item.found) == (setup.MISSING, "Amt Dort")


def test_07_metrics_for_everybody_and_debug_are_told(settings: Any) -> None:
    assert states()["metrics"] == setup.OK
    settings.METRICS_ALLOWED, settings.DEBUG = ["0.0.0.0/0"], True
    assert (states()["metrics"], states()["debug"]) == (setup.MISSING, setup.CRITICAL)


def test_08_the_command_shows_the_same(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from gisapp.commands import check

    monkeypatch.setattr(check, "_close", lambda: None)
    assert tenants.run(check.CHECK, "--installation", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert {one["key"]: one["state"] for one in told["items"]} == states()
