"""The rules of enclosures and joints, each with raw SQL, and the actions on them."""

from uuid import UUID

import pytest
from django.db import DatabaseError

from tests.fibre.drawing import one, refused, settle, sql
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant() -> Plant:
    """Two cables that meet in closure M at B; K1 comes from A, K2 goes to C, where it ends in an ODF."""
    found = Plant()
    found.street("A", "B", "C")
    found.buried("K1", "A", "B")
    found.buried("K2", "B", "C")
    found.enclosure("M", "B", enters="K1 K2")
    found.enclosure("ODF", "C", spec="odf-144", enters="K2")
    settle()
    return found


def joint(
    enclosure: UUID | None, kind: str, *ends: tuple[str, UUID, str], tray: UUID | None = None, slot: int | None = None
) -> UUID:
    """A joint by hand; `ends` are (column, key, side)."""
    key: UUID = one(
        "INSERT INTO fibre_joint (enclosure_id, kind, tray_id, slot) VALUES (%s, %s, %s, %s) RETURNING id",
        enclosure,
        kind,
        tray,
        slot,
    )
    for column, thing, side in ends:
        sql(f"INSERT INTO fibre_jointend (joint_id, {column}_id, side) VALUES (%s, %s, %s)", key, thing, side)
    settle()
    return key


def tray(plant: Plant, enclosure: str, number: int) -> UUID:
    found: UUID = one(
        "SELECT id FROM fibre_tray WHERE enclosure_id = %s AND number = %s", plant.enclosures[enclosure], number
    )
    return found


def places(plant: Plant, enclosure: str) -> list[tuple[int, int]]:
    return sql(
        "SELECT t.number, j.slot FROM fibre_joint j JOIN fibre_tray t ON t.id = j.tray_id WHERE j.enclosure_id = %s ORDER BY 1, 2",
        plant.enclosures[enclosure],
    )


def test_01_trays_ports_and_legs_follow_from_the_product(plant: Plant) -> None:
    assert one("SELECT count(*) FROM fibre_tray WHERE enclosure_id = %s", plant.enclosures["M"]) == 12
    assert sql("SELECT count(*), min(connector) FROM fibre_port WHERE enclosure_id = %s", plant.enclosures["ODF"]) == [
        (144, "LC/APC")
    ]
    plant.splitter("SP", "M", "1:8")
    assert sql("SELECT is_input, count(*) FROM fibre_splitterleg GROUP BY is_input ORDER BY 1") == [
        (False, 8),
        (True, 1),
    ]
    plant.device("OLT", "C", ports=16)
    assert one("SELECT count(*) FROM fibre_port WHERE device_id = %s", plant.devices["OLT"]) == 16


def test_02_a_range_of_fibres_takes_the_next_places(plant: Plant) -> None:
    assert len(plant.splice("M", "K1:1", "K2:3", many=10)) == 10
    plant.splice("M", "K1:11", "K2:1", many=2)
    settle()
    assert places(plant, "M") == [(1, slot) for slot in range(1, 13)]
    pairs = sql(
        "SELECT x.number, y.number FROM fibre_jointend a JOIN fibre_jointend b ON b.joint_id = a.joint_id "
        "JOIN fibre_fibresection x ON x.id = a.section_id JOIN fibre_fibresection y ON y.id = b.section_id "
        "WHERE x.cable_id = %s AND y.cable_id = %s ORDER BY 1",
        plant.cables["K1"], plant.cables["K2"],
    )  # fmt: skip
    assert pairs == [*((number, number + 2) for number in range(1, 11)), (11, 1), (12, 2)]


def test_03_an_end_is_in_one_joint_in_any_role(plant: Plant) -> None:
    plant.splice("M", "K1:1", "K2:1")
    for ends in (
        [("section", plant.section("K1:1"), "b"), ("section", plant.section("K2:2"), "a")],
        [("section", plant.section("K1:2"), "b"), ("section", plant.section("K2:1"), "a")],
    ):
        with refused("end-taken"):
            try:
                joint(plant.enclosures["M"], "splice", *ends)
            except DatabaseError as error:
                assert str(error).startswith(("Die Faser 1 des Kabels K1 ist", "Die Faser 1 des Kabels K2 ist"))
                raise
    assert one("SELECT indisunique FROM pg_index WHERE indexrelid = 'fibre_jointend_once'::regclass")


def test_04_a_joint_has_two_ends(plant: Plant) -> None:
    with refused("joint-two-ends"):
        joint(plant.enclosures["M"], "splice", ("section", plant.section("K1:1"), "b"))
    three = [("section", plant.section(ref), side) for ref, side in (("K1:1", "b"), ("K2:1", "a"), ("K2:2", "a"))]
    with refused("joint-two-ends"):
        joint(plant.enclosures["M"], "splice", *three)
    plant.splice("M", "K1:1", "K2:1")
    settle()
    with refused("joint-two-ends"):
        sql("DELETE FROM fibre_jointend WHERE section_id = %s", plant.section("K1:1"))
        settle()
    with refused("joint-two-ends"):
        sql(
            "UPDATE fibre_jointend SET joint_id = (SELECT id FROM fibre_joint) WHERE section_id = %s",
            plant.section("K1:1"),
        )
        sql("INSERT INTO fibre_joint (enclosure_id, kind) VALUES (%s, 'splice')", plant.enclosures["M"])
        settle()


def test_05_an_end_is_exactly_one_thing(plant: Plant) -> None:
    key = one("INSERT INTO fibre_joint (enclosure_id, kind) VALUES (%s, 'splice') RETURNING id", plant.enclosures["M"])
    with refused("fibre_jointend_of_one"):
        sql("INSERT INTO fibre_jointend (joint_id, side) VALUES (%s, 'a')", key)
    with refused("fibre_jointend_of_one"):
        sql(
            "INSERT INTO fibre_jointend (joint_id, section_id, port_id, side) VALUES (%s, %s, %s, 'a')",
            key, plant.section("K1:1"), plant.port("ODF/1"),
        )  # fmt: skip
    with refused("fibre_jointend_side"):
        sql("INSERT INTO fibre_jointend (joint_id, section_id, side) VALUES (%s, %s, 'c')", key, plant.section("K1:1"))
    sql("DELETE FROM fibre_joint")


def test_06_nothing_is_joined_to_itself(plant: Plant) -> None:
    plant.branch("B", "E")
    plant.segment("E", "C")
    plant.cable("RING", "B", "B", ("B", "E"), ("E", "C"), ("B", "C"))
    plant.enter("RING", "M")
    plant.enter("RING", "M")
    with refused("joint-loop"):
        joint(
            plant.enclosures["M"],
            "splice",
            ("section", plant.section("RING:1"), "a"),
            ("section", plant.section("RING:1"), "b"),
        )
    plant.splitter("SP", "M")
    legs = [row[0] for row in sql("SELECT id FROM fibre_splitterleg ORDER BY is_input, number")]
    with refused("joint-loop"):
        joint(plant.enclosures["M"], "splice", ("leg", legs[0], "a"), ("leg", legs[1], "a"))


def test_07_both_ends_are_in_the_enclosure(plant: Plant) -> None:
    with refused("splice-not-here"):  # the far end of K1
        joint(
            plant.enclosures["M"],
            "splice",
            ("section", plant.section("K1:1"), "a"),
            ("section", plant.section("K2:1"), "a"),
        )
    plant.buried("K3", "A", "B")
    with refused("splice-not-here"):  # K3 ends at the node, but not in the closure
        joint(
            plant.enclosures["M"],
            "splice",
            ("section", plant.section("K3:1"), "b"),
            ("section", plant.section("K2:1"), "a"),
        )
    with refused("splice-not-here"):
        joint(
            plant.enclosures["M"],
            "pigtail",
            ("section", plant.section("K1:1"), "b"),
            ("port", plant.port("ODF/1"), "a"),
        )


def test_08_a_cable_that_is_spliced_stays_in_its_enclosure(plant: Plant) -> None:
    plant.splice("M", "K1:1", "K2:1")
    settle()
    with refused("splice-not-here"):
        sql("DELETE FROM fibre_cableentry WHERE cable_id = %s AND side = 'b'", plant.cables["K1"])
        settle()
    other = plant.enclosure("M2", "B")
    with refused("splice-not-here"):
        sql(
            "UPDATE fibre_cableentry SET enclosure_id = %s WHERE cable_id = %s AND side = 'b'",
            other,
            plant.cables["K1"],
        )
        settle()


def test_09_kinds_of_joints_join_what_they_can(plant: Plant) -> None:
    plant.device("OLT", "C")
    k2, odf, olt = ("section", plant.section("K2:1"), "b"), plant.port("ODF/1"), plant.port("OLT/1")
    for kind, ends in (
        ("splice", [k2, ("port", odf, "a")]),
        ("pigtail", [k2, ("port", odf, "b")]),
        ("patch", [k2, ("port", odf, "b")]),
        ("patch", [("port", odf, "a"), ("port", olt, "b")]),
        ("patch", [("port", odf, "b"), ("port", olt, "a")]),
        ("plug", [("port", odf, "b"), ("port", olt, "b")]),
    ):
        with refused("joint-wrong-kind"):
            joint(plant.enclosures["ODF"], kind, *ends)
    plant.pigtail("ODF", "K2:1", 1)
    plant.patch("ODF/1", "OLT/1")
    settle()
    assert one("SELECT count(*) FROM fibre_joint WHERE enclosure_id IS NULL") == 1


def test_10_a_patch_cord_stays_in_its_node(plant: Plant) -> None:
    plant.device("OLT", "A")
    with refused("patch-too-far"):
        plant.patch("ODF/1", "OLT/1")
        settle()
    plant.device("OLT2", "C")
    plant.patch("ODF/1", "OLT2/1")
    settle()
    with refused("patch-too-far"):
        sql("UPDATE fibre_device SET node_id = %s WHERE name = 'OLT2'", plant.nodes["A"])
        settle()


def test_11_glass_and_copper_are_not_joined(plant: Plant) -> None:
    plant.buried("CU", "A", "B", spec="cu-10x2")
    plant.enter("CU", "M")
    with refused("joint-mixes-media"):
        plant.splice("M", "CU:1", "K2:1")
        settle()
    plant.buried("CU2", "B", "C", spec="cu-10x2")
    plant.enter("CU2", "M")
    plant.splice("M", "CU:1", "CU2:1", many=10)
    settle()


def test_12_a_tray_is_of_its_enclosure_and_has_so_many_places(plant: Plant) -> None:
    ends = [("section", plant.section("K1:1"), "b"), ("section", plant.section("K2:1"), "a")]
    with refused("tray-elsewhere"):
        joint(plant.enclosures["M"], "splice", *ends, tray=tray(plant, "ODF", 1))
    with refused("tray-full"):
        joint(plant.enclosures["M"], "splice", *ends, tray=tray(plant, "M", 1), slot=13)
    plant.splice("M", "K1:1", "K2:1", many=12, tray=1)
    settle()
    plant.buried("K3", "A", "B")
    plant.buried("K4", "B", "C")
    plant.enter("K3", "M")
    plant.enter("K4", "M")
    with refused("tray-full"):
        plant.splice("M", "K3:1", "K4:1", tray=1)
    with refused("tray-full"):  # by hand, without a place
        joint(
            plant.enclosures["M"], "splice", ("section", plant.section("K3:1"), "b"), ("section", plant.section("K4:1"), "a"),
            tray=tray(plant, "M", 1),
        )  # fmt: skip
    with refused("fibre_joint_slot_once"):
        joint(
            plant.enclosures["M"], "splice", ("section", plant.section("K3:1"), "b"), ("section", plant.section("K4:1"), "a"),
            tray=tray(plant, "M", 1), slot=1,
        )  # fmt: skip
    assert plant.splice("M", "K3:1", "K4:1") and places(plant, "M")[-1] == (2, 1)


def test_13_a_joint_is_somewhere(plant: Plant) -> None:
    with refused("fibre_joint_somewhere"):
        sql("INSERT INTO fibre_joint (kind) VALUES ('splice')")
    with refused("fibre_joint_slot"):
        sql("INSERT INTO fibre_joint (kind, enclosure_id, slot) VALUES ('splice', %s, 1)", plant.enclosures["M"])
    with refused("fibre_joint_loss"):
        sql("INSERT INTO fibre_joint (kind, enclosure_id, loss_db) VALUES ('splice', %s, 99)", plant.enclosures["M"])


def test_14_what_is_occupied_is_not_deleted(plant: Plant) -> None:
    with refused("enclosure-occupied"):
        sql("DELETE FROM fibre_enclosure WHERE name = 'M'")
    plant.device("OLT", "C")
    plant.patch("ODF/1", "OLT/1")
    with refused("device-occupied"):
        sql("DELETE FROM fibre_device")
    plant.splitter("SP", "M")
    plant.leg("SP", "in", "K1:1")
    with refused("splitter-occupied"):
        sql("DELETE FROM fibre_splitter")
    sql("DELETE FROM fibre_joint")
    sql("DELETE FROM fibre_splitter")
    sql("DELETE FROM fibre_device")
    sql("DELETE FROM fibre_cableentry")
    sql("DELETE FROM fibre_enclosure")
    settle()
    left = ("jointend", "splitterleg", "port", "tray")
    assert [one(f"SELECT count(*) FROM fibre_{table}") for table in left] == [0, 0, 0, 0]


def test_15_products_stay(plant: Plant) -> None:
    plant.splitter("SP", "M")
    plant.device("OLT", "C")
    for code, statement in (
        ("enclosure-keeps-spec", "UPDATE fibre_enclosure SET spec_id = 'muffe-288'"),
        ("splitter-keeps-spec", "UPDATE fibre_splitter SET spec_id = '1:8'"),
        ("device-keeps-ports", "UPDATE fibre_device SET port_count = 99"),
    ):
        with refused(code):
            sql(statement)
            settle()


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("splitter-keeps-spec", "INSERT INTO fibre_splitterleg (splitter_id, is_input, number) SELECT id, false, 33 FROM fibre_splitter"),
        ("splitter-keeps-spec", "DELETE FROM fibre_splitterleg WHERE NOT is_input AND number = 3"),
        ("splitter-keeps-spec", "UPDATE fibre_splitterleg SET number = 77 WHERE NOT is_input AND number = 3"),
        ("splitter-keeps-spec", "UPDATE fibre_splitterleg SET is_input = true, number = 2 WHERE NOT is_input AND number = 3"),
        ("device-keeps-ports", "INSERT INTO fibre_port (device_id, number) SELECT id, 99 FROM fibre_device"),
        ("device-keeps-ports", "DELETE FROM fibre_port WHERE device_id IS NOT NULL AND number = 2"),
        ("device-keeps-ports", "UPDATE fibre_port SET number = 99 WHERE device_id IS NOT NULL AND number = 2"),
        ("enclosure-keeps-spec", "UPDATE fibre_tray SET capacity = 1 WHERE number = 2"),
        ("enclosure-keeps-spec", "UPDATE fibre_tray SET capacity = 99 WHERE number = 2"),
    ],
)  # fmt: skip
def test_15b_their_parts_stay_too(plant: Plant, code: str, statement: str) -> None:
    plant.splitter("SP", "M")
    plant.device("OLT", "C")
    settle()
    with refused(code):
        sql(statement)
        settle()


def test_15c_a_port_that_goes_elsewhere_is_missed_where_it_was(plant: Plant) -> None:
    plant.device("OLT", "C")
    plant.device("OLT2", "C")
    settle()
    with refused("device-keeps-ports"):
        sql("UPDATE fibre_port SET device_id = %s, number = 99 WHERE device_id = %s AND number = 1", plant.devices["OLT2"], plant.devices["OLT"])  # fmt: skip
        settle()


def test_16_a_window_cut_gives_each_fibre_two_ends(plant: Plant) -> None:
    plant.branch("B", "H")
    plant.buried("LONG", "A", "B", "C", spec="24")
    plant.buried("DROP", "B", "H")
    plant.enter("DROP", "M")
    plant.cut("LONG", "M", 7, 8)
    with refused("fibre-ambiguous"):
        plant.splice("M", "LONG:7", "DROP:1")
    plant.splice("M", "LONG:7", "DROP:1", leads=("a", None))
    plant.splice("M", "LONG:8", "DROP:2", leads=("b", None))
    with refused("fibre-not-here"):
        plant.splice("M", "LONG:9", "DROP:3")
    settle()
    ends = sql(
        "SELECT number, towards FROM fibre_ends_in(%s) WHERE joint_id IS NOT NULL AND cable_id = %s ORDER BY 1",
        plant.enclosures["M"], plant.cables["LONG"],
    )  # fmt: skip
    assert ends == [(7, "a"), (8, "b")]
    with refused("fibre-end-taken"):
        sql("SELECT fibre_mend_fibres(%s, %s, '{7}')", plant.cables["LONG"], plant.enclosures["M"])


def test_17_what_was_spliced_at_the_far_end_stays_there_when_a_fibre_is_cut(plant: Plant) -> None:
    plant.buried("LONG", "A", "B", "C")
    plant.enter("LONG", "ODF")
    plant.pigtail("ODF", "LONG:5", 9)
    settle()
    plant.cut("LONG", "M", 5)
    settle()
    assert one("SELECT section_id FROM fibre_jointend WHERE section_id IS NOT NULL") == plant.section("LONG:5.2")
    sql("SELECT fibre_mend_fibres(%s, %s, '{5}')", plant.cables["LONG"], plant.enclosures["M"])
    settle()
    assert one("SELECT section_id FROM fibre_jointend WHERE section_id IS NOT NULL") == plant.section("LONG:5")


def test_18_two_customers_the_wrong_way_round_are_swapped(plant: Plant) -> None:
    joints = plant.splice("M", "K1:1", "K2:1", many=2)
    settle()
    sql("SELECT fibre_swap(%s, %s)", *joints)
    settle()
    for here, there in (("K1:1", "K2:2"), ("K1:2", "K2:1")):
        assert one("SELECT thing FROM fibre_follow(%s, '{b}') WHERE depth = 1", [plant.section(here)]) == plant.section(
            there
        )
    with refused("nothing-to-swap"):
        sql("SELECT fibre_swap(%s, gen_random_uuid())", joints[0])


def test_19_a_closure_is_replaced_with_all_its_splices(plant: Plant) -> None:
    plant.splice("M", "K1:1", "K2:1", many=12)
    settle()
    before = places(plant, "M")
    sql("SELECT fibre_replace_enclosure(%s, 'muffe-288')", plant.enclosures["M"])
    settle()
    assert places(plant, "M") == before
    assert one("SELECT count(*) FROM fibre_tray WHERE enclosure_id = %s", plant.enclosures["M"]) == 24
    plant.pigtail("ODF", "K2:1", 120, many=12)
    with refused("enclosure-too-small"):
        sql("SELECT fibre_replace_enclosure(%s, 'huep-12')", plant.enclosures["ODF"])
    with refused("unknown-object"):
        sql("SELECT fibre_replace_enclosure(%s, 'keiner')", plant.enclosures["M"])


def test_20_ports_and_legs_that_are_not_there(plant: Plant) -> None:
    with refused("unknown-port"):
        plant.pigtail("ODF", "K2:1", 144, many=2)
    plant.splitter("SP", "M", "1:4")
    with refused("unknown-leg"):
        plant.leg("SP", "5", "K1:1")
    with refused("joint-two-ends"):
        sql(
            "SELECT fibre_join_ends('splice', %s, %s, '{a}', '{}', '{}')",
            plant.enclosures["M"],
            [plant.section("K2:1")],
        )


def test_21_the_history_tells_of_every_splice(plant: Plant) -> None:
    plant.splice("M", "K1:1", "K2:1", many=12)
    settle()
    assert one("SELECT count(*) FROM fibre_jointevent WHERE pgh_label = 'insert'") == 12
    sql("DELETE FROM fibre_joint")
    settle()
    assert sql("SELECT pgh_label, count(*) FROM fibre_jointendevent GROUP BY 1 ORDER BY 1") == [
        ("delete", 24),
        ("insert", 24),
    ]
