"""Personal tokens at every door: what they let in, and what they do not."""

import datetime

import psycopg
import pytest
from django.test import Client
from django.utils import timezone

from gisapp.accounts import tokens
from gisapp.accounts.models import Token, User
from gisapp.accounts.roles import Role
from gisapp.errors import BadInput
from tests import factories

pytestmark = pytest.mark.django_db
DOORS = (
    "/ogc/collections/notes/items?f=json", "/api/layers/notes/features/", "/api/download/notes?format=geojson", "/map/list/notes",
)  # fmt: skip


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def shown(client: Client, door: str, text: str) -> bool:
    answer = client.get(door, headers=bearer(text))
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return b"Schacht klemmt" in body


def test_01_a_token_opens_every_door_and_only_its_hash_is_kept(client: Client) -> None:
    user = factories.member(Role.STAFF)
    factories.note(factories.organisation())
    token, text = tokens.make(user, "Skript")
    for door in DOORS:
        assert shown(client, door, text), door
        assert not shown(client, door, "etwas-anderes"), door
    assert text.encode() not in bytes(token.digest)
    assert text[5:] not in str(Token.objects.values_list().get())
    token.refresh_from_db()
    assert token.used_at is not None


@pytest.mark.parametrize("end", ["expired", "revoked", "closed", "unknown"])
def test_02_a_token_that_ended_is_refused_by_name(client: Client, end: str) -> None:
    user = factories.member(Role.STAFF)
    token, text = tokens.make(user, "Skript")
    past = timezone.now() - datetime.timedelta(seconds=1)
    if end == "expired":
        Token.objects.update(expires_at=past)
    elif end == "revoked":
        Token.objects.update(revoked_at=past)
    elif end == "closed":
        User.objects.filter(pk=user.pk).update(is_active=False)
    else:
        token.delete()
    for door in (*DOORS, "/tiles/notes/1/1/0.mvt", "/"):
        answer = client.get(door, headers=bearer(text))
        assert answer.status_code == 401, door
        assert "invalid_token" in answer["WWW-Authenticate"]


def test_03_a_token_does_what_its_scope_says(client: Client) -> None:
    user = factories.member(Role.STAFF)
    row = factories.note(factories.organisation())
    address = f"/api/layers/notes/features/{row.pk}/"
    body = '{"properties": {"state": "done"}}'
    _reading, read = tokens.make(user, "lesen")
    refused = client.patch(address, body, "application/json", headers=bearer(read))
    assert (refused.status_code, refused.json()["code"]) == (403, "token-scope")
    _writing, write = tokens.make(user, "schreiben", scopes=("read", "write"))
    # No session, so no forgery: a token writes without the form's protection.
    strict = Client(enforce_csrf_checks=True)
    assert strict.patch(address, body, "application/json", headers=bearer(write)).status_code == 200
    row.refresh_from_db()
    assert row.state == "done"
    with pytest.raises(BadInput):
        tokens.make(user, "alles", scopes=("everything",))
    for days in (0, 367):
        with pytest.raises(BadInput):
            tokens.make(user, "ewig", days=days)


def test_04_a_token_of_one_organisation_knows_no_other(client: Client) -> None:
    """Somebody belongs to two, and is an operator besides."""
    first, second = factories.organisation("a"), factories.organisation("b")
    user = factories.member(Role.STAFF, first, email="zwei@example.org")
    factories.member(Role.STAFF, second, email="zwei@example.org")
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    factories.note(first)
    _token, text = tokens.make(user, "nur b", scopes=("read", "write"), organisation=second)
    for door in DOORS:
        assert not shown(client, door, text), door
    factories.note(second, x=300)
    for door in DOORS:
        assert shown(client, door, text), door
    user.refresh_from_db()
    assert user.is_superuser  # the limit is the request's, not the account's


def test_05_no_token_begins_an_import(client: Client) -> None:
    """The run has all of the person's rights, a token may have fewer."""
    user = factories.member(Role.STAFF)
    _token, text = tokens.make(user, "Skript", scopes=("read", "write"))
    for answer in (client.get("/import/", headers=bearer(text)), client.post("/import/", headers=bearer(text))):
        assert answer.status_code in (403, 405), answer.content
    client.force_login(user)
    assert client.get("/import/").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ["expired", "revoked", "closed", "membership", "organisation", "area"])
def test_06_what_is_remembered_of_a_token_ends_at_once(client: Client, end: str) -> None:
    """Who a token is, is remembered between requests as long as nothing that decides about it was written."""
    user, of = factories.member(Role.STAFF), factories.organisation()
    factories.note(of)
    _token, text = tokens.make(user, "Skript")
    for _again in range(3):
        assert shown(client, DOORS[0], text)
    before = tokens._remembered.cache_info().hits
    assert shown(client, DOORS[0], text)
    assert tokens._remembered.cache_info().hits > before
    if end == "expired":
        Token.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    elif end == "revoked":
        Token.objects.update(revoked_at=timezone.now())
    elif end == "closed":
        User.objects.filter(pk=user.pk).update(is_active=False)
    elif end == "membership":
        user.memberships.all().delete()
    elif end == "organisation":
        type(of).objects.filter(pk=of.pk).update(active=False)
    else:
        user.memberships.get().areas.add(factories.area("fern", x=900_000))
    if end in ("expired", "revoked", "closed"):
        assert client.get(DOORS[0], headers=bearer(text)).status_code == 401
    else:
        assert not shown(client, DOORS[0], text)


def test_07_without_a_database_a_program_is_told_to_come_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks is found out before any view: what fails there has its name as well."""

    def away(*_arguments: object) -> None:
        raise psycopg.OperationalError("the server closed the connection unexpectedly")

    _token, text = tokens.make(factories.member(Role.STAFF), "Skript")
    monkeypatch.setattr(tokens, "version_of", away)
    for method in ("get", "post"):
        answer = getattr(client, method)("/api/layers/notes/features/", headers=bearer(text))
        assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "5")
