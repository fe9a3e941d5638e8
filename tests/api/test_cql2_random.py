"""Filters in CQL2 made at random: they find what an evaluation of the tests' own finds, and none breaks anything."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gisapp import layer as contract
from gisapp.features import cql
from tests import factories
from tests.api.test_cql2 import prop

pytestmark = pytest.mark.django_db
ITEMS = "/ogc/collections/places/items"


ROWS = [("Haby", 600), ("Holtsee", 1_200), ("haby", None), ("Süd's", 0), ("%", 5)]
_NUMBERS = st.integers(-2_000, 2_000)
_WORDS = st.sampled_from([name for name, _ in ROWS] + ["x", ""])


def _scalars() -> st.SearchStrategy[Any]:
    numbers = st.one_of(_NUMBERS, st.just(prop("population")))
    deeper = st.tuples(st.sampled_from(["+", "-", "*"]), numbers, numbers)
    return st.one_of(numbers, deeper.map(lambda one: {"op": one[0], "args": [one[1], one[2]]}))


def _trees() -> st.SearchStrategy[Any]:
    compared = st.tuples(st.sampled_from(["=", "<>", "<", ">", "<=", ">="]), _scalars(), _scalars()).map(
        lambda one: {"op": one[0], "args": [one[1], one[2]]}
    )
    words = _WORDS.map(lambda one: {"op": "=", "args": [prop("name"), one]})
    members = st.lists(_NUMBERS, min_size=1, max_size=3).map(
        lambda one: {"op": "in", "args": [prop("population"), one]}
    )
    between = st.tuples(_NUMBERS, _NUMBERS).map(lambda one: {"op": "between", "args": [prop("population"), *one]})
    nothing = st.just({"op": "isNull", "args": [prop("population")]})
    leaves = st.one_of(compared, words, members, between, nothing, st.booleans())
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda one: {"op": "and", "args": one}),
            st.lists(inner, min_size=2, max_size=3).map(lambda one: {"op": "or", "args": one}),
            inner.map(lambda one: {"op": "not", "args": [one]}),
        ),
        max_leaves=8,
    )


def _value(tree: Any, row: tuple[str, int | None]) -> Any:
    """The tree's value for the row, None for what SQL calls unknown."""
    if not isinstance(tree, dict):
        return tree
    if "property" in tree:
        return row[0] if tree["property"] == "name" else row[1]
    op, args = tree["op"], tree["args"]
    if op == "in":
        return None if row[1] is None else row[1] in args[1]
    found = [_value(one, row) for one in args]
    if op == "and":
        return False if False in found else None if None in found else True
    if op == "or":
        return True if True in found else None if None in found else False
    if op == "isNull":
        return found[0] is None
    if None in found:
        return None
    if op == "not":
        return not found[0]
    if op == "between":
        return found[1] <= found[0] <= found[2]
    sums = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
    }
    if op in sums:
        return sums[op](*found)
    left, right = found
    return {"=": left == right, "<>": left != right, "<": left < right, ">": left > right, "<=": left <= right,
            ">=": left >= right}[op] if isinstance(left, str) == isinstance(right, str) else None  # fmt: skip


def _text(tree: Any) -> str:
    """The tree in CQL2-Text, with no more brackets than a careful person writes."""
    if isinstance(tree, bool):
        return str(tree).upper()
    if isinstance(tree, str):
        return "'" + tree.replace("'", "''") + "'"
    if not isinstance(tree, dict):
        return str(tree)
    if "property" in tree:
        return str(tree["property"])
    op, args = tree["op"], tree["args"]
    if op == "in":
        return f"{_text(args[0])} IN ({', '.join(map(_text, args[1]))})"
    found = [_text(one) for one in args]
    if op in ("and", "or"):
        # OR inside of AND needs its brackets, AND inside of OR does not.
        inner = [
            f"({text})" if isinstance(one, dict) and one["op"] == "or" and op == "and" else text
            for one, text in zip(args, found, strict=True)
        ]
        return f" {op} ".join(inner)
    if op == "not":
        return f"NOT ({found[0]})"
    if op == "isNull":
        return f"{found[0]} IS NULL"
    if op == "between":
        return f"{found[0]} BETWEEN {found[1]} AND {found[2]}"
    if op in "+-*":
        return f"({found[0]} {op} {found[1]})"
    return f"{found[0]} {op} {found[1]}"


def _found(written: str, language: str) -> set[str]:
    from django.contrib.auth.models import AnonymousUser

    from gisapp.features.crs import DEFAULT
    from gisapp.features.query import Selection, count, page

    layer, selection = contract.get("places"), Selection(filter=cql.parse(written, language))
    rows = page(layer, AnonymousUser(), selection, DEFAULT, limit=100)
    assert count(layer, AnonymousUser(), selection) == len(rows)
    return {row[2] for row in rows}


def test_14_random_filters_find_what_they_say(django_db_blocker: Any) -> None:
    """Against an evaluation in Python with the three truth values of SQL; the text and the JSON find the same."""
    for name, population in ROWS:
        factories.place(name, population=population)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_trees())
    def agrees(tree: Any) -> None:
        expected = {row[0] for row in ROWS if _value(tree, row) is True}
        assert _found(json.dumps(tree), "cql2-json") == expected
        assert _found(_text(tree), "cql2-text") == expected

    agrees()


_PIECES = st.sampled_from(
    ["name", "population", "geometry", "=", "<>", "(", ")", "AND", "OR", "NOT", "'x'", "1", "-", "IN", "LIKE", "BETWEEN",
     "IS", "NULL", "CASEI", "S_INTERSECTS", "POINT", "BBOX", "DATE", "INTERVAL", "T_AFTER", ",", "9 54", "'..'", "\\", '"',
     "'", "\x00", "TRUE", "id", "*", "/", "%", "'2020-01-01'", "secret", "MULTIPOINT", "GEOMETRYCOLLECTION", "Z", "1e309"]
)  # fmt: skip
_ANY_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5), st.just(prop("name")),
              st.just(prop("geometry")), st.just(prop("population"))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(lambda op, args: {"op": op, "args": args},
                  st.sampled_from(["and", "or", "not", "=", "in", "like", "between", "isNull", "s_within", "t_starts", "casei", "+"]),
                  st.lists(inner, max_size=3)),
        st.builds(lambda kind, coordinates: {"type": kind, "coordinates": coordinates},
                  st.sampled_from(["Point", "LineString", "Polygon", "MultiPolygon", "GeometryCollection"]), inner),
        st.builds(lambda name, value: {name: value}, st.sampled_from(["date", "timestamp", "interval", "bbox", "property"]), inner),
    ),
    max_leaves=10,
)  # fmt: skip


def test_15_no_filter_breaks_it() -> None:
    """Whatever is sent, the answer is features or a refusal with a code."""
    from gisapp.errors import BadInput

    factories.place("Haby")

    def tried(written: str, language: str) -> None:
        try:
            _found(written, language)
        except BadInput as refused:
            assert refused.status == 400
            assert refused.text("de") and refused.text("en")

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(st.lists(_PIECES, max_size=14).map(" ".join), st.text(max_size=30)))
    def text_is_safe(written: str) -> None:
        tried(written, "cql2-text")

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(_ANY_JSON.map(json.dumps), st.text(max_size=20)))
    def json_is_safe(written: str) -> None:
        tried(written, "cql2-json")

    text_is_safe()
    json_is_safe()
