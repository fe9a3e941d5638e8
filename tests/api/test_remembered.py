"""Counts and bounds are remembered, and never stale: across writers, rollbacks, subqueries, midnight."""

import datetime
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.test import Client

from gisapp import extent
from gisapp import layer as contract
from gisapp.features import query
from gisapp.layer import App
from gisapp.registry import versions
from layers.regions.models import Municipality, Place
from tests import factories
from tests.api.test_contract import declare

ITEMS = "/ogc/collections/places/items"
EVERYTHING = query.Selection()


@pytest.fixture
def fetched() -> Iterator[mock.Mock]:
    """Every statement that counts features, as it is run."""
    with mock.patch("gisapp.features.query.fetch_rows", wraps=query.fetch_rows) as watched:
        yield watched


def counts(watched: mock.Mock) -> int:
    return sum(call.args[0].startswith("SELECT count(*)") for call in watched.call_args_list)


def elsewhere(work: Callable[[], Any]) -> None:
    """Do it as another process would: in a connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    other = threading.Thread(target=run)
    other.start()
    other.join()


def matched(client: Client, question: str = "") -> int:
    return int(client.get(f"{ITEMS}?limit=1{question}").json()["numberMatched"])


@pytest.mark.django_db(transaction=True)
def test_01_a_count_is_made_once_for_each_state(client: Client, fetched: mock.Mock) -> None:
    factories.place()
    assert [matched(client) for _ in range(4)] == [1] * 4
    assert counts(fetched) == 1
    elsewhere(lambda: factories.place("Neudorf"))
    assert [matched(client) for _ in range(3)] == [2] * 3
    assert counts(fetched) == 2
    elsewhere(lambda: Place.objects.filter(name="Neudorf").delete())
    assert [matched(client), matched(client, "&kind=village"), matched(client, "&kind=village")] == [1, 1, 1]
    assert counts(fetched) == 4


@pytest.mark.django_db(transaction=True)
def test_02_what_is_not_committed_or_rolled_back_counts_for_nobody_else(client: Client, fetched: mock.Mock) -> None:
    factories.place()
    assert matched(client) == 1
    seen: list[int] = []
    with transaction.atomic():
        factories.place("Nur hier")
        seen.append(query.count(contract.get("places"), None, EVERYTHING))
        elsewhere(lambda: seen.append(query.count(contract.get("places"), None, EVERYTHING)))
        transaction.set_rollback(True)
    assert seen == [2, 1]
    assert matched(client) == 1


@pytest.mark.django_db(transaction=True)
def test_03_retired_rows_and_joined_tables(client: Client) -> None:
    area = factories.municipality("Haby")
    place = factories.place(municipality=area)
    assert matched(client, "&municipality=Haby") == 1
    elsewhere(lambda: Municipality.objects.update(name="Sehestedt"))
    assert matched(client, "&municipality=Haby") == 0
    assert extent.bounds(contract.get("places"), None)
    elsewhere(lambda: Place.objects.filter(pk=place.pk).update(retired_at=datetime.datetime.now(datetime.UTC)))
    assert matched(client) == 0
    assert extent.bounds(contract.get("places"), None) is None


@pytest.mark.django_db(transaction=True)
def test_04_tables_of_a_subquery_count_as_well() -> None:
    """A layer of what lies in a municipality of more than 100 people."""

    def visible_to(user: Any) -> Any:
        return Place.objects.filter(
            Exists(Municipality.objects.filter(pk=OuterRef("municipality"), population__gt=100))
        )

    layer = declare(visible_to=visible_to)
    contract.register(App(name="throw-away", layers=[layer]))
    try:
        factories.place(municipality=factories.municipality(population=600))
        assert query.count(layer, None, EVERYTHING) == 1
        assert extent.bounds(layer, None)
        elsewhere(lambda: Municipality.objects.update(population=5))
        assert query.count(layer, None, EVERYTHING) == 0
        assert extent.bounds(layer, None) is None
    finally:
        contract.unregister("throw-away")


@pytest.mark.django_db(transaction=True)
def test_05_midnight_ends_what_is_remembered() -> None:
    """Validity ends with the day in Berlin, without a write."""
    layer = contract.get("municipalities")
    factories.municipality()
    assert (query.count(layer, None, EVERYTHING), extent.bounds(layer, None) is None) == (1, False)
    with (
        mock.patch("gisapp.registry.versions.timezone.localdate", return_value=datetime.date(2999, 1, 1)),
        mock.patch("gisapp.features.query.fetch_rows", return_value=[(0,)]) as counted,
        mock.patch("gisapp.extent._bounds", return_value=None) as measured,
    ):
        assert (query.count(layer, None, EVERYTHING), extent.bounds(layer, None)) == (0, None)
    assert (counted.call_count, measured.call_count) == (1, 1)


@pytest.mark.django_db
def test_06_two_declarations_of_one_name_share_nothing(client: Client) -> None:
    """What is remembered about a layer goes with the layer, not with its name or its place in memory."""
    from tests.api.test_tiles import decode

    Place.objects.create(name="Bank", kind="bench", population=4, geom=factories.point(0, 0))
    fields = declare().fields
    for shown in ("bench", "village"):
        contract.register(
            App(
                name="throw-away",
                layers=[declare(fields=fields, visible_to=lambda _user, kind=shown: Place.objects.filter(kind=kind))],
            )
        )
        try:
            response = client.get("/tiles/benches/0/0/0.mvt")
            assert (response.status_code, query.count(contract.get("benches"), None, EVERYTHING)) == (
                (200, 1) if shown == "bench" else (204, 0)
            )
            assert shown != "bench" or "benches" in decode(response)
        finally:
            contract.unregister("throw-away")


@pytest.mark.django_db
def test_07_a_layer_that_shows_nobody_anything_is_empty_in_every_door(client: Client) -> None:
    """`none()` is the natural queryset for who may see nothing; Django refuses to compile it."""
    factories.place("Mitfahrbank")
    nothing = declare(visible_to=lambda _user: Place.objects.none(), same_for_everyone=False)
    contract.register(App(name="throw-away", layers=[nothing]))
    try:
        assert client.get("/ogc/collections/benches/items").json()["numberMatched"] == 0
        assert client.get("/ogc/collections/benches").status_code == 200
        assert client.get("/tiles/benches/0/0/0.mvt").status_code == 204
        assert client.get("/tiles/benches.json").status_code == 200
        assert client.get("/api/search?q=mitfahrbank&layers=benches").json()["hits"] == []
        assert b"".join(client.get("/api/download/benches?format=geojson").streaming_content).startswith(b"{")
        assert client.get("/ogc/collections/benches/items/1").status_code == 404
    finally:
        contract.unregister("throw-away")


@pytest.mark.django_db
def test_08_rows_that_differ_by_user_are_kept_by_no_cache(client: Client) -> None:
    """Anonymous people see what is a bench now, whatever the first asker's answer was."""
    kinds = ["bench"]
    theirs = declare(
        visible_to=lambda user: Place.objects.filter(kind__in=list(kinds) if user.is_anonymous else ["village"]),
        same_for_everyone=False,
    )
    contract.register(App(name="throw-away", layers=[theirs]))
    try:
        Place.objects.create(name="Bank", kind="bench", geom=factories.point(0, 0))
        factories.place("Dorf")
        tile = client.get("/tiles/benches/0/0/0.mvt")
        assert b"Bank" in tile.content and b"Dorf" not in tile.content
        assert tile["Cache-Control"] == "private, no-cache"
        assert "Cookie" in tile["Vary"]
        kinds[:] = ["nothing"]
        assert client.get("/tiles/benches/0/0/0.mvt").status_code == 204
        client.force_login(factories.citizen())
        seen = client.get("/tiles/benches/0/0/0.mvt")
        assert b"Dorf" in seen.content and seen["ETag"] != tile["ETag"]
        assert client.get("/ogc/collections/benches/items").json()["features"][0]["properties"]["name"] == "Dorf"
    finally:
        contract.unregister("throw-away")


@pytest.mark.django_db
def test_09_private_fields_cannot_be_asked_for(client: Client) -> None:
    contract.register(App(name="throw-away", layers=[declare()]))
    try:
        for door in (
            "/ogc/collections/benches/items?",
            "/api/layers/benches/features/?",
            "/api/download/benches?format=csv&",
        ):
            for name in ("caretaker", "source", "caretaker__gt", "municipality__source"):
                response = client.get(f"{door}{name}=x")
                assert (response.status_code, response.json()["code"]) == (400, "unknown-parameter"), door
    finally:
        contract.unregister("throw-away")


@pytest.mark.django_db(transaction=True)
def test_10_compacting_keeps_every_count_right(client: Client) -> None:
    for number in range(5):
        factories.place(f"Ort {number}")
    assert matched(client) == 5
    before = version_rows()
    assert versions.compact() > 0
    assert version_rows() < before
    assert matched(client) == 5
    elsewhere(lambda: Place.objects.filter(name="Ort 3").delete())
    assert matched(client) == 4


def version_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM gisapp_table_version WHERE table_name = 'regions_place'")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_11_two_edits_of_one_feature_both_count(client: Client) -> None:
    """The second waits for the first and changes only what it names: neither undoes the other."""
    place = factories.place("Alt", population=1)
    user = factories.staff()
    url = f"/api/layers/places/features/{place.pk}/"
    answers: list[int] = []

    def rename() -> None:
        other = Client()
        other.force_login(user)
        answer = other.patch(url, {"properties": {"name": "Neu"}}, content_type="application/json")
        answers.append(answer.status_code)
        connection.close()

    second = threading.Thread(target=rename)
    with transaction.atomic():
        Place.objects.select_for_update().get(pk=place.pk)
        Place.objects.filter(pk=place.pk).update(population=2)
        second.start()
        second.join(timeout=1)
        assert second.is_alive()
    second.join(timeout=10)
    place.refresh_from_db()
    assert (answers, place.name, place.population) == ([200], "Neu", 2)


def write(statement: str) -> int:
    """How many rows of the versions this statement, in a transaction of its own, has made."""
    before = version_rows()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return version_rows() - before


@pytest.mark.django_db(transaction=True)
def test_12_a_statement_that_touches_no_row_changes_no_version() -> None:
    place = factories.place("Alt")
    row = f"FROM regions_place WHERE id = {place.pk}"
    columns = "source, source_id, name, kind, geom"
    nothing = [
        "UPDATE regions_place SET name = 'x' WHERE false",
        "DELETE FROM regions_place WHERE name = 'nirgends'",
        f"INSERT INTO regions_place ({columns}) SELECT {columns} {row} AND false",
        f"INSERT INTO regions_place (id, {columns}) SELECT id, {columns} {row} ON CONFLICT DO NOTHING",
    ]
    assert [write(one) for one in nothing] == [0] * 4
    # Each of these writes is noted, also where the very session noted one just before, and empty ones stay in between.
    for statement in (
        "UPDATE regions_place SET name = 'Neu'",
        f"INSERT INTO regions_place ({columns}) SELECT source, 'zwei', name, kind, geom {row}",
        "DELETE FROM regions_place WHERE source_id = 'zwei'",
        "TRUNCATE regions_place CASCADE",
    ):
        assert (write(statement), [write(one) for one in nothing]) == (1, [0] * 4), statement


@pytest.mark.django_db(transaction=True)
def test_13_a_write_is_noted_however_it_came_about() -> None:
    place = factories.place("Alt")
    empty = "UPDATE regions_place SET name = 'x' WHERE false"
    assert write(f"WITH one AS (UPDATE regions_place SET population = 7 RETURNING 1) {empty}") == 1
    assert write(f"UPDATE regions_place SET population = 8; {empty}") == 1
    assert write(f"{empty}; UPDATE regions_place SET population = 9 WHERE id = {place.pk}") == 1
    # A savepoint that is rolled back takes its note with it; what follows is noted anew.
    assert write("SAVEPOINT s; DELETE FROM regions_place; ROLLBACK TO s; UPDATE regions_place SET population = 1") == 1
