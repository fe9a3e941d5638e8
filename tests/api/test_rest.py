"""REST: search, reverse, layers, downloads, writing features; one form of error."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from django.test import Client

from gisapp.exports.formats import FORMATS
from layers.regions.models import Place
from tests import factories

pytestmark = pytest.mark.django_db
FEATURES = "/api/layers/places/features/"


def feature(name: str = "Neudorf", lon: float = 9.75, lat: float = 54.4, **more: Any) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": point, "properties": {"name": name, "kind": "village", **more}}


def test_01_layers_describe_themselves(client: Client) -> None:
    found = {one["name"]: one for one in client.get("/api/layers/").json()}
    assert found["places"]["title"] == "Orte"
    assert "source" not in [one["name"] for one in found["places"]["fields"]]
    english = client.get("/api/layers/places/", headers={"Accept-Language": "en"}).json()
    assert english["title"] == "Places"


def test_02_writing_needs_a_log_in_and_the_right(client: Client) -> None:
    assert client.post(FEATURES, feature(), content_type="application/json").status_code in (401, 403)
    client.force_login(factories.citizen())
    refused = client.post(FEATURES, feature(), content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert not Place.objects.exists()


def test_03_create_change_delete(client: Client) -> None:
    client.force_login(factories.staff())
    made = client.post(FEATURES, feature(), content_type="application/json")
    assert made.status_code == 201, made.content
    key = made.json()["id"]
    assert made["Location"].endswith(f"/{key}/")
    stored = Place.objects.get(pk=key)
    assert (stored.geom.srid, stored.name) == (25832, "Neudorf")
    shown = stored.geom.clone()
    shown.transform(4326)
    assert (shown.x, shown.y) == pytest.approx((9.75, 54.4), abs=1e-7)
    changed = client.patch(f"{FEATURES}{key}/", {"properties": {"name": "Altdorf"}}, content_type="application/json")
    assert (changed.status_code, changed.json()["properties"]["name"]) == (200, "Altdorf")
    assert client.get(f"{FEATURES}{key}/").json()["properties"]["name"] == "Altdorf"
    assert client.delete(f"{FEATURES}{key}/").status_code == 204
    assert client.get(f"{FEATURES}{key}/").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"type": "Feature", "geometry": None, "properties": {"name": "x"}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": ["a", 1]}, "properties": {"name": "x"}},
        {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [[9, 54], [10, 54]]},
            "properties": {"name": "x"},
        },
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [9, 54]}, "properties": {}},
    ],
)
def test_04_bad_features_are_refused_and_nothing_is_kept(client: Client, body: dict[str, Any]) -> None:
    client.force_login(factories.staff())
    response = client.post(FEATURES, body, content_type="application/json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] in ("bad-input", "geometry-wrong")
    assert not Place.objects.exists()


def test_05_a_rule_of_the_database_is_a_conflict_with_its_name(client: Client) -> None:
    client.force_login(factories.staff())
    ring = [[9.7, 54.3], [9.8, 54.4], [9.8, 54.3], [9.7, 54.4], [9.7, 54.3]]
    body = {
        "type": "Feature",
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]},
        "properties": {"name": "Schleife", "key": "01058999"},
    }
    response = client.post("/api/layers/municipalities/features/", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (409, "rule-violated")
    assert "municipality_geom_valid" in response.json()["title"]


def test_06_broken_json_and_unknown_addresses(client: Client) -> None:
    client.force_login(factories.staff())
    broken = client.post(FEATURES, "{", content_type="application/json")
    assert (broken.status_code, broken.json()["code"]) == (400, "bad-input")
    assert client.get("/api/layers/nix/features/").json()["code"] == "unknown-layer"


def test_07_reverse_tells_address_and_who_is_responsible(client: Client) -> None:
    area = factories.municipality()
    factories.amt()
    factories.district()
    house = factories.address(factories.street(), "12a")
    here = house.geom.clone()
    here.transform(4326)
    found = client.get(f"/api/reverse?lon={here.x}&lat={here.y + 0.0002}").json()
    assert found["address"]["title"] == "Dorfstraße 12a"
    assert 15 < found["address"]["distance_m"] < 30
    assert [(one["kind"], one["name"]) for one in found["areas"]] == [
        ("municipality", area.name), ("amt", "Hüttener Berge"), ("district", "Rendsburg-Eckernförde"),
    ]  # fmt: skip
    far = client.get("/api/reverse?lon=0&lat=0").json()
    assert far == {"address": None, "areas": []}
    assert client.get("/api/reverse?lon=0").json()["code"] == "bad-number"
    for lon, lat in ((99, 0), (-81, 0), (180, 90), (-180, -90), (-40, 0), (60, 84)):
        assert client.get(f"/api/reverse?lon={lon}&lat={lat}").json() == {"address": None, "areas": []}


@pytest.mark.parametrize("form", ["gpkg", "shp", "geojson", "fgb", "csv", "kml", "dxf"])
def test_08_downloads_can_be_read_back_whole(client: Client, tmp_path: Path, form: str) -> None:
    for number in range(7):
        factories.place(f"Öhlmühle {number}", x=number * 10)
    response = client.get(f"/api/download/places?format={form}")
    assert response.status_code == 200, response.content
    body = b"".join(response.streaming_content)
    path = tmp_path / {"shp": "places.shp.zip"}.get(form, f"places.{form}")
    path.write_bytes(body)
    if form == "shp":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert {Path(name).suffix for name in archive.namelist()} == {".shp", ".shx", ".dbf", ".prj", ".cpg"}
    options = {"X_POSSIBLE_NAMES": "lon", "Y_POSSIBLE_NAMES": "lat"} if form == "csv" else {}
    frame = pyogrio.raw.read(f"/vsizip/{path}" if form == "shp" else path, **options)
    meta, _fids, shapes, values = frame
    # A drawing has the label as an entity of its own.
    assert len(shapes) == (14 if form == "dxf" else 7)
    assert "Öhlmühle 3" in [str(value) for column in values for value in column]
    expected = "EPSG:25832" if form in ("gpkg", "shp", "fgb") else None
    assert expected is None or "25832" in str(meta["crs"])


def test_09_downloads_of_a_selection(client: Client) -> None:
    factories.place("Hier")
    factories.place("Weit weg", x=100_000)
    response = client.get("/api/download/places?format=geojson&bbox=9.5,54,10,55")
    found = json.loads(b"".join(response.streaming_content))
    assert [one["properties"]["name"] for one in found["features"]] == ["Hier"]
    empty = client.get("/api/download/places?format=geojson&kind=nichts")
    assert json.loads(b"".join(empty.streaming_content))["features"] == []
    assert client.get("/api/download/places?format=exe").json()["code"] == "unknown-format"
    assert client.get("/api/download/places?format=csv&bbox=1").json()["code"] == "bad-box"
    # Before the first piece goes out, and never with a parameter that does nothing here.
    for form in ("csv", "geojson", "gpkg"):
        wrong = client.get(f"/api/download/places?format={form}&population=viele")
        assert (wrong.status_code, wrong.json()["code"]) == (400, "bad-value")
        unread = client.get(f"/api/download/places?format={form}&limit=10")
        assert (unread.status_code, unread.json()["code"]) == (400, "unknown-parameter")


def test_09b_an_empty_selection_is_an_empty_file(client: Client) -> None:
    for form in FORMATS:
        # No integer column holds this number: Django knows that nothing matches.
        response = client.get(f"/api/download/places?format={form}&population=9999999999")
        assert response.status_code == 200, form
        assert b"".join(response.streaming_content), form


def test_10_spreadsheets_do_not_run_what_somebody_typed(client: Client) -> None:
    factories.place("=HYPERLINK(A1)")
    body = b"".join(client.get("/api/download/places?format=csv").streaming_content).decode("utf-8-sig")
    assert "'=HYPERLINK(A1)" in body
    assert ",=HYPERLINK" not in body


def test_11_schema_is_complete_and_valid(client: Client) -> None:
    import yaml

    document = yaml.safe_load(client.get("/api/schema/").content)
    assert document["openapi"].startswith("3.0")
    assert {"/api/search", "/api/reverse", "/api/layers/", "/api/layers/{layer}/features/{key}/"} <= set(
        document["paths"]
    )
    asked = document["paths"]["/api/download/{name}"]["get"]
    assert {one["name"] for one in asked["parameters"]} == {
        "name", "format", "bbox", "bbox-crs", "datetime", "filter", "filter-lang", "filter-crs", "fields",
    }  # fmt: skip
    assert set(asked["responses"]) == {"200", "400", "404", "406", "429", "503"}
    assert {"application/geo+json", "text/csv", "image/vnd.dxf", "application/zip"} <= set(
        asked["responses"]["200"]["content"]
    )
    # Every refusal is described as what it is.
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"], (path, method, status)


def test_40_a_geometry_alone_moves_and_a_misspelt_name_is_refused(client: Client) -> None:
    place = factories.place()
    client.force_login(factories.staff())
    address = f"/api/layers/places/features/{place.pk}/"
    body = '{"geometry": {"type": "Point", "coordinates": [9.8, 54.4]}}'
    assert client.patch(address, body, "application/json").status_code == 200
    before, place_name = place.geom, place.name
    place.refresh_from_db()
    assert place.geom.distance(before) > 1_000
    assert place.name == place_name
    refused = client.patch(address, '{"properties": {"nmae": "Haby"}}', "application/json")
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown-field")
    # What was read may be sent back whole, with the values that come from elsewhere.
    whole = client.get(address).json()
    assert "municipality" in whole["properties"]
    assert client.put(address, whole, "application/json").status_code == 200


def _addresses(patterns: list[Any], prefix: str) -> Iterator[str]:
    for one in patterns:
        address = f"{prefix}{one.pattern}"
        yield from _addresses(one.url_patterns, address) if hasattr(one, "url_patterns") else [address]


def test_12_every_address_of_the_interface_is_in_the_document(client: Client) -> None:
    import yaml

    import gisapp.api.urls

    document = yaml.safe_load(client.get("/api/schema/").content)
    served = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", one) for one in _addresses(gisapp.api.urls.urlpatterns, "/api/")}
    assert len(served) > 7
    assert set(document["paths"]) == served


def test_13_the_document_names_the_parameters_that_are_taken(client: Client) -> None:
    """A parameter that the document knows and the program does not is refused as unknown, and the other way round."""
    import yaml

    factories.place(population=7)
    document = yaml.safe_load(client.get("/api/schema/").content)
    values = {"bbox": "9,54,10,55", "bbox-crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "datetime": "2026-01-01",
              "fields": "7", "limit": "1", "after": "0", "format": "gpkg",
              "filter": "population=7", "filter-lang": "cql2-text", "filter-crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}  # fmt: skip
    for path in ("/api/download/{name}", "/api/layers/{layer}/features/"):
        named = [one["name"] for one in document["paths"][path]["get"]["parameters"] if one["in"] == "query"]
        asked = {"population" if name == "fields" else name: values[name] for name in named}
        address = path.format(name="places", layer="places")
        assert client.get(address, asked).status_code == 200, path
        assert client.get(address, {**asked, "quatsch": "1"}).json()["code"] == "unknown-parameter"
