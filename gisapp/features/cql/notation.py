"""CQL2-JSON into the same tree."""

from typing import Any

import orjson

from gisapp.features.cql.tree import (
    ARGUMENTS,
    DEEPEST,
    LONGEST,
    MOST_NODES,
    TEMPORAL,
    Node,
    syntax,
    too_large,
)

_GEOMETRIES = {"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"}


def parse(text: str) -> Node:
    """The tree of a filter in CQL2-JSON; raises BadInput("filter-syntax") and BadInput("filter-too-large")."""
    if len(text) > LONGEST:
        raise too_large("characters", LONGEST)
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as reason:
        raise syntax(str(reason.pos + 1), text[reason.pos : reason.pos + 20] or "∅", "JSON") from reason
    return _Reader().node(found, "$", 1)


class _Reader:
    def __init__(self) -> None:
        self.count = 0

    def node(self, found: Any, place: str, depth: int) -> Node:
        self.count += 1
        if depth > DEEPEST:
            raise too_large("depth", DEEPEST, place)
        if self.count > MOST_NODES:
            raise too_large("nodes", MOST_NODES, place)
        if isinstance(found, str | int | float | bool):
            return Node("literal", place, found)
        if not isinstance(found, dict):
            raise syntax(place, str(found), "{…} | literal")
        if "op" in found:
            return self._operator(found, place, depth)
        if isinstance(found.get("property"), str):
            return Node("property", f"{place}.property", found["property"])
        for kind in ("date", "timestamp"):
            if isinstance(found.get(kind), str):
                return Node(kind, f"{place}.{kind}", found[kind])
        if isinstance(found.get("interval"), list):
            ends = [self._bound(one, f"{place}.interval[{n}]", depth) for n, one in enumerate(found["interval"])]
            return Node("interval", place, args=tuple(ends))
        if "bbox" in found or found.get("type") in _GEOMETRIES:
            return Node("geometry", place, found)
        raise syntax(place, ", ".join(map(str, found)) or "{}", "op, property, date, timestamp, interval, bbox, type")

    def _operator(self, found: dict[str, Any], place: str, depth: int) -> Node:
        name, args = found["op"], found.get("args")
        if isinstance(name, str) and name.lower() in TEMPORAL:  # t_startedBy
            name = name.lower()
        if not isinstance(name, str) or (name not in ARGUMENTS and name not in ("and", "or", "in")):
            raise syntax(f"{place}.op", str(name), ", ".join([*ARGUMENTS, "and", "or", "in"]))
        if not isinstance(args, list):
            raise syntax(f"{place}.args", str(args), "[…]")
        # The list of values is an argument of its own in CQL2-JSON, and so are the ends of a range.
        if name == "in" and len(args) == 2 and isinstance(args[1], list):
            args = [args[0], *args[1]]
        parts = [self.node(one, f"{place}.args[{number}]", depth + 1) for number, one in enumerate(args)]
        return Node(name, place, args=tuple(parts))

    def _bound(self, found: Any, place: str, depth: int) -> Node | None:
        if found == "..":
            return None
        if isinstance(found, str):
            return Node("timestamp" if "T" in found.upper() else "date", place, found)
        return self.node(found, place, depth + 1)
