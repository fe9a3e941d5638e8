"""Questions to a fibre network of a million segments: `python -m tests.bench --only fibre`.

The network is fibre_size.py's, and beside it a straight line of eleven cables of 144 fibres that are all spliced through, and
a cable of 720 fibres with a circuit on each. Writes are measured with every rule and the history, and undone.

Beside: pgRouting over the same joints in the same database (a table of edges made for it), and the same trace by ORM hops.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.bench import fibre_size, networks

NETWORK = "bench-line"
X0, Y0 = 900_000, 6_300_000
CHAIN = 11


def milliseconds(work: Callable[[], Any], turns: int = 40) -> dict[str, float]:
    """Of a piece of work, done so often; the first time does not count."""
    work()
    found = []
    for _turn in range(turns):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    found.sort()
    return {
        "p50": round(statistics.median(found), 2),
        "p99": round(found[min(len(found) - 1, int(len(found) * 0.99))], 2),
    }


def row(what: str, ours: dict[str, float], goal_ms: float | None = None, **peer: Any) -> dict[str, Any]:
    """`peer` and `theirs` where there is somebody to compare with."""
    theirs = peer.get("theirs")
    ratio = round(theirs["p50"] / ours["p50"], 1) if theirs and ours["p50"] else None
    return {"what": what, "connections": 1, "ours": ours, "theirs": theirs, "peer": peer.get("peer", ""), "ratio": ratio, "goal": None,
            "goal_p50": goal_ms}  # fmt: skip


# ------------------------------------------------------------------------------------------------ what is asked about


@dataclass
class Line:
    """The straight line and the large cable beside it, by keys."""

    net: UUID
    cables: list[UUID]
    spare: tuple[UUID, UUID, UUID]
    large: UUID


class _Drawer:
    """Draws with raw SQL, like everybody else."""

    def __init__(self, connection: Any, net: UUID) -> None:
        self.connection, self.net = connection, net

    def one(self, statement: str, *values: Any) -> Any:
        return self.connection.execute(statement, values).fetchone()[0]

    def node(self, name: str, x: float, y: float) -> UUID:
        found: UUID = self.one(
            "INSERT INTO fibre_node (network_id, kind, name, geom) VALUES (%s, 'manhole', %s, ST_SetSRID(ST_MakePoint(%s, %s), 25832)) RETURNING id",
            self.net, name, X0 + x, Y0 + y,
        )  # fmt: skip
        return found

    def cable(self, name: str, spec: str, a: UUID, b: UUID) -> UUID:
        """A cable that is buried in the segment from one node to the other, which is drawn where there is none."""
        key: UUID = self.one(
            "INSERT INTO fibre_cable (network_id, name, spec_id, from_node_id, to_node_id) VALUES (%s, %s, %s, %s, %s) RETURNING id",
            self.net, name, spec, a, b,
        )  # fmt: skip
        found = self.connection.execute(
            "SELECT id FROM fibre_segment WHERE from_node_id = %s AND to_node_id = %s", [a, b]
        ).fetchone()
        segment = found[0] if found else self.one(
            "INSERT INTO fibre_segment (network_id, from_node_id, to_node_id, geom) SELECT %s, a.id, b.id, ST_MakeLine(a.geom, b.geom) "
            "FROM fibre_node a, fibre_node b WHERE a.id = %s AND b.id = %s RETURNING id", self.net, a, b,
        )  # fmt: skip
        self.connection.execute(
            "INSERT INTO fibre_cablestep (cable_id, ordinal, segment_id) VALUES (%s, 1, %s)", [key, segment]
        )
        return key

    def enclosure(self, name: str, node: UUID, spec: str, *cables: UUID) -> UUID:
        key: UUID = self.one(
            "INSERT INTO fibre_enclosure (network_id, name, node_id, spec_id) VALUES (%s, %s, %s, %s) RETURNING id",
            self.net,
            name,
            node,
            spec,
        )
        for cable in cables:
            self.one("SELECT fibre_enter(%s, %s)", cable, key)
        return key

    def circuits(self, odf: UUID, other: UUID, many: int, name: str) -> None:
        """One from each port of the one to the same port of the other, in service."""
        self.connection.execute(
            "WITH made AS (INSERT INTO fibre_circuit (network_id, name, kind, lifecycle) "
            "SELECT %(net)s, %(name)s || n, 'p2p', 'in_service' FROM generate_series(1, %(many)s) n RETURNING id, name) "
            "INSERT INTO fibre_circuitend (circuit_id, begins, port_id) SELECT m.id, p.enclosure_id = %(a)s, p.id FROM made m "
            "JOIN fibre_port p ON p.enclosure_id IN (%(a)s, %(b)s) AND p.number = substring(m.name FROM '[0-9]+$')::int",
            {"net": self.net, "name": f"{name}-", "many": many, "a": odf, "b": other},
        )


def draw(connection: Any) -> Line:
    """The line, drawn where it is missing."""
    found = connection.execute("SELECT id FROM fibre_network WHERE key = %s", [NETWORK]).fetchone()
    if not found:
        with connection.transaction():
            owner = connection.execute("SELECT organisation_id FROM fibre_network ORDER BY key LIMIT 1").fetchone()[0]
            net = connection.execute(
                "INSERT INTO fibre_network (key, name, organisation_id) VALUES (%s, 'Prüfstrecke', %s) RETURNING id",
                [NETWORK, owner],
            ).fetchone()[0]
            _draw(_Drawer(connection, net))
    net = connection.execute("SELECT id FROM fibre_network WHERE key = %s", [NETWORK]).fetchone()[0]
    named = dict(connection.execute("SELECT name, id FROM fibre_cable WHERE network_id = %s", [net]).fetchall())
    box = connection.execute(
        "SELECT id FROM fibre_enclosure WHERE network_id = %s AND name = 'SPARE'", [net]
    ).fetchone()[0]
    return Line(net, [named[f"C{n}"] for n in range(CHAIN)], (box, named["S0"], named["S1"]), named["BIG"])


def _draw(drawer: _Drawer) -> None:
    nodes = [drawer.node(f"B{n}", 500 * n, 0) for n in range(CHAIN + 1)]
    cables = [drawer.cable(f"C{n}", "144", nodes[n], nodes[n + 1]) for n in range(CHAIN)]
    begin = drawer.enclosure("B-ODF", nodes[0], "odf-144", cables[0])
    end = drawer.enclosure("E-ODF", nodes[-1], "odf-144", cables[-1])
    drawer.one("SELECT fibre_pigtail(%s, %s, 1, 1, 144)", begin, cables[0])
    drawer.one("SELECT fibre_pigtail(%s, %s, 1, 1, 144)", end, cables[-1])
    for number in range(1, CHAIN):
        box = drawer.enclosure(f"M{number}", nodes[number], "muffe-288", cables[number - 1], cables[number])
        drawer.one("SELECT fibre_splice(%s, %s, 1, %s, 1, 144)", box, cables[number - 1], cables[number])
    drawer.circuits(begin, end, 144, "L")
    spare = [drawer.cable(f"S{n}", "144", nodes[n], nodes[n + 1]) for n in range(2)]
    drawer.enclosure("SPARE", nodes[1], "muffe-144", *spare)
    large = drawer.cable("BIG", "720", nodes[2], nodes[3])
    boxes = [drawer.enclosure(f"BIG-{n}", nodes[2 + n], "odf-1152", large) for n in range(2)]
    for box in boxes:
        drawer.one("SELECT fibre_pigtail(%s, %s, 1, 1, 720)", box, large)
    drawer.circuits(*boxes, 720, "G")


def pieces(connection: Any, cable: UUID) -> list[UUID]:
    return [
        one[0]
        for one in connection.execute("SELECT id FROM fibre_fibresection WHERE cable_id = %s ORDER BY number", [cable])
    ]


# ------------------------------------------------------------------------------------------------------------- traces


def traces(connection: Any, line: Line) -> list[dict[str, Any]]:
    """One fibre, a whole cable, a PON tree: in SQL."""
    from layers.fibre.tracing import Start, trace

    middle = pieces(connection, line.cables[CHAIN // 2])
    follow = "SELECT * FROM fibre_hops(%s::uuid[], %s::text[])"

    def ask(things: list[UUID]) -> list[Any]:
        return list(
            connection.execute(
                follow, [[*things, *things], ["a"] * len(things) + ["b"] * len(things)], prepare=True
            ).fetchall()
        )

    assert len(ask(middle[6:7])) == 2 + CHAIN - 1 + 2, "eleven pieces and a port at either end"
    whole = trace([Start("fibre", one, "") for one in middle], geometry=False)
    assert len(whole) == 144 and all(
        one.complete and sum(hop.kind == "splice" for hop in one.hops) == 10 for one in whole
    )
    splitter = connection.execute(
        "SELECT s.id, l.id FROM fibre_splitter s JOIN fibre_splitterleg l ON l.splitter_id = s.id AND l.is_input "
        "JOIN fibre_jointend j ON j.thing = l.id ORDER BY (SELECT count(*) FROM fibre_splitterleg x JOIN fibre_jointend y ON y.thing = x.id "
        "WHERE x.splitter_id = s.id) DESC, s.id LIMIT 1"
    ).fetchone()
    fed = connection.execute(
        "SELECT o.section_id FROM fibre_jointend m JOIN fibre_jointend o ON o.joint_id = m.joint_id AND o.id <> m.id WHERE m.thing = %s",
        [splitter[1]],
    ).fetchone()[0]
    legs = connection.execute(
        "SELECT count(*) FROM fibre_splitterleg l JOIN fibre_jointend j ON j.thing = l.id WHERE l.splitter_id = %s AND NOT l.is_input",
        [splitter[0]],
    ).fetchone()[0]
    assert len(trace([Start("fibre", fed, "")], geometry=False)[0].paths) == legs
    one_sql = milliseconds(lambda: ask(middle[6:7]), 200)
    return [
        row("trace of a fibre over 10 splices, SQL", one_sql, 1, peer="ORM hops", theirs=milliseconds(lambda: orm_trace(middle[6]), 20)),
        row("the same in Python, with its line on the map", milliseconds(lambda: trace([Start("fibre", middle[6], "")]), 40)),
        row("trace of all 144 fibres of a cable, SQL", milliseconds(lambda: ask(middle), 20), 60),
        row("the same in Python, as the API tells it",
            milliseconds(lambda: [t.plain() for t in trace([Start("fibre", one, "") for one in middle], geometry=False)], 10), 60),
        row(f"trace of a PON tree ({legs} houses), SQL", milliseconds(lambda: ask([fed]), 40)),
    ]  # fmt: skip


def orm_trace(start: UUID) -> int:
    """The same way, hop by hop, as one writes it with the models; how many things are on it."""
    from layers.fibre.models import JointEnd

    found = 1
    for first in ("a", "b"):
        key, side = start, first
        while True:
            mine = (
                JointEnd.objects.select_related("joint__enclosure__node", "joint__tray")
                .filter(thing=key, side=side)
                .first()
            )
            if mine is None:
                break
            other = mine.joint.ends.select_related("section__cable__spec", "port__enclosure").exclude(pk=mine.pk).get()
            key, side = other.thing, "b" if other.side == "a" else "a"
            found += 1
    return found


def pgrouting(connection: Any, line: Line) -> list[dict[str, Any]]:
    """The same trace as a shortest way over a table of edges: joints, and things from one side to the other."""
    connection.execute("CREATE EXTENSION IF NOT EXISTS pgrouting")
    if connection.execute("SELECT to_regclass('bench_edge') IS NULL").fetchone()[0]:
        connection.execute(
            "CREATE UNLOGGED TABLE bench_vertex AS SELECT row_number() OVER () AS id, thing, side FROM ("
            "SELECT thing, s.side FROM fibre_jointend, (VALUES ('a'), ('b')) s(side) GROUP BY 1, 2) v"
        )
        connection.execute("CREATE UNIQUE INDEX ON bench_vertex (thing, side)")
        connection.execute("ANALYZE bench_vertex")
        connection.execute(
            "CREATE UNLOGGED TABLE bench_edge AS SELECT row_number() OVER () AS id, * FROM ("
            "SELECT x.id AS source, y.id AS target, 1::float8 AS cost FROM bench_vertex x JOIN bench_vertex y ON y.thing = x.thing AND y.side = 'b' AND x.side = 'a' "
            "UNION ALL SELECT x.id, y.id, 0 FROM fibre_jointend m JOIN fibre_jointend o ON o.joint_id = m.joint_id AND o.id > m.id "
            "JOIN bench_vertex x ON (x.thing, x.side) = (m.thing, m.side) JOIN bench_vertex y ON (y.thing, y.side) = (o.thing, o.side)) e"
        )
        connection.execute("CREATE INDEX ON bench_edge (source)")
        connection.execute("ANALYZE bench_edge")
    ends = [
        connection.execute(
            "SELECT v.id FROM bench_vertex v WHERE v.thing = %s AND v.side = %s", [pieces(connection, cable)[6], side]
        ).fetchone()[0]
        for cable, side in ((line.cables[0], "a"), (line.cables[-1], "b"))
    ]
    way = "SELECT * FROM pgr_dijkstra('SELECT id, source, target, cost FROM bench_edge', %s::bigint, %s::bigint, false)"
    assert len(connection.execute(way, ends).fetchall()) == 2 * CHAIN
    theirs = milliseconds(lambda: connection.execute(way, ends).fetchall(), 1)  # reads every edge each time
    start = pieces(connection, line.cables[0])[6]
    ours = milliseconds(
        lambda: connection.execute("SELECT * FROM fibre_follow(%s, %s)", [[start], ["b"]], prepare=True).fetchall(), 100
    )
    return [row("way of a fibre from end to end", ours, peer="pgr_dijkstra over all joints", theirs=theirs)]


# ------------------------------------------------------------------------------------------------------------- impacts


_CUSTOMERS = """
SELECT count(DISTINCT p.id) FROM fibre_cablestep s JOIN fibre_tubesection x ON x.id = s.section_id JOIN fibre_tube t ON t.id = x.tube_id
  JOIN fibre_ductstep d ON d.duct_id = t.duct_id AND d.segment_id = %s
  JOIN fibre_fibresection f ON f.cable_id = s.cable_id
  JOIN fibre_jointend a ON a.section_id = f.id AND a.side = 'b' JOIN fibre_jointend b ON b.joint_id = a.joint_id AND b.id <> a.id
  LEFT JOIN fibre_splitterleg l ON l.id = b.leg_id
  LEFT JOIN fibre_splitterleg o ON o.splitter_id = l.splitter_id AND NOT o.is_input
  LEFT JOIN fibre_jointend c ON c.leg_id = o.id LEFT JOIN fibre_jointend e ON e.joint_id = c.joint_id AND e.id <> c.id
  JOIN fibre_fibresection g ON g.id = coalesce(b.section_id, e.section_id) JOIN fibre_cable k ON k.id = g.cable_id
  JOIN fibre_premises p ON p.node_id = k.to_node_id
"""


def impacts(connection: Any, line: Line) -> list[dict[str, Any]]:
    """A cable, a trench near its PoP and one far out, a square kilometre. What is hit is counted apart, by joins."""
    from layers.fibre.impact import Cut, impact

    found = []
    big = impact(Cut(cables=[line.large]))
    assert len(big.circuits) == 720 and big.fibres == 720
    found.append(
        row(
            "impact of a cut 720-fibre cable (720 circuits)",
            milliseconds(lambda: impact(Cut(cables=[line.large])), 15),
            100,
        )
    )
    trunk = connection.execute("SELECT id FROM fibre_cable WHERE name = 'T 1' ORDER BY id LIMIT 1").fetchone()[0]
    hit = impact(Cut(cables=[trunk]))
    found.append(
        row(
            f"impact of a cut 288-fibre cable ({len(hit.premises)} premises)",
            milliseconds(lambda: impact(Cut(cables=[trunk])), 15),
        )
    )
    trenches = connection.execute(
        "SELECT d.segment_id, count(DISTINCT s.cable_id) FROM fibre_cable c JOIN fibre_cablestep s ON s.cable_id = c.id JOIN fibre_tubesection x "
        "ON x.id = s.section_id JOIN fibre_tube t ON t.id = x.tube_id JOIN fibre_ductstep d ON d.duct_id = t.duct_id "
        "WHERE c.network_id = (SELECT network_id FROM fibre_cable WHERE id = %s) AND c.spec_id = '288' GROUP BY 1 ORDER BY abs(count(DISTINCT s.cable_id) - 15), 1",
        [trunk],
    ).fetchall()
    customers = {
        one: connection.execute(_CUSTOMERS, [one]).fetchone()[0]
        for one in (*(segment for segment, _cables in trenches[:12]), trenches[len(trenches) // 2][0])
    }
    nearest = min(customers, key=lambda one: abs(customers[one] - 1500))
    for what, segment in (("a trench", nearest), ("a trench that branches behind", trenches[len(trenches) // 2][0])):
        hit = impact(Cut(segments=[segment]))
        counted = customers[segment]
        assert len(hit.premises) == counted, (len(hit.premises), counted)
        goal = 20 if what == "a trench" else None
        ours = milliseconds(lambda key=segment: impact(Cut(segments=[key])), 15)  # type: ignore[misc]
        found.append(row(f"impact of {what} with {counted:,} customers", ours, goal))
    square = connection.execute(
        "SELECT ST_AsEWKT(ST_Expand(n.geom, 500)) FROM fibre_node n JOIN fibre_cable c ON c.from_node_id = n.id WHERE c.id = %s",
        [trunk],
    ).fetchone()[0]
    hit = impact(Cut(polygon=square))
    what = f"impact of 1 km2 ({len(hit.segments):,} segments, {len(hit.premises):,} premises)"
    return [*found, row(what, milliseconds(lambda: impact(Cut(polygon=square)), 5))]


# ------------------------------------------------------------------------------------------------------------- writes


def writes(connection: Any, line: Line) -> list[dict[str, Any]]:
    """With every rule and the history; undone each time."""
    box, a, b = line.spare

    def undone(*statements: tuple[str, list[Any]]) -> None:
        with connection.transaction(force_rollback=True):
            for statement, values in statements:
                connection.execute(statement, values)
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")

    occupied = connection.execute(
        "SELECT d.segment_id, count(*), s.network_id, ST_AsEWKT(ST_LineInterpolatePoint(s.geom, 0.41)) FROM fibre_ductstep d JOIN fibre_segment s ON s.id = d.segment_id "
        "WHERE s.network_id = (SELECT id FROM fibre_network WHERE key = 'demo-2') GROUP BY 1, 3, s.geom ORDER BY 2 DESC, 1 LIMIT 1"
    ).fetchone()
    insert = "INSERT INTO fibre_node (network_id, kind, geom) VALUES (%s, 'branch', %s)"
    tubes = connection.execute(
        "SELECT count(*) FROM fibre_ductstep d JOIN fibre_tube t ON t.duct_id = d.duct_id WHERE d.segment_id = %s",
        [occupied[0]],
    ).fetchone()[0]
    return [
        row(
            "144 splices at once",
            milliseconds(lambda: undone(("SELECT fibre_splice(%s, %s, 1, %s, 1, 144)", [box, a, b])), 15),
            150,
        ),
        row(
            f"split of a segment with {occupied[1]} ducts, {tubes} tubes",
            milliseconds(lambda: undone((insert, [occupied[2], occupied[3]])), 15),
        ),
    ]


def occupancy(connection: Any) -> list[dict[str, Any]]:
    """Tubes and those with a cable, of 1,000 segments at once."""
    keys = [
        one[0]
        for one in connection.execute(
            "SELECT segment_id FROM (SELECT DISTINCT segment_id FROM fibre_ductstep LIMIT 1000) s"
        )
    ]
    statement = (
        "SELECT d.segment_id, count(DISTINCT t.id), count(DISTINCT t.id) FILTER (WHERE c.id IS NOT NULL) FROM fibre_ductstep d "
        "JOIN fibre_tube t ON t.duct_id = d.duct_id JOIN fibre_tubesection x ON x.tube_id = t.id LEFT JOIN fibre_cablestep c ON c.section_id = x.id "
        "WHERE d.segment_id = ANY (%s) GROUP BY 1"
    )
    assert len(connection.execute(statement, [keys]).fetchall()) == 1000
    return [
        row(
            "tubes and used tubes of 1,000 segments, SQL",
            milliseconds(lambda: connection.execute(statement, [keys]).fetchall(), 5),
        )
    ]


# --------------------------------------------------------------------------------------------------------------- HTTP


def over_http(connection: Any, line: Line, seconds: int) -> list[dict[str, Any]]:
    """Through the server, with the key of somebody who is a network engineer of the owner."""
    from dataclasses import asdict

    from tests.bench import loading, servers

    token = _engineer()
    fibre, segment = pieces(connection, line.cables[5])[6], "/api/layers/fibre_segment/features/?limit=100"
    x, y = connection.execute(
        "SELECT floor((ST_X(p) + 180) / 360 * 16384)::int, floor((1 - ln(tan(radians(ST_Y(p))) + 1 / cos(radians(ST_Y(p)))) / pi()) / 2 * 16384)::int "
        "FROM (SELECT ST_Transform(n.geom, 4326) AS p FROM fibre_node n JOIN fibre_network t ON t.id = n.network_id AND t.key = 'demo-2' "
        "WHERE n.kind = 'pop') s"
    ).fetchone()
    asked = (
        ("trace of a fibre over 10 splices, HTTP", f"/api/fibre/trace?ref={fibre}", 6),
        ("trace of all 144 fibres of a cable, HTTP", f"/api/fibre/trace?ref={line.cables[5]}", None),
        ("impact of a cut 720-fibre cable, HTTP", f"/api/fibre/impact?ref={line.large}", None),
        ("list of 100 segments, REST", segment, 40),
        ("list of 100 ducts, REST", "/api/layers/fibre_duct/features/?limit=100", 40),
        ("list of 100 nodes, REST", "/api/layers/fibre_node/features/?limit=100", 40),
        ("fibre tile z14", f"/tiles/fibre_segment/14/{x}/{y}.mvt", None),
    )
    found = []
    with servers.ours(GISAPP_DATABASE=fibre_size.DATABASE) as base:
        for what, path, goal in asked:
            seen = loading.load(base, [path], 1, seconds, token=token)
            assert not seen.failed, (what, path, seen)
            found.append({**row(what, asdict(seen), goal)})
    return found


def _engineer() -> str:
    from gisapp.accounts import tokens
    from gisapp.accounts.models import Membership, Organisation, User
    from layers.fibre.demo import OWNER

    user, _made = User.objects.get_or_create(email="bench@example.org")
    Membership.objects.get_or_create(user=user, organisation=Organisation.objects.get(key=OWNER), role="engineer")
    return str(tokens.make(user, "bench")[1])


def list_queries() -> list[dict[str, Any]]:
    """How many statements a page of 10 and one of 100 take, counted where they leave for the database."""
    import psycopg
    from django.test import Client

    client, found = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {_engineer()}"}), []
    asked: list[Any] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, *values: Any, **more: Any) -> Any:
        asked.append(values[0])
        return execute(cursor, *values, **more)

    psycopg.Cursor.execute = counted  # type: ignore[method-assign]
    try:
        for layer in ("fibre_segment", "fibre_duct", "fibre_node"):
            counts = []
            for limit in (10, 100):
                fewest = []
                for _warm in range(3):  # now and then one more: that the key was used
                    asked.clear()
                    assert client.get(f"/api/layers/{layer}/features/?limit={limit}").status_code == 200
                    fewest.append(len(asked))
                counts.append(min(fewest))
            assert counts[0] == counts[1] > 0, (layer, counts)
            found.append(
                {**row(f"statements of a page of 10 and of 100, {layer}", {"p50": 0}), "ours": {"count": counts[1]}}
            )
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]
    return found


def measured(seconds: int) -> list[dict[str, Any]]:
    """In this process, whose database is the large one."""
    with fibre_size.connect("gisapp") as connection:
        line = draw(connection)
        with fibre_size.connect() as administrator:
            administrator.execute("ANALYZE fibre_jointend")
            routed = pgrouting(administrator, line)
        rows = [
            *traces(connection, line),
            *routed,
            *impacts(connection, line),
            *writes(connection, line),
            *occupancy(connection),
        ]
        return [*rows, *over_http(connection, line, seconds), *list_queries()]


def measure_fibre(seconds: int) -> list[dict[str, Any]]:
    """The rows of the table, and what they were measured on; the network is made where it is missing."""
    size = fibre_size.build()
    code = f"import django; django.setup(); import json; from tests.bench.fibre import measured; print(json.dumps(measured({seconds})))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "GISAPP_DATABASE": fibre_size.DATABASE},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    rows = [*json.loads(done.stdout.splitlines()[-1]), networks.measure_beside(fibre_size.DATABASE)]
    return [{**one, "on": size} if not number else one for number, one in enumerate(rows)]
