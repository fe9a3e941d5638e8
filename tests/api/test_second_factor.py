"""The second factor: who owes one is a visitor until it is shown, at every door."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from gisapp.accounts import demo, second_factor, tokens
from gisapp.accounts.models import User
from gisapp.accounts.roles import Role
from gisapp.registry import facts
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "ein langes Passwort"
SECRET = "JBSWY3DPEHPK3PXP"
SECURITY = "/konto/sicherheit/"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


def code(secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save()
    return user


def engineer() -> User:
    return with_password(factories.member(Role.ENGINEER))


def log_in(client: Client, user: User) -> Any:
    return client.post("/konto/anmelden/", {"login": user.email, "password": PASSWORD})


def sees_notes(client: Client) -> bool:
    return bool(client.get("/api/layers/notes/features/").json().get("features"))


GUARDED = {
    "engineer": engineer,
    "admin": lambda: with_password(factories.member(Role.ADMIN)),
    "operator": factories.operator,
}


@pytest.mark.parametrize("who", GUARDED)
def test_01_with_the_password_alone_they_are_visitors(client: Client, who: str) -> None:
    factories.note(factories.organisation())
    assert log_in(client, GUARDED[who]()).status_code == 302
    assert not sees_notes(client)
    assert client.get("/").status_code == 200
    assert "Ihre Rolle verlangt einen zweiten Faktor" in client.get("/").content.decode()
    assert client.get("/tiles/places/0/0/0.mvt").status_code in (200, 204)
    for path in ("/konto/", "/konto/passwort/", "/konto/e-mail/", "/konto/daten/", "/konto/organisation/amt/"):
        assert client.get(path)["Location"] == SECURITY, path
    refused = client.post("/konto/zugangsschluessel/", {"name": "x", "scopes": ["read"], "days": 5})
    assert (refused.status_code, refused.json()["code"]) == (403, "second-factor-owed")
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == SECURITY
    assert client.get(SECURITY).status_code == 200
    assert client.post("/konto/abmelden/").status_code == 302


def test_02_others_need_none(client: Client) -> None:
    factories.note(factories.organisation())
    log_in(client, with_password(factories.member(Role.STAFF)))
    assert sees_notes(client)
    assert "zweiten Faktor" not in client.get("/").content.decode()


# What django-allauth does after the commit belongs to it.
@pytest.mark.django_db(transaction=True)
def test_03_setting_up_the_app_shows_it_and_gives_the_rights(client: Client) -> None:
    user = engineer()
    factories.note(factories.organisation())
    log_in(client, user)
    page = client.get("/konto/sicherheit/app/")
    secret = page.context["form"].secret
    assert secret in page.content.decode() and "data:image/svg+xml" in page.content.decode()
    wrong = client.post("/konto/sicherheit/app/", {"code": "000000"})
    assert "Dieser Code stimmt nicht." in wrong.content.decode()
    assert client.post("/konto/sicherheit/app/", {"code": code(secret)})["Location"] == "/konto/sicherheit/ersatzcodes/"
    assert client.get("/konto/sicherheit/ersatzcodes/").content.decode().count("<li><code>") == 10
    assert b"\n" in client.get("/konto/sicherheit/ersatzcodes/datei/").content
    assert sees_notes(client)
    assert client.get("/konto/").status_code == 200


def test_04_from_then_on_the_log_in_asks_for_it(client: Client) -> None:
    user = engineer()
    factories.note(factories.organisation())
    TOTP.activate(user, SECRET)
    assert log_in(client, user)["Location"] == "/konto/zweiter-faktor/"
    assert not sees_notes(client)
    assert client.get("/konto/")["Location"].startswith("/konto/anmelden/")
    assert "Dieser Code stimmt nicht." in client.post("/konto/zweiter-faktor/", {"code": "000000"}).content.decode()
    assert client.post("/konto/zweiter-faktor/", {"code": code()}).status_code == 302
    assert sees_notes(client)
    again = Client()
    log_in(again, user)
    assert "Dieser Code stimmt nicht." in again.post("/konto/zweiter-faktor/", {"code": code()}).content.decode()


def test_05_a_recovery_code_counts_once(client: Client) -> None:
    user = engineer()
    factories.note(factories.organisation())
    TOTP.activate(user, SECRET)
    spare = RecoveryCodes.activate(user).get_unused_codes()[0]
    for expected in (True, False):
        one = Client()
        log_in(one, user)
        one.post("/konto/zweiter-faktor/", {"code": spare})
        assert sees_notes(one) is expected


def test_06_codes_cannot_be_guessed(client: Client) -> None:
    user = engineer()
    TOTP.activate(user, SECRET)
    log_in(client, user)
    pages = [client.post("/konto/zweiter-faktor/", {"code": f"{number:06}"}).content.decode() for number in range(6)]
    assert "Zu viele falsche Versuche" in pages[-1]
    assert client.post("/konto/zweiter-faktor/", {"code": code()}).status_code == 200


def test_07_a_stolen_password_puts_no_other_factor_in_the_place_of_the_real_one(client: Client) -> None:
    user = engineer()
    log_in(client, user)  # before there was a factor
    TOTP.activate(user, SECRET)
    for path in ("app/", "app/entfernen/", "passkeys/", "passkeys/neu/", "ersatzcodes/", "ersatzcodes/neu/"):
        assert client.get(f"{SECURITY}{path}")["Location"] == SECURITY, path
        assert client.post(f"{SECURITY}{path}").status_code == 403, path
    assert Authenticator.objects.filter(user=user).count() == 1
    # What helps is to show the one there is.
    page = client.get(SECURITY).content.decode()
    assert "/konto/sicherheit/zeigen/?next=/" in page and "entfernen" not in page
    client.post("/konto/sicherheit/zeigen/", {"code": code()})
    assert client.get("/konto/").status_code == 200


def test_08_the_last_factor_that_a_role_demands_stays(client: Client) -> None:
    user = engineer()
    TOTP.activate(user, SECRET)
    log_in(client, user)
    client.post("/konto/zweiter-faktor/", {"code": code()})
    page = client.post("/konto/sicherheit/app/entfernen/").content.decode()
    assert "Ihre Rolle verlangt einen zweiten Faktor" in page
    assert Authenticator.objects.filter(user=user, type="totp").exists()
    key = Authenticator.objects.create(user=user, type="webauthn", data={"name": "Schlüssel", "credential": {}})
    assert client.post("/konto/sicherheit/app/entfernen/").status_code == 302
    assert not Authenticator.objects.filter(user=user, type="totp").exists()
    client.post(f"/konto/sicherheit/passkeys/{key.pk}/entfernen/")
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_09_a_citizen_may_remove_it(client: Client) -> None:
    user = factories.citizen()
    TOTP.activate(user, SECRET)
    log_in(client, user)
    client.post("/konto/zweiter-faktor/", {"code": code()})
    assert client.post("/konto/sicherheit/app/entfernen/").status_code == 302
    assert not Authenticator.objects.filter(user=user).exists()
    records = client.session["account_authentication_methods"]
    assert [one["method"] for one in records] == ["password"]


def test_10_a_role_that_is_given_while_somebody_is_logged_in_asks_at_once(client: Client) -> None:
    user = factories.citizen()
    log_in(client, user)
    assert client.get("/konto/").status_code == 200
    factories.member(Role.ENGINEER, email=user.email)
    assert client.get("/konto/")["Location"] == SECURITY


def test_11_a_token_made_with_the_second_factor_works_without_a_session(client: Client) -> None:
    factories.note(factories.organisation())
    user = engineer()
    client.force_login(user)
    page = client.post("/konto/zugangsschluessel/", {"name": "QGIS", "scopes": ["read"], "days": 5})
    text = page.context["text"]
    answer = Client().get("/api/layers/notes/features/", headers={"Authorization": f"Bearer {text}"})
    assert len(answer.json()["features"]) == 1
    assert tokens.find(text).user == user  # type: ignore[union-attr]


def test_18_a_token_made_before_the_role_came_gives_no_rights_of_it(client: Client) -> None:
    of = factories.organisation()
    factories.note(of)
    user = with_password(factories.citizen())
    log_in(client, user)
    form = {"name": "Skript", "scopes": ["read"], "days": 5}
    weak = client.post("/konto/zugangsschluessel/", form).context["text"]
    factories.member(Role.ENGINEER, of, email=user.email)
    client.force_login(user)
    strong = client.post("/konto/zugangsschluessel/", form).context["text"]
    path = "/api/layers/notes/features/"
    found = [Client().get(path, headers={"Authorization": f"Bearer {one}"}).json() for one in (weak, strong)]
    assert [len(one["features"]) for one in found] == [0, 1]


def test_12_the_administration_is_entered_through_our_log_in(client: Client) -> None:
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/konto/anmelden/?next=%2Fadmin%2F"
    client.force_login(factories.operator(), second_factor=False)  # type: ignore[call-arg]
    assert client.get("/admin/accounts/user/").status_code == 302
    client.force_login(User.objects.get())
    assert client.get("/admin/accounts/user/").status_code == 200
    # Neither a staff flag nor anything else than being an operator opens it.
    person = factories.citizen()
    person.is_staff = True
    person.save()
    client.force_login(person)
    assert client.get("/admin/accounts/user/").status_code == 302


class TestDemo:
    """The demo's people log in by password alone, on the demo's own database and nowhere else."""

    def person(self, email: str = "technik") -> User:
        address = demo.email(email) if "@" not in email else email
        return with_password(factories.member(Role.ENGINEER, email=address))

    def test_13_it_is_said_on_every_page(self, client: Client) -> None:
        facts.put(second_factor.FACT, "yes")
        log_in(client, self.person())
        factories.note(factories.organisation())
        assert sees_notes(client)
        for path in ("/", "/konto/", "/map/contents/"):
            assert "Demo: Diese Rolle verlangt sonst einen zweiten Faktor." in client.get(path).content.decode(), path

    def test_14_only_where_the_demo_was_set_up(self, client: Client) -> None:
        log_in(client, self.person())
        assert client.get("/konto/")["Location"] == SECURITY

    def test_15_only_for_the_demos_people(self, client: Client) -> None:
        facts.put(second_factor.FACT, "yes")
        log_in(client, self.person("technik@verband.example"))
        assert client.get("/konto/")["Location"] == SECURITY

    def test_16_never_with_a_database_of_ones_own(self, client: Client, settings: Any) -> None:
        facts.put(second_factor.FACT, "yes")
        settings.DEMO_WITHOUT_SECOND_FACTOR = False
        log_in(client, self.person())
        assert client.get("/konto/")["Location"] == SECURITY

    @pytest.mark.parametrize(("url", "expected"), [("", "True"), ("postgresql://u@127.0.0.1:1/x", "False")])
    def test_17_the_setting_follows_the_database(self, url: str, expected: str) -> None:
        import os
        import subprocess
        import sys

        code = "from gisapp import settings; print(settings.DEMO_WITHOUT_SECOND_FACTOR)"
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True
        )
        assert done.stdout.strip() == expected, done.stderr
