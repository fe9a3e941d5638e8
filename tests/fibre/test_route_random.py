"""Edits at random, and at once: whatever is drawn, moved, joined and deleted, the graph is whole and the history tells it."""

import threading
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fibre.drawing import broken, graph, network, node, one, segment, settle, sql, wkt

# Few places, so that things meet; some of them nearly the same.
PLACE = st.tuples(st.sampled_from([0, 10, 10.03, 20, 30]), st.sampled_from([0, 0.04, 10, 20]))
EDIT = st.one_of(
    st.tuples(st.just("draw"), st.lists(PLACE, min_size=2, max_size=4)),
    st.tuples(st.just("node"), PLACE),
    st.tuples(st.just("move"), st.integers(0, 20), PLACE),
    st.tuples(st.just("redraw"), st.integers(0, 20), st.lists(PLACE, min_size=2, max_size=3)),
    st.tuples(st.just("join"), st.integers(0, 20)),
    st.tuples(st.just("remove"), st.integers(0, 20)),
    st.tuples(st.just("remove node"), st.integers(0, 20)),
    st.tuples(st.just("lay"), st.integers(0, 20), st.integers(1, 4), st.sampled_from(["10/6", "7x7/4"])),
    st.tuples(st.just("cut"), st.integers(0, 20), st.integers(0, 20)),
    st.tuples(st.just("take up"), st.integers(0, 20)),
)


def pick(table: str, net: UUID, number: int) -> UUID | None:
    found = sql(f"SELECT id FROM {table} WHERE network_id = %s ORDER BY created_at, id", net)
    return found[number % len(found)][0] if found else None


def way(net: UUID, first: int, steps: int) -> list[UUID]:
    """So many segments in a row, as far as the network goes on from that one."""
    rows = sql(
        "SELECT id, from_node_id, to_node_id FROM fibre_segment WHERE network_id = %s ORDER BY created_at, id", net
    )
    if not rows:
        return []
    found, here = [rows[first % len(rows)][0]], rows[first % len(rows)][2]
    for _step in range(steps - 1):
        onward = next(((key, b if a == here else a) for key, a, b in rows if here in (a, b) and key not in found), None)
        if onward is None:
            break
        found.append(onward[0])
        here = onward[1]
    return found


def edit(net: UUID, what: str, *values: Any) -> None:
    if what == "draw":
        segment(net, *values[0])
    elif what == "node":
        node(net, *values[0])
    elif what in ("move", "join", "remove node"):
        key = pick("fibre_node", net, values[0])
        if what == "move":
            sql("UPDATE fibre_node SET geom = %s WHERE id = %s", wkt(values[1]), key)
        elif what == "join" and key:
            sql("SELECT fibre_join(%s)", key)
        else:
            sql("DELETE FROM fibre_node WHERE id = %s", key)
    elif what == "lay":
        sql("SELECT fibre_lay(%s, %s, NULL, %s)", net, values[2], way(net, values[0], values[1]))
    elif what == "cut":
        tubes = sql(
            "SELECT t.id FROM fibre_tube t JOIN fibre_duct d ON d.id = t.duct_id WHERE d.network_id = %s ORDER BY d.created_at, d.id, 1",
            net,
        )
        if tubes:
            sql("SELECT fibre_cut_tube(%s, %s)", tubes[values[0] % len(tubes)][0], pick("fibre_node", net, values[1]))
    elif what == "take up":
        sql("DELETE FROM fibre_duct WHERE id = %s", pick("fibre_duct", net, values[0]))
    else:
        key = pick("fibre_segment", net, values[0])
        if what == "redraw":
            sql("UPDATE fibre_segment SET geom = %s WHERE id = %s", wkt(*values[1]), key)
        else:
            sql("DELETE FROM fibre_segment WHERE id = %s", key)


def told_by_history(table: str, columns: str) -> set[tuple[Any, ...]]:
    """The rows as their last events have them."""
    return set(
        sql(
            f"SELECT {columns} FROM (SELECT DISTINCT ON (pgh_obj_id) * FROM {table}event "
            "ORDER BY pgh_obj_id, pgh_id DESC) e WHERE pgh_label <> 'delete'"
        )
    )


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(EDIT, min_size=1, max_size=14))
def test_01_whatever_is_edited_the_graph_is_whole(edits: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        net = network()
        for what, *values in edits:
            before = graph(net)
            try:
                with transaction.atomic():
                    edit(net, what, *values)
                    settle()
            except DatabaseError as refusal:
                cause = refusal.__cause__
                assert cause.sqlstate == "KG001" or str(cause.diag.constraint_name).startswith(
                    ("fibre_", "segment_")
                ), cause  # type: ignore[union-attr]
                assert graph(net) == before
            assert broken(net) == [], (what, values)
        for table, columns in (
            ("fibre_node", "id, kind, ST_AsBinary(geom)"),
            ("fibre_segment", "id, from_node_id, to_node_id, ST_AsBinary(geom), parent_id"),
            ("fibre_duct", "id, spec_id"),
            ("fibre_ductstep", "duct_id, ordinal, segment_id, forward"),
            ("fibre_tubesection", "id, tube_id, from_node_id, to_node_id"),
        ):
            live = set(sql(f"SELECT {columns} FROM {table}"))
            assert told_by_history(table, columns) == live, table
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_02_engineers_who_draw_at_once_wait_for_each_other() -> None:
    """Each draws a street with branches from the same main line; none is lost, nobody is refused or deadlocked."""
    net = network()
    segment(net, (0, 0), (1000, 0))
    trouble: list[str] = []
    start = threading.Barrier(4)

    def engineer(number: int) -> None:
        try:
            start.wait()
            for step in range(5):
                x = 50 + 200 * number + 30 * step
                with transaction.atomic():
                    segment(net, (x, 0), (x, 40))
                    node(net, x + 10, 0)
        except Exception as error:
            trouble.append(repr(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=engineer, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert trouble == []
    assert broken(net) == []
    assert len(graph(net)) == 20 + 41
    assert sum(length for a, b, length in graph(net) if a[1] == b[1] == 0) == pytest.approx(1000)


@pytest.mark.django_db(transaction=True)
def test_03_while_one_draws_the_other_waits_and_readers_do_not() -> None:
    net = network()
    segment(net, (0, 0), (100, 0))
    drawn, go = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            node(net, 50, 0)
            drawn.set()
            go.wait(20)
        connections.close_all()

    writer = threading.Thread(target=first)
    writer.start()
    assert drawn.wait(20)
    assert len(graph(net)) == 1, "a reader sees what is committed, at once"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '300ms'")
        node(net, 20, 0)
    # Another network is another matter.
    node(network("anderes"), 20, 0)
    go.set()
    writer.join()
    node(net, 20, 0)
    assert len(graph(net)) == 3
    assert one("SELECT count(*) FROM fibre_node WHERE network_id = %s", net) == 4
