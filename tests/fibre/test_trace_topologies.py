"""More drawn topologies for the trace, each told in full and compared with a walk in Python over the raw tables.

PoP ==K1== M1 ==K2== HAUS       the street of test_trace.py, of which these are variations
"""

import pytest

from layers.fibre.refs import starts
from layers.fibre.trace import Trace
from layers.fibre.tracing import Start, trace
from tests.fibre.drawing import network, one, refused, settle, sql
from tests.fibre.plant import Plant
from tests.fibre.test_trace import assert_trace, either, plant, pon, through, told, traced
from tests.fibre.walking import Walker

__all__ = ["plant", "pon"]
pytestmark = pytest.mark.django_db


def ends(found: Trace) -> set[tuple[str, str]]:
    return {(end.place, end.reason) for end in found.ends}


@pytest.fixture(autouse=True)
def _walked_apart(plant: Plant) -> object:
    """After each test: every fibre, port and device of what was drawn is traced, and walked in Python. They agree."""
    yield
    settle()
    walker = Walker()
    joined = {key for key, _side in walker.joined}
    for section in walker.state.rows["fibresection"]:
        if section["id"] in joined or section["number"] == 1:
            _agree(walker, Start("fibre", section["id"], "x"))
    for port in walker.state.rows["port"]:
        if port["id"] in joined:
            _agree(walker, Start("device" if port["device_id"] else "port", port["id"], "x"))


def _agree(walker: Walker, start: Start) -> None:
    found, walk = trace([start], geometry=False)[0], walker.walk(start.id)
    fibres = {hop.id: hop for hop in found.hops if hop.kind == "fibre"}
    on_way = {hop.id for hop in found.hops if hop.kind in ("fibre", "port", "device")}
    assert on_way == {one for one in walk.things if one not in walker.state.by_key["splitterleg"]}
    assert ("loop" in {end.reason for end in found.ends}) == walk.looped
    for key, hop in fibres.items():
        metres = walker.metres(key)
        assert hop.length_m is None if metres is None else hop.length_m == pytest.approx(metres)
    ports = walker.state.by_key["port"]
    free = {key for key, _side in walk.stops if key in ports and not ports[key]["device_id"]}
    assert free <= on_way
    hanging = sum(end.reason in ("not-spliced", "loose-end") for end in found.ends)
    places = {(end.name, end.place, end.branch) for end in found.ends if end.reason in ("not-spliced", "loose-end")}
    stopped = {(key, side) for key, side in walk.stops if key in walker.state.by_key["fibresection"]}
    assert len(places) == hanging <= max(len(stopped), 1) and bool(hanging) == bool(stopped)


def test_01_a_ring_cable(plant: Plant) -> None:
    """PoP --M1-- X --> PoP: both ends of RING are in the ODF."""
    plant.branch("M1", "X", dx=-50, dy=80)
    plant.segment("X", "POP")
    plant.buried("RING", "POP", "M1", "X", "POP")
    plant.enter("RING", "ODF")
    plant.enter("RING", "ODF")
    plant.pigtail("ODF", "RING:1", 11, lead="b")
    plant.pigtail("ODF", "RING:1", 12, lead="a")
    found = assert_trace("ODF/11", "ODF/11 [ODF] RING:1 [ODF] ODF/12", ("ODF/11", "port"), ("ODF/12", "port"))
    assert found.geometry and found.geometry["coordinates"][0] == found.geometry["coordinates"][-1]


def test_02_a_ring_that_feeds_a_house_from_both_sides(plant: Plant) -> None:
    """The ring is opened in M; one half ends on K2:1, the other on K2:2."""
    plant.branch("M1", "X", dx=-50, dy=80)
    plant.segment("X", "POP")
    plant.buried("RING", "POP", "M1", "X", "POP")
    plant.cut("RING", "M", 1)
    for lead, number in (("a", 1), ("b", 2)):
        plant.splice("M", "RING:1", f"K2:{number}", leads=(lead, None))
    one_way = assert_trace("K2:1", "RING:1 [M] K2:1", ("POP", "loose-end"), ("H", "not-spliced"))
    other = assert_trace("K2:2", "RING:1 [M] K2:2", ("POP", "loose-end"), ("H", "not-spliced"))
    assert (one_way.longest.length_m or 0) < (other.longest.length_m or 0)


def test_03_splitters_one_behind_the_other_in_one_box(plant: Plant) -> None:
    """K1:1 -> SP -> (leg on leg) -> SQ -> K2:1, K2:2"""
    plant.splitter("SP", "M", "1:2")
    plant.splitter("SQ", "M", "1:2")
    plant.leg("SP", "in", "K1:1")
    leg = "SELECT id FROM fibre_splitterleg WHERE splitter_id = %s AND is_input = %s AND number = 1"
    first, second = one(leg, plant.splitters["SP"], False), one(leg, plant.splitters["SQ"], True)
    one("SELECT fibre_join_ends('splice', %s, %s, '{a}', %s, '{a}')", plant.enclosures["M"], [first], [second])
    for number in (1, 2):
        plant.leg("SQ", str(number), f"K2:{number}")
    found = traced("K1:1")
    assert {end.branch for end in found.ends} == {"", "1.1", "1.2"}
    assert traced("K2:2").longest.loss_db[1310] == pytest.approx(0.204 * 0.36 + 2 * 3.7 + 3 * 0.1)


def test_04_a_splitter_fed_from_the_wrong_side(plant: Plant) -> None:
    """K1:1 on an output, K2:1 on another: light goes to the input only, and there is nothing."""
    plant.splitter("SP", "M")
    plant.leg("SP", "1", "K1:1")
    plant.leg("SP", "2", "K2:1")
    assert_trace("K1:1", "K1:1 [M] SPOUT1", ("ODF", "not-spliced"), ("SP OUT 1", "splitter-unused"))
    assert_trace("K2:1", "SPOUT2 [M] K2:1", ("H", "not-spliced"), ("SP OUT 2", "splitter-unused"))


def test_05_a_splitter_the_wrong_way_round(plant: Plant) -> None:
    """From the PoP into an output and out of the input: one way, no tree."""
    plant.splitter("SP", "M")
    plant.leg("SP", "2", "K1:1")
    plant.leg("SP", "in", "K2:1")
    found = traced("K1:1")
    assert len(found.paths) == 1 and ends(found) == {("ODF", "not-spliced"), ("H", "not-spliced")}


def test_06_two_cables_in_one_pipe(plant: Plant) -> None:
    plant.duct("R", "M1", "HAUS", spec="20/15")
    for name in ("A", "B"):
        plant.cable(name, "M1", "HAUS", ("R", 1))
        plant.enter(name, "M")
    plant.splice("M", "K1:1", "A:1")
    plant.splice("M", "K1:2", "B:1")
    assert_trace("K1:1", "K1:1 [M] A:1", ("ODF", "not-spliced"), ("HAUS", "loose-end"))
    assert_trace("K1:2", "K1:2 [M] B:1", ("ODF", "not-spliced"), ("HAUS", "loose-end"))


def test_07_a_window_cut_that_sends_the_light_back(plant: Plant) -> None:
    """LONG:4 and LONG:5 are cut in M and joined on the near side: there and back to the PoP."""
    plant.buried("LONG", "POP", "M1", "HAUS")
    plant.enter("LONG", "ODF")
    plant.cut("LONG", "M", 4, 5)
    plant.splice("M", "LONG:4", "LONG:5", leads=("a", "a"))
    found = assert_trace("LONG:4.1", "LONG:4 [M] LONG:5", ("ODF", "not-spliced"))
    assert found.longest.length_m == pytest.approx(204)
    assert_trace("LONG:5.2", "LONG:5", ("M", "not-spliced"), ("HAUS", "loose-end"))


def test_08_a_ring_spliced_to_itself_is_refused(plant: Plant) -> None:
    plant.branch("M1", "X", dx=-50, dy=80)
    plant.segment("X", "POP")
    plant.buried("RING", "POP", "M1", "X", "POP")
    plant.enter("RING", "ODF")
    plant.enter("RING", "ODF")
    with refused("joint-loop"):
        plant.splice("ODF", "RING:1", "RING:1", leads=("a", "b"))
        settle()


def test_09_neighbours_of_a_ring_joined_to_a_loop(plant: Plant) -> None:
    """RING:1 and RING:2 joined at both ends: light runs in circles."""
    plant.branch("M1", "X", dx=-50, dy=80)
    plant.segment("X", "POP")
    plant.buried("RING", "POP", "M1", "X", "POP")
    plant.enter("RING", "ODF")
    plant.enter("RING", "ODF")
    plant.splice("ODF", "RING:1", "RING:2", leads=("b", "a"))
    plant.splice("ODF", "RING:1", "RING:2", leads=("a", "b"))
    found = traced("RING:1")
    assert {end.reason for end in found.ends} == {"loop"} and not found.complete


def test_10_over_three_frames_in_the_pop(plant: Plant) -> None:
    """K1 - ODF/1 = A/1 - IN - B/1 = OLT/1, IN being a cable inside the building."""
    for name in ("A", "B"):
        plant.enclosure(name, "POP", spec="odf-144")
    plant.cable("IN", "POP", "POP")
    plant.enter("IN", "A")
    plant.enter("IN", "B")
    plant.pigtail("ODF", "K1:1", 1)
    plant.pigtail("A", "IN:1", 1)
    plant.pigtail("B", "IN:1", 1)
    plant.patch("ODF/1", "A/1")
    plant.patch("B/1", "OLT/1")
    way = "OLT/1 [POP] B/1 [B] IN:1 [A] A/1 [POP] ODF/1 [ODF] K1:1"
    found = assert_trace("IN:1", way, ("OLT/1", "device"), ("M", "not-spliced"))
    assert found.longest.length_m == pytest.approx(102), "an indoor cable without a way has no drawn length"


def test_11_copper_over_two_cabinets(plant: Plant) -> None:
    """HVt ==CU1== KVz1 ==CU2== KVz2 ==CU3== APL"""
    plant.branch("HAUS", "N")
    for name, a, b, spec in (
        ("CU1", "POP", "M1", "cu-50x2"),
        ("CU2", "M1", "HAUS", "cu-10x2"),
        ("CU3", "HAUS", "N", "cu-2x2"),
    ):
        plant.buried(name, a, b, spec=spec)
    plant.enclosure("KVZ1", "M1", spec="kvz", enters="CU1 CU2")
    plant.enclosure("KVZ2", "HAUS", spec="kvz", enters="CU2 CU3")
    plant.enclosure("APL", "N", spec="apl-cu", enters="CU3")
    plant.splice("KVZ1", "CU1:33", "CU2:4")
    plant.splice("KVZ2", "CU2:4", "CU3:2")
    plant.pigtail("APL", "CU3:2", 1)
    found = assert_trace(
        "CU2:4", "CU1:33 [KVZ1] CU2:4 [KVZ2] CU3:2 [APL] APL/1", ("POP", "loose-end"), ("APL/1", "port")
    )
    assert found.longest.length_m == pytest.approx(250) and found.longest.loss_db[1550] is None


def test_12_a_dead_fibre(plant: Plant) -> None:
    plant.buried("DEAD", "POP", "M1")
    assert_trace("DEAD:3", "DEAD:3", ("POP", "loose-end"), ("M1", "loose-end"))


def test_13_from_the_middle_of_three_pieces(plant: Plant) -> None:
    """LONG:4 is cut in M and in N, and spliced on in both."""
    plant.street("M1", "N1", "N2", y=300, x=500)
    plant.buried("LONG", "POP", "M1", "N1", "N2")
    plant.enclosure("N", "N1")
    for box in ("M", "N"):
        plant.cut("LONG", box, 4)
        plant.splice(box, "LONG:4", "LONG:4", leads=("a", "b"))
    found = assert_trace("LONG:4.2", "LONG:4 [M] LONG:4 [N] LONG:4", ("POP", "loose-end"), ("N2", "loose-end"))
    whole = traced("LONG:5")
    assert found.longest.length_m == pytest.approx(whole.longest.length_m)


def test_14_a_planned_piece_in_between(plant: Plant) -> None:
    """What is planned is on the way like anything else."""
    plant.street("HAUS", "P1", "P2", y=0, x=200)
    plant.buried("PLAN", "HAUS", "P1")
    plant.buried("OLD", "P1", "P2")
    plant.enter("PLAN", "H")
    plant.enclosure("P", "P1", enters="PLAN OLD")
    sql("UPDATE fibre_cable SET lifecycle = 'planned' WHERE id = %s", plant.cables["PLAN"])
    plant.splice("H", "K2:1", "PLAN:1")
    plant.splice("P", "PLAN:1", "OLD:1")
    assert_trace("OLD:1", "K2:1 [H] PLAN:1 [P] OLD:1", ("M", "not-spliced"), ("P2", "loose-end"))


def test_15_an_unplaced_cable_between_two(plant: Plant) -> None:
    plant.street("HAUS", "P1", "P2", y=0, x=200)
    plant.cable("AIR", "HAUS", "P1")
    plant.buried("END", "P1", "P2")
    plant.enter("AIR", "H")
    plant.enclosure("P", "P1", enters="AIR END")
    plant.splice("H", "K2:1", "AIR:1")
    plant.splice("P", "AIR:1", "END:1")
    found = assert_trace("K2:1", "K2:1 [H] AIR:1 [P] END:1", ("M", "not-spliced"), ("P2", "loose-end"))
    assert found.longest.length_m is None
    assert found.geometry and found.geometry["type"] == "MultiLineString", "with a gap where nobody knows"


def test_16_slack_counts_and_marks_count_instead(plant: Plant) -> None:
    """20 m lie in a loop at M1, 5 m at the end; then both marks are read, falling along the cable."""
    sql("INSERT INTO fibre_slack (cable_id, node_id, length_m) VALUES (%s, %s, 5), (%s, %s, 20)",
        plant.cables["K2"], plant.nodes["HAUS"], plant.cables["K2"], plant.nodes["M1"])  # fmt: skip
    assert traced("K2:1").longest.length_m == pytest.approx(125 * 1.02)
    for side, mark in (("a", 900.0), ("b", 771.5)):
        sql("UPDATE fibre_cableentry SET mark_m = %s WHERE cable_id = %s AND side = %s", mark, plant.cables["K2"], side)
    assert traced("K2:1").longest.length_m == pytest.approx(128.5 * 1.02)


def test_17_half_of_a_loop_on_either_side_of_a_cut(plant: Plant) -> None:
    plant.buried("LONG", "POP", "M1", "HAUS")
    sql(
        "INSERT INTO fibre_slack (cable_id, node_id, length_m) VALUES (%s, %s, 30)",
        plant.cables["LONG"],
        plant.nodes["M1"],
    )
    plant.cut("LONG", "M", 4)
    for ref in ("LONG:4.1", "LONG:4.2"):
        assert traced(ref).longest.length_m == pytest.approx(115 * 1.02)


def test_18_another_network_in_between(plant: Plant) -> None:
    """K2 - F1 (theirs) - OWN: those who see one network are told that it goes on, and nothing of what is behind."""
    other = Plant(net=network("fremd", of="nachbar"))
    plant.street("HAUS", "P1", "P2", y=0, x=200)
    other.nodes, other.segments = plant.nodes, plant.segments
    other.buried("F1", "HAUS", "P1")
    plant.buried("OWN", "P1", "P2")
    plant.enclosure("P", "P1", enters="OWN")
    for box in ("H", "P"):
        one("SELECT fibre_enter(%s, %s)", other.cables["F1"], plant.enclosures[box])
    for box, a, b in (("H", plant.cables["K2"], other.cables["F1"]), ("P", other.cables["F1"], plant.cables["OWN"])):
        sql("SELECT fibre_splice(%s, %s, 1, %s, 1)", plant.enclosures[box], a, b)
    assert told(traced("K2:1")) in ("K2:1 [H] F1:1 [P] OWN:1", "OWN:1 [P] F1:1 [H] K2:1")
    mine = one("SELECT organisation_id FROM fibre_network WHERE key = 'netz'")
    seen = trace(starts("K2:1", {mine}), {mine})[0]
    assert ends(seen) == {("M", "not-spliced"), ("H", "other-network")} and "OWN" not in str(seen.plain())


def test_19_from_device_to_device(plant: Plant) -> None:
    through(plant)
    plant.device("ONT", "HAUS", ports=1, kind="ont")
    plant.patch("H/1", "ONT/1")
    way = "OLT/1 [POP] ODF/1 [ODF] K1:1 [M] K2:1 [H] H/1 [HAUS] ONT/1"
    found = assert_trace("K1:1", way, ("OLT/1", "device"), ("ONT/1", "device"))
    assert found.longest.loss_db[1310] == pytest.approx(0.204 * 0.36 + 3 * 0.1 + 4 * 0.3)


@pytest.mark.parametrize("kind", ["plug", "through"])
def test_20_factory_plugs_and_passages(plant: Plant, kind: str) -> None:
    """Neither takes anything by itself."""
    box = plant.enclosures["H" if kind == "plug" else "M"]
    near = plant.port("H/1") if kind == "plug" else plant.section("K1:1")
    sides = ("a", "b") if kind == "plug" else ("b", "a")
    one(
        "SELECT fibre_join_ends(%s, %s, %s, %s, %s, %s)",
        kind,
        box,
        [near],
        [sides[0]],
        [plant.section("K2:1")],
        [sides[1]],
    )
    found = traced("K2:1")
    assert either(told(found), "K2:1 [H] H/1" if kind == "plug" else "K1:1 [M] K2:1")
    metres = 102 if kind == "plug" else 204
    assert found.longest.loss_db[1310] == pytest.approx(metres / 1000 * 0.36)


def test_21_a_splitter_behind_connectors(plant: Plant) -> None:
    """ODF/1 = S/1 - SP - S/2, S/3: the splitter's legs are on ports of its own frame."""
    plant.enclosure("S", "POP", spec="odf-144")
    plant.splitter("SP", "S", "1:2")
    legs = [
        row[0]
        for row in sql(
            "SELECT id FROM fibre_splitterleg WHERE splitter_id = %s ORDER BY is_input DESC, number",
            plant.splitters["SP"],
        )
    ]
    for number, leg in enumerate(legs, 1):
        one(
            "SELECT fibre_join_ends('pigtail', %s, %s, '{a}', %s, '{a}')",
            plant.enclosures["S"],
            [leg],
            [plant.port(f"S/{number}")],
        )
    plant.patch("OLT/1", "S/1")
    plant.pigtail("ODF", "K1:1", 1)
    plant.patch("S/2", "ODF/1")
    found = traced("OLT/1")
    assert ends(found) == {("OLT/1", "device"), ("M", "not-spliced"), ("S/3", "port")}
    assert {path.end.branch for path in found.paths} == {"1", "2"}


def test_22_a_loop_that_nobody_cut_is_no_place(plant: Plant) -> None:
    """An uncut cable in M is not joined there: the trace passes without a word."""
    plant.buried("LONG", "POP", "M1", "HAUS")
    plant.enter("LONG", "M")
    found = assert_trace("LONG:1", "LONG:1", ("POP", "loose-end"), ("HAUS", "loose-end"))
    assert [hop.kind for hop in found.hops] == ["fibre"]


def test_23_a_splitter_fed_back_into_itself(plant: Plant) -> None:
    """2:32 - K1:1 on the first input; output 1 goes to K2:1 and comes back on K2:2 to the second input."""
    plant.splitter("SP", "M", "2:32")
    plant.leg("SP", "in", "K1:1")
    plant.leg("SP", "1", "K2:1")
    plant.leg("SP", "in2", "K2:2")
    plant.splice("H", "K2:1", "K2:2")
    found = traced("K1:1")
    assert "loop" in {end.reason for end in found.ends} and not found.complete


def test_24_every_house_of_two_trees(pon: Plant, plant: Plant) -> None:
    """A second tree on the same cables stays apart from the first."""
    plant.splitter("SR", "M", "1:2")
    plant.leg("SR", "in", "K1:2")
    for number in (1, 2):
        plant.leg("SR", str(number), f"K2:{number + 6}")
    assert {hop.name for hop in traced("K1:2").hops if hop.kind == "fibre"} == {"K1:2", "K2:7", "K2:8"}
    assert {hop.name for hop in traced("K1:1").hops if hop.kind == "fibre"} == {"K1:1", "K2:1", "K2:2", "K2:3"}


def test_25_spliced_in_the_air_is_no_splice(plant: Plant) -> None:
    """A cable that ends at the closure's node but is not in it cannot be spliced there."""
    plant.buried("K8", "POP", "M1")
    with refused("fibre-not-here"):
        plant.splice("M", "K8:1", "K2:1")
    assert_trace("K8:1", "K8:1", ("POP", "loose-end"), ("M1", "loose-end"))


def test_26_drawn_against_the_light(plant: Plant) -> None:
    """K9 runs from the house to M1: the trace has no direction of its own."""
    plant.buried("K9", "HAUS", "M1")
    plant.enter("K9", "M")
    plant.enter("K9", "H")
    plant.splice("M", "K1:1", "K9:1")
    plant.pigtail("H", "K9:1", 1)
    found = assert_trace("K1:1", "K1:1 [M] K9:1 [H] H/1", ("ODF", "not-spliced"), ("H/1", "port"))
    assert found.geometry and found.geometry["type"] == "LineString"
