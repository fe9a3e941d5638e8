"""Known segments that a newer delivery draws otherwise: each of their pieces takes its share of the new line.

A segment that has been split since it came is a chain of pieces. Where the new line passes the nodes between them, within
the tolerance and in their order, it is cut there, and what lies in the pieces stays. Lines are in EPSG:25832, in metres.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist
from typing import Any
from uuid import UUID

import shapely
from django.utils.translation import gettext as _
from shapely.ops import substring

from layers.fibre.intake.context import Job
from layers.fibre.intake.ducts import simple_path

Corner = tuple[float, ...]
_SAME_M = 0.001
"""So near (metres) two corners are one, and two lines the same."""


@dataclass(frozen=True)
class Piece:
    """A segment of ours that stands for a part of the file's; `joined`: it is another line's, too."""

    segment: UUID
    begin: UUID
    end: UUID
    line: Any
    joined: bool


@dataclass(frozen=True)
class Drawn:
    """A line of the file; `places` are the nodes within the tolerance of its two ends, where there are such."""

    n: int
    row: int
    id: str
    line: Any
    places: tuple[Any, Any]


_LINES = """SELECT i.n, i.row, i.source_id, ST_AsBinary(i.geom), ST_AsBinary(a.geom), ST_AsBinary(b.geom) FROM (
    SELECT i.n FROM in_segment i JOIN in_part p ON p.n = i.n JOIN fibre_segment x ON x.id = p.segment WHERE i.fate = 'known'
     GROUP BY i.n, i.geom HAVING ST_HausdorffDistance(ST_Collect(x.geom), i.geom) > %(tolerance)s * 2 + 0.001) f
  JOIN in_segment i ON i.n = f.n
  LEFT JOIN LATERAL (SELECT o.geom FROM fibre_node o WHERE o.network_id IS NOT DISTINCT FROM %(network)s AND ST_DWithin(o.geom, ST_StartPoint(i.geom), %(tolerance)s)
                      ORDER BY o.geom <-> ST_StartPoint(i.geom), o.id LIMIT 1) a ON true
  LEFT JOIN LATERAL (SELECT o.geom FROM fibre_node o WHERE o.network_id IS NOT DISTINCT FROM %(network)s AND ST_DWithin(o.geom, ST_EndPoint(i.geom), %(tolerance)s)
                      ORDER BY o.geom <-> ST_EndPoint(i.geom), o.id LIMIT 1) b ON true
 ORDER BY i.n"""
_PIECES = """SELECT p.n, x.id, x.from_node_id, x.to_node_id, ST_AsBinary(x.geom), p.joined FROM in_part p JOIN fibre_segment x ON x.id = p.segment
 WHERE p.n = ANY (%(keys)s) ORDER BY p.n, p.joined, x.id"""
_NODES = """SELECT DISTINCT n.id, coalesce(n.name, left(n.id::text, 8)), ST_AsBinary(n.geom) FROM in_part p JOIN fibre_segment x ON x.id = p.segment
  JOIN fibre_node n ON n.id IN (x.from_node_id, x.to_node_id) WHERE p.n = ANY (%(keys)s)"""


def find(job: Job) -> tuple[dict[int, tuple[int, str]], set[int]]:
    """The segments that are to be drawn anew, as number -> (row, id), with their pieces' new lines in table in_redrawn.

    The second are those that cannot follow; each is refused with the nodes that its new line misses, and by how much.
    """
    lines = [
        Drawn(n, row, id_, shapely.from_wkb(bytes(line)), (_shape(a), _shape(b)))
        for n, row, id_, line, a, b in job.ask(_LINES)
    ]
    keys = [one.n for one in lines]
    pieces: dict[int, list[Piece]] = defaultdict(list)
    for n, segment, begin, end, line, joined in job.ask(_PIECES, keys=keys):
        pieces[n].append(Piece(segment, begin, end, _shape(line), joined))
    nodes = {key: (name, _shape(place)) for key, name, place in job.ask(_NODES, keys=keys)}
    new: dict[UUID, Any] = {}
    found: dict[int, tuple[int, str]] = {}
    refused: set[int] = set()
    rows = []
    # Those that are nobody else's first: lines that share a piece must agree with what its owner says of it.
    for one in sorted(lines, key=lambda drawn: any(piece.joined for piece in pieces[drawn.n])):
        told = _follow(one, pieces[one.n], nodes, new, float(job.values["tolerance"]))
        if isinstance(told, str):
            refused.add(one.n)
            job.refuse("segments", one.row, one.id, "import-split-redrawn", told)
            continue
        new |= told
        if told:
            found[one.n] = (one.row, one.id)
        rows += [(one.n, segment, shapely.to_wkb(line, hex=True)) for segment, line in told.items()]
    job.run("DROP TABLE IF EXISTS pg_temp.in_redrawn")
    job.run("CREATE TEMP TABLE in_redrawn (n bigint, segment uuid, geom geometry) ON COMMIT DROP")
    job.copy("in_redrawn", ("n", "segment", "geom"), rows)
    return found, refused


def _shape(wkb: Any) -> Any:
    return None if wkb is None else shapely.from_wkb(bytes(wkb))


def _follow(
    drawn: Drawn, pieces: Sequence[Piece], nodes: dict[UUID, tuple[str, Any]], new: dict[UUID, Any], tolerance: float
) -> dict[UUID, Any] | str:
    """The new line of each piece that is this segment's own; in words, what hinders it.

    `nodes` are names and places, `new` what the lines before have made of their pieces.
    """
    by_key = {one.segment: one for one in pieces}
    walk = simple_path([(one.segment, one.begin, one.end) for one in pieces])
    if isinstance(walk, str):
        return _("die {count} Stücke hängen nicht mehr aneinander").format(count=len(pieces))
    chain = [by_key[one] for one in walk]
    way = _nodes_along(chain)
    line, places = drawn.line, drawn.places
    ends = [shapely.Point(line.coords[0]), shapely.Point(line.coords[-1])]
    first, last = nodes[way[0]][1], nodes[way[-1]][1]
    if ends[1].distance(first) + ends[0].distance(last) < ends[0].distance(first) + ends[1].distance(last):
        line, places, ends = shapely.reverse(line), places[::-1], ends[::-1]
    missed = [(nodes[one][0], line.distance(nodes[one][1])) for one in way[1:-1]]
    if far := [f"{name} {apart:.2f} m" for name, apart in missed if apart > tolerance]:
        return _("geteilt an {count} Knoten; der neue Verlauf geht vorbei an: {nodes}").format(
            count=len(missed), nodes=", ".join(far)
        )
    at = [0.0, *(line.project(nodes[one][1]) for one in way[1:-1]), line.length]
    if any(after - before <= tolerance for before, after in pairwise(at)):
        return _("der neue Verlauf kommt an den Knoten in anderer Folge vorbei: {nodes}").format(
            nodes=", ".join(
                nodes[one][0] for one in sorted(way[1:-1], key=lambda one: drawn.line.project(nodes[one][1]))
            )
        )
    outer = [
        old if end.distance(old) <= tolerance else place or end
        for end, old, place in zip(ends, (first, last), places, strict=True)
    ]
    stops = [outer[0], *(nodes[one][1] for one in way[1:-1]), outer[1]]
    return _shares(chain, way, line, at, stops, new, tolerance)


def _nodes_along(chain: Sequence[Piece]) -> list[UUID]:
    """The nodes of the chain in its order: one more than pieces."""
    if len(chain) == 1:
        return [chain[0].begin, chain[0].end]
    first, second = chain[0], chain[1]
    here = first.begin if first.end in (second.begin, second.end) else first.end
    way = [here]
    for one in chain:
        here = one.end if one.begin == here else one.begin
        way.append(here)
    return way


def _shares(
    chain: Sequence[Piece], way: Sequence[UUID], line: Any, at: Sequence[float], stops: Sequence[Any],
    new: dict[UUID, Any], tolerance: float,
) -> dict[UUID, Any] | str:  # fmt: skip
    """Each own piece with the part of the line between its two stops; in words, which piece another line has elsewhere."""
    found: dict[UUID, Any] = {}
    for number, piece in enumerate(chain):
        part = substring(line, at[number], at[number + 1])
        corners = _between(stops[number].coords[0], part.coords[:], stops[number + 1].coords[0])
        share = shapely.LineString(corners if piece.begin == way[number] else corners[::-1])
        there = new.get(piece.segment, piece.line)
        if not piece.joined:
            if shapely.hausdorff_distance(share, there) > _SAME_M:
                found[piece.segment] = share
        elif shapely.hausdorff_distance(share, there) > 2 * tolerance + 0.001:
            return _("ein Stück ist zugleich das einer anderen Trasse, die dort bleibt")
    return found


def _between(begin: Corner, corners: Sequence[Corner], end: Corner) -> list[Corner]:
    """The line drawn to these two places, without the corners of it that were meant to be there."""
    inner = list(corners[1:-1])
    for place, cut, first in ((begin, corners[0], 0), (end, corners[-1], -1)):
        if inner and dist(inner[first], place) <= 1.5 * dist(cut, place) + _SAME_M:
            del inner[first]
    return [begin, *inner, end]


def write(job: Job, keys: Sequence[int]) -> None:
    """Draw the pieces of these segments as they are now."""
    job.run(
        "UPDATE fibre_segment x SET geom = ST_SetSRID(r.geom, 25832) FROM in_redrawn r WHERE r.segment = x.id AND r.n = ANY (%(keys)s)",
        keys=list(keys),
    )
