"""Everything that a person can do to a network, chosen by numbers: an edit is a verb and what it is done to.

A number picks one of what there is, so any list of numbers means something in any network. Edits run through whatever
connection they are given: the owner's, or a member's own log-in.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

from hypothesis import strategies as st

from tests.fibre.drawing import wkt

Run = Callable[..., list[tuple[Any, ...]]]
Edit = tuple[Any, ...]

# Few places, so that things meet; some of them nearly the same.
PLACE = st.tuples(st.sampled_from([0, 10, 10.03, 20, 30, 40]), st.sampled_from([0, 0.04, 10, 20]))
NUMBER = st.integers(0, 30)
SIDE = st.sampled_from("ab")
BOXES = ("muffe-144", "odf-144", "huep-4", "splitterbox", "kvz")
CABLES = ("6", "12", "24", "cu-2x2")
DUCTS = ("10/6", "7x7/4", "20/15", "2x7/4")


class NothingThere(Exception):
    """There is nothing to do this to."""


class Hand:
    """Does edits in one network through one connection."""

    def __init__(self, net: UUID, run: Run) -> None:
        self.net, self.run = net, run

    def pick(self, number: int, query: str, *values: Any) -> Any:
        """One of the rows of a query (its first column). Raises NothingThere."""
        return self.row(number, self.run(query, *values))[0]

    def row(self, number: int, rows: Sequence[Any]) -> Any:
        if not rows:
            raise NothingThere
        return rows[number % len(rows)]

    def of(self, table: str, number: int) -> Any:
        return self.pick(
            number, f"SELECT id FROM fibre_{table} WHERE network_id = %s ORDER BY created_at, id", self.net
        )

    def do(self, edit: Edit) -> None:
        verb, *values = edit
        getattr(self, verb)(*values)

    # ---------------------------------------------------------------------------------------------------------- route

    def draw(self, corners: Sequence[tuple[float, float]]) -> None:
        self.run("INSERT INTO fibre_segment (network_id, geom) VALUES (%s, %s)", self.net, wkt(*corners))

    def node(self, place: tuple[float, float]) -> None:
        self.run("INSERT INTO fibre_node (network_id, kind, geom) VALUES (%s, 'branch', %s)", self.net, wkt(place))

    def move(self, number: int, place: tuple[float, float]) -> None:
        self.run("UPDATE fibre_node SET geom = %s WHERE id = %s", wkt(place), self.of("node", number))

    def redraw(self, number: int, corners: Sequence[tuple[float, float]]) -> None:
        self.run("UPDATE fibre_segment SET geom = %s WHERE id = %s", wkt(*corners), self.of("segment", number))

    def join(self, number: int) -> None:
        """Take out a branch, mostly one between two segments."""
        between = self.run(
            "SELECT n.id FROM fibre_node n JOIN fibre_segment s ON n.id IN (s.from_node_id, s.to_node_id) WHERE n.network_id = %s "
            "AND n.kind = 'branch' GROUP BY n.id HAVING count(*) = 2 ORDER BY 1", self.net,
        )  # fmt: skip
        self.run("SELECT fibre_join(%s)", self.row(number, between)[0] if number % 4 else self.of("node", number))

    def remove(self, table: str, number: int) -> None:
        self.run(f"DELETE FROM fibre_{table} WHERE id = %s", self.of(table, number))

    # ---------------------------------------------------------------------------------------------------------- ducts

    def lay(self, first: int, steps: int, spec: str) -> None:
        self.run("SELECT fibre_lay(%s, %s, NULL, %s)", self.net, spec, self._way(first, steps))

    def _way(self, first: int, steps: int) -> list[UUID]:
        """So many segments in a row, as far as the network goes on."""
        rows = self.run(
            "SELECT id, from_node_id, to_node_id FROM fibre_segment WHERE network_id = %s ORDER BY created_at, id",
            self.net,
        )
        if not rows:
            return []
        found, here = [rows[first % len(rows)][0]], rows[first % len(rows)][2]
        for _step in range(steps - 1):
            onward = next(
                ((key, b if a == here else a) for key, a, b in rows if here in (a, b) and key not in found), None
            )
            if onward is None:
                break
            found.append(onward[0])
            here = onward[1]
        return found

    def lengthen(self, number: int, segment: int) -> None:
        """One segment more behind a duct's last one."""
        duct = self.of("duct", number)
        self.run(
            "INSERT INTO fibre_ductstep (duct_id, ordinal, segment_id) SELECT %s, coalesce(max(ordinal), 0) + 1, %s FROM fibre_ductstep "
            "WHERE duct_id = %s", duct, self.of("segment", segment), duct,
        )  # fmt: skip

    def tube(self, number: int) -> Any:
        return self.pick(
            number, "SELECT t.id FROM fibre_tube t JOIN fibre_duct d ON d.id = t.duct_id WHERE d.network_id = %s AND t.position < 3 "
            "ORDER BY d.created_at, d.id, t.position", self.net,
        )  # fmt: skip

    def cut(self, tube: int, node: int) -> None:
        self.run("SELECT fibre_cut_tube(%s, %s)", self.tube(tube), self.of("node", node))

    def mend(self, number: int) -> None:
        rows = self.run(
            "SELECT x.tube_id, x.to_node_id FROM fibre_tubesection x JOIN fibre_tubesection y ON y.tube_id = x.tube_id AND "
            "y.from_node_id = x.to_node_id JOIN fibre_tube t ON t.id = x.tube_id JOIN fibre_duct d ON d.id = t.duct_id "
            "WHERE d.network_id = %s ORDER BY 1, 2", self.net,
        )  # fmt: skip
        self.run("SELECT fibre_mend_tube(%s, %s)", *self.row(number, rows))

    def _open_ends(self) -> list[tuple[Any, ...]]:
        """(node, section, side, outer diameter) of section ends without a fitting."""
        return self.run(
            "SELECT CASE e.side WHEN 'a' THEN x.from_node_id ELSE x.to_node_id END, x.id, e.side, p.outer_mm::int "
            "FROM fibre_tubesection x CROSS JOIN (VALUES ('a'), ('b')) e(side) JOIN fibre_tube t ON t.id = x.tube_id "
            "JOIN fibre_duct d ON d.id = t.duct_id JOIN fibre_ductspec p ON p.key = t.pipe_id WHERE d.network_id = %s AND t.position < 3 "
            "AND NOT EXISTS (SELECT FROM fibre_tubeend o WHERE o.section_id = x.id AND o.side = e.side) ORDER BY 1, 2, 3",
            self.net,
        )

    def couple(self, number: int) -> None:
        ends = self._open_ends()
        pairs = [(a, b) for a in ends for b in ends if a[0] == b[0] and a[1] < b[1] and a[3] == b[3]]
        a, b = self.row(number, pairs)
        self.run("SELECT fibre_couple(%s, %s, %s, %s, %s)", f"EZV {a[3]}", a[1], a[2], b[1], b[2])

    def cap(self, number: int) -> None:
        _node, section, side, outer = self.row(number, self._open_ends())
        self.run("SELECT fibre_couple(%s, %s, %s)", f"EK {outer}", section, side)

    def recap(self, number: int, other: int) -> None:
        """A fitting's end is put onto another section."""
        key = self.pick(number, "SELECT id FROM fibre_tubeend ORDER BY id")
        _node, section, side, _outer = self.row(other, self._open_ends())
        self.run("UPDATE fibre_tubeend SET section_id = %s, side = %s WHERE id = %s", section, side, key)

    def uncouple(self, number: int) -> None:
        self.run(
            "DELETE FROM fibre_tubejoint WHERE id = %s", self.pick(number, "SELECT id FROM fibre_tubejoint ORDER BY id")
        )

    def open_tube(self, number: int, node: int) -> None:
        rows = self.run(
            "SELECT x.tube_id, p.outer_mm::int FROM fibre_cablestep c JOIN fibre_tubesection x ON x.id = c.section_id JOIN fibre_tube t "
            "ON t.id = x.tube_id JOIN fibre_ductspec p ON p.key = t.pipe_id ORDER BY c.id"
        )
        tube, outer = self.row(number, rows)
        self.run("SELECT fibre_open_tube(%s, %s, %s)", tube, self.of("node", node), f"EZV {outer} teilbar")

    # ------------------------------------------------------------------------------------------------ cables and fibres

    def _pieces(self) -> list[tuple[Any, ...]]:
        """(section, segment, one node, the other) of everything that a cable can lie in."""
        return self.run(
            "SELECT x.id, NULL::uuid, x.from_node_id, x.to_node_id FROM fibre_tubesection x JOIN fibre_tube t ON t.id = x.tube_id "
            "JOIN fibre_duct d ON d.id = t.duct_id WHERE d.network_id = %s AND t.position < 3 "
            "UNION ALL SELECT NULL, id, from_node_id, to_node_id FROM fibre_segment WHERE network_id = %s ORDER BY 1, 2",
            self.net, self.net,
        )  # fmt: skip

    def _run_of(self, first: int, many: int, turn: int) -> tuple[Any, Any, list[tuple[Any, Any]]]:
        """(from, to, pieces) of some way through the network; `turn` chooses where it forks."""
        pieces = self._pieces()
        section, segment, begin, here = self.row(first, pieces)
        way = [(section, segment)]
        for _step in range(many - 1):
            onward = [one for one in pieces if here in one[2:] and one[:2] not in way]
            if not onward:
                break
            section, segment, a, b = onward[turn % len(onward)]
            way.append((section, segment))
            here = b if a == here else a
        return begin, here, way

    def _put(self, cable: Any, way: Sequence[tuple[Any, Any]]) -> None:
        for ordinal, (section, segment) in enumerate(way, 1):
            self.run(
                "INSERT INTO fibre_cablestep (cable_id, ordinal, section_id, segment_id) VALUES (%s, %s, %s, %s)",
                cable, ordinal, section, segment,
            )  # fmt: skip

    def place(self, first: int, many: int, turn: int, spec: str) -> None:
        begin, end, way = self._run_of(first, many, turn)
        cable = uuid4()
        self.run(
            "INSERT INTO fibre_cable (id, network_id, spec_id, from_node_id, to_node_id) VALUES (%s, %s, %s, %s, %s)",
            cable, self.net, spec, begin, end,
        )  # fmt: skip
        self._put(cable, way)

    def pull_back(self, number: int) -> None:
        self.run("DELETE FROM fibre_cablestep WHERE cable_id = %s", self.of("cable", number))

    def replace_way(self, number: int, first: int, many: int, turn: int) -> None:
        cable = self.of("cable", number)
        begin, end, way = self._run_of(first, many, turn)
        self.run("DELETE FROM fibre_cablestep WHERE cable_id = %s", cable)
        self._put(cable, way)
        self.run("UPDATE fibre_cable SET from_node_id = %s, to_node_id = %s WHERE id = %s", begin, end, cable)

    def slack(self, number: int, node: int, metres: int) -> None:
        self.run(
            "INSERT INTO fibre_slack (cable_id, node_id, length_m) VALUES (%s, %s, %s) ON CONFLICT (cable_id, node_id) "
            "DO UPDATE SET length_m = excluded.length_m", self.of("cable", number), self.of("node", node), metres,
        )  # fmt: skip

    def unslack(self, number: int) -> None:
        self.run("DELETE FROM fibre_slack WHERE id = %s", self.pick(number, "SELECT id FROM fibre_slack ORDER BY id"))

    def enter(self, number: int) -> None:
        """A cable into an enclosure at one of the nodes that it comes to."""
        rows = self.run(
            "SELECT c.id, n.id FROM fibre_cable c JOIN fibre_enclosure n ON n.node_id IN (c.from_node_id, c.to_node_id) "
            "OR n.node_id IN (SELECT x.to_node_id FROM fibre_cablestep s JOIN fibre_tubesection x ON x.id = s.section_id WHERE s.cable_id = c.id "
            "UNION SELECT g.to_node_id FROM fibre_cablestep s JOIN fibre_segment g ON g.id = s.segment_id WHERE s.cable_id = c.id) "
            "WHERE c.network_id = %s ORDER BY 1, 2", self.net,
        )  # fmt: skip
        self.run("SELECT fibre_enter(%s, %s)", *self.row(number, rows))

    def entry(self, number: int) -> Any:
        return self.pick(number, "SELECT id FROM fibre_cableentry ORDER BY id")

    def leave(self, number: int) -> None:
        self.run("DELETE FROM fibre_cableentry WHERE id = %s", self.entry(number))

    def close(self, number: int) -> None:
        self.run("UPDATE fibre_cableentry SET state = 'looped' WHERE id = %s AND state = 'opened'", self.entry(number))

    def window(self, number: int, fibre: int, many: int) -> None:
        rows = self.run("SELECT cable_id, enclosure_id FROM fibre_cableentry WHERE side IS NULL ORDER BY id")
        self.run("SELECT fibre_cut_fibres(%s, %s, %s)", *self.row(number, rows), list(range(fibre, fibre + many)))

    def heal(self, number: int, fibre: int) -> None:
        rows = self.run("SELECT cable_id, enclosure_id FROM fibre_cableentry WHERE state = 'opened' ORDER BY id")
        self.run("SELECT fibre_mend_fibres(%s, %s, %s)", *self.row(number, rows), [fibre])

    # ------------------------------------------------------------------------------------------- enclosures and splices

    def stand(self, node: int, spec: str) -> None:
        self.run(
            "INSERT INTO fibre_enclosure (network_id, name, node_id, spec_id) VALUES (%s, %s, %s, %s)",
            self.net, f"G-{uuid4().hex[:6]}", self.of("node", node), spec,
        )  # fmt: skip

    def carry(self, number: int, node: int) -> None:
        self.run(
            "UPDATE fibre_enclosure SET node_id = %s WHERE id = %s", self.of("node", node), self.of("enclosure", number)
        )

    def exchange(self, number: int, spec: str) -> None:
        self.run("SELECT fibre_replace_enclosure(%s, %s)", self.of("enclosure", number), spec)

    def device(self, node: int) -> None:
        self.run(
            "INSERT INTO fibre_device (network_id, name, node_id, kind, port_count) VALUES (%s, %s, %s, 'olt', 2)",
            self.net, f"OLT-{uuid4().hex[:6]}", self.of("node", node),
        )  # fmt: skip

    def splitter(self, box: int) -> None:
        name = f"SP-{uuid4().hex[:6]}"
        self.run(
            "INSERT INTO fibre_splitter (enclosure_id, name, spec_id) VALUES (%s, %s, '1:4')",
            self.of("enclosure", box),
            name,
        )

    def unsplitter(self, number: int) -> None:
        self.run(
            "DELETE FROM fibre_splitter WHERE id = %s", self.pick(number, "SELECT id FROM fibre_splitter ORDER BY id")
        )

    def _ends_in(self, box: Any) -> list[tuple[Any, str, str]]:
        """(thing, side, kind) of what can be joined in an enclosure, free or not; of many only the first."""
        fibres = self.run(
            "SELECT f.id, s.side, 'fibre' FROM fibre_cableentry e JOIN fibre_fibresection f ON f.cable_id = e.cable_id AND f.number < 4 "
            "CROSS JOIN (VALUES ('a'), ('b')) s(side) WHERE e.enclosure_id = %s AND (e.side = s.side AND "
            "CASE s.side WHEN 'a' THEN f.cut_a_id ELSE f.cut_b_id END IS NULL OR e.id = CASE s.side WHEN 'a' THEN f.cut_a_id ELSE f.cut_b_id END) "
            "ORDER BY f.cable_id, f.number, 2, 1", box,
        )  # fmt: skip
        ports = self.run(
            "SELECT id, 'a', 'port' FROM fibre_port WHERE enclosure_id = %s AND number < 4 ORDER BY number", box
        )
        legs = self.run(
            "SELECT l.id, 'a', 'leg' FROM fibre_splitterleg l JOIN fibre_splitter s ON s.id = l.splitter_id WHERE s.enclosure_id = %s "
            "ORDER BY s.id, l.is_input DESC, l.number", box,
        )  # fmt: skip
        return [*fibres, *ports, *legs]  # type: ignore[list-item]

    def splice(self, box: int, one: int, other: int) -> None:
        key = self.pick(box, "SELECT DISTINCT enclosure_id FROM fibre_cableentry ORDER BY 1")
        ends = self._ends_in(key)
        a, b = self.row(one, ends), self.row(other, ends)
        kind = "pigtail" if "port" in (a[2], b[2]) else "splice"
        self.run("SELECT fibre_join_ends(%s, %s, %s, %s, %s, %s)", kind, key, [a[0]], [a[1]], [b[0]], [b[1]])

    def _ports(self) -> list[Any]:
        return [
            row[0]
            for row in self.run(
                "SELECT p.id FROM fibre_port p LEFT JOIN fibre_enclosure e ON e.id = p.enclosure_id LEFT JOIN fibre_device d ON d.id = p.device_id "
                "WHERE p.number < 4 ORDER BY coalesce(e.node_id, d.node_id), p.number, p.id"
            )
        ]

    def patch(self, one: int, other: int) -> None:
        ports = self._ports()
        self.run("SELECT fibre_patch(%s, %s)", self.row(one, ports), self.row(other, ports))

    def _joint(self, number: int) -> Any:
        return self.pick(number, "SELECT id FROM fibre_joint ORDER BY id")

    def unsplice(self, number: int) -> None:
        self.run("DELETE FROM fibre_joint WHERE id = %s", self._joint(number))

    def swap(self, one: int, other: int) -> None:
        self.run("SELECT fibre_swap(%s, %s)", self._joint(one), self._joint(other))

    # -------------------------------------------------------------------------------------------------------- circuits

    def circuit(self, one: int, other: int, state: str) -> None:
        """From one port to another; it is to be in service at once, or not."""
        joined = self.run("SELECT DISTINCT port_id FROM fibre_jointend WHERE port_id IS NOT NULL ORDER BY 1")
        key = uuid4()
        self.run(
            "INSERT INTO fibre_circuit (id, network_id, name, kind, lifecycle) VALUES (%s, %s, %s, 'p2p', %s)",
            key, self.net, f"S-{key.hex[:6]}", state,
        )  # fmt: skip
        for begins, number in ((True, one), (False, other)):
            port = self.row(number, joined)[0]
            self.run(
                "INSERT INTO fibre_circuitend (circuit_id, begins, port_id) VALUES (%s, %s, %s)", key, begins, port
            )

    def state(self, number: int, state: str) -> None:
        self.run("UPDATE fibre_circuit SET lifecycle = %s WHERE id = %s", state, self.of("circuit", number))

    def uncircuit(self, number: int) -> None:
        self.run(
            "DELETE FROM fibre_circuitend WHERE id = %s",
            self.pick(number, "SELECT id FROM fibre_circuitend ORDER BY id"),
        )


def _edits(**verbs: Sequence[Any]) -> st.SearchStrategy[Edit]:
    return st.one_of(*(st.tuples(st.just(verb), *values) for verb, values in verbs.items()))


_STATE = st.sampled_from(["in_service", "out_of_service"])
ROUTE = _edits(
    draw=[st.lists(PLACE, min_size=2, max_size=4)], node=[PLACE], move=[NUMBER, PLACE], join=[NUMBER],
    redraw=[NUMBER, st.lists(PLACE, min_size=2, max_size=3)], remove=[st.sampled_from(["node", "segment"]), NUMBER],
)  # fmt: skip
PIPES = _edits(
    lay=[NUMBER, st.integers(1, 4), st.sampled_from(DUCTS)], lengthen=[NUMBER, NUMBER], cut=[NUMBER, NUMBER], mend=[NUMBER],
    couple=[NUMBER], cap=[NUMBER], recap=[NUMBER, NUMBER], uncouple=[NUMBER], open_tube=[NUMBER, NUMBER],
    remove=[st.just("duct"), NUMBER],
)  # fmt: skip
GLASS = _edits(
    place=[NUMBER, st.integers(1, 4), NUMBER, st.sampled_from(CABLES)], pull_back=[NUMBER],
    replace_way=[NUMBER, NUMBER, st.integers(1, 4), NUMBER], slack=[NUMBER, NUMBER, st.integers(1, 30)], unslack=[NUMBER],
    enter=[NUMBER], leave=[NUMBER], close=[NUMBER], window=[NUMBER, st.integers(1, 5), st.integers(1, 3)], heal=[NUMBER, st.integers(1, 5)],
    remove=[st.just("cable"), NUMBER],
)  # fmt: skip
BOXED = _edits(
    stand=[NUMBER, st.sampled_from(BOXES)], carry=[NUMBER, NUMBER], exchange=[NUMBER, st.sampled_from(BOXES)], device=[NUMBER],
    splitter=[NUMBER], unsplitter=[NUMBER], splice=[NUMBER, NUMBER, NUMBER], patch=[NUMBER, NUMBER], unsplice=[NUMBER],
    swap=[NUMBER, NUMBER], remove=[st.sampled_from(["enclosure", "device"]), NUMBER],
)  # fmt: skip
SERVED = _edits(
    circuit=[NUMBER, NUMBER, _STATE], state=[NUMBER, _STATE], uncircuit=[NUMBER], remove=[st.just("circuit"), NUMBER]
)
EDIT = st.one_of(ROUTE, PIPES, GLASS, BOXED, SERVED, st.tuples(st.just("splice"), NUMBER, NUMBER, NUMBER))
