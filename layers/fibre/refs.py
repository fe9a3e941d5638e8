"""What people call things: "K1:17", "ODF1/3", "SP1#in", an address, a node, a key - and the ends that they mean.

A name is looked for in the networks that the asker may see; where it is found in two, "netz|name" says in which.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from gisapp.database import fetch_rows
from gisapp.errors import BadInput, NotFound
from gisapp.layer import SearchHit
from layers.fibre.past import at_the_moment
from layers.fibre.tracing import Sight, Start
from layers.regions.search import STREETS_LOOKED_AT, parse, streets_and_addresses

# An address that is spelt a little otherwise is the same one; one that is merely like it is another.
SURE = 0.9

_SEEN = "(%(sight)s::bigint[] IS NULL OR x.organisation_id = ANY (%(sight)s)) AND (%(net)s = '' OR n.key = %(net)s)"


@dataclass(frozen=True)
class Thing:
    """An object of a network by its table ("cable", "enclosure", "device", "node", "segment", "duct", "premises")."""

    table: str
    id: UUID
    name: str
    network: str


_TABLES = ("cable", "enclosure", "device", "node", "duct", "segment")


def _named(name: str, net: str, sight: Sight, *tables: str) -> list[Thing]:
    """Objects of this name, or of this key, in the tables that were asked for."""
    key = key_of(name)
    parts = " UNION ALL ".join(
        f"SELECT '{table}', x.id, coalesce(x.name, x.id::text), n.key FROM fibre_{table} x JOIN fibre_network n ON n.id = x.network_id "  # noqa: S608
        f"WHERE {'x.id = %(key)s' if key else 'x.name = %(name)s'} AND {_SEEN}"
        for table in tables
    )
    values = {"name": name, "key": key, "net": net, "sight": None if sight is None else list(sight)}
    return [Thing(*row) for row in fetch_rows(parts, values)]


def key_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _one(ref: str, found: list[Thing]) -> Thing:
    if not found:
        raise NotFound("fibre-unknown", ref=ref)
    if len(found) > 1:
        names = ", ".join(sorted(f"{one.network}|{one.name} ({one.table})" for one in found))
        raise BadInput("fibre-ambiguous-name", ref=ref, names=names)
    return found[0]


@at_the_moment
def thing(ref: str, sight: Sight = None, *tables: str) -> Thing:
    """The one object of this name or key. Raises NotFound("fibre-unknown"), BadInput("fibre-ambiguous-name")."""
    net, _bar, name = ref.rpartition("|")
    return _one(ref, _named(name, net, sight, *(tables or _TABLES)))


@at_the_moment
def starts(ref: str, sight: Sight = None) -> list[Start]:
    """The ends that `ref` means: of a fibre, port or leg one, of a cable, tube, node, premises or address all that hang there.

    Raises NotFound("fibre-unknown"), NotFound("fibre-nothing-there"), BadInput("fibre-ambiguous-name").
    """
    net, _bar, name = ref.strip().rpartition("|")
    for separator, of in ((":", _fibres), ("/", _ports), ("#", _legs)):
        holder, found, number = name.rpartition(separator)
        if found and holder:
            answer = of(ref, holder, number, net, sight)
            if answer:
                return answer
    key = key_of(name)
    if key:
        answer = _by_key(key, sight)
        if answer:
            return answer
    matches = _named(name, net, sight, "cable", "enclosure", "device", "node", "duct", "premises")
    if not matches:
        return _at_address(ref, name, sight)
    # A node, the enclosure on it and the premises there often have one name; they mean the same ends.
    objects = {one.table: one for one in matches}
    if len(objects) == len(matches) and len({one.network for one in matches}) == 1 and set(objects) <= set(_ONE_PLACE):
        matches = [next(objects[table] for table in _ONE_PLACE if table in objects)]
    return _there(ref, list(_of_thing(_one(ref, matches))))


_ONE_PLACE = ("enclosure", "node", "premises")


def _there(ref: str, found: list[Start]) -> list[Start]:
    """What was named is there; whether anything hangs on it is another question."""
    if not found:
        raise NotFound("fibre-nothing-there", ref=ref)
    return found


def _fibres(ref: str, holder: str, number: str, net: str, sight: Sight) -> list[Start]:
    """ "K1:17", of a cut fibre "K1:17.2" for its second piece; "RV1:3" is what lies in the third tube of a duct."""
    digits, _dot, piece = number.partition(".")
    if not digits.isdecimal() or (piece and not piece.isdecimal()):
        return []
    cables = _named(holder, net, sight, "cable", "duct")
    if not cables:
        return []
    cable = _one(ref, cables)
    if cable.table == "duct":
        return _of_tube(ref, cable, int(digits))
    rows = fetch_rows(
        "SELECT f.id FROM fibre_fibresection f LEFT JOIN fibre_measure m ON m.entry_id = f.cut_a_id "
        "WHERE f.cable_id = %s AND f.number = %s ORDER BY f.cut_a_id IS NOT NULL, m.drawn_m, f.id",
        [cable.id, int(digits)],
    )
    if not rows or (piece and not 0 < int(piece) <= len(rows)):
        raise NotFound("fibre-unknown", ref=ref)
    chosen = [int(piece) - 1] if piece else range(len(rows))
    return [
        Start("fibre", rows[one][0], f"{cable.name}:{digits}" + (f".{one + 1}" if len(rows) > 1 else ""))
        for one in chosen
    ]


def _of_tube(ref: str, duct: Thing, position: int) -> list[Start]:
    if not fetch_rows("SELECT FROM fibre_tube WHERE duct_id = %s AND position = %s", [duct.id, position]):
        raise NotFound("fibre-unknown", ref=ref)
    return _there(ref, list(_in_tube(duct, position)))


@at_the_moment
def tubes(ref: str, sight: Sight = None) -> list[UUID]:
    """The tubes (their keys) that `ref` means: "RV-1:4" or "RV-1/4" one, a duct's name or key all of it, a tube's key itself.

    Raises NotFound("fibre-unknown"), BadInput("fibre-ambiguous-name").
    """
    net, _bar, name = ref.strip().rpartition("|")
    for separator in ":/":
        holder, found, number = name.rpartition(separator)
        ducts = _named(holder, net, sight, "duct") if found and holder and number.isdecimal() else []
        if ducts:
            statement = "SELECT id FROM fibre_tube WHERE duct_id = %s AND position = %s"
            rows = fetch_rows(statement, [_one(ref, ducts).id, int(number)])
            if not rows:
                raise NotFound("fibre-unknown", ref=ref)
            return [row[0] for row in rows]
    key = key_of(name)
    for *_duct, owner in fetch_rows(_TUBE, [key]) if key else []:
        if key and (sight is None or owner in sight):
            return [key]
    duct = _one(ref, _named(name, net, sight, "duct"))
    return [row[0] for row in fetch_rows("SELECT id FROM fibre_tube WHERE duct_id = %s ORDER BY position", [duct.id])]


def _in_tube(duct: Thing, position: int) -> Iterator[Start]:
    rows = fetch_rows(
        "SELECT DISTINCT c.cable_id, k.name FROM fibre_tube t JOIN fibre_tubesection x ON x.tube_id = t.id "
        "JOIN fibre_cablestep c ON c.section_id = x.id JOIN fibre_cable k ON k.id = c.cable_id WHERE t.duct_id = %s AND t.position = %s "
        "ORDER BY k.name",
        [duct.id, position],
    )
    for cable, name in rows:
        yield from _of_thing(Thing("cable", cable, name or str(cable), duct.network))


def _ports(ref: str, holder: str, number: str, net: str, sight: Sight) -> list[Start]:
    if not number.isdecimal():
        return []
    boxes = _named(holder, net, sight, "enclosure", "device")
    if not boxes:
        # "RV-1/4" is how the actions' answers call the tube "RV-1:4".
        ducts = _named(holder, net, sight, "duct")
        return _of_tube(ref, _one(ref, ducts), int(number)) if ducts else []
    box = _one(ref, boxes)
    rows = fetch_rows(
        "SELECT id FROM fibre_port WHERE coalesce(enclosure_id, device_id) = %s AND number = %s", [box.id, int(number)]
    )
    if not rows:
        raise NotFound("fibre-unknown", ref=ref)
    return [Start("device" if box.table == "device" else "port", rows[0][0], f"{box.name}/{number}")]


_LEGS = f"""
SELECT l.id, s.name
  FROM fibre_splitter s
  JOIN fibre_splitterleg l ON l.splitter_id = s.id
  JOIN fibre_enclosure x ON x.id = s.enclosure_id
  JOIN fibre_network n ON n.id = x.network_id
 WHERE s.name = %(name)s AND l.is_input = %(inward)s AND l.number = %(number)s AND {_SEEN}
"""  # noqa: S608 - a condition of our own


def _legs(ref: str, holder: str, number: str, net: str, sight: Sight) -> list[Start]:
    """ "SP1#in", "SP1#in2", "SP1#7"."""
    inward = number.startswith("in")
    digits = (number[2:] or "1") if inward else number
    if not digits.isdecimal():
        return []
    rows = fetch_rows(
        _LEGS,
        {
            "name": holder,
            "inward": inward,
            "number": int(digits),
            "net": net,
            "sight": None if sight is None else list(sight),
        },
    )
    if len(rows) > 1:
        raise BadInput("fibre-ambiguous-name", ref=ref, names=", ".join(row[1] for row in rows))
    return [Start("splitter", row[0], f"{row[1]}#{number}") for row in rows]


_BY_KEY = """
SELECT 'fibre', f.id, coalesce(c.name, c.id::text) || ':' || f.number, c.organisation_id
  FROM fibre_fibresection f JOIN fibre_cable c ON c.id = f.cable_id WHERE f.id = %(key)s
UNION ALL
SELECT CASE WHEN p.device_id IS NULL THEN 'port' ELSE 'device' END, p.id, coalesce(e.name, d.name) || '/' || p.number,
       coalesce(e.organisation_id, d.organisation_id)
  FROM fibre_port p LEFT JOIN fibre_enclosure e ON e.id = p.enclosure_id LEFT JOIN fibre_device d ON d.id = p.device_id WHERE p.id = %(key)s
UNION ALL
SELECT 'splitter', l.id, s.name || '#' || CASE WHEN l.is_input THEN 'in' ELSE '' END || l.number, e.organisation_id
  FROM fibre_splitterleg l JOIN fibre_splitter s ON s.id = l.splitter_id JOIN fibre_enclosure e ON e.id = s.enclosure_id WHERE l.id = %(key)s
"""


_TUBE = """
SELECT d.id, coalesce(d.name, d.id::text), n.key, t.position, d.organisation_id
  FROM fibre_tube t JOIN fibre_duct d ON d.id = t.duct_id JOIN fibre_network n ON n.id = d.network_id WHERE t.id = %s
"""


def _by_key(key: UUID, sight: Sight) -> list[Start]:
    rows = fetch_rows(_BY_KEY, {"key": key})
    found = [Start(kind, key_, name) for kind, key_, name, owner in rows if sight is None or owner in sight]
    for duct, name, network, position, owner in [] if found else fetch_rows(_TUBE, [key]):
        if sight is None or owner in sight:
            found = _there(str(key), list(_in_tube(Thing("duct", duct, name, network), position)))
    return found


def _of_thing(found: Thing) -> Iterator[Start]:
    """All ends of a cable, an enclosure, a device, a duct, or of what stands at a node."""
    if found.table == "cable":
        rows = fetch_rows(
            "SELECT id, number FROM fibre_fibresection WHERE cable_id = %s ORDER BY number, cut_a_id IS NOT NULL, id",
            [found.id],
        )
        yield from (Start("fibre", row[0], f"{found.name}:{row[1]}") for row in rows)
    elif found.table == "duct":
        for (position,) in fetch_rows(
            "SELECT position FROM fibre_tube WHERE duct_id = %s ORDER BY position", [found.id]
        ):
            yield from _in_tube(found, position)
    elif found.table == "node":
        rows = fetch_rows(
            "SELECT 'enclosure', id, name FROM fibre_enclosure WHERE node_id = %(id)s "
            "UNION ALL SELECT 'device', id, name FROM fibre_device WHERE node_id = %(id)s ORDER BY 1 DESC, 3",
            {"id": found.id},
        )
        for table, key, name in rows:
            yield from _of_thing(Thing(table, key, name, found.network))
    elif found.table == "premises":
        house = fetch_rows("SELECT node_id FROM fibre_premises WHERE id = %s", [found.id])[0][0]
        yield from _used(list(_of_thing(Thing("node", house, found.name, found.network))))
    else:
        yield from _of_box(found)


def _of_box(box: Thing) -> Iterator[Start]:
    """The ports of a box; of a closure without ports, the fibres that end in it."""
    rows = fetch_rows(
        "SELECT id, number FROM fibre_port WHERE coalesce(enclosure_id, device_id) = %s ORDER BY number", [box.id]
    )
    kind = "device" if box.table == "device" else "port"
    yield from (Start(kind, row[0], f"{box.name}/{row[1]}") for row in rows)
    if not rows:
        ends = fetch_rows(
            "SELECT DISTINCT ON (c.name, e.number, e.section_id) e.section_id, coalesce(c.name, c.id::text) || ':' || e.number "
            "FROM fibre_ends_in(%s) e JOIN fibre_cable c ON c.id = e.cable_id ORDER BY c.name, e.number, e.section_id",
            [box.id],
        )
        yield from (Start("fibre", row[0], row[1]) for row in ends)


# The building of the premises that have this address; where none has, the one next to it.
_BUILDING = """
SELECT x.id, coalesce(x.name, x.id::text), n.key
  FROM regions_address a
  JOIN fibre_node x ON x.kind = 'building' AND (ST_DWithin(x.geom, a.geom, 30) OR x.id IN (SELECT p.node_id FROM fibre_premises p WHERE p.address_id = a.id))
  JOIN fibre_network n ON n.id = x.network_id
 WHERE a.id = %(address)s AND (%(sight)s::bigint[] IS NULL OR x.organisation_id = ANY (%(sight)s))
 ORDER BY NOT EXISTS (SELECT FROM fibre_premises p WHERE p.node_id = x.id AND p.address_id = a.id), x.geom <-> a.geom, x.id LIMIT 1
"""
_IN_USE = "SELECT DISTINCT port_id FROM fibre_jointend WHERE port_id = ANY (%s)"


def _at_address(ref: str, text: str, sight: Sight) -> list[Start]:
    """An address: the ends in its building; ports on which nothing is, only where there are no others.

    The building is that of the premises with this address, else the one next to it (within 30 metres). The spelling may
    vary, the house may not: where several are meant that have a building in the networks, they are named.
    """
    buildings: dict[str, Thing] = {}
    for hit in _meant(text):
        for row in fetch_rows(_BUILDING, {"address": int(hit.id), "sight": None if sight is None else list(sight)}):
            buildings.setdefault(f"{hit.title}, {hit.subtitle}", Thing("node", *row))
    if len({one.id for one in buildings.values()}) > 1:
        raise BadInput("fibre-ambiguous-name", ref=ref, names="; ".join(buildings))
    return _there(ref, _used(list(_of_thing(_one(ref, list(buildings.values())[:1])))))


def _used(found: list[Start]) -> list[Start]:
    """Without the ports on which nothing is, unless there are no others."""
    used = {key for (key,) in fetch_rows(_IN_USE, [[one.id for one in found if one.kind == "port"]])}
    return [one for one in found if one.kind != "port" or one.id in used] or found


def _meant(text: str) -> list[SearchHit]:
    """The addresses of which nothing that was typed is wrong; where there are none, those that are spelt nearly so."""
    hits = [one for one in streets_and_addresses(text, None, STREETS_LOOKED_AT) if one.layer == "addresses"]
    streets = [parse(one.title).text for one in hits]
    wholes = [f"{street} {one.subtitle}" for street, one in zip(streets, hits, strict=True)]
    typed, *words = _words([parse(text).text, *streets, *wholes])
    exact = [
        one for one, street, whole in zip(hits, words[: len(hits)], words[len(hits) :], strict=True) if street <= typed <= whole
    ]  # fmt: skip
    return exact or [one for one in hits if one.score >= SURE]


def _words(texts: list[str]) -> list[set[str]]:
    """The words of each text as the search folds them."""
    rows = fetch_rows("SELECT gisapp_norm(t) FROM unnest(%s::text[]) WITH ORDINALITY u (t, nth) ORDER BY nth", [texts])
    return [set(folded.split()) for (folded,) in rows]
