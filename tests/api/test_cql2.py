"""Filters in CQL2: what each operator finds, in both spellings, and how a bad filter is refused."""

import datetime
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from gisapp import layer as contract
from gisapp.layer import App, Field, Text, Type
from layers.regions.models import Place
from tests import factories
from tests.api.test_contract import declare

pytestmark = pytest.mark.django_db
ITEMS = "/ogc/collections/places/items"


@pytest.fixture
def places() -> None:
    """Haby and Holtsee in the corner, Ärenstraße ten kilometres away, and one without a number."""
    within = factories.municipality("Sehestedt", x=0)
    factories.place("Haby", x=0, y=0, population=600, municipality=within)
    factories.place("Holtsee", x=1_000, y=0, population=1_200, kind="hamlet")
    factories.place("Ärenstraße", x=10_000, y=10_000, population=50)
    factories.place("100%_Hof", x=20_000, y=0, population=None, kind="farm")


def names(client: Client, written: Any, **more: str) -> set[str]:
    language = {} if isinstance(written, str) else {"filter-lang": "cql2-json"}
    text = written if isinstance(written, str) else json.dumps(written)
    response = client.get(ITEMS, {"filter": text, "limit": "100", **language, **more})
    assert response.status_code == 200, response.content
    found = response.json()
    assert found["numberMatched"] == len(found["features"])
    return {one["properties"]["name"] for one in found["features"]}


EVERYBODY = {"Haby", "Holtsee", "Ärenstraße", "100%_Hof"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("population = 600", {"Haby"}),
        ("population <> 600", {"Holtsee", "Ärenstraße"}),
        ("population > 599.5 AND population<=600", {"Haby"}),
        ("600 >= population", {"Haby", "Ärenstraße"}),
        # AND binds before OR, NOT before both.
        ("name = 'Haby' OR kind = 'hamlet' AND population = 1", {"Haby"}),
        ("(name = 'Haby' OR kind = 'hamlet') AND population = 1", set()),
        ("NOT name = 'Haby' AND kind = 'village'", {"Ärenstraße"}),
        ("NOT (name = 'Haby' OR kind = 'village')", {"Holtsee", "100%_Hof"}),
        ("name IN ('Haby', 'Holtsee')", {"Haby", "Holtsee"}),
        ("population NOT IN (600)", {"Holtsee", "Ärenstraße"}),
        ("population BETWEEN 50 AND 600", {"Haby", "Ärenstraße"}),
        ("population NOT BETWEEN 50 AND 600 AND TRUE", {"Holtsee"}),
        ("name LIKE 'H%'", {"Haby", "Holtsee"}),
        ("name LIKE '_aby'", {"Haby"}),
        (r"name LIKE '100\%\_%'", {"100%_Hof"}),
        ("name NOT LIKE '%o%'", {"Haby", "Ärenstraße"}),
        ("CASEI(name) = CASEI('haBY')", {"Haby"}),
        ("CASEI(name) LIKE casei('h%')", {"Haby", "Holtsee"}),
        ("ACCENTI(name) = ACCENTI('Arenstrasse')", {"Ärenstraße"}),
        ("casei(accenti(name)) = 'arenstrasse'", {"Ärenstraße"}),
        ("population IS NULL", {"100%_Hof"}),
        ("population IS NOT NULL", EVERYBODY - {"100%_Hof"}),
        ("population * 2 = 1200", {"Haby"}),
        ("population / (population - 600) > 0", {"Holtsee"}),
        ("-population + 1 < -599", {"Holtsee"}),
        ("population % 500 = 100 OR population div 7 = 7", {"Haby", "Ärenstraße"}),
        ("population - 1 - 1 = 598", {"Haby"}),
        ("municipality = 'Sehestedt'", {"Haby"}),
        ("municipality IS NULL AND \"population\" = 50", {"Ärenstraße"}),
        ("name = 'O''Brien' OR name = 'Haby'", {"Haby"}),
        ("name < 'Hb'", {"Haby", "100%_Hof"}),
        ("TRUE", EVERYBODY),
        ("FALSE OR kind='farm'", {"100%_Hof"}),
        ("S_INTERSECTS(geometry, BBOX(-180, -90, 180, 90))", EVERYBODY),
        ("geometry IS NULL", set()),
    ],
)  # fmt: skip
def test_01_each_operator(client: Client, places: None, written: str, expected: set[str]) -> None:
    """Words compare as the database sorts them."""
    if "<" in written and "name" in written:
        expected = {one.name for one in Place.objects.filter(name__lt="Hb")}
        assert "Haby" in expected
    assert names(client, written) == expected


def prop(name: str) -> dict[str, str]:
    return {"property": name}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"op": "=", "args": [prop("population"), 600]}, {"Haby"}),
        ({"op": "and", "args": [{"op": ">", "args": [prop("population"), 1]}, {"op": "<", "args": [prop("population"), 99]}]},
         {"Ärenstraße"}),
        ({"op": "or", "args": [{"op": "isNull", "args": [prop("population")]}, {"op": "=", "args": [prop("name"), "Haby"]}]},
         {"Haby", "100%_Hof"}),
        ({"op": "not", "args": [{"op": "like", "args": [prop("name"), "H%"]}]}, {"Ärenstraße", "100%_Hof"}),
        ({"op": "in", "args": [prop("name"), ["Haby", "Holtsee"]]}, {"Haby", "Holtsee"}),
        ({"op": "between", "args": [prop("population"), 50, 600]}, {"Haby", "Ärenstraße"}),
        ({"op": "=", "args": [{"op": "casei", "args": [prop("name")]}, {"op": "casei", "args": ["HABY"]}]}, {"Haby"}),
        ({"op": "=", "args": [{"op": "*", "args": [prop("population"), 2]}, 1200]}, {"Haby"}),
        ({"op": "s_intersects", "args": [prop("geometry"), {"bbox": [-180, -90, 180, 90]}]}, EVERYBODY),
        (True, EVERYBODY),
    ],
)  # fmt: skip
def test_02_each_operator_in_json(client: Client, places: None, written: Any, expected: set[str]) -> None:
    language = {"filter-lang": "cql2-json"}
    assert names(client, json.dumps(written) if written is True else written, **language) == expected


def _corner(x: float, y: float, crs: int) -> tuple[float, float]:
    point = factories.point(x, y)
    point.transform(crs)
    return point.x, point.y


@pytest.mark.parametrize(
    ("crs", "srid", "flipped"),
    [
        ("OGC/1.3/CRS84", 4326, False), ("EPSG/0/4326", 4326, True), ("EPSG/0/4258", 4258, True),
        ("EPSG/0/25832", 25832, False), ("EPSG/0/3857", 3857, False),
    ],
)  # fmt: skip
def test_03_geometries_in_every_system(client: Client, places: None, crs: str, srid: int, flipped: bool) -> None:
    system = f"http://www.opengis.net/def/crs/{crs}"
    corners = [_corner(x, y, srid) for x, y in ((-50, -50), (50, -50), (50, 50), (-50, 50), (-50, -50))]
    if flipped:
        corners = [(y, x) for x, y in corners]
    ring = ", ".join(f"{x!r} {y!r}" for x, y in corners)
    assert names(client, f"S_INTERSECTS(geometry, POLYGON(({ring})))", **{"filter-crs": system}) == {"Haby"}
    assert names(client, f"S_WITHIN(geometry, MULTIPOLYGON((({ring}))))", **{"filter-crs": system}) == {"Haby"}
    as_json = {
        "op": "s_disjoint",
        "args": [prop("geometry"), {"type": "Polygon", "coordinates": [[list(one) for one in corners]]}],
    }
    assert names(client, as_json, **{"filter-crs": system}) == EVERYBODY - {"Haby"}


def test_04_relations_of_lines(client: Client) -> None:
    factories.road("Weg", "residential", (0, 0), (100, 0))
    system = {"filter-crs": "http://www.opengis.net/def/crs/EPSG/0/25832"}
    x, y = factories.X0, factories.Y0

    def matches(relation: str, wkt: str) -> bool:
        query = {"filter": f"{relation}(geometry, {wkt})", **system}
        found = client.get("/ogc/collections/roads/items", query)
        assert found.status_code == 200, found.content
        return bool(found.json()["numberMatched"])

    across = f"LINESTRING({x + 50} {y - 10}, {x + 50} {y + 10})"
    same = f"MULTILINESTRING(({x} {y}, {x + 100} {y}))"
    longer = f"LINESTRING({x + 50} {y}, {x + 150} {y})"
    around = f"BBOX({x - 1}, {y - 1}, {x + 101}, {y + 1})"
    end = f"MULTIPOINT(({x} {y}))"
    mixed = f"GEOMETRYCOLLECTION(POINT({x} {y}), LINESTRING({x} {y - 5}, {x} {y - 9}))"
    expected = {
        "S_CROSSES": across, "S_EQUALS": same, "S_OVERLAPS": longer, "S_WITHIN": around, "S_TOUCHES": end,
        "S_CONTAINS": f"POINT Z ({x + 50} {y} 3)", "S_INTERSECTS": mixed,
    }  # fmt: skip
    for relation, wkt in expected.items():
        assert matches(relation, wkt), relation
        assert not matches(relation, f"POINT({x + 900} {y + 900})"), relation
    refused = client.get("/ogc/collections/roads/items", {"filter": f"S_TOUCHES(geometry, {mixed})", **system})
    assert (refused.status_code, refused.json()["code"]) == (400, "filter-types")


@pytest.fixture
def dated() -> Iterator[str]:
    """A layer with times: three places of the years 2020, 2021, 2022."""
    fields = (
        Field("name", Type.STRING, Text("Name", "Name")),
        Field("made", Type.DATETIME, Text("Angelegt", "Made"), source="created_at"),
        Field("changed", Type.DATETIME, Text("Geändert", "Changed"), source="updated_at"),
        Field("secret", Type.STRING, Text("Geheim", "Secret"), source="source", public=False),
    )
    declared = declare(
        "dated", fields=fields, label="name", visible_to=lambda _user: Place.objects.filter(kind="dated")
    )
    contract.register(App(name="throw-away", layers=[declared]))
    for year in (2020, 2021, 2022):
        moments = [datetime.datetime(year, month, 1, tzinfo=datetime.UTC) for month in (3, 9)]
        factories.place(str(year), kind="dated", created_at=moments[0], updated_at=moments[1])
    yield "/ogc/collections/dated/items"
    contract.unregister("throw-away")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("made = TIMESTAMP('2021-03-01T00:00:00Z')", {"2021"}),
        ("made > TIMESTAMP('2021-03-01T01:00:00+01:00')", {"2022"}),
        ("T_AFTER(made, TIMESTAMP('2021-03-01T00:00:00Z'))", {"2022"}),
        ("T_BEFORE(made, TIMESTAMP('2021-03-01T00:00:00Z'))", {"2020"}),
        ("T_DURING(made, INTERVAL('2021-01-01T00:00:00Z', '2021-12-31T00:00:00Z'))", {"2021"}),
        ("T_INTERSECTS(INTERVAL(made, changed), INTERVAL('2021-09-01T00:00:00Z', '..'))", {"2021", "2022"}),
        ("T_DISJOINT(INTERVAL(made, changed), INTERVAL('..', '2021-03-01T00:00:00Z'))", {"2022"}),
        ("T_EQUALS(INTERVAL(made, changed), INTERVAL('2020-03-01T00:00:00Z', '2020-09-01T00:00:00Z'))", {"2020"}),
        ("T_CONTAINS(INTERVAL(made, changed), TIMESTAMP('2021-05-01T00:00:00Z'))", {"2021"}),
        ("T_STARTS(INTERVAL(made, changed), INTERVAL('2021-03-01T00:00:00Z', '..'))", {"2021"}),
        ("T_STARTEDBY(INTERVAL(made, changed), TIMESTAMP('2021-03-01T00:00:00Z'))", {"2021"}),
        ("T_FINISHES(INTERVAL(made, changed), INTERVAL('..', '2022-09-01T00:00:00Z'))", {"2022"}),
        ("T_FINISHEDBY(INTERVAL(made, changed), TIMESTAMP('2022-09-01T00:00:00Z'))", {"2022"}),
        ("T_MEETS(INTERVAL(made, changed), INTERVAL('2020-09-01T00:00:00Z', '..'))", {"2020"}),
        ("T_METBY(INTERVAL(made, changed), INTERVAL('..', '2022-03-01T00:00:00Z'))", {"2022"}),
        ("T_OVERLAPS(INTERVAL(made, changed), INTERVAL('2021-05-01T00:00:00Z', '2021-12-01T00:00:00Z'))", {"2021"}),
        ("T_OVERLAPPEDBY(INTERVAL(made, changed), INTERVAL('2020-12-01T00:00:00Z', '2021-05-01T00:00:00Z'))", {"2021"}),
    ],
)
def test_05_times(client: Client, dated: str, written: str, expected: set[str]) -> None:
    found = client.get(dated, {"filter": written, "limit": "9"})
    assert found.status_code == 200, found.content
    assert {one["properties"]["name"] for one in found.json()["features"]} == expected


@pytest.mark.parametrize(
    ("written", "code", "place"),
    [
        ("name = ", "filter-syntax", "8"),
        ("name == 'x'", "filter-syntax", "7"),
        ("name = 'x", "filter-syntax", "8"),
        ("name = 'x' population = 1", "filter-syntax", "12"),
        ("nmae = 'x'", "unknown-field", "1"),
        ("population = 'viele'", "filter-types", "14"),
        ("name + 1 = 2", "filter-types", "1"),
        ("name", "filter-types", "1"),
        ("name LIKE population", "filter-types", "11"),
        ("name LIKE municipality", "filter-types", "11"),
        ("name LIKE 'x\\'", "filter-syntax", "11"),
        ("name LIKE 'x\\\\\\\\\\'", "filter-syntax", "11"),
        ("population = 1e400", "filter-types", "14"),
        ("population = 99999999999999999999999", "filter-types", "14"),
        ("UPPER(name) = 'X'", "filter-syntax", "1"),
        ("population ^ 2 = 4", "filter-syntax", "12"),
        ("S_INTERSECTS(geometry)", "filter-syntax", "1"),
        ("S_INTERSECTS(geometry, name)", "filter-types", "24"),
        ("S_INTERSECTS(geometry, POLYGON((0 50, 1 51)))", "filter-geometry", "24"),
        ("S_INTERSECTS(geometry, POLYGON((9 54, 10 55, 10 54, 9 55, 9 54)))", "filter-geometry", "24"),
        ("S_INTERSECTS(geometry, POINT(100 100))", "filter-geometry", "24"),
        ("S_INTERSECTS(geometry, POINT(1))", "filter-geometry", "24"),
        ("S_INTERSECTS(geometry, BBOX(10, 55, 9))", "filter-geometry", "24"),
        ("S_INTERSECTS(geometry, BBOX(9, 56, 10, 55))", "filter-geometry", "24"),
        ("population > DATE('2020-01-01')", "filter-types", "14"),
        ("T_AFTER(name, DATE('2020-01-01'))", "filter-types", "9"),
        ("name = DATE('2020-13-01')", "filter-syntax", "8"),
        ("name = TIMESTAMP('2020-01-01T00:00:00')", "filter-syntax", "8"),
        ("name = INTERVAL('..','..')", "filter-types", "8"),
        ("T_AFTER(INTERVAL('..'), DATE('2020-01-01'))", "filter-syntax", "9"),
        ("NOT " * 40 + "TRUE", "filter-too-large", ""),
        ("(" * 40 + "TRUE" + ")" * 40, "filter-too-large", ""),
        ("population IN (" + "1," * 600 + "1)", "filter-too-large", ""),
        ("name = '" + "x" * 11_000 + "'", "filter-too-large", ""),
        ("name = 'a\0'", "filter-syntax", "8"),
        ("   ", "bad-value", ""),
    ],
)  # fmt: skip
def test_06_bad_filters_name_place_and_reason(client: Client, written: str, code: str, place: str) -> None:
    response = client.get(ITEMS, {"filter": written})
    found = response.json()
    assert (response.status_code, found["code"]) == (400, code), found
    if place:
        assert found["place"] == place, found
    assert "?" not in found["title"], found


@pytest.mark.parametrize(
    ("written", "code", "place"),
    [
        ("{", "filter-syntax", "2"), ("[]", "filter-syntax", "$"), ("null", "filter-syntax", "$"),
        ('{"op": "=", "args": [{"property": "nmae"}, 1]}', "unknown-field", "$.args[0].property"),
        ('{"op": "=", "args": [{"property": "name"}]}', "filter-syntax", "$"),
        ('{"op": "=", "args": 1}', "filter-syntax", "$.args"),
        ('{"op": ["="], "args": []}', "filter-syntax", "$.op"),
        ('{"op": "and", "args": [true]}', "filter-syntax", "$"),
        ('{"op": "power", "args": [1, 2]}', "filter-syntax", "$.op"),
        ('{"property": 7}', "filter-syntax", "$"),
        ('{"op": "s_within", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": "x"}]}', "filter-geometry", "$.args[1]"),
        ('{"op": "s_within", "args": [{"property": "geometry"}, {"type": "Point"}]}', "filter-geometry", "$.args[1]"),
        ('{"op": "s_within", "args": [{"property": "geometry"}, {"type": "Polygon", "coordinates": [[[0, 0]]]}]}', "filter-geometry", "$.args[1]"),
        ('{"op": "s_within", "args": [{"property": "geometry"}, {"bbox": [1, 2, "3", 4]}]}', "filter-geometry", "$.args[1]"),
        ('{"op":"not","args":[' * 40 + "true" + "]}" * 40, "filter-too-large", ""),
    ],
)  # fmt: skip
def test_07_bad_json_names_place_and_reason(client: Client, written: str, code: str, place: str) -> None:
    response = client.get(ITEMS, {"filter": written, "filter-lang": "cql2-json"})
    found = response.json()
    assert (response.status_code, found["code"]) == (400, code), found
    if place:
        assert found["place"] == place, found


def test_08_other_languages_and_systems_are_refused(client: Client) -> None:
    for query, code in (({"filter": "TRUE", "filter-lang": "ecql"}, "unknown-format"),
                        ({"filter-lang": "ecql"}, "unknown-format"),
                        ({"filter": "TRUE", "filter-crs": "EPSG:31467"}, "bad-crs")):  # fmt: skip
        response = client.get(ITEMS, query)
        assert (response.status_code, response.json()["code"]) == (400, code)


def test_09_a_private_field_is_as_unknown_as_one_that_is_not_there(client: Client, dated: str) -> None:
    """Of the answers nothing differs but the name that was sent, in either language, wherever the name stands."""
    for written in ("{} = 'hand'", "{} IS NULL", "CASEI({}) LIKE 'h%'", "TRUE OR {} = 1", "S_WITHIN({}, POINT(9 54))"):
        answers = []
        for name in ("secret", "nobody"):
            response = client.get(dated, {"filter": written.format(name)})
            answers.append(
                (
                    response.status_code,
                    response.content.replace(name.encode(), b"*"),
                    {key: value for key, value in response.headers.items() if key != "X-Request-ID"},
                )
            )
        assert answers[0][0] == 400
        assert answers[0][1] == answers[1][1]
        lengths = [one[2].pop("Content-Length", None) for one in answers]
        assert lengths[0] == lengths[1]
        assert answers[0][2] == answers[1][2]
    # The column's own name is none either.
    assert client.get(dated, {"filter": "source = 'hand'"}).json()["code"] == "unknown-field"
    assert client.get(dated, {"filter": "source__startswith = 'h'"}).json()["code"] == "unknown-field"


def test_10_rows_of_others_cause_no_errors(client: Client) -> None:
    """A value that only others see decides nothing: no filter can fail on it."""
    factories.note(factories.organisation("b"), title="intern")
    for written in ("1 / (id - id) > 0", "id * 1e18 * 1e18 * 1e18 > 0", "id % 0 = 0", "id div 0 = 0"):
        found = client.get("/ogc/collections/notes/items", {"filter": written})
        assert (found.status_code, found.json()["numberMatched"]) == (200, 0), written


def test_11_rest_and_downloads_filter_as_well(client: Client, places: None) -> None:
    query = {"filter": "population > 100 AND kind = 'village'"}
    page = client.get("/api/layers/places/features/", query).json()
    assert [one["properties"]["name"] for one in page["features"]] == ["Haby"]
    body = b"".join(client.get("/api/download/places", {**query, "format": "geojson"}).streaming_content)
    assert [one["properties"]["name"] for one in json.loads(body)["features"]] == ["Haby"]
    sheet = client.get("/api/download/places", {**query, "format": "gpkg"})
    assert sheet.status_code == 200
    assert b"".join(sheet.streaming_content).startswith(b"SQLite")
    refused = client.get("/api/download/places", {"filter": "nmae = 1"})
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown-field")


def test_12_counts_follow_writes_and_pages_keep_the_filter(client: Client, places: None) -> None:
    query = {"filter": "population > 0", "limit": "2", "f": "json"}
    first = client.get(ITEMS, query).json()
    assert (first["numberMatched"], first["numberReturned"]) == (3, 2)
    following = next(one["href"] for one in first["links"] if one["rel"] == "next")
    assert client.get(following).json()["numberReturned"] == 1
    factories.place("Neu", population=5)
    assert client.get(ITEMS, query).json()["numberMatched"] == 4


def test_13_queryables(client: Client) -> None:
    response = client.get("/ogc/collections/places/queryables")
    found = response.json()
    assert response["Content-Type"] == "application/schema+json"
    assert found["$id"].endswith("/collections/places/queryables")
    assert set(found["properties"]) == {"id", "name", "kind", "population", "municipality", "geometry"}
    assert found["properties"]["geometry"]["x-ogc-role"] == "primary-geometry"
    assert found["properties"]["id"] == {"type": "integer", "x-ogc-role": "id"}
    assert found["additionalProperties"] is False
    links = {one["rel"] for one in client.get("/ogc/collections/places?f=json").json()["links"]}
    assert "http://www.opengis.net/def/rel/ogc/1.0/queryables" in links
    # Each of them may be asked for.
    for name in found["properties"]:
        assert client.get(ITEMS, {"filter": f"{name} IS NOT NULL"}).status_code == 200, name
