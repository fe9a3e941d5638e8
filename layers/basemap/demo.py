"""The base map's share of the demo: land, water, roads, paths, rails, buildings and points of interest."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from django.db import connection, transaction
from django.utils.translation import gettext as _
from shapely.ops import substring

from gisapp.bulk import analyze, copy_rows
from gisapp.geolibs import transformer
from layers.regions.demo import SOURCE, ewkb
from layers.regions.demo_plan import Array, Plan, Street, blob, plan

# Coarse courses of what crosses the region, longitude and latitude.
MOTORWAY = ((9.555, 54.27), (9.575, 54.33), (9.60, 54.365), (9.585, 54.40), (9.60, 54.44), (9.57, 54.50))
RAILWAY = ((9.66, 54.28), (9.655, 54.34), (9.625, 54.385), (9.585, 54.425), (9.555, 54.50))
CANAL = ((9.60, 54.32), (9.68, 54.325), (9.76, 54.345), (9.83, 54.362), (9.92, 54.365))
BUILDING_DEPTHS, BUILDING_WIDTHS = (8.0, 9.5, 11.0), (9.0, 11.0, 13.5)


def build(size: str, seed: int, progress: Callable[[str], None]) -> None:
    """Write the base map of a size anew, in one transaction."""
    drawn = plan(size, seed)
    rng = np.random.default_rng([seed, 7])
    with transaction.atomic():
        _clear()
        progress(_("Flächen und Gewässer"))
        _land(drawn, rng)
        _waters(drawn)
        progress(_("Straßen, Wege, Gleise"))
        _roads(drawn, rng)
        _paths(drawn, rng)
        progress(_("%(count)s Gebäude") % {"count": len(drawn.house_number)})
        _buildings(drawn)
        progress(_("Orte von Interesse"))
        _pois(drawn, rng)
    tables = ("road", "path", "rail", "water", "waterway", "landuse", "building", "poi")
    analyze(*(f"basemap_{one}" for one in tables))


def _clear() -> None:
    with connection.cursor() as cursor:
        for one in ("road", "path", "rail", "water", "waterway", "landuse", "building", "poi"):
            cursor.execute(f"DELETE FROM basemap_{one} WHERE source = %s", [SOURCE])  # noqa: S608


def _write(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], shapes: Sequence[Any]) -> None:
    """Rows of a table with their shapes; the row's place is its source id."""
    copy_rows(
        f"basemap_{table}",
        ("source", "source_id", "geom", *columns),
        (
            (SOURCE, str(number), shape, *row)
            for number, (row, shape) in enumerate(zip(rows, ewkb(shapes), strict=True))
        ),
    )


def _course(points: Sequence[tuple[float, float]], seed: int) -> shapely.LineString:
    """A smooth, slightly wandering line through points in degrees."""
    given = np.array([transformer("EPSG:4326", "EPSG:25832").transform(*one) for one in points])
    for _turn in range(4):  # Chaikin's corner cutting
        cut = np.empty((2 * len(given) - 2, 2))
        cut[0::2], cut[1::2] = given[:-1] * 0.75 + given[1:] * 0.25, given[:-1] * 0.25 + given[1:] * 0.75
        given = np.vstack([given[:1], cut, given[-1:]])
    return shapely.linestrings(np.round(given, 2))


def _settlements(drawn: Plan) -> list[shapely.Geometry]:
    """The built-up ground of each village: what lies within 45 m of its streets."""
    lines: dict[int, list[Any]] = {}
    for one in drawn.streets:
        lines.setdefault(one.village, []).append(shapely.linestrings(one.line))
    return [
        shapely.simplify(shapely.buffer(shapely.multilinestrings(lines[place]), 45, quad_segs=3), 4)
        for place in range(len(drawn.villages))
    ]


def _land(drawn: Plan, rng: np.random.Generator) -> None:
    shapes: list[Any] = list(drawn.boundaries)
    rows = [("farmland", "")] * len(shapes)
    settled = _settlements(drawn)
    tree = shapely.STRtree([*settled, *(one for _, one in drawn.lakes)])
    for cell, centre in zip(drawn.boundaries, drawn.centres, strict=True):
        shapely.prepare(cell)
        for _turn in range(9):
            spot = centre + rng.uniform(-2000, 2000, 2)
            kind = ("wood", "meadow", "wood", "meadow", "grass")[int(rng.integers(0, 5))]
            patch = blob(tuple(spot), rng.uniform(130, 520), rng.uniform(90, 300), rng.uniform(0, math.pi), rng)
            if cell.contains(patch) and not len(tree.query(patch, predicate="intersects")):
                shapes.append(patch)
                rows.append((kind, ""))
    for village, ground in zip(drawn.villages, settled, strict=True):
        for part in shapely.get_parts(ground):
            shapes.append(part)
            rows.append(("residential", ""))
        if village.main and village.homes > 150:
            x, y = village.centre
            shapes.append(blob((x + 700, y - 450), 170, 110, 0.4, rng))
            rows.append(("industrial", ""))
    _write("landuse", ("kind", "name"), rows, [shapely.multipolygons([one]) for one in shapes])


def _waters(drawn: Plan) -> None:
    canal = _course(CANAL, 1)
    shapes = [one for _, one in drawn.lakes] + [shapely.buffer(canal, 55, cap_style="flat")]
    names = [name for name, _ in drawn.lakes] + ["Kanal"]
    rows = [("lake" if number < len(drawn.lakes) else "canal", name) for number, name in enumerate(names)]
    _write("water", ("kind", "name"), rows, [shapely.multipolygons([one]) for one in shapes])
    streams = []
    for number, (_name, lake) in enumerate(drawn.lakes):
        begin = shapely.get_coordinates(shapely.boundary(lake))[0]
        end = shapely.get_coordinates(shapely.line_interpolate_point(canal, 0.45 + 0.2 * number, normalized=True))[0]
        streams.append(shapely.multilinestrings([_bent(begin, end, np.random.default_rng(number), 0.18)]))
    _write("waterway", ("kind", "name"), [("stream", f"Mühlenau {one + 1}") for one in range(len(streams))], streams)


def _bent(begin: Array, end: Array, rng: np.random.Generator, most: float) -> Array:
    """A line between two points, bent by midpoint displacement and rounded."""
    line = np.array([begin, end])
    for _turn in range(5):
        step = np.diff(line, axis=0)
        across = np.stack([-step[:, 1], step[:, 0]], axis=1) * rng.uniform(-most, most, (len(step), 1))
        merged = np.empty((len(line) + len(step), 2))
        merged[0::2], merged[1::2] = line, (line[:-1] + line[1:]) / 2 + across
        line, most = merged, most * 0.75
    return np.round(line, 2)


def _between(drawn: Plan) -> list[tuple[int, int]]:
    """Which main villages a road joins: pairs with no third village in the circle between them."""
    points = shapely.points(drawn.centres)
    edges = shapely.get_parts(shapely.delaunay_triangles(shapely.multipoints(points), only_edges=True))
    place = {tuple(np.round(one, 3)): number for number, one in enumerate(drawn.centres)}
    tree = shapely.STRtree(points)
    found = []
    for edge in edges:
        one, other = shapely.get_coordinates(edge)
        pair = place[tuple(np.round(one, 3))], place[tuple(np.round(other, 3))]
        circle = shapely.Point((one + other) / 2).buffer(float(np.hypot(*(one - other))) / 2 * 0.99)
        if set(tree.query(circle, predicate="contains").tolist()) <= set(pair):
            found.append((min(pair), max(pair)))
    return sorted(found)


def _ashore(line: Array, lakes: Sequence[Any]) -> Array:
    """The line, led around each lake that it would cross, on the shorter shore."""
    course = shapely.linestrings(line)
    for lake in lakes:
        shore = shapely.boundary(shapely.buffer(lake, 90))
        met = shapely.get_coordinates(shapely.intersection(course, shore))
        if len(met) < 2 or not shapely.intersects(course, lake):
            continue
        places = sorted(float(shapely.line_locate_point(course, shapely.Point(one))) for one in met)
        ends = [shapely.line_interpolate_point(course, place) for place in (places[0], places[-1])]
        one, other = (float(shapely.line_locate_point(shore, end)) for end in ends)
        detour = shapely.get_coordinates(_shorter_arc(shore, one, other))
        before = shapely.get_coordinates(substring(course, 0, places[0]))
        behind = shapely.get_coordinates(substring(course, places[-1], course.length))
        course = shapely.linestrings(np.vstack([before, detour, behind]))
    return np.round(shapely.get_coordinates(course), 2)


def _shorter_arc(ring: Any, one: float, other: float) -> Any:
    """The part of a closed line between two distances along it, the short way round."""
    if abs(other - one) <= ring.length / 2:
        return substring(ring, one, other)
    if one < other:
        parts = (substring(ring, one, 0), substring(ring, ring.length, other))
    else:
        parts = (substring(ring, one, ring.length), substring(ring, 0, other))
    return shapely.linestrings(np.vstack([shapely.get_coordinates(part) for part in parts]))


def _roads(drawn: Plan, rng: np.random.Generator) -> None:
    main = [one for one in drawn.villages if one.main]
    lakes = [one for _, one in drawn.lakes]
    shapes: list[Any] = []
    rows: list[tuple[Any, ...]] = []

    def add(line: Any, kind: str, name: str = "", ref: str = "", surface: str = "asphalt", speed: str = "") -> None:
        shapes.append(shapely.multilinestrings([line]))
        rows.append((kind, name, ref, surface, speed))

    motorway = _course(MOTORWAY, 1)
    for offset in (-14, 14):
        add(shapely.offset_curve(motorway, offset), "motorway", "", "A 7", speed="none")
    for number, (one, other) in enumerate(_between(drawn)):
        big = min(main[one].homes, main[other].homes) > 200
        line = _ashore(_bent(np.array(main[one].centre), np.array(main[other].centre), rng, 0.07), lakes)
        kind, ref = ("secondary", f"L {42 + number}") if big else ("tertiary", f"K {1 + number}")
        add(line, kind, "", ref, speed="100")
    for village in drawn.villages:
        if not village.main:
            way = _bent(np.array(village.centre), np.array(main[village.municipality].centre), rng, 0.08)
            add(_ashore(way, lakes), "unclassified", speed="100")
    for street in drawn.streets:
        add(street.line, _street_kind(street, drawn), street.name, speed="50" if street.main else "30")
    _write("road", ("kind", "name", "ref", "surface", "maxspeed"), rows, shapes)
    _write("rail", ("kind", "name"), [("rail", "Bahnstrecke")], [shapely.multilinestrings([_course(RAILWAY, 2)])])


def _street_kind(street: Street, drawn: Plan) -> str:
    if not street.main:
        return "residential"
    return "tertiary" if drawn.villages[street.village].main else "unclassified"


def _paths(drawn: Plan, rng: np.random.Generator) -> None:
    shapes, rows = [], []
    water = shapely.unary_union([lake.buffer(30) for _, lake in drawn.lakes])
    for number, cell in enumerate(drawn.boundaries):
        for turn in range(6):
            begin = drawn.centres[number] + rng.uniform(-900, 900, 2)
            end = begin + rng.uniform(-1500, 1500, 2)
            course = shapely.linestrings(_bent(begin, end, rng, 0.1))
            if cell.covers(shapely.points([begin, end])).all() and not shapely.intersects(course, water):
                shapes.append(shapely.multilinestrings([course]))
                kind = ("track", "track", "cycleway", "path", "footway", "track")[turn]
                rows.append((kind, "", "gravel" if kind == "track" else "asphalt"))
    _write("path", ("kind", "name", "surface"), rows, shapes)


def _buildings(drawn: Plan) -> None:
    """A house behind each address, turned like its street; widths and depths vary with the number."""
    order = np.arange(len(drawn.house_number))
    half_width = np.take(BUILDING_WIDTHS, order % 3) / 2
    half_depth = np.take(BUILDING_DEPTHS, order // 3 % 3) / 2
    along = np.stack([np.cos(drawn.house_angle), np.sin(drawn.house_angle)], axis=1)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    corners = [
        drawn.house_xy + along * (half_width * x)[:, None] + across * (half_depth * y)[:, None]
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    ]
    rings = np.round(np.stack(corners, axis=1), 2)
    copy_rows("basemap_building", ("source", "source_id", "geom", "kind", "levels"), _building_rows(rings))


def _building_rows(rings: Array) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(rings), 50_000):
        houses = shapely.polygons(rings[start : start + 50_000])
        shapes = ewkb(shapely.multipolygons(houses, indices=np.arange(len(houses))))
        for number, shape in enumerate(shapes, start):
            yield SOURCE, str(number), shape, "house", 1 + number % 3


# Kind, category, name, from how many homes on a village has one, and how many homes share one.
_POIS = (
    ("fire_station", "public", "Freiwillige Feuerwehr {place}", 20, 10**6),
    ("townhall", "public", "Gemeindebüro {place}", 120, 10**6),
    ("community_centre", "culture", "Dorfgemeinschaftshaus {place}", 60, 4_000),
    ("place_of_worship", "culture", "Kirche {place}", 150, 3_000),
    ("playground", "leisure", "Spielplatz", 15, 180),
    ("pitch", "leisure", "Sportplatz {place}", 120, 2_500),
    ("kindergarten", "education", "Kita {place}", 150, 700),
    ("school", "education", "Grundschule {place}", 350, 1_600),
    ("supermarket", "shop", "Markt {place}", 400, 900),
    ("farm", "shop", "Hofladen {place}", 40, 500),
    ("bakery", "shop", "Bäckerei", 300, 700),
    ("restaurant", "food", "Gasthof {place}", 150, 450),
    ("cafe", "food", "Café am See", 220, 1_500),
    ("doctors", "health", "Hausarztpraxis {place}", 350, 900),
    ("pharmacy", "health", "Apotheke", 500, 1_800),
    ("bus_stop", "transport", "{place}, Dorfmitte", 5, 300),
    ("charging_station", "transport", "Ladesäule {place}", 150, 800),
    ("guest_house", "tourism", "Ferienhof {place}", 60, 400),
    ("viewpoint", "tourism", "Aussichtspunkt", 100, 2_000),
    ("recycling", "other", "Glascontainer", 30, 400),
)


def _pois(drawn: Plan, rng: np.random.Generator) -> None:
    """Points of interest at houses of their village."""
    first = np.searchsorted([one.village for one in drawn.streets], np.arange(len(drawn.villages) + 1))
    starts = np.searchsorted(drawn.house_street, first)
    rows, spots = [], []
    for number, village in enumerate(drawn.villages):
        low, high = int(starts[number]), int(starts[number + 1])
        for kind, category, name, least, each in _POIS:
            if village.homes < least or high <= low:
                continue
            for _turn in range(1 + village.homes // each):
                spots.append(drawn.house_xy[int(rng.integers(low, high))] + rng.uniform(-6, 6, 2))
                rows.append((kind, category, name.format(place=village.name), "yes" if rng.random() < 0.4 else ""))
    points = shapely.points(np.round(np.array(spots), 2))
    _write("poi", ("kind", "category", "name", "wheelchair"), rows, list(points))
