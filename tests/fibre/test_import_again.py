"""Newer deliveries of one source: what changed changes, what lies in it stays, and the same files change nothing."""

from typing import Any

import pytest

from tests.fibre.drawing import broken, graph, line, node, one, sql
from tests.fibre.test_import_network import events
from tests.fibre.test_import_parts import Files, codes, net, whole, wkt
from tests.fibre.test_import_parts import files as files

pytestmark = pytest.mark.django_db

STREET = [(0, 0), (50, 0), (100, 0)]


def settled() -> None:
    """What waits for the end of the transaction is looked at now, and its events are written."""
    sql("SELECT fibre_settle()")


def street(files: Files, corners: Any = STREET) -> None:
    """A trench with a duct in it, between two manholes."""
    files.nodes(("n1", "S1", "Schacht", *corners[0]), ("n2", "S2", "Schacht", *corners[-1]))
    files.trenches(("t1", corners))
    files.write("ducts", "id name type", [("d1", "RV1", "7x7/4")])
    files.write("duct_in_trench", "segment duct", [("t1", "d1")])


def steps() -> list[tuple[Any, ...]]:
    return sql("SELECT id, duct_id, segment_id, ordinal, forward FROM fibre_ductstep ORDER BY ordinal")


def pieces() -> list[list[tuple[float, float]]]:
    """The corners of the pieces of t1, from the west to the east."""
    return sorted(line(key) for (key,) in sql("SELECT id FROM fibre_segment"))


def redrawn(files: Files, *corners: tuple[float, float], **more: Any) -> Any:
    files.trenches(("t1", corners))
    return files.load(**more)


def test_01_the_same_files_again_write_no_event(files: Files) -> None:
    empty = events()
    whole(files)
    files.load()
    node(net(), 30, 0)
    settled()
    before = events()
    # (The history keeps what other tests' networks were.)
    assert before["fibre_segmentevent"] - empty["fibre_segmentevent"] > 2
    assert before["fibre_jointevent"] - empty["fibre_jointevent"] == 2
    again = files.load()
    assert not again.changed and again.rejected == []
    assert events() == before


def test_02_the_pieces_of_a_split_segment_follow_the_new_line(files: Files) -> None:
    street(files)
    files.load()
    node(net(), 50, 0), node(net(), 80, 0)
    keys, before = {row[0] for row in sql("SELECT id FROM fibre_segment")}, steps()
    assert len(keys) == 3 and len(before) == 3
    report = redrawn(files, (0, 0), (25, 4), (50, 0.02), (65, -3), (80, 0), (100, 0))
    assert (report.updated, report.created, report.rejected) == (1, 0, [])
    assert pieces() == [[(0, 0), (25, 4), (50, 0)], [(50, 0), (65, -3), (80, 0)], [(80, 0), (100, 0)]]
    assert {row[0] for row in sql("SELECT id FROM fibre_segment")} == keys
    assert steps() == before
    assert broken(net()) == []
    written = events()
    assert not files.load().changed and events() == written


def test_03_a_line_that_passes_by_is_refused_with_the_nodes_and_by_how_much(files: Files) -> None:
    street(files)
    files.load()
    node(net(), 50, 0, "Muffe 7"), node(net(), 80, 0, "M8")
    settled()
    was, written = pieces(), events()
    report = redrawn(files, (0, 0), (40, 2), (60, 2), (80, 0.03), (100, 0))
    assert [(problem.id, problem.code, problem.value) for problem in report.rejected] == [
        ("t1", "import-split-redrawn", "geteilt an 2 Knoten; der neue Verlauf geht vorbei an: Muffe 7 2.00 m")
    ]
    assert (pieces(), events()) == (was, written)
    # Who knows that the new survey is as far off says so, and then it is taken.
    assert redrawn(files, (0, 0), (50, 2), (80, 0.03), (100, 0), tolerance_m=0.3).rejected != []
    report = redrawn(files, (0, 0), (20, 3), (50, 0.2), (80, 0.03), (100, 0), tolerance_m=0.3)
    assert (report.updated, report.rejected) == (1, [])
    assert pieces()[0] == [(0, 0), (20, 3), (50, 0)]


def test_04_a_line_that_passes_the_nodes_in_another_order_is_refused(files: Files) -> None:
    street(files)
    files.load()
    node(net(), 30, 0, "A"), node(net(), 70, 0, "B")
    was = pieces()
    report = redrawn(files, (0, 0), (0, 10), (70, 10), (70, 0), (30, 0), (30, -10), (100, -10), (100, 0))
    assert [(problem.id, problem.code) for problem in report.rejected] == [("t1", "import-split-redrawn")]
    assert report.rejected[0].value.endswith("in anderer Folge vorbei: B, A")
    assert "A, B" not in report.rejected[0].value
    assert pieces() == was


def test_05_a_line_drawn_the_other_way_round_keeps_the_direction_that_is_there(files: Files) -> None:
    street(files)
    files.load()
    before = steps()
    report = redrawn(files, (100, 0), (50, 5), (0, 0))
    assert (report.updated, report.rejected) == (1, [])
    assert pieces() == [[(0, 0), (50, 5), (100, 0)]]
    assert steps() == before
    node(net(), 50, 5)
    before = steps()
    report = redrawn(files, (100, 0), (75, 9), (50, 5), (25, -9), (0, 0))
    assert (report.updated, report.rejected) == (1, [])
    assert pieces() == [[(0, 0), (25, -9), (50, 5)], [(50, 5), (75, 9), (100, 0)]]
    assert steps() == before and broken(net()) == []


def test_06_ends_move_with_their_nodes_and_snap_within_the_tolerance(files: Files) -> None:
    street(files)
    files.load()
    node(net(), 50, 0)
    files.nodes(("n1", "S1", "Schacht", 0, 8), ("n2", "S2", "Schacht", 100, 0))
    report = redrawn(files, (0, 8), (20, 6), (50, 0), (99.8, 0), tolerance_m=0.3)
    assert report.rejected == []
    assert pieces() == [[(0, 8), (20, 6), (50, 0)], [(50, 0), (100, 0)]]
    assert one("SELECT count(*) FROM fibre_node") == 3


def test_07_of_two_equal_lines_both_move_or_they_part(files: Files) -> None:
    files.trenches(("t1", STREET), ("t2", [(100, 0), (0, 0)]))
    files.load()
    assert one("SELECT count(*) FROM fibre_segment") == 1
    files.trenches(("t1", [(0, 0), (50, 9), (100, 0)]), ("t2", [(100, 0), (50, 9), (0, 0)]))
    report = files.load()
    assert (report.created, report.updated, report.rejected) == (0, 1, [])
    assert graph(net()) == {((0, 0), (100, 0), 101.61)}
    files.trenches(("t1", [(0, 0), (50, 9), (100, 0)]), ("t2", [(100, 0), (50, -20), (0, 0)]))
    report = files.load()
    assert (report.created, report.updated, report.rejected) == (1, 0, [])
    assert one("SELECT count(*) FROM fibre_segment") == 2 and one("SELECT count(*) FROM fibre_alias") == 0
    assert not files.load().changed


def _side_by_side(files: Files) -> None:
    """Both run along the street from 100 to 200; t2 goes on from there."""
    files.trenches(("t1", [(0, 0), (100, 0), (200, 0)]), ("t2", [(100, 0), (200, 0), (300, 0)]))
    files.load()
    assert {row[:2] for row in graph(net())} == {((0, 0), (100, 0)), ((100, 0), (200, 0)), ((200, 0), (300, 0))}


def test_08_where_a_line_leaves_the_piece_of_another_it_gets_its_own(files: Files) -> None:
    _side_by_side(files)
    files.trenches(("t1", [(0, 0), (100, 0), (200, 0)]), ("t2", [(100, 0), (150, 30), (200, 0), (300, 0)]))
    report = files.load()
    assert (report.updated, report.rejected) == (1, [])
    assert pieces() == [
        [(0, 0), (100, 0)], [(100, 0), (150, 30), (200, 0)], [(100, 0), (200, 0)], [(200, 0), (300, 0)],
    ]  # fmt: skip
    assert broken(net()) == []
    assert not files.load().changed


def test_11_but_not_under_a_duct(files: Files) -> None:
    _side_by_side(files)
    files.write("ducts", "id name type", [("d1", "RV1", "7x7/4")])
    files.write("duct_in_trench", "segment duct", [("t2", "d1")])
    files.load()
    was, before = pieces(), steps()
    files.trenches(("t1", [(0, 0), (100, 0), (200, 0)]), ("t2", [(100, 0), (150, 30), (200, 0), (300, 0)]))
    report = files.load()
    assert [(problem.id, problem.code) for problem in report.rejected] == [("t2", "duct-walk-repeats")]
    assert (pieces(), steps()) == (was, before)


def test_12_nodes_that_come_onto_a_line_split_it_and_what_lies_in_it_goes_on(files: Files) -> None:
    """Once because the delivery has a new node there, once because the line now runs over a node of ours."""
    street(files)
    files.load()
    node(net(), 60, 7, "M6")
    duct, written = one("SELECT id FROM fibre_duct"), []
    files.nodes(("n1", "S1", "Schacht", 0, 0), ("n2", "S2", "Schacht", 100, 0), ("n3", "S3", "Schacht", 20, 0))
    report = files.load()
    assert (report.created, report.rejected) == (1, [])
    assert [(row[1], row[3]) for row in steps()] == [(duct, 1), (duct, 2)]
    report = redrawn(files, (0, 0), (20, 0), (60, 7), (100, 0))
    assert (report.updated, report.rejected) == (1, [])
    assert pieces() == [[(0, 0), (20, 0)], [(20, 0), (60, 7)], [(60, 7), (100, 0)]]
    assert [(row[1], row[3]) for row in steps()] == [(duct, 1), (duct, 2), (duct, 3)]
    settled()
    written = [events(), steps()]
    assert broken(net()) == [] and not files.load().changed
    assert [events(), steps()] == written


def test_09_the_second_of_one_name_keeps_its_own(files: Files) -> None:
    files.write(
        "trenches",
        "id name wkt",
        [("t1", "TR-1", wkt(*STREET)), ("t2", "TR-1", wkt((0, 50), (100, 50)))],
    )
    assert codes(files.load()) == [("t2", "import-name-taken")]
    assert sql("SELECT name FROM fibre_segment ORDER BY 1") == [("TR-1",), ("TR-1 (t2)",)]
    before = events()
    assert not files.load().changed and events() == before


def test_10_a_cable_that_leaves_its_tube_on_the_way_is_placed_up_to_there(files: Files) -> None:
    """At one end of the duct, or at neither: the tube is cut where the cable begins and ends."""
    files.nodes(("n1", "A", "Schacht", 0, 0), ("n2", "B", "Schacht", 50, 0), ("n3", "C", "Schacht", 80, 0), ("n4", "D", "Schacht", 100, 0))  # fmt: skip
    files.trenches(("t1", [(0, 0), (100, 0)]))
    files.write("ducts", "id name type", [("d1", "RV1", "7x7/4")])
    files.write("duct_in_trench", "segment duct", [("t1", "d1")])
    files.write(
        "cables", "id name type fibres from to duct tube",
        [("c1", "K1", "12", 12, "n1", "n2", "d1", 1), ("c2", "K2", "12", 12, "n4", "n3", "d1", 2), ("c3", "K3", "12", 12, "n2", "n3", "d1", 3),
         ("c4", "K4", "12", 12, "n1", "n4", "d1", 4)],
    )  # fmt: skip
    report = files.load()
    assert report.rejected == []
    assert [(id_, code) for id_, code in codes(report) if id_.startswith("c")] == [
        (key, "import-tube-cut") for key in ("c1", "c2", "c3")
    ]
    assert sql(
        "SELECT c.name, t.position, a.name, b.name FROM fibre_cablestep s JOIN fibre_cable c ON c.id = s.cable_id JOIN fibre_tubesection x ON x.id ="
        " s.section_id JOIN fibre_tube t ON t.id = x.tube_id JOIN fibre_node a ON a.id = x.from_node_id JOIN fibre_node b ON b.id = x.to_node_id ORDER BY 1"
    ) == [("K1", 1, "A", "B"), ("K2", 2, "C", "D"), ("K3", 3, "B", "C"), ("K4", 4, "A", "D")]
    assert not files.load().changed
