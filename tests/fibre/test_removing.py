"""What is removed carries nothing that is still there: each refusal by raw SQL, and the two actions through their doors."""

import json
from typing import Any

import pytest
from django.test import Client

from gisapp.accounts.roles import Role
from gisapp.errors import GisError
from layers.fibre.services import action_named, perform
from tests import factories
from tests.fibre.drawing import one, refused, settle, sql
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant() -> Plant:
    """A duct with a cable in its first tube, one with nothing, a buried cable, a spliced one; a device; a house."""
    found = Plant()
    found.street("POP", "M1", "HAUS", "ENDE")
    found.duct("RV1", "POP", "M1")
    found.duct("LEER", "HAUS", "ENDE", spec="10/6")
    found.cable("K1", "POP", "M1", ("RV1", 1))
    found.buried("K2", "M1", "HAUS")
    found.cable("LOSE", "POP", "M1")
    found.enclosure("ODF", "POP", spec="odf-144", enters="K1")
    found.enclosure("M", "M1", enters="K1 K2")
    found.enclosure("FREI", "ENDE")
    found.device("OLT", "POP")
    settle()
    found.splice("M", "K1:1", "K2:1")
    settle()
    return found


def removed(table: str, name: str) -> None:
    sql(f"UPDATE fibre_{table} SET lifecycle = 'removed' WHERE name = %s", name)
    settle()


def state(table: str, name: str) -> Any:
    return one(f"SELECT lifecycle FROM fibre_{table} WHERE name = %s", name)


@pytest.mark.parametrize(
    ("table", "name", "code"),
    [
        ("node", "POP", "node-in-use"), ("duct", "RV1", "duct-occupied"), ("cable", "K1", "cable-spliced"),
        ("enclosure", "ODF", "enclosure-occupied"), ("enclosure", "M", "enclosure-occupied"),
    ],
)  # fmt: skip
def test_01_what_is_occupied_does_not_become_removed(plant: Plant, table: str, name: str, code: str) -> None:
    with refused(code):
        removed(table, name)
    assert state(table, name) == "planned"


def test_02_a_trench_with_ducts_or_cables_in_it(plant: Plant) -> None:
    for ends in (("POP", "M1"), ("M1", "HAUS")):
        with refused("segment-occupied"):
            sql("UPDATE fibre_segment SET lifecycle = 'removed' WHERE id = %s", plant.between(*ends))
            settle()


def test_03_a_cable_in_enclosures_or_in_service(plant: Plant) -> None:
    sql("DELETE FROM fibre_joint")
    settle()
    with refused("cable-entered"):
        sql("SELECT fibre_enter(%s, %s)", plant.cables["LOSE"], plant.enclosures["FREI"])
        removed("cable", "LOSE")
    with refused("cable-occupied"):
        removed("cable", "K2")


def test_03a_nothing_new_goes_where_all_is_removed(plant: Plant) -> None:
    removed("duct", "LEER")
    with refused("duct-occupied"):
        plant.cable("K9", "HAUS", "ENDE", ("LEER", 1))
    sql("UPDATE fibre_segment SET lifecycle = 'removed' WHERE id = %s", plant.between("HAUS", "ENDE"))
    settle()
    with refused("segment-occupied"):
        plant.duct("NEU", "HAUS", "ENDE")
    with refused("segment-occupied"):
        plant.buried("K9", "HAUS", "ENDE")
    removed("enclosure", "FREI")
    plant.cable("K8", "HAUS", "ENDE")
    with refused("enclosure-occupied"):
        plant.enter("K8", "FREI")
        settle()
    sql("DELETE FROM fibre_cable WHERE name = 'K8'")
    removed("node", "ENDE")
    plant.branch("M1", "NEBEN")
    for draw in (
        lambda: plant.enclosure("NEU", "ENDE"),
        lambda: plant.device("OLT2", "ENDE"),
        lambda: plant.cable("K9", "HAUS", "ENDE"),
        lambda: plant.segment("NEBEN", "ENDE"),
        lambda: sql("UPDATE fibre_device SET node_id = %s WHERE name = 'OLT'", plant.nodes["ENDE"]),
    ):
        with refused("node-in-use"):
            draw()
            settle()


def test_03b_a_cable_with_a_circuit_in_service(plant: Plant) -> None:
    plant.splice("M", "K1:5", "K2:5")
    circuit = one(
        "INSERT INTO fibre_circuit (network_id, name, kind) VALUES (%s, 'DF', 'dark_fibre') RETURNING id", plant.net
    )
    for begins, fibre in ((True, "K1:5"), (False, "K2:5")):
        sql(
            "INSERT INTO fibre_circuitend (circuit_id, begins, section_id) VALUES (%s, %s, %s)",
            circuit,
            begins,
            plant.section(fibre),
        )
    sql("SELECT fibre_set_lifecycle('circuit', %s, 'in_service')", circuit)
    with refused("cable-carries-service"):
        removed("cable", "K2")
    with refused("circuit-in-service"):
        sql("SELECT fibre_remove('circuit', %s)", circuit)


def test_04_a_device_with_cords(plant: Plant) -> None:
    plant.patch("OLT/1", "ODF/1")
    settle()
    with refused("device-occupied"):
        removed("device", "OLT")
    with refused("enclosure-occupied"):
        removed("enclosure", "ODF")
    with refused("device-occupied"):
        sql("SELECT fibre_remove('device', %s)", plant.devices["OLT"])


def test_05_what_is_free_goes_and_together_the_order_is_all_one(plant: Plant) -> None:
    for table, name in (("enclosure", "FREI"), ("duct", "LEER")):
        removed(table, name)
        assert state(table, name) == "removed"
    # A trench before what lies in it, all in one transaction.
    sql("DELETE FROM fibre_joint")
    sql("UPDATE fibre_segment SET lifecycle = 'removed'")
    for table in ("duct", "cable", "enclosure", "device", "node"):
        sql(f"UPDATE fibre_{table} SET lifecycle = 'removed'")
    settle()
    assert one("SELECT count(*) FROM fibre_node WHERE lifecycle <> 'removed'") == 0


def test_06_nothing_comes_back_into_what_is_removed(plant: Plant) -> None:
    removed("duct", "LEER")
    sql("UPDATE fibre_enclosure SET lifecycle = 'removed' WHERE name = 'FREI'")
    sql("UPDATE fibre_segment SET lifecycle = 'removed' WHERE id = %s", plant.between("HAUS", "ENDE"))
    removed("node", "ENDE")
    with refused("segment-occupied"):
        sql("UPDATE fibre_duct SET lifecycle = 'in_service' WHERE name = 'LEER'")
        settle()
    with refused("node-in-use"):
        sql("UPDATE fibre_enclosure SET lifecycle = 'in_service' WHERE name = 'FREI'")
        settle()
    with refused("node-in-use"):
        sql("UPDATE fibre_segment SET lifecycle = 'planned' WHERE id = %s", plant.between("HAUS", "ENDE"))
        settle()


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        ("node", "POP", "node-in-use"), ("segment", "", "segment-occupied"), ("duct", "RV1", "duct-occupied"),
        ("cable", "K1", "cable-occupied"), ("enclosure", "M", "enclosure-occupied"),
    ],
)  # fmt: skip
def test_07_deleting_is_refused_by_the_tables_own_rules(plant: Plant, kind: str, name: str, code: str) -> None:
    key = plant.between("POP", "M1") if kind == "segment" else one(f"SELECT id FROM fibre_{kind} WHERE name = %s", name)
    with refused(code):
        sql("SELECT fibre_remove(%s, %s)", kind, key)
    with pytest.raises(GisError) as caught:
        perform(action_named("remove"), {"kind": kind, "object": str(key)})
    assert caught.value.code == code


def test_08_splitters_circuits_premises(plant: Plant) -> None:
    plant.splitter("SP1", "M")
    sql("INSERT INTO fibre_circuit (network_id, name, kind) VALUES (%s, 'DF', 'dark_fibre')", plant.net)
    sql(
        "INSERT INTO fibre_premises (network_id, name, node_id) VALUES (%s, 'Haus', %s)", plant.net, plant.nodes["HAUS"]
    )
    with refused("node-in-use"):
        removed("node", "HAUS")
    with refused("unknown-object"):
        sql("SELECT fibre_set_lifecycle('splitter', id, 'removed') FROM fibre_splitter")
    for kind, name in (("splitter", "SP1"), ("circuit", "DF"), ("premises", "Haus")):
        perform(action_named("remove"), {"kind": kind, "object": name})
        assert one(f"SELECT count(*) FROM fibre_{kind}") == 0
    for kind in ("network", "joint", "workorder"):
        with refused("unknown-object"):
            sql("SELECT fibre_remove(%s, %s)", kind, plant.nodes["POP"])
    with refused("unknown-object"):
        sql("SELECT fibre_remove('node', gen_random_uuid())")


def test_09_through_the_api_and_as_a_dry_run(plant: Plant) -> None:
    from gisapp.accounts.models import Organisation

    owner = Organisation.objects.get(pk=one("SELECT organisation_id FROM fibre_network"))
    asker = Client()
    asker.force_login(factories.member(Role.ENGINEER, owner))

    def send(name: str, query: str = "", **body: Any) -> Any:
        return asker.post(f"/api/fibre/actions/{name}{query}", json.dumps(body), "application/json")

    assert send("remove", "?dry=1", kind="duct", object="LEER").json() == {"action": "remove", "dry": True}
    assert one("SELECT count(*) FROM fibre_duct WHERE name = 'LEER'") == 1
    assert send("set-lifecycle", kind="duct", object="LEER", lifecycle="decommissioned").status_code == 200
    assert state("duct", "LEER") == "decommissioned"
    told = send("set-lifecycle", kind="duct", object="RV1", lifecycle="removed")
    assert (told.status_code, told.json()["code"]) == (409, "duct-occupied") and "K1" in told.json()["detail"]
    for bad in (
        {"kind": "duct", "object": "LEER", "lifecycle": "verschwunden"},
        {"kind": "joint", "object": "LEER", "lifecycle": "removed"},
        {"kind": ["duct"], "object": "LEER", "lifecycle": "removed"},
    ):
        assert send("set-lifecycle", **bad).status_code == 400, bad
    assert send("remove", kind="duct", object="LEER").status_code == 200
    assert send("remove", kind="duct", object="LEER").status_code == 404
    assert state("duct", "RV1") == "planned"
