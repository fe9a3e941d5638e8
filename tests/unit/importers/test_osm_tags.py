"""Which tags make which layers."""

import pytest

from importers import osm_tags


def layers(rows: list[tuple[str, osm_tags.Row]]) -> list[tuple[str, object]]:
    return [(layer, row.get("kind", row.get("name"))) for layer, row in rows]


@pytest.mark.parametrize(("tags", "expected"), [
    ({"highway": "residential", "name": "Dorfstraße"}, [("roads", "residential"), ("streets", "Dorfstraße")]),
    ({"highway": "motorway_link", "name": "A 7"}, [("roads", "motorway")]),
    ({"highway": "track"}, [("paths", "track")]),
    ({"highway": "footway", "area": "yes"}, []),
    ({"highway": "proposed"}, []),
    ({"railway": "rail"}, [("rails", "rail")]),
    ({"railway": "platform"}, []),
    ({"waterway": "stream", "name": "Sorge"}, [("waterways", "stream")]),
])  # fmt: skip
def test_01_lines(tags: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert layers(osm_tags.lines(tags)) == expected


@pytest.mark.parametrize(("tags", "expected"), [
    ({"landuse": "forest"}, [("landuse", "wood")]),
    ({"natural": "wood"}, [("landuse", "wood")]),
    ({"natural": "water", "water": "lake"}, [("waters", "lake")]),
    ({"natural": "water"}, [("waters", "water")]),
    ({"landuse": "basin"}, [("waters", "basin")]),
    ({"building": "yes", "amenity": "school"}, [("buildings", "yes")]),
    ({"building": "no", "landuse": "meadow"}, [("landuse", "meadow")]),
    ({"highway": "pedestrian"}, []),
    ({"highway": "pedestrian", "area": "yes"}, [("landuse", "pedestrian")]),
    ({"leisure": "pitch"}, [("landuse", "pitch")]),
])  # fmt: skip
def test_02_areas(tags: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert layers(osm_tags.areas(tags)) == expected


@pytest.mark.parametrize(
    ("number", "said"), [("12a", "12a"), ("12 A", "12 A"), ("12-14", "12-14"), (" 3  b ", "3 b"), ("1;3", "1;3")]
)
def test_03_house_numbers(number: str, said: str) -> None:
    ((layer, row),) = osm_tags.points(
        {"addr:housenumber": number, "addr:street": "Dorfstraße", "addr:city": "Ascheffel"}
    )
    assert (layer, row["house_number"], row["street_name"], row["locality"]) == (
        "addresses",
        said,
        "Dorfstraße",
        "Ascheffel",
    )


def test_04_a_place_stands_for_the_street() -> None:
    ((_layer, row),) = osm_tags.points({"addr:housenumber": "4", "addr:place": "Hütten"})
    assert (row["street_name"], row["locality"]) == ("Hütten", "")


def test_05_without_a_street_it_is_no_address() -> None:
    assert osm_tags.points({"addr:housenumber": "4"}) == []


@pytest.mark.parametrize(("tags", "category", "kind"), [
    ({"amenity": "school"}, "education", "school"), ({"shop": "bakery"}, "shop", "bakery"),
    ({"amenity": "doctors"}, "health", "doctors"), ({"tourism": "museum"}, "culture", "museum"),
    ({"amenity": "townhall"}, "public", "townhall"),
])  # fmt: skip
def test_06_points_of_interest(tags: dict[str, str], category: str, kind: str) -> None:
    ((layer, row),) = osm_tags.points(tags)
    assert (layer, row["category"], row["kind"]) == ("pois", category, kind)


@pytest.mark.parametrize(
    "tags", [{"amenity": "bench"}, {"shop": "no"}, {"emergency": "fire_hydrant"}, {"natural": "tree"}]
)
def test_07_what_is_none(tags: dict[str, str]) -> None:
    assert osm_tags.points(tags) == []


@pytest.mark.parametrize(
    ("said", "levels"), [("2", 2), ("3;4", 3), ("2.5", 2), ("viele", None), ("99999999999999", None)]
)
def test_08_storeys(said: str, levels: int | None) -> None:
    ((_layer, row),) = osm_tags.areas({"building": "house", "building:levels": said})
    assert row["levels"] == levels


def test_09_places_need_a_name() -> None:
    assert layers(osm_tags.places({"place": "village", "name": "Ascheffel", "population": "1.020"})) == [
        ("places", "village")
    ]
    ((_layer, row),) = osm_tags.places({"place": "village", "name": "Ascheffel", "population": "1.020"})
    assert row["population"] == 1020
    assert osm_tags.places({"place": "village"}) == []
