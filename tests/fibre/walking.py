"""The way of light, walked in Python over the raw tables: what a trace is compared with. It asks no function of the project's."""

from dataclasses import dataclass, field
from typing import Any

from tests.fibre.invariants import State, measured, placements
from tests.fibre.light import neighbours


@dataclass
class Walk:
    """What is on the way from a thing, both ways: fibres, ports and legs by keys, and the (thing, side) where it stops."""

    things: set[Any] = field(default_factory=set)
    stops: set[tuple[Any, str]] = field(default_factory=set)
    looped: bool = False


class Walker:
    """Walks in one state of the tables."""

    def __init__(self) -> None:
        self.state = State.read()
        self.joined = neighbours(self.state)
        self.legs = self.state.grouped("splitterleg", "splitter_id")

    def walk(self, start: Any) -> Walk:
        found = Walk({start})
        ports = self.state.by_key["port"]
        sides = ("b",) if start in ports and ports[start]["device_id"] else ("a", "b")
        for side in sides:
            self._leave(start, side, {start}, found)
        return found

    def _leave(self, thing: Any, side: str, passed: set[Any], found: Walk) -> None:
        other = self.joined.get((thing, side))
        if other is None:
            found.stops.add((thing, side))
            return
        key = other[0]
        leg = self.state.by_key["splitterleg"].get(key)
        if key in passed:
            found.looped = True
            return
        if leg is None:
            found.things.add(key)
            port = self.state.by_key["port"].get(key)
            if not (port and port["device_id"]):
                self._leave(key, "b" if other[1] == "a" else "a", passed | {key}, found)
            return
        onward = [
            one
            for one in self.legs[leg["splitter_id"]]
            if one["is_input"] != leg["is_input"] and (one["id"], "a") in self.joined
        ]
        if not onward:
            found.stops.add((key, "a"))
        for one in onward:
            if one["id"] in passed:
                found.looped = True
            else:
                self._leave(one["id"], "a", passed | {key, one["id"]}, found)

    def metres(self, section: Any) -> float | None:
        """Glass of one piece: between sheath marks where both were read, else as drawn and with its slack; times the twist."""
        piece = self.state.by_key["fibresection"][section]
        cable, steps = next((one, mine) for one, mine in placements(self.state) if one["id"] == piece["cable_id"])
        entries = [one for one in self.state.rows["cableentry"] if one["cable_id"] == cable["id"]]
        marks = []
        for cut, side in ((piece["cut_a_id"], "a"), (piece["cut_b_id"], "b")):
            at = next((one for one in entries if (one["id"] == cut if cut else one["side"] == side)), None)
            marks.append(at["mark_m"] if at else None)
        twist = self.state.by_key["cablespec"][cable["spec_id"]]["twist"]
        if None not in marks:
            return abs(marks[1] - marks[0]) * float(twist)
        where = measured(self.state, cable, steps)
        begin = where.get(piece["cut_a_id"]) if piece["cut_a_id"] else (0.0, 0.0)
        end = where.get(piece["cut_b_id"])
        return (sum(end) - sum(begin)) * float(twist) if begin is not None and end is not None else None
