"""What `gisapp import osm` stores of real extracts, beside counts by rules that are written down here once more.

Nothing of the importer is used: neither its tables of tags (importers/osm_tags.py) nor osmium's assembler of areas. An
area is a closed way or a relation of type multipolygon or boundary; what the two ways of counting disagree about is
listed by id, and each of these differences has a reason that the test checks.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium
import pytest
import shapely
from django.db import connection, transaction

from gisapp.geolibs import transformer
from gisapp.layer import all_targets
from importers.osm import run_osm_import
from importers.plan import Options
from importers.progress import Reporter
from importers.report import Report

pytestmark = pytest.mark.django_db

Tags = dict[str, str]
Ids = set[str]

NOTHING = {None, "", "no", "none"}
LAND = {
    "landuse": "forest meadow farmland greenhouse_horticulture farmyard residential industrial commercial retail construction"
    " brownfield greenfield cemetery allotments orchard vineyard plant_nursery grass village_green recreation_ground quarry"
    " landfill military railway flowerbed religious education institutional garages",
    "natural": "wood grassland heath scrub wetland sand beach bare_rock scree shingle",
    "leisure": "park garden pitch playground golf_course nature_reserve sports_centre track common",
    "amenity": "grave_yard school university hospital kindergarten college parking",
    "aeroway": "aerodrome",
    "tourism": "camp_site zoo",
}
# What is on the map as furniture, as an area or not at all is no point of interest.
LEFT_OUT = {
    "amenity": "parking_space bench waste_basket grit_bin hunting_stand vending_machine loading_dock",
    "leisure": "garden swimming_pool picnic_table pitch slipway common",
    "emergency": "fire_hydrant access_point designated yes private no official",
    "tourism": "information",
    "historic": "boundary_stone",
}
POI_KEYS = ("amenity", "shop", "tourism", "healthcare", "leisure", "office", "craft", "historic", "emergency")
DRIVEN = "motorway trunk primary secondary tertiary"
SMALL = "unclassified road residential living_street service raceway busway bus_guideway"
ROADS = {*DRIVEN.split(), *(f"{one}_link" for one in DRIVEN.split()), *SMALL.split()}
WALKED = "track path footway cycleway bridleway steps pedestrian corridor via_ferrata"
PATHS = {*WALKED.split()}


def is_building(tags: Tags) -> bool:
    return tags.get("building") not in NOTHING


def is_water(tags: Tags) -> bool:
    return (
        tags.get("natural") in ("water", "bay")
        or tags.get("waterway") in ("riverbank", "dock")
        or tags.get("landuse") in ("reservoir", "basin")
        or tags.get("leisure") == "swimming_pool"
    )


def is_land(tags: Tags) -> bool:
    """Land use; a building or a water is that and no land besides."""
    if is_building(tags) or is_water(tags):
        return False
    squares = tags.get("highway") == "pedestrian" and (tags.get("area") == "yes" or tags.get("type") == "multipolygon")
    return squares or any(tags.get(key) in values.split() for key, values in LAND.items())


def is_poi(tags: Tags) -> bool:
    return any(
        tags.get(key) not in NOTHING and tags[key] not in LEFT_OUT.get(key, "").split()
        for key in POI_KEYS
        if key in tags
    )


def is_address(tags: Tags) -> bool:
    """A number alone stands on no street."""
    return bool(tags.get("addr:housenumber") and (tags.get("addr:street") or tags.get("addr:place")))


AREAS = {"buildings": is_building, "waters": is_water, "landuse": is_land}
SPOTS = {"pois": is_poi, "addresses": is_address}


@dataclass
class Way:
    """A named piece of road."""

    name: str
    line: Any


@dataclass
class Counted(osmium.SimpleHandler):
    """Ids by layer, and what explains a difference."""

    ids: dict[str, Ids] = field(default_factory=lambda: defaultdict(set))
    named: dict[str, Way] = field(default_factory=dict)
    places: list[tuple[str, Any]] = field(default_factory=list)
    not_area: Ids = field(default_factory=set)
    flat: Ids = field(default_factory=set)
    cut: Ids = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self._to_metres = transformer("EPSG:4326", "EPSG:25832")

    def _note(self, name: str, tags: Tags, rules: dict[str, Any]) -> None:
        for layer, rule in rules.items():
            if rule(tags):
                self.ids[layer].add(name)

    def node(self, node: Any) -> None:
        tags = dict(node.tags)
        self._note(f"n{node.id}", tags, SPOTS)
        name = tags.get("name:de") or tags.get("name")
        if name and tags.get("place") in ("city", "town", "village", "hamlet"):
            self.places.append((name, shapely.Point(self._to_metres.transform(node.location.lon, node.location.lat))))

    def way(self, way: Any) -> None:
        tags, name = dict(way.tags), f"w{way.id}"
        self._note(name, tags, SPOTS)
        if way.is_closed():
            self._note(name, tags, AREAS)
            if tags.get("area") == "no":
                self.not_area.add(name)
            if len({(one.x, one.y) for one in way.nodes}) < 3:
                self.flat.add(name)
        self._street(name, tags, way)

    def _street(self, name: str, tags: Tags, way: Any) -> None:
        called = tags.get("name:de") or tags.get("name")
        highway = tags.get("highway", "")
        if not called or tags.get("area") == "yes" or highway not in ROADS | PATHS or highway.startswith("motorway"):
            return
        known = [self._to_metres.transform(one.lon, one.lat) for one in way.nodes if one.location.valid()]
        if len(set(known)) > 1:
            self.named[name] = Way(called, shapely.LineString(known))
        else:
            self.cut.add(name)

    def relation(self, relation: Any) -> None:
        tags = dict(relation.tags)
        if tags.get("type") in ("multipolygon", "boundary"):
            self._note(f"r{relation.id}", tags, {**AREAS, **SPOTS})


TABLES = {
    "buildings": "basemap_building", "waters": "basemap_water", "landuse": "basemap_landuse", "pois": "basemap_poi",
    "addresses": "regions_address",
}  # fmt: skip


def stored(layer: str) -> Ids:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT source_id FROM {TABLES[layer]} WHERE source = 'osm' AND retired_at IS NULL")
        return {name for (name,) in cursor.fetchall()}


def _refused(report: Report) -> dict[str, dict[str, str]]:
    """Each layer's refused ids with their codes; none is refused twice."""
    for one in report.layers:
        assert len({bad.id for bad in one.rejected}) == len(one.rejected) == one.rejected_count
    return {one.layer: {bad.id: bad.code for bad in one.rejected} for one in report.layers}


@pytest.fixture(scope="module", params=["zhelez", "bb_kreis_merged", "aachen"])
def counted(
    real_data: Path, request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> Iterator[tuple[Counted, dict[str, dict[str, str]]]]:
    """The file counted here, and imported once for the tests that look at it; the refused ids of each layer with their codes."""
    file = real_data / "osm" / f"{request.param}.osm.pbf"
    mine = Counted()
    mine.apply_file(str(file), locations=True)
    with django_db_blocker.unblock(), transaction.atomic():
        report = run_osm_import("osm", file, all_targets(), Options(), "", Reporter())
        yield mine, _refused(report)
        transaction.set_rollback(True)


def test_01_areas_points_and_addresses(counted: tuple[Counted, dict[str, dict[str, str]]]) -> None:
    mine, refused = counted
    assert any(mine.ids.values())
    for layer in TABLES:
        there, here = stored(layer), mine.ids[layer]
        if layer in AREAS:
            # area=no says of a ring that it is its line alone (a running track): the one rule that is not of the layer.
            here = here - mine.not_area
        assert there - here == set(), layer
        # What is missing was refused by name: a ring that the extract has cut, areas that are none. Nothing is silent.
        assert here - there == refused[layer].keys(), layer
        assert set(refused[layer].values()) <= {"node-missing", "relation-broken", "geometry-invalid"}


def test_02_so_much_that_it_means_something(counted: tuple[Counted, dict[str, dict[str, str]]]) -> None:
    """Agreement about little would be none: the numbers themselves, so that a rule that both sides lose is seen."""
    assert sum(len(one) for one in counted[0].ids.values())
    sizes = {layer: len(stored(layer)) for layer in TABLES}
    assert sizes in (
        {"buildings": 0, "waters": 0, "landuse": 2, "pois": 6, "addresses": 0},
        {"buildings": 3, "waters": 0, "landuse": 27, "pois": 65, "addresses": 3},
        {"buildings": 35_170, "waters": 150, "landuse": 3_990, "pois": 6_326, "addresses": 25_365},
    )


def test_03_streets_are_the_names_of_each_locality(counted: tuple[Counted, dict[str, dict[str, str]]]) -> None:
    """Pieces of one folded name, nearest to one place within ten kilometres (no municipality was imported)."""
    mine, refused = counted
    assert set(refused["streets"]) == mine.cut
    names = sorted({one.name for one in mine.named.values()})
    with connection.cursor() as cursor:
        # The fold of the search is no part of the importer.
        cursor.execute("SELECT name, gisapp_norm(name) FROM unnest(%s::text[]) AS name", [names])
        folded = dict(cursor.fetchall())
        cursor.execute(
            "SELECT gisapp_norm(name), locality FROM regions_street WHERE source = 'osm' AND retired_at IS NULL"
        )
        there = cursor.fetchall()
    assert len(there) == len(set(there))
    tree = shapely.STRtree([spot for _name, spot in mine.places])
    expected = set()
    for one in mine.named.values():
        found = tree.query_nearest(shapely.point_on_surface(one.line), max_distance=10_000)
        locality = mine.places[int(found[0])][0] if len(found) else ""
        if folded[one.name]:
            expected.add((folded[one.name], locality))
    assert set(there) == expected
