"""Who is hit: on drawn networks with houses, splitters, window cuts and circuits."""

import pytest

from layers.fibre.impact import Cut, Impact, impact
from tests.fibre.drawing import one, refused, settle, sql, wkt
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


def house(plant: Plant, number: int, at: str, fibre: str, dy: float = 40) -> None:
    """A house beside a node: drop cable D<number>, HÜP, premises; its first fibre is spliced to `fibre`."""
    name = f"Haus {number}"
    plant.branch(at, name, dy=dy)
    plant.buried(f"D{number}", at, name, spec="6")
    plant.enclosure(f"H{number}", name, spec="huep-4", enters=f"D{number}")
    plant.enter(f"D{number}", f"M-{at}")
    plant.pigtail(f"H{number}", f"D{number}:1", 1)
    cable, rest = fibre.split(":")
    if cable in plant.splitters:
        plant.leg(cable, rest, f"D{number}:1")
    else:
        plant.splice(f"M-{at}", fibre, f"D{number}:1", leads=("a", None))
    sql(
        "INSERT INTO fibre_premises (network_id, name, node_id) VALUES (%s, %s, %s)", plant.net, name, plant.nodes[name]
    )


@pytest.fixture
def plant() -> Plant:
    """A trunk from the PoP over A and B to C. Houses 1 and 2 hang at A, 3 at B behind a splitter with 4, 5 at C."""
    found = Plant()
    found.street("POP", "A", "B", "C")
    found.buried("T", "POP", "A", "B", "C", spec="24")
    found.enclosure("ODF", "POP", spec="odf-144", enters="T")
    for at in "ABC":
        found.enclosure(f"M-{at}", at, enters="T" if at == "C" else "")
    found.cut("T", "M-A", 1, 2)
    found.cut("T", "M-B", 3)
    found.splitter("SP", "M-B")
    found.leg("SP", "in", "T:3", lead="a")
    house(found, 1, "A", "T:1")
    house(found, 2, "A", "T:2", dy=-40)
    house(found, 3, "B", "SP:1")
    house(found, 4, "B", "SP:2", dy=-40)
    found.branch("C", "Haus 5")
    found.buried("D5", "C", "Haus 5", spec="6")
    found.enclosure("H5", "Haus 5", spec="huep-4", enters="D5")
    found.enter("D5", "M-C")
    found.pigtail("H5", "D5:1", 1)
    found.splice("M-C", "T:9", "D5:1")
    sql(
        "INSERT INTO fibre_premises (network_id, name, node_id) VALUES (%s, 'Haus 5', %s)",
        found.net,
        found.nodes["Haus 5"],
    )
    found.pigtail("ODF", "T:1", 1, many=3)
    found.pigtail("ODF", "T:9", 9)
    settle()
    return found


def houses(found: Impact) -> list[str]:
    return [one_.name.removeprefix("Haus ") for one_ in found.premises]


def names(found: Impact, what: str) -> list[str]:
    return [one_.name for one_ in getattr(found, what)]


@pytest.mark.parametrize(
    ("between", "hit"),
    [
        (("POP", "A"), ["1", "2", "3", "4", "5"]),
        (("A", "B"), ["3", "4", "5"]),
        (("B", "C"), ["5"]),
        (("A", "Haus 1"), ["1"]),
        (("B", "Haus 4"), ["4"]),
        (("C", "Haus 5"), ["5"]),
    ],
)
def test_01_a_trench_dug_up(plant: Plant, between: tuple[str, str], hit: list[str]) -> None:
    assert houses(impact(Cut(segments=[plant.between(*between)]))) == hit


@pytest.mark.parametrize(
    ("at", "hit"), [("A", ["1", "2", "3", "4", "5"]), ("B", ["3", "4", "5"]), ("C", ["5"]), ("Haus 3", ["3"])]
)
def test_02_a_node_destroyed(plant: Plant, at: str, hit: list[str]) -> None:
    assert houses(impact(Cut(nodes=[plant.nodes[at]]))) == hit


def test_03_a_cable_cut_and_a_fibre(plant: Plant) -> None:
    found = impact(Cut(cables=[plant.cables["T"]]))
    assert houses(found) == ["1", "2", "3", "4", "5"] and names(found, "cables") == ["T"] and found.fibres == 4
    assert houses(impact(Cut(pieces=[plant.section("T:3.1")]))) == ["3", "4"]
    assert houses(impact(Cut(pieces=[plant.section("T:3.2")]))) == []
    assert houses(impact(Cut(pieces=[plant.section("T:8")]))) == []


def test_04_behind_the_splitter_one_house(plant: Plant) -> None:
    assert houses(impact(Cut(cables=[plant.cables["D3"]]))) == ["3"]


def test_05_a_polygon(plant: Plant) -> None:
    area = wkt((150, -10), (250, -10), (250, 10), (150, 10), (150, -10)).replace("LINESTRING(", "POLYGON((") + ")"
    found = impact(Cut(polygon=area))
    assert houses(found) == ["3", "4", "5"] and len(found.segments) >= 2
    nothing = wkt((150, 500), (250, 500), (250, 510), (150, 510), (150, 500)).replace("LINESTRING(", "POLYGON((") + ")"
    assert impact(Cut(polygon=nothing)).plain() == {
        "circuits": [], "premises": [], "cables": [], "ducts": [], "segments": [], "fibres": 0, "elsewhere": 0,
    }  # fmt: skip


def test_06_in_ducts_only_the_tube_that_runs_there(plant: Plant) -> None:
    plant.duct("RV", "A", "B", "C")
    sql("SELECT fibre_cut_tube(%s, %s)", plant.tube("RV", 1), plant.nodes["B"])
    plant.cable("X", "A", "B")
    plant.cable("Y", "B", "C")
    for cable, section in zip(("X", "Y"), plant.sections("RV", 1), strict=True):
        sql(
            "INSERT INTO fibre_cablestep (cable_id, ordinal, section_id) VALUES (%s, 1, %s)",
            plant.cables[cable],
            section,
        )
    plant.cable("Z", "A", "C", ("RV", 2))
    settle()
    found = impact(Cut(segments=[plant.between("A", "B")]))
    assert names(found, "cables") == ["T", "X", "Z"] and names(found, "ducts") == ["RV"]
    assert names(impact(Cut(segments=[plant.between("B", "C")])), "cables") == ["T", "Y", "Z"]
    assert names(impact(Cut(ducts=[plant.ducts["RV"]])), "cables") == ["T", "X", "Y", "Z"]


def circuit(plant: Plant, name: str, *ports: str, state: str = "in_service") -> None:
    key = one(
        "INSERT INTO fibre_circuit (network_id, name, kind, lifecycle) VALUES (%s, %s, 'p2p', %s) RETURNING id",
        plant.net,
        name,
        state,
    )
    for number, port in enumerate(ports):
        sql(
            "INSERT INTO fibre_circuitend (circuit_id, begins, port_id) VALUES (%s, %s, %s)",
            key,
            number == 0,
            plant.port(port),
        )


def test_07_circuits_that_run_there(plant: Plant) -> None:
    circuit(plant, "S1", "ODF/1", "H1/1")
    circuit(plant, "S5", "ODF/9", "H5/1")
    circuit(plant, "PON", "ODF/3", "H3/1", "H4/1")
    settle()
    assert names(impact(Cut(segments=[plant.between("POP", "A")])), "circuits") == ["PON", "S1", "S5"]
    assert names(impact(Cut(segments=[plant.between("A", "B")])), "circuits") == ["PON", "S5"]
    assert names(impact(Cut(segments=[plant.between("A", "Haus 2")])), "circuits") == []
    assert names(impact(Cut(cables=[plant.cables["D4"]])), "circuits") == ["PON"]
    sql("UPDATE fibre_circuit SET lifecycle = 'out_of_service' WHERE name = 'S5'")
    assert names(impact(Cut(segments=[plant.between("B", "C")])), "circuits") == []


def test_08_a_circuit_in_service_is_connected(plant: Plant) -> None:
    with refused("circuit-not-connected"):
        circuit(plant, "S", "ODF/1", "H2/1")
        settle()
    with refused("circuit-not-connected"):
        circuit(plant, "S", "ODF/1")
        settle()
    circuit(plant, "S", "ODF/1", "H2/1", state="planned")
    settle()
    with refused("circuit-not-connected"):
        sql("UPDATE fibre_circuit SET lifecycle = 'in_service'")
        settle()


def test_09_what_carries_a_service_is_not_taken_apart(plant: Plant) -> None:
    circuit(plant, "S1", "ODF/1", "H1/1")
    circuit(plant, "PON", "ODF/3", "H3/1", "H4/1")
    settle()
    splice = one("SELECT joint_id FROM fibre_jointend WHERE section_id = %s AND side = 'b'", plant.section("T:1.1"))
    with refused("joint-carries-service"):
        sql("DELETE FROM fibre_joint WHERE id = %s", splice)
    with refused("joint-carries-service"):
        sql("DELETE FROM fibre_jointend WHERE joint_id = %s", splice)
    other = one("SELECT joint_id FROM fibre_jointend WHERE section_id = %s AND side = 'b'", plant.section("T:2.1"))
    with refused("joint-carries-service"):
        sql("SELECT fibre_swap(%s, %s)", splice, other)
    with refused("joint-carries-service"):
        sql("DELETE FROM fibre_joint j USING fibre_jointend e WHERE e.joint_id = j.id AND e.leg_id IS NOT NULL")
    plant.enclosure("M2", "A")
    with refused("fibre-carries-service"):
        plant.cut("T", "M2", 3)
    plant.cut("T", "M2", 4)
    sql("DELETE FROM fibre_joint WHERE id = %s", other)
    sql("UPDATE fibre_circuit SET lifecycle = 'out_of_service'")
    sql("DELETE FROM fibre_joint WHERE id = %s", splice)
    settle()


def test_10_a_circuit_in_service_stays(plant: Plant) -> None:
    circuit(plant, "S1", "ODF/1", "H1/1")
    settle()
    with refused("circuit-in-service"):
        sql("DELETE FROM fibre_circuit")
    sql("UPDATE fibre_circuit SET lifecycle = 'decommissioned'")
    sql("DELETE FROM fibre_circuit")
    settle()
    assert one("SELECT count(*) FROM fibre_circuitend") == 0


def test_11_other_networks_are_counted_not_named(plant: Plant) -> None:
    mine = one("SELECT organisation_id FROM fibre_network")
    found = impact(Cut(segments=[plant.between("B", "C")]), {mine + 1})
    assert found.elsewhere >= 3 and not found.premises and not found.cables and not found.segments
    assert "Haus" not in str(found.plain())


def test_12_leases_do_not_overlap(plant: Plant) -> None:
    def lease(first: int, last: int, begins: str, ends: str | None) -> None:
        sql(
            "INSERT INTO fibre_lease (kind, cable_id, first_fibre, last_fibre, begins_on, ends_on) VALUES ('lease', %s, %s, %s, %s, %s)",
            plant.cables["T"], first, last, begins, ends,
        )  # fmt: skip
        settle()

    lease(1, 12, "2026-01-01", "2026-12-31")
    with refused("leased-twice"):
        lease(12, 13, "2026-12-31", None)
    lease(12, 13, "2027-01-01", None)
    lease(14, 15, "2026-01-01", None)
    with refused("unknown-fibre"):
        lease(20, 25, "2028-01-01", None)
    with refused("fibre_lease_dates"):
        lease(16, 17, "2028-01-01", "2027-01-01")
    with refused("fibre_lease_of_one"):
        sql("INSERT INTO fibre_lease (kind, begins_on) VALUES ('lease', '2026-01-01')")
