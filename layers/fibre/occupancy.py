"""How full is it: the cross-section of segments, and what is free in ducts, cables, enclosures, at nodes, in municipalities
and whole networks.

However many objects are asked about, the number of statements is the same. What "in use" means stands in sql/occupancy.sql.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import get_language

from gisapp.database import fetch_rows
from gisapp.errors import BadInput, NotFound
from gisapp.moment import past
from layers.fibre.past import at_the_moment
from layers.fibre.products import products
from layers.fibre.taken import (
    CableTaken,
    Counts,
    DuctTaken,
    FibreTaken,
    GuestTaken,
    PlacesTaken,
    Rented,
    SegmentTaken,
    TubeTaken,
)
from layers.fibre.tracing import Sight

KINDS = ("network", "municipality", "node", "enclosure", "cable", "duct", "segment")
# More objects than this in one question are a list for the printer, not an answer.
MOST = 1_000


@dataclass(frozen=True)
class Seen:
    """Which ducts and cables the asker knows: all of the organisations in `sight`; where sets are given, those alone."""

    sight: Sight = None
    ducts: Collection[UUID] | None = None
    cables: Collection[UUID] | None = None

    def owner(self, organisation: int) -> bool:
        return self.sight is None or organisation in self.sight

    def duct(self, key: UUID, organisation: int) -> bool:
        return self.owner(organisation) if self.ducts is None else key in self.ducts

    def cable(self, key: UUID, organisation: int) -> bool:
        return self.owner(organisation) if self.cables is None else key in self.cables


@dataclass(frozen=True)
class Occupancy:
    """The answer for one object; what of it is empty depends on what it is (`what` is one of KINDS)."""

    what: str
    id: str
    name: str
    network: str
    tubes: Counts = field(default_factory=Counts)
    fibres: Counts = field(default_factory=Counts)
    places: PlacesTaken | None = None
    section: SegmentTaken | None = None
    duct: DuctTaken | None = None
    cable: CableTaken | None = None
    fibre_list: Sequence[FibreTaken] = ()
    cables: Sequence[CableTaken] = ()

    def plain(self) -> dict[str, Any]:
        language = get_language() or "de"
        told: dict[str, Any] = {"what": self.what, "id": self.id, "name": self.name, "network": self.network or None}
        if self.section:
            return {**told, **self.section.plain(language)}
        if self.duct:
            return {
                **told,
                **self.duct.plain(language),
                "fibres": self.fibres.plain(),
                "cables": [one.plain() for one in self.cables],
            }
        if self.cable:
            return {**told, **self.cable.plain(), "fibre_list": [one.plain(language) for one in self.fibre_list]}
        told |= {"fibres": self.fibres.plain(), "places": (self.places or PlacesTaken()).plain()}
        if self.what == "enclosure":
            return {**told, "cables": [one.plain() for one in self.cables]}
        return {**told, "tubes": self.tubes.plain()}


# ------------------------------------------------------------------------------------------------------ whose name is it

_ASKED = "FROM unnest(%(names)s::text[], %(nets)s::text[], %(keys)s::uuid[]) WITH ORDINALITY a (name, net, key, nth)"
_MINE = "(%(sight)s::bigint[] IS NULL OR x.organisation_id = ANY (%(sight)s){guest}) AND x.retired_at IS NULL"


def _of_table(table: str) -> str:
    mine = _MINE.format(guest=" OR x.shared_with && %(sight)s::bigint[]" if table == "segment" else "")
    rows = f"SELECT a.nth, '{table}' AS what, x.id::text AS id, coalesce(x.name, x.id::text) AS name, n.key AS net "
    return (
        f"{rows} {_ASKED} JOIN fibre_network n ON a.net IN ('', n.key) JOIN fibre_{table} x ON x.network_id = n.id AND x.name = a.name "
        f"WHERE a.key IS NULL AND {mine} UNION ALL "
        f"{rows} {_ASKED} JOIN fibre_{table} x ON x.id = a.key JOIN fibre_network n ON n.id = x.network_id WHERE {mine}"
    )


_NAMED = {
    "network": f"SELECT a.nth, 'network', n.id::text, n.name, n.key {_ASKED} JOIN fibre_network n ON n.key = a.name OR n.id = a.key "
    "WHERE %(sight)s::bigint[] IS NULL OR n.organisation_id = ANY (%(sight)s)",
    "municipality": f"SELECT a.nth, 'municipality', m.id::text, m.name, '' {_ASKED} "
    "JOIN regions_municipality m ON a.name IN (m.name, m.key) AND a.key IS NULL",
    **{one: _of_table(one) for one in ("node", "enclosure", "cable", "duct", "segment")},
}


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _found(refs: Sequence[str], sight: Sight, kind: str) -> list[tuple[str, str, str, str]]:
    """(what, key, name, network) of each ref. Raises NotFound("fibre-unknown"), BadInput("fibre-ambiguous-name")."""
    parts = [one.strip().rpartition("|") for one in refs]
    rows = fetch_rows(
        " UNION ALL ".join(_NAMED[one] for one in ([kind] if kind else KINDS)),
        {
            "names": [name for _net, _bar, name in parts], "nets": [net for net, _bar, _name in parts],
            "keys": [_key(name) for _net, _bar, name in parts], "sight": _listed(sight),
        },
    )  # fmt: skip
    by_ref: dict[int, dict[tuple[str, str], tuple[str, str, str, str]]] = defaultdict(dict)
    for nth, *one in rows:
        by_ref[nth][one[0], one[1]] = (one[0], one[1], one[2], one[3])
    answers = []
    for nth, ref in enumerate(refs, start=1):
        matches = list(by_ref[nth].values())
        # A node and the enclosure on it often have one name; the node tells of both.
        if (
            len(matches) == 2
            and {one[0] for one in matches} == {"node", "enclosure"}
            and matches[0][3] == matches[1][3]
        ):
            matches = [one for one in matches if one[0] == "node"]
        if not matches:
            raise NotFound("fibre-unknown", ref=ref)
        if len(matches) > 1:
            names = ", ".join(sorted(f"{net}|{name} ({what})".lstrip("|") for what, _id, name, net in matches))
            raise BadInput("fibre-ambiguous-name", ref=ref, names=names)
        answers.append(matches[0])
    return answers


def _listed(sight: Sight) -> list[int] | None:
    return None if sight is None else sorted(sight)


# ------------------------------------------------------------------------------------------------------------ the parts

_CABLES = """
SELECT c.id, coalesce(c.name, c.id::text), n.key, o.name, c.organisation_id, c.spec_id, c.lifecycle, k.outer_mm::float8, t.state, t.count
  FROM (SELECT f.cable_id, f.state, count(*) FROM fibre_fibres_taken(%(cables)s::uuid[], %(day)s) f GROUP BY f.cable_id, f.state) t
  JOIN fibre_cable c ON c.id = t.cable_id
  JOIN fibre_network n ON n.id = c.network_id
  JOIN accounts_organisation o ON o.id = c.organisation_id
  JOIN fibre_cablespec k ON k.key = c.spec_id
"""


def _cables(keys: Iterable[UUID], seen: Seen) -> dict[UUID, CableTaken]:
    """Each cable; of one that the asker does not know, whose it is."""
    asked = sorted(set(keys))
    if not asked:
        return {}
    states: dict[UUID, dict[str, int]] = defaultdict(dict)
    told: dict[UUID, Sequence[Any]] = {}
    for key, *more, state, count in fetch_rows(_CABLES, {"cables": asked, "day": _today()}):
        states[key][state] = count
        told[key] = more
    found = {}
    for key, (name, net, organisation, owner, spec, lifecycle, outer) in told.items():
        if seen.cable(key, owner):
            found[key] = CableTaken(key, name, net, organisation, spec, lifecycle, outer, Counts(states[key]))
        else:
            found[key] = CableTaken(None, "", "", organisation, "", "", outer, Counts())
    return found


def _today() -> Any:
    asked = past()
    # (A day's state is that of its end, which is the next day's first moment.)
    return timezone.localdate(asked - datetime.timedelta(microseconds=1)) if asked else timezone.localdate()


# One row for each tube, whichever function says where it is.
_TUBES = """
SELECT {place}, d.id, coalesce(d.name, d.id::text), n.key, o.name, d.organisation_id, d.spec_id, p.name, d.lifecycle, p.outer_mm::float8,
       p.scheme_id, {forward}, x.position, i.name, i.outer_mm::float8, i.inner_mm::float8, x.cables, x.state, r.kind, t.name, r.purpose, r.ends_on
  FROM {source} x
  JOIN fibre_duct d ON d.id = x.duct_id
  JOIN fibre_network n ON n.id = d.network_id
  JOIN accounts_organisation o ON o.id = d.organisation_id
  JOIN fibre_ductspec p ON p.key = d.spec_id
  JOIN fibre_ductspec i ON i.key = x.pipe_id
  LEFT JOIN fibre_lease r ON r.id = x.lease_id
  LEFT JOIN accounts_organisation t ON t.id = r.tenant_id
 ORDER BY 1, d.name, d.id, x.position
"""
_IN_SEGMENTS = _TUBES.format(
    place="x.segment_id", forward="x.forward", source="fibre_cross_section(%(keys)s::uuid[], %(day)s)"
)
_OF_DUCTS = _TUBES.format(place="x.duct_id", forward="NULL", source="fibre_tubes_taken(%(keys)s::uuid[], %(day)s)")
_BURIED = """
SELECT s.segment_id, s.cable_id FROM fibre_cablestep s JOIN fibre_cable c ON c.id = s.cable_id AND c.lifecycle <> 'removed' AND c.retired_at IS NULL
 WHERE s.segment_id = ANY (%(keys)s::uuid[]) ORDER BY c.name, c.id
"""
_SEGMENTS = """
SELECT s.id, coalesce(s.name, left(s.id::text, 8)), s.organisation_id, s.depth_cm, coalesce(s.depth_reference, ''), s.width_cm
  FROM fibre_segment s WHERE s.id = ANY (%(keys)s::uuid[])
"""


@dataclass
class _Lying:
    """The ducts of one place, those that the asker knows, and the number of others by their organisation."""

    known: dict[UUID, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    others: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))


def _lying(statement: str, keys: Collection[UUID], seen: Seen) -> dict[UUID, _Lying]:
    found: dict[UUID, _Lying] = defaultdict(_Lying)
    if keys:
        for place, duct, *more in fetch_rows(statement, {"keys": list(keys), "day": _today()}):
            if seen.duct(duct, more[3]):
                found[place].known[duct].append(tuple(more))
            else:
                found[place].others[more[2]].add(duct)
    return found


def _cables_in(lying: Mapping[UUID, _Lying]) -> set[UUID]:
    return {cable for one in lying.values() for rows in one.known.values() for row in rows for cable in row[14]}


def _duct(key: UUID, rows: Sequence[tuple[Any, ...]], cables: Mapping[UUID, CableTaken]) -> DuctTaken:
    name, net, _organisation, _owner, spec, product, lifecycle, outer, scheme, forward = rows[0][:10]
    shades = products().schemes.get(scheme or "", {})
    tubes = [
        TubeTaken(
            position, shades.get(position), pipe, wide, inner, state, [cables[one] for one in lying],
            Rented(kind, tenant or "", purpose, until) if kind else None,
        )
        for position, pipe, wide, inner, lying, state, kind, tenant, purpose, until in (row[10:] for row in rows)
    ]  # fmt: skip
    return DuctTaken(key, name, net, spec, product, lifecycle, outer, forward, tubes)


@at_the_moment
def cross_sections(segments: Collection[UUID], seen: Seen) -> dict[UUID, SegmentTaken]:
    """What lies in each of these segments. Of other organisations' ducts a segment's own people learn that they are there."""
    keys = list(segments)
    lying = _lying(_IN_SEGMENTS, keys, seen)
    buried: dict[UUID, list[UUID]] = defaultdict(list)
    for segment, cable in fetch_rows(_BURIED, {"keys": keys}):
        buried[segment].append(cable)
    cables = _cables(_cables_in(lying) | {one for every in buried.values() for one in every}, seen)
    found = {}
    for key, name, owner, depth, reference, width in fetch_rows(_SEGMENTS, {"keys": keys}):
        here, host = lying[key], seen.owner(owner)
        guests = [GuestTaken(one, len(ducts)) for one, ducts in sorted(here.others.items())] if host else []
        known = [cables[one] for one in buried[key] if host or not cables[one].foreign]
        ducts = [_duct(duct, rows, cables) for duct, rows in here.known.items()]
        found[key] = SegmentTaken(key, name, depth, reference, width, ducts, known, guests)
    return found


@at_the_moment
def ducts_taken(ducts: Collection[UUID], seen: Seen) -> dict[UUID, DuctTaken]:
    """These ducts as wholes; those that the asker does not know are left out."""
    lying = _lying(_OF_DUCTS, ducts, seen)
    cables = _cables(_cables_in(lying), seen)
    return {key: _duct(key, one.known[key], cables) for key, one in lying.items() if key in one.known}


_FIBRES = """
SELECT f.cable_id, c.spec_id, f.number, f.pieces, f.joined_a, f.joined_b, f.state, r.kind, t.name, r.purpose, r.ends_on
  FROM fibre_fibres_taken(%(keys)s::uuid[], %(day)s) f
  JOIN fibre_cable c ON c.id = f.cable_id
  LEFT JOIN fibre_lease r ON r.id = f.lease_id
  LEFT JOIN accounts_organisation t ON t.id = r.tenant_id
 ORDER BY f.cable_id, f.number
"""
_CIRCUITS = """
SELECT x.piece, c.name, c.organisation_id FROM fibre_circuits_of(array(
    SELECT f.id FROM fibre_fibresection f WHERE f.cable_id = ANY (%(keys)s::uuid[]))) x
  JOIN fibre_circuit c ON c.id = x.circuit_id ORDER BY c.name
"""


@at_the_moment
def fibres_of(cables: Collection[UUID], seen: Seen) -> dict[UUID, list[FibreTaken]]:
    """Each fibre of these cables, in order. A circuit of another network is called "…"."""
    found: dict[UUID, list[FibreTaken]] = defaultdict(list)
    if not cables:
        return found
    running: dict[UUID, list[str]] = defaultdict(list)
    # What runs where is for those who see the whole network.
    for piece, name, owner in fetch_rows(_CIRCUITS, {"keys": list(cables)}) if seen.cables is None else ():
        running[piece].append(name if seen.owner(owner) else "…")
    for cable, spec, number, pieces, at_a, at_b, state, kind, *rented in fetch_rows(
        _FIBRES, {"keys": list(cables), "day": _today()}
    ):
        product = products().cables[spec]
        bundle, position = product.place(number)
        circuits = dict.fromkeys(name for one in pieces for name in running.get(one, ()))
        lease = Rented(kind, rented[0] or "", rented[1], rented[2]) if kind else None
        found[cable].append(
            FibreTaken(
                number, bundle, position, product.bundles.get(bundle), product.fibres.get(position), len(pieces), at_a, at_b, state,
                list(circuits), lease,
            )
        )  # fmt: skip
    return found


# ------------------------------------------------------------------------------------- enclosures, nodes, whole networks

_MEMBERS = """
WITH asked AS (SELECT * FROM unnest(%(whats)s::text[], %(ids)s::text[]) a (what, id)), members AS MATERIALIZED (
    SELECT a.id AS container, 'enclosure' AS what, a.id::uuid AS id FROM asked a WHERE a.what = 'enclosure'
    UNION ALL
    SELECT DISTINCT a.id, 'cable', e.cable_id FROM asked a JOIN fibre_cableentry e ON e.enclosure_id = a.id::uuid WHERE a.what = 'enclosure'
    UNION ALL
    SELECT x.node_id::text, x.what, x.id FROM fibre_at_nodes(array(SELECT a.id::uuid FROM asked a WHERE a.what = 'node')) x
    UNION ALL
    SELECT DISTINCT n.municipality_id::text, x.what, x.id
      FROM fibre_at_nodes(array(SELECT n.id FROM asked a JOIN fibre_node n ON n.municipality_id = a.id::bigint WHERE a.what = 'municipality')) x
      JOIN fibre_node n ON n.id = x.node_id
    UNION ALL
    SELECT a.id, 'duct', d.id FROM asked a JOIN fibre_duct d ON d.network_id = a.id::uuid AND d.lifecycle <> 'removed' AND d.retired_at IS NULL
     WHERE a.what = 'network'
    UNION ALL
    SELECT a.id, 'cable', c.id FROM asked a JOIN fibre_cable c ON c.network_id = a.id::uuid AND c.lifecycle <> 'removed' AND c.retired_at IS NULL
     WHERE a.what = 'network'
    UNION ALL
    SELECT a.id, 'enclosure', e.id FROM asked a JOIN fibre_enclosure e ON e.network_id = a.id::uuid AND e.lifecycle <> 'removed' AND e.retired_at IS NULL
     WHERE a.what = 'network'
), mine AS MATERIALIZED (
    SELECT m.* FROM members m
      LEFT JOIN fibre_duct d ON m.what = 'duct' AND d.id = m.id
      LEFT JOIN fibre_cable c ON m.what = 'cable' AND c.id = m.id
      LEFT JOIN fibre_enclosure e ON m.what = 'enclosure' AND e.id = m.id
     WHERE %(sight)s::bigint[] IS NULL OR coalesce(d.organisation_id, c.organisation_id, e.organisation_id) = ANY (%(sight)s)
)
"""
_TOTALS = f"""{_MEMBERS}
SELECT m.container, 'tubes', x.state, ARRAY[count(*)] FROM mine m
  JOIN fibre_tubes_taken(array(SELECT DISTINCT d.id FROM mine d WHERE d.what = 'duct'), %(day)s) x ON x.duct_id = m.id
 WHERE m.what = 'duct' GROUP BY m.container, x.state
UNION ALL
SELECT m.container, 'fibres', x.state, ARRAY[count(*)] FROM mine m
  JOIN fibre_fibres_taken(array(SELECT DISTINCT d.id FROM mine d WHERE d.what = 'cable'), %(day)s) x ON x.cable_id = m.id
 WHERE m.what = 'cable' GROUP BY m.container, x.state
UNION ALL
SELECT m.container, 'places', '', ARRAY[sum(x.trays), sum(x.tray_places), sum(x.tray_used), sum(x.ports), sum(x.ports_used), sum(x.ports_wired),
       sum(x.legs), sum(x.legs_used), sum(x.leased), sum(x.reserved)]::bigint[] FROM mine m
  JOIN fibre_places_taken(array(SELECT DISTINCT d.id FROM mine d WHERE d.what = 'enclosure'), %(day)s) x ON x.enclosure_id = m.id
 WHERE m.what = 'enclosure' GROUP BY m.container
UNION ALL
SELECT m.container, 'cable', m.id::text, '{{}}' FROM mine m JOIN asked a ON a.id = m.container AND a.what = 'enclosure' WHERE m.what = 'cable'
"""  # noqa: S608 - no value of anybody in it


@dataclass
class _Totals:
    tubes: dict[str, int] = field(default_factory=dict)
    fibres: dict[str, int] = field(default_factory=dict)
    places: PlacesTaken = field(default_factory=PlacesTaken)
    cables: list[UUID] = field(default_factory=list)


def _totals(asked: Sequence[tuple[str, str]], sight: Sight) -> dict[str, _Totals]:
    """Of these (what, key), by key."""
    found: dict[str, _Totals] = defaultdict(_Totals)
    if not asked:
        return found
    values = {
        "whats": [one for one, _id in asked],
        "ids": [one for _what, one in asked],
        "sight": _listed(sight),
        "day": _today(),
    }
    for container, what, state, numbers in fetch_rows(_TOTALS, values):
        here = found[container]
        if what == "places":
            here.places = PlacesTaken.of(numbers)
        elif what == "cable":
            here.cables.append(UUID(state))
        else:
            getattr(here, what)[state] = numbers[0]
    return found


@at_the_moment
def totals(what: str, key: UUID, sight: Sight) -> Occupancy:
    """The sums of one enclosure, node, municipality or network."""
    found = _totals([(what, str(key))], sight)[str(key)]
    return Occupancy(what, str(key), "", "", Counts(found.tubes), Counts(found.fibres), found.places)


@at_the_moment
def occupancy(refs: Sequence[str], sight: Sight = None, kind: str = "") -> list[Occupancy]:
    """How full each of these objects is, in their order; `kind` (one of KINDS) says what is meant where names are several's.

    Raises NotFound("fibre-unknown"), BadInput("fibre-ambiguous-name").
    """
    return _told(_found(refs, sight, kind), sight)


def _told(asked: Sequence[tuple[str, str, str, str]], sight: Sight) -> list[Occupancy]:
    seen = Seen(sight)

    def keys(what: str) -> list[UUID]:
        return [UUID(key) for one, key, _name, _net in asked if one == what]

    sections = cross_sections(keys("segment"), seen) if keys("segment") else {}
    ducts = _lying(_OF_DUCTS, keys("duct"), seen)
    totals = _totals([(what, key) for what, key, *_more in asked if what not in ("segment", "duct", "cable")], sight)
    inside = _cables_in(ducts) | {*keys("cable")} | {one for every in totals.values() for one in every.cables}
    cables, fibres = _cables(inside, seen), fibres_of(keys("cable"), seen)
    answers = []
    for what, key, name, net in asked:
        told: dict[str, Any] = {}
        if what == "segment":
            told["section"] = sections[UUID(key)]
        elif what == "duct":
            duct = _duct(UUID(key), ducts[UUID(key)].known[UUID(key)], cables)
            within = list({id(one): one for tube in duct.tubes for one in tube.cables}.values())
            told |= {"duct": duct, "tubes": duct.counts, "cables": within}
            told["fibres"] = sum((one.fibres for one in within if not one.foreign), Counts())
        elif what == "cable":
            told |= {"cable": cables[UUID(key)], "fibres": cables[UUID(key)].fibres, "fibre_list": fibres[UUID(key)]}
        else:
            sums = totals[key]
            known = sorted((cables[one] for one in sums.cables), key=lambda one: one.name)
            told |= {"tubes": Counts(sums.tubes), "fibres": Counts(sums.fibres), "places": sums.places, "cables": known}
        answers.append(Occupancy(what, key, name, net, **told))
    return answers
