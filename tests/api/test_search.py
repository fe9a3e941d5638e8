"""Search: German spellings, typing errors, ranking, addresses, every door."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from layers.regions.search import parse
from tests import factories

pytestmark = pytest.mark.django_db


def found(client: Client, text: str, **more: object) -> list[tuple[str, str]]:
    response = client.get("/api/search", {"q": text, **more})
    assert response.status_code == 200, response.content
    return [(one["title"], one["subtitle"]) for one in response.json()["hits"]]


@pytest.fixture
def region() -> None:
    for name, postcode in (("Haby", "24361"), ("Holtsee", "24363"), ("Groß Wittensee", "24361")):
        street = factories.street("Dorfstraße", name, postcode, x=2_000 if name == "Haby" else 9_000)
        for number in ("1", "2", "12a", "12"):
            factories.address(street, number)
    factories.street("Am Mühlenteich", "Haby", "24361")
    factories.street("Straße des 17. Juni", "Haby", "24361")
    factories.municipality("Groß Wittensee", "01058066")
    factories.municipality("Klein Wittensee", "01058088", x=8_000)
    factories.place("Hütten")
    factories.poi("Hofladen Haby")


@pytest.mark.usefixtures("region")
@pytest.mark.parametrize(
    ("text", "title", "subtitle"),
    [
        ("Dorfstraße 12a Haby", "Dorfstraße 12a", "24361 Haby"),
        ("dorfstr. 12 A, Haby", "Dorfstraße 12a", "24361 Haby"),
        ("Dorfstrasse 12 24363 Holtsee", "Dorfstraße 12", "24363 Holtsee"),
        ("Haby Dorfstr 2", "Dorfstraße 2", "24361 Haby"),
        ("Dorfsraße 1 Holtse", "Dorfstraße 1", "24363 Holtsee"),
        ("Am Muehlenteich", "Am Mühlenteich", "24361 Haby"),
        ("am mulenteich", "Am Mühlenteich", "24361 Haby"),
        ("Straße des 17. Juni", "Straße des 17. Juni", "24361 Haby"),
        ("Gross Wittensee", "Groß Wittensee", None),
        ("Grosswittensee", "Groß Wittensee", None),
        ("Groß Witensee", "Groß Wittensee", None),
        ("wittensee klein", "Klein Wittensee", None),
        ("Huetten", "Hütten", None),
        ("hofladen", "Hofladen Haby", None),
    ],
)
def test_01_the_best_answer_comes_first(client: Client, text: str, title: str, subtitle: str | None) -> None:
    hits = found(client, text)
    assert hits, text
    assert hits[0][0] == title
    assert subtitle is None or hits[0][1] == subtitle


@pytest.mark.usefixtures("region")
def test_02_an_unknown_number_still_offers_the_street(client: Client) -> None:
    assert found(client, "Dorfstraße 99 Haby")[0] == ("Dorfstraße", "24361 Haby")


@pytest.mark.usefixtures("region")
def test_03_the_nearer_namesake_first(client: Client) -> None:
    near_haby = factories.point(2_100, 2_000)
    near_haby.transform(4326)
    far = factories.point(9_100, 2_000)
    far.transform(4326)
    assert found(client, "Dorfstraße", lon=near_haby.x, lat=near_haby.y)[0][1].endswith("Haby")
    assert not found(client, "Dorfstraße", lon=far.x, lat=far.y)[0][1].endswith(" Haby")


@pytest.mark.usefixtures("region")
@pytest.mark.parametrize("text", ["", " ", "x", "zzzzqqqq", "%", "_", "'; DROP TABLE x; --", "\x00", "🚒", "a" * 5_000])
def test_04_nothing_is_found_politely(client: Client, text: str) -> None:
    assert found(client, text) == []


@pytest.mark.usefixtures("region")
def test_05_only_the_asked_layers(client: Client) -> None:
    layers = [one["layer"] for one in client.get("/api/search?q=Haby&layers=pois").json()["hits"]]
    assert layers == ["pois"]
    assert client.get("/api/search?q=Haby&layers=nix").json()["code"] == "unknown-layer"
    assert client.get("/api/search?q=Haby&limit=1000").json()["code"] == "bad-number"


@pytest.mark.parametrize(
    ("text", "rest", "number"),
    [
        ("Dorfstr. 12 a, Haby", "Dorfstr., Haby", "12a"),
        ("Dorfstraße 12", "Dorfstraße", "12"),
        ("Am Kanal 3-5", "Am Kanal", "3-5"),
        ("24361 Haby", "24361 Haby", ""),
        ("Haby", "Haby", ""),
        ("Dorfstr 7 24361 Haby", "Dorfstr 24361 Haby", "7"),
    ],
)
def test_06_house_numbers_are_told_from_postcodes(text: str, rest: str, number: str) -> None:
    asked = parse(text)
    assert asked.number == number
    assert asked.text.replace(" ,", ",") == rest


def test_07_every_searchable_layer_stands_on_an_index() -> None:
    """A layer that is searched without a stored, indexed text would read its whole table at each key stroke."""
    from django.db import connection

    from gisapp.layer import all_layers

    for one in all_layers():
        if not one.search_fields or one.search:
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_indexes WHERE tablename = %s AND indexdef LIKE %s",
                [one.model_class._meta.db_table, f"%({one.search_column} gin_trgm_ops)%"],
            )
            assert cursor.fetchone()[0] == 1, one.name


def test_a_full_table_is_searched_by_its_trigram_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing trigrams costs a thousand times what the planner thinks; walking the table would be its choice."""
    from django.db import connection

    from gisapp.search import query

    factories.note(factories.organisation())
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notes_note (organisation_id, title, text, audience, geom)"
            " SELECT n.organisation_id, 'Hinweis ' || i, '', 'public', n.geom FROM notes_note n, generate_series(1, 4000) i"
        )
        cursor.execute("ANALYZE notes_note")
    plans, fetch = [], query.fetch_rows

    def explained(sql: str, params: list[object]) -> list[tuple[object, ...]]:
        if '"notes_note"' in sql:
            plans.append("\n".join(str(row[0]) for row in fetch(f"EXPLAIN {sql}", params)))
        return fetch(sql, params)

    monkeypatch.setattr(query, "fetch_rows", explained)
    assert [hit.title for hit in query.search("Hinweis 3999", AnonymousUser())][:1] == ["Hinweis 3999"]
    assert len(plans) == 1
    assert "Bitmap Index Scan on note_name" in plans[0], plans[0]
