"""MapLibre's style expressions as QGIS expressions: the same decision by the same fields, wherever the layer is drawn.

https://maplibre.org/maplibre-style-spec/expressions/ - as far as our styles use it; the rest raises NotTranslatable.
"""

import itertools
from collections.abc import Sequence
from typing import Any

# The scale of zoom 0 on a screen of 96 dpi, with MapLibre's tiles of 512 pixels.
SCALE_OF_ZOOM_0 = 279_541_132.014
ZOOM = f"(ln({SCALE_OF_ZOOM_0} / @map_scale) / ln(2))"
# Where a value follows the zoom and QGIS wants one that does not (legend, a symbol's plain properties).
USUAL_ZOOM = 14
_COMPARED = {"==": "IS", "!=": "IS NOT", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class NotTranslatable(ValueError):
    """An operator that has no counterpart here yet."""


def scale_of(zoom: float) -> float:
    """The denominator of the map's scale at this zoom."""
    return SCALE_OF_ZOOM_0 / 2**zoom


def is_constant(value: Any) -> bool:
    """Is this a value, and no expression?"""
    return not isinstance(value, list | tuple) or (len(value) > 0 and not isinstance(value[0], str))


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


def _column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _listed(values: Any) -> str:
    return ", ".join(_literal(one) for one in (values if isinstance(values, list | tuple) else [values]))


def translated(value: Any) -> str:
    """The QGIS expression; raises NotTranslatable."""
    if is_constant(value):
        return _literal(value)
    operator, *parts = value
    if operator in _COMPARED:
        return f"({translated(parts[0])} {_COMPARED[operator]} {translated(parts[1])})"
    made = _MADE.get(operator)
    if made is None:
        raise NotTranslatable(str(operator))
    return str(made(parts))


def _in(parts: Sequence[Any]) -> str:
    sought = parts[1]
    values = sought[1] if isinstance(sought, list) and sought[:1] == ["literal"] else sought
    return f"({translated(parts[0])} IN ({_listed(values)}))"


def _case(parts: Sequence[Any]) -> str:
    *branches, other = parts
    pairs = zip(branches[::2], branches[1::2], strict=True)
    said = " ".join(f"WHEN {translated(when)} THEN {translated(then)}" for when, then in pairs)
    return f"CASE {said} ELSE {translated(other)} END"


def _match(parts: Sequence[Any]) -> str:
    asked, *branches, other = parts
    pairs = zip(branches[::2], branches[1::2], strict=True)
    said = " ".join(
        f"WHEN {translated(asked)} IN ({_listed(labels)}) THEN {translated(then)}" for labels, then in pairs
    )
    return f"CASE {said} ELSE {translated(other)} END"


def _interpolate(parts: Sequence[Any]) -> str:
    """Between two stops a straight line; what MapLibre bends (exponential) differs between them by a pixel at most."""
    _way, by, *stops = parts
    if by != ["zoom"]:
        raise NotTranslatable("interpolate by something else than the zoom")
    pairs = list(zip(stops[::2], stops[1::2], strict=True))
    if len(pairs) == 1:
        return translated(pairs[0][1])
    spans = itertools.pairwise(pairs)
    said = [
        f"WHEN {ZOOM} <= {above} THEN scale_linear({ZOOM}, {below}, {above}, {translated(low)}, {translated(high)})"
        for (below, low), (above, high) in spans
    ]
    return f"CASE {' '.join(said)} ELSE {translated(pairs[-1][1])} END"


def _step(parts: Sequence[Any]) -> str:
    by, first, *stops = parts
    asked = ZOOM if by == ["zoom"] else translated(by)
    pairs = list(zip(stops[::2], stops[1::2], strict=True))[::-1]
    said = " ".join(f"WHEN {asked} >= {_literal(at)} THEN {translated(then)}" for at, then in pairs)
    return f"CASE {said} ELSE {translated(first)} END"


def _joined(word: str) -> Any:
    return lambda parts: "(" + f" {word} ".join(translated(one) for one in parts) + ")"


_MADE: dict[str, Any] = {
    "get": lambda parts: _column(parts[0]),
    "has": lambda parts: f"({_column(parts[0])} IS NOT NULL)",
    "literal": lambda parts: _listed(parts[0]),
    "zoom": lambda _parts: ZOOM,
    "in": _in,
    "case": _case,
    "match": _match,
    "interpolate": _interpolate,
    "step": _step,
    "all": _joined("AND"),
    "any": _joined("OR"),
    "!": lambda parts: f"(NOT {translated(parts[0])})",
    "to-string": lambda parts: f"to_string({translated(parts[0])})",
    "to-number": lambda parts: f"to_real({translated(parts[0])})",
    "concat": lambda parts: f"concat({', '.join(translated(one) for one in parts)})",
    "coalesce": lambda parts: f"coalesce({', '.join(translated(one) for one in parts)})",
    "+": _joined("+"), "-": _joined("-"), "*": _joined("*"), "/": _joined("/"),
}  # fmt: skip


def usual(value: Any) -> Any:
    """One value that stands for the expression: what is drawn where no condition holds, at the usual zoom."""
    if is_constant(value):
        return value
    operator, *parts = value
    if operator in ("case", "match"):
        return usual(parts[-1])
    if operator == "interpolate":
        pairs = list(zip(parts[2::2], parts[3::2], strict=True))
        return usual(min(pairs, key=lambda pair: abs(pair[0] - USUAL_ZOOM))[1])
    if operator == "step":
        found = parts[1]
        for at, then in zip(parts[2::2], parts[3::2], strict=True):
            found = then if at <= USUAL_ZOOM else found
        return usual(found)
    if operator == "literal":
        return parts[0]
    raise NotTranslatable(str(operator))
