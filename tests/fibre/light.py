"""Where light goes, worked out in Python from the rows of joints (`invariants.State`)."""

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


def reached(state: "State", begin: Any, joined: dict[tuple[Any, str], tuple[Any, str]] | None = None) -> set[Any]:
    """Everything that light from this thing comes to, leaving it by any side."""
    joined = neighbours(state) if joined is None else joined
    legs = state.grouped("splitterleg", "splitter_id")
    seen: set[tuple[Any, str]] = set()
    left = [(begin, "a"), (begin, "b")]
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
    return {thing for thing, _side in seen}
