"""What both spellings of a filter are read into, how large it may be, and how it is refused."""

from dataclasses import dataclass
from typing import Any

from gisapp.errors import BadInput

LONGEST = 10_000
"""Characters of the filter."""
MOST_NODES = 500
DEEPEST = 30
MOST_VERTICES = 5_000

ARITHMETIC = ("+", "-", "*", "/", "%", "div")
COMPARISON = ("=", "<>", "<", ">", "<=", ">=")
SPATIAL = {
    "s_intersects": "ST_Intersects", "s_within": "ST_Within", "s_contains": "ST_Contains", "s_crosses": "ST_Crosses",
    "s_touches": "ST_Touches", "s_disjoint": "ST_Disjoint", "s_equals": "ST_Equals", "s_overlaps": "ST_Overlaps",
}  # fmt: skip
TEMPORAL = (
    "t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals", "t_finishedby", "t_finishes",
    "t_intersects", "t_meets", "t_metby", "t_overlappedby", "t_overlaps", "t_startedby", "t_starts",
)  # fmt: skip
FOLDING = ("casei", "accenti")
ARGUMENTS = {
    **dict.fromkeys((*COMPARISON, *ARITHMETIC, *SPATIAL, *TEMPORAL, "like"), 2), **dict.fromkeys((*FOLDING, "not", "isNull"), 1),
    "between": 3,
}  # fmt: skip
"""How many arguments an operator has; `and`, `or` and `in` have at least one more than none."""


@dataclass(frozen=True)
class Node:
    """One part of a filter.

    `kind` is an operator's name as in CQL2-JSON, or "property", "literal" (text, number, boolean), "date",
    "timestamp", "interval" (two arguments; None is an open end) or "geometry" (GeoJSON in the filter's system).
    `place` is where it stands: the number of the character, or the way through the JSON.
    """

    kind: str
    place: str
    value: Any = None
    args: "tuple[Node | None, ...]" = ()


def refuse(code: str, place: str, **values: object) -> BadInput:
    """The refusal of a filter, with the place."""
    return BadInput(code, **{"field": "filter", "place": place, **values})  # type: ignore[arg-type]


def syntax(place: str, found: str, expected: str) -> BadInput:
    return refuse("filter-syntax", place, found=found[:60], expected=expected)


def too_large(what: str, limit: int, place: str = "") -> BadInput:
    return refuse("filter-too-large", place, what=what, limit=limit)


def check_size(root: Node) -> None:
    """Raise BadInput("filter-too-large") for a tree that is too deep or has too many parts."""
    left, count = [(root, 1)], 0
    while left:
        node, depth = left.pop()
        count += 1
        if depth > DEEPEST:
            raise too_large("depth", DEEPEST, node.place)
        if count > MOST_NODES:
            raise too_large("nodes", MOST_NODES, node.place)
        left += [(one, depth + 1) for one in node.args if one is not None]
