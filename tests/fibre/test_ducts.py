"""The rules of ducts in raw SQL: walks, tubes, cuts, couplings - and what splits, joins and moves do to them."""

import uuid
from typing import Any

import pytest

from tests.fibre.drawing import (
    broken,
    duct,
    network,
    node,
    one,
    place,
    refused,
    sections,
    segment,
    settle,
    sql,
    walk,
    wkt,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def net() -> Any:
    return network()


@pytest.fixture
def street(net: Any) -> list[Any]:
    """Four segments in a row; the third one is drawn against the others."""
    return [segment(net, (0, 0), (100, 0)), segment(net, (100, 0), (200, 0)), segment(net, (300, 0), (200, 0)),
            segment(net, (300, 0), (400, 0))]  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ the walk


def test_01_a_duct_walks_its_segments_whichever_way_they_are_drawn(net: Any, street: list[Any]) -> None:
    made = duct(net, street)
    assert walk(made) == [(0, True), (100, True), (300, False), (300, True)]
    backwards = duct(net, street[::-1])
    assert [forward for _x, forward in walk(backwards)] == [False, True, False, False]
    assert sections(made) == [(1, 0, 400)]
    assert sections(backwards) == [(1, 400, 0)]


def test_02_the_tubes_come_from_the_product(net: Any, street: list[Any]) -> None:
    made = duct(net, street, "24x7/4")
    assert sql(
        "SELECT count(*), min(position), max(position), min(pipe_id) FROM fibre_tube WHERE duct_id = %s", made
    ) == [(24, 1, 24, "7/4")]
    assert len(sections(made)) == 24
    with refused("tube-not-of-spec"):
        sql("INSERT INTO fibre_tube (duct_id, position, pipe_id) VALUES (%s, 25, '7/4')", made)
    with refused("tube-not-of-spec"):
        sql("UPDATE fibre_tube SET pipe_id = '10/6' WHERE duct_id = %s AND position = 1", made)
    with refused("duct-keeps-spec"):
        sql("UPDATE fibre_duct SET spec_id = '12x7/4' WHERE id = %s", made)


def test_03_a_walk_has_no_gap(net: Any, street: list[Any]) -> None:
    with refused("duct-walk-empty"):
        duct(net, [])
    with refused("duct-walk-broken"):
        duct(net, [street[0], street[2]])
    made = duct(net, street)
    with refused("duct-walk-broken"):
        sql("DELETE FROM fibre_ductstep WHERE segment_id = %s", street[1])
        settle()
    assert len(walk(made)) == 4


def test_04_a_walk_does_not_repeat_itself_but_a_ring_may_close(net: Any, street: list[Any]) -> None:
    with refused("fibre_ductstep_segment_once"):
        duct(net, [street[0], street[0]])
    loop = [segment(net, (100, 0), (100, 50)), segment(net, (100, 50), (200, 0))]
    with refused("duct-walk-repeats"):
        duct(net, [street[0], *loop, street[1]])
    ring = duct(net, [street[1], *loop[::-1]])
    assert sections(ring) == [(1, 100, 100)]
    parallel = segment(net, (0, 0), (50, 30), (100, 0))
    assert sections(duct(net, [street[0], parallel])) == [(1, 0, 0)]


def test_05_between_two_statements_a_walk_may_be_broken_at_the_end_not(net: Any, street: list[Any]) -> None:
    made = duct(net, street[:2])
    detour = [segment(net, (100, 0), (150, 50)), segment(net, (150, 50), (200, 0))]
    sql("DELETE FROM fibre_ductstep WHERE duct_id = %s AND segment_id = %s", made, street[1])
    for number, one_ in enumerate(detour):
        sql("INSERT INTO fibre_ductstep (duct_id, ordinal, segment_id) VALUES (%s, %s, %s)", made, 2 + number, one_)
    settle()
    assert sections(made) == [(1, 0, 200)]
    assert one("SELECT count(*) FROM fibre_due") == 0


def test_06_a_longer_walk_takes_uncut_tubes_along(net: Any, street: list[Any]) -> None:
    made = duct(net, street[:2])
    sql("INSERT INTO fibre_ductstep (duct_id, ordinal, segment_id) VALUES (%s, 3, %s)", made, street[2])
    settle()
    assert sections(made) == [(1, 0, 300)]
    sql("DELETE FROM fibre_ductstep WHERE duct_id = %s AND ordinal = 1", made)
    settle()
    assert sections(made) == [(1, 100, 300)]
    with refused("duct-walk-lost"):
        sql("DELETE FROM fibre_ductstep WHERE duct_id = %s", made)
        settle()


def test_07_an_occupied_segment_stays(net: Any, street: list[Any]) -> None:
    duct(net, street[:1], name="RV-1")
    with refused("segment-occupied"):
        sql("DELETE FROM fibre_segment WHERE id = %s", street[0])
    sql("DELETE FROM fibre_segment WHERE id = %s", street[3])
    sql("DELETE FROM fibre_duct")
    sql("DELETE FROM fibre_segment WHERE id = %s", street[0])
    settle()


def test_08_a_segment_that_is_led_elsewhere_must_not_break_a_walk(net: Any, street: list[Any]) -> None:
    made = duct(net, street)
    with refused("duct-walk-broken"):
        sql("UPDATE fibre_segment SET geom = %s WHERE id = %s", wkt((100, 0), (190, 60)), street[1])
        settle()
    # The last one may end elsewhere: the duct goes along.
    sql("UPDATE fibre_segment SET geom = %s WHERE id = %s", wkt((300, 0), (390, 60)), street[3])
    settle()
    assert sections(made) == [(1, 0, 390)]


# ------------------------------------------------------------------------------------- under splits, joins and moves


def test_10_a_split_carries_every_duct_over(net: Any, street: list[Any]) -> None:
    there, back = duct(net, street), duct(net, street[::-1], "24x7/4")
    before = sections(there), sections(back)
    node(net, 150, 0, "S1", "manhole")
    node(net, 250, 0)
    settle()
    assert [x for x, _ in walk(there)] == [0, 100, 150, 250, 300, 300]
    assert [forward for _, forward in walk(there)] == [True, True, True, False, False, True]
    assert [forward for _, forward in walk(back)] == [False, True, True, False, False, False]
    assert (sections(there), sections(back)) == before
    assert broken(net) == []


def test_11_many_splits_at_once_keep_the_order(net: Any) -> None:
    """A segment drawn over three nodes, and one split thrice: the steps stay in the order of the way."""
    main = segment(net, (0, 0), (100, 0))
    ducts = [duct(net, [main]), duct(net, [main])]
    sql(
        "INSERT INTO fibre_node (network_id, geom) SELECT %s, ST_Translate(%s::geometry, 25 * i, 0) FROM generate_series(1, 3) i",
        net,
        wkt((0, 0)),
    )
    settle()
    for made in ducts:
        assert [x for x, _ in walk(made)] == [0, 25, 50, 75]
        assert sections(made) == [(1, 0, 100)]


def test_12_a_join_undoes_a_split_for_the_ducts_too(net: Any, street: list[Any]) -> None:
    there, back = duct(net, street), duct(net, street[::-1])
    before = walk(there), walk(back)
    made = node(net, 150, 0)
    settle()
    sql("SELECT fibre_join(%s)", made)
    settle()
    assert (walk(there), walk(back)) == before
    assert sorted(sql("SELECT ordinal FROM fibre_ductstep WHERE duct_id = %s", there)) == [(1,), (2,), (3,), (4,)]


def test_13_a_node_where_a_duct_ends_is_not_joined_away(net: Any, street: list[Any]) -> None:
    duct(net, street[:1])
    with refused("node-in-use"):
        sql("SELECT fibre_join(%s)", place(net, 100, 0))


def test_14_moving_a_node_moves_the_ducts(net: Any, street: list[Any]) -> None:
    made = duct(net, street)
    sql("UPDATE fibre_node SET geom = %s WHERE id = %s", wkt((100, 20)), place(net, 100, 0))
    settle()
    assert len(walk(made)) == 4
    assert sections(made) == [(1, 0, 400)]


# ---------------------------------------------------------------------------------------------- cutting and coupling


def test_20_a_tube_is_cut_where_it_passes(net: Any, street: list[Any]) -> None:
    made = duct(net, street, "12x7/4")
    third = one("SELECT id FROM fibre_tube WHERE duct_id = %s AND position = 3", made)
    new = one("SELECT fibre_cut_tube(%s, %s)", third, place(net, 200, 0))
    settle()
    assert [row for row in sections(made) if row[0] == 3] == [(3, 0, 200), (3, 200, 400)]
    assert len(sections(made)) == 13
    for at in ((0, 0), (400, 0), (200, 0)):
        with refused("tube-not-cuttable-here"):
            sql("SELECT fibre_cut_tube(%s, %s)", third, place(net, *at))
    with refused("unknown-tube"):
        sql("SELECT fibre_cut_tube(%s, %s)", uuid.uuid4(), place(net, 200, 0))
    sql("SELECT fibre_cut_tube(%s, %s)", third, place(net, 100, 0))
    settle()
    assert [row for row in sections(made) if row[0] == 3] == [(3, 0, 100), (3, 100, 200), (3, 200, 400)]
    assert one("SELECT from_node_id FROM fibre_tubesection WHERE id = %s", new) == place(net, 200, 0)


def test_21_a_cut_is_mended_unless_a_fitting_sits_there(net: Any, street: list[Any]) -> None:
    made = duct(net, street)
    tube = one("SELECT id FROM fibre_tube WHERE duct_id = %s", made)
    middle = place(net, 200, 0)
    with refused("tube-not-cut-here"):
        sql("SELECT fibre_mend_tube(%s, %s)", tube, middle)
    behind = one("SELECT fibre_cut_tube(%s, %s)", tube, middle)
    cap = one("SELECT fibre_couple('EK 10', %s, 'a')", behind)
    settle()
    with refused("tube-end-taken"):
        sql("SELECT fibre_mend_tube(%s, %s)", tube, middle)
    sql("DELETE FROM fibre_tubeend WHERE joint_id = %s", cap)
    sql("DELETE FROM fibre_tubejoint WHERE id = %s", cap)
    sql("SELECT fibre_mend_tube(%s, %s)", tube, middle)
    settle()
    assert sections(made) == [(1, 0, 400)]


def test_22_two_ends_at_one_node_are_coupled(net: Any, street: list[Any]) -> None:
    first, second = duct(net, street[:2]), duct(net, street[2:])
    a, b = (
        one("SELECT s.id FROM fibre_tubesection s JOIN fibre_tube t ON t.id = s.tube_id WHERE t.duct_id = %s", x)
        for x in (first, second)
    )
    joint = one("SELECT fibre_couple('EZV 10', %s, 'b', %s, 'a')", a, b)
    settle()
    assert one("SELECT node_id FROM fibre_tubejoint WHERE id = %s", joint) == place(net, 200, 0)
    with refused("fibre_tubeend_once"):
        sql("SELECT fibre_couple('EK 10', %s, 'b')", a)
    with refused("joint-ends"):
        sql("DELETE FROM fibre_tubeend WHERE joint_id = %s AND side = 'a'", joint)
        settle()


def test_22b_a_coupled_duct_stays(net: Any, street: list[Any]) -> None:
    made = duct(net, street)
    sql("SELECT fibre_couple('EK 10', (SELECT s.id FROM fibre_tubesection s), 'b')")
    with refused("duct-occupied"):
        sql("DELETE FROM fibre_duct WHERE id = %s", made)


@pytest.mark.parametrize(
    ("fitting", "code"),
    [
        ("EZV 7", "joint-does-not-fit"),
        ("RED 10/7", "joint-does-not-fit"),
        ("EK 10", "joint-ends"),
        ("RED 12/10", "joint-does-not-fit"),
    ],
)
def test_23_a_fitting_must_fit(net: Any, street: list[Any], fitting: str, code: str) -> None:
    first, second = duct(net, street[:2]), duct(net, street[2:])
    a, b = (
        one("SELECT s.id FROM fibre_tubesection s JOIN fibre_tube t ON t.id = s.tube_id WHERE t.duct_id = %s", x)
        for x in (first, second)
    )
    with refused(code):
        sql("SELECT fibre_couple(%s, %s, 'b', %s, 'a')", fitting, a, b)
        settle()


def test_24_a_house_connection_by_a_reducer(net: Any, street: list[Any]) -> None:
    """The nearest tube of a bundle that passes is cut, and coupled to a lead-in of another diameter."""
    bundle, house = duct(net, street, "24x7/4"), segment(net, (150, 0), (150, 20))
    lead_in = duct(net, [house], "10/6")
    settle()
    tube = one("SELECT id FROM fibre_tube WHERE duct_id = %s AND position = 5", bundle)
    sql("SELECT fibre_cut_tube(%s, %s)", tube, place(net, 150, 0))
    front = one("SELECT id FROM fibre_tubesection WHERE tube_id = %s AND to_node_id = %s", tube, place(net, 150, 0))
    end = one(
        "SELECT s.id FROM fibre_tubesection s JOIN fibre_tube t ON t.id = s.tube_id WHERE t.duct_id = %s", lead_in
    )
    assert sql("SELECT fibre_couple('RED 10/7', %s, 'b', %s, 'a')", front, end)
    settle()
    with refused("joint-elsewhere"):
        sql("UPDATE fibre_tubejoint SET node_id = %s", place(net, 0, 0))
        settle()


def test_25_a_cut_tube_holds_the_walk_at_its_cut(net: Any, street: list[Any]) -> None:
    made = duct(net, street)
    sql("SELECT fibre_cut_tube((SELECT id FROM fibre_tube WHERE duct_id = %s), %s)", made, place(net, 300, 0))
    settle()
    with refused("duct-cut-off-walk"):
        sql("DELETE FROM fibre_ductstep WHERE duct_id = %s AND ordinal >= 3", made)
        settle()
    with refused("duct-cut-off-walk"):
        sql(
            "UPDATE fibre_tubesection SET to_node_id = %s WHERE to_node_id = %s", place(net, 100, 0), place(net, 300, 0)
        )
        settle()


# ------------------------------------------------------------------------------------------------------- the catalogue


def test_30_the_catalogue_is_shipped_with_every_colour(net: Any) -> None:
    schemes = dict(sql("SELECT scheme_id, count(*) FROM fibre_schemecolour GROUP BY 1"))
    assert schemes == {"din": 24, "tia-598": 24, "iec-60794-2": 24, "swisscom": 24, "iso": 24, "gabo-24": 24}
    assert sql("SELECT colour_id, second_id, marked FROM fibre_schemecolour WHERE scheme_id = 'din' AND position IN (1, 13) ORDER BY position") == [
        ("rot", None, False), ("rot", None, True),
    ]  # fmt: skip
    assert sql("SELECT colour_id, second_id FROM fibre_schemecolour WHERE scheme_id = 'gabo-24' AND position = 6") == [
        ("gelb", "blau")
    ]
    with refused("fibre_colour_hex"):
        sql("UPDATE fibre_colour SET hex = 'rot' WHERE key = 'rot'")
    with refused("fibre_ductspec_diameters"):
        sql("UPDATE fibre_ductspec SET inner_mm = 11 WHERE key = '10/6'")
    with refused("fibre_fittingspec_ends"):
        sql("UPDATE fibre_fittingspec SET outer_b_mm = NULL WHERE kind = 'straight'")


def test_31_loading_it_again_changes_nothing_that_an_operator_changed() -> None:
    from django.apps import apps

    from layers.fibre import catalogue

    sql("UPDATE fibre_colour SET hex = '#ff0000' WHERE key = 'rot'")
    sql("DELETE FROM fibre_fittingspec WHERE key = 'EK 10'")
    before = one("SELECT count(*) FROM fibre_ductspectube")
    catalogue.load(lambda name: apps.get_model("fibre", name))
    assert one("SELECT hex FROM fibre_colour WHERE key = 'rot'") == "#ff0000"
    assert one("SELECT count(*) FROM fibre_fittingspec WHERE key = 'EK 10'") == 1
    assert one("SELECT count(*) FROM fibre_ductspectube") == before
