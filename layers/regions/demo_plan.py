"""The demo region as plain numbers: a believable Amt drawn from a seed, the same on every machine.

Real are the sixteen names and their positions to a hundredth of a degree; boundaries, villages, streets and houses are
invented. Larger sizes put invented neighbours around the sixteen. All coordinates are metres in EPSG:25832.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.geolibs import transformer
from layers.regions.demo_names import MunicipalityNames, street_names

Array = NDArray[np.floating[Any]]

SIZES = {"s": (16, 6_200), "m": (165, 100_000), "l": (1_050, 1_000_000)}
"""Municipalities and addresses of each size."""

# Name, longitude, latitude, inhabitants in hundreds.
SIXTEEN = (
    ("Ahlefeld-Bistensee", 9.68, 54.40, 5), ("Ascheffel", 9.69, 54.43, 10), ("Borgstedt", 9.71, 54.34, 18),
    ("Brekendorf", 9.62, 54.43, 10), ("Bünsdorf", 9.76, 54.36, 6), ("Damendorf", 9.74, 54.42, 5),
    ("Groß Wittensee", 9.78, 54.40, 13), ("Haby", 9.83, 54.40, 6), ("Holtsee", 9.87, 54.40, 13),
    ("Holzbunge", 9.70, 54.38, 4), ("Hütten", 9.71, 54.44, 2), ("Klein Wittensee", 9.73, 54.40, 2),
    ("Neu Duvenstedt", 9.70, 54.36, 1), ("Osterby", 9.76, 54.45, 11), ("Owschlag", 9.61, 54.39, 38),
    ("Sehestedt", 9.83, 54.37, 8),
)  # fmt: skip
# Name, longitude, latitude, half axes in metres, turn in degrees: coarse ellipses of two real lakes.
LAKES = (("Wittensee", 9.757, 54.384, 2300, 950, 25), ("Bistensee", 9.712, 54.407, 950, 420, 10))
SPACING_M = 3_600
HOUSE_EVERY_M = 21
CELL_M = 40


@dataclass(frozen=True)
class Street:
    """A street of a village with its course."""

    name: str
    village: int
    line: Array
    main: bool


@dataclass(frozen=True)
class Village:
    """A settlement: the main one of its municipality carries its name."""

    name: str
    municipality: int
    centre: tuple[float, float]
    homes: int
    main: bool


@dataclass
class Plan:
    """The region. Address arrays run in parallel; `angle` is the street's direction at the house, in radians."""

    names: list[str]
    keys: list[str]
    centres: Array
    population: list[int]
    boundaries: list[shapely.Polygon]
    lakes: list[tuple[str, shapely.Polygon]]
    villages: list[Village] = field(default_factory=list)
    streets: list[Street] = field(default_factory=list)
    house_street: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    house_number: list[str] = field(default_factory=list)
    house_xy: Array = field(default_factory=lambda: np.empty((0, 2)))
    house_angle: Array = field(default_factory=lambda: np.empty(0))
    postcodes: list[str] = field(default_factory=list)


@lru_cache(maxsize=2)
def plan(size: str, seed: int) -> Plan:
    """The whole region of a size ("s", "m", "l")."""
    count, homes = SIZES[size]
    rng = np.random.default_rng([seed, count])
    names, centres = _municipalities(count, rng)
    weights = np.array([one[3] for one in SIXTEEN], float)
    if count > len(SIXTEEN):
        weights = np.concatenate([weights, np.clip(rng.lognormal(2.0, 0.8, count - len(SIXTEEN)), 1, 60)])
    shares = _shared_out(weights, homes)
    found = Plan(
        names=names,
        keys=[_key(number) for number in range(count)],
        centres=centres,
        population=[int(share * 2.45) for share in shares],
        boundaries=_boundaries(centres, rng),
        lakes=[_lake(*one) for one in LAKES],
        postcodes=[f"{24000 + (357 + number * 7) % 1000:05d}" for number in range(count)],
    )
    _settle(found, shares, rng)
    _number_houses(found, shares)
    return found


def _key(number: int) -> str:
    """The AGS: invented numbers of a district that does not exist, 500 to a district."""
    return f"01{900 + number // 500}{number % 500 + 1:03d}"


def _shared_out(weights: Array, total: int) -> list[int]:
    """Whole numbers in proportion to the weights that add up to the total."""
    exact = weights / weights.sum() * total
    found = np.floor(exact).astype(int)
    for place in np.argsort(found - exact, kind="stable")[: total - found.sum()]:
        found[place] += 1
    return [max(4, int(one)) for one in found]


def _municipalities(count: int, rng: np.random.Generator) -> tuple[list[str], Array]:
    degrees = transformer("EPSG:4326", "EPSG:25832")
    real = np.array([degrees.transform(lon, lat) for _, lon, lat, _ in SIXTEEN])
    names = [one[0] for one in SIXTEEN]
    if count == len(SIXTEEN):
        return names, real
    around = _around(real, rng, reach=SPACING_M * math.sqrt(count) * 0.75, nearest=2_600)
    distance = np.hypot(*(around - real.mean(axis=0)).T)
    chosen = around[np.argsort(distance, kind="stable")[: count - len(real)]]
    if len(chosen) < count - len(real):
        raise ValueError("the reach is too small for so many municipalities")
    invented = MunicipalityNames(rng, taken=names)
    return names + [next(invented) for _ in range(len(chosen))], np.vstack([real, chosen])


def _around(centres: Array, rng: np.random.Generator, reach: float, nearest: float) -> Array:
    """A jittered grid of points around the given ones, none nearer to them than `nearest`."""
    middle = centres.mean(axis=0)
    half = float(np.max(np.ptp(centres, axis=0))) / 2 + reach
    ticks = np.arange(-half, half, SPACING_M)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2) + middle
    grid += rng.uniform(-0.32, 0.32, grid.shape) * SPACING_M
    tree = shapely.STRtree(shapely.points(centres))
    far = tree.query_nearest(shapely.points(grid), return_distance=True, all_matches=False)[1]
    return grid[far > nearest]


def _boundaries(centres: Array, rng: np.random.Generator) -> list[shapely.Polygon]:
    """Voronoi cells with crooked edges. Both neighbours get the same crooked edge: no gap, no overlap."""
    ghosts = _around(centres, rng, reach=2.2 * SPACING_M, nearest=3_000)
    points = shapely.multipoints(np.vstack([centres, ghosts]))
    edges = shapely.get_parts(shapely.voronoi_polygons(points, only_edges=True))
    edges = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(list(edges))))
    crooked = [shapely.linestrings(_crooked(shapely.get_coordinates(one), rng)) for one in edges]
    whole = shapely.unary_union(shapely.multilinestrings(crooked), grid_size=0.01)
    cells = shapely.get_parts(shapely.polygonize(list(shapely.get_parts(whole))))
    tree = shapely.STRtree(cells)
    found = []
    for point in shapely.points(centres):
        near = tree.query(point, predicate="within")
        found.append(cells[near[0] if len(near) else tree.nearest(point)])
    return found


def _crooked(line: Array, rng: np.random.Generator) -> Array:
    """Midpoint displacement: four times finer, each new vertex off by up to 7 % of its edge."""
    for _ in range(4):
        step = np.diff(line, axis=0)
        across = np.stack([-step[:, 1], step[:, 0]], axis=1) * rng.uniform(-0.07, 0.07, (len(step), 1))
        merged = np.empty((len(line) + len(step), 2))
        merged[0::2], merged[1::2] = line, (line[:-1] + line[1:]) / 2 + across
        line = merged
    return np.round(line, 2)


def _lake(name: str, lon: float, lat: float, long: float, short: float, turn: float) -> tuple[str, shapely.Polygon]:
    x, y = transformer("EPSG:4326", "EPSG:25832").transform(lon, lat)
    rng = np.random.default_rng(len(name))
    return name, blob((x, y), long, short, math.radians(turn), rng)


def blob(
    centre: tuple[float, float], long: float, short: float, turn: float, rng: np.random.Generator
) -> shapely.Polygon:
    """A rounded, uneven patch around a centre."""
    # A vertex every 30 m or so: smooth at any scale a map is looked at.
    angle = np.linspace(0, 2 * np.pi, int(np.clip(long / 5, 48, 480)), endpoint=False)
    uneven = 1 + sum(rng.uniform(0.03, 0.12) * np.sin(wave * angle + rng.uniform(0, 2 * np.pi)) for wave in (2, 3, 5))
    x, y = long * uneven * np.cos(angle), short * uneven * np.sin(angle)
    across = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=1)
    return shapely.polygons(np.round(across + np.asarray(centre), 2))


def _settle(found: Plan, shares: list[int], rng: np.random.Generator) -> None:
    """Villages and hamlets, and the streets of each."""
    water = shapely.unary_union([one.buffer(60) for _, one in found.lakes])
    shapely.prepare(water)
    for number, homes in enumerate(shares):
        labels = street_names(rng)
        for village in _villages(found, number, homes, water, rng):
            found.villages.append(village)
            grower = _Grower(village, len(found.villages) - 1, water, rng)
            for line in grower.lines():
                label = grower.main_name(rng) if not grower.named else next(labels)
                found.streets.append(Street(label, len(found.villages) - 1, line, main=grower.named == 1))


def _villages(
    found: Plan, number: int, homes: int, water: shapely.Geometry, rng: np.random.Generator
) -> Iterator[Village]:
    x, y = found.centres[number]
    hamlets = int(rng.integers(0, 4)) if homes > 60 else 0
    outside = [int(homes * share) for share in rng.uniform(0.03, 0.1, hamlets)]
    cell = found.boundaries[number]
    yield Village(found.names[number], number, _ashore(x, y, water), homes - sum(outside), main=True)
    for name, few in zip(("feld", "berg", "moor"), outside, strict=False):
        for _ in range(20):
            angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(1_100, 1_900)
            point = (x + far * math.cos(angle), y + far * math.sin(angle))
            spot = shapely.Point(point)
            if cell.buffer(-250).contains(spot) and not water.intersects(spot.buffer(200)):
                stem = found.names[number].split("-")[0].split(" ")[-1]
                yield Village(
                    f"{stem}er{name}" if stem[-1] not in "en" else f"{stem}{name}",
                    number,
                    point,
                    max(few, 3),
                    main=False,
                )
                break


def _ashore(x: float, y: float, water: shapely.Geometry) -> tuple[float, float]:
    """The nearest point that is not in a lake."""
    point = shapely.Point(x, y)
    if not water.intersects(point):
        return float(x), float(y)
    shore = shapely.get_coordinates(shapely.shortest_line(point, shapely.boundary(water)))[1]
    away = shore + (shore - np.array([x, y])) / max(1.0, float(np.hypot(*(shore - [x, y])))) * 250
    return float(away[0]), float(away[1])


class _Grower:
    """Grows the streets of one village: a main street, side streets off it, and side streets off those."""

    def __init__(self, village: Village, number: int, water: shapely.Geometry, rng: np.random.Generator) -> None:
        self.village, self.rng, self.water = village, rng, water
        self.taken: set[tuple[int, int]] = set()
        self.named = 0

    def main_name(self, rng: np.random.Generator) -> str:
        if not self.village.main:
            return self.village.name
        return str(rng.choice(["Dorfstraße", "Hauptstraße", "Dorfstraße"]))

    def lines(self) -> Iterator[Array]:
        """Courses, the main street first, until the houses have room."""
        room, rng = 0.0, self.rng
        heading = rng.uniform(0, np.pi)
        length = min(900, max(140, self.village.homes * 9))
        start = np.array(self.village.centre) - np.array([math.cos(heading), math.sin(heading)]) * length / 2
        waiting: list[tuple[Array, float, float]] = [(start, heading, float(length))]
        while waiting and room < self.village.homes:
            begin, direction, reach = waiting.pop(0)
            line = self._walk(begin, direction, reach, first=not self.taken)
            if line is None:
                continue
            yield line
            self.named += 1
            room += 2 * _slots(line)
            waiting += self._sides(line)
            if not waiting:
                # Hemmed in on all sides: begin anew a field away.
                angle = rng.uniform(0, 2 * np.pi)
                away = np.array([math.cos(angle), math.sin(angle)]) * rng.uniform(150, 700)
                waiting.append((np.array(self.village.centre) + away, rng.uniform(0, np.pi), 400.0))

    def _walk(self, begin: Array, heading: float, length: float, *, first: bool) -> Array | None:
        """A slightly bending course in steps of 20 m that ends before it meets another street or a lake."""
        rng = self.rng
        points, cells = [begin], []
        bend = rng.normal(0, 0.012)
        for step in range(int(length // 20)):
            heading += bend + rng.normal(0, 0.02)
            point = points[-1] + 20 * np.array([math.cos(heading), math.sin(heading)])
            cell = (int(point[0] // CELL_M), int(point[1] // CELL_M))
            # A side street leaves the cells of the street it comes from within its first steps.
            if (cell in self.taken and step > 3) or shapely.intersects_xy(self.water, *point):
                break
            points.append(point)
            cells.append(cell)
        if len(points) < (6 if not first else 2):
            return None if not first else np.round(np.array([begin, begin + np.array([60.0, 10.0])]), 2)
        for x, y in cells[1:]:
            self.taken.update((x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1))
        return np.round(np.array(points), 2)

    def _sides(self, line: Array) -> list[tuple[Array, float, float]]:
        found = []
        place = int(self.rng.integers(2, 5))
        side = 1
        while place < len(line) - 1:
            step = line[place + 1] - line[place]
            heading = math.atan2(step[1], step[0]) + side * np.pi / 2 + self.rng.normal(0, 0.12)
            found.append((line[place], heading, float(self.rng.uniform(120, 420))))
            side = -side
            place += int(self.rng.integers(4, 7))
        for end, before in ((line[-1], line[-2]), (line[0], line[1])):
            heading = math.atan2(*(end - before)[::-1]) + self.rng.normal(0, 0.25)
            found.append((end, heading, float(self.rng.uniform(160, 500))))
        return found


def _slots(line: Array) -> int:
    """How many houses fit along one side."""
    return max(1, int((20 * (len(line) - 1) - 14) // HOUSE_EVERY_M))


def _number_houses(found: Plan, shares: list[int]) -> None:
    """Houses on both sides of each street, odd numbers left, even right; each village gets exactly its homes."""
    wanted = [village.homes for village in found.villages]
    capacity = [0] * len(wanted)
    slots = []
    for street in found.streets:
        each = _slots(street.line)
        slots.append(each)
        capacity[street.village] += 2 * each
    street_of, numbers, spots, angles = [], [], [], []
    left = list(wanted)
    for number, street in enumerate(found.streets):
        share = min(1.0, wanted[street.village] / max(1, capacity[street.village]))
        houses = min(left[street.village], max(1, math.ceil(2 * slots[number] * share)))
        left[street.village] -= houses
        xy, angle = _along(street.line, houses, slots[number])
        street_of.append(np.full(len(xy), number))
        numbers += _labels(len(xy))
        spots.append(xy)
        angles.append(angle)
    found.house_street = np.concatenate(street_of)
    found.house_number = numbers
    found.house_xy = np.round(np.vstack(spots), 2)
    found.house_angle = np.concatenate(angles)


def _labels(houses: int) -> list[str]:
    """1, 2, 3 ...; now and then a house that was built between two others: 7a."""
    return [f"{place - 1}a" if place > 4 and place % 17 == 0 else str(place) for place in range(1, houses + 1)]


def _along(line: Array, houses: int, slots: int) -> tuple[Array, Array]:
    """Points beside the line and the line's direction there; odd ones left, even ones right of it."""
    order = np.arange(houses)
    along = 12 + (order // 2) * max(HOUSE_EVERY_M, (20 * (len(line) - 1) - 14) / max(1, slots))
    along = np.minimum(along, 20 * (len(line) - 1) - 4.0)
    piece = np.minimum((along // 20).astype(int), len(line) - 2)
    step = line[piece + 1] - line[piece]
    direction = np.arctan2(step[:, 1], step[:, 0])
    base = line[piece] + step * ((along - piece * 20) / 20)[:, None]
    side = np.where(order % 2 == 0, 1, -1) * (14 + (order * 7 % 5))
    return base + np.stack([-np.sin(direction), np.cos(direction)], axis=1) * side[:, None], direction
