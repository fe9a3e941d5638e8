"""A real QGIS edits a layer over a database log-in of its own (`gisapp user grant-db`)."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from psycopg import sql

from gisapp import cluster
from gisapp.accounts import logins, policies
from gisapp.accounts.models import Organisation, User
from gisapp.accounts.roles import Role
from layers.fibre.models import Node, Segment
from layers.notes.models import Note
from tests import factories

SCRIPT = Path(__file__).parent / "edit_layer.py"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.qgis]
Steps = list[dict[str, Any]]


@pytest.fixture
def own() -> Organisation:
    return factories.organisation("amt", factories.area("own:near", -5_000, -5_000, 10_000))


@pytest.fixture
def other(own: Organisation) -> Organisation:
    return factories.organisation("nachbar", factories.area("own:far", 20_000, 0, 10_000))


@pytest.fixture
def grant(own: Organisation) -> Iterator[Callable[[User], str]]:
    """Gives database log-ins; they go with the test, because roles belong to the whole server."""
    made: list[str] = []

    def give(user: User) -> str:
        role, _password = logins.grant(user)
        made.append(role)
        return role

    policies.apply()
    yield give
    with psycopg.connect(**cluster.dsn("postgres", "postgres"), autocommit=True) as administrator:  # type: ignore[arg-type]
        for role in made:
            administrator.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., list[Any]]:
    """One session of QGIS: what each step gave."""

    def session(people: list[str], steps: Steps, reason: str = "", table: str = "notes_note") -> list[Any]:
        place = {"host": str(cluster.socket_dir()), "port": "5432", "database": connection.settings_dict["NAME"]}
        environment = dict(os.environ)
        if reason:
            service = tmp_path / "pg_service.conf"
            service.write_text(f"[karte]\nhost={place['host']}\noptions=-c gisapp.reason={reason}\n")
            environment["PGSERVICEFILE"] = str(service)
            place = {"service": "karte", "database": place["database"]}
        told = {"connection": place, "table": table, "people": people, "steps": steps}
        done = subprocess.run(
            ["/usr/bin/python3", str(SCRIPT), str(tmp_path)], input=json.dumps(told), env=environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        found: list[Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    return session


def place(x: float, y: float) -> list[float]:
    return [factories.X0 + x, factories.Y0 + y]


def test_01_an_editor_changes_adds_and_removes(
    own: Organisation, other: Organisation, grant: Callable[[User], str], run: Callable[..., list[Any]], client: Client
) -> None:
    user = factories.member(Role.ENGINEER, own, email="erika@amt.example")
    role = grant(user)
    kept, gone = factories.note(own, "Schacht klemmt"), factories.note(own, "Altes", x=200)
    factories.note(other, "Geheim beim Nachbarn", x=300)
    factories.note(other, "Öffentlich beim Nachbarn", x=400, audience="public")
    see, *_edits, commit, after = run(
        [role],
        [
            {"who": role, "do": "see", "fields": ["title"]},
            {"who": role, "do": "change", "id": kept.pk, "values": {"title": "Schacht geölt", "state": "done"},
             "point": place(150, 160)},
            {"who": role, "do": "add", "values": {"title": "Neu", "organisation_id": own.pk}, "point": place(500, 500)},
            {"who": role, "do": "delete", "id": gone.pk},
            {"who": role, "do": "commit"},
            {"who": role, "do": "see", "fields": ["title"]},
        ],
        reason="Auftrag-4711",
    )  # fmt: skip
    assert see == [["Altes"], ["Schacht klemmt"], ["Öffentlich beim Nachbarn"]]
    assert commit["done"] is True, commit
    assert after == [["Neu"], ["Schacht geölt"], ["Öffentlich beim Nachbarn"]]
    kept.refresh_from_db()
    assert (kept.title, kept.state) == ("Schacht geölt", "done")
    assert kept.geom.coords == pytest.approx(place(150, 160))
    added = Note.objects.get(title="Neu")
    assert (added.state, added.audience, added.source, added.organisation_id) == ("open", "internal", "hand", own.pk)
    assert not Note.objects.filter(pk=gone.pk).exists()
    client.force_login(user)
    for key, kind in ((kept.pk, "update"), (added.pk, "insert")):
        newest = client.get(f"/api/layers/notes/features/{key}/history").json()["changes"][0]
        assert (newest["kind"], newest["door"], newest["user"], newest["login"]) == (kind, "qgis", user.email, role)
        assert newest["reason"] == "Auftrag-4711"
    page = client.get(f"/verlauf/notes/{kept.pk}/").content.decode()
    assert "QGIS" in page and user.email in page


def test_02_a_refused_change_is_told_and_loses_nothing(
    own: Organisation, other: Organisation, grant: Callable[[User], str], run: Callable[..., list[Any]]
) -> None:
    role = grant(factories.member(Role.ENGINEER, own))
    mine = factories.note(own, "Meins")
    theirs = factories.note(other, "Ihres", x=400, audience="public")
    tries: Steps = [
        {"who": role, "do": "change", "id": theirs.pk, "values": {"title": "Übernommen"}},
        {"who": role, "do": "change", "id": mine.pk, "values": {"state": "vielleicht"}},
        {"who": role, "do": "delete", "id": theirs.pk},
        {"who": role, "do": "change", "id": theirs.pk, "values": {"organisation_id": own.pk}},
    ]
    steps: Steps = []
    for one in tries:
        steps += [one, {"who": role, "do": "commit"}, {"who": role, "do": "roll back"}]
    answers = run([role], steps)[1::3]
    for answer, words in zip(
        answers,
        ["„Hinweise“ ändern dürfen", "note_state_known", "„Hinweise“ ändern dürfen", "„Hinweise“ ändern dürfen"],
        strict=True,
    ):
        assert answer["done"] is False, (words, answer)
        assert words in answer["said"], answer["said"]
        assert (answer["editing"], answer["waiting"]) == (True, True)  # the edits still wait in QGIS
    assert "Nichts wurde gespeichert" in answers[0]["said"]
    assert set(Note.objects.values_list("title", "state", "organisation__key")) == {
        ("Meins", "open", "amt"), ("Ihres", "open", "nachbar"),
    }  # fmt: skip


def test_03_two_editors_of_one_object(
    own: Organisation, grant: Callable[[User], str], run: Callable[..., list[Any]], client: Client
) -> None:
    """Different fields: both stay. The same field: the later one holds, and the story has both."""
    first, second = (
        grant(factories.member(Role.ENGINEER, own, email=f"{name}@amt.example")) for name in ("anna", "bert")
    )
    row = factories.note(own, "Schacht")
    answers = run(
        [first, second],
        [
            {"who": first, "do": "change", "id": row.pk, "values": {"title": "Schacht 7"}},
            {"who": second, "do": "change", "id": row.pk, "values": {"text": "klemmt"}, "point": place(5, 5)},
            {"who": first, "do": "commit"},
            {"who": second, "do": "commit"},
            {"who": first, "do": "change", "id": row.pk, "values": {"state": "done"}},
            {"who": second, "do": "change", "id": row.pk, "values": {"state": "open", "title": "Schacht 8"}},
            {"who": first, "do": "commit"},
            {"who": second, "do": "commit"},
        ],
    )
    assert [one["done"] for one in answers if isinstance(one, dict)] == [True] * 4
    row.refresh_from_db()
    assert (row.title, row.text, row.state) == ("Schacht 8", "klemmt", "open")
    client.force_login(User.objects.get(email="anna@amt.example"))
    changes = client.get(f"/api/layers/notes/features/{row.pk}/history").json()["changes"]
    assert {one["properties"]["title"] for one in changes} == {"Schacht", "Schacht 7", "Schacht 8"}
    assert {one["user"] for one in changes} >= {"anna@amt.example", "bert@amt.example"}


@pytest.mark.parametrize("do", ["change", "delete"])
def test_04_what_somebody_else_removed_meanwhile_is_told(
    own: Organisation, grant: Callable[[User], str], run: Callable[..., list[Any]], do: str
) -> None:
    first, second = (
        grant(factories.member(Role.ENGINEER, own, email=f"{name}@amt.example")) for name in ("anna", "bert")
    )
    row, stays = factories.note(own, "Schacht"), factories.note(own, "Bleibt", x=50)
    answers = run(
        [first, second],
        [
            {"who": second, "do": "change", "id": stays.pk, "values": {"title": "Mühsam eingegeben"}},
            {"who": second, "do": do, "id": row.pk, "values": {"title": "Zu spät"}},
            {"who": first, "do": "delete", "id": row.pk},
            {"who": first, "do": "commit"},
            {"who": second, "do": "commit"},
        ],
    )
    assert answers[3]["done"] is True
    assert answers[4]["done"] is False
    assert "gibt es nicht mehr" in answers[4]["said"]
    assert answers[4]["waiting"] is True


def test_05_whose_membership_ended_sees_and_writes_no_more(
    own: Organisation, grant: Callable[[User], str], run: Callable[..., list[Any]]
) -> None:
    user = factories.member(Role.ENGINEER, own)
    role = grant(user)
    row = factories.note(own, "Intern")
    user.memberships.update(valid_until="2020-01-01", valid_from="2019-01-01")
    see, _added, commit = run(
        [role],
        [
            {"who": role, "do": "see", "fields": ["title"]},
            {
                "who": role,
                "do": "add",
                "values": {"title": "Noch eins", "organisation_id": own.pk},
                "point": place(1, 1),
            },
            {"who": role, "do": "commit"},
        ],
    )
    assert see == []
    assert commit["done"] is False and "ändern dürfen" in commit["said"]
    assert list(Note.objects.values_list("pk", flat=True)) == [row.pk]


def test_06_a_trench_drawn_without_nodes_makes_its_branches(
    own: Organisation, other: Organisation, grant: Callable[[User], str], run: Callable[..., list[Any]]
) -> None:
    """The network's rules are the database's: QGIS draws a line, and there is a segment between two nodes."""
    net, theirs = factories.fibre_network(own), factories.fibre_network(other, "fremd")
    role, planner = grant(factories.member(Role.ENGINEER, own)), grant(factories.member(Role.PLANNER, own))
    draw = {"do": "add", "line": [place(0, 0), place(100, 0)]}
    crossing = {"do": "add", "line": [place(0, 50), place(100, 50), place(100, 60), place(50, 40)]}
    steps: Steps = [
        {**draw, "who": role, "values": {"network_id": str(net.pk), "name": "T-1", "construction": "plough"}},
        {"who": role, "do": "commit"},
        {"who": planner, "do": "see", "fields": ["name", "construction"]},
        {**crossing, "who": role, "values": {"network_id": str(net.pk)}},
        {"who": role, "do": "commit"},
        {"who": role, "do": "roll back"},
        {**draw, "who": role, "values": {"network_id": str(theirs.pk)}},
        {"who": role, "do": "commit"},
        {"who": role, "do": "roll back"},
        {**draw, "who": planner, "values": {"network_id": str(net.pk)}},
        {"who": planner, "do": "commit"},
    ]
    found = run([role, planner], steps, table="fibre_segment")
    assert found[1]["done"] is True, found[1]
    assert found[2] == [["T-1", "plough"]]
    for answer, words in (
        (found[4], "kreuzt oder berührt sich"),
        (found[7], "in diesem Netz"),
        (found[10], "in diesem Netz"),
    ):
        assert answer["done"] is False and words in answer["said"], answer
        assert answer["waiting"] is True
    segment = Segment.objects.get()
    assert {segment.from_node_id, segment.to_node_id} == set(Node.objects.values_list("pk", flat=True))
    assert segment.organisation_id == own.pk
