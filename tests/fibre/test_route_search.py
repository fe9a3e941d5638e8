"""The shortest way through the trenches: found, refused where there is none, and compared with a search of the tests' own."""

import heapq
import random
import threading
from collections import defaultdict
from itertools import pairwise
from uuid import UUID

import pytest
from django.db import connection, transaction

from tests import factories
from tests.fibre.drawing import network, node, one, refused, segment, settle, sql
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def square() -> Plant:
    """
    N1 --- N2
    |       |        A - B 100 m; over N1, N2 300 m
    A ----- B --- C
    """
    factories.fibre_catalogue()
    found = Plant()
    found.street("A", "B", "C")
    found.street("N1", "N2", y=100)
    found.segment("A", "N1")
    found.segment("N2", "B")
    return found


def way(plant: Plant, *names: str) -> tuple[list[UUID], float]:
    nodes = [plant.nodes[one_] for one_ in names]
    segments, metres = sql("SELECT segments, length_m FROM fibre_route(%s, %s)", plant.net, nodes)[0]
    return segments, round(metres, 2)


def test_01_the_shortest_and_over_a_node_between(square: Plant) -> None:
    assert way(square, "A", "C") == ([square.between("A", "B"), square.between("B", "C")], 200.0)
    over = [square.between(*one_) for one_ in (("A", "N1"), ("N1", "N2"), ("N2", "B"))]
    # (Back over A it is as far: that way comes by A twice.)
    assert way(square, "A", "N1", "B") == (over, 300.0)
    line = one("SELECT ST_AsText(ST_Translate(geom, -500000, -6000000)) FROM fibre_route(%s, %s)", square.net,
               [square.nodes["C"], square.nodes["A"]])  # fmt: skip
    assert line.count(",") == 2


def test_02_a_duct_by_its_end_nodes(square: Plant) -> None:
    made = one(
        "SELECT fibre_lay_between(%s, '24x7/4', 'RV1', %s, %s)", square.net, square.nodes["A"], square.nodes["C"]
    )
    settle()
    rows = sql("SELECT segment_id FROM fibre_ductstep WHERE duct_id = %s ORDER BY ordinal", made)
    assert [row[0] for row in rows] == way(square, "A", "C")[0]
    assert (
        one("SELECT count(*) FROM fibre_tubesection x JOIN fibre_tube t ON t.id = x.tube_id WHERE t.duct_id = %s", made)
        == 24
    )
    ring = one("SELECT fibre_lay_between(%s, '10/6', 'Ring', %s, %s, %s)", square.net, square.nodes["A"], square.nodes["A"],
               [square.nodes[one_] for one_ in ("N1", "N2", "B")])  # fmt: skip
    settle()
    assert one("SELECT count(*) FROM fibre_ductstep WHERE duct_id = %s", ring) == 4


@pytest.mark.parametrize("state", ["removed", "decommissioned"])
def test_03_not_through_what_is_gone(square: Plant, state: str) -> None:
    sql("UPDATE fibre_segment SET lifecycle = %s WHERE id = %s", state, square.between("A", "B"))
    assert way(square, "A", "B")[1] == 300.0
    sql("UPDATE fibre_segment SET lifecycle = %s, name = 'T1' WHERE id = %s", state, square.between("A", "N1"))
    with refused("no-route"):
        way(square, "A", "B")


def test_04_not_through_what_is_full(square: Plant) -> None:
    sql("UPDATE fibre_segment SET duct_limit = 1 WHERE id = %s", square.between("A", "B"))
    square.duct("R1", "A", "B", spec="10/6")
    assert way(square, "A", "B")[1] == 300.0
    assert one(
        "SELECT length_m FROM fibre_route(%s, %s, false)", square.net, [square.nodes["A"], square.nodes["B"]]
    ) == pytest.approx(100)
    # What was dug out takes no place.
    sql("UPDATE fibre_duct SET lifecycle = 'removed' WHERE id = %s", square.ducts["R1"])
    assert way(square, "A", "B")[1] == 100.0


def test_05_a_full_trench_is_a_rule_of_the_database(square: Plant) -> None:
    sql("UPDATE fibre_segment SET duct_limit = 1 WHERE id = %s", square.between("A", "B"))
    square.duct("R1", "A", "B", spec="10/6")
    with refused("segment-full"):
        square.duct("R2", "A", "B", spec="10/6")
    square.duct("R3", "B", "C", spec="10/6")
    square.duct("R4", "B", "C", spec="10/6")
    with refused("segment-full"):
        sql("UPDATE fibre_segment SET duct_limit = 1 WHERE id = %s", square.between("B", "C"))
        settle()
    with refused("fibre_segment_duct_limit"):
        sql("UPDATE fibre_segment SET duct_limit = -1 WHERE id = %s", square.between("B", "C"))


def test_06_both_parts_of_a_split_hold_as_much(square: Plant) -> None:
    sql("UPDATE fibre_segment SET duct_limit = 3 WHERE id = %s", square.between("A", "B"))
    node(square.net, 40, 0)
    assert sql("SELECT duct_limit, count(*) FROM fibre_segment WHERE duct_limit IS NOT NULL GROUP BY 1") == [(3, 2)]


def _hint(plant: Plant, a: str, b: str) -> str:
    from django.db import DatabaseError

    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        way(plant, a, b)
    return str(caught.value.__cause__.diag.message_hint)  # type: ignore[union-attr]


def test_07_a_refusal_names_the_gap(square: Plant) -> None:
    square.nodes["X"] = node(square.net, 230, 0, "X", kind="manhole")
    square.nodes["Y"] = node(square.net, 400, 0, "Y", kind="manhole")
    square.segment("X", "Y")
    assert _hint(square, "A", "Y") == "Die Trassen hängen nicht zusammen: zwischen C und X fehlen 30.0 m."
    assert _hint(square, "Y", "A") == "Die Trassen hängen nicht zusammen: zwischen X und C fehlen 30.0 m."
    sql("UPDATE fibre_segment SET lifecycle = 'decommissioned', name = 'T7' WHERE id = %s", square.between("B", "C"))
    assert _hint(square, "A", "C") == "Zwischen B und C ist die Trasse T7 stillgelegt."
    sql("UPDATE fibre_segment SET lifecycle = 'planned', duct_limit = 0 WHERE id = %s", square.between("B", "C"))
    assert _hint(square, "A", "C") == "Zwischen B und C ist die Trasse T7 voll (höchstens 0 Rohre)."


def test_08_refusals(square: Plant) -> None:
    other = network("anders", "b")
    far = node(other, 0, 900)
    with refused("unknown-node"):
        sql("SELECT fibre_shortest(%s, %s, %s)", square.net, square.nodes["A"], far)
    with refused("route-to-itself"):
        sql("SELECT fibre_shortest(%s, %s, %s)", square.net, square.nodes["A"], square.nodes["A"])
    with refused("route-to-itself"):
        sql("SELECT fibre_route(%s, %s)", square.net, [square.nodes["A"]])
    with refused("route-repeats"):
        way(square, "A", "C", "N2")
    with refused("duct-walk-empty"):
        sql("SELECT fibre_lay(%s, '10/6', 'x', '{}')", square.net)


def test_09_a_detour_beyond_every_ellipse_is_found() -> None:
    """Ten metres apart as the crow flies, eleven kilometres of trench."""
    net = network()
    a, b = node(net, 0, 0), node(net, 10, 0)
    segment(net, (0, 0), (0, 5_500))
    segment(net, (0, 5_500), (10, 5_500))
    segment(net, (10, 5_500), (10, 0))
    assert one("SELECT length_m FROM fibre_route(%s, %s)", net, [a, b]) == pytest.approx(11_010)


def _by_hand(edges: list[tuple[UUID, UUID, UUID, float]], start: UUID) -> dict[UUID, float]:
    """Dijkstra over plain lists: metres from `start` to every node that it reaches."""
    around: dict[UUID, list[tuple[UUID, float]]] = defaultdict(list)
    for _key, a, b, metres in edges:
        around[a].append((b, metres))
        around[b].append((a, metres))
    done: dict[UUID, float] = {}
    queue: list[tuple[float, UUID]] = [(0.0, start)]
    while queue:
        metres, here = heapq.heappop(queue)
        if here not in done:
            done[here] = metres
            for there, more in around[here]:
                heapq.heappush(queue, (metres + more, there))
    return done


@pytest.mark.parametrize("seed", range(6))
def test_10_random_networks_have_no_shorter_way(seed: int) -> None:
    """Ninety nodes, some in several parts; a few segments are full or gone."""
    rng = random.Random(seed)
    net = network()
    places = rng.sample(
        [(x * 150.0 + rng.random() * 40, y * 150.0 + rng.random() * 40) for x in range(14) for y in range(14)], 90
    )
    nodes = [node(net, *place) for place in places]
    for number, here in enumerate(places):
        near = sorted(range(90), key=lambda o: (places[o][0] - here[0]) ** 2 + (places[o][1] - here[1]) ** 2)
        for other in near[1 : rng.choice((2, 3, 4))]:
            pair = {nodes[number], nodes[other]}
            if not any({a, b} == pair for a, b in sql("SELECT from_node_id, to_node_id FROM fibre_segment")):
                segment(net, here, places[other], from_node=nodes[number], to_node=nodes[other])
    sql("UPDATE fibre_segment SET duct_limit = 0 WHERE id IN (SELECT id FROM fibre_segment ORDER BY length_m LIMIT 3)")
    edges = sql("SELECT id, from_node_id, to_node_id, length_m FROM fibre_segment WHERE duct_limit IS NULL")
    ends = {key: {a, b} for key, a, b, _metres in edges}
    for _ in range(25):
        a, b = rng.sample(nodes, 2)
        reached = _by_hand(edges, a)
        if b not in reached:
            with refused("no-route"):
                sql("SELECT fibre_route(%s, %s)", net, [a, b])
            continue
        found, metres = sql("SELECT segments, length_m FROM fibre_route(%s, %s)", net, [a, b])[0]
        assert metres == pytest.approx(reached[b])
        assert a in ends[found[0]] and b in ends[found[-1]]
        assert all(ends[x] & ends[y] for x, y in pairwise(found))


@pytest.mark.django_db(transaction=True)
def test_11_two_engineers_at_once_share_no_last_place() -> None:
    """One place is left on the short way: the second one goes round, whoever that is."""
    with transaction.atomic():
        factories.fibre_catalogue()
        plant = Plant()
        plant.street("A", "B")
        plant.street("N1", "N2", y=100)
        plant.segment("A", "N1")
        plant.segment("N2", "B")
        sql("UPDATE fibre_segment SET duct_limit = 1 WHERE id = %s", plant.between("A", "B"))
    failed: list[BaseException] = []
    begun = threading.Barrier(2)

    def lay(name: str) -> None:
        try:
            begun.wait()
            with transaction.atomic():
                one(
                    "SELECT fibre_lay_between(%s, '10/6', %s, %s, %s)",
                    plant.net, name, plant.nodes["A"], plant.nodes["B"],
                )  # fmt: skip
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=lay, args=(name,)) for name in ("R1", "R2")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not failed, failed
    assert sorted(row[0] for row in sql("SELECT count(*) FROM fibre_ductstep GROUP BY duct_id")) == [1, 3]
