"""The fibre networks' share of the demo: written through the same tables and rules as everything else.

With faults of the kind that no database can forbid, for those who look for them: segments that nobody surveyed, sheath
marks that cannot be, and homes whose fibre is spliced in the cabinet but ends in the house on nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from gisapp.accounts.models import Organisation
from gisapp.bulk import copy_rows
from gisapp.database import fetch_rows
from layers.fibre import demo_plan
from layers.fibre.demo_plan import COPPER, PLANNED, PON, Home
from layers.fibre.demo_route import RouteWriter, run, settle

OWNER = "breitband-verband"
RULES = {
    "node/cabinet": "NVt-{n:03}", "node/manhole": "S-{n:03}", "node/building": "Haus {n:05}", "duct": "RV-{n}", "tube": "{rohr}/{position}",
    "cable": "K-{n}", "enclosure": "{knoten}/{n}", "device": "Gerät {n}", "splitter": "SP-{n}", "premises": "AO-{n:05}", "circuit": "SX-{n:06}",
}  # fmt: skip
TRUNK, FIBRES_A_HOME, OF_AN_ODF = 288, 2, 4
# The demo region's houses are the networks' (`h17` is its seventeenth), where both were made from one plan.
_ADDRESSES = """
SELECT n.id, a.id FROM fibre_node n JOIN regions_address a ON a.source = 'demo' AND a.source_id = substr(n.source_id, 2)
   AND a.retired_at IS NULL AND ST_DWithin(a.geom, n.geom, 1)
 WHERE n.network_id = %s AND n.kind = 'building' AND n.source_id ~ '^h[0-9]+$'
"""


def build(size: str, seed: int, progress: Callable[[str], None]) -> None:
    """Write the networks of a size anew, each in one transaction."""
    owner = Organisation.objects.filter(key=OWNER).first()
    if owner is None:
        return
    with transaction.atomic():
        _clear()
    for net in demo_plan.networks(size, seed):
        counts = {"number": net.number + 1, "homes": len(net.homes), "segments": len(net.trenches)}
        progress(_("Netz %(number)s: %(homes)s Häuser, %(segments)s Trassen") % counts)
        with transaction.atomic():
            _Writer(net, owner.pk).write()


_CLEAR = (
    "UPDATE fibre_circuit SET lifecycle = 'out_of_service' WHERE network_id = ANY (%(nets)s)",
    "DELETE FROM fibre_circuit WHERE network_id = ANY (%(nets)s)",
    "DELETE FROM fibre_unit WHERE premises_id IN (SELECT id FROM fibre_premises WHERE network_id = ANY (%(nets)s))",
    "DELETE FROM fibre_premises WHERE network_id = ANY (%(nets)s)",
    "DELETE FROM fibre_joint WHERE enclosure_id IN (SELECT id FROM fibre_enclosure WHERE network_id = ANY (%(nets)s))",
    "DELETE FROM fibre_joint WHERE id IN (SELECT j.joint_id FROM fibre_jointend j JOIN fibre_port p ON p.id = j.port_id "
    "JOIN fibre_enclosure e ON e.id = p.enclosure_id WHERE e.network_id = ANY (%(nets)s))",
    "DELETE FROM fibre_splitter WHERE enclosure_id IN (SELECT id FROM fibre_enclosure WHERE network_id = ANY (%(nets)s))",
    "DELETE FROM fibre_cableentry WHERE enclosure_id IN (SELECT id FROM fibre_enclosure WHERE network_id = ANY (%(nets)s))",
    "DELETE FROM fibre_cable WHERE network_id = ANY (%(nets)s)",
    "DELETE FROM fibre_enclosure WHERE network_id = ANY (%(nets)s)",
    "DELETE FROM fibre_device WHERE network_id = ANY (%(nets)s)",
    "DELETE FROM fibre_tubejoint WHERE node_id IN (SELECT id FROM fibre_node WHERE network_id = ANY (%(nets)s))",
    "DELETE FROM fibre_duct WHERE network_id = ANY (%(nets)s)",
    "DELETE FROM fibre_segment WHERE network_id = ANY (%(nets)s)",
    "DELETE FROM fibre_node WHERE network_id = ANY (%(nets)s)",
)


def _clear() -> None:
    """Everything in the networks of an earlier demo, by the rules: what is in service first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM fibre_network WHERE key ~ '^demo-[0-9]+$'")
        nets = [row[0] for row in cursor.fetchall()]
        for statement in _CLEAR if nets else ():
            cursor.execute(statement, {"nets": nets})
    settle()


class _Writer(RouteWriter):
    """Writes one network."""

    def write(self) -> None:
        run(
            "INSERT INTO fibre_network (id, key, name, organisation_id) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (id) DO UPDATE SET organisation_id = excluded.organisation_id",
            self.network, f"demo-{self.net.number + 1}", f"Breitbandnetz {self.net.number + 1} (Demo)", self.owner,
        )  # fmt: skip
        self._rules()
        self._route()
        self._ducts()
        self._equipment()
        self._cables()
        self._splices()
        self._copper()
        self._services()
        settle()

    def _rules(self) -> None:
        """How what people draw in the demo afterwards is named."""
        for kind, pattern in RULES.items():
            run(
                "INSERT INTO fibre_namingrule (network_id, kind, pattern) VALUES (%s, %s, %s) ON CONFLICT (network_id, kind) DO NOTHING",
                self.network, kind, pattern,
            )  # fmt: skip

    # ---------------------------------------------------------------------------------------- enclosures and cables

    def _glass(self) -> list[tuple[Home, str]]:
        """The homes on glass with their enclosure."""
        return [(home, box) for box, _cabinet, homes in self.boxes for home in homes if home.tap != home.cabinet]

    def _equipment(self) -> None:
        names = {one.key: one.name for one in self.net.sites}
        rows = []
        per_cabinet: dict[str, int] = defaultdict(int)
        for box, cabinet, _homes in self.boxes:
            per_cabinet[cabinet] += 1
            rows.append((box, f"{names[cabinet]}/{per_cabinet[cabinet]}", self.key(cabinet), "nvt-288", "in_service"))
        for number in range(-(-len(self.boxes) // OF_AN_ODF)):
            rows.append((f"odf{number}", f"ODF-{number + 1:02d}", self.key(self.net.pop), "odf-1152", "in_service"))
        rows += [
            (f"{home.node}/huep", f"HÜP {home.number}", self.key(home.node), "huep-4", "in_service")
            for home, _box in self._glass()
        ]
        self._rows("enclosure", "name node_id spec_id lifecycle", rows)
        self._rows(
            "device",
            "name node_id kind port_count lifecycle optics_id",
            [("olt", "OLT-1", self.key(self.net.pop), "olt", 16, "in_service", "gpon-b+")],
        )

    def _cables(self) -> None:
        drops = self._glass()
        rows: list[tuple[Any, ...]] = [
            (f"{box}/t", f"T {number}", "288", self.key(self.net.pop), self.key(cabinet), "in_service")
            for number, (box, cabinet, _homes) in enumerate(self.boxes, 1)
        ]
        rows += [
            (f"{home.node}/k", f"HK {home.number}", "6", self.key(home.cabinet), self.key(home.node), "in_service")
            for home, _box in drops
        ]
        self._rows("cable", "name spec_id from_node_id to_node_id lifecycle", rows)
        run(
            "CREATE TEMPORARY TABLE IF NOT EXISTS demo_step (cable uuid, ordinal integer, duct uuid, position smallint, begin_ uuid)"
        )
        run("TRUNCATE demo_step")
        steps: list[tuple[Any, ...]] = []
        for home, _box in drops:
            key = self.key(f"{home.node}/k")
            steps.append((key, 1, self.key(home.pipe), home.position, self.key(home.cabinet)))
            steps.append((key, 2, self.key(f"{home.lead_in}/rohr"), 1, self.key(home.tap)))
        for box, cabinet, _homes in self.boxes:
            for number, (edge, _forward) in enumerate(self.net.routes[cabinet], 1):
                duct, position = self.trunk_of[(box, edge)]
                steps.append(
                    (self.key(f"{box}/t"), number, self.key(duct), position, self.key(self.net.edges[edge][0]))
                )
        copy_rows("demo_step", ("cable", "ordinal", "duct", "position", "begin_"), steps)
        run("ANALYZE demo_step")
        run(
            "INSERT INTO fibre_cablestep (cable_id, ordinal, section_id) SELECT s.cable, s.ordinal, x.id FROM demo_step s "
            "JOIN fibre_tube t ON t.duct_id = s.duct AND t.position = s.position "
            "JOIN fibre_tubesection x ON x.tube_id = t.id AND x.from_node_id = s.begin_"
        )
        self._enter(drops)

    def _enter(self, drops: list[tuple[Home, str]]) -> None:
        entries: list[tuple[Any, ...]] = []
        for home, box in drops:
            key = self.key(f"{home.node}/k")
            # A drum's marks; of some the reader was three hundred metres wrong.
            first = 100.0 + home.number % 700
            doubtful = (first, first + 300.0 + home.number % 40) if home.number % 41 == 7 else (None, None)
            entries.append((self.key(box), key, "end", "a", doubtful[0]))
            entries.append((self.key(f"{home.node}/huep"), key, "end", "b", doubtful[1]))
        for number, (box, _cabinet, _homes) in enumerate(self.boxes):
            entries.append((self.key(f"odf{number // OF_AN_ODF}"), self.key(f"{box}/t"), "end", "a", None))
            entries.append((self.key(box), self.key(f"{box}/t"), "end", "b", None))
        copy_rows("fibre_cableentry", ("enclosure_id", "cable_id", "state", "side", "mark_m"), entries)
        settle()

    # ------------------------------------------------------------------------------------------------------ splices

    def _splices(self) -> None:
        run(
            "CREATE TEMPORARY TABLE IF NOT EXISTS demo_joint (id uuid, enclosure uuid, kind text, tray smallint, slot smallint, "
            "cable_a uuid, fibre_a smallint, side_a text, cable_b uuid, fibre_b smallint, side_b text, port smallint, splitter uuid, leg smallint)"
        )
        run("TRUNCATE demo_joint")
        columns = (
            "id", "enclosure", "kind", "tray", "slot", "cable_a", "fibre_a", "side_a", "cable_b", "fibre_b", "side_b", "port", "splitter",
            "leg",
        )  # fmt: skip
        rows: list[tuple[Any, ...]] = []
        splitters: list[tuple[Any, ...]] = []
        for number, (box, cabinet, homes) in enumerate(self.boxes):
            on_glass = [home for home in homes if home.tap != home.cabinet]
            if self.net.villages[cabinet] == PON:
                rows += self._pon(number, box, on_glass, splitters)
            else:
                rows += self._point_to_point(number, box, on_glass)
        copy_rows("fibre_splitter", ("id", "enclosure_id", "name", "spec_id"), splitters)
        copy_rows("demo_joint", columns, rows)
        run("ANALYZE demo_joint")
        run(
            "INSERT INTO fibre_joint (id, enclosure_id, kind, tray_id, slot) SELECT d.id, d.enclosure, d.kind, t.id, d.slot FROM demo_joint d "
            "JOIN fibre_tray t ON t.enclosure_id = d.enclosure AND t.number = d.tray"
        )
        run(
            "INSERT INTO fibre_jointend (joint_id, section_id, port_id, leg_id, side) "
            "SELECT d.id, f.id, NULL::uuid, NULL::uuid, d.side_a FROM demo_joint d JOIN fibre_fibresection f ON f.cable_id = d.cable_a AND f.number = d.fibre_a "
            "UNION ALL SELECT d.id, f.id, NULL::uuid, NULL::uuid, d.side_b FROM demo_joint d "
            "JOIN fibre_fibresection f ON f.cable_id = d.cable_b AND f.number = d.fibre_b "
            "UNION ALL SELECT d.id, NULL::uuid, p.id, NULL::uuid, 'a' FROM demo_joint d JOIN fibre_port p ON p.enclosure_id = d.enclosure AND p.number = d.port "
            "UNION ALL SELECT d.id, NULL::uuid, NULL::uuid, l.id, 'a' FROM demo_joint d "
            "JOIN fibre_splitterleg l ON l.splitter_id = d.splitter AND l.is_input = (d.leg = 0) AND l.number = greatest(d.leg, 1)"
        )

    def _joint(self, name: str, box: str, kind: str, place: int, *ends: Any) -> tuple[Any, ...]:
        """A joint in the next place of trays of twelve; `ends` as the columns of demo_joint want them."""
        return (self.key(name), self.key(box), kind, place // 12 + 1, place % 12 + 1, *ends)

    def _odf(self, number: int, box: str, fibre: int) -> tuple[Any, ...]:
        """The trunk's fibre on its port."""
        port = number % OF_AN_ODF * TRUNK + fibre
        return self._joint(
            f"{box}/p{fibre}", f"odf{number // OF_AN_ODF}", "pigtail", port - 1,
            self.key(f"{box}/t"), fibre, "a", None, None, None, port, None, None,
        )  # fmt: skip

    def _house(self, home: Home, fibre: int) -> tuple[Any, ...]:
        return self._joint(
            f"{home.node}/p{fibre}", f"{home.node}/huep", "pigtail", fibre - 1,
            self.key(f"{home.node}/k"), fibre, "b", None, None, None, fibre, None, None,
        )  # fmt: skip

    def _point_to_point(self, number: int, box: str, homes: list[Home]) -> Iterable[tuple[Any, ...]]:
        for place, home in enumerate(homes):
            for one in range(1, FIBRES_A_HOME + 1):
                fibre = place * FIBRES_A_HOME + one
                yield self._odf(number, box, fibre)
                yield self._joint(
                    f"{home.node}/s{one}", box, "splice", fibre - 1,
                    self.key(f"{box}/t"), fibre, "b", self.key(f"{home.node}/k"), one, "a", None, None, None,
                )  # fmt: skip
                if home.number % 37 != 5 or one > 1:
                    yield self._house(home, one)

    def _pon(
        self, number: int, box: str, homes: list[Home], splitters: list[tuple[Any, ...]]
    ) -> Iterable[tuple[Any, ...]]:
        """One fibre of the trunk for 32 homes."""
        place = 0
        for block in range(0, len(homes), 32):
            splitter, fibre = self.key(f"{box}/sp{block}"), block // 32 + 1
            splitters.append((splitter, self.key(box), f"SP{fibre}", "1:32"))
            yield self._odf(number, box, fibre)
            yield self._joint(
                f"{box}/spin{block}",
                box,
                "splice",
                place,
                self.key(f"{box}/t"),
                fibre,
                "b",
                None,
                None,
                None,
                None,
                splitter,
                0,
            )
            place += 1
            for leg, home in enumerate(homes[block : block + 32], 1):
                yield self._joint(
                    f"{home.node}/s1",
                    box,
                    "splice",
                    place,
                    None,
                    None,
                    None,
                    self.key(f"{home.node}/k"),
                    1,
                    "a",
                    None,
                    splitter,
                    leg,
                )
                yield self._house(home, 1)
                place += 1

    def _copper(self) -> None:
        """The village on copper: a main cable to its KVz, and pairs buried to every house."""
        for cabinet, kind in self.served.items():
            if kind != COPPER:
                continue
            homes = self.by_cabinet[cabinet]
            name = next(one.name for one in self.net.sites if one.key == cabinet)
            boxes = [
                ("hvt", "HVt", self.key(self.net.pop), "kvz", "in_service"),
                ("kvz", f"KVz {name}", self.key(cabinet), "kvz", "in_service"),
            ]
            boxes += [
                (f"{home.node}/apl", f"APL {home.number}", self.key(home.node), "apl-cu", "in_service")
                for home in homes
            ]
            self._rows("enclosure", "name node_id spec_id lifecycle", boxes)
            cables = [("cu", "HK-Cu 1", "cu-100x2", self.key(self.net.pop), self.key(cabinet), "in_service")]
            cables += [
                (
                    f"{home.node}/cu",
                    f"VzK {home.number}",
                    "cu-2x2",
                    self.key(cabinet),
                    self.key(home.node),
                    "in_service",
                )
                for home in homes
            ]
            self._rows("cable", "name spec_id from_node_id to_node_id lifecycle", cables)
            steps = [
                (self.key("cu"), number, self.key(edge))
                for number, (edge, _forward) in enumerate(self.net.routes[cabinet], 1)
            ]
            ends = {one.key: (one.begin, one.end) for one in self.net.trenches}
            for home in homes:
                way, here = [], cabinet
                for trench, _forward in self.pipes[home.pipe].way if home.tap != cabinet else ():
                    way.append(trench)
                    here = next(one for one in ends[trench] if one != here)
                    if here == home.tap:
                        break
                steps += [
                    (self.key(f"{home.node}/cu"), number, self.key(one))
                    for number, one in enumerate([*way, home.lead_in], 1)
                ]
            copy_rows("fibre_cablestep", ("cable_id", "ordinal", "segment_id"), steps)
            entries = [(self.key("hvt"), self.key("cu"), "end", "a"), (self.key("kvz"), self.key("cu"), "end", "b")]
            for home in homes:
                entries.append((self.key("kvz"), self.key(f"{home.node}/cu"), "end", "a"))
                entries.append((self.key(f"{home.node}/apl"), self.key(f"{home.node}/cu"), "end", "b"))
            copy_rows("fibre_cableentry", ("enclosure_id", "cable_id", "state", "side"), entries)
            for pair, home in enumerate(homes[:100], 1):
                run(
                    "SELECT fibre_splice(%s, %s, %s, %s, 1), fibre_pigtail(%s, %s, 1, 1)",
                    self.key("kvz"), self.key("cu"), pair, self.key(f"{home.node}/cu"), self.key(f"{home.node}/apl"),
                    self.key(f"{home.node}/cu"),
                )  # fmt: skip

    # ----------------------------------------------------------------------------------------------------- services

    def _services(self) -> None:
        names = {one.key: one.name for one in self.net.sites}
        addresses = dict(fetch_rows(_ADDRESSES, [self.network]))
        consents = ("given", "asked", "given", "given")
        self._rows(
            "premises", "name node_id address_id consent lifecycle",
            ((f"{home.node}/objekt", names[home.node], self.key(home.node), addresses.get(self.key(home.node)), consents[home.number % 4], "in_service")
             for home in self.net.homes),
        )  # fmt: skip
        copy_rows(
            "fibre_unit",
            ("premises_id", "name", "state"),
            ((self.key(f"{home.node}/objekt"), "WE 1", self._unit(home)) for home in self.net.homes),
        )
        circuits = [
            (f"{home.node}/schaltung", f"S-{home.number:06d}", "p2p", "in_service")
            for number, (_box, cabinet, homes) in enumerate(self.boxes) if self.net.villages[cabinet] != PON
            for home in homes if self._unit(home) == "activated"
        ]  # fmt: skip
        self._rows("circuit", "name kind lifecycle", circuits)
        run(
            "CREATE TEMPORARY TABLE IF NOT EXISTS demo_end (circuit uuid, begins boolean, enclosure uuid, port integer)"
        )
        run("TRUNCATE demo_end")
        ends: list[tuple[Any, ...]] = []
        for number, (_box, cabinet, homes) in enumerate(self.boxes):
            on_glass = [home for home in homes if home.tap != home.cabinet]
            for place, home in enumerate(on_glass if self.net.villages[cabinet] != PON else ()):
                if self._unit(home) == "activated":
                    port = number % OF_AN_ODF * TRUNK + place * FIBRES_A_HOME + 1
                    ends.append((self.key(f"{home.node}/schaltung"), True, self.key(f"odf{number // OF_AN_ODF}"), port))
                    ends.append((self.key(f"{home.node}/schaltung"), False, self.key(f"{home.node}/huep"), 1))
        copy_rows("demo_end", ("circuit", "begins", "enclosure", "port"), ends)
        run(
            "INSERT INTO fibre_circuitend (circuit_id, begins, port_id) SELECT d.circuit, d.begins, p.id FROM demo_end d "
            "JOIN fibre_port p ON p.enclosure_id = d.enclosure AND p.number = d.port"
        )

    def _unit(self, home: Home) -> str:
        """Six in ten have a contract that runs; not where the fibre ends on nothing, nor where there is none."""
        if self.net.villages[home.cabinet] in (PLANNED, COPPER) or home.tap == home.cabinet:
            return "passed"
        if home.number % 37 == 5:
            return "prepared"
        return "activated" if home.number % 10 < 6 else "connected"
