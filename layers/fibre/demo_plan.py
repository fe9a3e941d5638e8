"""The demo's networks as plain numbers, along the streets of the demo region: the same on every machine.

A PoP feeds a few thousand homes. Every village has a cabinet (NVt) on its main street; bundles of 24 tubes run from there
along each street, and at every house one tube is cut and coupled to the lead-in. Trunk cables of 288 fibres come from the
PoP, one for 140 homes. One village hangs on splitters, one on copper, one is planned only. Coordinates are metres in
EPSG:25832; keys are names from which the database's keys are made.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely

from layers.regions.demo_plan import Array, Plan, Street, plan

HOMES = {"s": 2_000, "m": 40_000, "l": 630_000}
HOMES_OF_A_POP = 5_000
HOMES_OF_A_CABINET = 140
LARGEST_VILLAGE = {"s": 260, "m": 900, "l": 2_000}
TUBES = 24
NEAR_M = 0.5
PLANNED, PON, COPPER, USUAL = "planned", "pon", "copper", "usual"


@dataclass(frozen=True)
class Site:
    """A node: its kind, name (none for a branch) and place."""

    key: str
    kind: str
    name: str | None
    xy: tuple[float, float]


@dataclass(frozen=True)
class Trench:
    """A segment between two nodes."""

    key: str
    begin: str
    end: str
    line: Array
    use: str  # street, house, trunk


@dataclass(frozen=True)
class Pipe:
    """A duct along trenches; `way` are (trench, walked as drawn)."""

    key: str
    name: str
    spec: str
    way: tuple[tuple[str, bool], ...]
    begin: str
    end: str


@dataclass(frozen=True)
class Home:
    """A house: its node, where its tube is tapped, and which tube that is."""

    number: int
    node: str
    tap: str
    lead_in: str
    pipe: str
    position: int
    cabinet: str


@dataclass
class Net:
    """What hangs at one PoP."""

    number: int
    pop: str = ""
    sites: list[Site] = field(default_factory=list)
    trenches: list[Trench] = field(default_factory=list)
    pipes: list[Pipe] = field(default_factory=list)
    homes: list[Home] = field(default_factory=list)
    villages: dict[str, str] = field(default_factory=dict)  # cabinet's node -> how it is served
    routes: dict[str, tuple[tuple[str, bool], ...]] = field(
        default_factory=dict
    )  # cabinet's node -> trunk edges from the PoP
    edges: dict[str, tuple[str, str]] = field(default_factory=dict)


def networks(size: str, seed: int) -> Iterator[Net]:
    """The networks of a size, one PoP after the other."""
    drawn = plan(size, seed)
    streets: dict[int, list[int]] = defaultdict(list)
    for number, street in enumerate(drawn.streets):
        streets[street.village].append(number)
    houses: dict[int, list[int]] = defaultdict(list)
    for number, on in enumerate(drawn.house_street.tolist()):
        houses[on].append(number)
    chosen, homes = [], 0
    for number in range(len(drawn.villages)):
        here = sum(len(houses[one]) for one in streets[number])
        if here <= LARGEST_VILLAGE[size] and here >= 8 and homes < HOMES[size]:
            chosen.append((number, here))
            homes += here
    centres = np.array([drawn.villages[number].centre for number, _homes in chosen])
    for order, group in enumerate(_groups(centres, [here for _number, here in chosen])):
        net = Net(order)
        for place in group:
            number = chosen[place][0]
            _Village(
                net,
                drawn,
                number,
                [drawn.streets[one] for one in streets[number]],
                [houses[one] for one in streets[number]],
            )
        _tidy(net)
        _kinds(net)
        _trunks(net, seed)
        yield net


def _groups(centres: Array, homes: list[int]) -> Iterator[list[int]]:
    """Villages around one another with together a PoP's homes."""
    left = set(range(len(centres)))
    while left:
        first = min(left)
        order = sorted(left, key=lambda one: float(np.hypot(*(centres[one] - centres[first]))))
        total = 0
        group: list[int] = []
        for one in order:
            if group and total + homes[one] > HOMES_OF_A_POP:
                break
            group.append(one)
            total += homes[one]
        left -= set(group)
        yield group


def _tidy(net: Net) -> None:
    """Leave out the few houses that stand on another's trench, or whose trench crosses another's node; and the villages of
    which a street's trench does: their bundles would run over what is not there."""
    tree = shapely.STRtree(shapely.points([site.xy for site in net.sites]))
    lines = [shapely.linestrings(one.line) for one in net.trenches]
    out, villages = set(), set()
    for trench, site in tree.query(lines, predicate="dwithin", distance=0.1).T.tolist():
        line, node = net.trenches[trench], net.sites[site]
        if node.key not in (line.begin, line.end):
            if line.use == "house" or node.kind == "building":
                out.add(line.end if line.use == "house" else node.key)
            else:
                villages |= {node.key.split("/")[0], line.end.split("/")[0]}
    out |= {home.node for home in net.homes if home.cabinet.split("/")[0] in villages}
    net.sites = [one for one in net.sites if one.key not in out and one.key.split("/")[0] not in villages]
    net.trenches = [
        one
        for one in net.trenches
        if one.end not in out and not {one.begin.split("/")[0], one.end.split("/")[0]} & villages
    ]
    net.pipes = [one for one in net.pipes if one.key.split("/")[0] not in villages]
    net.homes = [one for one in net.homes if one.node not in out]
    net.villages = {key: kind for key, kind in net.villages.items() if key.split("/")[0] not in villages}


def _kinds(net: Net) -> None:
    """In the first network three small villages are on copper, planned only, and on splitters."""
    counts: dict[str, int] = defaultdict(int)
    for home in net.homes:
        counts[home.cabinet] += 1
    small = [one for one, count in sorted(counts.items(), key=lambda item: item[1]) if count >= 20]
    for cabinet, kind in zip(small, (COPPER, PLANNED, PON) if net.number == 0 and len(small) > 4 else (), strict=False):
        net.villages[cabinet] = kind


class _Village:
    """The trenches, bundles and lead-ins of one village."""

    def __init__(self, net: Net, drawn: Plan, number: int, streets: list[Street], houses: list[list[int]]) -> None:
        self.net, self.drawn, self.number, self.streets = net, drawn, number, streets
        self.along = [np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(one.line, axis=0).T))]) for one in streets]
        self.parents = [self._parent(one) for one in range(len(streets))]
        self.taps = [self._tapped(street, found) for street, found in enumerate(houses)]
        self.cabinet_at = float(self.along[0][len(self.along[0]) // 2])
        self.cabinet = f"v{number}/nvt"
        self.nodes: list[list[tuple[float, str]]] = []
        self.pieces: list[list[str]] = []
        net.villages[self.cabinet] = USUAL
        for street in range(len(streets)):
            self._split(street)
        self._link_loose()
        for street in range(len(streets)):
            self._bundles(street)

    def _parent(self, street: int) -> tuple[int, float] | None:
        """Which street this one leaves, and where."""
        begin = self.streets[street].line[0]
        for other in range(street):
            at = np.flatnonzero((self.streets[other].line == begin).all(axis=1))
            if len(at):
                return other, float(self.along[other][at[0]])
        return None

    def _tapped(self, street: int, houses: list[int]) -> list[tuple[float, int]]:
        """Where on the street each house is, in order."""
        if not houses:
            return []
        line = shapely.linestrings(self.streets[street].line)
        at = shapely.line_locate_point(line, shapely.points(self.drawn.house_xy[houses]))
        return sorted(zip(np.round(at, 1).tolist(), houses, strict=True))

    def _split(self, street: int) -> None:
        """Nodes along a street - its ends, taps, side streets, the cabinet - and the trenches between them."""
        length = float(self.along[street][-1])
        wanted = [(0.0, ""), (length, "")]
        if street == 0:
            wanted.insert(0, (self.cabinet_at, self.cabinet))
        parent = self.parents[street]
        if parent is not None and parent[0] < street:
            wanted[-2 if street == 0 else 0] = (0.0, self._node_at(*parent))
        wanted += [(at, "") for other, at in filter(None, self.parents) if other == street]
        wanted += [(at, "") for at, _house in self.taps[street]]
        found: list[tuple[float, str]] = []
        for at, key in wanted:
            if all(abs(at - there) > NEAR_M for there, _key in found):
                found.append((at, key or f"v{self.number}/s{street}/{at:.1f}"))
        found.sort()
        self.nodes.append(found)
        for at, key in found:
            if key.startswith(f"v{self.number}/s{street}/") or (street == 0 and key == self.cabinet):
                self._site(key, street, at)
        self.pieces.append([])
        for (a, begin), (b, end) in pairwise(found):
            key = f"{begin}>{end}"
            self.net.trenches.append(Trench(key, begin, end, self._piece(street, a, b), "street"))
            self.pieces[-1].append(key)

    def _site(self, key: str, street: int, at: float) -> None:
        village = self.drawn.villages[self.number]
        named = key == self.cabinet
        name = f"NVt {village.name} {self.number}" if named else None
        self.net.sites.append(Site(key, "cabinet" if named else "branch", name, self._point(street, at)))

    def _point(self, street: int, at: float) -> tuple[float, float]:
        line, along = self.streets[street].line, self.along[street]
        return round(float(np.interp(at, along, line[:, 0])), 3), round(float(np.interp(at, along, line[:, 1])), 3)

    def _piece(self, street: int, begin: float, end: float) -> Array:
        along, line = self.along[street], self.streets[street].line
        inside = line[(along > begin + 0.01) & (along < end - 0.01)]
        return np.vstack([[self._point(street, begin)], inside, [self._point(street, end)]])

    def _node_at(self, street: int, at: float) -> str:
        """The node next to this place of a street."""
        return min(self.nodes[street], key=lambda one: abs(one[0] - at))[1]

    def _link_loose(self) -> None:
        """Streets that begin anew a field away get a trench to the main street."""
        self.links: dict[int, tuple[str, str]] = {}
        for street, parent in enumerate(self.parents):
            if street and parent is None:
                begin = self.nodes[street][0][1]
                place = np.array(self._point(street, 0.0))
                near = min(
                    (one for one in range(street) if one == 0 or self.parents[one] is not None or one in self.links),
                    key=lambda one: float(np.hypot(*(self.streets[one].line - place).T).min()),
                )
                at = self.along[near][int(np.argmin(np.hypot(*(self.streets[near].line - place).T)))]
                there = min(self.nodes[near], key=lambda one: abs(one[0] - at))
                line = np.array([self._point(near, there[0]), tuple(place)])
                key = f"{there[1]}>{begin}"
                self.net.trenches.append(Trench(key, there[1], begin, line, "street"))
                self.links[street] = (key, there[1])
                self.parents[street] = (near, there[0])

    def _way(self, street: int, at: float) -> list[tuple[str, bool]]:
        """From the cabinet to a place of a street: trenches, and whether they are walked as drawn."""
        if street == 0:
            return self._between(0, self.cabinet_at, at)
        parent = self.parents[street]
        if parent is None:
            raise ValueError("a street without a way to its cabinet")
        link = [(self.links[street][0], True)] if street in self.links else []
        return [*self._way(*parent), *link, *self._between(street, 0.0, at)]

    def _between(self, street: int, begin: float, end: float) -> list[tuple[str, bool]]:
        places = [one for one, _key in self.nodes[street]]
        a, b = (int(np.argmin([abs(one - at) for one in places])) for at in (begin, end))
        if a <= b:
            return [(one, True) for one in self.pieces[street][a:b]]
        return [(one, False) for one in reversed(self.pieces[street][b:a])]

    def _bundles(self, street: int) -> None:
        """Bundles from the cabinet to the ends of the street, and a lead-in for each house."""
        length = float(self.along[street][-1])
        if street == 0:
            runs = [(length, [one for one in self.taps[0] if one[0] >= self.cabinet_at]),
                    (0.0, [one for one in reversed(self.taps[0]) if one[0] < self.cabinet_at])]  # fmt: skip
        else:
            runs = [(length, self.taps[street])]
        for end, taps in runs:
            way = tuple(self._way(street, end))
            last = self._node_at(street, end)
            for bundle in range(math.ceil(len(taps) / TUBES) if way else 0):
                key = f"v{self.number}/rv{street}/{end:.0f}/{bundle}"
                name = f"RV {self.number}-{street}{'ab'[int(end == 0)]}-{bundle + 1}"
                self.net.pipes.append(Pipe(key, name, "24x7/4", way, self.cabinet, last))
                for position, (at, house) in enumerate(taps[bundle * TUBES : (bundle + 1) * TUBES], 1):
                    there = min(self.nodes[street], key=lambda one: abs(one[0] - at))
                    self._home(house, there[1], self._point(street, there[0]), key, position)

    def _home(self, house: int, tap: str, place: tuple[float, float], pipe: str, position: int) -> None:
        drawn, node = self.drawn, f"h{house}"
        on = drawn.streets[int(drawn.house_street[house])]
        # The number of the house tells apart what has one name in two villages.
        name = f"{on.name} {drawn.house_number[house]} ({self.number}-{house})"
        x, y = drawn.house_xy[house].tolist()
        self.net.sites.append(Site(node, "building", name, (x, y)))
        self.net.trenches.append(Trench(f"{tap}>{node}", tap, node, np.array([place, (x, y)]), "house"))
        self.net.homes.append(Home(house, node, tap, f"{tap}>{node}", pipe, position, self.cabinet))


def _trunks(net: Net, seed: int) -> None:
    """The PoP beside the largest village's cabinet, and trenches from cabinet to cabinet (a minimal spanning tree)."""
    places = {site.key: site.xy for site in net.sites}
    counts: dict[str, int] = defaultdict(int)
    for home in net.homes:
        counts[home.cabinet] += 1
    cabinets = sorted(net.villages)
    middle = max(cabinets, key=lambda one: counts[one])
    net.pop = f"pop{net.number}"
    x, y = places[middle]
    net.sites.append(Site(net.pop, "pop", f"PoP {net.number + 1}", (round(x + 7.3, 3), round(y + 9.1, 3))))
    places[net.pop] = net.sites[-1].xy
    tree = shapely.STRtree(shapely.points([site.xy for site in net.sites]))
    rng = np.random.default_rng([seed, net.number, 7])
    reached: dict[str, tuple[tuple[str, bool], ...]] = {net.pop: ()}
    left = set(cabinets)
    while left:
        here, there = min(
            ((a, b) for a in ([middle] if middle in left else []) or left for b in reached),
            key=lambda pair: (math.dist(places[pair[0]], places[pair[1]]), pair),
        )
        key = f"{there}=>{here}"
        net.trenches.append(Trench(key, there, here, _clear(places[there], places[here], tree, rng), "trunk"))
        net.edges[key] = (there, here)
        reached[here] = (*reached[there], (key, True))
        left.discard(here)
    net.routes = {one: reached[one] for one in cabinets}


def _clear(
    begin: tuple[float, float], end: tuple[float, float], tree: shapely.STRtree, rng: np.random.Generator
) -> Array:
    """A line with a bend that passes no other node."""
    a, b = np.array(begin), np.array(end)
    across = np.array([-(b - a)[1], (b - a)[0]])
    for bend in (0.0, *rng.uniform(-0.08, 0.08, 50)):
        line = np.round(np.array([a, (a + b) / 2 + across * bend, b]), 3)
        if len(tree.query(shapely.linestrings(line), predicate="dwithin", distance=0.3)) <= 2:
            return line
    raise ValueError("no way for a trunk")
