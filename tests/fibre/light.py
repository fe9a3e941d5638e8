"""Where light goes, worked out in Python from the rows of joints (`invariants.State`)."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fibre.invariants import State


def neighbours(state: "State") -> dict[tuple[Any, str], tuple[Any, str]]:
    """What each (thing, side) is joined to."""
    found = {}
    for mine in state.grouped("jointend", "joint_id").values():
        pair = [(end["section_id"] or end["port_id"] or end["leg_id"], end["side"]) for end in mine]
        for one, other in (*pairwise(pair), *pairwise(reversed(pair))):
            found[one] = other
    return found


Joined = dict[tuple[Any, str], tuple[Any, str]]


def reached(state: "State", begin: Any, joined: Joined | None = None) -> set[Any]:
    """Everything that light from this thing comes to, leaving it by any side."""
    return {thing for thing, _side in walked(state, [(begin, "a"), (begin, "b")], joined)}


def walked(state: "State", left: list[tuple[Any, str]], joined: Joined | None = None) -> set[tuple[Any, str]]:
    """The same with the side by which each thing is left, from these (thing, side)."""
    joined = neighbours(state) if joined is None else joined
    legs = state.grouped("splitterleg", "splitter_id")
    seen: set[tuple[Any, str]] = set()
    while left:
        here = left.pop()
        if here in seen:
            continue
        seen.add(here)
        other = joined.get(here)
        if other is None:
            continue
        leg = state.by_key["splitterleg"].get(other[0])
        if leg is None:
            left.append((other[0], "b" if other[1] == "a" else "a"))
        else:
            seen.add((leg["id"], "passed"))
            left += [(one["id"], "a") for one in legs[leg["splitter_id"]] if one["is_input"] != leg["is_input"]]
    return seen


def kept(state: "State") -> Iterator[str]:
    """What is kept of each joined piece is what comes out when it is worked out from scratch."""
    joined = neighbours(state)
    worked_out = {
        piece["id"]: (piece["cable_id"], *lit(state, piece["id"], joined))
        for piece in state.rows["fibresection"]
        if (piece["id"], "a") in joined or (piece["id"], "b") in joined
    }
    rows = {
        row["section_id"]: (row["cable_id"], set(row["nodes"]), set(row["circuits"]), row["used"])
        for row in state.rows["light"]
    }
    for key in rows.keys() | worked_out.keys():
        if rows.get(key) != worked_out.get(key):
            yield f"of a piece is kept {rows.get(key)} and not {worked_out.get(key)}"


def lit(state: "State", piece: Any, joined: Joined) -> tuple[set[Any], set[Any], bool]:
    """(nodes where its light ends or passes a port, circuits in service through it, is it in use)."""
    ways = [walked(state, [(piece, side)], joined) for side in "ab"]
    nodes = {node for thing, side in ways[0] | ways[1] if (node := _ends_at(state, thing, side))}
    serving = {row["id"] for row in state.rows["circuit"] if row["lifecycle"] == "in_service"}
    reach = [{thing for thing, _side in way} for way in ways]
    circuits = set()
    for circuit, ends in state.grouped("circuitend", "circuit_id").items():
        begins, others = (
            {one["port_id"] or one["section_id"] for one in ends if one["begins"] is first} for first in (True, False)
        )
        if circuit in serving and any(begins & reach[one] and others & reach[1 - one] for one in (0, 1)):
            circuits.add(circuit)
    at = {one["port_id"] or one["section_id"] for one in state.rows["circuitend"] if one["circuit_id"] in serving}
    used = piece in at
    for side in "ab":
        other, entered = joined.get((piece, side), (None, ""))
        if other in state.by_key["port"]:
            used |= (other, "b" if entered == "a" else "a") in joined or other in at
        elif other is not None:
            used = True
    return nodes, circuits, used


def _ends_at(state: "State", thing: Any, side: str) -> Any:
    """The node of a port, or where a piece ends by this side with its cable; None of anything else."""
    port, piece = state.by_key["port"].get(thing), state.by_key["fibresection"].get(thing)
    if port:
        holder = "device" if port["device_id"] else "enclosure"
        return state.by_key[holder][port[f"{holder}_id"]]["node_id"]
    if piece and piece["cut_a_id" if side == "a" else "cut_b_id"] is None:
        return state.by_key["cable"][piece["cable_id"]]["from_node_id" if side == "a" else "to_node_id"]
    return None
