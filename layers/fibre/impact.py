"""Who is hit when a segment is dug up, a node destroyed, a cable or fibre cut, or an area flooded."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from gisapp.database import fetch_rows
from layers.fibre.past import at_the_moment
from layers.fibre.tracing import Sight


@dataclass
class Cut:
    """What is destroyed, by keys. A polygon (WKT or EWKT, EPSG:25832) means the segments and nodes in it."""

    segments: list[UUID] = field(default_factory=list)
    nodes: list[UUID] = field(default_factory=list)
    ducts: list[UUID] = field(default_factory=list)
    cables: list[UUID] = field(default_factory=list)
    pieces: list[UUID] = field(default_factory=list)
    polygon: str = ""


class Named(NamedTuple):
    """An object that is hit. `more` tells its kind or state."""

    id: UUID
    name: str
    more: dict[str, Any]

    def plain(self) -> dict[str, Any]:
        return {"id": str(self.id), "name": self.name, **self.more}


@dataclass(frozen=True)
class Impact:
    """What is hit, each once: of ducts and cables those that are themselves hurt, of circuits those in service.

    `fibres` counts the pieces in use (sql/occupancy.sql says what that is); `elsewhere` are objects in networks that the asker may not see.
    """

    circuits: Sequence[Named]
    premises: Sequence[Named]
    cables: Sequence[Named]
    ducts: Sequence[Named]
    segments: Sequence[Named]
    fibres: int
    elsewhere: int

    def plain(self) -> dict[str, Any]:
        lists = {
            name: [one.plain() for one in getattr(self, name)]
            for name in ("circuits", "premises", "cables", "ducts", "segments")
        }
        return {**lists, "fibres": self.fibres, "elsewhere": self.elsewhere}


# One question for each way to name a segment: with OR between them the whole table is read.
_SEGMENTS = """
SELECT s.id FROM fibre_segment s WHERE s.id = ANY (%(segments)s::uuid[])
UNION
SELECT s.id FROM fibre_segment s WHERE s.from_node_id = ANY (%(nodes)s::uuid[])
UNION
SELECT s.id FROM fibre_segment s WHERE s.to_node_id = ANY (%(nodes)s::uuid[])
UNION
SELECT d.segment_id FROM fibre_ductstep d WHERE d.duct_id = ANY (%(ducts)s::uuid[])
UNION
SELECT s.id FROM fibre_segment s WHERE %(polygon)s <> '' AND ST_Intersects(s.geom, ST_GeomFromEWKT(nullif(%(polygon)s, '')))
"""
# What stands at a destroyed node is destroyed: cables that end there without lying in a segment too.
_CABLES_AT = """
SELECT c.id FROM fibre_cable c WHERE (c.from_node_id = ANY (%(nodes)s::uuid[]) OR c.to_node_id = ANY (%(nodes)s::uuid[]))
   AND NOT EXISTS (SELECT FROM fibre_cablestep s WHERE s.cable_id = c.id)
"""
_NODES_IN = "SELECT id FROM fibre_node WHERE ST_Intersects(geom, ST_GeomFromEWKT(%s))"
_HIT = """
WITH pieces AS MATERIALIZED (
    SELECT p.* FROM fibre_hit_pieces(%(segments)s::uuid[], %(cables)s::uuid[], %(pieces)s::uuid[]) p
), hit AS MATERIALIZED (
    SELECT h.* FROM fibre_hit(array(SELECT p.section_id FROM pieces p), array(SELECT DISTINCT p.cable_id FROM pieces p)) h
)
SELECT 'fibres', NULL, used::text, NULL, 0 FROM hit
UNION ALL
SELECT 'circuits', c.id, c.name, jsonb_build_object('kind', c.kind, 'sla', c.sla), c.organisation_id
  FROM fibre_circuit c WHERE c.id = ANY ((SELECT h.circuits FROM hit h)::uuid[])
UNION ALL
SELECT 'premises', p.id, p.name, jsonb_build_object('node', p.node_id, 'units', u.units, 'active', u.active), p.organisation_id
  FROM fibre_premises p, LATERAL (
    SELECT count(*) AS units, count(*) FILTER (WHERE x.state = 'activated') AS active FROM fibre_unit x WHERE x.premises_id = p.id OFFSET 0) u
 WHERE p.node_id = ANY ((SELECT h.nodes FROM hit h)::uuid[])
UNION ALL
SELECT 'cables', c.id, coalesce(c.name, c.id::text), jsonb_build_object('spec', c.spec_id, 'lifecycle', c.lifecycle), c.organisation_id
  FROM (SELECT DISTINCT p.cable_id FROM pieces p) k JOIN fibre_cable c ON c.id = k.cable_id
UNION ALL
SELECT DISTINCT 'ducts', d.id, coalesce(d.name, d.id::text), jsonb_build_object('spec', d.spec_id, 'lifecycle', d.lifecycle), d.organisation_id
  FROM fibre_ductstep s JOIN fibre_duct d ON d.id = s.duct_id WHERE s.segment_id = ANY (%(segments)s::uuid[])
UNION ALL
SELECT 'segments', s.id, coalesce(s.name, s.id::text), jsonb_build_object('length_m', round(s.length_m::numeric, 1)), s.organisation_id
  FROM fibre_segment s WHERE s.id = ANY (%(segments)s::uuid[])
"""


@at_the_moment
def impact(cut: Cut, sight: Sight = None) -> Impact:
    """What is hit by `cut`. Objects of networks outside `sight` are counted, not named."""
    nodes = [*cut.nodes]
    if cut.polygon:
        nodes += [row[0] for row in fetch_rows(_NODES_IN, [cut.polygon])]
    where = {"segments": cut.segments, "nodes": nodes, "ducts": cut.ducts, "polygon": cut.polygon}
    segments = [row[0] for row in fetch_rows(_SEGMENTS, where)] if any(where.values()) else []
    cables = [*cut.cables, *(row[0] for row in fetch_rows(_CABLES_AT, where))] if nodes else cut.cables
    found: dict[str, list[Named]] = defaultdict(list)
    fibres = elsewhere = 0
    for what, key, name, more, owner in fetch_rows(
        _HIT, {"segments": segments, "cables": cables, "pieces": cut.pieces}
    ):
        if what == "fibres":
            fibres = int(name)
        elif sight is not None and owner not in sight:
            elsewhere += 1
        else:
            found[what].append(Named(key, name, orjson.loads(more)))
    lists = {
        what: sorted(found[what], key=lambda one: one.name)
        for what in ("circuits", "premises", "cables", "ducts", "segments")
    }
    return Impact(**lists, fibres=fibres, elsewhere=elsewhere)
