"""Traces on drawn networks: what comes after what, where it stops and why, how long and how lossy it is."""

from collections.abc import Callable

import pytest

from layers.fibre.refs import starts
from layers.fibre.trace import Trace
from layers.fibre.tracing import trace
from tests.fibre.drawing import one, settle, sql
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


def told(found: Trace) -> str:
    """The hops in order; joints in brackets, behind a splitter's output the branch."""
    joints = ("splice", "pigtail", "patch", "plug", "through")
    return " ".join(f"[{one_.name}]" if one_.kind in joints else one_.name.replace(" ", "") for one_ in found.hops)


def traced(ref: str) -> Trace:
    settle()
    found = trace(starts(ref))
    assert len(found) == 1, [one_.start for one_ in found]
    return found[0]


def either(text: str, *expected: str) -> bool:
    """One of these, read from either end: which end a trace is told from is its own business."""
    return text in (*expected, *(" ".join(reversed(one_.split())) for one_ in expected))


def assert_trace(ref: str, hops: str, *ends: tuple[str, str]) -> Trace:
    """The trace has these hops; `ends` are (where, reason)."""
    found = traced(ref)
    assert either(told(found), hops), told(found)
    assert {(one_.place, one_.reason) for one_ in found.ends} == set(ends), found.ends
    assert found.complete == all(reason in ("port", "device") for _place, reason in ends)
    assert (found.stop is None) == found.complete
    return found


@pytest.fixture
def plant() -> Plant:
    """OLT and ODF in the PoP, closure M on the way, HÜP H in house; K1 and K2 with 12 fibres between them."""
    found = Plant()
    found.street("POP", "M1", "HAUS")
    found.buried("K1", "POP", "M1")
    found.buried("K2", "M1", "HAUS")
    found.enclosure("ODF", "POP", spec="odf-144", enters="K1")
    found.enclosure("M", "M1", enters="K1 K2")
    found.enclosure("H", "HAUS", spec="huep-4", enters="K2")
    found.device("OLT", "POP")
    return found


def through(plant: Plant, many: int = 1) -> None:
    """Fibres 1.. are connected from the ODF to the house, the first is patched to the OLT."""
    plant.pigtail("ODF", "K1:1", 1, many)
    plant.splice("M", "K1:1", "K2:1", many)
    plant.pigtail("H", "K2:1", 1, min(many, 4))
    plant.patch("ODF/1", "OLT/1")


WHOLE = "OLT/1 [POP] ODF/1 [ODF] K1:1 [M] K2:1 [H] H/1"


@pytest.mark.parametrize("ref", ["K1:1", "K2:1", "ODF/1", "H/1", "OLT/1"])
def test_01_from_anywhere_on_it_the_way_is_the_same(plant: Plant, ref: str) -> None:
    through(plant)
    found = assert_trace(ref, WHOLE, ("OLT/1", "device"), ("H/1", "port"))
    assert found.longest.length_m == pytest.approx(2 * 100 * 1.02)
    glass = 0.204 * 0.36
    # Two pigtails and a splice at 0.1, the ODF's connector and the OLT's at 0.3; the HÜP's port is not plugged.
    assert found.longest.loss_db[1310] == pytest.approx(glass + 0.3 + 0.6)
    assert found.longest.loss_db[1550] == pytest.approx(0.204 * 0.22 + 0.3 + 0.6)


def test_02_a_fibre_that_is_spliced_nowhere(plant: Plant) -> None:
    found = assert_trace("K1:5", "K1:5", ("ODF", "not-spliced"), ("M", "not-spliced"))
    assert found.stop and found.stop.text == "die Faser ist hier nicht gespleißt"
    assert found.longest.length_m == pytest.approx(102)


def test_03_a_cable_that_ends_in_no_closure(plant: Plant) -> None:
    plant.branch("M1", "X")
    plant.buried("K3", "M1", "X")
    plant.enter("K3", "M")
    plant.splice("M", "K1:2", "K3:2")
    assert_trace("K1:2", "K1:2 [M] K3:2", ("ODF", "not-spliced"), ("X", "loose-end"))


def test_04_a_port_with_nothing_behind_it(plant: Plant) -> None:
    assert_trace("ODF/7", "ODF/7", ("ODF/7", "port-unused"), ("ODF/7", "port"))
    plant.patch("ODF/7", "OLT/2")
    assert_trace("OLT/2", "OLT/2 [POP] ODF/7", ("OLT/2", "device"), ("ODF/7", "port-unused"))


def test_05_a_device_with_nothing_plugged_in(plant: Plant) -> None:
    found = traced("OLT/3")
    assert told(found) == "OLT/3" and found.longest.length_m == 0


def test_06_patched_through_in_the_pop(plant: Plant) -> None:
    plant.enclosure("ODF2", "POP", spec="odf-144")
    plant.buried("K9", "POP", "M1")
    plant.enter("K9", "ODF2")
    plant.pigtail("ODF", "K1:3", 3)
    plant.pigtail("ODF2", "K9:8", 8)
    plant.patch("ODF/3", "ODF2/8")
    assert_trace("K9:8", "K9:8 [ODF2] ODF2/8 [POP] ODF/3 [ODF] K1:3", ("M1", "loose-end"), ("M", "not-spliced"))


def test_07_parallel_cables_are_kept_apart(plant: Plant) -> None:
    plant.buried("K1b", "POP", "M1")
    plant.enter("K1b", "M")
    plant.enter("K1b", "ODF")
    plant.splice("M", "K1b:1", "K2:1")
    plant.splice("M", "K1:1", "K2:2")
    assert_trace("K2:1", "K1b:1 [M] K2:1", ("ODF", "not-spliced"), ("H", "not-spliced"))
    assert_trace("K2:2", "K1:1 [M] K2:2", ("ODF", "not-spliced"), ("H", "not-spliced"))


def test_08_there_and_back_in_one_cable(plant: Plant) -> None:
    plant.splice("H", "K2:1", "K2:2")
    plant.splice("M", "K1:1", "K2:1")
    plant.splice("M", "K1:2", "K2:2")
    found = assert_trace("K1:1", "K1:1 [M] K2:1 [H] K2:2 [M] K1:2", ("ODF", "not-spliced"))
    assert len(found.paths) == 1 and found.longest.length_m == pytest.approx(408)


def test_09_a_loop_is_said(plant: Plant) -> None:
    for a, b in (("K1:1", "K2:1"), ("K1:2", "K2:2")):
        plant.splice("M", a, b)
    plant.splice("H", "K2:1", "K2:2")
    plant.splice("ODF", "K1:1", "K1:2")
    found = traced("K1:1")
    assert {one_.reason for one_ in found.ends} == {"loop"} and not found.complete


def test_10_a_fibre_is_cut_in_a_closure_on_its_way(plant: Plant) -> None:
    plant.buried("LONG", "POP", "M1", "HAUS")
    plant.cut("LONG", "M", 4)
    plant.enter("LONG", "ODF")
    assert_trace("LONG:4.1", "LONG:4", ("ODF", "not-spliced"), ("M", "not-spliced"))
    assert_trace("LONG:4.2", "LONG:4", ("M", "not-spliced"), ("HAUS", "loose-end"))
    assert_trace("LONG:5", "LONG:5", ("ODF", "not-spliced"), ("HAUS", "loose-end"))
    assert [one_.start for one_ in trace(starts("LONG:4"))] == ["LONG:4.1", "LONG:4.2"]


def test_11_a_house_is_fed_from_a_window_cut(plant: Plant) -> None:
    plant.buried("LONG", "POP", "M1", "HAUS", spec="24")
    plant.enter("LONG", "ODF")
    plant.cut("LONG", "M", 13)
    plant.splice("M", "LONG:13", "K2:1", leads=("a", None))
    plant.pigtail("ODF", "LONG:13", 13)
    plant.pigtail("H", "K2:1", 2)
    found = assert_trace("H/2", "ODF/13 [ODF] LONG:13 [M] K2:1 [H] H/2", ("ODF/13", "port"), ("H/2", "port"))
    assert found.longest.length_m == pytest.approx(204)
    fibre = next(one_ for one_ in found.hops if one_.name == "LONG:13")
    assert (fibre.bundle, fibre.colour) == (1, "rot mit Ring")


def test_12_cut_and_spliced_again_at_the_same_place(plant: Plant) -> None:
    plant.buried("LONG", "POP", "M1", "HAUS")
    plant.cut("LONG", "M", 4)
    sql(
        "SELECT fibre_splice(%s, %s, 4, %s, 4, 1, NULL, 'a', 'b')",
        plant.enclosures["M"], plant.cables["LONG"], plant.cables["LONG"],
    )  # fmt: skip
    assert_trace("LONG:4.1", "LONG:4 [M] LONG:4", ("POP", "loose-end"), ("HAUS", "loose-end"))


@pytest.fixture
def pon(plant: Plant) -> Plant:
    """A 1:4 splitter in M behind K1:1; outputs 1 to 3 go to the house on K2:1..3."""
    through_olt = plant
    through_olt.splitter("SP", "M", "1:4")
    plant.pigtail("ODF", "K1:1", 1)
    plant.patch("ODF/1", "OLT/1")
    plant.leg("SP", "in", "K1:1")
    for number in (1, 2, 3):
        plant.leg("SP", str(number), f"K2:{number}")
    plant.pigtail("H", "K2:1", 1, 2)
    return plant


def test_13_up_from_a_house_through_the_splitter(pon: Plant) -> None:
    found = assert_trace(
        "H/1", "OLT/1 [POP] ODF/1 [ODF] K1:1 [M] SPIN1 [M] K2:1 [H] H/1", ("OLT/1", "device"), ("H/1", "port")
    )
    assert found.longest.loss_db[1310] == pytest.approx(0.204 * 0.36 + 4 * 0.1 + 0.6 + 7.2)


def test_14_down_from_the_pop_to_every_output(pon: Plant) -> None:
    found = traced("ODF/1")
    assert {(one_.place, one_.reason, one_.branch) for one_ in found.ends} == {
        ("OLT/1", "device", ""), ("H/1", "port", "1"), ("H/2", "port", "2"), ("H", "not-spliced", "3"),
    }  # fmt: skip
    assert len(found.paths) == 3 and not found.complete and found.stop and found.stop.branch == "3"
    assert told(found).startswith("OLT/1 [POP] ODF/1 [ODF] K1:1 [M] SPOUT1 [M] K2:1 [H] H/1 [M] SPOUT2")


@pytest.mark.parametrize("ref", ["OLT/1", "K1:1", "SP#in"])
def test_15_from_any_start_above_the_splitter_the_tree_is_the_same(pon: Plant, ref: str) -> None:
    found = traced(ref)
    assert {(one_.begin.place, one_.end.place) for one_ in found.paths} == {
        ("OLT/1", "H/1"),
        ("OLT/1", "H/2"),
        ("OLT/1", "H"),
    }
    assert len({round(one_.loss_db[1310] or 0, 6) for one_ in found.paths if one_.complete}) == 1


def test_16_from_a_leg_of_the_splitter(pon: Plant) -> None:
    found = traced("SP#2")
    assert {(one_.begin.place, one_.end.place) for one_ in found.paths} in ({("OLT/1", "H/2")}, {("H/2", "OLT/1")})
    same = traced("H/2")
    assert found.longest.loss_db[1310] == pytest.approx(same.longest.loss_db[1310])


def test_17_a_splitter_with_nothing_on_its_outputs(plant: Plant) -> None:
    plant.splitter("SP", "M")
    plant.leg("SP", "in", "K1:1")
    assert_trace("K1:1", "K1:1 [M] SPIN1", ("ODF", "not-spliced"), ("SP IN 1", "splitter-unused"))


def test_18_an_output_whose_splitter_is_fed_by_nothing(plant: Plant) -> None:
    plant.splitter("SP", "M")
    plant.leg("SP", "3", "K2:3")
    assert_trace("K2:3", "SPOUT3 [M] K2:3", ("SP OUT 3", "splitter-unused"), ("H", "not-spliced"))


def test_19_splitters_in_a_row(pon: Plant) -> None:
    pon.splitter("SP2", "H", "1:2")
    sql(
        "DELETE FROM fibre_joint j USING fibre_jointend e WHERE e.joint_id = j.id AND e.section_id = %s AND e.side = 'b'",
        pon.section("K2:1"),
    )
    pon.leg("SP2", "in", "K2:1")
    pon.branch("HAUS", "N1")
    pon.buried("K4", "HAUS", "N1")
    pon.enter("K4", "H")
    pon.leg("SP2", "1", "K4:1")
    pon.leg("SP2", "2", "K4:2")
    found = traced("K1:1")
    assert {one_.branch for one_ in found.ends} == {"", "1.1", "1.2", "2", "3"}
    up = traced("K4:2")
    assert len(up.paths) == 1 and up.longest.loss_db[1310] == pytest.approx(
        0.306 * 0.36 + 7.2 + 3.7 + 0.6 + 6 * 0.1 - 0.1, abs=0.2
    )
    assert told(up).count("SP") == 2


def test_20_two_inputs(plant: Plant) -> None:
    plant.splitter("SP", "M", "2:32")
    plant.buried("K1b", "POP", "M1")
    plant.enter("K1b", "M")
    plant.leg("SP", "in", "K1:1")
    plant.leg("SP", "in2", "K1b:1")
    plant.leg("SP", "9", "K2:9")
    found = traced("K2:9")
    assert {(one_.begin.place, one_.end.place) for one_ in found.paths} in (
        {("H", "ODF"), ("H", "POP")}, {("ODF", "H"), ("POP", "H")},
    )  # fmt: skip


def test_21_copper_to_the_house(plant: Plant) -> None:
    plant.buried("CU1", "POP", "M1", spec="cu-50x2")
    plant.buried("CU2", "M1", "HAUS", spec="cu-10x2")
    plant.enclosure("KVZ", "M1", spec="kvz", enters="CU1 CU2")
    plant.enclosure("APL", "HAUS", spec="apl-cu", enters="CU2")
    plant.splice("KVZ", "CU1:21", "CU2:1")
    plant.pigtail("APL", "CU2:1", 1)
    found = assert_trace("APL/1", "CU1:21 [KVZ] CU2:1 [APL] APL/1", ("POP", "loose-end"), ("APL/1", "port"))
    assert found.longest.loss_db[1310] is None and found.longest.length_m == pytest.approx(200)


def test_22_a_cable_that_is_not_placed_has_no_length(plant: Plant) -> None:
    plant.cable("K5", "M1", "HAUS")
    plant.enter("K5", "M")
    plant.splice("M", "K1:6", "K5:6")
    found = assert_trace("K1:6", "K1:6 [M] K5:6", ("ODF", "not-spliced"), ("HAUS", "loose-end"))
    assert found.longest.length_m is None and found.longest.loss_db[1310] is None
    assert found.geometry and found.geometry["type"] == "LineString"  # of K1


def test_23_measured_splices_count_as_measured(plant: Plant) -> None:
    through(plant)
    before = traced("H/1").longest.loss_db[1310] or 0
    sql("UPDATE fibre_joint SET loss_db = 0.04, measured_on = '2026-05-01' WHERE kind = 'splice'")
    found = traced("H/1")
    assert found.longest.loss_db[1310] == pytest.approx(before - 0.06)
    assert [one_.measured for one_ in found.hops if one_.kind == "splice"] == [True]
    assert [one_.measured for one_ in found.hops if one_.kind == "pigtail"] == [False, False]


def test_24_the_line_on_the_map_is_one_line(plant: Plant) -> None:
    through(plant)
    shape = traced("K1:1").geometry
    assert shape and shape["type"] == "LineString" and len(shape["coordinates"]) == 3
    places = sql(
        "SELECT ST_X(ST_Transform(geom, 4326)), ST_Y(ST_Transform(geom, 4326)) FROM fibre_node WHERE name = 'HAUS'"
    )
    assert any(
        tuple(one_) == pytest.approx(places[0], abs=1e-6)
        for one_ in (shape["coordinates"][0], shape["coordinates"][-1])
    )


def test_25_colours_by_bundle_and_position(plant: Plant) -> None:
    plant.buried("BIG", "POP", "M1", spec="144")
    hop = traced("BIG:26").hops[0]
    assert (hop.bundle, hop.bundle_colour, hop.colour, hop.number) == (3, "blau", "grün", 26)
    assert hop.hex and hop.hex[0].startswith("#")


def test_26_ten_splices(plant: Plant) -> None:
    names = [f"N{number}" for number in range(12)]
    plant.street(*names, y=500)
    for number in range(11):
        plant.buried(f"C{number}", names[number], names[number + 1])
    for number in range(1, 11):
        plant.enclosure(f"E{number}", names[number], enters=f"C{number - 1} C{number}")
        plant.splice(f"E{number}", f"C{number - 1}:7", f"C{number}:7")
    for ref in ("C0:7", "C5:7", "C10:7"):
        found = traced(ref)
        assert sum(1 for one_ in found.hops if one_.kind == "fibre") == 11 and len(found.hops) == 21
        assert found.longest.length_m == pytest.approx(11 * 102)


def test_27_all_fibres_of_a_cable_at_once(plant: Plant, django_assert_num_queries: Callable[..., object]) -> None:
    through(plant, 4)
    settle()
    found = starts("K1")
    with django_assert_num_queries(0):  # raw statements: three, whatever the number of fibres
        all_ = trace(found, geometry=False)
    assert [one_.start for one_ in all_] == [f"K1:{number}" for number in range(1, 13)]
    assert [one_.complete for one_ in all_] == [True] * 4 + [False] * 8


def test_28_a_house_a_node_a_tube_and_a_duct_are_starts(plant: Plant) -> None:
    through(plant)
    plant.duct("R1", "M1", "HAUS", spec="7x7/4")
    plant.cable("T1", "M1", "HAUS", ("R1", 3), spec="6")
    settle()
    assert [one_.name for one_ in starts("H")] == [f"H/{number}" for number in range(1, 5)]
    assert {one_.name for one_ in starts("HAUS")} == {f"H/{number}" for number in range(1, 5)}
    assert (
        [one_.name for one_ in starts("R1:3")]
        == [f"T1:{number}" for number in range(1, 7)]
        == [one_.name for one_ in starts("R1")]
    )
    assert len(starts("M")) == 24 and {one_.kind for one_ in starts("M")} == {"fibre"}


def test_29_a_key_is_a_start(plant: Plant) -> None:
    through(plant)
    assert starts(str(plant.section("K1:1")))[0].name == "K1:1"
    assert starts(str(plant.port("ODF/1")))[0].name == "ODF/1"
    assert len(starts(str(plant.cables["K1"]))) == 12


def test_30_by_address(plant: Plant) -> None:
    from tests.factories import X0, Y0, address, street

    plant.branch("M1", "Haus 12", dy=30)
    plant.buried("K7", "M1", "Haus 12")
    plant.enclosure("HUEP 12", "Haus 12", spec="huep-4", enters="K7")
    x, y = sql("SELECT ST_X(geom), ST_Y(geom) FROM fibre_node WHERE name = 'Haus 12'")[0]
    address(street(), "12", x=x - X0 + 5, y=y - Y0)
    settle()
    # Nothing is connected: all its ports. Then the port that is.
    assert {one_.name for one_ in starts("Dorfstr. 12")} == {f"HUEP 12/{number}" for number in range(1, 5)}
    plant.pigtail("HUEP 12", "K7:3", 2)
    assert [one_.name for one_ in starts("Dorfstr. 12")] == ["HUEP 12/2"]


def test_30b_premises_say_which_building_an_address_is(plant: Plant) -> None:
    """A house further back on the plot, although another one is nearer."""
    from tests.factories import X0, Y0, address, street

    for name, dx, dy in (("Vorderhaus", 0, 30), ("Hinterhaus", 40, 90)):
        plant.branch("M1", name, dx=dx, dy=dy)
        plant.buried(f"K-{name}", "M1", name)
        plant.enclosure(f"HUEP {name}", name, spec="huep-4", enters=f"K-{name}")
    x, y = sql("SELECT ST_X(geom), ST_Y(geom) FROM fibre_node WHERE name = 'Vorderhaus'")[0]
    there = address(street(), "12", x=x - X0 + 5, y=y - Y0)
    settle()
    assert {one_.name.split("/")[0] for one_ in starts("Dorfstr. 12")} == {"HUEP Vorderhaus"}
    sql(
        "INSERT INTO fibre_premises (network_id, name, node_id, address_id) SELECT network_id, 'AO 12', id, %s FROM fibre_node WHERE name = 'Hinterhaus'",
        there.pk,
    )
    assert {one_.name.split("/")[0] for one_ in starts("Dorfstr. 12")} == {"HUEP Hinterhaus"}
    # The address may go; the premises stay.
    sql("DELETE FROM regions_address WHERE id = %s", there.pk)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert one("SELECT address_id FROM fibre_premises") is None


def test_31_what_is_not_there_and_what_is_there_twice(plant: Plant) -> None:
    from gisapp.errors import BadInput, NotFound

    for ref in ("K1:13", "K99:1", "ODF/145", "nirgends", "00000000-0000-4000-8000-000000000000", "K1:1.2", "SP#in"):
        with pytest.raises(NotFound):
            starts(ref)
    other = Plant(
        net=one(
            "INSERT INTO fibre_network (key, name, organisation_id) SELECT 'zwei', 'Zwei', organisation_id FROM fibre_network RETURNING id"
        )
    )
    other.street("POP", "M1", y=900)
    other.buried("K1", "POP", "M1", spec="6")
    with pytest.raises(BadInput):
        starts("K1:1")
    assert len(starts("zwei|K1")) == 6 and len(starts("netz|K1")) == 12


def test_32_another_network_is_not_looked_into(plant: Plant) -> None:
    from tests.fibre.drawing import network

    through(plant)
    other = Plant(net=network("fremd", of="nachbar"))
    other.nodes = plant.nodes
    other.segments = plant.segments
    other.buried("F1", "M1", "HAUS")
    other.enclosures["M"] = plant.enclosures["M"]
    other.enter("F1", "M")
    sql("SELECT fibre_splice(%s, %s, 5, %s, 5)", plant.enclosures["M"], plant.cables["K1"], other.cables["F1"])
    settle()
    mine = one("SELECT organisation_id FROM fibre_network WHERE key = 'netz'")
    found = trace(starts("K1:5", {mine}), {mine})[0]
    assert told(found) == "K1:5" and "F1" not in str(found.plain())
    assert {(one_.place, one_.reason) for one_ in found.ends} == {("ODF", "not-spliced"), ("M", "other-network")}
    assert trace(starts("K1:5"), {mine + 1}) == []
    from gisapp.errors import NotFound

    with pytest.raises(NotFound):
        starts("F1:5", {mine})


def test_33_what_json_tells(plant: Plant) -> None:
    through(plant)
    plain = traced("K1:1").plain()
    assert plain["complete"] is True and plain["stops_at"] is None and plain["reason"] is None
    assert plain["length_m"] == 204.0 and set(plain["loss_db"]) == {"1310", "1550"}
    splice = next(one_ for one_ in plain["hops"] if one_["kind"] == "splice")
    assert (splice["enclosure"], splice["tray"], splice["slot"], splice["node"]) == ("M", 1, 1, "M1")
    stopped = traced("K1:9").plain()
    assert stopped["stops_at"] in ("ODF", "M") and stopped["reason_code"] == "not-spliced" and not stopped["complete"]
