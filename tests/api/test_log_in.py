"""Log-in by password: ours in look and words, limited, and telling nobody who has an account."""

import re
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from gisapp.accounts.models import User
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "ein langes Passwort"
LOG_IN = "/konto/anmelden/"


@pytest.fixture(autouse=True)
def _fresh(settings: Any) -> None:
    cache.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def log_in(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOG_IN, {"login": email, "password": password}, **more)


def link_in(body: str) -> str:
    found = re.search(r"http://testserver(/\S+)", body)
    assert found, body
    return found[1]


def someone(email: str = "buerger@example.org") -> User:
    return factories.citizen(email)


def test_01_the_right_password_comes_in_and_goes_where_it_was_wanted(client: Client) -> None:
    someone()
    assert log_in(client, "Buerger@Example.org")["Location"] == "/"
    assert client.get("/konto/").status_code == 200
    client.post("/konto/abmelden/")
    assert client.get("/konto/")["Location"].startswith(LOG_IN)
    answer = client.post(f"{LOG_IN}?next=/map/contents/", {"login": "buerger@example.org", "password": PASSWORD})
    assert answer["Location"] == "/map/contents/"
    client.post("/konto/abmelden/")
    elsewhere = client.post(
        f"{LOG_IN}?next=https://evil.example/", {"login": "buerger@example.org", "password": PASSWORD}
    )
    assert elsewhere["Location"] == "/"


def test_02_a_wrong_password_and_an_unknown_address_are_told_alike(client: Client) -> None:
    someone()
    answers = [log_in(client, one, "falsch").content.decode() for one in ("buerger@example.org", "niemand@example.org")]
    for one in answers:
        assert "E-Mail-Adresse und Passwort passen nicht zusammen." in one
    plain = [re.sub(r'value="[^"]*"', "", one) for one in answers]
    assert plain[0] == plain[1]


def test_03_the_sixth_wrong_password_in_a_minute_is_refused_and_so_is_the_right_one(client: Client) -> None:
    someone()
    statuses = [log_in(client, "buerger@example.org", f"falsch {number}").status_code for number in range(6)]
    assert statuses == [200, 200, 200, 200, 200, 429]
    answer = log_in(client, "buerger@example.org")
    assert (answer.status_code, answer["Retry-After"]) == (429, "300")
    assert "Bitte in fünf Minuten noch einmal." in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"
    # Somebody else at the same place is not held up by that.
    factories.citizen("andere@example.org")
    assert log_in(client, "andere@example.org").status_code == 302


def test_04_attempts_are_counted_in_the_database_and_not_in_the_process() -> None:
    from django.core.cache import caches
    from django.core.cache.backends.db import DatabaseCache
    from django.db import connection

    assert isinstance(caches["default"], DatabaseCache)

    log_in(Client(), "niemand@example.org", "falsch")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM gisapp_cache WHERE cache_key LIKE '%login_failed%'")
        assert cursor.fetchone()[0] >= 1


def test_05_behind_a_proxy_its_guests_are_counted_apart(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def attempt(number: int, forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        return log_in(Client(), f"person{number}@example.org", "falsch", headers=headers).status_code

    assert [attempt(number, "198.51.100.7") for number in range(11)] == [200] * 10 + [429]
    assert attempt(50, "198.51.100.8") == 200
    # What the asker wrote into the header stands before what our proxy saw, and counts for nothing.
    assert attempt(51, "203.0.113.1, 198.51.100.7") == 429


def test_06_without_a_proxy_the_header_counts_for_nothing() -> None:
    statuses = [
        log_in(
            Client(), f"p{number}@example.org", "falsch", headers={"X-Forwarded-For": f"10.0.0.{number}"}
        ).status_code
        for number in range(11)
    ]
    assert statuses == [200] * 10 + [429]


def test_07_too_many_requests_of_any_kind_are_a_page_with_the_code(client: Client) -> None:
    factories.citizen()
    answers = [client.post("/konto/passwort/vergessen/", {"email": f"p{number}@example.org"}) for number in range(21)]
    assert [one.status_code for one in answers] == [302] * 20 + [429]
    assert answers[-1]["Retry-After"] == "60"


def test_08_a_forgotten_password_is_set_by_mail_and_the_answer_tells_nothing(client: Client) -> None:
    someone()
    known = client.post("/konto/passwort/vergessen/", {"email": "buerger@example.org"})
    unknown = client.post("/konto/passwort/vergessen/", {"email": "niemand@example.org"})
    assert known["Location"] == unknown["Location"] == "/konto/passwort/vergessen/unterwegs/"
    assert [one.to for one in mail.outbox] == [["buerger@example.org"]]
    address = link_in(str(mail.outbox[0].body))
    form = client.get(address, follow=True)
    assert form.status_code == 200 and "Neues Passwort" in form.content.decode()
    path = form.redirect_chain[-1][0]
    assert "set-password" in path  # the key stands in no address that a further link could tell
    new = "ein anderes langes Passwort"
    assert client.post(path, {"password1": new, "password2": new}).status_code == 302
    assert log_in(client, "buerger@example.org", new).status_code == 302
    assert "gilt nicht mehr" in Client().get(address, follow=True).content.decode()


def test_09_the_password_is_changed_with_the_old_one(client: Client) -> None:
    someone()
    log_in(client, "buerger@example.org")
    new = {"password1": "ein anderes langes Passwort", "password2": "ein anderes langes Passwort"}
    wrong = client.post("/konto/passwort/", {"oldpassword": "falsch", **new})
    assert "Das jetzige Passwort stimmt nicht." in wrong.content.decode()
    assert client.post("/konto/passwort/", {"oldpassword": PASSWORD, **new})["Location"] == "/konto/"
    assert client.get("/konto/").status_code == 200
    assert "Passwort Ihres Kontos wurde geändert" in str(mail.outbox[-1].body)


def test_10_the_address_changes_when_the_new_one_is_confirmed(client: Client) -> None:
    user = someone()
    log_in(client, "buerger@example.org")
    assert client.post("/konto/e-mail/", {"email": "neu@example.org", "action_add": ""}).status_code == 302
    user.refresh_from_db()
    assert user.email == "buerger@example.org"
    confirmation = next(one for one in mail.outbox if one.to == ["neu@example.org"])
    address = link_in(str(confirmation.body))
    assert "neu@example.org" in client.get(address).content.decode()
    assert client.post(address)["Location"] == "/konto/"
    user.refresh_from_db()
    assert user.email == "neu@example.org"
    assert list(EmailAddress.objects.filter(user=user).values_list("email", "verified")) == [("neu@example.org", True)]
    assert any(one.to == ["buerger@example.org"] and "neu@example.org" in str(one.body) for one in mail.outbox)


def test_11_an_address_of_somebody_else_is_not_taken(client: Client) -> None:
    someone("andere@example.org")
    user = someone()
    log_in(client, "buerger@example.org")
    client.post("/konto/e-mail/", {"email": "andere@example.org", "action_add": ""})
    user.refresh_from_db()
    assert user.email == "buerger@example.org"
    assert not EmailAddress.objects.filter(user=user, email="andere@example.org", verified=True).exists()


def test_12_accounts_are_made_by_invitation_unless_the_operator_says_otherwise(client: Client, settings: Any) -> None:
    form = {"email": "neu@example.org", "password1": "Ein-langes-Passwort-9", "password2": "Ein-langes-Passwort-9"}
    assert "nur auf Einladung" in client.get("/konto/neu/").content.decode()
    client.post("/konto/neu/", form)
    assert not User.objects.filter(email="neu@example.org").exists()
    settings.ACCOUNT_SIGNUP = True
    assert client.post("/konto/neu/", form)["Location"] == "/konto/e-mail/unterwegs/"
    user = User.objects.get(email="neu@example.org")
    assert not user.is_superuser and not user.memberships.exists()
    # Not before the address is confirmed.
    assert log_in(Client(), "neu@example.org", form["password1"])["Location"] == "/konto/e-mail/unterwegs/"
    assert client.get("/konto/")["Location"].startswith(LOG_IN)
    client.post(link_in(str(mail.outbox[0].body)))
    assert log_in(Client(), "neu@example.org", form["password1"])["Location"] == "/"


def test_13_a_sign_up_does_not_tell_who_has_an_account(client: Client, settings: Any) -> None:
    settings.ACCOUNT_SIGNUP = True
    someone()
    form = {"email": "buerger@example.org", "password1": "Ein-langes-Passwort-9", "password2": "Ein-langes-Passwort-9"}
    assert client.post("/konto/neu/", form)["Location"] == "/konto/e-mail/unterwegs/"
    assert "gibt es schon ein Konto" in str(mail.outbox[0].body)
    assert log_in(Client(), "buerger@example.org", form["password1"]).status_code == 200


def test_14_a_closed_account_does_not_come_in(client: Client) -> None:
    user = someone()
    user.is_active = False
    user.save()
    assert log_in(client, "buerger@example.org")["Location"] == "/konto/geschlossen/"
    assert "geschlossen" in client.get("/konto/geschlossen/").content.decode()
    assert client.get("/konto/")["Location"].startswith(LOG_IN)


OPEN = (
    LOG_IN, "/konto/abmelden/", "/konto/neu/", "/konto/geschlossen/", "/konto/passwort/vergessen/",
    "/konto/passwort/vergessen/unterwegs/", "/konto/passwort/gesetzt/", "/konto/e-mail/unterwegs/",
    "/konto/e-mail/bestaetigen/nichts/", "/konto/passwort/neu/1-nichts/",
)  # fmt: skip
OWN = (
    "/konto/", "/konto/e-mail/", "/konto/passwort/", "/konto/sicherheit/", "/konto/sicherheit/app/",
    "/konto/sicherheit/passkeys/", "/konto/sicherheit/passkeys/neu/", "/konto/loeschen/",
)  # fmt: skip


@pytest.mark.parametrize("language", ["de", "en"])
def test_15_every_page_is_in_our_look_without_anything_inline(client: Client, language: str) -> None:
    someone()
    seen = {path: client.get(f"{path}?lang={language}") for path in OPEN if path != "/konto/abmelden/"}
    log_in(client, "buerger@example.org")
    seen |= {path: client.get(f"{path}?lang={language}") for path in (*OWN, "/konto/abmelden/")}
    for path, answer in seen.items():
        page = answer.content.decode()
        assert answer.status_code == 200, path
        assert f'<html lang="{language}"' in page and 'class="page-header"' in page, path
        assert " style=" not in page and " onclick=" not in page and "<style" not in page, path
        plain = re.findall(r"<script(?! type=\"module\" src=)(?! id=\"[\w-]+\" type=\"application/json\")", page)
        assert plain == [], path
        assert answer["X-Robots-Tag"] == "noindex" and answer["Cache-Control"] == "private, no-store", path
        policy = answer["Content-Security-Policy"]
        assert "script-src 'self';" in policy and "unsafe" not in policy, path


def test_16_a_token_of_a_program_opens_no_page_of_the_account(client: Client) -> None:
    from gisapp.accounts import tokens

    _token, text = tokens.make(someone(), "Skript", scopes=["read", "write"])
    bearer = {"Authorization": f"Bearer {text}"}
    for path in (*OWN, LOG_IN):
        answer = client.get(path, headers=bearer)
        assert (answer.status_code, answer.json()["code"]) == (403, "token-not-here"), path
    assert client.post("/konto/zugangsschluessel/", {"name": "x"}, headers=bearer).status_code == 403


def test_17_a_mail_that_cannot_be_sent_is_told_to_nobody_who_only_guesses(client: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    someone()
    answers = [
        client.post("/konto/passwort/vergessen/", {"email": one}, follow=True).content.decode()
        for one in ("buerger@example.org", "niemand@example.org")
    ]
    assert next(re.sub(r'value="[^"]*"', "", one) for one in answers) == re.sub(r'value="[^"]*"', "", answers[1])


def test_18_without_a_mail_server_mails_are_files(client: Client, settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", str(tmp_path)
    someone()
    client.post("/konto/passwort/vergessen/", {"email": "buerger@example.org"})
    assert [one for one in tmp_path.iterdir() if "/konto/passwort/neu/" in one.read_text()]
