"""Where does this tube lead: from section to section through couplings, both ways, and what lies in it.

The way is found by the database (sql/tubeway.sql); here it is put into words, and cut where the asker has no rights.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy

from gisapp.database import fetch_rows
from layers.fibre.models import FittingSpec
from layers.fibre.past import at_the_moment
from layers.fibre.swatches import Swatch, schemes
from layers.fibre.tracing import Sight

ENDS = {
    "open": gettext_lazy("das Röhrchen ist hier offen"),
    "capped": gettext_lazy("hier sitzt eine Endkappe"),
    "loop": gettext_lazy("das Röhrchen führt in sich selbst zurück"),
    "other-network": gettext_lazy("geht in einem anderen Netz weiter"),
}


@dataclass(frozen=True)
class Piece:
    """A section of a tube as it is passed, from one node to the other. Metres are those of the trenches."""

    id: UUID
    duct_id: UUID
    duct: str
    position: int
    product: str
    swatch: Swatch
    begins_at: str
    ends_at: str
    length_m: float
    cables: Sequence[str]

    @property
    def name(self) -> str:
        return f"{self.duct}:{self.position}"

    def plain(self) -> dict[str, Any]:
        return {
            "kind": "tube", "name": self.name, "id": str(self.id), "duct": self.duct, "duct_id": str(self.duct_id), "position": self.position,
            "product": self.product, "colour": self.swatch.words if self.swatch.base else "", "from": self.begins_at, "to": self.ends_at,
            "length_m": round(self.length_m, 1), "cables": list(self.cables),
        }  # fmt: skip


@dataclass(frozen=True)
class Coupling:
    """What couples two sections at a node; `kind` is that of its product."""

    kind: str
    name: str
    node: str

    @property
    def text(self) -> str:
        return str(FittingSpec.Kind(self.kind).label)

    def plain(self) -> dict[str, Any]:
        return {"kind": self.kind, "name": self.name, "node": self.node}


@dataclass(frozen=True)
class Stop:
    """Where a way ends, and why (a key of ENDS)."""

    place: str
    reason: str

    @property
    def text(self) -> str:
        return str(ENDS[self.reason])

    def plain(self) -> dict[str, Any]:
        return {"place": self.place, "reason": self.text, "reason_code": self.reason}


@dataclass(frozen=True)
class TubeWay:
    """A way from end to end. `geometry` is GeoJSON in CRS84, None where nothing of it is drawn."""

    start: str
    hops: Sequence[Piece | Coupling]
    ends: tuple[Stop, Stop]
    geometry: Mapping[str, Any] | None

    @property
    def pieces(self) -> list[Piece]:
        return [one for one in self.hops if isinstance(one, Piece)]

    @property
    def length_m(self) -> float:
        return sum(one.length_m for one in self.pieces)

    @property
    def cables(self) -> list[str]:
        return sorted({name for one in self.pieces for name in one.cables})

    def plain(self) -> dict[str, Any]:
        """As JSON tells it."""
        return {
            "start": self.start, "length_m": round(self.length_m, 1), "cables": self.cables, "hops": [one.plain() for one in self.hops],
            "ends": [one.plain() for one in self.ends], "geometry": self.geometry,
        }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- what there is

_WAYS = """
WITH mine AS (
    SELECT array_agg(x.id ORDER BY t.position, x.id) AS ids FROM fibre_tubesection x JOIN fibre_tube t ON t.id = x.tube_id WHERE t.id = ANY (%s::uuid[])
)
SELECT w.start, s.side, w.section_id, w.enters FROM mine m, (VALUES ('a'), ('b')) s (side),
       LATERAL fibre_tube_ways(m.ids, array_fill(s.side, ARRAY[cardinality(m.ids)])) w
 ORDER BY w.start, s.side, w.nth
"""
_SECTIONS = """
SELECT x.id, d.id, coalesce(d.name, left(d.id::text, 8)), t.position, t.pipe_id, p.scheme_id, d.organisation_id,
       coalesce(a.name, left(a.id::text, 8)), coalesce(b.name, left(b.id::text, 8))
  FROM fibre_tubesection x JOIN fibre_tube t ON t.id = x.tube_id JOIN fibre_duct d ON d.id = t.duct_id JOIN fibre_ductspec p ON p.key = d.spec_id
  JOIN fibre_node a ON a.id = x.from_node_id JOIN fibre_node b ON b.id = x.to_node_id
 WHERE x.id = ANY (%s::uuid[])
"""
_THROUGH = """
SELECT w.section_id, sum(w.length_m) FROM fibre_sections_through(%s::uuid[]) w GROUP BY w.section_id
"""
_CABLES = """
SELECT s.section_id, coalesce(c.name, left(c.id::text, 8)) FROM fibre_cablestep s JOIN fibre_cable c ON c.id = s.cable_id
 WHERE s.section_id = ANY (%(sections)s::uuid[]) AND (%(sight)s::bigint[] IS NULL OR c.organisation_id = ANY (%(sight)s)) ORDER BY 2
"""
_FITTINGS = """
SELECT e.section_id, e.side, f.kind, f.name, coalesce(n.name, left(n.id::text, 8))
  FROM fibre_tubeend e JOIN fibre_tubejoint j ON j.id = e.joint_id JOIN fibre_fittingspec f ON f.key = j.fitting_id JOIN fibre_node n ON n.id = j.node_id
 WHERE e.section_id = ANY (%s::uuid[])
"""
_LINE = """
SELECT ST_AsGeoJSON(ST_Transform(ST_LineMerge(ST_Collect(s.geom)), 4326), 7)
  FROM (SELECT DISTINCT w.segment_id FROM fibre_sections_through(%s::uuid[]) w) w JOIN fibre_segment s ON s.id = w.segment_id
"""
_Passed = tuple[UUID, str]


class _Plant:
    """All that is told of these sections, asked for in one statement each."""

    def __init__(self, keys: Sequence[UUID], sight: Sight) -> None:
        listed = list(keys)
        self.sight = sight
        self.rows = {row[0]: row[1:] for row in fetch_rows(_SECTIONS, [listed])}
        self.lengths = dict(fetch_rows(_THROUGH, [listed]))
        self.cables: dict[UUID, list[str]] = defaultdict(list)
        for key, name in fetch_rows(_CABLES, {"sections": listed, "sight": None if sight is None else list(sight)}):
            self.cables[key].append(name)
        self.fittings = {(row[0], row[1]): row[2:] for row in fetch_rows(_FITTINGS, [listed])}
        self.colours = schemes({row[4] for row in self.rows.values() if row[4]})

    def seen(self, key: UUID) -> bool:
        return self.sight is None or self.rows[key][5] in self.sight

    def piece(self, key: UUID, enters: str) -> Piece:
        duct_id, duct, position, pipe, scheme, _owner, *nodes = self.rows[key]
        begin, end = nodes if enters == "a" else reversed(nodes)
        swatch = Swatch.of(position, self.colours.get(scheme or "", {}).get(position))
        length = float(self.lengths.get(key) or 0)
        return Piece(key, duct_id, duct, position, pipe, swatch, begin, end, length, tuple(self.cables[key]))

    def coupling(self, key: UUID, side: str) -> Coupling:
        kind, name, node = self.fittings[(key, side)]
        return Coupling(kind, name, node)

    def stop(self, key: UUID, side: str) -> Stop:
        """Why a way ends at this side of a section."""
        place = str(self.rows[key][6 if side == "a" else 7])
        fitting = self.fittings.get((key, side))
        # (A coupling has two ends, and the way does not stop at it, except where it has come round.)
        return Stop(place, "open" if fitting is None else "capped" if fitting[0] == "end_cap" else "loop")


def _other(side: str) -> str:
    return "b" if side == "a" else "a"


def _chains(tubes: Sequence[UUID]) -> list[list[_Passed]]:
    """Each way once, from end to end: its sections, and the side by which each is entered."""
    found: dict[int, dict[str, list[_Passed]]] = defaultdict(lambda: {"a": [], "b": []})
    for start, side, section, enters in fetch_rows(_WAYS, [list(tubes)]):
        found[start][side].append((section, enters))
    chains, told = [], set()
    for ways in found.values():
        # What is met behind the section, turned round, comes before it.
        chain = [(section, _other(enters)) for section, enters in reversed(ways["b"][1:])] + ways["a"]
        if len(ways["a"]) > 1 and {section for section, _enters in ways["a"]} == {
            section for section, _enters in ways["b"]
        }:
            chain = ways["a"]  # a loop is met from both sides
        sections = frozenset(section for section, _enters in chain)
        if sections not in told:
            told.add(sections)
            chains.append(chain)
    return chains


def _told(chain: list[_Passed], mine: set[UUID], plant: _Plant) -> TubeWay:
    """The way as far as it is seen from the tube that was asked about."""
    here = next(number for number, (key, _enters) in enumerate(chain) if key in mine)
    first, last = here, here
    while first > 0 and plant.seen(chain[first - 1][0]):
        first -= 1
    while last < len(chain) - 1 and plant.seen(chain[last + 1][0]):
        last += 1
    begin, end = chain[first], chain[last]
    stops = (
        plant.stop(begin[0], begin[1]) if first == 0 else Stop(str(plant.piece(*begin).begins_at), "other-network"),
        plant.stop(end[0], _other(end[1])) if last == len(chain) - 1 else Stop(str(plant.piece(*end).ends_at), "other-network"),
    )  # fmt: skip
    hops: list[Piece | Coupling] = []
    for number in range(first, last + 1):
        key, enters = chain[number]
        if number > first:
            hops.append(plant.coupling(key, enters))
        hops.append(plant.piece(key, enters))
    keys = [key for key, _enters in chain[first : last + 1]]
    line = fetch_rows(_LINE, [keys])[0][0]
    return TubeWay(plant.piece(*chain[here]).name, hops, stops, json.loads(line) if line else None)


@at_the_moment
def tube_ways(tubes: Sequence[UUID], sight: Sight = None) -> list[TubeWay]:
    """Where these tubes (their keys) lead: a way for each piece that hangs together, each once. Of other networks' tubes it is
    said that there is one."""
    chains = _chains(tubes) if tubes else []
    plant = _Plant([key for chain in chains for key, _enters in chain], sight)
    asked = {
        row[0] for row in fetch_rows("SELECT id FROM fibre_tubesection WHERE tube_id = ANY (%s::uuid[])", [list(tubes)])
    }
    return [_told(chain, {key for key in asked if plant.rows.get(key) and plant.seen(key)}, plant) for chain in chains]
