"""The rules of the route graph, each in raw SQL: drawing, snapping, splitting, moving, joining, deleting."""

import uuid
from typing import Any

import pytest
from django.db import connection

from tests import factories
from tests.fibre.drawing import broken, graph, line, network, node, one, refused, segment, settle, sql, wkt

pytestmark = pytest.mark.django_db


@pytest.fixture
def net() -> Any:
    return network()


# ------------------------------------------------------------------------------------------------------------- drawing


def test_01_a_segment_without_nodes_makes_branches(net: Any) -> None:
    made = segment(net, (0, 0), (100, 0))
    assert sorted(sql("SELECT kind, name FROM fibre_node")) == [("branch", None), ("branch", None)]
    assert one("SELECT length_m FROM fibre_segment WHERE id = %s", made) == pytest.approx(100)
    assert broken(net) == []


def test_02_ends_within_five_centimetres_are_drawn_to_the_node(net: Any) -> None:
    pop, cabinet = node(net, 0, 0, "PoP1", "pop"), node(net, 100, 0, "NVt-07", "cabinet")
    made = segment(net, (0.04, 0.02), (50, 10), (99.97, -0.03))
    assert sql("SELECT from_node_id, to_node_id FROM fibre_segment") == [(pop, cabinet)]
    assert line(made) == [(0, 0), (50, 10), (100, 0)]
    far = segment(net, (0.06, 0.02), (0, 50))
    assert one("SELECT from_node_id FROM fibre_segment WHERE id = %s", far) != pop
    assert broken(net) == []


def test_03_a_named_node_must_be_at_the_end(net: Any) -> None:
    pop = node(net, 0, 0, "PoP1", "pop")
    with refused("segment-misses-node"):
        segment(net, (1, 0), (100, 0), from_node=pop)
    with refused("unknown-node"):
        segment(net, (0, 0), (100, 0), from_node=uuid.uuid4())
    elsewhere = node(network("anderes"), 0, 0)
    with refused("unknown-node"):
        segment(net, (0, 0), (100, 0), from_node=elsewhere)
    assert segment(net, (0.03, 0), (100, 0), from_node=pop)


def test_04_no_segment_crosses_itself_or_ends_where_it_begins(net: Any) -> None:
    with refused("segment-not-simple"):
        segment(net, (0, 0), (10, 0), (10, 10), (5, -5))
    with refused("segment-closed"):
        segment(net, (0, 0), (10, 0), (10, 10), (0, 0))
    with refused("segment-closed"):
        segment(net, (0, 0), (10, 0), (10, 10), (0, 0.04))
    assert sql("SELECT id FROM fibre_node") == []


def test_05_parallel_segments_are_allowed_the_same_line_is_not(net: Any) -> None:
    segment(net, (0, 0), (50, 0), (100, 0))
    segment(net, (0, 0), (50, 10), (100, 0))
    with refused("fibre_segment_drawn_once"):
        segment(net, (0, 0), (50, 10), (100, 0))
    with refused("fibre_segment_drawn_once"):
        segment(net, (100, 0), (50, 10), (0, 0))
    # Another network's ducts may lie in a trench of its own at the same place.
    segment(network("anderes"), (0, 0), (50, 10), (100, 0))
    assert len(graph(net)) == 2


def test_06_two_nodes_are_never_on_one_spot(net: Any) -> None:
    here = node(net, 0, 0)
    with refused("node-on-node"):
        node(net, 0.03, 0.03)
    there = node(net, 10, 0)
    with refused("node-on-node"):
        sql("UPDATE fibre_node SET geom = %s WHERE id = %s", wkt((0.01, 0)), there)
    assert node(network("anderes"), 0, 0) != here


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE fibre_segment SET depth_cm = 60", "fibre_segment_depth_of_what"),
        ("UPDATE fibre_segment SET depth_cm = -1, depth_reference = 'cover'", "fibre_segment_depth_of_what"),
        ("UPDATE fibre_segment SET width_cm = 0", "fibre_segment_width"),
        ("UPDATE fibre_segment SET cost_eur = -1", "fibre_segment_cost"),
        ("UPDATE fibre_segment SET lifecycle = 'kaputt'", "fibre_segment_lifecycle"),
        ("UPDATE fibre_segment SET construction = 'magic'", "fibre_segment_construction"),
        ("UPDATE fibre_segment SET surface = 'x'", "fibre_segment_surface"),
        ("UPDATE fibre_segment SET survey_method = 'x'", "fibre_segment_survey"),
        ("UPDATE fibre_segment SET survey_accuracy_cm = 0", "fibre_segment_accuracy"),
        ("UPDATE fibre_segment SET name = ' '", "fibre_segment_name_told"),
        ("UPDATE fibre_node SET kind = 'cabinet'", "fibre_node_structure_named"),
        ("UPDATE fibre_node SET kind = 'x'", "fibre_node_kind"),
    ],
)
def test_07_values_that_there_are_not(net: Any, statement: str, code: str) -> None:
    segment(net, (0, 0), (100, 0))
    with refused(code):
        sql(statement)


def test_08_names_are_unique_in_their_network(net: Any) -> None:
    node(net, 0, 0, "NVt-07", "cabinet")
    with refused("fibre_node_name_once"):
        node(net, 50, 0, "NVt-07", "cabinet")
    assert node(network("anderes"), 50, 0, "NVt-07", "cabinet")


# ----------------------------------------------------------------------------------------------------------- splitting


def test_10_a_node_on_a_segment_splits_it(net: Any) -> None:
    old = segment(
        net, (0, 0), (100, 0), construction="plough", depth_cm=60, depth_reference="cover", cost_eur=1000, name="T1"
    )
    new = node(net, 40, 0.03, "S1", "manhole")
    parts = sql("SELECT id, parent_id, name, construction, depth_cm, cost_eur FROM fibre_segment ORDER BY length_m")
    assert parts[0] == (old, None, "T1", "plough", 60, 1000)
    assert parts[1][1:] == (old, None, "plough", 60, None)
    assert line(old) == [(0, 0), (40, 0.03)]
    assert line(parts[1][0]) == [(40, 0.03), (100, 0)]
    assert one("SELECT to_node_id FROM fibre_segment WHERE id = %s", old) == new
    assert broken(net) == []


def test_11_a_segment_drawn_over_nodes_is_split_at_each(net: Any) -> None:
    for x in (30, 60, 10):
        node(net, x, 0)
    segment(net, (0, 0), (100, 0))
    assert {(a[0], b[0]) for a, b, _ in graph(net)} == {(0, 10), (10, 30), (30, 60), (60, 100)}
    assert broken(net) == []


def test_12_a_branch_from_the_middle_of_a_segment_splits_it(net: Any) -> None:
    segment(net, (0, 0), (100, 0))
    segment(net, (50, 0), (50, 30))
    assert {(a, b) for a, b, _ in graph(net)} == {((0, 0), (50, 0)), ((50, 0), (100, 0)), ((50, 0), (50, 30))}
    # Crossing without a node is a bridge or a pipe below another: nothing is split.
    segment(net, (20, -10), (20, 10))
    assert len(graph(net)) == 4
    assert broken(net) == []


def test_13_splitting_by_hand_names_what_is_wrong(net: Any) -> None:
    old, beside = segment(net, (0, 0), (100, 0)), node(net, 50, 5)
    with refused("node-not-on-segment"):
        sql("SELECT fibre_split(%s, %s)", old, beside)
    with refused("unknown-segment"):
        sql("SELECT fibre_split(%s, %s)", uuid.uuid4(), beside)
    with refused("unknown-node"):
        sql("SELECT fibre_split(%s, %s)", old, uuid.uuid4())


def test_14_the_other_networks_segments_are_left_alone(net: Any) -> None:
    other = network("anderes")
    segment(other, (0, 0), (100, 0))
    node(net, 50, 0)
    assert len(graph(other)) == 1


# -------------------------------------------------------------------------------------------------------------- moving


def test_20_a_node_that_moves_drags_its_segments(net: Any) -> None:
    hub = node(net, 50, 0, "S1", "manhole")
    arms = [segment(net, (0, 0), (50, 0)), segment(net, (50, 0), (100, 0)), segment(net, (50, 40), (50, 0))]
    sql("UPDATE fibre_node SET geom = %s WHERE id = %s", wkt((52, 3)), hub)
    assert line(arms[0])[-1] == line(arms[1])[0] == line(arms[2])[-1] == (52, 3)
    assert one("SELECT length_m FROM fibre_segment WHERE id = %s", arms[0]) == pytest.approx((52**2 + 9) ** 0.5)
    assert broken(net) == []


def test_21_a_node_moved_onto_another_segment_is_connected_to_it(net: Any) -> None:
    segment(net, (0, 0), (100, 0))
    end = one("SELECT to_node_id FROM fibre_segment WHERE id = %s", segment(net, (50, 40), (50, 20)))
    sql("UPDATE fibre_node SET geom = %s WHERE id = %s", wkt((50, 0)), end)
    assert {(a, b) for a, b, _ in graph(net)} == {((0, 0), (50, 0)), ((50, 0), (100, 0)), ((50, 40), (50, 0))}
    assert broken(net) == []


def test_22_a_segment_redrawn_away_from_its_node_is_connected_anew(net: Any) -> None:
    made, cabinet = segment(net, (0, 0), (100, 0)), node(net, 100, 50, "NVt-1", "cabinet")
    sql("UPDATE fibre_segment SET geom = %s WHERE id = %s", wkt((0, 0), (100, 50)), made)
    assert one("SELECT to_node_id FROM fibre_segment WHERE id = %s", made) == cabinet
    assert broken(net) == []
    with refused("segment-misses-node"):
        sql("UPDATE fibre_segment SET to_node_id = (SELECT id FROM fibre_node WHERE name IS NULL AND id NOT IN "
            "(SELECT from_node_id FROM fibre_segment)) WHERE id = %s", made)  # fmt: skip


def test_23_what_would_become_a_loop_is_refused_and_nothing_has_moved(net: Any) -> None:
    segment(net, (0, 0), (50, 0))
    first, last = sql("SELECT from_node_id, to_node_id FROM fibre_segment")[0]
    with refused("node-on-node"):
        sql("UPDATE fibre_node SET geom = %s WHERE id = %s", wkt((0, 0)), last)
    assert len(graph(net)) == 1
    assert first != last


# ------------------------------------------------------------------------------------------------- joining and deleting


@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)])
def test_30_a_branch_between_two_segments_is_taken_out(net: Any, turned: tuple[bool, bool]) -> None:
    """Whichever way the two are drawn: the older keeps its key and its direction."""
    lines = [[(0, 0), (20, 5), (50, 0)], [(50, 0), (100, 0)]]
    first, second = (
        segment(net, *(reversed(one_) if turn else one_)) for one_, turn in zip(lines, turned, strict=True)
    )
    sql("UPDATE fibre_segment SET created_at = created_at - interval '1 day' WHERE id = %s", first)
    sql("UPDATE fibre_segment SET cost_eur = 7 WHERE id = %s", second)
    middle = one("SELECT id FROM fibre_node WHERE ST_DWithin(geom, %s, 1)", wkt((50, 0)))
    assert one("SELECT fibre_join(%s)", middle) == first
    expected = [(0, 0), (20, 5), (50, 0), (100, 0)]
    assert line(first) == (expected[::-1] if turned[0] else expected)
    assert sql("SELECT id, cost_eur FROM fibre_segment") == [(first, 7)]
    assert one("SELECT count(*) FROM fibre_node") == 2
    assert broken(net) == []


def test_31_splitting_and_joining_undo_each_other(net: Any) -> None:
    old = segment(net, (0, 0), (70, 10), (100, 0))
    before = line(old)
    middle = node(net, 35, 5)
    assert len(graph(net)) == 2
    assert one("SELECT fibre_join(%s)", middle) == old
    assert [one_ for one_ in line(old) if one_ != (35, 5)] == before


def test_32_what_cannot_be_joined_says_why(net: Any) -> None:
    segment(net, (0, 0), (50, 0))
    segment(net, (50, 0), (100, 0), surface="sealed")
    middle = one("SELECT id FROM fibre_node WHERE ST_DWithin(geom, %s, 1)", wkt((50, 0)))
    with refused("segments-differ"):
        sql("SELECT fibre_join(%s)", middle)
    sql("UPDATE fibre_segment SET surface = 'unknown'")
    segment(net, (50, 0), (50, 50))
    with refused("node-not-between-two"):
        sql("SELECT fibre_join(%s)", middle)
    with refused("unknown-node"):
        sql("SELECT fibre_join(%s)", uuid.uuid4())
    ring = network("ring")
    segment(ring, (0, 0), (50, 0))
    segment(ring, (50, 0), (50, 50), (0, 0))
    with refused("segment-closed"):
        sql(
            "SELECT fibre_join(%s)",
            one("SELECT id FROM fibre_node WHERE network_id = %s AND ST_DWithin(geom, %s, 1)", ring, wkt((50, 0))),
        )


def test_33_a_node_at_which_something_hangs_stays(net: Any) -> None:
    made = segment(net, (0, 0), (50, 0))
    with refused("node-in-use"):
        sql("DELETE FROM fibre_node")
    sql("DELETE FROM fibre_segment WHERE id = %s", made)
    sql("DELETE FROM fibre_node")
    assert sql("SELECT id FROM fibre_node") == []


# ----------------------------------------------------------------------------------------- networks, keys, who and when


def test_40_an_object_stays_in_its_network_and_belongs_to_its_organisation(net: Any) -> None:
    made, other = segment(net, (0, 0), (50, 0)), network("anderes", "amt-fern")
    with refused("network-stays"):
        sql("UPDATE fibre_segment SET network_id = %s WHERE id = %s", other, made)
    foreign = factories.organisation("amt-fern").pk
    sql("UPDATE fibre_segment SET organisation_id = %s WHERE id = %s", foreign, made)
    assert one("SELECT organisation_id FROM fibre_segment") != foreign
    sql("UPDATE fibre_network SET organisation_id = %s WHERE id = %s", foreign, net)
    assert set(
        sql(
            "SELECT organisation_id FROM fibre_segment UNION SELECT organisation_id FROM fibre_node WHERE network_id = %s",
            net,
        )
    ) == {(foreign,)}


def test_41_clients_make_keys(net: Any) -> None:
    key = uuid.uuid4()
    sql("INSERT INTO fibre_node (id, network_id, geom) VALUES (%s, %s, %s)", key, net, wkt((0, 0)))
    assert one("SELECT id FROM fibre_node") == key


def test_42_every_step_of_a_split_is_in_the_history(net: Any) -> None:
    old = segment(net, (0, 0), (100, 0))
    node(net, 40, 0)
    labels = sql("SELECT pgh_label, count(*) FROM fibre_segmentevent GROUP BY 1 ORDER BY 1")
    assert labels == [("insert", 2), ("update", 1)]
    then = sql(
        "SELECT ST_NPoints(geom), round(ST_Length(geom)) FROM fibre_segmentevent WHERE pgh_obj_id = %s ORDER BY pgh_id",
        old,
    )
    assert then == [(2, 100), (2, 40)]


def test_43_a_node_knows_its_municipality(net: Any) -> None:
    haby = factories.municipality("Haby", x=0, y=0)
    inside, outside = node(net, 100, 100), node(net, -500, 100)
    assert one("SELECT municipality_id FROM fibre_node WHERE id = %s", inside) == haby.pk
    assert one("SELECT municipality_id FROM fibre_node WHERE id = %s", outside) is None
    sql("UPDATE fibre_node SET geom = %s WHERE id = %s", wkt((200, 200)), outside)
    assert one("SELECT municipality_id FROM fibre_node WHERE id = %s", outside) == haby.pk


def test_44_the_lock_is_the_transactions(net: Any) -> None:
    node(net, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"
        )
        assert cursor.fetchone()[0] >= 1


def test_45_no_setting_of_a_session_switches_a_rule_off(net: Any) -> None:
    segment(net, (0, 0), (100, 0))
    middle = uuid.uuid4()
    sql("SELECT set_config('fibre.drawing', 'on', false), set_config('fibre.joining', %s, false)", str(middle))
    sql("INSERT INTO fibre_node (id, network_id, geom) VALUES (%s, %s, %s)", middle, net, wkt((50, 0)))
    segment(net, (50, -10), (50, 10))
    settle()
    assert broken(net) == []
    assert len(graph(net)) == 4


def test_46_a_whole_town_in_one_statement(net: Any) -> None:
    """Rows of one statement meet each other as rows of many do; and its history is told forwards."""
    sql(
        "INSERT INTO fibre_segment (network_id, geom) SELECT %s, ST_SetSRID(ST_MakeLine(ST_MakePoint(%s, %s + 20 * i), "
        "ST_MakePoint(%s + 100, %s + 20 * i)), 25832) FROM generate_series(0, 4) i UNION ALL SELECT %s, ST_SetSRID(ST_MakeLine("
        "ST_MakePoint(%s + 50, %s + 20 * i), ST_MakePoint(%s + 50, %s + 20 * i + 20)), 25832) FROM generate_series(0, 3) i",
        net, factories.X0, factories.Y0, factories.X0, factories.Y0, net, factories.X0, factories.Y0, factories.X0, factories.Y0,
    )  # fmt: skip
    assert len(graph(net)) == 5 * 2 + 4
    assert broken(net) == []
    last = sql(
        "SELECT DISTINCT ON (pgh_obj_id) pgh_obj_id, ST_AsBinary(geom) FROM fibre_segmentevent ORDER BY pgh_obj_id, pgh_id DESC"
    )
    assert set(last) == set(sql("SELECT id, ST_AsBinary(geom) FROM fibre_segment"))


def test_47_two_nodes_moved_in_one_statement_keep_their_segment(net: Any) -> None:
    made = segment(net, (0, 0), (50, 10), (100, 0))
    sql("UPDATE fibre_node SET geom = ST_Translate(geom, 0, 5)")
    assert line(made) == [(0, 5), (50, 10), (100, 5)]
    assert one("SELECT count(*) FROM fibre_node") == 2
