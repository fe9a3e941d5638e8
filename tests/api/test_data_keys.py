"""Secrets of second factors in the database: encrypted, rotated, and told of when the key is gone."""

import argparse
import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialToken
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client

from gisapp import checks
from gisapp.accounts import data_keys
from gisapp.accounts.key_commands import KEYS
from gisapp.accounts.models import User
from gisapp.accounts.people import USER
from gisapp.errors import GisError
from tests.api.test_oidc import log_in as log_in_by_provider
from tests.api.test_oidc import provider as provider
from tests.api.test_second_factor import SECRET, code, engineer, log_in, sees_notes
from tests.oidc_provider import Provider

pytestmark = pytest.mark.django_db
OLD, NEW = "o" * 40, "n" * 40


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


@pytest.fixture
def person() -> User:
    """An engineer with an app and recovery codes."""
    user = engineer()
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
        return str(cursor.fetchone()[0])


def show(client: Client, text: str) -> Any:
    return client.post("/konto/zweiter-faktor/", {"code": text})


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    parser = argparse.ArgumentParser()
    command = {"keys": KEYS, "user": USER}[arguments[0]]
    command.arguments(parser)
    status = command.run(parser.parse_args([*arguments[1:], "--json"]))
    return status, json.loads(capsys.readouterr().out)


def test_01_the_database_holds_no_plain_secret(client: Client, person: User) -> None:
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes"))
    seed = data_keys.decrypt(codes.instance.data["seed"])
    for secret in (SECRET, seed, *codes.get_unused_codes()):
        assert secret not in stored()
    assert stored().count(data_keys.MARK) == 2
    log_in(client, person)
    assert show(client, "000000").status_code == 200
    assert show(client, code()).status_code == 302
    assert client.get("/konto/").status_code == 200


def test_02_recovery_codes_work_and_are_used_up(client: Client, person: User) -> None:
    wanted = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()[0]
    log_in(client, person)
    assert show(client, wanted).status_code == 302
    other = Client()
    log_in(other, person)
    assert show(other, wanted).status_code == 200


def test_03_the_same_secret_looks_different_each_time(person: User) -> None:
    assert data_keys.encrypt(SECRET) != data_keys.encrypt(SECRET)


def test_04_keys_are_rotated_without_anybody_noticing(
    person: User, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DATA_KEYS = [OLD]  # from the key derived from SECRET_KEY to one of its own
    assert run(capsys, "keys", "check") == (0, {"ok": True, "readable": 2, "unreadable": []})
    assert run(capsys, "keys", "rotate") == (0, {"ok": True, "readable": 2, "unreadable": []})
    settings.SECRET_KEY = "ein anderer" * 5
    settings.DATA_KEYS = [NEW, OLD]
    assert TOTP(Authenticator.objects.get(type="totp")).validate_code(code())
    assert run(capsys, "keys", "rotate")[0] == 0
    settings.DATA_KEYS = [NEW]
    assert run(capsys, "keys", "check") == (0, {"ok": True, "readable": 2, "unreadable": []})
    settings.DATA_KEYS = [OLD]
    assert run(capsys, "keys", "check") == (1, {"ok": False, "readable": 0, "unreadable": [person.email]})


def test_05_a_lost_key_is_told_with_a_code_and_loses_nothing(
    client: Client, person: User, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SECRET_KEY = "ein anderer" * 5
    before = stored()
    log_in(client, person)
    answer = show(client, code())
    assert (answer.status_code, answer.json()["code"]) == (503, "data-key-missing")
    assert client.post("/konto/zweiter-faktor/", {"code": code()}, headers={"accept": "text/html"}).status_code == 503
    assert not sees_notes(client)
    assert run(capsys, "keys", "rotate") == (1, {"ok": False, "readable": 0, "unreadable": [person.email]})
    assert stored() == before
    part = next(one for one in checks.database() if one.key == "data-keys")
    assert (part.state, part.found) == (checks.WRONG, "2 nicht lesbar")


def test_06_the_operator_resets_the_factor_and_the_person_is_told(
    client: Client, person: User, capsys: pytest.CaptureFixture[str], mailoutbox: list[Any]
) -> None:
    log_in(client, person)
    assert show(client, code()).status_code == 302
    assert Session.objects.count() == 1
    mailoutbox.clear()
    status, told = run(capsys, "user", "reset-factor", person.email)
    assert (status, told) == (0, {"email": person.email, "taken": 2, "sessions": 1})
    assert Session.objects.count() == 0
    assert not sees_notes(client)
    assert "zweiten Faktor Ihres Kontos entfernt" in mailoutbox[-1].body
    assert mailoutbox[-1].to == [person.email]
    fresh = Client()
    log_in(fresh, person)
    assert not sees_notes(fresh)
    assert "einrichten" in fresh.get("/konto/sicherheit/").content.decode()


def test_07_passkeys_stay_unless_they_are_named(person: User, capsys: pytest.CaptureFixture[str]) -> None:
    Authenticator.objects.create(user=person, type="webauthn", data={"name": "Passkey 1", "credential": {}})
    run(capsys, "user", "reset-factor", person.email)
    assert list(Authenticator.objects.values_list("type", flat=True)) == ["webauthn"]
    run(capsys, "user", "reset-factor", person.email, "--passkeys")
    assert not Authenticator.objects.exists()


def test_08_what_was_stored_in_the_clear_is_encrypted_once(person: User) -> None:
    row = Authenticator.objects.get(type="totp")
    row.data = {"secret": SECRET}
    row.save()
    codes = Authenticator.objects.get(type="recovery_codes")
    codes.data = {"migrated_codes": ["AAAA-BBBB", "CCCC-DDDD"], "used_mask": 0}
    codes.save()
    with pytest.raises(GisError, match="data-key-missing"):  # nobody slips a secret of their own into the table
        TOTP(row).validate_code(code())
    for _again in range(2):
        data_keys.encrypt_plain(Authenticator)
        assert SECRET not in stored() and "AAAA-BBBB" not in stored()
        row.refresh_from_db()
        codes.refresh_from_db()
        assert data_keys.decrypt(row.data["secret"]) == SECRET
        assert [data_keys.decrypt(one) for one in codes.data["migrated_codes"]] == ["AAAA-BBBB", "CCCC-DDDD"]
    assert codes.data["used_mask"] == 0


@pytest.mark.parametrize(
    "change", [lambda text: text[:-6] + "AAAAA=", lambda text: text[:40], lambda _text: data_keys.MARK]
)
def test_09_a_changed_text_is_not_taken(change: Any) -> None:
    with pytest.raises(GisError, match="data-key-missing"):
        data_keys.decrypt(change(data_keys.encrypt(SECRET)))


def test_10_a_short_key_is_refused_and_a_new_one_is_long_enough(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DATA_KEYS = ["kurz"]
    with pytest.raises(ImproperlyConfigured, match="32"):
        data_keys.encrypt(SECRET)
    status, told = run(capsys, "keys", "new")
    assert status == 0
    settings.DATA_KEYS = [told["key"]]
    assert data_keys.decrypt(data_keys.encrypt(SECRET)) == SECRET


def test_11_tokens_of_a_log_in_service_are_not_kept_at_all(client: Client, provider: Provider) -> None:
    engineer_of_provider = User.objects.create_user("buerger@example.org", "ein langes Passwort")
    assert log_in_by_provider(client, provider).status_code == 302
    assert SocialToken.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM socialaccount_socialaccount WHERE extra_data::text <> '{}'")
        assert cursor.fetchone()[0] == 0
    session = json.dumps([one.get_decoded() for one in Session.objects.all()])
    assert "zugang" not in session and engineer_of_provider.email not in session
