"""The demo networks' trenches and ducts, and how their rows are written: through the same tables and rules as all others."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import shapely
from django.db import connection

from gisapp.bulk import analyze, copy_rows
from gisapp.geolibs import STORAGE_SRID
from layers.fibre.demo_plan import COPPER, HOMES_OF_A_CABINET, PLANNED, Home, Net, Pipe

SOURCE = "demo"
TABLES = (
    "node", "segment", "duct", "ductstep", "tube", "tubesection", "tubejoint", "tubeend", "cable", "cablestep", "cableentry",
    "fibresection", "measure", "enclosure", "tray", "port", "splitter", "splitterleg", "joint", "jointend", "premises", "unit",
    "circuit", "circuitend",
)  # fmt: skip
_NAMES = uuid.UUID("6f0c5d0e-4a0b-4f9e-9d57-7a1f5b1f2c11")


def run(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def settle() -> None:
    """What the end of the transaction would check, now: what follows needs the tubes and lengths that come of it.

    The tables are counted first. The plans of foreign keys are kept from when the tables were empty, and a plan that
    reads a table from end to end for each of its rows takes minutes.
    """
    analyze(*(f"fibre_{one}" for one in TABLES))
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET CONSTRAINTS ALL DEFERRED")


class RouteWriter:
    """Writes what lies in the ground of one network."""

    def __init__(self, net: Net, owner: int) -> None:
        self.net, self.owner = net, owner
        self.network = uuid.uuid5(_NAMES, f"network {net.number}")
        self.pipes = {one.key: one for one in net.pipes}
        self.by_cabinet: dict[str, list[Home]] = defaultdict(list)
        for home in net.homes:
            self.by_cabinet[home.cabinet].append(home)
        self.served = {one: kind for one, kind in net.villages.items() if kind != PLANNED}
        # Each cabinet's enclosures with the homes of each.
        self.boxes: list[tuple[str, str, list[Home]]] = []
        for cabinet, kind in self.served.items():
            homes = self.by_cabinet[cabinet]
            for first in range(0, len(homes) if kind != COPPER else 0, HOMES_OF_A_CABINET):
                self.boxes.append((f"{cabinet}/{first}", cabinet, homes[first : first + HOMES_OF_A_CABINET]))

    def key(self, name: str) -> uuid.UUID:
        return uuid.uuid5(self.network, name)

    def _rows(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        """COPY objects of the network; the first column is the key's name."""
        names = ["id", "network_id", "source", "source_id", *columns.split()]
        copy_rows(f"fibre_{table}", names, ((self.key(row[0]), self.network, SOURCE, row[0], *row[1:]) for row in rows))

    # ---------------------------------------------------------------------------------------------- route and ducts

    def _state(self, key: str) -> str:
        """Planned in the planned village, in service elsewhere."""
        village = key.split("/")[0].split(">")[0]
        return PLANNED if self.net.villages.get(f"{village}/nvt") == PLANNED else "in_service"

    def _route(self) -> None:
        points = shapely.to_wkb(
            shapely.set_srid(shapely.points([one.xy for one in self.net.sites]), STORAGE_SRID),
            hex=True,
            include_srid=True,
        )
        homes = {home.node: self._state(home.cabinet) for home in self.net.homes}
        self._rows(
            "node", "kind name lifecycle geom",
            ((one.key, one.kind, one.name, homes.get(one.key) or self._state(one.key), point)
             for one, point in zip(self.net.sites, points, strict=True)),
        )  # fmt: skip
        lines = shapely.to_wkb(
            shapely.set_srid([shapely.LineString(one.line) for one in self.net.trenches], STORAGE_SRID),
            hex=True,
            include_srid=True,
        )
        built = {
            "street": ("trenching", "sealed", 60),
            "house": ("rocket", "unsealed", 50),
            "trunk": ("plough", "unsealed", 90),
        }
        self._rows(
            "segment",
            "from_node_id to_node_id lifecycle construction surface depth_cm depth_reference survey_method survey_accuracy_cm geom",
            ((one.key, self.key(one.begin), self.key(one.end), self._state(one.key), *built[one.use], "cover",
              *(("unknown", None) if number % 29 == 3 else ("gnss", 3)), line)
             for number, (one, line) in enumerate(zip(self.net.trenches, lines, strict=True))),
        )  # fmt: skip

    def _trunk_pipes(self) -> list[Pipe]:
        """On each trunk trench a reserve of 12x10/6 and as many 4x20/15 as its cables need (two in a tube)."""
        self.trunk_of: dict[tuple[str, str], tuple[str, int]] = {}
        on_edge: dict[str, int] = defaultdict(int)
        found = {}
        for box, cabinet, _homes in self.boxes:
            for edge, _forward in self.net.routes[cabinet]:
                tube, on_edge[edge] = on_edge[edge] // 2, on_edge[edge] + 1
                self.trunk_of[(box, edge)] = (f"{edge}/{tube // 4}", tube % 4 + 1)
        for number, (edge, (begin, end)) in enumerate(self.net.edges.items(), 1):
            for bundle in range(-(-on_edge[edge] // 8)):
                key = f"{edge}/{bundle}"
                found[key] = Pipe(key, f"HV {number}-{bundle + 1}", "4x20/15", ((edge, True),), begin, end)
            found[f"{edge}/r"] = Pipe(f"{edge}/r", f"HV {number}-R", "12x10/6", ((edge, True),), begin, end)
        return list(found.values())

    def _ducts(self) -> None:
        lead_ins = [
            Pipe(f"{home.lead_in}/rohr", f"HA {home.number}", "7/4", ((home.lead_in, True),), home.tap, home.node)
            for home in self.net.homes
        ]
        ducts = [*self.net.pipes, *lead_ins, *self._trunk_pipes()]
        self._rows(
            "duct", "name spec_id lifecycle", ((one.key, one.name, one.spec, self._state(one.begin)) for one in ducts)
        )
        run(
            "CREATE TEMPORARY TABLE IF NOT EXISTS demo_cut (duct uuid, position smallint, begin_ uuid, node uuid, last uuid, lead_in uuid)"
        )
        run("TRUNCATE demo_cut")
        copy_rows(
            "demo_cut", ("duct", "position", "begin_", "node", "last", "lead_in"),
            ((self.key(home.pipe), home.position, self.key(home.cabinet), self.key(home.tap), self.key(self.pipes[home.pipe].end),
              self.key(f"{home.lead_in}/rohr")) for home in self.net.homes if home.tap != home.cabinet),
        )  # fmt: skip
        run("ANALYZE demo_cut")
        run(
            "INSERT INTO fibre_tubesection (tube_id, from_node_id, to_node_id) "
            "SELECT t.id, c.begin_, c.node FROM demo_cut c JOIN fibre_tube t ON t.duct_id = c.duct AND t.position = c.position "
            "UNION ALL SELECT t.id, c.node, c.last FROM demo_cut c JOIN fibre_tube t ON t.duct_id = c.duct AND t.position = c.position "
            "WHERE c.node <> c.last"
        )
        copy_rows(
            "fibre_ductstep", ("duct_id", "ordinal", "segment_id", "forward"),
            ((self.key(one.key), number, self.key(trench), forward)
             for one in ducts for number, (trench, forward) in enumerate(one.way, 1)),
        )  # fmt: skip
        settle()
        self._couple()

    def _couple(self) -> None:
        """Each tapped tube with its lead-in."""
        run("CREATE TEMPORARY TABLE IF NOT EXISTS demo_coupling (joint uuid, node uuid, a uuid, b uuid)")
        run("TRUNCATE demo_coupling")
        run(
            "INSERT INTO demo_coupling SELECT gen_random_uuid(), c.node, x.id, y.id FROM demo_cut c "
            "JOIN fibre_tube t ON t.duct_id = c.duct AND t.position = c.position "
            "JOIN fibre_tubesection x ON x.tube_id = t.id AND x.to_node_id = c.node "
            "JOIN fibre_tube u ON u.duct_id = c.lead_in JOIN fibre_tubesection y ON y.tube_id = u.id"
        )
        run("INSERT INTO fibre_tubejoint (id, node_id, fitting_id) SELECT joint, node, 'EZV 7' FROM demo_coupling")
        run(
            "INSERT INTO fibre_tubeend (joint_id, section_id, side) "
            "SELECT joint, a, 'b' FROM demo_coupling UNION ALL SELECT joint, b, 'a' FROM demo_coupling"
        )
