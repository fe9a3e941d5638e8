"""What a filter means: a condition over a layer's public fields, put together from the ORM's expressions.

Every operand's type is known before the database sees it, and no operation can fail on a value (a division by nothing
is nothing, numbers are exact and cannot overflow): an error that depends on values would tell about rows that the
asker may not see, for the database is free to look at the filter first.
"""

import datetime
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, F, Func, IntegerField, Value
from django.db.models.fields import AutoFieldMixin
from django.utils.dateparse import parse_date, parse_datetime

from gisapp.features.cql import temporal
from gisapp.features.cql.shapes import Shape, literal
from gisapp.features.cql.tree import ARGUMENTS, ARITHMETIC, COMPARISON, FOLDING, SPATIAL, TEMPORAL, Node, refuse, syntax
from gisapp.features.crs import Crs
from gisapp.layer import Field, Layer, Type

GEOMETRY = "geometry"
KEY = "id"
LARGEST = 10**18
_TYPES = {Type.INTEGER: "number", Type.NUMBER: "number"}
_CASTS = {"string": "text", "boolean": "boolean", "date": "date", "datetime": "timestamptz"}
_FOLDED = {
    "casei": "lower(%(expressions)s)",
    # As the search does: one sign for a letter with its accent, then without it; ß becomes ss.
    "accenti": "public.unaccent('public.unaccent'::regdictionary, normalize(%(expressions)s, NFC))",
}


@dataclass(frozen=True)
class Typed:
    """An operand: its expression, its type, and whether it stands in the filter itself."""

    expression: Any
    type: str
    fixed: bool = False


class _Sql(Func):
    """An expression whose template is given whole."""

    def __init__(self, template: str, *parts: Any, joiner: str = ", ") -> None:
        super().__init__(*parts, output_field=BooleanField())
        self.template, self.arg_joiner = template, joiner


def _truth(value: bool) -> Any:
    return _Sql("TRUE" if value else "FALSE")


class Reader:
    """Turns the tree into a condition; raises BadInput with the place of what is wrong."""

    def __init__(self, layer: Layer, crs: Crs) -> None:
        self.layer, self.crs = layer, crs
        self.fields: dict[str, Field] = {one.name: one for one in layer.public_fields}

    # ---------------------------------------------------------------------------------------------------- conditions

    def condition(self, node: Node) -> Any:
        found = self.typed(node)
        if found.type != "boolean":
            raise refuse("filter-types", node.place, found=found.type, expected="boolean")
        return found.expression

    def typed(self, node: Node) -> Typed:
        self._count(node)
        if node.kind in ("and", "or"):
            parts = [self.condition(one) for one in self._present(node)]
            return Typed(_Sql("(%(expressions)s)", *parts, joiner=f" {node.kind.upper()} "), "boolean")
        if node.kind == "not":
            return Typed(_Sql("(NOT %(expressions)s)", self.condition(self._present(node)[0])), "boolean")
        for kinds, read in self._readers().items():
            if node.kind in kinds:
                return read(node)
        raise syntax(node.place, node.kind, "CQL2")

    def _readers(self) -> dict[tuple[str, ...], Callable[[Node], Typed]]:
        return {
            COMPARISON: self._compared, ("between",): self._between, ("in",): self._in, ("like",): self._like,
            ("isNull",): self._is_null, ARITHMETIC: self._computed, FOLDING: self._folded, tuple(SPATIAL): self._spatial,
            TEMPORAL: self._temporal, ("property",): self._property, ("literal",): self._literal,
            ("date", "timestamp"): self._instant, ("geometry",): self._shape, ("interval",): self._interval,
        }  # fmt: skip

    @staticmethod
    def _count(node: Node) -> None:
        wanted = ARGUMENTS.get(node.kind)
        few = len(node.args) < 2 and node.kind in ("and", "or", "in")
        # A sign before an operand: {"op": "-", "args": [x]} is none of CQL2's.
        if few or (wanted is not None and len(node.args) != wanted):
            raise syntax(node.place, f"{node.kind}: {len(node.args)}", str(wanted or "2…"))

    @staticmethod
    def _present(node: Node) -> list[Node]:
        found = [one for one in node.args if one is not None]
        if len(found) != len(node.args):
            raise syntax(node.place, "..", "literal")
        return found

    def _same(self, node: Node, *allowed: str) -> list[Typed]:
        """The arguments, which must be of one type, one of those allowed."""
        parts = self._present(node)
        found = [self.typed(one) for one in parts]
        for part, one in zip(parts, found, strict=True):
            if one.type not in allowed or one.type != found[0].type:
                expected = found[0].type if found[0].type in allowed else " | ".join(allowed)
                raise refuse("filter-types", part.place, found=one.type, expected=expected)
        return found

    # ---------------------------------------------------------------------------------------------------- comparisons

    def _compared(self, node: Node) -> Typed:
        left, right = self._same(node, "string", "number", "boolean", "date", "datetime")
        return Typed(_Sql("(%(expressions)s)", left.expression, right.expression, joiner=f" {node.kind} "), "boolean")

    def _between(self, node: Node) -> Typed:
        what, low, high = (one.expression for one in self._same(node, "number", "string", "date", "datetime"))
        below = _Sql("%(expressions)s", what, low, joiner=" >= ")
        above = _Sql("%(expressions)s", what, high, joiner=" <= ")
        return Typed(_Sql("(%(expressions)s)", below, above, joiner=" AND "), "boolean")

    def _in(self, node: Node) -> Typed:
        what, *values = self._same(node, "string", "number", "boolean", "date", "datetime")
        listed = _Sql("(%(expressions)s)", *(one.expression for one in values))
        return Typed(_Sql("(%(expressions)s)", what.expression, listed, joiner=" IN "), "boolean")

    def _like(self, node: Node) -> Typed:
        left, right = self._same(node, "string")
        pattern = self._present(node)[1]
        while pattern.kind in FOLDING and pattern.args[0] is not None:
            pattern = pattern.args[0]
        if pattern.kind != "literal":
            raise refuse("filter-types", pattern.place, found=pattern.kind, expected="literal")
        if (len(pattern.value) - len(pattern.value.rstrip("\\"))) % 2:
            raise syntax(pattern.place, "\\", "\\%, \\_, \\\\")
        return Typed(_Sql("(%(expressions)s)", left.expression, right.expression, joiner=" LIKE "), "boolean")

    def _is_null(self, node: Node) -> Typed:
        return Typed(_Sql("(%(expressions)s IS NULL)", self.typed(self._present(node)[0]).expression), "boolean")

    # ------------------------------------------------------------------------------------------------------- operands

    def _property(self, node: Node) -> Typed:
        name = str(node.value)
        if name in self.fields:
            one = self.fields[name]
            return Typed(F(one.path), _TYPES.get(one.type, str(one.type)))
        if name == GEOMETRY:
            return Typed(_Sql("%(expressions)s", F(self.layer.geometry_column)), "geometry")
        if name == KEY:
            number = isinstance(self.layer.key, IntegerField | AutoFieldMixin)
            return Typed(
                F("pk") if number else _Sql("%(expressions)s::text", F("pk")), "number" if number else "string"
            )
        # The same for what nobody knows and for what only staff do.
        raise refuse("unknown-field", node.place, layer=self.layer.name, field=name[:100])

    def _literal(self, node: Node) -> Typed:
        value = node.value
        if isinstance(value, bool):
            return Typed(_truth(value), "boolean", fixed=True)
        if isinstance(value, int | float):
            if not math.isfinite(value) or abs(value) > LARGEST:
                raise refuse("filter-types", node.place, found=str(value)[:30], expected="|number| ≤ 1e18")
            whole = isinstance(value, int)
            exact = value if whole else Decimal(repr(value))
            return Typed(
                _Sql(f"%(expressions)s::{'bigint' if whole else 'numeric'}", Value(exact)), "number", fixed=True
            )
        if "\x00" in value:
            raise syntax(node.place, "\\0", "literal")
        return Typed(_Sql("%(expressions)s::text", Value(value)), "string", fixed=True)

    def _instant(self, node: Node) -> Typed:
        """A date, or a date-time of RFC 3339."""
        kind = "date" if node.kind == "date" else "datetime"
        try:
            found: Any = parse_date(node.value) if kind == "date" else parse_datetime(node.value.upper())
        except (ValueError, OverflowError):
            found = None
        if found is None or (kind == "datetime" and not (found.tzinfo and 1 < found.year < 9999)):
            raise syntax(node.place, node.value, "2026-01-31" if kind == "date" else "2026-01-31T12:00:00Z")
        if kind == "datetime":
            found = found.astimezone(datetime.UTC)
        return Typed(_Sql(f"%(expressions)s::{_CASTS[kind]}", Value(found.isoformat())), kind, fixed=True)

    def _computed(self, node: Node) -> Typed:
        left, right = (_Sql("(%(expressions)s)::numeric", one.expression) for one in self._same(node, "number"))
        if node.kind in ("/", "%", "div"):
            right = _Sql("NULLIF(%(expressions)s, 0)", right)
        if node.kind == "div":
            return Typed(_Sql("trunc(%(expressions)s)", left, right, joiner=" / "), "number")
        # A sign of its own must not be read as a placeholder.
        sign = "%%" if node.kind == "%" else node.kind
        return Typed(_Sql("(%(expressions)s)", left, right, joiner=f" {sign} "), "number")

    def _folded(self, node: Node) -> Typed:
        (inner,) = self._same(node, "string")
        return Typed(_Sql(_FOLDED[node.kind], inner.expression), "string", fixed=inner.fixed)

    # ------------------------------------------------------------------------------------------------- space and time

    def _shape(self, node: Node) -> Typed:
        shape = literal(node, self.crs)
        mixed = shape.geom_type == "GeometryCollection"
        return Typed(Shape(shape), "mixed geometry" if mixed else "geometry", fixed=True)

    def _spatial(self, node: Node) -> Typed:
        parts = self._present(node)
        found = [self.typed(one) for one in parts]
        for part, one in zip(parts, found, strict=True):
            # PostGIS relates collections of different kinds in this one way only.
            fits = one.type == "geometry" or (one.type == "mixed geometry" and node.kind == "s_intersects")
            if not fits:
                raise refuse("filter-types", part.place, found=one.type, expected="geometry")
        expressions = [one.expression for one in found]
        return Typed(_Sql(f"{SPATIAL[node.kind]}(%(expressions)s)", *expressions), "boolean")

    def _interval(self, node: Node) -> Typed:
        raise refuse(
            "filter-types", node.place, found="interval", expected="string | number | boolean | date | datetime"
        )

    def _temporal(self, node: Node) -> Typed:
        left, right = (self._period(one) for one in self._present(node))
        kinds = {one.type for one in (*left, *right) if one is not None}
        if len(kinds) > 1:
            raise refuse("filter-types", node.place, found=", ".join(sorted(kinds)), expected="date | datetime")
        kind = _CASTS[kinds.pop()] if kinds else "date"
        ends = [
            _Sql(f"'{limit}'::{kind}") if one is None else one.expression
            for one, limit in zip((*left, *right), ("-infinity", "infinity") * 2, strict=True)
        ]
        return Typed(_Sql("(%(expressions)s)", *self._pairs(node.kind, ends), joiner=""), "boolean")

    @staticmethod
    def _pairs(kind: str, ends: list[Any]) -> list[Any]:
        """The comparisons that the relation consists of, each an expression, joined by its words."""
        word, comparisons = temporal.RELATIONS[kind]
        found: list[Any] = []
        for number, (one, sign, other) in enumerate(comparisons):
            start = f" {word} " if number else ""
            found.append(_Sql(f"{start}%(expressions)s", ends[one], ends[other], joiner=f" {sign} "))
        return found

    def _period(self, node: Node) -> tuple[Typed | None, Typed | None]:
        """Beginning and end; an instant is both."""
        if node.kind != "interval":
            found = self.typed(node)
            self._is_time(node, found)
            return found, found
        if len(node.args) != 2:
            raise syntax(node.place, f"interval: {len(node.args)}", "2")
        ends: list[Typed | None] = []
        for one in node.args:
            if one is None:
                ends.append(None)
                continue
            found = self.typed(one)
            self._is_time(one, found)
            ends.append(found)
        return ends[0], ends[1]

    @staticmethod
    def _is_time(node: Node, found: Typed) -> None:
        if found.type not in ("date", "datetime"):
            raise refuse("filter-types", node.place, found=found.type, expected="date | datetime")
