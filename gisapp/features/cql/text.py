"""CQL2-Text: a reader by recursive descent, for it knows the place of every mistake and how deep it is.

(The parser of pygeofilter 0.4 gives AND and OR the same weight, so that `a OR b AND c` finds other features.)
"""

import re
from collections.abc import Callable
from typing import Any

from gisapp.features.cql.tree import DEEPEST, FOLDING, LONGEST, SPATIAL, TEMPORAL, Node, syntax, too_large

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<text>'(?:[^'\\]|''|\\.)*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<name>[^\W\d][\w.:]*)
    | (?P<sign><>|<=|>=|[-+*/%=<>(),^])
    )""",
    re.VERBOSE | re.DOTALL,
)
_WKT = {"POINT": 0, "LINESTRING": 1, "MULTIPOINT": 1, "POLYGON": 2, "MULTILINESTRING": 2, "MULTIPOLYGON": 3}
_GEOJSON = {
    "POINT": "Point", "LINESTRING": "LineString", "POLYGON": "Polygon", "MULTIPOINT": "MultiPoint",
    "MULTILINESTRING": "MultiLineString", "MULTIPOLYGON": "MultiPolygon",
}  # fmt: skip
_WORDS = {"AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "DIV"}


def parse(text: str) -> Node:
    """The tree of a filter in CQL2-Text; raises BadInput("filter-syntax") and BadInput("filter-too-large")."""
    if len(text) > LONGEST:
        raise too_large("characters", LONGEST)
    reader = _Reader(text)
    found = reader.either()
    if reader.kind:
        raise reader.wrong("AND, OR")
    return found


class _Reader:
    """Stands before one token at a time: its kind ("" at the end), its text and the number of its first character."""

    def __init__(self, text: str) -> None:
        self.text, self.end, self.depth = text, 0, 0
        self.kind = self.sign = ""
        self.start = 1
        self.advance()

    def advance(self) -> None:
        match = _TOKEN.match(self.text, self.end)
        rest = self.text[self.end :].lstrip()
        self.start = len(self.text) - len(rest) + 1
        if match is None and rest:
            raise syntax(str(self.start), rest[:20], "CQL2")
        self.kind = (match.lastgroup or "") if match else ""
        self.sign = match[self.kind] if match else ""
        self.end = match.end() if match else len(self.text)

    @property
    def place(self) -> str:
        return str(self.start)

    def wrong(self, expected: str) -> Exception:
        return syntax(self.place, self.sign or "∅", expected)

    def is_word(self, *words: str) -> bool:
        return self.kind == "name" and self.sign.upper() in words

    def took(self, *tokens: str) -> str:
        """The sign or word if it is one of these, and a step forward; else nothing."""
        if (self.kind == "sign" and self.sign in tokens) or self.is_word(*tokens):
            found = self.sign.upper()
            self.advance()
            return found
        return ""

    def expect(self, *tokens: str) -> str:
        found = self.took(*tokens)
        if not found:
            raise self.wrong(" | ".join(tokens))
        return found

    def deeper(self, read: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise too_large("depth", DEEPEST, self.place)
        found = read()
        self.depth -= 1
        return found

    # -------------------------------------------------------------------------------------- the weaker binds later

    def either(self) -> Node:
        return self._joined("OR", self.both)

    def both(self) -> Node:
        return self._joined("AND", self.negated)

    def _joined(self, word: str, read: Callable[[], Node]) -> Node:
        place, parts = self.place, [read()]
        while self.took(word):
            parts.append(read())
        return parts[0] if len(parts) == 1 else Node(word.lower(), place, args=tuple(parts))

    def negated(self) -> Node:
        place = self.place
        if self.took("NOT"):
            return Node("not", place, args=(self.deeper(self.negated),))
        return self.compared()

    def compared(self) -> Node:
        place, left = self.place, self.sum()
        sign = self.took("=", "<>", "<", ">", "<=", ">=")
        if sign:
            return Node(sign, place, args=(left, self.sum()))
        if self.took("IS"):
            refused = self.took("NOT")
            self.expect("NULL")
            return self._maybe_not(refused, Node("isNull", place, args=(left,)))
        refused = self.took("NOT")
        word = self.expect("LIKE", "BETWEEN", "IN") if refused else self.took("LIKE", "BETWEEN", "IN")
        if not word:
            return left
        if word == "LIKE":
            found = Node("like", place, args=(left, self.sum()))
        elif word == "BETWEEN":
            low = self.sum()
            self.expect("AND")
            found = Node("between", place, args=(left, low, self.sum()))
        else:
            found = Node("in", place, args=(left, *self._list(self.sum)))
        return self._maybe_not(refused, found)

    @staticmethod
    def _maybe_not(refused: str, node: Node) -> Node:
        return Node("not", node.place, args=(node,)) if refused else node

    def sum(self) -> Node:
        found = self.product()
        while sign := self.took("+", "-"):
            found = Node(sign, found.place, args=(found, self.product()))
        return found

    def product(self) -> Node:
        found = self.single()
        while sign := self.took("*", "/", "%", "DIV"):
            found = Node(sign.lower(), found.place, args=(found, self.single()))
        return found

    def single(self) -> Node:
        place = self.place
        if self.took("-"):
            if self.kind == "number":
                return Node("literal", place, -self._number())
            return Node("-", place, args=(Node("literal", place, 0), self.deeper(self.single)))
        if self.took("("):
            found = self.deeper(self.either)
            self.expect(")")
            return found
        if self.kind == "number":
            return Node("literal", place, self._number())
        if self.kind == "text":
            return Node("literal", place, self._text())
        if self.kind == "quoted":
            name = self.sign[1:-1].replace('""', '"')
            self.advance()
            return Node("property", place, name)
        if self.kind != "name" or self.sign.upper() in _WORDS:
            raise self.wrong("property | literal | (")
        return self._named()

    # ------------------------------------------------------------------------------------------------ what has a name

    def _named(self) -> Node:
        place, name = self.place, self.sign
        self.advance()
        word = name.upper()
        if self.sign != "(" or self.kind != "sign":
            if word in ("TRUE", "FALSE"):
                return Node("literal", place, word == "TRUE")
            if word in _GEOJSON and self.is_word("Z"):
                self.advance()
                return self._geometry(place, word)
            return Node("property", place, name)
        if word in _GEOJSON or word in ("GEOMETRYCOLLECTION", "BBOX"):
            return self._geometry(place, word)
        if word in ("DATE", "TIMESTAMP"):
            return self._instant(place, word.lower())
        if word == "INTERVAL":
            return Node("interval", place, args=tuple(self._list(self._bound)))
        if name.lower() in (*SPATIAL, *TEMPORAL, *FOLDING):
            return Node(name.lower(), place, args=tuple(self._list(lambda: self.deeper(self.either))))
        raise syntax(place, name, "S_…, T_…, CASEI, ACCENTI, BBOX, DATE, TIMESTAMP, INTERVAL")

    def _list(self, read: Callable[[], Any]) -> list[Any]:
        self.expect("(")
        found = [read()]
        while self.took(","):
            found.append(read())
        self.expect(")")
        return found

    def _instant(self, place: str, kind: str) -> Node:
        self.expect("(")
        if self.kind != "text":
            raise self.wrong("'…'")
        found = Node(kind, place, self._text())
        self.expect(")")
        return found

    def _bound(self) -> Node | None:
        """One end of an interval: a text, a property, or open."""
        if self.kind != "text":
            return self.single()
        place, text = self.place, self._text()
        if text == "..":
            return None
        return Node("timestamp" if "T" in text.upper() else "date", place, text)

    def _text(self) -> str:
        found = re.sub(r"''|\\'", "'", self.sign[1:-1])
        self.advance()
        return found

    def _number(self) -> float | int:
        text = self.sign
        self.advance()
        return int(text) if text.isdecimal() and len(text) < 20 else float(text)

    # --------------------------------------------------------------------------------------------------- geometries

    def _geometry(self, place: str, word: str) -> Node:
        if word == "BBOX":
            return Node("geometry", place, {"bbox": self._list(self._coordinate)})
        if word == "GEOMETRYCOLLECTION":
            return Node("geometry", place, {"type": "GeometryCollection", "geometries": self._list(self._member)})
        level = _WKT[word]
        if word == "POINT":
            self.expect("(")
            coordinates: Any = self._position()
            self.expect(")")
        else:
            coordinates = self._nested(level, loose=word == "MULTIPOINT")
        return Node("geometry", place, {"type": _GEOJSON[word], "coordinates": coordinates})

    def _member(self) -> Any:
        place, word = self.place, self.sign.upper()
        if self.kind != "name" or word not in _GEOJSON:
            raise self.wrong(", ".join(_GEOJSON))
        self.advance()
        self.took("Z")
        return self._geometry(place, word).value

    def _nested(self, level: int, *, loose: bool = False) -> list[Any]:
        """Lists of positions, `level` deep; in a multipoint each may stand in brackets of its own."""
        if level > 1:
            return self._list(lambda: self._nested(level - 1))

        def one() -> list[float]:
            bracket = loose and self.took("(")
            found = self._position()
            if bracket:
                self.expect(")")
            return found

        return self._list(one)

    def _position(self) -> list[float]:
        found = [self._coordinate()]
        while self.kind == "number" or (self.kind == "sign" and self.sign in "+-"):
            found.append(self._coordinate())
        return found

    def _coordinate(self) -> float:
        sign = self.took("-", "+")
        if self.kind != "number":
            raise self.wrong("number")
        found = float(self._number())
        return -found if sign == "-" else found
