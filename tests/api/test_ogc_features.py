"""OGC API Features: Core, GeoJSON, HTML, OpenAPI, CRS by reference, keyset paging with exact counts."""

from typing import Any

import pytest
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db
CRS = "http://www.opengis.net/def/crs/"
ITEMS = "/ogc/collections/places/items"


def walk(client: Client, url: str) -> tuple[list[Any], list[int]]:
    """All features behind the next links, and each page's numberMatched."""
    features, matched = [], []
    while url:
        page = client.get(url).json()
        features += page["features"]
        matched.append(page["numberMatched"])
        assert page["numberReturned"] == len(page["features"])
        url = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
    return features, matched


def test_01_landing_page_leads_everywhere(client: Client) -> None:
    landing = client.get("/ogc/?f=json").json()
    relations = {one["rel"]: one["href"] for one in landing["links"]}
    assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data"} <= set(relations)
    for url in relations.values():
        assert client.get(url).status_code == 200, url
    classes = client.get("/ogc/conformance?f=json").json()["conformsTo"]
    for needed in ("ogcapi-features-1/1.0/conf/core", "ogcapi-features-1/1.0/conf/geojson",
                   "ogcapi-features-1/1.0/conf/oas30", "ogcapi-features-2/1.0/conf/crs"):  # fmt: skip
        assert f"http://www.opengis.net/spec/{needed}" in classes


def test_02_collections_are_the_registry(client: Client) -> None:
    from gisapp.layer import visible_layers

    listed = client.get("/ogc/collections?f=json").json()["collections"]
    assert [one["id"] for one in listed] == [one.name for one in visible_layers()]
    for one in listed:
        assert one["storageCrs"] == f"{CRS}EPSG/0/25832"
        assert one["crs"][0] == f"{CRS}OGC/1.3/CRS84"


def test_03_paging_by_key_is_complete_and_counts_exactly(client: Client) -> None:
    made = {factories.place(f"Ort {number}", x=number).pk for number in range(23)}
    features, matched = walk(client, f"{ITEMS}?limit=5&f=json")
    assert {one["id"] for one in features} == made
    assert len(features) == 23
    assert matched == [23] * 5


def test_04_the_count_follows_every_write(client: Client) -> None:
    factories.place("Eins")
    assert client.get(ITEMS).json()["numberMatched"] == 1
    second = factories.place("Zwei")
    assert client.get(ITEMS).json()["numberMatched"] == 2
    second.delete()
    assert client.get(ITEMS).json()["numberMatched"] == 1


def test_05_box_is_exact_not_the_boxes_of_things(client: Client) -> None:
    """A diagonal line whose box meets the asked one, and which itself does not, is not returned."""
    factories.road("Diagonale", "secondary", (0, 0), (1_000, 1_000))
    corner = [factories.point(600, 50), factories.point(900, 200)]
    for one in corner:
        one.transform(4326)
    box = f"{corner[0].x},{corner[0].y},{corner[1].x},{corner[1].y}"
    assert client.get(f"/ogc/collections/roads/items?bbox={box}").json()["numberMatched"] == 0
    whole = f"{corner[0].x - 1},{corner[0].y - 1},{corner[1].x + 1},{corner[1].y + 1}"
    assert client.get(f"/ogc/collections/roads/items?bbox={whole}").json()["numberMatched"] == 1


def test_06_coordinate_systems_by_reference(client: Client) -> None:
    place = factories.place(x=0, y=0)
    shown = place.geom.clone()
    shown.transform(4326)

    def coordinates(crs: str) -> list[float]:
        response = client.get(ITEMS, {"crs": f"{CRS}{crs}"})
        assert response["Content-Crs"] == f"<{CRS}{crs}>"
        return response.json()["features"][0]["geometry"]["coordinates"]

    assert coordinates("OGC/1.3/CRS84") == pytest.approx([shown.x, shown.y], abs=1e-7)
    assert coordinates("EPSG/0/4326") == pytest.approx([shown.y, shown.x], abs=1e-7)
    assert coordinates("EPSG/0/25832") == pytest.approx([factories.X0, factories.Y0], abs=1e-3)
    assert coordinates("EPSG/0/4258") == pytest.approx([shown.y, shown.x], abs=1e-7)


def test_07_box_in_another_system(client: Client) -> None:
    factories.place(x=50, y=50)
    x, y = factories.X0, factories.Y0
    query = {"bbox": f"{x},{y},{x + 100},{y + 100}", "bbox-crs": f"{CRS}EPSG/0/25832"}
    assert client.get(ITEMS, query).json()["numberMatched"] == 1
    query["bbox"] = f"{x + 60},{y},{x + 100},{y + 100}"
    assert client.get(ITEMS, query).json()["numberMatched"] == 0
    north_first = {"bbox": "54,9,55,10", "bbox-crs": f"{CRS}EPSG/0/4326"}
    assert client.get(ITEMS, north_first).json()["numberMatched"] == 1


def test_08_filters_on_fields(client: Client) -> None:
    factories.place("Haby")
    factories.place("Holtsee", kind="hamlet")
    assert client.get(f"{ITEMS}?kind=hamlet").json()["features"][0]["properties"]["name"] == "Holtsee"
    within = factories.place("Ortsteil", municipality=factories.municipality("Sehestedt"))
    found = client.get(f"{ITEMS}?municipality=Sehestedt").json()
    assert [one["id"] for one in found["features"]] == [within.pk]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("bbox=1,2,3", "bad-box"),
        ("bbox=a,b,c,d", "bad-box"),
        ("bbox=9,55,10,54", "bad-box"),
        ("bbox=9,-91,10,54", "bad-box"),
        ("bbox=9,54,10,nan", "bad-box"),
        ("limit=0", "bad-number"),
        ("limit=-1", "bad-number"),
        ("limit=viele", "bad-number"),
        ("crs=EPSG:31467", "bad-crs"),
        ("bbox-crs=quatsch&bbox=9,54,10,55", "bad-crs"),
        ("nmae=Haby", "unknown-parameter"),
        ("source=hand", "unknown-parameter"),
        ("population=viele", "bad-value"),
        ("datetime=gestern", "bad-value"),
        ("f=xml", "unknown-format"),
        ("kind=a%00b", "bad-value"),
        ("kind=village&kind=town", "repeated-parameter"),
        ("limit=1&limit=2", "repeated-parameter"),
        ("limit=%EF%BC%91", "bad-number"),
        ("datetime=2020-13-45", "bad-value"),
        ("datetime=2021-01-01/2020-01-01", "bad-value"),
        ("datetime=..", "bad-value"),
        ("datetime=2020-01-01T00:00:00Z/../..", "bad-value"),
        ("bbox-crs=quatsch", "bad-crs"),
    ],
)
def test_09_bad_questions_are_refused_by_name(client: Client, query: str, code: str) -> None:
    response = client.get(f"{ITEMS}?{query}")
    assert (response.status_code, response.json()["code"]) == (400, code)


@pytest.mark.parametrize("key", ["4711", "abc", "99999999999999999999999", "-1", "1%00"])
def test_10_unknown_features_are_404(client: Client, key: str) -> None:
    response = client.get(f"{ITEMS}/{key}")
    assert (response.status_code, response.json()["code"]) == (404, "unknown-feature")


def test_11_one_feature_has_its_links_and_no_private_field(client: Client) -> None:
    place = factories.place(source="geheim")
    found = client.get(f"{ITEMS}/{place.pk}?f=json").json()
    assert found["id"] == place.pk
    assert {one["rel"] for one in found["links"]} == {"self", "alternate", "collection"}
    assert set(found["properties"]) == {"name", "kind", "population", "municipality"}


def test_12_pages_for_people(client: Client) -> None:
    place = factories.place("<b>Haby</b>")
    for url in (
        "/ogc/",
        "/ogc/conformance",
        "/ogc/collections",
        "/ogc/collections/places",
        ITEMS,
        f"{ITEMS}/{place.pk}",
        "/ogc/api",
    ):
        response = client.get(url, {"f": "html"})
        assert response.status_code == 200
        assert b"<b>Haby</b>" not in response.content
        assert response["Content-Type"].startswith("text/html")
    assert client.get(ITEMS, headers={"Accept": "text/html"})["Content-Type"].startswith("text/html")
    assert client.get(ITEMS, headers={"Accept": "*/*"})["Content-Type"] == "application/geo+json"


def test_13_openapi_names_every_path_that_exists(client: Client) -> None:
    from gisapp.layer import visible_layers

    factories.place()
    document = client.get("/ogc/api").json()
    assert document["openapi"].startswith("3.0")
    for one in visible_layers():
        assert f"/collections/{one.name}/items" in document["paths"]
    for path in document["paths"]:
        if "{" not in path:
            assert (
                client.get(
                    f"/ogc{path}", {"f": "json"} if not path.endswith(("schema", "metadata")) else {}
                ).status_code
                == 200
            ), path


def test_14_a_page_costs_a_constant_number_of_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    area = factories.municipality()
    for number in range(30):
        factories.place(f"Ort {number}", municipality=area)
    with django_assert_max_num_queries(3):
        client.get(f"{ITEMS}?limit=30")


@pytest.mark.parametrize(
    "query",
    [
        "bbox=-180,-90,180,90",
        "bbox=-180,0,180,85",
        "bbox=-999999999,54,999999999,55",
        "bbox=-180,-90,-100,180,90,9000",
        "bbox=170,50,10,60",
        f"bbox=-90,-180,90,180&bbox-crs={CRS}EPSG/0/4326",
        f"bbox=-20037508.34,-20037508.34,20037508.34,20037508.34&bbox-crs={CRS}EPSG/0/3857",
        f"bbox=-90,-180,90,180&bbox-crs={CRS.replace('http:', 'https:')}EPSG/0/4258",
        "datetime=2020-01-01",
        "datetime=../2020-01-01T00:00:00Z",
        "datetime=2020-02-29T00:00:00.5%2B01:00/..",
        "limit=99999999999",
    ],
)
def test_15_what_selects_everything_selects_everything(client: Client, query: str) -> None:
    """Clients ask for the whole world, which has no coordinates in EPSG:25832."""
    factories.place()
    factories.place(x=10_000, y=-10_000)
    assert client.get(f"{ITEMS}?{query}").json()["numberMatched"] == 2


def test_16_a_box_elsewhere_is_empty(client: Client) -> None:
    factories.place()
    for box in ("100,-50,120,-40", "-180,-90,-179,-89", "170,-10,-170,10", "8,85,11,90"):
        assert client.get(f"{ITEMS}?bbox={box}").json()["numberMatched"] == 0, box


@pytest.mark.parametrize("number", ["9999999999", "-1", "-9223372036854775807"])
def test_17_a_number_beyond_the_column_matches_nothing(client: Client, number: str) -> None:
    factories.place(population=600)
    found = client.get(f"{ITEMS}?population={number}").json()
    assert (found["numberMatched"], found["features"]) == (0, [])


def test_18_next_links_keep_the_question(client: Client) -> None:
    for number in range(4):
        factories.place(f"Groß & Klein+{number}", kind="ä&b c", x=number)
    query = {"kind": "ä&b c", "bbox": "9,54,10,55", "bbox-crs": f"{CRS}OGC/1.3/CRS84", "crs": f"{CRS}EPSG/0/25832"}
    first = client.get(ITEMS, {**query, "limit": 3})
    following = next(one["href"] for one in first.json()["links"] if one["rel"] == "next")
    second = client.get(following)
    assert second["Content-Crs"] == f"<{CRS}EPSG/0/25832>"
    assert (second.json()["numberMatched"], second.json()["numberReturned"]) == (4, 1)
    assert "next" not in [one["rel"] for one in second.json()["links"]]


def test_19_caches_are_told_what_an_answer_depends_on(client: Client) -> None:
    factories.place()
    for url in ("/ogc/", "/ogc/collections", "/ogc/collections/places", ITEMS, "/ogc/api"):
        response = client.get(url)
        assert {"Accept", "Accept-Language", "Cookie"} <= set(response["Vary"].split(", ")), url
        assert response["Access-Control-Allow-Origin"] == "*", url
        english = client.get(url, {"f": "json"}, headers={"Accept-Language": "en"})
        assert english["Content-Language"] == "en"
    assert client.get("/ogc/collections/places?f=json", headers={"Accept-Language": "en"}).json()["title"] == "Places"
    geojson = {"Accept": "application/geo+json, text/html;q=0.5"}
    assert client.get(ITEMS, headers=geojson)["Content-Type"] == "application/geo+json"
