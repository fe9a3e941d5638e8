"""Vector tiles: content, privacy, caching, errors."""

import gzip
import math
from typing import Any

import mapbox_vector_tile
import pytest
from django.test import Client

from gisapp.tiles.sql import tile_statement
from tests import factories

pytestmark = pytest.mark.django_db


def tile_at(x: float, y: float, zoom: int) -> tuple[int, int, int]:
    """The tile of a point given in metres from the factories' corner."""
    shown = factories.point(x, y)
    shown.transform(4326)
    count = 1 << zoom
    latitude = math.radians(shown.y)
    return (
        zoom,
        int((shown.x + 180) / 360 * count),
        int((1 - math.asinh(math.tan(latitude)) / math.pi) / 2 * count),
    )


def fetch(client: Client, layers: str, x: float, y: float, zoom: int, **more: Any) -> Any:
    z, column, row = tile_at(x, y, zoom)
    return client.get(f"/tiles/{layers}/{z}/{column}/{row}.mvt", **more)


def decode(response: Any) -> dict[str, Any]:
    body = response.content
    return mapbox_vector_tile.decode(gzip.decompress(body) if response.get("Content-Encoding") == "gzip" else body)


def test_01_two_layers_in_one_tile_with_key_as_feature_id(client: Client) -> None:
    place = factories.place(x=100, y=100)
    shop = factories.poi(x=120, y=100)
    found = decode(fetch(client, "places,pois", 100, 100, 14))
    assert {name: len(part["features"]) for name, part in found.items()} == {"places": 1, "pois": 1}
    assert found["places"]["features"][0]["id"] == place.pk
    assert found["pois"]["features"][0]["id"] == shop.pk
    assert found["pois"]["features"][0]["properties"] == {"name": "Hofladen Haby", "category": "shop"}


def test_02_geometry_lands_where_it_is(client: Client) -> None:
    factories.place(x=100, y=100)
    zoom, column, row = tile_at(100, 100, 14)
    feature = decode(fetch(client, "places", 100, 100, 14))["places"]["features"][0]
    x, y = feature["geometry"]["coordinates"]
    shown = factories.point(100, 100)
    shown.transform(3857)
    world = 2 * math.pi * 6378137
    expected_x = ((shown.x + world / 2) / world * (1 << zoom) - column) * 4096
    expected_y = 4096 - ((world / 2 - shown.y) / world * (1 << zoom) - row) * 4096
    assert abs(x - expected_x) <= 1
    assert abs(y - expected_y) <= 1


def test_03_private_fields_and_what_is_not_declared_never_reach_a_tile(client: Client) -> None:
    from gisapp.layer import all_layers

    factories.municipality(source="geheime-quelle", source_id="geheim-4711")
    body = fetch(client, "municipalities", 100, 100, 12).content
    assert b"geheim" not in body
    for one in all_layers():
        assert all(field.public for field in one.tile_fields), one.name


def test_04_retired_and_expired_features_are_gone(client: Client) -> None:
    from django.utils import timezone

    factories.place(x=100, y=100, retired_at=timezone.now())
    factories.municipality(valid_to=timezone.localdate())
    assert fetch(client, "places,municipalities", 100, 100, 14).status_code == 204


def test_05_below_a_layers_first_zoom_there_is_nothing(client: Client) -> None:
    factories.building(100, 100)
    assert fetch(client, "buildings", 100, 100, 15).status_code == 200
    assert fetch(client, "buildings", 100, 100, 13).status_code == 204


def test_06_small_scales_show_the_generalised_copy(client: Client) -> None:
    """Main roads are drawn at zoom 10 with fewer vertices; small ones are left out."""
    wiggles = [(step * 20.0, (step % 2) * 3.0) for step in range(100)]
    factories.road("Landstraße", "secondary", *wiggles)
    factories.road("Gasse", "residential", (0, 50), (1_000, 50))
    small = decode(fetch(client, "roads", 500, 0, 10))["roads"]["features"]
    large = decode(fetch(client, "roads", 500, 0, 14))["roads"]["features"]
    assert [one["properties"]["name"] for one in small] == ["Landstraße"]
    assert {one["properties"]["name"] for one in large} == {"Landstraße", "Gasse"}
    assert len(small[0]["geometry"]["coordinates"]) == 2


def test_07_etag_answers_304_until_something_changes(client: Client) -> None:
    factories.place(x=100, y=100)
    first = fetch(client, "places", 100, 100, 14)
    again = fetch(client, "places", 100, 100, 14, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    factories.place("Neudorf", x=150, y=100)
    assert fetch(client, "places", 100, 100, 14, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_08_public_tiles_may_be_cached_and_set_no_cookie(client: Client) -> None:
    factories.place(x=100, y=100)
    response = fetch(client, "places", 100, 100, 14)
    assert response["Cache-Control"].startswith("public")
    assert "Cookie" not in response.get("Vary", "")
    assert not response.cookies


def test_09_gzip_when_asked_for(client: Client) -> None:
    for number in range(60):
        factories.place(f"Ort {number}", x=100 + number, y=100)
    plain = fetch(client, "places", 100, 100, 14)
    packed = fetch(client, "places", 100, 100, 14, headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/tiles/nichts/1/0/0.mvt", 404, "unknown-layer"),
        ("/tiles/places/1/2/0.mvt", 404, "bad-tile"),
        ("/tiles/places/1/0/2.mvt", 404, "bad-tile"),
        ("/tiles/places/23/0/0.mvt", 404, "bad-tile"),
        ("/tiles/,/1/0/0.mvt", 400, "bad-value"),
        ("/tiles/style.json?mode=rosa", 400, "bad-value"),
        ("/tiles/nichts.json", 404, "unknown-layer"),
    ],
)
def test_10_errors_are_named(client: Client, path: str, status: int, code: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_11_all_layers_are_one_statement() -> None:
    from gisapp.accounts.roles import System
    from gisapp.layer import all_layers

    statement, _ = tile_statement(all_layers(), 16, 34_000, 20_000, System()) or ("", [])
    assert statement.count("ST_AsMVT(") == len(all_layers()) + sum(one.names_areas for one in all_layers())
    assert ";" not in statement


def test_11b_an_area_is_named_once_whatever_tiles_cut_it(client: Client) -> None:
    area = factories.municipality(geom=factories.square(-6_000, -6_000, 12_000))
    zoom, column, row = tile_at(0, 0, 13)
    names = []
    for x in range(column - 8, column + 9):
        for y in range(row - 8, row + 9):
            response = client.get(f"/tiles/municipalities/{zoom}/{x}/{y}.mvt")
            if response.status_code == 200:
                part = decode(response).get("municipalities_label", {"features": []})
                names += [one["properties"]["name"] for one in part["features"]]
    assert names == [area.name]


def test_12_tilejson_and_style_agree_with_the_registry(client: Client) -> None:
    from gisapp.layer import get, visible_layers

    factories.place(x=100, y=100)
    described = client.get("/tiles/places,pois.json").json()
    assert [one["id"] for one in described["vector_layers"]] == ["places", "pois"]
    assert described["vector_layers"][0]["fields"] == {"name": "String", "kind": "String"}
    west, south, east, north = described["bounds"]
    assert west <= 9.7 < 10 and west <= east and south <= north
    style = client.get("/tiles/style.json?mode=dark").json()
    used = {one["metadata"]["gisapp:layer"] for one in style["layers"] if "source" in one}
    assert used == {one.name for one in visible_layers() if one.style.layers}
    assert set(style["sources"]) == {"base"} | {one.name for one in visible_layers() if not one.base_map}
    parts = {one["id"]: one["source-layer"] for one in style["layers"] if "source" in one}
    assert (parts["municipalities.border"], parts["municipalities.name"]) == ("municipalities", "municipalities_label")
    halo = get("places").style.dark["town"]["text-color"]
    assert next(one for one in style["layers"] if one["id"] == "places.town")["paint"]["text-color"] == halo


def test_13_validators_in_all_their_spellings(client: Client) -> None:
    factories.place(x=100, y=100)
    tag = fetch(client, "places", 100, 100, 14)["ETag"].removeprefix("W/")
    for asked in (tag, f"W/{tag}", f'"other", W/{tag}', "*"):
        answer = fetch(client, "places", 100, 100, 14, headers={"If-None-Match": asked})
        assert (answer.status_code, answer["Vary"]) == (304, "Accept-Encoding"), asked
    assert fetch(client, "places", 100, 100, 14, headers={"If-None-Match": '"other"'}).status_code == 200


def test_14_a_tile_is_one_for_all_languages(client: Client) -> None:
    factories.place(x=100, y=100)
    for x in (100, 90_000):
        response = fetch(client, "places", x, 100, 14, headers={"Accept-Language": "en"})
        assert response["Vary"] == "Accept-Encoding"
        assert "Content-Language" not in response
    assert "Accept-Language" in client.get("/tiles/places.json")["Vary"]


@pytest.mark.parametrize("refused", ["gzip;q=0", "br, gzip; q=0.0", "identity"])
def test_15_gzip_is_not_forced_on_anybody(client: Client, refused: str) -> None:
    for number in range(60):
        factories.place(f"Ort {number}", x=100 + number, y=100)
    assert "Content-Encoding" not in fetch(client, "places", 100, 100, 14, headers={"Accept-Encoding": refused})
