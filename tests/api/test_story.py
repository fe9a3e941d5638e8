"""The story of a feature, and taking changes back."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from gisapp import cli
from gisapp.accounts.models import User
from gisapp.accounts.roles import Role
from gisapp.history.recording import recorded
from gisapp.history.tracking import event_model
from layers.notes.models import Note
from layers.regions.models import Place
from tests import factories

pytestmark = pytest.mark.django_db
KIND = "application/json"


@pytest.fixture
def person() -> User:
    return factories.member(Role.STAFF)


@pytest.fixture
def note(person: User) -> Note:
    """A notice that was renamed, made public and moved."""
    row = factories.note(factories.organisation(), "Verdacht")
    with recorded("web", user=person, reason="Auftrag 4711"):
        Note.objects.filter(pk=row.pk).update(title="Baustelle", audience="public")
    with recorded("api", user=person):
        Note.objects.filter(pk=row.pk).update(geom=factories.point(500, 500))
    return row


def changes(client: Client, row: Any, layer: str = "notes") -> list[dict[str, Any]]:
    answer = client.get(f"/api/layers/{layer}/features/{row.pk}/history")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["changes"]
    return found


def test_01_members_read_it_all(client: Client, person: User, note: Note) -> None:
    client.force_login(person)
    found = changes(client, note)
    assert [(one["kind"], one["fields"], one["moved"]) for one in found] == [
        ("update", [], True),
        ("update", ["title", "audience"], False),
        ("insert", ["title", "state", "audience", "organisation"], False),
    ]
    assert (found[1]["user"], found[1]["reason"], found[1]["door"]) == (person.email, "Auftrag 4711", "web")
    assert found[2]["properties"]["title"] == "Verdacht"
    page = client.get(f"/verlauf/notes/{note.pk}/").content.decode()
    for words in ("<del>Verdacht</del> <ins>Baustelle</ins>", "Auftrag 4711", person.email, "Lage geändert"):
        assert words in page
    assert f"/verlauf/notes/{note.pk}/" in client.get(f"/map/detail/notes/{note.pk}").content.decode()


def test_02_others_read_what_was_public_and_not_who_or_why(client: Client, person: User, note: Note) -> None:
    for user in (None, factories.citizen(), factories.member(Role.ADMIN, factories.organisation("b"))):
        client.logout()
        if user:
            client.force_login(user)
        found = changes(client, note)
        assert [one["kind"] for one in found] == ["update", "update"]
        body = json.dumps(found) + client.get(f"/verlauf/notes/{note.pk}/").content.decode()
        assert "Verdacht" not in body
        assert person.email not in body
        assert "Auftrag 4711" not in body
    internal = factories.note(factories.organisation(), "Nur für uns")
    client.logout()
    for door in (f"/api/layers/notes/features/{internal.pk}/history", f"/verlauf/notes/{internal.pk}/"):
        assert client.get(door).status_code == 404


def test_03_a_retired_and_a_removed_feature_have_a_story(client: Client) -> None:
    retired, gone = factories.place("Alt"), factories.place("Weg", x=900)
    key = gone.pk
    with connection.cursor() as cursor:
        cursor.execute("UPDATE regions_place SET retired_at = now() WHERE id = %s", [retired.pk])
    gone.delete()
    gone.pk = key
    assert [one["kind"] for one in changes(client, retired, "places")] == ["retire", "insert"]
    assert [one["kind"] for one in changes(client, gone, "places")] == ["delete", "insert"]
    assert client.get(f"/verlauf/places/{key}/").status_code == 200
    assert client.get("/api/layers/places/features/999999/history").status_code == 404


def test_04_the_last_change_is_taken_back(client: Client, person: User, note: Note) -> None:
    client.force_login(person)
    last = changes(client, note)[0]["event"]
    base = f"/api/layers/notes/features/{note.pk}/history"
    answer = client.post(f"{base}/{last}/revert", '{"reason": "Doch nicht"}', KIND)
    assert answer.status_code == 204, answer.content
    note.refresh_from_db()
    assert note.geom.equals_exact(factories.point(100, 100))
    newest = changes(client, note)[0]
    assert (newest["moved"], newest["reason"], newest["door"]) == (True, "Doch nicht", "api")
    # What is not the last one stays: the later change is named.
    refused = client.post(f"{base}/{last}/revert", "{}", KIND)
    assert (refused.status_code, refused.json()["code"]) == (409, "changed-since")
    assert client.post(f"{base}/999999999/revert", "{}", KIND).json()["code"] == "unknown-change"


def test_05_a_removed_feature_comes_back_under_its_key(client: Client, person: User) -> None:
    row = factories.note(factories.organisation(), "Versehen")
    key = row.pk
    row.delete()
    client.force_login(person)
    row.pk = key
    event = changes(client, row)[0]["event"]
    answer = client.post(f"/verlauf/notes/{key}/zuruecknehmen/", {"event": event, "reason": "Versehen"})
    assert answer.status_code == 302, answer.content
    assert Note.objects.get(pk=key).title == "Versehen"
    # The new row of a taken-back insert is gone, and everything of it is still told.
    first = factories.note(factories.organisation(), "Doppelt", x=300)
    number = changes(client, first)[0]["event"]
    assert client.post(f"/api/layers/notes/features/{first.pk}/history/{number}/revert", "{}", KIND).status_code == 204
    assert not Note.objects.filter(pk=first.pk).exists()
    assert [one["kind"] for one in changes(client, first)] == ["delete", "insert"]


@pytest.mark.parametrize("who", ["nobody", "citizen", "planner", "other"])
def test_06_nobody_else_takes_back(client: Client, note: Note, who: str) -> None:
    users = {
        "citizen": factories.citizen,
        "planner": lambda: factories.member(Role.PLANNER),
        "other": lambda: factories.member(Role.ADMIN, factories.organisation("b")),
    }
    if who != "nobody":
        client.force_login(users[who]())
    event = note.events.order_by("pgh_id").last().pgh_id  # type: ignore[attr-defined]
    doors = [
        (f"/api/layers/notes/features/{note.pk}/history/{event}/revert", KIND, "{}"),
        (f"/verlauf/notes/{note.pk}/zuruecknehmen/", "application/x-www-form-urlencoded", f"event={event}"),
    ]
    for door, kind, body in doors:
        assert client.post(door, body, kind).status_code in (401, 403), door
    fresh = factories.note(factories.organisation(), "Öffentlich", x=900, audience="public")
    added = fresh.events.get().pgh_id  # type: ignore[attr-defined]
    assert client.post(f"/api/layers/notes/features/{fresh.pk}/history/{added}/revert", "{}", KIND).status_code in (
        401,
        403,
    )
    assert Note.objects.filter(pk=fresh.pk).exists()
    removed = factories.note(factories.organisation(), "Weg", x=950)
    key = removed.pk
    removed.delete()
    events = event_model(Note)
    assert events is not None
    gone = events._default_manager.filter(pgh_obj_id=key).latest("pgh_id").pk
    answer = client.post(f"/api/layers/notes/features/{key}/history/{gone}/revert", "{}", KIND)
    assert answer.status_code in (401, 403, 404), answer.content
    assert not Note.objects.filter(pk=key).exists()
    note.refresh_from_db()
    assert note.geom.equals_exact(factories.point(500, 500))
    assert "zuruecknehmen" not in client.get(f"/verlauf/notes/{note.pk}/").content.decode()


def test_07_a_whole_change_is_taken_back_or_nothing(client: Client, person: User) -> None:
    kept = factories.place("Bleibt", x=10)
    changed, removed = factories.place("Anders", x=20), factories.place("Entfernt", x=30)
    key = removed.pk
    with recorded("import", user=person, file="orte.csv") as context:
        added = factories.place("Neu", x=40)
        Place.objects.filter(pk=changed.pk).update(name="Ganz anders")
        Place.objects.filter(pk=changed.pk).update(kind="hamlet")
        removed.delete()
    client.force_login(person)
    Place.objects.filter(pk=added.pk).update(name="Neu und geändert")
    address = f"/api/changes/{context.id}/revert"
    refused = client.post(address, "{}", KIND)
    assert (refused.status_code, refused.json()["code"]) == (409, "changed-since")
    assert f"places/{added.pk}" in refused.json()["title"]
    assert Place.objects.get(pk=changed.pk).name == "Ganz anders"
    last = added.events.order_by("pgh_id").last().pgh_id  # type: ignore[attr-defined]
    assert client.post(f"/api/layers/places/features/{added.pk}/history/{last}/revert", "{}", KIND).status_code == 204
    with recorded("import") as another:
        Place.objects.filter(pk=changed.pk).update(name="Dritter Name")
        fresh = factories.place("Frisch", x=50)
        Place.objects.filter(pk=kept.pk).delete()
    assert client.post(f"/api/changes/{another.id}/revert", "{}", KIND).json() == {"reverted": {"places": 3}}
    assert Place.objects.get(pk=changed.pk).name == "Ganz anders"
    assert Place.objects.filter(pk=kept.pk).exists() and not Place.objects.filter(pk=fresh.pk).exists()
    assert not Place.objects.filter(pk=key).exists()
    # What came afterwards was taken back, the newest first: the rows are as the import left them, and it goes too.
    assert client.post(address, "{}", KIND).json() == {"reverted": {"places": 3}}
    assert Place.objects.get(pk=changed.pk).name == "Anders" and Place.objects.filter(pk=key).exists()
    assert not Place.objects.filter(pk=added.pk).exists()


def test_08_a_whole_change_needs_the_right_to_every_row(client: Client, person: User) -> None:
    """One of the rows lies outside of what the person is responsible for."""
    with recorded("import") as context:
        inside, outside = factories.place("Hier", x=10), factories.place("Dort", x=90_000)
    client.force_login(person)
    refused = client.post(f"/api/changes/{context.id}/revert", "{}", KIND)
    assert (refused.status_code, refused.json()["code"]) == (403, "out-of-reach")
    assert Place.objects.filter(pk__in=[inside.pk, outside.pk]).count() == 2
    assert client.post(f"/api/changes/{uuid.uuid4()}/revert", "{}", KIND).status_code == 404
    client.logout()
    assert client.post(f"/api/changes/{context.id}/revert", "{}", KIND).status_code in (401, 403)


@pytest.mark.django_db(transaction=True)
def test_09_an_import_is_undone_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "orte.csv"
    file.write_text("id,name,lon,lat\n1,Haby,9.8,54.4\n2,Holtsee,9.87,54.4\n", encoding="utf-8")
    assert cli.main(["import", "places", str(file), "--json", "--note", "Lieferung vom Kreis"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["created"] == 2
    row = Place.objects.get(name="Haby")
    assert cli.main(["history", f"places/{row.pk}", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["changes"]
    assert [(one["kind"], one["door"], one["reason"], one["file"], one["change"]) for one in told] == [
        ("insert", "import", "Lieferung vom Kreis", "orte.csv", report["change"])
    ]
    assert cli.main(["revert", report["change"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"reverted": {"places": 2}}
    assert Place.objects.count() == 0
    assert cli.main(["revert", report["change"]]) == 1  # what was undone is changed since
    assert cli.main(["history", "places/999999"]) == 1
    capsys.readouterr()
