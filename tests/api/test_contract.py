"""The contract of layers: a throw-away layer that is only declared appears in every door."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from django.test import Client

from gisapp import layer as contract
from gisapp.errors import CATALOGUE, NotFound
from gisapp.layer import KEEPERS, App, Field, Geometry, Layer, LegendEntry, Page, Style, Text, Type
from layers.regions.models import Place
from tests import factories

pytestmark = pytest.mark.django_db


def benches(user: object) -> object:
    return Place.objects.filter(kind="bench", retired_at__isnull=True)


def declare(name: str = "benches", **more: object) -> Layer:
    given: dict[str, object] = {
        "name": name,
        "title": Text("Mitfahrbänke", "Ride benches"),
        "description": Text("Bänke, an denen man mitgenommen wird.", "Benches where you are given a lift."),
        "model": "regions.Place",
        "geometry": Geometry.POINT,
        "fields": (
            Field("name", Type.STRING, Text("Name", "Name"), tile=True, search=True),
            Field("population", Type.INTEGER, Text("Plätze", "Seats"), filter=True),
            Field("caretaker", Type.STRING, Text("Bankpatin", "Bench keeper"), source="source", public=False),
        ),
        "label": "name",
        "style": Style(
            layers=[{"id": "dot", "type": "circle", "paint": {"circle-color": "#0b7285"}}],
            legend=[LegendEntry(Text("Mitfahrbank", "Ride bench"), "circle", "#0b7285")],
        ),
        "attribution": "© Testgemeinde",
        "visible_to": benches,
    }
    return Layer(**{**given, **more})  # type: ignore[arg-type]


@pytest.fixture
def bench() -> Iterator[Place]:
    contract.register(App(name="throw-away", layers=[declare()]))
    yield Place.objects.create(
        name="Mitfahrbank Dorfteich",
        kind="bench",
        population=3,
        source="geheime Betreuerin",
        geom=factories.point(0, 0),
    )
    contract.unregister("throw-away")


def test_01_tiles_style_tilejson(client: Client, bench: Place) -> None:
    assert "benches" in client.get("/tiles/style.json").json()["sources"]
    assert client.get("/tiles/benches.json").json()["attribution"] == "© Testgemeinde"
    shown = bench.geom.clone()
    shown.transform(4326)
    from tests.api.test_tiles import decode, fetch

    response = fetch(client, "benches", 0, 0, 14)
    assert decode(response)["benches"]["features"][0]["properties"] == {"name": "Mitfahrbank Dorfteich"}
    assert b"geheime" not in response.content


def test_02_features_rest_search(client: Client, bench: Place) -> None:
    collection = client.get("/ogc/collections/benches?f=json").json()
    assert collection["title"] == "Mitfahrbänke"
    page = client.get("/ogc/collections/benches/items").json()
    assert page["features"][0]["properties"] == {"name": "Mitfahrbank Dorfteich", "population": 3}
    assert client.get("/ogc/collections/benches/items?population=4").json()["numberMatched"] == 0
    assert "/collections/benches/items" in client.get("/ogc/api").json()["paths"]
    assert "benches" in [one["name"] for one in client.get("/api/layers/").json()]
    assert client.get("/api/layers/benches/features/").json()["numberMatched"] == 1
    hits = client.get("/api/search?q=mitfarbank dorfteich").json()["hits"]
    # The same row is a place as well.
    assert {one["layer"] for one in hits} == {"benches", "places"}
    assert hits[0]["title"] == "Mitfahrbank Dorfteich"


def test_03_downloads_and_commands(
    client: Client, bench: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse
    import json

    from gisapp.commands.export import EXPORT
    from gisapp.commands.layers import LAYERS

    body = b"".join(client.get("/api/download/benches?format=geojson").streaming_content)
    assert b"Mitfahrbank Dorfteich" in body
    assert b"geheime" not in body
    assert LAYERS.run(argparse.Namespace(json=True)) == 0
    listed = json.loads(capsys.readouterr().out)["layers"]
    assert next(one for one in listed if one["name"] == "benches")["count"] == 1
    target = tmp_path / "benches.csv"
    assert EXPORT.run(argparse.Namespace(layer="benches", file=target, bbox="", json=True)) == 0
    assert json.loads(capsys.readouterr().out)["features"] == 1
    assert "Mitfahrbank Dorfteich" in target.read_text(encoding="utf-8-sig")


def test_04_documentation_page(bench: Place) -> None:
    from gisapp.commands.docs import layer_page

    page = layer_page(contract.get("benches"))
    assert "# Mitfahrbänke" in page
    assert "`population`" in page
    assert "caretaker" not in page


def test_04b_map_switch_legend_list_detail_and_sheet(client: Client, bench: Place) -> None:
    start = client.get("/").content.decode()
    assert "Mitfahrbänke" in start
    assert "Mitfahrbank" in start
    listed = client.get("/map/list/benches").content.decode()
    assert "Mitfahrbank Dorfteich" in listed
    assert "Plätze" in listed
    detail = client.get(f"/map/detail/benches/{bench.pk}").content.decode()
    assert "Mitfahrbank Dorfteich" in detail
    assert "© Testgemeinde" in detail
    sheet = client.get("/print/", {"layers": "benches"}).content.decode()
    assert "Mitfahrbank" in sheet
    for page in (start, listed, detail, sheet):
        assert "geheime" not in page
        assert "Bankpatin" not in page


def _menu(client: Client) -> None:
    """Who sees which entry of the map's menu, and that it leads to the page."""
    found = {}
    for who in ("anybody", "staff"):
        page = client.get("/").content.decode()
        menu = page[page.index('id="panel-menu"') :]
        found[who] = [name for name in ("Bänke", "Bankpaten") if f"<span>{name}</span>" in menu]
        assert 'href="/baenke/"' in menu
        assert client.get("/baenke/").content == b"Bank"
        if who == "anybody":
            client.force_login(factories.staff())
    assert found == {"anybody": ["Bänke"], "staff": ["Bänke", "Bankpaten"]}


def test_04c_an_apps_own_pages_and_interfaces_are_served(client: Client) -> None:
    """Addresses are read once per process, so the application's are read anew with an app that has some."""
    import importlib

    from django.http import HttpRequest, HttpResponse
    from django.urls import clear_url_caches, path, resolve

    import gisapp.api.urls
    import gisapp.urls

    def bench_page(request: HttpRequest) -> HttpResponse:
        return HttpResponse("Bank")

    def reread() -> None:
        importlib.reload(gisapp.api.urls)
        importlib.reload(gisapp.urls)
        clear_url_caches()

    own = [path("baenke/", bench_page, name="benches")]
    pages = [
        Page("benches", Text("Bänke", "Benches")),
        Page("benches", Text("Bankpaten", "Caretakers"), see=KEEPERS),
    ]
    contract.register(App(name="throw-away", urls=own, api_urls=own, pages=pages))
    try:
        reread()
        assert resolve("/baenke/").func is bench_page
        assert resolve("/api/baenke/").func is bench_page
        _menu(client)
    finally:
        contract.unregister("throw-away")
        reread()


def test_05_a_layer_for_staff_is_nowhere_for_others(client: Client) -> None:
    contract.register(App(name="throw-away", layers=[declare(see=KEEPERS, same_for_everyone=False)]))
    try:
        Place.objects.create(name="Mitfahrbank", kind="bench", geom=Point(factories.X0, factories.Y0, srid=25832))
        doors = [
            "/tiles/benches/1/1/0.mvt", "/tiles/benches.json", "/ogc/collections/benches", "/ogc/collections/benches/items",
            "/api/layers/benches/", "/api/layers/benches/features/", "/api/download/benches?format=csv",
            "/api/search?q=Mitfahrbank&layers=benches", "/tiles/style.json?layers=benches", "/map/list/benches",
        ]  # fmt: skip
        for user in (None, factories.citizen()):
            if user:
                client.force_login(user)
            for door in doors:
                assert client.get(door).status_code == 404, door
            hits = client.get("/api/search?q=Mitfahrbank").json()["hits"]
            assert "benches" not in [one["layer"] for one in hits]
            for listing in (
                "/ogc/collections?f=json",
                "/api/layers/",
                "/tiles/style.json",
                "/ogc/api",
                "/",
                "/map/contents/",
            ):
                assert b"benches" not in client.get(listing).content, listing
        declared = contract.find("benches")
        assert declared is not None
        for user in (None, factories.citizen("andere@example.org")):
            for read in (declared.features, declared.editable):  # the last guard, should a door forget to ask
                with pytest.raises(NotFound):
                    read(user)
        client.force_login(factories.staff())
        for door in doors:
            response = client.get(door)
            b"".join(response)  # a stream that nobody reads holds its transaction
            assert response.status_code == 200, door
            assert "public" not in response.get("Cache-Control", ""), door
    finally:
        contract.unregister("throw-away")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Bänke"},
        {"name": "x; DROP TABLE"},
        {"label": "missing"},
        {"label": "caretaker"},
        {"list_columns": ("caretaker",)},
        {"fields": (Field("a", Type.STRING, Text("a", "a"), public=False, tile=True),), "label": "a"},
        {"fields": (Field("name", Type.STRING, Text("a", "a")),) * 2},
    ],
)
def test_06_a_wrong_declaration_fails_at_once(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="layer "):
        declare(**wrong)


def test_07_names_are_taken_once(bench: Place) -> None:
    with pytest.raises(ValueError, match="benches"):
        contract.register(App(name="another", layers=[declare()]))
    with pytest.raises(ValueError, match="throw-away"):
        contract.register(App(name="throw-away"))


def test_08_every_declared_layer_fits_its_table() -> None:
    """Fields exist, generated copies are indexed, geometry is constrained: what the contract promises to every door."""
    for one in contract.all_layers():
        table = one.model_class._meta.db_table
        rows = one.visible_to(None)
        rows.values_list("pk", *(field.path for field in one.fields)).first()
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(indexdef, ' ') FROM pg_indexes WHERE tablename = %s", [table])
            indexes = cursor.fetchone()[0]
            cursor.execute(
                "SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint WHERE conrelid = %s::regclass",
                [table],
            )
            rules = cursor.fetchone()[0]
            cursor.execute(
                "SELECT type, srid FROM geometry_columns WHERE f_table_name = %s AND f_geometry_column = %s",
                [table, one.geometry_column],
            )
            kind, srid = cursor.fetchone()
        for column in (one.geometry_column, one.tile_column, *(small.column for small in one.generalised)):
            assert f"gist ({column})" in indexes, f"{one.name}.{column}"
        assert "st_isvalid(geom)" in rules.lower(), one.name
        assert (kind, srid) == (one.geometry.upper(), 25832), one.name


def test_09_every_layer_is_titled_in_two_languages_and_has_a_legend() -> None:
    for one in contract.all_layers():
        texts = [one.title, one.description, one.group, *(field.title for field in one.fields)]
        texts += [entry.title for entry in one.style.legend]
        assert all(text.de and text.en for text in texts), one.name
        assert one.style.legend, one.name
        assert one.attribution, one.name


def test_10_every_error_has_two_texts_and_a_fitting_status() -> None:
    for code, entry in CATALOGUE.items():
        assert entry.de and entry.en and entry.de != entry.en, code
        assert 400 <= entry.status < 600, code
        assert code == code.lower() and " " not in code
