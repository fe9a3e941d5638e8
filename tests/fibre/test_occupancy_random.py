"""Occupancy of plants drawn at random, recounted in Python from the plain tables: both must say the same."""

import datetime
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.fibre.occupancy import Seen, cross_sections, occupancy
from tests.fibre.drawing import settle, sql
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db
NODES = ["A", "B", "C", "D", "E"]
N = st.integers(0, 30)
STATES = st.sampled_from(["planned", "in_service", "decommissioned", "removed"])
EDIT = st.one_of(
    st.tuples(st.just("duct"), st.integers(0, 3), st.integers(1, 4), st.booleans(), st.sampled_from(["2x7/4", "7x7/4", "10/6"])),
    st.tuples(st.just("cut"), N, N),
    st.tuples(st.just("blow"), N, N, st.integers(0, 1)),
    st.tuples(st.just("bury"), st.integers(0, 3), st.integers(1, 4)),
    st.tuples(st.just("lease tube"), N, st.integers(-3, 3), st.one_of(st.none(), st.integers(0, 3)), st.booleans()),
    st.tuples(st.just("lease fibres"), N, st.integers(1, 6), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("splice"), N, N, st.integers(1, 6), st.integers(1, 6), N),
    st.tuples(st.just("pigtail"), N, st.integers(1, 6), st.integers(1, 12), N),
    st.tuples(st.just("patch"), N, st.integers(1, 12), st.integers(1, 12)),
    st.tuples(st.just("cut fibre"), N, st.integers(1, 6), N),
    st.tuples(st.just("circuit"), N, st.integers(1, 12), st.integers(1, 12)),
    st.tuples(st.just("state"), st.sampled_from(["duct", "cable"]), N, STATES),
)  # fmt: skip


def _all(statement: str, *values: Any) -> list[UUID]:
    return [row[0] for row in sql(statement, *values)]


def _edit(plant: Plant, serial: int, what: str, *values: Any) -> None:
    """One edit; what the rules refuse is left out by the caller."""
    cables = _all("SELECT id FROM fibre_cable ORDER BY name")
    boxes = _all("SELECT id FROM fibre_enclosure ORDER BY name")
    box = boxes[values[-1] % len(boxes)] if isinstance(values[-1], int) else boxes[0]
    if what in ("duct", "bury"):
        first, many = values[:2]
        way = NODES[first : first + many + 1]
        if what == "bury":
            plant.buried(f"K{serial}", *way, spec="6")
        else:
            plant.duct(f"R{serial}", *(reversed(way) if values[2] else way), spec=values[3])
    elif what in ("cut", "lease tube"):
        tubes = _all("SELECT t.id FROM fibre_tube t JOIN fibre_duct d ON d.id = t.duct_id ORDER BY d.name, t.position")
        tube = tubes[values[0] % len(tubes)]
        if what == "cut":
            sql("SELECT fibre_cut_tube(%s, %s)", tube, plant.nodes[NODES[values[1] % 5]])
        else:
            _lease("tube_id", tube, values[1], values[2], values[3])
    elif what == "blow":
        sections = sql(
            "SELECT x.id, x.from_node_id, x.to_node_id FROM fibre_tubesection x JOIN fibre_tube t ON t.id = x.tube_id "
            "JOIN fibre_duct d ON d.id = t.duct_id JOIN fibre_node n ON n.id = x.from_node_id ORDER BY d.name, t.position, n.name"
        )
        section, begin, end = sections[values[0] % len(sections)]
        key = _all(
            "INSERT INTO fibre_cable (network_id, name, spec_id, from_node_id, to_node_id) VALUES (%s, %s, '6', %s, %s) RETURNING id",
            plant.net, f"K{serial}", *((end, begin) if values[2] else (begin, end)),
        )[0]  # fmt: skip
        sql("INSERT INTO fibre_cablestep (cable_id, ordinal, section_id) VALUES (%s, 1, %s)", key, section)
    elif what == "lease fibres":
        _lease(
            "cable_id",
            cables[values[0] % len(cables)],
            0,
            None,
            values[3],
            first_fibre=values[1],
            last_fibre=min(6, values[1] + values[2]),
        )
    elif what == "patch":
        sql("SELECT fibre_patch(a.id, b.id) FROM fibre_port a, fibre_port b WHERE a.enclosure_id = %s AND a.number = %s AND b.enclosure_id = %s AND b.number = %s",
            boxes[values[0] % len(boxes)], values[1], boxes[values[0] % len(boxes)], values[2])  # fmt: skip
    elif what == "circuit":
        _circuit(plant, serial, *values)
    elif what == "state":
        sql(
            f"UPDATE fibre_{values[0]} SET lifecycle = %s WHERE id = (SELECT id FROM fibre_{values[0]} ORDER BY name OFFSET %s LIMIT 1)",
            values[2],
            values[1] % 8,
        )
    else:
        cable = cables[values[0] % len(cables)]
        _entered(cable, box)
        if what == "splice":
            other = cables[values[1] % len(cables)]
            _entered(other, box)
            sql("SELECT fibre_splice(%s, %s, %s, %s, %s)", box, cable, values[2], other, values[3])
        elif what == "pigtail":
            sql("SELECT fibre_pigtail(%s, %s, %s, %s)", box, cable, values[1], values[2])
        else:
            sql("SELECT fibre_cut_fibres(%s, %s, %s)", box, cable, [values[1]])


def _entered(cable: UUID, box: UUID) -> None:
    if not sql("SELECT 1 FROM fibre_cableentry WHERE cable_id = %s AND enclosure_id = %s", cable, box):
        sql("SELECT fibre_enter(%s, %s)", cable, box)


def _lease(column: str, key: UUID, begins: int, ends: int | None, rented: bool, **more: Any) -> None:
    today = datetime.date.today()
    names = ["kind", column, "begins_on", "ends_on", *more]
    last = None if ends is None else today + datetime.timedelta(days=max(begins, ends))
    sql(
        f"INSERT INTO fibre_lease ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})",
        "lease" if rented else "reservation", key, today + datetime.timedelta(days=begins), last, *more.values(),
    )  # fmt: skip


def _circuit(plant: Plant, serial: int, box: int, first: int, second: int) -> None:
    key = _all(
        "INSERT INTO fibre_circuit (network_id, name, kind, lifecycle) VALUES (%s, %s, 'p2p', 'in_service') RETURNING id",
        plant.net,
        f"S{serial}",
    )[0]
    boxes = _all("SELECT id FROM fibre_enclosure ORDER BY name")
    for begins, of, number in ((True, boxes[box % 5], first), (False, boxes[(box + 1) % 5], second)):
        sql("INSERT INTO fibre_circuitend (circuit_id, begins, port_id) SELECT %s, %s, id FROM fibre_port WHERE enclosure_id = %s AND number = %s",
            key, begins, of, number)  # fmt: skip


class Recount:
    """The tables read row by row, and counted by the words of sql/occupancy.sql."""

    def __init__(self) -> None:
        self.today = datetime.date.today()
        self.life = dict(sql("SELECT id, lifecycle FROM fibre_duct UNION ALL SELECT id, lifecycle FROM fibre_cable"))
        self.tubes = sql("SELECT t.id, t.duct_id, t.position FROM fibre_tube t")
        self.leases = sql(
            "SELECT kind, tube_id, cable_id, first_fibre, last_fibre, begins_on, ends_on FROM fibre_lease"
        )
        self.steps = sql("SELECT cable_id, section_id FROM fibre_cablestep WHERE section_id IS NOT NULL")
        self.ends = sql("SELECT joint_id, section_id, port_id, leg_id, side FROM fibre_jointend")
        self.circuit_ports = set(
            _all(
                "SELECT e.port_id FROM fibre_circuitend e JOIN fibre_circuit c ON c.id = e.circuit_id WHERE c.lifecycle = 'in_service'"
            )
        )

    def _leased(self, column: int, key: UUID, number: int = 0) -> str | None:
        for lease in self.leases:
            live = lease[5] <= self.today and (lease[6] is None or self.today <= lease[6])
            if live and lease[column] == key and (not number or (lease[3] or 1) <= number <= (lease[4] or 999)):
                return str(lease[0])
        return None

    def _state(self, used: bool, lease: str | None, lifecycle: str) -> str:
        if used:
            return "used"
        if lease:
            return {"lease": "leased", "reservation": "reserved"}[lease]
        return "decommissioned" if lifecycle in ("decommissioned", "removed") else "free"

    def _in(self, section: UUID) -> list[UUID]:
        return [cable for cable, lying in self.steps if lying == section and self.life[cable] != "removed"]

    def segment(self, key: UUID) -> list[tuple[UUID, int, str, int]]:
        """(duct, position, state, cables) of every tube there, each walk followed node by node."""
        found = []
        for duct, lifecycle in self.life.items():
            steps = sql(
                "SELECT d.segment_id, CASE WHEN d.forward THEN s.from_node_id ELSE s.to_node_id END, CASE WHEN d.forward THEN s.to_node_id "
                "ELSE s.from_node_id END FROM fibre_ductstep d JOIN fibre_segment s ON s.id = d.segment_id WHERE d.duct_id = %s ORDER BY d.ordinal", duct,
            )  # fmt: skip
            if lifecycle == "removed" or key not in [step[0] for step in steps]:
                continue
            for tube, of, position in self.tubes:
                if of == duct:
                    (section,) = self._there(tube, steps, key)
                    cables = self._in(section)
                    found.append(
                        (duct, position, self._state(bool(cables), self._leased(1, tube), lifecycle), len(cables))
                    )
        return sorted(found)

    @staticmethod
    def _there(tube: UUID, steps: list[tuple[Any, ...]], key: UUID) -> list[UUID]:
        at = {row[1]: row[0] for row in sql("SELECT id, from_node_id FROM fibre_tubesection WHERE tube_id = %s", tube)}
        here = None
        for segment, begins, _ends in steps:
            here = at.get(begins, here)
            if segment == key:
                return [here] if here else []
        return []

    def duct(self, key: UUID) -> Counter[str]:
        counted: Counter[str] = Counter()
        for tube, of, _position in self.tubes:
            if of == key:
                sections = _all("SELECT id FROM fibre_tubesection WHERE tube_id = %s", tube)
                counted[
                    self._state(any(self._in(one_) for one_ in sections), self._leased(1, tube), self.life[key])
                ] += 1
        return counted

    def in_use(self, piece: UUID) -> bool:
        for joint, section, _port, _leg, _side in self.ends:
            if section != piece:
                continue
            (other,) = [end for end in self.ends if end[0] == joint and end[1] != piece]
            if other[1] or other[3] or other[2] in self.circuit_ports:
                return True
            if any(end[2] == other[2] and end[4] != other[4] for end in self.ends):
                return True
        return False

    def cable(self, key: UUID) -> Counter[str]:
        pieces: dict[int, list[UUID]] = {}
        for piece, number in sql("SELECT id, number FROM fibre_fibresection WHERE cable_id = %s", key):
            pieces.setdefault(number, []).append(piece)
        return Counter(
            self._state(any(map(self.in_use, mine)), self._leased(2, key, number), self.life[key]) for number, mine in pieces.items()
        )  # fmt: skip

    def ports(self, box: UUID) -> int:
        used = 0
        for (port,) in sql("SELECT id FROM fibre_port WHERE enclosure_id = %s", box):
            mine = [end for end in self.ends if end[2] == port]
            inner = [
                other for end in mine if end[4] == "a" for other in self.ends if other[0] == end[0] and other != end
            ]
            lit = any(other[3] or (other[1] and self.in_use(other[1])) for other in inner)
            used += port in self.circuit_ports or any(end[4] == "b" for end in mine) or lit
        return used


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(EDIT, min_size=6, max_size=40))
def test_01_the_database_counts_as_python_does(edits: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        plant = Plant()
        plant.street(*NODES)
        plant.duct("R", *NODES)
        for at in NODES:
            plant.enclosure(f"O-{at}", at, spec="odf-144")
        plant.buried("K", "A", "B", spec="6")
        for serial, (what, *values) in enumerate(edits):
            try:
                with transaction.atomic():
                    _edit(plant, serial, what, *values)
                    settle()
            except DatabaseError:
                sql("SET CONSTRAINTS ALL DEFERRED")
        recount = Recount()
        told = cross_sections(plant.segments.values(), Seen())
        for key, section in told.items():
            mine = sorted(
                (duct.id, tube.position, tube.state, len(tube.cables)) for duct in section.ducts for tube in duct.tubes
            )
            assert mine == recount.segment(key)
        for duct in _all("SELECT id FROM fibre_duct"):
            assert +Counter(occupancy([str(duct)])[0].tubes.of) == recount.duct(duct)
        for cable in _all("SELECT id FROM fibre_cable"):
            answer = occupancy([str(cable)])[0]
            assert +Counter(answer.fibres.of) == recount.cable(cable)
            assert all(fibre.state == "used" for fibre in answer.fibre_list if fibre.circuits)
        for box in _all("SELECT id FROM fibre_enclosure"):
            places = occupancy([str(box)], kind="enclosure")[0].places
            assert places and places.ports == (144, recount.ports(box))
            taken = sql(
                "SELECT count(*) FROM fibre_joint j JOIN fibre_tray t ON t.id = j.tray_id WHERE t.enclosure_id = %s",
                box,
            )[0][0]
            assert places.tray_places[1] == taken
        whole = occupancy(["netz"])[0]
        lying = [key for key, state in recount.life.items() if state != "removed"]
        sums = sum((recount.duct(key) for key in lying), Counter())
        assert +Counter(whole.tubes.of) == sums
        assert +Counter(whole.fibres.of) == sum((recount.cable(key) for key in lying), Counter())
        transaction.set_rollback(True)
