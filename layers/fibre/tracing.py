"""Where does this fibre go: a trace both ways from a thing.

The way itself is found by the database (sql/trace.sql) on the live tables; here it is put into words, added up, and cut
where the asker has no rights.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gisapp.database import fetch_rows
from layers.fibre.optics import Classes, judged
from layers.fibre.past import at_the_moment
from layers.fibre.products import Shade, products
from layers.fibre.trace import COMPLETE, WAVELENGTHS, End, Hop, Path, Trace

# Whose networks the asker may see, by their organisations; None: all of them.
Sight = Collection[int] | None
Trail = tuple[UUID, ...]


@dataclass(frozen=True)
class Start:
    """A thing to begin at; `kind` is fibre, port, device or splitter (a leg). `name` is how it was called."""

    kind: str
    id: UUID
    name: str


@dataclass
class _Row:
    """A thing of one direction, as fibre_hops gives it, and what follows it."""

    start: int
    depth: int
    trail: Trail
    thing: UUID
    entered: UUID
    leaves: str | None
    joint_id: UUID | None
    kind: str
    holder_id: UUID
    holder: str
    number: int
    network_id: UUID
    organisation_id: int
    spec_id: str | None
    length_m: float | None
    loss_db: float | None
    joint_kind: str | None
    joint_loss_db: float | None
    joint_measured: bool
    enclosure_id: UUID | None
    enclosure: str | None
    node_id: UUID | None
    node: str | None
    tray: int | None
    slot: int | None
    outward: bool | None
    joined: bool
    hidden: bool = False
    branch: str = ""
    following: list["_Row"] = field(default_factory=list)

    @property
    def name(self) -> str:
        if self.kind == "splitter":
            return f"{self.holder} {'OUT' if self.outward else 'IN'} {self.number}"
        return f"{self.holder}{':' if self.kind == 'fibre' else '/'}{self.number}"


_COLUMNS = ", ".join(one.name for one in fields(_Row) if one.name not in ("hidden", "branch", "following"))
_STATEMENT = f"SELECT {_COLUMNS} FROM fibre_hops(%s::uuid[], %s::text[]) ORDER BY start, depth, number"  # noqa: S608 - names of fields


@dataclass(frozen=True)
class _Sum:
    """Metres, decibels that are the same at every wavelength, and glass as (attenuation by wavelength, kilometres)."""

    length_m: float | None = 0.0
    flat_db: float = 0.0
    glass: tuple[tuple[Mapping[int, float], float | None], ...] = ()

    def __add__(self, other: "_Sum") -> "_Sum":
        lengths = None if self.length_m is None or other.length_m is None else self.length_m + other.length_m
        return _Sum(lengths, self.flat_db + other.flat_db, self.glass + other.glass)

    @classmethod
    def of(cls, loss: float | None) -> "_Sum":
        return cls(0.0, loss or 0.0)

    def at(self, wavelength: int) -> float | None:
        """Decibels; None where a piece's length, or what its glass takes at this wavelength, is not known."""
        total = self.flat_db
        for attenuation, kilometres in self.glass:
            if kilometres is None or wavelength not in attenuation:
                return None
            total += attenuation[wavelength] * kilometres
        return total


def _own(row: _Row, passed: bool) -> _Sum:
    """What the thing itself adds. A port that is not passed has one connector less."""
    if row.kind != "fibre":
        return _Sum.of(row.loss_db if passed or row.kind != "port" else 0)
    product = products().cables[row.spec_id or ""]
    return _Sum(row.length_m, 0.0, ((product.attenuation, None if row.length_m is None else row.length_m / 1000),))


class _Direction:
    """The tree that leaves a start by one side."""

    def __init__(self, root: _Row, sight: Sight) -> None:
        self.root = root
        self._see(root, sight, "")
        self.leaves = [(row, added) for row, added in self._walk(root, _Sum()) if not row.following]

    def _see(self, row: _Row, sight: Sight, branch: str) -> None:
        """Take away what the asker may not see, and number the outputs of splitters that were taken."""
        row.hidden = sight is not None and row.organisation_id not in sight
        row.following = [] if row.hidden else row.following
        row.branch = f"{branch}.{row.number}".lstrip(".") if row.outward and row.depth else branch
        for one in row.following:
            self._see(one, sight, row.branch)

    def _walk(self, row: _Row, before: _Sum) -> Iterator[tuple[_Row, _Sum]]:
        """Every thing with what lies between the start (without it) and its far side."""
        added = before
        if row.depth and not row.hidden:
            added = before + _Sum.of(row.joint_loss_db) + _own(row, bool(row.following))
        yield row, added
        for one in row.following:
            yield from self._walk(one, added)

    def rows(self) -> list[_Row]:
        """What comes behind the start, a branch after the other."""
        return [row for row, _added in self._walk(self.root, _Sum()) if row.depth]

    @property
    def is_tree(self) -> bool:
        return len(self.leaves) > 1


def _directions(start: Start) -> list[tuple[UUID, str]]:
    """By which (thing, side) light leaves this start."""
    if start.kind == "splitter":
        legs = fetch_rows(
            "SELECT o.id FROM fibre_splitterleg l JOIN fibre_splitterleg o ON o.splitter_id = l.splitter_id AND o.is_input <> l.is_input "
            "WHERE l.id = %s AND EXISTS (SELECT FROM fibre_jointend j WHERE j.thing = o.id) ORDER BY o.number",
            [start.id],
        )
        return [(start.id, "a"), *((row[0], "a") for row in legs)]
    return [(start.id, "b")] if start.kind == "device" else [(start.id, "a"), (start.id, "b")]


def _roots(pairs: Sequence[tuple[UUID, str]]) -> list[_Row]:
    """The tree of each (thing, side)."""
    things, sides = [one for one, _side in pairs], [side for _one, side in pairs]
    found: dict[int, dict[Trail, _Row]] = defaultdict(dict)
    for values in fetch_rows(_STATEMENT, [things, sides]):
        row = _Row(*values)
        row.trail = tuple(row.trail)
        row.loss_db = None if row.loss_db is None else float(row.loss_db)
        row.joint_loss_db = None if row.joint_loss_db is None else float(row.joint_loss_db)
        found[row.start][row.trail] = row
        if row.depth:
            found[row.start][row.trail[:-1]].following.append(row)
    return [next(iter(found[number].values())) for number in range(1, len(pairs) + 1)]


@at_the_moment
def trace(starts: Sequence[Start], sight: Sight = None, *, geometry: bool = True) -> list[Trace]:
    """Trace from each start both ways, in two or three statements for all of them.

    A start that the asker may not see gives no trace.
    """
    pairs, of_start = [], []
    for start in starts:
        ways = _directions(start)
        of_start.append(len(ways))
        pairs += ways
    directions = [_Direction(root, sight) for root in _roots(pairs)] if pairs else []
    hanging = _hanging([row for one in directions for row, _added in one.leaves])
    found = []
    for start, count in zip(starts, of_start, strict=True):
        mine, directions = directions[:count], directions[count:]
        if not mine[0].root.hidden:
            found.append(_told(start, mine, hanging))
    shapes = _shapes(found) if geometry else [None] * len(found)
    return _judged([replace(one, geometry=shape) for one, shape in zip(found, shapes, strict=True)])


def _told(start: Start, ways: Sequence[_Direction], hanging: dict[tuple[UUID, str], tuple[Any, ...]]) -> Trace:
    ways = sorted(ways, key=lambda one: one.is_tree)  # the trunk first
    first, others = ways[0], ways[1:]
    root = first.root
    both = all(one.root.following for one in ways) and len(ways) > 1
    middle = _own(root, both)
    hops = [*_reversed(first.rows()), _thing(root)] if not first.is_tree else [_thing(root), *_forward(first.rows())]
    paths = []
    here = [(_end(row, hanging), added) for row, added in first.leaves]
    for other in others:
        hops += _forward(other.rows())
        there = [(_end(row, hanging), added) for row, added in other.leaves]
        paths += [_path(a, x, b, y, middle) for a, x in here for b, y in there]
    if not others:  # a device: the one end is itself
        itself = End(root.name, root.name, "device", True, root.node_id, "", root.thing)
        paths = [_path(itself, _Sum(), b, y, middle) for b, y in here]
    return Trace(start.name, start.id, hops, paths)


def _path(begin: End, before: _Sum, end: End, behind: _Sum, middle: _Sum) -> Path:
    whole = before + middle + behind
    return Path(begin, end, whole.length_m, {one: whole.at(one) for one in {*WAVELENGTHS, *products().wavelengths}})


def _judged(traces: Sequence[Trace]) -> list[Trace]:
    """The same, each path judged against its optics class."""
    classes = Classes(
        {end.thing_id for one in traces for path in one.paths for end in (path.begin, path.end) if end.thing_id}
    )
    found = []
    for one in traces:
        paths = []
        for path in one.paths:
            told = classes.of((path.begin.thing_id, path.end.thing_id))
            optics = products().optics.get(next(iter(told))) if len(told) == 1 else None
            told_of = judged(path.loss_db, optics, path.complete, differ=len(told) > 1)
            paths.append(replace(path, optics_class=optics.name if optics else "", optics=told_of))
        found.append(replace(one, paths=paths))
    return found


def _reversed(rows: Sequence[_Row]) -> list[Hop]:
    return [hop for row in reversed(rows) for hop in reversed(_hop_of(row))]


def _forward(rows: Sequence[_Row]) -> list[Hop]:
    return [hop for row in rows for hop in _hop_of(row)]


def _hop_of(row: _Row) -> list[Hop]:
    """The joint before a thing, and the thing."""
    if row.hidden:
        return []
    # A patch cord is between enclosures.
    inside = row.joint_kind != "patch"
    place = (row.enclosure if inside else row.node) or ""
    joint = Hop(
        row.joint_kind or "", place, row.joint_id or row.thing, loss_db=row.joint_loss_db, measured=row.joint_measured,
        enclosure=(row.enclosure or "") if inside else "", enclosure_id=row.enclosure_id if inside else None,
        node=row.node or "", node_id=row.node_id, tray=row.tray, slot=row.slot, branch=row.branch,
    )  # fmt: skip
    return [joint, _thing(row)]


def _thing(row: _Row) -> Hop:
    if row.kind != "fibre":
        return Hop(
            row.kind, row.name, row.thing, row.holder_id, row.number, loss_db=row.loss_db, enclosure=row.enclosure or "",
            enclosure_id=row.enclosure_id, node=row.node or "", node_id=row.node_id, branch=row.branch,
        )  # fmt: skip
    product, language = products().cables[row.spec_id or ""], get_language() or "de"
    bundle, position = product.place(row.number)
    fibre, tube = product.fibres.get(position), product.bundles.get(bundle)
    return Hop(
        "fibre", row.name, row.thing, row.holder_id, row.number, bundle,
        fibre.word(language) if fibre else "", tube.word(language) if tube else "", _swatch(fibre), _swatch(tube),
        row.length_m, _own(row, True).at(WAVELENGTHS[0]), branch=row.branch, spec=row.spec_id or "",
    )  # fmt: skip


def _swatch(shade: Shade | None) -> tuple[str, ...]:
    return () if shade is None else tuple(one for one in (shade.hex, shade.second_hex) if one)


# ------------------------------------------------------------------------------------------------------ where it stops


def _hanging(rows: Sequence[_Row]) -> dict[tuple[UUID, str], tuple[Any, ...]]:
    """Of the fibres' ends among these: (enclosure, node's key, node)."""
    ends = {(row.thing, row.leaves or "a") for row in rows if row.kind == "fibre" and not row.hidden}
    if not ends:
        return {}
    found = fetch_rows(
        "SELECT e.thing, e.side, h.enclosure, h.node_id, h.node "
        "FROM unnest(%s::uuid[], %s::text[]) e (thing, side), LATERAL fibre_hanging_at(e.thing, e.side) h",
        [[one for one, _side in ends], [side for _one, side in ends]],
    )
    return {(row[0], row[1]): row[2:] for row in found}


def _end(row: _Row, hanging: dict[tuple[UUID, str], tuple[Any, ...]]) -> End:
    if row.hidden:
        return End(_("anderes Netz"), row.enclosure or row.node or "", "other-network", False, None, row.branch)
    if row.kind == "fibre":
        enclosure, node_id, node = hanging[(row.thing, row.leaves or "a")]
        reason = "loop" if row.joined else "not-spliced" if enclosure else "loose-end"
        return End(row.name, enclosure or node or str(node_id), reason, False, node_id, row.branch, row.thing)
    if row.joined and not row.following:
        reason = "loop"
    elif row.kind == "splitter":
        reason = "splitter-unused"
    elif row.kind == "device":
        reason = "device"
    else:
        # Whoever comes from outside and finds nothing inside has not arrived.
        reason = "port" if row.leaves == "b" else "port-unused"
    return End(row.name, row.name, reason, reason in COMPLETE, row.node_id, row.branch, row.thing)


# What lies on another piece counts once, and traces over the same pieces have the same line: 144 fibres of a cable ask for
# one. (A piece is what lies between two cuts of a cable, with all the fibres that are cut there.)
_LINES = """
WITH pieces AS (
    SELECT n.nth, first_value(f.id) OVER (PARTITION BY f.cable_id, f.cut_a_id, f.cut_b_id ORDER BY f.id) AS piece
      FROM unnest(%s::integer[], %s::uuid[]) n (nth, id) JOIN fibre_fibresection f ON f.id = n.id
), ways AS MATERIALIZED (
    SELECT w.pieces, array_agg(w.nth) AS traces FROM (
        SELECT p.nth, array_agg(DISTINCT p.piece) AS pieces FROM pieces p GROUP BY p.nth) w GROUP BY w.pieces
), lines AS MATERIALIZED (
    SELECT p.piece, fibre_line(p.piece) AS line FROM (SELECT DISTINCT unnest(w.pieces) AS piece FROM ways w) p
)
SELECT w.traces, ST_AsGeoJSON(ST_Transform(ST_LineMerge(ST_Collect(l.line)), 4326), 7)
  FROM ways w JOIN lines l ON l.piece = ANY (w.pieces) WHERE l.line IS NOT NULL GROUP BY w.pieces, w.traces
"""


def _shapes(traces: Sequence[Trace]) -> list[dict[str, Any] | None]:
    """Of each trace the line on the map, merged; None where no cable on the way is placed."""
    passed = [(nth, hop.id) for nth, one in enumerate(traces) for hop in one.hops if hop.kind == "fibre"]
    found: list[dict[str, Any] | None] = [None] * len(traces)
    if passed:
        for of_traces, text in fetch_rows(_LINES, [[nth for nth, _key in passed], [key for _nth, key in passed]]):
            shape = json.loads(text)
            for nth in of_traces:
                found[nth] = shape
    return found
