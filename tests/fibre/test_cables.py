"""The rules of cables, each with raw SQL: how they lie, what they do in closures, their fibres."""

from uuid import UUID

import pytest

from tests.fibre.drawing import graph, one, refused, settle, sql, walk
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant() -> Plant:
    """A street A-B-C-D with one bundle of seven tubes along it."""
    found = Plant()
    found.street("A", "B", "C", "D")
    found.duct("RV", "A", "B", "C", "D")
    return found


def way(cable: UUID) -> list[tuple[str, bool]]:
    """A cable's steps: tube or trench, and whether it is walked as drawn."""
    return sql(
        "SELECT CASE WHEN section_id IS NULL THEN 'trench' ELSE 'tube' END, forward FROM fibre_cablestep WHERE cable_id = %s ORDER BY ordinal",
        cable,
    )


def drawn(cable: UUID) -> float | None:
    rows = sql("SELECT drawn_m, slack_m FROM fibre_measure WHERE cable_id = %s AND entry_id IS NULL", cable)
    return round(rows[0][0] + rows[0][1], 3) if rows else None


def test_01_a_cable_has_the_fibres_of_its_product_and_the_length_of_its_way(plant: Plant) -> None:
    key = plant.cable("K1", "A", "D", ("RV", 1), spec="24")
    assert one("SELECT count(*) FROM fibre_fibresection WHERE cable_id = %s", key) == 24
    assert one("SELECT max(number) FROM fibre_fibresection WHERE cable_id = %s", key) == 24
    assert drawn(key) == 300.0


def test_02_the_way_is_walked_from_the_cables_beginning_whichever_way_the_duct_was_drawn(plant: Plant) -> None:
    back = plant.cable("K1", "D", "A", ("RV", 1))
    assert way(back) == [("tube", False)]
    mixed = plant.cable("K2", "D", "A", ("C", "D"), ("B", "C"), ("A", "B"))
    assert way(mixed) == [("trench", False)] * 3
    assert one("SELECT ST_AsText(ST_StartPoint(fibre_line(%s)))", plant.section("K2:1")) == one(
        "SELECT ST_AsText(geom) FROM fibre_node WHERE id = %s", plant.nodes["D"]
    )


def test_03_a_gap_is_refused(plant: Plant) -> None:
    with refused("cable-way-broken"):
        plant.cable("K1", "A", "D", ("A", "B"), ("C", "D"))
    with refused("cable-way-broken"):
        plant.cable("K2", "B", "D", ("A", "B"), ("C", "D"))


def test_04_a_way_ends_at_the_cables_end(plant: Plant) -> None:
    with refused("cable-way-misses-end"):
        plant.cable("K1", "A", "D", ("A", "B"), ("B", "C"))
    key = plant.buried("K2", "A", "B", "C")
    with refused("cable-way-misses-end"):
        sql("UPDATE fibre_cable SET to_node_id = %s WHERE id = %s", plant.nodes["D"], key)
        settle()
    with refused("cable-way-misses-end"):
        sql("DELETE FROM fibre_cablestep WHERE cable_id = %s AND ordinal = 2", key)
        settle()


def test_05_a_cable_without_a_way_is_not_placed_yet_and_one_within_a_house_needs_none(plant: Plant) -> None:
    assert drawn(plant.cable("K1", "A", "D")) is None
    indoor = plant.cable("K2", "A", "A")
    sql("INSERT INTO fibre_slack (cable_id, node_id, length_m) VALUES (%s, %s, 12)", indoor, plant.nodes["A"])
    settle()
    assert drawn(indoor) == 12.0


def test_06_a_ring_may_close(plant: Plant) -> None:
    plant.branch("A", "E", dx=150, dy=100)
    plant.segment("E", "D")
    ring = plant.cable("K1", "A", "A", ("A", "B"), ("B", "C"), ("C", "D"), ("E", "D"), ("A", "E"))
    assert way(ring) == [("trench", True)] * 3 + [("trench", False)] * 2


def test_07_one_cable_in_a_tube_unless_the_catalogue_allows_more(plant: Plant) -> None:
    plant.cable("K1", "A", "D", ("RV", 1))
    with refused("tube-taken"):
        plant.cable("K2", "A", "D", ("RV", 1))
    plant.cable("K3", "A", "D", ("RV", 2))
    plant.duct("KSR", "A", "B", spec="50/40")
    plant.cable("K4", "A", "B", ("KSR", 1), spec="144")
    plant.cable("K5", "A", "B", ("KSR", 1), spec="144")
    assert (
        one(
            "SELECT count(*) FROM fibre_cablestep s JOIN fibre_cable c ON c.id = s.cable_id WHERE c.name IN ('K4', 'K5')"
        )
        == 2
    )


def test_08_a_cable_fits_into_its_tube(plant: Plant) -> None:
    with refused("cable-does-not-fit"):
        plant.cable("K1", "A", "D", ("RV", 1), spec="144")
    plant.duct("R2", "A", "B", spec="20/15")
    plant.cable("K2", "A", "B", ("R2", 1), spec="432")
    with refused("cable-does-not-fit"):  # each fits, both together do not
        plant.cable("K3", "A", "B", ("R2", 1), spec="432")
    sql("INSERT INTO fibre_cablespec (key, name, bundles, per_bundle) VALUES ('unbekannt', 'Kabel ohne Maß', 1, 4)")
    plant.cable("K4", "A", "D", ("RV", 1), spec="unbekannt")


def test_09_no_cable_through_an_end_cap_and_no_cap_over_a_cable(plant: Plant) -> None:
    section = plant.sections("RV", 3)[0]
    sql("SELECT fibre_couple('EK 7', %s, 'b')", section)
    settle()
    with refused("tube-closed"):
        plant.cable("K1", "A", "D", ("RV", 3))
    plant.cable("K2", "A", "D", ("RV", 4))
    with refused("tube-closed"):
        sql("SELECT fibre_couple('EK 7', %s, 'a')", plant.sections("RV", 4)[0])
        settle()


def test_10_a_step_is_in_one_place(plant: Plant) -> None:
    key = plant.cable("K1", "A", "D")
    with refused("fibre_cablestep_one_place"):
        sql("INSERT INTO fibre_cablestep (cable_id, ordinal) VALUES (%s, 1)", key)
    with refused("fibre_cablestep_one_place"):
        sql(
            "INSERT INTO fibre_cablestep (cable_id, ordinal, section_id, segment_id) VALUES (%s, 1, %s, %s)",
            key, plant.sections("RV", 1)[0], plant.between("A", "B"),
        )  # fmt: skip


def test_11_what_a_cable_lies_in_stays(plant: Plant) -> None:
    plant.cable("K1", "A", "D", ("RV", 1))
    with refused("duct-occupied"):
        sql("DELETE FROM fibre_duct WHERE id = %s", plant.ducts["RV"])
    plant.branch("D", "H")
    plant.buried("K2", "D", "H")
    with refused("segment-occupied"):
        sql("DELETE FROM fibre_segment WHERE id = %s", plant.between("D", "H"))
    with refused("node-in-use"):
        sql("DELETE FROM fibre_node WHERE id = %s", plant.nodes["H"])


def test_12_a_node_stays_while_a_closure_stands_there_or_a_cable_ends(plant: Plant) -> None:
    alone = one(
        "INSERT INTO fibre_node (network_id, name, kind, geom) SELECT network_id, 'X', 'manhole', ST_Translate(geom, 0, 500) FROM fibre_node "
        "WHERE id = %s RETURNING id",
        plant.nodes["A"],
    )
    plant.nodes["X"] = alone
    plant.enclosure("M", "X")
    with refused("node-in-use"):
        sql("DELETE FROM fibre_node WHERE id = %s", alone)
    sql("DELETE FROM fibre_enclosure WHERE id = %s", plant.enclosures["M"])
    indoor = plant.cable("K", "X", "X")
    with refused("node-in-use"):
        sql("DELETE FROM fibre_node WHERE id = %s", alone)
    sql("DELETE FROM fibre_cable WHERE id = %s", indoor)
    sql("DELETE FROM fibre_node WHERE id = %s", alone)


def test_13_a_segment_that_is_split_carries_buried_cables_over(plant: Plant) -> None:
    there = plant.buried("K1", "A", "B", "C")
    back = plant.buried("K2", "C", "B", "A")
    sql(
        "INSERT INTO fibre_node (network_id, geom) SELECT network_id, ST_Translate(geom, 40, 0) FROM fibre_node WHERE id = %s",
        plant.nodes["A"],
    )
    settle()
    assert way(there) == [("trench", True)] * 3 and way(back) == [("trench", False)] * 3
    assert drawn(there) == drawn(back) == 200.0
    middle = one("SELECT to_node_id FROM fibre_segment WHERE id = %s", plant.between("A", "B"))
    sql("SELECT fibre_join(%s)", middle)
    settle()
    assert way(there) == [("trench", True)] * 2 and drawn(back) == 200.0


def test_14_two_segments_are_not_joined_where_a_buried_cable_ends(plant: Plant) -> None:
    sql(
        "INSERT INTO fibre_node (network_id, geom) SELECT network_id, ST_Translate(geom, 40, 0) FROM fibre_node WHERE id = %s",
        plant.nodes["A"],
    )
    middle = one("SELECT to_node_id FROM fibre_segment WHERE id = %s", plant.between("A", "B"))
    plant.nodes["M"] = middle
    plant.segments[("A", "M")] = plant.between("A", "B")
    plant.cable("K1", "A", "M", ("A", "M"))
    with refused("node-in-use"):
        sql("SELECT fibre_join(%s)", middle)


def test_15_moving_a_node_makes_the_cable_longer(plant: Plant) -> None:
    key = plant.cable("K1", "A", "D", ("RV", 1))
    sql("UPDATE fibre_node SET geom = ST_Translate(geom, 100, 0) WHERE id = %s", plant.nodes["D"])
    settle()
    assert drawn(key) == 400.0 and len(graph(plant.net)) == 3


def test_16_a_duct_that_goes_another_way_takes_its_cable_along(plant: Plant) -> None:
    key = plant.cable("K1", "A", "D", ("RV", 1))
    plant.branch("A", "E", dx=150, dy=200)
    plant.segment("E", "D")
    sql("DELETE FROM fibre_ductstep WHERE duct_id = %s", plant.ducts["RV"])
    for ordinal, segment in enumerate((plant.between("A", "E"), plant.between("E", "D")), 1):
        sql(
            "INSERT INTO fibre_ductstep (duct_id, ordinal, segment_id) VALUES (%s, %s, %s)",
            plant.ducts["RV"], ordinal, segment,
        )  # fmt: skip
    settle()
    assert len(walk(plant.ducts["RV"])) == 2 and drawn(key) == 500.0


def test_17_a_duct_does_not_leave_its_cable_behind(plant: Plant) -> None:
    plant.cable("K1", "A", "D", ("RV", 1))
    with refused("cable-way-misses-end"):
        sql("DELETE FROM fibre_ductstep WHERE duct_id = %s AND ordinal = 3", plant.ducts["RV"])
        settle()


def test_18_an_occupied_tube_is_not_severed_but_opened_over_its_cable(plant: Plant) -> None:
    key = plant.cable("K1", "A", "D", ("RV", 1))
    back = plant.cable("K2", "D", "A", ("RV", 2))
    with refused("tube-occupied"):
        sql("SELECT fibre_cut_tube(%s, %s)", plant.tube("RV", 1), plant.nodes["B"])
    with refused("fitting-not-divisible"):
        sql("SELECT fibre_open_tube(%s, %s, 'EZV 7')", plant.tube("RV", 1), plant.nodes["B"])
    for position in (1, 2):
        sql("SELECT fibre_open_tube(%s, %s, 'EZV 7 teilbar')", plant.tube("RV", position), plant.nodes["B"])
        settle()
    assert way(key) == [("tube", True)] * 2 and way(back) == [("tube", False)] * 2
    assert drawn(key) == drawn(back) == 300.0


def test_19_a_cut_heals_under_a_cable_that_passes_but_not_where_one_comes_out(plant: Plant) -> None:
    key = plant.cable("K1", "A", "D", ("RV", 1))
    sql("SELECT fibre_open_tube(%s, %s, 'EZV 7 teilbar')", plant.tube("RV", 1), plant.nodes["B"])
    sql("DELETE FROM fibre_tubejoint")
    sql("SELECT fibre_mend_tube(%s, %s)", plant.tube("RV", 1), plant.nodes["B"])
    settle()
    assert way(key) == [("tube", True)]
    sql("SELECT fibre_cut_tube(%s, %s)", plant.tube("RV", 2), plant.nodes["B"])
    plant.cable("K2", "A", "B")
    sql(
        "INSERT INTO fibre_cablestep (cable_id, ordinal, section_id) VALUES (%s, 1, %s)",
        plant.cables["K2"], plant.sections("RV", 2)[0],
    )  # fmt: skip
    settle()
    with refused("tube-occupied"):
        sql("SELECT fibre_mend_tube(%s, %s)", plant.tube("RV", 2), plant.nodes["B"])


def test_20_a_tube_goes_with_its_duct_only(plant: Plant) -> None:
    with refused("tube-of-duct"):
        sql("DELETE FROM fibre_tubesection WHERE tube_id = %s", plant.tube("RV", 7))
        sql("DELETE FROM fibre_tube WHERE id = %s", plant.tube("RV", 7))
        settle()
    sql("DELETE FROM fibre_duct WHERE id = %s", plant.ducts["RV"])
    settle()
    assert one("SELECT count(*) FROM fibre_tube") == 0


def test_21_slack_counts_where_it_hangs(plant: Plant) -> None:
    key = plant.cable("K1", "A", "D", ("A", "B"), ("B", "C"), ("C", "D"))
    for at, metres in (("A", 5), ("B", 20), ("D", 7)):
        sql("INSERT INTO fibre_slack (cable_id, node_id, length_m) VALUES (%s, %s, %s)", key, plant.nodes[at], metres)
    plant.enclosure("M", "B")
    plant.cut("K1", "M", 1)
    settle()
    lengths = [
        one("SELECT glass_m / 1.02 FROM fibre_glass WHERE section_id = %s", plant.section(ref))
        for ref in ("K1:1.1", "K1:1.2", "K1:2")
    ]
    assert [round(one_) for one_ in lengths] == [115, 217, 332]


def test_22_sheath_marks_override_the_drawing(plant: Plant) -> None:
    plant.cable("K1", "A", "D", ("RV", 1))
    plant.enclosure("M1", "A", enters="K1")
    plant.enclosure("M2", "D", enters="K1")
    sql("UPDATE fibre_cableentry SET mark_m = CASE side WHEN 'a' THEN 1500 ELSE 1188 END")
    settle()
    assert one("SELECT glass_m FROM fibre_glass WHERE section_id = %s", plant.section("K1:4")) == pytest.approx(
        312 * 1.02
    )


def test_23_a_cable_keeps_its_product_and_goes_with_all_its_parts(plant: Plant) -> None:
    key = plant.cable("K1", "A", "D", ("RV", 1))
    with refused("cable-keeps-spec"):
        sql("UPDATE fibre_cable SET spec_id = '24' WHERE id = %s", key)
    plant.enclosure("M", "A", enters="K1")
    with refused("cable-occupied"):
        sql("DELETE FROM fibre_cable WHERE id = %s", key)
    sql("DELETE FROM fibre_cableentry WHERE cable_id = %s", key)
    sql("DELETE FROM fibre_cable WHERE id = %s", key)
    settle()
    assert one("SELECT count(*) FROM fibre_fibresection") == one("SELECT count(*) FROM fibre_cablestep") == 0


def test_24_an_end_is_where_the_cable_ends(plant: Plant) -> None:
    plant.cable("K1", "A", "D", ("RV", 1))
    plant.enclosure("M", "C")
    with refused("entry-elsewhere"):
        sql(
            "INSERT INTO fibre_cableentry (enclosure_id, cable_id, state, side) VALUES (%s, %s, 'end', 'a')",
            plant.enclosures["M"], plant.cables["K1"],
        )  # fmt: skip
        settle()
    plant.enclosure("M2", "A", enters="K1")
    settle()
    with refused("entry-elsewhere"):
        sql("UPDATE fibre_enclosure SET node_id = %s WHERE id = %s", plant.nodes["B"], plant.enclosures["M2"])
        settle()
    with refused("fibre_cableentry_side"):
        sql("UPDATE fibre_cableentry SET side = NULL")
    with refused("fibre_cableentry_end_once"):
        sql(
            "INSERT INTO fibre_cableentry (enclosure_id, cable_id, state, side) VALUES (%s, %s, 'end', 'a')",
            plant.enclosure("M3", "A"), plant.cables["K1"],
        )  # fmt: skip


def test_25_a_cable_enters_where_it_comes_out_of_its_tube(plant: Plant) -> None:
    plant.cable("K1", "A", "D", ("RV", 1))
    with refused("entry-off-way"):
        plant.enclosure("M", "B", enters="K1")
        settle()
    sql("SELECT fibre_open_tube(%s, %s, 'EZV 7 teilbar')", plant.tube("RV", 1), plant.nodes["B"])
    plant.enclosure("M", "B", enters="K1")
    settle()
    assert one("SELECT state FROM fibre_cableentry") == "looped"
    with refused("entry-off-way"):
        sql("DELETE FROM fibre_tubejoint")
        sql("SELECT fibre_mend_tube(%s, %s)", plant.tube("RV", 1), plant.nodes["B"])
        settle()


def test_26_chosen_fibres_are_cut_and_healed(plant: Plant) -> None:
    plant.buried("K1", "A", "B", "C", "D")
    plant.enclosure("M1", "B")
    plant.enclosure("M2", "C")
    plant.cut("K1", "M2", 1, 2)
    plant.cut("K1", "M1", 2, 3)
    settle()
    pieces = sql("SELECT number, count(*) FROM fibre_fibresection GROUP BY number ORDER BY number LIMIT 4")
    assert pieces == [(1, 2), (2, 3), (3, 2), (4, 1)]
    lengths = [
        round(one("SELECT glass_m / 1.02 FROM fibre_glass WHERE section_id = %s", plant.section(f"K1:2.{n}")))
        for n in (1, 2, 3)
    ]
    assert lengths == [100, 100, 100]
    with refused("fibre-not-cuttable-here"):
        plant.cut("K1", "M1", 3)
    with refused("fibre-not-cuttable-here"):
        plant.cut("K1", "M1", 13)
    sql("SELECT fibre_mend_fibres(%s, %s, '{2}')", plant.cables["K1"], plant.enclosures["M2"])
    settle()
    assert one("SELECT count(*) FROM fibre_fibresection WHERE number = 2") == 2
    with refused("fibre-not-cut-here"):
        sql("SELECT fibre_mend_fibres(%s, %s, '{2}')", plant.cables["K1"], plant.enclosures["M2"])


def test_27_a_cable_is_open_where_its_fibres_are_cut(plant: Plant) -> None:
    plant.buried("K1", "A", "B", "C", "D")
    plant.enclosure("M1", "B")
    plant.cut("K1", "M1", 2)
    settle()
    with refused("entry-not-opened"):
        sql("UPDATE fibre_cableentry SET state = 'looped'")
        settle()


def test_28_a_cable_has_all_its_fibres_from_end_to_end(plant: Plant) -> None:
    key = plant.buried("K1", "A", "B", "C", "D")
    with refused("fibre-incomplete"):
        sql("DELETE FROM fibre_fibresection WHERE number = 5")
        settle()
    with refused("fibre-incomplete"):
        sql("INSERT INTO fibre_fibresection (cable_id, number) VALUES (%s, 13)", key)
        settle()
    with refused("fibre_fibresection_first"):
        sql("INSERT INTO fibre_fibresection (cable_id, number) VALUES (%s, 12)", key)
    plant.enclosure("M1", "B")
    plant.cut("K1", "M1", 2)
    settle()
    with refused("fibre-incomplete"):
        sql("DELETE FROM fibre_fibresection WHERE cut_a_id IS NOT NULL")
        settle()


def test_29_cuts_stay_in_their_order(plant: Plant) -> None:
    plant.buried("K1", "A", "B", "C", "D")
    plant.enclosure("M1", "B")
    plant.enclosure("M2", "C")
    plant.cut("K1", "M1", 1)
    plant.cut("K1", "M2", 1)
    settle()
    with refused("fibre-cuts-order"):
        sql(
            "UPDATE fibre_enclosure SET node_id = CASE id WHEN %s THEN %s::uuid ELSE %s END",
            plant.enclosures["M1"],
            plant.nodes["C"],
            plant.nodes["B"],
        )
        settle()


def test_30_a_cable_stays_in_its_network_and_is_named_once_in_it(plant: Plant) -> None:
    key = plant.cable("K1", "A", "D")
    other = Plant(
        net=one(
            "INSERT INTO fibre_network (key, name, organisation_id) SELECT 'zwei', 'Zwei', organisation_id FROM fibre_network RETURNING id"
        )
    )
    with refused("network-stays"):
        sql("UPDATE fibre_cable SET network_id = %s WHERE id = %s", other.net, key)
    with refused("fibre_cable_name_once"):
        plant.cable("K1", "A", "D")


def test_31_an_example_of_every_number_that_is_none(plant: Plant) -> None:
    key = plant.cable("K1", "A", "D", ("RV", 1))
    for statement, constraint in (
        ("INSERT INTO fibre_slack (cable_id, node_id, length_m) VALUES (%s, %s, 0)", "fibre_slack_length"),
        (
            "INSERT INTO fibre_cablestep (cable_id, segment_id, ordinal) SELECT %s, id, 0 FROM fibre_segment WHERE from_node_id = %s",
            "fibre_cablestep_counts",
        ),
    ):
        with refused(constraint):
            sql(statement, key, plant.nodes["A"])


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("fibre_slack_length", "INSERT INTO fibre_slack (cable_id, node_id, length_m) SELECT id, from_node_id, 'NaN' FROM fibre_cable"),
        ("fibre_slack_length", "INSERT INTO fibre_slack (cable_id, node_id, length_m) SELECT id, from_node_id, 'Infinity' FROM fibre_cable"),
        ("fibre_cableentry_mark", "UPDATE fibre_cableentry SET mark_m = 'NaN'"),
        ("fibre_cableentry_mark", "UPDATE fibre_cableentry SET mark_m = 'Infinity'"),
        ("fibre_segment_cost", "UPDATE fibre_segment SET cost_eur = 'NaN'"),
        ("fibre_node_height", "UPDATE fibre_node SET height_m = 'NaN'"),
        ("fibre_node_height", "UPDATE fibre_node SET height_m = '-Infinity'"),
    ],
)  # fmt: skip
def test_32_no_number_is_not_a_number(plant: Plant, constraint: str, statement: str) -> None:
    """One such length would be that of every trace through the cable, and no JSON."""
    plant.cable("K1", "A", "D", ("RV", 1))
    plant.enclosure("M", "D", enters="K1")
    settle()
    with refused(constraint):
        sql(statement)
