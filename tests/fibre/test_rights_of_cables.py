"""Who sees and changes cables, enclosures, splices and services: raw SQL under each person's own log-in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import transaction

from tests.db.test_authorization import as_person
from tests.fibre.drawing import one, settle, sql
from tests.fibre.plant import Plant
from tests.fibre.world import World
from tests.fibre.world import shared as shared

pytestmark = pytest.mark.django_db
SEE = {"planner", "engineer", "contractor", "contractor near", "admin", "engineer of both", "operator"}
CHANGE = SEE - {"planner"}
# Circuits are for those who see all of the network.
WHOLE = SEE - {"contractor near"}
TABLES = (
    "cable", "cablestep", "slack", "cableentry", "fibresection", "measure", "enclosure", "device", "tray", "port", "splitter",
    "splitterleg", "joint", "jointend", "premises", "unit", "circuit", "circuitend", "lease",
)  # fmt: skip
COLUMNS = {
    "cablestep": "ordinal", "slack": "length_m", "cableentry": "seal", "fibresection": "number", "measure": "slack_m", "tray": "number",
    "port": "number", "splitter": "name", "splitterleg": "number", "joint": "remark", "jointend": "side", "unit": "name",
    "circuitend": "begins", "lease": "purpose",
}  # fmt: skip


@dataclass
class Furnished:
    """Network A with a cable, closures, a splitter, an OLT, a house and a circuit; network B with an enclosure at A's node."""

    world: World
    plant: Plant
    theirs: Plant


@pytest.fixture(scope="module")
def here(shared: World, django_db_blocker: Any) -> Iterator[Furnished]:
    with django_db_blocker.unblock(), transaction.atomic():
        plant = Plant(net=shared.a)
        plant.street("K-A", "K-B", "K-C", y=2_000)
        plant.buried("K1", "K-A", "K-B")
        plant.buried("K2", "K-B", "K-C")
        plant.enclosure("ODF", "K-A", spec="odf-144", enters="K1")
        plant.enclosure("M", "K-B", enters="K1 K2")
        plant.enclosure("H", "K-C", spec="huep-4", enters="K2")
        plant.device("OLT", "K-A")
        plant.splitter("SP", "M")
        plant.pigtail("ODF", "K1:1", 1)
        plant.splice("M", "K1:1", "K2:1")
        plant.pigtail("H", "K2:1", 1)
        plant.patch("ODF/1", "OLT/1")
        sql(
            "INSERT INTO fibre_slack (cable_id, node_id, length_m) VALUES (%s, %s, 5)",
            plant.cables["K1"],
            plant.nodes["K-B"],
        )
        house = one(
            "INSERT INTO fibre_premises (network_id, name, node_id) VALUES (%s, 'Haus', %s) RETURNING id",
            shared.a,
            plant.nodes["K-C"],
        )
        sql("INSERT INTO fibre_unit (premises_id, name) VALUES (%s, 'WE 1')", house)
        circuit = one(
            "INSERT INTO fibre_circuit (network_id, name, kind, lifecycle) VALUES (%s, 'S1', 'p2p', 'in_service') RETURNING id",
            shared.a,
        )
        # B's circuit runs over A's fibres, which it leases.
        plant.pigtail("ODF", "K1:3", 3)
        plant.splice("M", "K1:3", "K2:3")
        plant.pigtail("H", "K2:3", 3)
        foreign = one(
            "INSERT INTO fibre_circuit (network_id, name, kind, lifecycle) VALUES (%s, 'Geheim 7', 'p2p', 'in_service') RETURNING id",
            shared.b,
        )
        for key, begins, port in (
            (circuit, True, "OLT/1"), (circuit, False, "H/1"), (foreign, True, "ODF/3"), (foreign, False, "H/3"),
        ):  # fmt: skip
            sql(
                "INSERT INTO fibre_circuitend (circuit_id, begins, port_id) VALUES (%s, %s, %s)",
                key,
                begins,
                plant.port(port),
            )
        sql(
            "INSERT INTO fibre_lease (kind, cable_id, first_fibre, last_fibre, begins_on) VALUES ('lease', %s, 5, 6, '2026-01-01')",
            plant.cables["K1"],
        )
        plant.cable("FREI", "K-A", "K-B")
        plant.enclosure("FREI", "K-A")
        plant.device("FREI", "K-A")
        theirs = Plant(net=shared.b)
        theirs.nodes = plant.nodes
        theirs.enclosure("Fremd", "K-B")
        settle()
    yield Furnished(shared, plant, theirs)


def _mine(table: str, here: Furnished) -> str:
    """What counts as network A's row of a table (B has an enclosure with trays of its own)."""
    if table in ("enclosure", "tray"):
        column = "id" if table == "enclosure" else "enclosure_id"
        return f"{column} <> '{here.theirs.enclosures['Fremd']}'"
    if table in ("circuit", "circuitend"):
        column = "id" if table == "circuit" else "circuit_id"
        return f"{column} IN (SELECT id FROM fibre_circuit WHERE name = 'S1')"
    return "true"


@pytest.mark.parametrize("table", TABLES)
def test_01_who_sees(here: Furnished, table: str) -> None:
    seeing = WHOLE if table in ("circuit", "circuitend") else SEE
    for who in here.world.people:
        count = here.world.asks(who, f"SELECT count(*) FROM fibre_{table} WHERE {_mine(table, here)}")[0][0]
        assert (count > 0) == (who in seeing), (who, table, count)


@pytest.mark.parametrize("table", TABLES)
def test_02_who_changes(here: Furnished, table: str) -> None:
    column = COLUMNS.get(table, "remark")
    for who in here.world.people:
        said = here.world.attempt(who, f"UPDATE fibre_{table} SET {column} = {column} WHERE {_mine(table, here)}")
        if who not in SEE or (table in ("circuit", "circuitend") and who not in WHOLE):
            assert said in ("nothing", "42501"), (who, said)
        elif who in CHANGE and table != "measure":
            # Past the rights stand the rules.
            assert said in ("done", "KG001"), (who, said)
        else:
            # A planner is refused by whichever comes first; test_07 asks about what no rule protects.
            assert said in ("42501", "KG001") or (table == "measure" and who == "operator"), (who, said)


@pytest.mark.parametrize("table", TABLES)
def test_03_who_deletes(here: Furnished, table: str) -> None:
    for who in here.world.people:
        said = here.world.attempt(who, f"DELETE FROM fibre_{table} WHERE {_mine(table, here)}")
        if who not in SEE:
            assert said in ("nothing", "42501"), (who, said)
        elif who == "planner":
            assert said in ("nothing", "42501", "KG001"), (who, said)
        elif table not in ("measure", "circuit", "circuitend"):
            assert said in ("done", "KG001", "23503"), (who, said)


def test_04_an_enclosure_of_another_network_at_ones_own_node(here: Furnished) -> None:
    count = "SELECT count(*) FROM fibre_enclosure WHERE name = 'Fremd'"
    assert here.world.asks("engineer", count)[0][0] == 0
    assert here.world.asks("engineer of B", count)[0][0] == 1
    trays = "SELECT count(*) FROM fibre_tray t WHERE t.enclosure_id = %s"
    assert here.world.asks("engineer", trays, here.theirs.enclosures["Fremd"])[0][0] == 0
    assert here.world.asks("engineer of B", trays, here.theirs.enclosures["Fremd"])[0][0] == 12


def test_05_the_actions_are_for_those_who_may_change(here: Furnished) -> None:
    plant, ends = here.plant, "SELECT fibre_splice(%s, %s, 7, %s, 7)"
    values = (plant.enclosures["M"], plant.cables["K1"], plant.cables["K2"])
    for who in here.world.people:
        said = here.world.attempt(who, ends, *values)
        assert (said == "done") == (who in CHANGE), (who, said)
        assert said in ("done", "42501", "KG001"), (who, said)
    with here.world.at_work("engineer") as work:
        work(ends, *values)
        work("SELECT fibre_pigtail(%s, %s, 2, 2)", plant.enclosures["H"], plant.cables["K2"])


@pytest.mark.parametrize(
    "question",
    [
        "SELECT * FROM fibre_hops('{}', '{}')", "SELECT * FROM fibre_follow('{}', '{}')", "SELECT * FROM fibre_reach('{}', '{}')",
        "SELECT * FROM fibre_hit('{}', '{}')", "SELECT * FROM fibre_hit_pieces('{}', '{}', '{}')", "SELECT fibre_line(gen_random_uuid())",
        "SELECT * FROM fibre_hanging_at(gen_random_uuid(), 'a')", "SELECT * FROM fibre_circuits_through('{}', '{}')",
        "SELECT fibre_check_cable('{}')", "SELECT fibre_check_joint('{}')", "SELECT fibre_note('cable', '{}')", "SELECT fibre_tune()",
        "SELECT * FROM fibre_glass", "SELECT * FROM fibre_cableway", "SELECT * FROM fibre_sectionway", "SELECT * FROM fibre_endplace",
        "SELECT fibre_in_use('{}')", "SELECT * FROM fibre_cross_section('{}', current_date)", "SELECT * FROM fibre_tubes_taken('{}', current_date)",
        "SELECT * FROM fibre_fibres_taken('{}', current_date)", "SELECT * FROM fibre_circuits_of('{}')",
        "SELECT * FROM fibre_places_taken('{}', current_date)", "SELECT * FROM fibre_at_nodes('{}')", "SELECT fibre_draw_cables('{}')",
        "SELECT * FROM fibre_pending", "SELECT * FROM fibre_pendingkind", "SELECT * FROM fibre_due", "SELECT * FROM fibre_light",
        "SELECT * FROM fibre_lit('{}', '{}')", "SELECT * FROM fibre_light_of('{}')", "SELECT fibre_check_light('{}')",
    ],
)  # fmt: skip
def test_06_what_sees_everything_is_not_for_log_ins(here: Furnished, question: str) -> None:
    for who in ("engineer", "engineer of B", "citizen"):
        assert here.world.attempt(who, question) == "42501", (who, question)


def test_07_what_no_rule_protects_is_protected_by_rights(here: Furnished) -> None:
    plant = here.plant
    free = [("cable", plant.cables["FREI"]), ("enclosure", plant.enclosures["FREI"]), ("device", plant.devices["FREI"])]
    for table, key in free:
        for who in here.world.people:
            said = here.world.attempt(who, f"DELETE FROM fibre_{table} WHERE id = %s", key)
            expected = "done" if who in CHANGE else "42501" if who in SEE else "nothing"
            assert said == expected, (who, table, said)


def test_08_a_foreign_circuit_is_there_and_has_no_name(here: Furnished) -> None:
    """Whose it is, the owner of the fibre knows from the lease; what it is, he does not."""
    joint = one("SELECT joint_id FROM fibre_jointend WHERE section_id = %s AND side = 'b'", here.plant.section("K1:3"))
    for who, named in (("engineer", False), ("engineer of both", True), ("operator", True)):
        with as_person(here.world.roles[who]) as asker, pytest.raises(psycopg.Error, match="Darüber läuft") as refusal:
            asker.execute("DELETE FROM fibre_joint WHERE id = %s", [joint])
        said = refusal.value.diag.message_primary or ""
        assert (("Geheim 7" in said), ("eine Schaltung von" in said)) == (named, not named), who
