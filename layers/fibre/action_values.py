"""What people send as an action's arguments, as the database's functions take it.

Objects are looked up with the rights of whoever acts: what is not seen is not there.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from gisapp.database import fetch_rows
from gisapp.errors import BadInput, NotFound
from layers.fibre.actions import Action, Argument, Takes
from layers.fibre.refs import key_of, starts, thing
from layers.fibre.values import LIFECYCLE

LONGEST = 200
MOST = 10_000
_TABLES = {
    Takes.NODE: "node", Takes.SEGMENT: "segment", Takes.DUCT: "duct", Takes.CABLE: "cable", Takes.ENCLOSURE: "enclosure",
    Takes.PREMISES: "premises",
}  # fmt: skip
_PRODUCTS = {
    Takes.DUCT_SPEC: "fibre_ductspec", Takes.CABLE_SPEC: "fibre_cablespec", Takes.ENCLOSURE_SPEC: "fibre_enclosurespec",
    Takes.FITTING: "fibre_fittingspec",
}  # fmt: skip


def _bad(name: str, value: Any) -> BadInput:
    return BadInput("bad-value", field=name, name=name, value=str(value)[:100].replace("\x00", "?"))


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST or not value.isprintable():
        raise _bad(name, value)
    return value.strip()


def _number(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 32_768:
        raise _bad(name, value)
    return value


def _numbers(name: str, value: Any) -> list[int]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST:
        raise _bad(name, value)
    found = [_number(name, one) for one in value]
    if len(set(found)) < len(found):
        raise _bad(name, value)
    return found


def _metres(name: str, value: Any) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not 0.1 <= value <= 5_000
    ):
        raise _bad(name, value)
    return float(value)


def _yes_no(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _bad(name, value)
    return value


def _lead(name: str, value: Any) -> str:
    if value not in ("a", "b"):
        raise _bad(name, value)
    return str(value)


def _point(name: str, value: Any) -> str:
    """EWKT in CRS84 of a GeoJSON point; the statement transforms it."""
    place = value.get("coordinates") if isinstance(value, dict) and value.get("type") == "Point" else None
    if not isinstance(place, list) or len(place) != 2:
        raise _bad(name, value)
    for one, most in zip(place, (180, 85), strict=True):
        if isinstance(one, bool) or not isinstance(one, int | float) or not abs(one) <= most:
            raise _bad(name, value)
    return f"SRID=4326;POINT({place[0]!r} {place[1]!r})"


def _address(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise _bad(name, value)
    if not fetch_rows("SELECT 1 FROM regions_address WHERE id = %s AND retired_at IS NULL", [value]):
        raise NotFound("fibre-unknown", ref=str(value))
    return value


def _single(ref: str, rows: list[tuple[Any, ...]]) -> Any:
    if not rows:
        raise NotFound("fibre-unknown", ref=ref)
    if len(rows) > 1:
        raise BadInput("fibre-ambiguous-name", ref=ref, names=", ".join(str(row[0]) for row in rows))
    return rows[0][0]


def _network(ref: str) -> UUID:
    found: UUID = _single(ref, fetch_rows("SELECT id FROM fibre_network WHERE key = %s OR id = %s", [ref, key_of(ref)]))
    return found


def _tube(ref: str) -> UUID:
    """A key, or "RV-1:4" or "RV-1/4": the fourth tube of RV-1."""
    key = key_of(ref)
    if key:
        found: UUID = _single(ref, fetch_rows("SELECT id FROM fibre_tube WHERE id = %s", [key]))
        return found
    for separator in ":/":
        holder, bar, position = ref.rpartition(separator)
        if bar and holder and position.isascii() and position.isdecimal() and len(position) < 5:
            duct = thing(holder, None, "duct")
            rows = fetch_rows(
                "SELECT id FROM fibre_tube WHERE duct_id = %s AND position = %s", [duct.id, int(position)]
            )
            made: UUID = _single(ref, rows)
            return made
    raise NotFound("fibre-unknown", ref=ref)


def _splitter(ref: str) -> UUID:
    net, _bar, name = ref.rpartition("|")
    found: UUID = _single(
        ref,
        fetch_rows(
            "SELECT s.id FROM fibre_splitter s JOIN fibre_enclosure e ON e.id = s.enclosure_id JOIN fibre_network n ON n.id = e.network_id "
            "WHERE (s.name = %s OR s.id = %s) AND (%s::text = '' OR n.key = %s)",
            [name, key_of(name), net, net],
        ),
    )
    return found


def _ends(ref: str) -> list[UUID]:
    """The things that "K1:3", "ODF1/3", "SP1#2" or a key mean; never what stands at an address."""
    if not key_of(ref) and not any(one in ref for one in ":/#"):
        raise NotFound("fibre-unknown", ref=ref)
    return [one.id for one in starts(ref)]


def _port(ref: str) -> UUID:
    found: UUID = _single(ref, fetch_rows("SELECT id FROM fibre_port WHERE id = ANY (%s)", [_ends(ref)]))
    return found


def _joint(ref: str) -> UUID:
    """A key, or the end of one: of a fibre that is spliced at both of its ends the key is needed."""
    rows = fetch_rows("SELECT id FROM fibre_joint WHERE id = %s", [key_of(ref)])
    if not rows:
        rows = fetch_rows("SELECT DISTINCT joint_id FROM fibre_jointend WHERE thing = ANY (%s)", [_ends(ref)])
    found: UUID = _single(ref, rows)
    return found


_OBJECTS: Mapping[Takes, Callable[[str], UUID]] = {
    Takes.NETWORK: _network, Takes.TUBE: _tube, Takes.SPLITTER: _splitter, Takes.PORT: _port, Takes.JOINT: _joint,
}  # fmt: skip
_PLAIN: Mapping[Takes, Callable[[str, Any], Any]] = {
    Takes.NAME: _text, Takes.NUMBER: _number, Takes.NUMBERS: _numbers, Takes.METRES: _metres, Takes.YES_NO: _yes_no, Takes.LEAD: _lead,
    Takes.POINT: _point, Takes.ADDRESS: _address,
}  # fmt: skip


def _value(argument: Argument, value: Any, kind: Any = None) -> Any:
    """`kind` is what was sent as the argument of that name, for an OBJECT."""
    takes, name = argument.takes, argument.name
    if takes in (Takes.KIND, Takes.LIFECYCLE):
        if not isinstance(value, str) or value not in (argument.choices or LIFECYCLE):
            raise _bad(name, value)
        return value
    if takes is Takes.OBJECT:
        ref = _text(name, value)
        return _splitter(ref) if kind == "splitter" else thing(ref, None, str(kind)).id
    if takes in _PLAIN:
        return _PLAIN[takes](name, value)
    if takes is Takes.NODES:
        if not isinstance(value, list) or len(value) > 100:
            raise _bad(name, value)
        return [thing(_text(name, one), None, "node").id for one in value]
    ref = _text(name, value)
    if takes in _PRODUCTS:
        if not fetch_rows(f"SELECT 1 FROM {_PRODUCTS[takes]} WHERE key = %s", [ref]):  # noqa: S608 - names of our own
            raise BadInput("unknown-product", field=name, name=ref)
        return ref
    return _OBJECTS[takes](ref) if takes in _OBJECTS else thing(ref, None, _TABLES[takes]).id


def parameters(action: Action, sent: Any) -> dict[str, Any]:
    """The function's parameters, as far as anything was sent for them.

    Raises BadInput for what is missing, too much or no such value, NotFound for objects that the asker does not see.
    """
    if not isinstance(sent, Mapping):
        raise BadInput(reason="{…}")
    known = {one.name for one in action.arguments}
    for name in sent:
        if name not in known:
            raise BadInput(
                "unknown-argument", field=str(name)[:50], name=str(name)[:50], possible=", ".join(sorted(known))
            )
    found = {}
    for one in action.arguments:
        if sent.get(one.name) is not None:
            found[one.parameter] = _value(one, sent[one.name], sent.get("kind"))
        elif one.required:
            raise BadInput("value-missing", field=one.name, rule=one.name)
    return found
