"""What must hold in every network, written from the model's text and worked out in Python from the raw tables.

Nothing here asks the project's own functions or views: a fault in them is not to hide itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import shapely
from django.db import connection

from tests.fibre.light import kept, neighbours, reached

Row = dict[str, Any]
TABLES = (
    "network", "node", "segment", "duct", "ductstep", "tube", "tubesection", "tubejoint", "tubeend", "cable", "cablestep", "slack",
    "cableentry", "fibresection", "measure", "enclosure", "device", "tray", "port", "splitter", "splitterleg", "joint", "jointend",
    "premises", "unit", "circuit", "circuitend", "lease", "light",
)  # fmt: skip
CATALOGUE = ("ductspec", "ductspectube", "fittingspec", "cablespec", "enclosurespec", "splitterspec")
SNAP_M = 0.05
HAIR_M = 1e-6


@dataclass
class State:
    """All rows by table, and those of the catalogue by key."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    by_key: dict[str, dict[Any, Row]] = field(default_factory=dict)
    shapes: dict[Any, Any] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "State":
        found = cls()
        with connection.cursor() as cursor:
            for table in (*TABLES, *CATALOGUE):
                cursor.execute(f"SELECT * FROM fibre_{table}")
                names = [column.name for column in cursor.description]
                found.rows[table] = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
                key = "key" if table in CATALOGUE and "key" in names else "section_id" if table == "light" else "id"
                found.by_key[table] = {row[key]: row for row in found.rows[table]}
        for table in ("node", "segment", "duct"):
            for row in found.rows[table]:
                found.shapes[row["id"]] = shapely.from_wkb(row["geom"]) if row["geom"] else None
        return found

    def grouped(self, table: str, column: str) -> dict[Any, list[Row]]:
        found: dict[Any, list[Row]] = defaultdict(list)
        for row in self.rows[table]:
            found[row[column]].append(row)
        return found

    def pipe(self, tube: Any) -> Row:
        return self.by_key["ductspec"][self.by_key["tube"][tube]["pipe_id"]]

    def many(self, cable: Row) -> int:
        product = self.by_key["cablespec"][cable["spec_id"]]
        return int(product["bundles"] * product["per_bundle"])

    def drawn(self, steps: Iterable[tuple[Any, bool]]) -> list[tuple[float, ...]]:
        """The corners of segments one after the other, each walked forward or back."""
        corners: list[tuple[float, ...]] = []
        for key, forward in steps:
            line = list(self.shapes[key].coords)
            corners += line if forward else reversed(line)
        return [one for one, before in zip(corners, [None, *corners], strict=False) if one != before]


def broken(state: State | None = None) -> list[str]:
    """Everything that is wrong, in words; empty where all is well."""
    found = state or State.read()
    checks = (
        _route,
        _segments,
        _ducts,
        _tubes,
        _couplings,
        _cables,
        _filled,
        _fibres,
        _entries,
        _measures,
        _fittings,
        _joints,
        _circuits,
        kept,
    )
    return [f"{check.__name__[1:]}: {one}" for check in checks for one in check(found)]


# ----------------------------------------------------------------------------------------------------- route and ducts


def _route(state: State) -> Iterator[str]:
    """Nodes apart from each other and from segments that do not end there."""
    by_network = state.grouped("node", "network_id")
    lines = state.grouped("segment", "network_id")
    for network, nodes in by_network.items():
        tree = shapely.STRtree([state.shapes[row["id"]] for row in nodes])
        for one, other in tree.query([state.shapes[row["id"]] for row in nodes], "dwithin", SNAP_M).T.tolist():
            if one < other:
                yield "two nodes on one spot"
        for segment in lines[network]:
            for number in tree.query(state.shapes[segment["id"]], "dwithin", SNAP_M - HAIR_M).tolist():
                if nodes[number]["id"] not in (segment["from_node_id"], segment["to_node_id"]):
                    yield "a node lies on a segment and does not split it"


def _segments(state: State) -> Iterator[str]:
    seen = set()
    owners: dict[Any, set[int]] = defaultdict(set)
    for step in state.rows["ductstep"]:
        owners[step["segment_id"]].add(state.by_key["duct"][step["duct_id"]]["organisation_id"])
    for row in state.rows["segment"]:
        line = state.shapes[row["id"]]
        ends = tuple(state.by_key["node"].get(row[one]) for one in ("from_node_id", "to_node_id"))
        if None in ends or ends[0] == ends[1]:
            yield "a segment without two nodes"
            continue
        for node, corner in zip(ends, (line.coords[0], line.coords[-1]), strict=True):
            if state.shapes[node["id"]].coords[0] != corner:  # type: ignore[index]
                yield "a segment's end away from its node"
            if node["network_id"] != row["network_id"]:  # type: ignore[index]
                yield "a segment's node in another network"
        if not line.is_simple:
            yield "a segment that touches itself"
        shape = min(tuple(line.coords), tuple(reversed(line.coords)))
        if (row["network_id"], shape) in seen:
            yield "two segments of one shape"
        seen.add((row["network_id"], shape))
        if abs(row["length_m"] - line.length) > HAIR_M:
            yield "a segment's length is not its line's"
        guests = sorted(owners[row["id"]] - {row["organisation_id"]})
        if (row["shared_with"] or []) != guests:
            yield f"shared_with says {row['shared_with']}, there are {guests}"
    for table in ("node", "segment", "duct", "cable", "enclosure", "device", "premises", "circuit"):
        for row in state.rows[table]:
            if row["organisation_id"] != state.by_key["network"][row["network_id"]]["organisation_id"]:
                yield f"a {table} of another organisation than its network's"


def walk_of(state: State, steps: list[Row]) -> list[Any] | None:
    """The nodes that these steps pass, as their directions say; None where there is a gap."""
    nodes: list[Any] = []
    for step in steps:
        row = state.by_key["segment"][step["segment_id"]]
        begin, end = row["from_node_id"], row["to_node_id"]
        if not step["forward"]:
            begin, end = end, begin
        if nodes and nodes[-1] != begin:
            return None
        nodes = [*(nodes or [begin]), end]
    return nodes


def _ducts(state: State) -> Iterator[str]:
    steps = state.grouped("ductstep", "duct_id")
    for duct in state.rows["duct"]:
        mine = sorted(steps[duct["id"]], key=lambda row: row["ordinal"])
        nodes = walk_of(state, mine)
        if nodes is None:
            yield "a walk with a gap"
            continue
        inner = nodes[:-1] if nodes and nodes[0] == nodes[-1] else nodes
        if len(set(inner)) != len(inner):
            yield "a walk that comes to a node twice"
        line = state.drawn((one["segment_id"], one["forward"]) for one in mine)
        stored = list(state.shapes[duct["id"]].coords) if state.shapes[duct["id"]] is not None else []
        if line != stored:
            yield "a duct's line is not its walk's"


def _tubes(state: State) -> Iterator[str]:
    """A duct has its product's tubes, and the sections of each lie end to end over the walk."""
    pipes = state.grouped("ductspectube", "spec_id")
    tubes, steps = state.grouped("tube", "duct_id"), state.grouped("ductstep", "duct_id")
    sections = state.grouped("tubesection", "tube_id")
    for duct in state.rows["duct"]:
        wanted = {(row["position"], row["pipe_id"]) for row in pipes[duct["spec_id"]]} or {(1, duct["spec_id"])}
        if {(row["position"], row["pipe_id"]) for row in tubes[duct["id"]]} != wanted:
            yield "a duct without exactly its product's tubes"
        nodes = walk_of(state, sorted(steps[duct["id"]], key=lambda row: row["ordinal"])) or []
        for tube in tubes[duct["id"]]:
            if nodes and not _end_to_end(
                nodes, [(row["from_node_id"], row["to_node_id"]) for row in sections[tube["id"]]]
            ):
                yield "a tube's sections do not lie end to end over its walk"


def _end_to_end(nodes: list[Any], pairs: list[tuple[Any, Any]]) -> bool:
    """Each section goes on where another ended, forward on the walk, from its beginning to its end."""
    here, left = 0, list(pairs)
    while left:
        following = next((pair for pair in left if pair[0] == nodes[here]), None)
        if following is None:
            return False
        left.remove(following)
        ahead = [number for number in range(here + 1, len(nodes)) if nodes[number] == following[1]]
        if not ahead:
            return False
        here = ahead[0]
    return here == len(nodes) - 1


def _couplings(state: State) -> Iterator[str]:
    taken = set()
    ends = state.grouped("tubeend", "joint_id")
    for joint in state.rows["tubejoint"]:
        fitting = state.by_key["fittingspec"][joint["fitting_id"]]
        diameters, tubes = [], set()
        for end in ends[joint["id"]]:
            section = state.by_key["tubesection"][end["section_id"]]
            if section["from_node_id" if end["side"] == "a" else "to_node_id"] != joint["node_id"]:
                yield "a joint away from its tubes' ends"
            if (end["section_id"], end["side"]) in taken:
                yield "two joints on one end"
            taken.add((end["section_id"], end["side"]))
            tubes.add(section["id"])
            diameters.append(state.pipe(section["tube_id"])["outer_mm"])
        wanted = [one for one in (fitting["outer_a_mm"], fitting["outer_b_mm"]) if one is not None]
        if sorted(diameters) != sorted(wanted) or len(tubes) != len(diameters):
            yield "a fitting that does not fit its tubes"


# -------------------------------------------------------------------------------------------------- cables and fibres


def stations(state: State, cable: Row, steps: list[Row]) -> list[Any] | None:
    """The nodes at which a cable comes out of its pieces, its beginning first; None where there is a gap."""
    nodes = [cable["from_node_id"]]
    for step in steps:
        table, key = ("tubesection", "section_id") if step["section_id"] else ("segment", "segment_id")
        row = state.by_key[table][step[key]]
        begin, end = row["from_node_id"], row["to_node_id"]
        if not step["forward"]:
            begin, end = end, begin
        if nodes[-1] != begin:
            return None
        nodes.append(end)
    return nodes


def placements(state: State) -> Iterator[tuple[Row, list[Row]]]:
    steps = state.grouped("cablestep", "cable_id")
    for cable in state.rows["cable"]:
        yield cable, sorted(steps[cable["id"]], key=lambda row: row["ordinal"])


def _cables(state: State) -> Iterator[str]:
    for cable, steps in placements(state):
        nodes = stations(state, cable, steps)
        if nodes is None:
            yield "a cable's way with a gap"
        elif steps and nodes[-1] != cable["to_node_id"]:
            yield "a cable's way that misses its end"


def _filled(state: State) -> Iterator[str]:
    """One cable in a tube unless the product allows more; they fit in; no end cap before them."""
    inside: dict[Any, list[Row]] = defaultdict(list)
    for step in state.rows["cablestep"]:
        cable = state.by_key["cable"][step["cable_id"]]
        if step["section_id"] and cable["lifecycle"] != "removed":
            inside[step["section_id"]].append(state.by_key["cablespec"][cable["spec_id"]])
    capped = {
        end["section_id"]
        for end in state.rows["tubeend"]
        if state.by_key["fittingspec"][state.by_key["tubejoint"][end["joint_id"]]["fitting_id"]]["kind"] == "end_cap"
    }
    for section, products in inside.items():
        pipe = state.pipe(state.by_key["tubesection"][section]["tube_id"])
        widths = [one["outer_mm"] for one in products if one["outer_mm"] is not None]
        if len(products) > pipe["max_cables"]:
            yield "more cables in a tube than it takes"
        if widths and (max(widths) >= pipe["inner_mm"] or sum(one * one for one in widths) > pipe["inner_mm"] ** 2):
            yield "a cable that does not fit its tube"
        if section in capped:
            yield "a cable in a tube that is closed"


def _fibres(state: State) -> Iterator[str]:
    """Each fibre is there from one end to the other, cut only where the cable is opened, in the order of its way."""
    pieces = state.grouped("fibresection", "cable_id")
    for cable, steps in placements(state):
        nodes = stations(state, cable, steps) or []
        numbers = defaultdict(list)
        for piece in pieces[cable["id"]]:
            numbers[piece["number"]].append(piece)
        if set(numbers) != set(range(1, state.many(cable) + 1)):
            yield "a cable without exactly its fibres"
        for mine in numbers.values():
            yield from _pieces(state, cable, nodes, mine)


def _pieces(state: State, cable: Row, nodes: list[Any], pieces: list[Row]) -> Iterator[str]:
    begins = {piece["cut_a_id"]: piece for piece in pieces}
    here, passed, cuts = None, 0, []
    while here in begins:
        piece, passed = begins[here], passed + 1
        here = piece["cut_b_id"]
        if here is None or passed > len(pieces):
            break
        cuts.append(here)
    if passed != len(pieces) or here is not None or len(begins) != len(pieces):
        yield "a fibre that is not there from end to end"
    places = []
    for cut in cuts:
        entry = state.by_key["cableentry"].get(cut)
        if entry is None or entry["cable_id"] != cable["id"] or entry["state"] != "opened":
            yield "a fibre is cut where its cable is not open"
            continue
        at = state.by_key["enclosure"][entry["enclosure_id"]]["node_id"]
        if at in nodes[1:-1]:
            places.append(nodes.index(at, 1))
    if places != sorted(places):
        yield "a fibre's cuts out of order"


def _entries(state: State) -> Iterator[str]:
    steps = {cable["id"]: stations(state, cable, mine) for cable, mine in placements(state) if mine}
    for entry in state.rows["cableentry"]:
        cable = state.by_key["cable"][entry["cable_id"]]
        at = state.by_key["enclosure"][entry["enclosure_id"]]["node_id"]
        wanted = {"a": [cable["from_node_id"]], "b": [cable["to_node_id"]]}.get(entry["side"])
        nodes = steps.get(cable["id"])
        if wanted is None and nodes is not None:
            wanted = nodes[1:-1]
        if wanted is not None and at not in wanted:
            yield f"a cable ({entry['state']}) enters where it does not come"


def _measures(state: State) -> Iterator[str]:
    """Where entries are on a cable: added up anew along the trenches and the slack."""
    stored = {(row["cable_id"], row["entry_id"]): (row["drawn_m"], row["slack_m"]) for row in state.rows["measure"]}
    for cable, steps in placements(state):
        wanted = measured(state, cable, steps)
        for entry, values in wanted.items():
            found = stored.pop((cable["id"], entry), None)
            if found is None or max(abs(one - other) for one, other in zip(found, values, strict=True)) > 1e-6:
                yield f"a cable's measure is {found}, added up it is {values}"
    for key in stored:
        yield f"a measure of nothing: {key}"


def measured(state: State, cable: Row, steps: list[Row]) -> dict[Any, tuple[float, float]]:
    """(metres drawn, metres of slack before) of each entry on the way, and of the whole cable under None."""
    slack = {row["node_id"]: row["length_m"] for row in state.rows["slack"] if row["cable_id"] == cable["id"]}
    nodes = stations(state, cable, steps) or [cable["from_node_id"]]
    at: dict[Any, list[Any]] = defaultdict(list)
    for entry in state.rows["cableentry"]:
        if entry["cable_id"] == cable["id"] and entry["side"] is None:
            at[state.by_key["enclosure"][entry["enclosure_id"]]["node_id"]].append(entry["id"])
    found: dict[Any, tuple[float, float]] = {}
    drawn, reserve, seen = 0.0, 0.0, set()
    for number, node in enumerate(nodes):
        if number:
            drawn += length_of(state, steps[number - 1])
        here = slack.get(node, 0.0) if node not in seen else 0.0
        seen.add(node)
        reserve += here
        if 0 < number < len(nodes) - 1:
            for entry in at[node]:
                found.setdefault(entry, (drawn, reserve - here / 2))
    if steps or reserve or cable["from_node_id"] == cable["to_node_id"]:
        found[None] = (drawn, reserve)
    return found


def length_of(state: State, step: Row) -> float:
    """Metres of one piece of a cable's way."""
    if step["segment_id"]:
        return float(state.shapes[step["segment_id"]].length)
    section = state.by_key["tubesection"][step["section_id"]]
    duct = state.by_key["tube"][section["tube_id"]]["duct_id"]
    steps = sorted((row for row in state.rows["ductstep"] if row["duct_id"] == duct), key=lambda row: row["ordinal"])
    nodes = walk_of(state, steps) or []
    first = nodes.index(section["from_node_id"])
    last = next(n for n in range(first + 1, len(nodes)) if nodes[n] == section["to_node_id"])
    return float(sum(state.shapes[one["segment_id"]].length for one in steps[first:last]))


# ------------------------------------------------------------------------------------------- enclosures and splices


def _fittings(state: State) -> Iterator[str]:
    """Trays, ports and legs are the product's."""
    trays, ports = state.grouped("tray", "enclosure_id"), state.grouped("port", "enclosure_id")
    for row in state.rows["enclosure"]:
        product = state.by_key["enclosurespec"][row["spec_id"]]
        if sorted((one["number"], one["capacity"]) for one in trays[row["id"]]) != [
            (number, product["tray_capacity"]) for number in range(1, product["trays"] + 1)
        ]:
            yield "an enclosure without exactly its product's trays"
        if sorted(one["number"] for one in ports[row["id"]]) != list(range(1, product["ports"] + 1)):
            yield "an enclosure without exactly its product's ports"
    of_device, legs = state.grouped("port", "device_id"), state.grouped("splitterleg", "splitter_id")
    for row in state.rows["device"]:
        if len(of_device[row["id"]]) != row["port_count"]:
            yield "a device without exactly its ports"
    for row in state.rows["splitter"]:
        product = state.by_key["splitterspec"][row["spec_id"]]
        inputs = sum(one["is_input"] for one in legs[row["id"]])
        if (inputs, len(legs[row["id"]]) - inputs) != (product["inputs"], product["outputs"]):
            yield "a splitter without exactly its legs"


def place_of(state: State, end: Row) -> tuple[str, Any, Any]:
    """(kind, enclosure, node) of an end, as far as it is in one."""
    if end["section_id"]:
        piece = state.by_key["fibresection"][end["section_id"]]
        cut = piece["cut_a_id" if end["side"] == "a" else "cut_b_id"]
        entries = (one for one in state.rows["cableentry"] if one["cable_id"] == piece["cable_id"])
        entry = next((one for one in entries if (one["id"] == cut if cut else one["side"] == end["side"])), None)
        box = entry["enclosure_id"] if entry else None
        return "fibre", box, state.by_key["enclosure"][box]["node_id"] if box else None
    if end["leg_id"]:
        box = state.by_key["splitter"][state.by_key["splitterleg"][end["leg_id"]]["splitter_id"]]["enclosure_id"]
        return "leg", box, state.by_key["enclosure"][box]["node_id"]
    port = state.by_key["port"][end["port_id"]]
    if port["device_id"]:
        return "device", None, state.by_key["device"][port["device_id"]]["node_id"]
    return f"port {end['side']}", port["enclosure_id"], state.by_key["enclosure"][port["enclosure_id"]]["node_id"]


ALLOWED = {
    "splice": {("fibre", "fibre"), ("fibre", "leg"), ("leg", "leg")},
    "through": {("fibre", "fibre"), ("fibre", "leg"), ("leg", "leg")},
    "pigtail": {("fibre", "port a"), ("leg", "port a")},
    "plug": {("fibre", "port a"), ("leg", "port a")},
    "patch": {("port b", "port b"), ("device", "port b"), ("device", "device")},
}


def _joints(state: State) -> Iterator[str]:
    ends, taken, places = state.grouped("jointend", "joint_id"), set(), defaultdict(list)
    for joint in state.rows["joint"]:
        mine = ends.pop(joint["id"], [])
        found = [place_of(state, end) for end in mine]
        if len(mine) != 2:
            yield "a joint without two ends"
            continue
        if tuple(sorted(kind for kind, _box, _node in found)) not in ALLOWED[joint["kind"]]:
            yield f"a {joint['kind']} between {found}"
        if joint["kind"] == "patch" and len({node for _kind, _box, node in found}) != 1:
            yield "a patch cord from node to node"
        if joint["kind"] != "patch" and {box for _kind, box, _node in found} != {joint["enclosure_id"]}:
            yield "a joint of ends that are not in its enclosure"
        for end in mine:
            thing = (end["section_id"] or end["port_id"] or end["leg_id"], end["side"])
            if thing in taken:
                yield "an end in two joints"
            taken.add(thing)
        if joint["tray_id"]:
            places[joint["tray_id"]].append(joint)
    if ends:
        yield "ends of no joint"
    for key, joints in places.items():
        tray, slots = state.by_key["tray"][key], [one["slot"] for one in joints if one["slot"]]
        if len(joints) > tray["capacity"] or len(set(slots)) != len(slots) or max(slots, default=0) > tray["capacity"]:
            yield "a tray with more splices than places"
        if any(one["enclosure_id"] != tray["enclosure_id"] for one in joints):
            yield "a splice in another enclosure's tray"


def _circuits(state: State) -> Iterator[str]:
    ends, joined = state.grouped("circuitend", "circuit_id"), neighbours(state)
    for circuit in state.rows["circuit"]:
        if circuit["lifecycle"] != "in_service":
            continue
        begins = [one["port_id"] or one["section_id"] for one in ends[circuit["id"]] if one["begins"]]
        others = {one["port_id"] or one["section_id"] for one in ends[circuit["id"]] if not one["begins"]}
        if len(begins) != 1 or not others:
            yield "a circuit in service without two ends"
        elif others - reached(state, begins[0], joined):
            yield "a circuit in service that is not connected"
