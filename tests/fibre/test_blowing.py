"""Cables blown into the shortest way of free tubes, pulled out and back."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from tests import factories
from tests.fibre.drawing import broken, one, refused, settle, sql
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant() -> Plant:
    """
    A --RV1-- B --RV2-- C         three pieces; RV9 goes round over N, 100 m longer
     \\________N________/
    """
    factories.fibre_catalogue()
    found = Plant()
    found.street("A", "B", "C")
    found.branch("A", "N", dx=100, dy=150)
    found.segment("N", "C")
    found.duct("RV1", "A", "B", spec="2x7/4")
    found.duct("RV2", "B", "C", spec="2x7/4")
    found.duct("RV9", "A", "N", "C", spec="10/6")
    return found


def cable(plant: Plant, name: str, a: str = "A", b: str = "C", spec: str = "12") -> UUID:
    return plant.cable(name, a, b, spec=spec)


def blow(plant: Plant, name: str, *via: str) -> dict[str, Any]:
    told = one("SELECT fibre_blow(%s, %s)", plant.cables[name], [plant.nodes[one_] for one_ in via])
    settle()
    return dict(orjson.loads(told) if isinstance(told, str) else told)


def tubes(plant: Plant, name: str) -> list[str]:
    rows = sql("SELECT fibre_tube_label(x.tube_id) FROM fibre_cablestep s JOIN fibre_tubesection x ON x.id = s.section_id WHERE s.cable_id = %s ORDER BY s.ordinal",
               plant.cables[name])  # fmt: skip
    return [row[0] for row in rows]


def test_01_the_shortest_way_then_the_next(plant: Plant) -> None:
    for number, expected in enumerate((["RV1/1", "RV2/1"], ["RV1/2", "RV2/2"], ["RV9/1"]), 1):
        cable(plant, f"K{number}")
        told = blow(plant, f"K{number}")
        assert tubes(plant, f"K{number}") == expected == [one_["tube"] for one_ in told["way"]]
    assert told["length_m"] == pytest.approx(2 * (100**2 + 150**2) ** 0.5, abs=0.01)
    cable(plant, "K4")
    with refused("no-cable-way"):
        blow(plant, "K4")


def test_02_against_the_drawing_and_over_a_node(plant: Plant) -> None:
    cable(plant, "K1", "C", "A")
    blow(plant, "K1")
    assert tubes(plant, "K1") == ["RV2/1", "RV1/1"]
    cable(plant, "K2")
    blow(plant, "K2", "B")
    assert tubes(plant, "K2") == ["RV1/2", "RV2/2"]
    cable(plant, "K3", "A", "B")
    with refused("route-to-itself"):
        blow(plant, "K3", "A")


def test_03_a_coupled_end_leads_on_and_nowhere_else(plant: Plant) -> None:
    """RV1/1 is coupled to RV2/2: whoever is in the one comes out of the other, and not at B."""
    sql("SELECT fibre_couple('EZV 7', %s, 'b', %s, 'a')", plant.sections("RV1", 1)[0], plant.sections("RV2", 2)[0])
    settle()
    cable(plant, "K2", "A", "B")
    blow(plant, "K2")
    assert tubes(plant, "K2") == ["RV1/2"]
    cable(plant, "K1")
    blow(plant, "K1")
    assert tubes(plant, "K1") == ["RV1/1", "RV2/2"]
    cable(plant, "K3", "A", "B")
    # Round the other way, and back to B from behind.
    blow(plant, "K3")
    assert tubes(plant, "K3") == ["RV9/1", "RV2/1"]


@pytest.mark.parametrize("why", ["capped", "leased", "gone", "narrow"])
def test_04_what_is_no_way(plant: Plant, why: str) -> None:
    if why == "capped":
        for position in (1, 2):
            sql("SELECT fibre_couple('EK 7', %s, 'a')", plant.sections("RV2", position)[0])
    elif why == "leased":
        for position in (1, 2):
            sql(
                "INSERT INTO fibre_lease (kind, tube_id, begins_on) VALUES ('lease', %s, '2024-01-01')",
                plant.tube("RV2", position),
            )
    elif why == "gone":
        sql("UPDATE fibre_duct SET lifecycle = 'decommissioned' WHERE name = 'RV2'")
    settle()
    # 5.4 mm go into no 7/4, but into a 10/6.
    cable(plant, "K1", spec="72" if why == "narrow" else "12")
    blow(plant, "K1")
    assert tubes(plant, "K1") == ["RV9/1"]


def test_05_leased_to_the_cable_s_own_organisation(plant: Plant) -> None:
    mine = one("SELECT organisation_id FROM fibre_network WHERE id = %s", plant.net)
    sql(
        "INSERT INTO fibre_lease (kind, tube_id, tenant_id, begins_on) VALUES ('lease', %s, %s, '2024-01-01')",
        plant.tube("RV2", 1),
        mine,
    )
    cable(plant, "K1")
    blow(plant, "K1")
    assert tubes(plant, "K1") == ["RV1/1", "RV2/1"]


def test_06_several_cables_where_the_pipe_takes_them(plant: Plant) -> None:
    plant.duct("KSR", "A", "B", "C", spec="20/15")
    names = []
    for number in range(5):
        cable(plant, f"K{number}", spec="144")
        if number < 2:
            blow(plant, f"K{number}")
            names += tubes(plant, f"K{number}")
    assert names == ["KSR/1", "KSR/1"]
    with refused("no-cable-way"):
        blow(plant, "K3")


def test_07_placed_twice_and_unknown(plant: Plant) -> None:
    cable(plant, "K1")
    blow(plant, "K1")
    with refused("cable-placed"):
        blow(plant, "K1")
    with refused("unknown-object"):
        sql("SELECT fibre_blow(%s)", UUID(int=1))
    with refused("unknown-object"):
        sql("SELECT fibre_pull_out(%s)", UUID(int=1))


def test_08_made_blown_and_entered_at_once(plant: Plant) -> None:
    plant.enclosure("MA", "A")
    plant.enclosure("MC", "C")
    told = one(
        "SELECT fibre_place_cable(%s, '12', 'K1', from_box => %s, to_box => %s)",
        plant.net,
        plant.enclosures["MA"],
        plant.enclosures["MC"],
    )
    told = orjson.loads(told) if isinstance(told, str) else told
    settle()
    assert told["length_m"] == 200
    assert sorted(
        sql("SELECT n.name, e.side FROM fibre_cableentry e JOIN fibre_enclosure n ON n.id = e.enclosure_id")
    ) == [("MA", "a"), ("MC", "b")]
    with refused("unknown-object"):
        sql("SELECT fibre_place_cable(%s, '12', 'K2', from_box => %s)", plant.net, plant.enclosures["MA"])


def _spliced(plant: Plant) -> None:
    """K1 from A over B to C, with closures in all three; K0 comes to A, and fibre 1 is spliced there."""
    cable(plant, "K1")
    blow(plant, "K1")
    plant.street("X", "A", x=-100)
    plant.buried("K0", "X", "A")
    plant.enclosure("MA", "A", enters="K0 K1")
    plant.enclosure("MB", "B")
    plant.enclosure("MC", "C", spec="huep-4", enters="K1")
    plant.splice("MA", "K0:1", "K1:1")
    settle()


def test_09_pulled_out_when_nothing_hangs_on_it(plant: Plant) -> None:
    _spliced(plant)
    key = plant.cables["K1"]
    with refused("cable-spliced"):
        sql("SELECT fibre_pull_out(%s)", key)
    sql("SELECT fibre_unsplice(%s, %s, 1)", plant.enclosures["MA"], key)
    plant.enter("K1", "MB")
    with refused("cable-entered"):
        sql("SELECT fibre_pull_out(%s)", key)
    sql("DELETE FROM fibre_cableentry WHERE cable_id = %s AND side IS NULL", key)
    assert one("SELECT fibre_pull_out(%s)", key) == 2
    settle()
    assert one("SELECT count(*) FROM fibre_cable WHERE id = %s", key) == 1 and tubes(plant, "K1") == []
    assert one("SELECT count(*) FROM fibre_cableentry WHERE cable_id = %s", key) == 0
    with refused("cable-not-placed"):
        sql("SELECT fibre_pull_out(%s)", key)
    assert one("SELECT fibre_pull_out(%s, true)", key) == 0
    settle()
    assert one("SELECT count(*) FROM fibre_cable WHERE id = %s", key) == 0


def test_10_not_under_a_circuit(plant: Plant) -> None:
    _spliced(plant)
    plant.pigtail("MC", "K1:1", 1)
    circuit = one(
        "INSERT INTO fibre_circuit (network_id, name, kind) VALUES (%s, 'S1', 'dark_fibre') RETURNING id", plant.net
    )
    sql(
        "INSERT INTO fibre_circuitend (circuit_id, begins, section_id) VALUES (%s, true, %s)",
        circuit,
        plant.section("K0:1"),
    )
    sql(
        "INSERT INTO fibre_circuitend (circuit_id, begins, port_id) VALUES (%s, false, %s)", circuit, plant.port("MC/1")
    )
    sql("UPDATE fibre_circuit SET lifecycle = 'in_service' WHERE id = %s", circuit)
    settle()
    with refused("cable-carries-service"):
        sql("SELECT fibre_pull_out(%s)", plant.cables["K1"])
    with refused("cable-carries-service"):
        sql("SELECT fibre_pull_back(%s, 'b', %s)", plant.cables["K1"], plant.nodes["B"])


@pytest.mark.parametrize("end", ["a", "b"])
def test_11_pulled_back_from_one_end(plant: Plant, end: str) -> None:
    _spliced(plant)
    key = plant.cables["K1"]
    if end == "a":
        with refused("cable-spliced"):
            sql("SELECT fibre_pull_back(%s, 'a', %s)", key, plant.nodes["B"])
        sql("SELECT fibre_unsplice(%s, %s, 1)", plant.enclosures["MA"], key)
    plant.enter("K1", "MB")
    with refused("cable-entered"):
        sql("SELECT fibre_pull_back(%s, %s, %s)", key, end, plant.nodes["B"])
    sql("DELETE FROM fibre_cableentry WHERE cable_id = %s AND side IS NULL", key)
    with refused("cable-misses-node"):
        sql("SELECT fibre_pull_back(%s, %s, %s)", key, end, plant.nodes["N"])
    for nonsense in (end.upper(), "", None):
        with refused("cable-end-unknown"):
            sql("SELECT fibre_pull_back(%s, %s, %s)", key, nonsense, plant.nodes["B"])
    assert one("SELECT fibre_pull_back(%s, %s, %s)", key, end, plant.nodes["B"]) == 1
    settle()
    assert tubes(plant, "K1") == (["RV2/1"] if end == "a" else ["RV1/1"])
    assert sql("SELECT from_node_id, to_node_id FROM fibre_cable WHERE id = %s", key) == [
        (plant.nodes["B"], plant.nodes["C"]) if end == "a" else (plant.nodes["A"], plant.nodes["B"])
    ]
    assert one("SELECT drawn_m FROM fibre_measure WHERE cable_id = %s AND entry_id IS NULL", key) == 100
    assert broken(plant.net) == []
