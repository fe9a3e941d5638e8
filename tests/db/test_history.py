"""The history: every door, raw SQL too; who, when, why; append-only; the past through every door."""

import datetime
import json
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from gisapp import cluster
from gisapp.accounts.models import DatabaseLogin
from gisapp.accounts.roles import Role
from gisapp.history import guard
from gisapp.history.recording import recorded
from layers.notes.models import Note
from tests import factories
from tests.api.test_tiles import decode, fetch
from tests.db.test_authorization import as_person

pytestmark = pytest.mark.django_db


def labels(row: Any) -> list[str]:
    return list(row.events.order_by("pgh_id").values_list("pgh_label", flat=True))


def said(row: Any) -> dict[str, Any]:
    """What the last event says about who did it."""
    context = row.events.order_by("pgh_id").last().pgh_context
    return dict(context.metadata) if context else {}


def run(sql: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


# ------------------------------------------------------------------------------------------------------- 1 events


def test_11_raw_sql_leaves_the_same_events_as_a_form() -> None:
    row = factories.place()
    run("UPDATE regions_place SET name = 'Neu-Haby' WHERE id = %s", row.pk)
    run("UPDATE regions_place SET name = 'Neu-Haby' WHERE id = %s", row.pk)  # changes nothing
    key = row.pk
    run("DELETE FROM regions_place WHERE id = %s", key)
    row.pk = key
    assert labels(row) == ["insert", "update", "delete"]
    assert [one.name for one in row.events.order_by("pgh_id")] == ["Haby", "Neu-Haby", "Neu-Haby"]


def test_12_a_thousand_rows_in_one_statement_are_a_thousand_events() -> None:
    run(
        "INSERT INTO regions_place (name, geom) SELECT 'Ort ' || n, ST_SetSRID(ST_Point(545000 + n, 6030000), 25832) "
        "FROM generate_series(1, 1000) n"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT pgh_context_id) FROM regions_placeevent WHERE name LIKE 'Ort %'"
        )
        assert cursor.fetchone() == (1000, 1)


def test_13_every_layer_has_a_history_that_nobody_can_change() -> None:
    from gisapp.history.asof import layer_models
    from gisapp.layer import all_layers

    assert {one.model_class for one in all_layers()} == set(layer_models())
    row = factories.place()
    for statement in ("UPDATE regions_placeevent SET name = 'gefälscht'", "DELETE FROM regions_placeevent"):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            run(statement)
    assert labels(row) == ["insert"]
    with connection.cursor() as cursor:
        for table in [*guard.event_tables(), "pghistory_context"]:
            for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"):
                cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [cluster.WEB_ROLE, table, right])
                assert cursor.fetchone() == (False,), (table, right)
            cursor.execute("SELECT has_table_privilege(%s, %s, 'SELECT')", [cluster.MEMBER_ROLE, table])
            assert cursor.fetchone() == (False,), table


def test_14_a_key_stays() -> None:
    row = factories.place()
    with pytest.raises(DatabaseError, match="the key of a row stays"), transaction.atomic():
        run("UPDATE regions_place SET id = id + 1000000 WHERE id = %s", row.pk)
    assert labels(row) == ["insert"]


def test_15_rows_from_before_begin_their_history_as_they_are() -> None:
    """A table that had rows before it had a history."""
    run("ALTER TABLE regions_place DISABLE TRIGGER USER")
    row = factories.place()
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE regions_place ENABLE TRIGGER USER")
    assert labels(row) == []
    guard.close()
    assert labels(row) == ["insert"]
    guard.close()
    assert labels(row) == ["insert"]


# ------------------------------------------------------------------------------------------- 2 who, through what, why


def test_21_a_request_says_who_through_which_door_and_why(client: Client) -> None:
    user = factories.staff()
    client.force_login(user)
    body = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [9.7, 54.4]},
        "properties": {"title": "Schild umgefahren"},
    }
    kind = "application/json"
    answer = client.post("/api/layers/notes/features/", json.dumps(body), kind, headers={"X-Reason": "Auftrag 17"})
    assert answer.status_code == 201, answer.content
    row = Note.objects.get(pk=answer.json()["id"])
    assert said(row) == {"door": "api", "user": user.pk, "reason": "Auftrag 17"}
    client.patch(
        f"/api/layers/notes/features/{row.pk}/",
        '{"properties": {"state": "done"}}',
        kind,
        headers={"User-Agent": "Mozilla/5.0 QGIS/33411"},
    )
    assert said(row) == {"door": "qgis", "user": user.pk}
    assert labels(row) == ["insert", "update"]


def test_22_without_a_context_the_log_in_is_named() -> None:
    row = factories.place()
    told = said(row)
    assert told["door"] == "program"
    assert told["login"] == cluster.OWNER_ROLE


@pytest.mark.django_db(transaction=True)
def test_23_a_person_in_the_database_is_named_and_cannot_pose_as_another() -> None:
    organisation = factories.organisation()
    person = factories.member(Role.STAFF, organisation)
    other = factories.member(Role.ADMIN, organisation)
    row = factories.note(organisation)
    role = "test_history_person"
    with psycopg.connect(**cluster.dsn("postgres", "postgres"), autocommit=True) as administrator:  # type: ignore[arg-type]
        administrator.execute(f"DROP ROLE IF EXISTS {role}")
        administrator.execute(f"CREATE ROLE {role} IN ROLE {cluster.MEMBER_ROLE}")
    try:
        DatabaseLogin.objects.create(role=role, user=person)
        with as_person(role) as asker:
            asker.execute("SET LOCAL pghistory.context_id = '11111111-1111-1111-1111-111111111111'")
            asker.execute(f"""SET LOCAL pghistory.context_metadata = '{{"user": {other.pk}, "door": "web"}}'""")
            asker.execute("SET LOCAL gisapp.reason = 'Vor Ort gesehen'")
            asker.execute("SET LOCAL application_name = 'QGIS'")
            assert asker.execute("UPDATE notes_note SET state = 'done' WHERE id = %s", [row.pk]).rowcount == 1
            with pytest.raises(psycopg.errors.InsufficientPrivilege), asker.transaction():
                asker.execute("SELECT * FROM notes_noteevent")
            with pytest.raises(psycopg.errors.InsufficientPrivilege), asker.transaction():
                asker.execute("INSERT INTO pghistory_context VALUES (gen_random_uuid(), now(), now(), '{}')")
            asker.execute("RESET SESSION AUTHORIZATION")
            found = asker.execute(
                "SELECT c.metadata FROM notes_noteevent e JOIN pghistory_context c ON c.id = e.pgh_context_id "
                "WHERE e.pgh_obj_id = %s ORDER BY e.pgh_id DESC LIMIT 1",
                [row.pk],
            ).fetchone()
        assert found is not None
        assert found[0] == {
            "door": "qgis", "login": role, "application": "QGIS", "user": person.pk, "reason": "Vor Ort gesehen",
        }  # fmt: skip
    finally:
        with psycopg.connect(**cluster.dsn("postgres", "postgres"), autocommit=True) as administrator:  # type: ignore[arg-type]
            administrator.execute(f"DROP ROLE IF EXISTS {role}")


def test_24_changes_of_one_request_belong_together() -> None:
    with recorded("command", reason="Umzug"):
        first, second = factories.place(), factories.place("Holtsee", x=900)
    third = factories.place("Bünsdorf", x=1900)
    contexts = [one.events.get().pgh_context_id for one in (first, second, third)]
    assert contexts[0] == contexts[1] != contexts[2]


# ---------------------------------------------------------------------------------------------------- 3 the past


@pytest.fixture
def moved() -> dict[str, Any]:
    """A place that was moved and renamed, one that was removed, one that came later - each some days apart."""
    with connection.cursor() as cursor:
        row = factories.place("Alt-Haby", x=100, y=100)
        gone = factories.place("Wüstung", x=120, y=100)
        row.name, row.geom = "Neu-Haby", factories.point(3_000, 3_000)
        row.save()
        key = gone.pk
        gone.delete()
        later = factories.place("Neubaugebiet", x=140, y=100)
        # The triggers forbid it, rightly; a test cannot wait for days.
        cursor.execute("ALTER TABLE regions_placeevent DISABLE TRIGGER USER")
        for name, label, days in (
            ("Alt-Haby", "insert", 10), ("Wüstung", "insert", 10), ("Neu-Haby", "update", 5), ("Wüstung", "delete", 5),
            ("Neubaugebiet", "insert", 2),
        ):  # fmt: skip
            cursor.execute(
                "UPDATE regions_placeevent SET pgh_created_at = now() - make_interval(days => %s) "
                "WHERE name = %s AND pgh_label = %s",
                [days, name, label],
            )
        cursor.execute("ALTER TABLE regions_placeevent ENABLE TRIGGER USER")
    return {"row": row, "gone": key, "later": later}


def day(ago: int) -> str:
    return (timezone.localdate() - datetime.timedelta(days=ago)).isoformat()


def names(client: Client, door: str, ago: int) -> set[str]:
    found = client.get(f"{door}{'&' if '?' in door else '?'}as_of={day(ago)}")
    assert found.status_code == 200, found.content
    body = b"".join(found.streaming_content) if found.streaming else found.content  # type: ignore[attr-defined]
    return {one["properties"]["name"] for one in json.loads(body)["features"]}


@pytest.mark.parametrize(
    "door",
    [
        "/ogc/collections/places/items?f=json",
        "/api/layers/places/features/",
        "/api/download/places?format=geojson",
        "/ogc/collections/places/items?f=json&bbox=9,54,10.5,55",
    ],
)
def test_31_features_as_of_a_date(client: Client, moved: dict[str, Any], door: str) -> None:
    assert names(client, door, 8) == {"Alt-Haby", "Wüstung"}
    assert names(client, door, 4) == {"Neu-Haby"}
    assert names(client, door, 1) == {"Neu-Haby", "Neubaugebiet"}
    assert names(client, door, 30) == set()


def test_32_counts_bounds_tiles_pages_as_of_a_date(client: Client, moved: dict[str, Any]) -> None:
    past = client.get(f"/ogc/collections/places/items?f=json&as_of={day(8)}")
    assert past.json()["numberMatched"] == 2
    assert past["Cache-Control"] == "private, no-cache"
    assert client.get("/ogc/collections/places/items?f=json").json()["numberMatched"] == 2
    one = client.get(f"/ogc/collections/places/items/{moved['gone']}?f=json&as_of={day(8)}")
    assert one.json()["properties"]["name"] == "Wüstung"
    assert client.get(f"/ogc/collections/places/items/{moved['gone']}?f=json").status_code == 404
    now = fetch(client, "places", 100, 100, 15)
    assert {f["properties"]["name"] for f in decode(now)["places"]["features"]} == {"Neubaugebiet"}
    z, x, y = now.request["PATH_INFO"].removesuffix(".mvt").split("/")[-3:]
    then = client.get(f"/tiles/places/{z}/{x}/{y}.mvt?as_of={day(8)}")
    assert {f["properties"]["name"] for f in decode(then)["places"]["features"]} == {"Alt-Haby", "Wüstung"}
    listed = client.get(f"/map/list/places?as_of={day(8)}").content.decode()
    assert "Alt-Haby" in listed and "Neu-Haby" not in listed
    assert "Wüstung" in client.get(f"/map/detail/places/{moved['gone']}?as_of={day(8)}").content.decode()
    # The present is the present again.
    assert "Neu-Haby" in client.get("/map/list/places").content.decode()


def test_32b_the_search_as_of_a_date(client: Client, moved: dict[str, Any]) -> None:
    def found(text: str, **more: str) -> set[str]:
        return {one["title"] for one in client.get("/api/search", {"q": text, **more}).json()["hits"]}

    assert found("Alt-Haby", as_of=day(8)) == {"Alt-Haby"}
    assert found("Wüstung", as_of=day(8)) == {"Wüstung"}
    assert "Wüstung" not in found("Wüstung")
    assert found("Neubaugebiet", as_of=day(8)) == set()
    assert found("Neubaugebiet") == {"Neubaugebiet"}


@pytest.mark.parametrize("wrong", ["morgen", "2999-01-01", "2026-13-45", " ", "9999999", "2026-01-01T99:00:00Z"])
def test_33_no_past_that_is_none(client: Client, wrong: str) -> None:
    answer = client.get("/api/layers/places/features/", {"as_of": wrong})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-value")


def test_33b_a_form_sends_its_empty_field_along(client: Client) -> None:
    assert client.get("/api/layers/places/features/", {"as_of": ""}).status_code == 200


def test_34_the_past_is_seen_with_the_rights_of_then_and_now(client: Client) -> None:
    """A notice that is public now was internal then: its old text is the organisation's."""
    organisation = factories.organisation()
    with connection.cursor() as cursor:
        row = factories.note(organisation, "Verdacht auf Schwarzbau")
        run("UPDATE notes_note SET title = 'Baustelle', audience = 'public' WHERE id = %s", row.pk)
        cursor.execute("ALTER TABLE notes_noteevent DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE notes_noteevent SET pgh_created_at = now() - interval '9 days' WHERE pgh_label = 'insert'"
        )
        cursor.execute("ALTER TABLE notes_noteevent ENABLE TRIGGER USER")
    doors = [
        f"/ogc/collections/notes/items?f=json&as_of={day(5)}", f"/map/list/notes?as_of={day(5)}",
        f"/api/layers/notes/features/?as_of={day(5)}",
    ]  # fmt: skip
    for door in doors:
        assert "Schwarzbau" not in client.get(door).content.decode()
    client.force_login(factories.member(Role.STAFF, organisation))
    for door in doors:
        assert "Schwarzbau" in client.get(door).content.decode()


def test_35_validity_is_asked_at_that_time(client: Client) -> None:
    factories.municipality(valid_to=timezone.localdate() - datetime.timedelta(days=3))
    run("ALTER TABLE regions_municipalityevent DISABLE TRIGGER USER")
    run("UPDATE regions_municipalityevent SET pgh_created_at = now() - interval '20 days'")
    run("ALTER TABLE regions_municipalityevent ENABLE TRIGGER USER")
    assert names(client, "/api/layers/municipalities/features/", 8) == {"Haby"}
    assert client.get("/api/layers/municipalities/features/").json()["numberMatched"] == 0


def test_25_what_is_said_survives_quotes_percents_and_nesting() -> None:
    with recorded("command", reason="100 % von O'Neill \\ 'fertig' %s"):
        row = factories.place()
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE regions_place SET name = 'a%b' WHERE id = {row.pk}")
            cursor.execute("UPDATE regions_place SET name = %s WHERE id = %s RETURNING name", ["b%c", row.pk])
            assert cursor.fetchall() == [("b%c",)]
        with recorded("import", file="x.csv"):
            run("UPDATE regions_place SET name = %s WHERE id = %s", "c", row.pk)
    assert labels(row) == ["insert", "update", "update", "update"]
    assert said(row) == {"door": "import", "reason": "100 % von O'Neill \\ 'fertig' %s", "file": "x.csv"}
    assert row.events.values("pgh_context_id").distinct().count() == 1
