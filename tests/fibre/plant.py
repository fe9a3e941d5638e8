"""Networks with cables and splices, drawn by names: `Plant` keeps what it has drawn under the names it was given."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

from tests.fibre.drawing import network, node, one, settle, sql


@dataclass
class Plant:
    """A network on a straight street: nodes 100 m apart, a segment from each to the next."""

    net: UUID = field(default_factory=network)
    nodes: dict[str, UUID] = field(default_factory=dict)
    segments: dict[tuple[str, str], UUID] = field(default_factory=dict)
    ducts: dict[str, UUID] = field(default_factory=dict)
    cables: dict[str, UUID] = field(default_factory=dict)
    enclosures: dict[str, UUID] = field(default_factory=dict)
    devices: dict[str, UUID] = field(default_factory=dict)
    splitters: dict[str, UUID] = field(default_factory=dict)

    def street(self, *names: str, y: float = 0, x: float = 0) -> None:
        """Nodes of these names from west to east, joined by segments."""
        for number, name in enumerate(names):
            if name not in self.nodes:
                self.nodes[name] = node(self.net, x + 100.0 * number, y, name, kind="manhole")
        for before, after in pairwise(names):
            self.segment(before, after)

    def segment(self, a: str, b: str) -> None:
        self.segments[(a, b)] = one(
            "INSERT INTO fibre_segment (network_id, from_node_id, to_node_id, geom) SELECT %s, a.id, b.id, "
            "ST_MakeLine(a.geom, b.geom) FROM fibre_node a, fibre_node b WHERE a.id = %s AND b.id = %s RETURNING id",
            self.net, self.nodes[a], self.nodes[b],
        )  # fmt: skip

    def branch(self, at: str, name: str, dx: float = 0, dy: float = 50) -> None:
        """A node beside another, joined to it by a segment."""
        x, y = sql("SELECT ST_X(geom), ST_Y(geom) FROM fibre_node WHERE id = %s", self.nodes[at])[0]
        self.nodes[name] = one(
            "INSERT INTO fibre_node (network_id, kind, name, geom) VALUES (%s, 'building', %s, ST_SetSRID(ST_MakePoint(%s, %s), 25832)) "
            "RETURNING id",
            self.net, name, x + dx, y + dy,
        )  # fmt: skip
        self.segment(at, name)

    def between(self, a: str, b: str) -> UUID:
        return self.segments.get((a, b)) or self.segments[(b, a)]

    def duct(self, name: str, *way: str, spec: str = "7x7/4") -> UUID:
        ways = [self.between(a, b) for a, b in pairwise(way)]
        self.ducts[name] = one("SELECT fibre_lay(%s, %s, %s, %s)", self.net, spec, name, ways)
        settle()
        return self.ducts[name]

    def tube(self, duct: str, position: int) -> UUID:
        found: UUID = one("SELECT id FROM fibre_tube WHERE duct_id = %s AND position = %s", self.ducts[duct], position)
        return found

    def sections(self, duct: str, position: int) -> list[UUID]:
        """The tube's sections in the duct's order."""
        rows = sql(
            "SELECT x.id FROM fibre_tubesection x JOIN fibre_tube t ON t.id = x.tube_id "
            "JOIN fibre_sectionway w ON w.section_id = x.id WHERE t.duct_id = %s AND t.position = %s GROUP BY x.id ORDER BY min(w.ordinal)",
            self.ducts[duct], position,
        )  # fmt: skip
        return [row[0] for row in rows]

    def cable(self, name: str, a: str, b: str, *places: Any, spec: str = "12", settled: bool = True) -> UUID:
        """A cable; `places` are ("duct", tube) or pairs of nodes between which it is buried."""
        key: UUID = one(
            "INSERT INTO fibre_cable (network_id, name, spec_id, from_node_id, to_node_id) VALUES (%s, %s, %s, %s, %s) RETURNING id",
            self.net, name, spec, self.nodes[a], self.nodes[b],
        )  # fmt: skip
        self.cables[name] = key
        ordinal = 0
        for first, second in places:
            if isinstance(second, int):
                for section in self.sections(first, second):
                    ordinal += 1
                    sql(
                        "INSERT INTO fibre_cablestep (cable_id, ordinal, section_id) VALUES (%s, %s, %s)",
                        key,
                        ordinal,
                        section,
                    )
            else:
                ordinal += 1
                sql(
                    "INSERT INTO fibre_cablestep (cable_id, ordinal, segment_id) VALUES (%s, %s, %s)",
                    key, ordinal, self.between(first, second),
                )  # fmt: skip
        if settled:
            settle()
        return key

    def buried(self, name: str, *way: str, spec: str = "12") -> UUID:
        """A cable that is buried along these nodes."""
        return self.cable(name, way[0], way[-1], *pairwise(way), spec=spec)

    def enclosure(self, name: str, at: str, spec: str = "muffe-144", enters: str = "") -> UUID:
        self.enclosures[name] = one(
            "INSERT INTO fibre_enclosure (network_id, name, node_id, spec_id) VALUES (%s, %s, %s, %s) RETURNING id",
            self.net, name, self.nodes[at], spec,
        )  # fmt: skip
        for cable in enters.split():
            self.enter(cable, name)
        return self.enclosures[name]

    def enter(self, cable: str, enclosure: str) -> UUID:
        found: UUID = one("SELECT fibre_enter(%s, %s)", self.cables[cable], self.enclosures[enclosure])
        return found

    def device(self, name: str, at: str, ports: int = 4, kind: str = "olt") -> UUID:
        self.devices[name] = one(
            "INSERT INTO fibre_device (network_id, name, node_id, kind, port_count) VALUES (%s, %s, %s, %s, %s) RETURNING id",
            self.net, name, self.nodes[at], kind, ports,
        )  # fmt: skip
        return self.devices[name]

    def splitter(self, name: str, enclosure: str, spec: str = "1:4") -> UUID:
        self.splitters[name] = one(
            "INSERT INTO fibre_splitter (enclosure_id, name, spec_id) VALUES (%s, %s, %s) RETURNING id",
            self.enclosures[enclosure], name, spec,
        )  # fmt: skip
        return self.splitters[name]

    def cut(self, cable: str, enclosure: str, *numbers: int) -> None:
        sql("SELECT fibre_cut_fibres(%s, %s, %s)", self.cables[cable], self.enclosures[enclosure], list(numbers))

    def splice(
        self,
        enclosure: str,
        a: str,
        b: str,
        many: int = 1,
        tray: int | None = None,
        leads: tuple[str | None, str | None] = (None, None),
    ) -> list[UUID]:
        (cable_a, first_a), (cable_b, first_b) = a.split(":"), b.split(":")
        found: list[UUID] = one(
            "SELECT fibre_splice(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            self.enclosures[enclosure], self.cables[cable_a], int(first_a), self.cables[cable_b], int(first_b), many, tray, *leads,
        )  # fmt: skip
        return found

    def pigtail(self, enclosure: str, fibre: str, port: int, many: int = 1, lead: str | None = None) -> list[UUID]:
        cable, first = fibre.split(":")
        found: list[UUID] = one(
            "SELECT fibre_pigtail(%s, %s, %s, %s, %s, NULL, %s)",
            self.enclosures[enclosure], self.cables[cable], int(first), port, many, lead,
        )  # fmt: skip
        return found

    def leg(self, splitter: str, leg: str, fibre: str, lead: str | None = None) -> UUID:
        cable, number = fibre.split(":")
        inward = leg.startswith("in")
        found: UUID = one(
            "SELECT fibre_splice_leg(%s, %s, %s, %s, %s, NULL, %s)",
            self.splitters[splitter], inward, int(leg[2:] or 1) if inward else int(leg), self.cables[cable], int(number), lead,
        )  # fmt: skip
        return found

    def patch(self, a: str, b: str) -> UUID:
        found: UUID = one("SELECT fibre_patch(%s, %s)", self.port(a), self.port(b))
        return found

    def port(self, ref: str) -> UUID:
        holder, number = ref.split("/")
        found: UUID = one(
            "SELECT id FROM fibre_port WHERE number = %s AND coalesce(enclosure_id, device_id) = %s",
            int(number), self.enclosures.get(holder) or self.devices[holder],
        )  # fmt: skip
        return found

    def section(self, ref: str) -> UUID:
        """The piece of a fibre: "K1:5", of a cut fibre "K1:5.2" for its second piece."""
        cable, number = ref.split(":")
        number, _dot, piece = number.partition(".")
        rows = sql(
            "SELECT f.id FROM fibre_fibresection f LEFT JOIN fibre_measure m ON m.entry_id = f.cut_a_id "
            "WHERE f.cable_id = %s AND f.number = %s ORDER BY coalesce(m.drawn_m, -1)",
            self.cables[cable], int(number),
        )  # fmt: skip
        found: UUID = rows[int(piece or 1) - 1][0]
        return found
