"""Which OpenStreetMap tags make which layer: tables as data. Source: wiki.openstreetmap.org/wiki/Map_features.

Each function takes an object's tags and returns the rows it makes: (layer, {field: value}).
"""

import re
from collections.abc import Mapping

Tags = Mapping[str, str]
Row = dict[str, str | int | bool | None]

# highway=* -> kind of road (what motor vehicles drive on). Links count as the road that they lead to.
ROADS = {
    "motorway": "motorway", "motorway_link": "motorway", "trunk": "trunk", "trunk_link": "trunk",
    "primary": "primary", "primary_link": "primary", "secondary": "secondary", "secondary_link": "secondary",
    "tertiary": "tertiary", "tertiary_link": "tertiary", "unclassified": "unclassified", "road": "unclassified",
    "residential": "residential", "living_street": "living_street", "service": "service", "raceway": "service",
    "busway": "service", "bus_guideway": "service",
}  # fmt: skip
PATHS = {
    "track": "track", "path": "path", "footway": "footway", "cycleway": "cycleway", "bridleway": "bridleway",
    "steps": "steps", "pedestrian": "pedestrian", "corridor": "footway", "via_ferrata": "path",
}  # fmt: skip
RAILS = {
    "rail": "rail", "light_rail": "light_rail", "tram": "tram", "subway": "subway", "narrow_gauge": "narrow_gauge",
    "monorail": "monorail", "funicular": "funicular", "preserved": "preserved", "miniature": "miniature",
    "disused": "disused",
}  # fmt: skip
WATERWAYS = {
    "river": "river", "stream": "stream", "canal": "canal", "ditch": "ditch", "drain": "drain",
    "tidal_channel": "stream", "brook": "stream",
}  # fmt: skip
WATERS = {
    ("natural", "water"): "water", ("waterway", "riverbank"): "river",
    ("landuse", "reservoir"): "reservoir", ("landuse", "basin"): "basin", ("waterway", "dock"): "dock",
    ("natural", "bay"): "bay", ("leisure", "swimming_pool"): "pool",
}  # fmt: skip
# The first that fits counts.
LANDUSE = {
    ("landuse", "forest"): "wood", ("natural", "wood"): "wood", ("landuse", "meadow"): "meadow",
    ("natural", "grassland"): "meadow", ("landuse", "farmland"): "farmland",
    ("landuse", "greenhouse_horticulture"): "farmland",
    ("landuse", "farmyard"): "farmyard", ("landuse", "residential"): "residential",
    ("landuse", "industrial"): "industrial",
    ("landuse", "commercial"): "commercial", ("landuse", "retail"): "commercial",
    ("landuse", "construction"): "construction",
    ("landuse", "brownfield"): "construction", ("landuse", "greenfield"): "construction",
    ("landuse", "cemetery"): "cemetery", ("amenity", "grave_yard"): "cemetery", ("landuse", "allotments"): "allotments",
    ("landuse", "orchard"): "orchard", ("landuse", "vineyard"): "vineyard", ("landuse", "plant_nursery"): "orchard",
    ("landuse", "grass"): "grass", ("landuse", "village_green"): "grass", ("landuse", "recreation_ground"): "park",
    ("landuse", "quarry"): "quarry", ("landuse", "landfill"): "quarry", ("landuse", "military"): "military",
    ("landuse", "railway"): "railway", ("landuse", "flowerbed"): "grass", ("landuse", "religious"): "institutional",
    ("landuse", "education"): "institutional", ("landuse", "institutional"): "institutional",
    ("landuse", "garages"): "residential", ("leisure", "park"): "park", ("leisure", "garden"): "park",
    ("leisure", "pitch"): "pitch", ("leisure", "playground"): "playground", ("leisure", "golf_course"): "golf",
    ("leisure", "nature_reserve"): "nature_reserve", ("leisure", "sports_centre"): "pitch",
    ("leisure", "track"): "pitch",
    ("leisure", "common"): "grass", ("natural", "heath"): "heath", ("natural", "scrub"): "scrub",
    ("natural", "wetland"): "wetland", ("natural", "sand"): "sand", ("natural", "beach"): "sand",
    ("natural", "bare_rock"): "rock", ("natural", "scree"): "rock", ("natural", "shingle"): "sand",
    ("amenity", "school"): "institutional", ("amenity", "university"): "institutional",
    ("amenity", "hospital"): "institutional", ("amenity", "kindergarten"): "institutional",
    ("amenity", "college"): "institutional", ("amenity", "parking"): "parking", ("aeroway", "aerodrome"): "aerodrome",
    ("tourism", "camp_site"): "camp_site", ("tourism", "zoo"): "park", ("highway", "pedestrian"): "pedestrian",
}  # fmt: skip
PLACES = {"city", "town", "village", "hamlet", "suburb", "quarter", "neighbourhood", "isolated_dwelling", "farm",
          "locality", "island", "islet"}  # fmt: skip
# Key -> category of a point of interest; the kind is the key's value. The first key that an object has counts.
POI_KEYS = {
    "amenity": "amenity", "shop": "shop", "tourism": "tourism", "healthcare": "health", "leisure": "leisure",
    "office": "office", "craft": "craft", "historic": "historic", "emergency": "emergency",
}  # fmt: skip
POI_CATEGORIES = {
    "health": {"doctors", "dentist", "hospital", "clinic", "pharmacy", "nursing_home", "veterinary"},
    "education": {"school", "kindergarten", "university", "college", "library", "music_school", "driving_school",
                  "language_school", "childcare"},
    "food": {"restaurant", "cafe", "fast_food", "bar", "pub", "biergarten", "ice_cream", "food_court"},
    "public": {"townhall", "police", "fire_station", "post_office", "courthouse", "community_centre", "social_facility",
               "prison", "embassy", "public_building", "ranger_station"},
    "money": {"bank", "atm", "bureau_de_change"},
    "transport": {"parking", "bus_station", "taxi", "fuel", "charging_station", "bicycle_parking", "bicycle_rental",
                  "car_sharing", "car_rental", "ferry_terminal", "car_wash", "bicycle_repair_station",
                  "parking_entrance", "motorcycle_parking"},
    "culture": {"theatre", "cinema", "arts_centre", "nightclub", "museum", "gallery", "artwork", "studio"},
    "religion": {"place_of_worship", "monastery"},
    "waste": {"recycling", "waste_basket", "waste_disposal", "waste_transfer_station"},
}  # fmt: skip
NOT_POIS = {
    ("amenity", "parking_space"), ("amenity", "bench"), ("amenity", "waste_basket"), ("amenity", "grit_bin"),
    ("amenity", "hunting_stand"), ("amenity", "vending_machine"), ("leisure", "garden"), ("leisure", "swimming_pool"),
    ("emergency", "fire_hydrant"), ("tourism", "information"), ("leisure", "picnic_table"), ("leisure", "pitch"),
    ("historic", "boundary_stone"), ("amenity", "loading_dock"), ("leisure", "slipway"), ("leisure", "common"),
    ("emergency", "access_point"), ("emergency", "designated"), ("emergency", "yes"), ("emergency", "private"),
    ("emergency", "no"), ("emergency", "official"),
}  # fmt: skip
_NO = {"", "no", "none"}

# Only objects with one of these keys are looked at.
KEYS = ("highway", "railway", "waterway", "natural", "water", "landuse", "leisure", "building", "place",
        "addr:housenumber", "aeroway", *POI_KEYS)  # fmt: skip
AREA_KEYS = ("natural", "water", "waterway", "landuse", "leisure", "building", "aeroway", "highway", "addr:housenumber",
             *POI_KEYS)  # fmt: skip


def _name(tags: Tags) -> str:
    return tags.get("name:de") or tags.get("name", "")


def _yes(tags: Tags, key: str) -> bool:
    return tags.get(key, "no") not in _NO


def _number(text: str) -> int | None:
    """The whole number at the start of a text ("3", "3;4", "2.5", "1.200"), or None where there is none that fits."""
    thousands = re.fullmatch(r"\d{1,3}([. ]\d{3})+", text.strip())
    match = re.match(r"\s*(\d{1,9})(?!\d)", re.sub(r"[. ]", "", text) if thousands else text)
    return int(match[1]) if match else None


def _way(kind: str, tags: Tags) -> Row:
    return {
        "kind": kind, "name": _name(tags), "ref": tags.get("ref", ""), "surface": tags.get("surface", ""),
        "oneway": tags.get("oneway", ""), "bridge": _yes(tags, "bridge"), "tunnel": _yes(tags, "tunnel"),
    }  # fmt: skip


def lines(tags: Tags) -> list[tuple[str, Row]]:
    """What a way makes as a line."""
    rows: list[tuple[str, Row]] = []
    highway = tags.get("highway", "")
    if highway and tags.get("area") != "yes":
        if highway in ROADS:
            rows.append(("roads", _way(ROADS[highway], tags) | {"maxspeed": tags.get("maxspeed", "")}))
        elif highway in PATHS:
            rows.append(("paths", _way(PATHS[highway], tags)))
        if rows and _name(tags) and not highway.startswith("motorway"):
            rows.append(("streets", {"name": _name(tags)}))
    if tags.get("railway") in RAILS:
        rows.append(("rails", {"kind": RAILS[tags["railway"]], "name": _name(tags)}))
    if tags.get("waterway") in WATERWAYS:
        rows.append(("waterways", {"kind": WATERWAYS[tags["waterway"]], "name": _name(tags)}))
    return rows


def _first(table: Mapping[tuple[str, str], str], tags: Tags) -> str:
    return next((kind for (key, value), kind in table.items() if tags.get(key) == value), "")


def _water(tags: Tags) -> str:
    kind = _first(WATERS, tags)
    if kind in ("", "water") and tags.get("natural") == "water":
        return tags.get("water", "water") or "water"
    return kind


def areas(tags: Tags) -> list[tuple[str, Row]]:
    """What a closed way or a multipolygon makes as an area."""
    rows: list[tuple[str, Row]] = []
    if _yes(tags, "building"):
        levels = _number(tags.get("building:levels", ""))
        fitting = levels if levels is not None and levels < 300 else None
        rows.append(("buildings", {"kind": tags["building"], "name": _name(tags), "levels": fitting}))
    water = _water(tags)
    if water:
        rows.append(("waters", {"kind": water, "name": _name(tags)}))
        return rows
    if not rows:
        kind = _first(LANDUSE, tags)
        if kind and (kind != "pedestrian" or tags.get("area") == "yes" or tags.get("type") == "multipolygon"):
            rows.append(("landuse", {"kind": kind, "name": _name(tags)}))
    return rows


def _poi(tags: Tags) -> Row | None:
    for key, category in POI_KEYS.items():
        value = tags.get(key, "")
        if value in _NO or (key, value) in NOT_POIS:
            continue
        finer = next((name for name, kinds in POI_CATEGORIES.items() if value in kinds), category)
        return {
            "kind": value, "category": finer, "name": _name(tags), "opening_hours": tags.get("opening_hours", ""),
            "wheelchair": tags.get("wheelchair", ""), "website": tags.get("website") or tags.get("contact:website", ""),
        }  # fmt: skip
    return None


def points(tags: Tags) -> list[tuple[str, Row]]:
    """What an object makes as a point (an area: a point on it): address and point of interest."""
    rows: list[tuple[str, Row]] = []
    number = tags.get("addr:housenumber", "")
    street = tags.get("addr:street") or tags.get("addr:place", "")
    if number and street:
        locality = tags.get("addr:city") or (tags.get("addr:place", "") if tags.get("addr:street") else "")
        address: Row = {
            "street_name": street, "house_number": re.sub(r"\s+", " ", number).strip(),
            "postcode": tags.get("addr:postcode", ""), "locality": locality,
        }  # fmt: skip
        rows.append(("addresses", address))
    poi = _poi(tags)
    if poi is not None:
        rows.append(("pois", poi))
    return rows


def places(tags: Tags) -> list[tuple[str, Row]]:
    """What a node makes as a place."""
    if tags.get("place") in PLACES and _name(tags):
        population = _number(tags.get("population", ""))
        return [("places", {"name": _name(tags), "kind": tags["place"], "population": population})]
    return []
