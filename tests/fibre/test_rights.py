"""Who may do what with a network's tables, asked by raw SQL under each person's own log-in."""

from typing import Any

import psycopg
import pytest
from django.apps import apps

from gisapp import cluster
from layers.fibre.access import CHANGES, GUARDED, SEES
from layers.fibre.models import Segment
from tests.db.test_authorization import as_person
from tests.fibre.drawing import one, sql, wkt
from tests.fibre.world import World
from tests.fibre.world import shared as shared

pytestmark = pytest.mark.django_db
SEE = {"planner", "engineer", "contractor", "contractor near", "admin", "engineer of both", "operator"}
CHANGE = SEE - {"planner"}
# Rules that look after the rights have let somebody pass.
PASSED = {"done", "KG001", "23503", "23505"}


def _statements(here: World) -> dict[str, dict[str, tuple[str, list[Any]]]]:
    """Of each table one statement of each kind that nothing but a missing right stops."""
    tube, spare = (row[0] for row in sql("SELECT id FROM fibre_tube WHERE duct_id = %s ORDER BY position", here.duct))
    section = one("SELECT id FROM fibre_tubesection WHERE tube_id = %s", spare)
    step = one("SELECT max(id) FROM fibre_ductstep WHERE duct_id = %s", here.duct)
    joint, end = one("SELECT id FROM fibre_tubejoint"), one("SELECT min(id) FROM fibre_tubeend")
    keys = {
        "fibre_network": here.a, "fibre_node": here.lonely, "fibre_segment": here.spare, "fibre_duct": here.free,
        "fibre_ductstep": step, "fibre_tube": tube, "fibre_tubesection": section, "fibre_tubejoint": joint, "fibre_tubeend": end,
    }  # fmt: skip
    add = {
        "fibre_network": ("INSERT INTO fibre_network (key, name, organisation_id) SELECT 'neu', 'Neu', organisation_id FROM fibre_network "
                          "WHERE id = %s", [here.a]),
        "fibre_node": ("INSERT INTO fibre_node (network_id, geom) VALUES (%s, %s)", [here.a, wkt((600, 600))]),
        "fibre_segment": ("INSERT INTO fibre_segment (network_id, geom) VALUES (%s, %s)", [here.a, wkt((0, 50), (100, 50))]),
        "fibre_duct": ("INSERT INTO fibre_duct (network_id, spec_id, name) VALUES (%s, '10/6', 'neu')", [here.a]),
        "fibre_ductstep": ("INSERT INTO fibre_ductstep (duct_id, ordinal, segment_id) VALUES (%s, 3, %s)", [here.duct, here.street[2]]),
        "fibre_tube": ("INSERT INTO fibre_tube (duct_id, position, pipe_id) VALUES (%s, 1, '7/4')", [here.duct]),
        "fibre_tubesection": ("INSERT INTO fibre_tubesection (tube_id, from_node_id, to_node_id) VALUES (%s, %s, %s)",
                              [tube, here.middle, here.lonely]),
        "fibre_tubejoint": ("INSERT INTO fibre_tubejoint (node_id, fitting_id) VALUES (%s, 'EZV 7')", [here.middle]),
        "fibre_tubeend": ("INSERT INTO fibre_tubeend (joint_id, section_id, side) VALUES (%s, %s, 'b')", [joint, section]),
    }  # fmt: skip
    column = {
        "fibre_network": "name", "fibre_ductstep": "forward", "fibre_tube": "position", "fibre_tubesection": "to_node_id",
        "fibre_tubejoint": "fitting_id", "fibre_tubeend": "side",
    }  # fmt: skip
    found = {}
    for table, key in keys.items():
        change = column.get(table, "remark")
        found[table] = {
            "SELECT": (f"SELECT 1 FROM {table} WHERE id = %s", [key]),
            "INSERT": add[table],
            "UPDATE": (f"UPDATE {table} SET {change} = {change} WHERE id = %s", [key]),
            "DELETE": (f"DELETE FROM {table} WHERE id = %s", [key]),
        }
    return found


def test_01_each_role_each_table_each_verb(shared: World) -> None:
    """Far more than a sample: whoever is not named sees no row and writes none."""
    wrong = []
    for table, verbs in _statements(shared).items():
        for verb, (statement, values) in verbs.items():
            allowed = (
                {"operator"} if table == "fibre_network" and verb != "SELECT" else SEE if verb == "SELECT" else CHANGE
            )
            if (table, verb) == ("fibre_network", "SELECT"):
                allowed = SEE | {"contractor elsewhere"}  # a network has no place
            if (table, verb) == ("fibre_duct", "INSERT"):
                allowed = CHANGE | {"contractor elsewhere"}  # nor has a duct before it has its way
            if (table, verb) == ("fibre_tubejoint", "INSERT"):
                allowed = CHANGE | {"engineer of B"}  # whose own tube ends at that place
            for who in shared.people:
                outcome = shared.attempt(who, statement, *values)
                # (A stranger's new tube: the rule does not see the duct.)
                passed = outcome in (PASSED - {"KG001"} if verb == "INSERT" else PASSED)
                # To whom nothing is visible no rule says a word.
                if passed is not (who in allowed) or (who not in SEE and outcome == "KG001" and verb != "INSERT"):
                    wrong.append((table, verb, who, outcome))
    assert wrong == [], wrong


def test_02_without_a_condition_nothing_more_comes(shared: World) -> None:
    """What a person reads of a whole table is his own; each table of the network is asked."""
    tables = [apps.get_model(one_.model)._meta.db_table for one_ in GUARDED if not one_.common]
    for table in [*tables, "fibre_node", "fibre_segment", "fibre_duct"]:
        for who in ("staff", "producer", "citizen", "contractor elsewhere", "contractor ended"):
            seen = shared.asks(who, f"SELECT count(*) FROM {table}")[0][0]
            # The network itself has no place.
            expected = 1 if (who, table) == ("contractor elsewhere", "fibre_network") else 0
            assert seen == expected, (table, who)
        assert shared.asks("engineer of both", f"SELECT count(*) FROM {table}") == sql(f"SELECT count(*) FROM {table}")


def test_05_a_shared_trench_is_seen_by_its_guests(shared: World) -> None:
    """B sees the trench that its duct lies in, that row alone, and changes nothing of it."""
    trench, theirs = shared.street[0], "SELECT id FROM fibre_segment WHERE network_id = %s"
    assert (
        shared.asks("engineer of B", theirs, shared.a) == shared.asks("planner of B", theirs, shared.a) == [(trench,)]
    )
    assert shared.asks("engineer of B", "SELECT id FROM fibre_duct") == [(shared.guest,)]
    assert shared.asks("engineer of B", "SELECT count(*) FROM fibre_node") == [(0,)]
    assert shared.attempt("engineer of B", "UPDATE fibre_segment SET remark = 'x' WHERE id = %s", trench) == "42501"
    assert shared.attempt("engineer of B", "DELETE FROM fibre_segment WHERE id = %s", trench) in ("42501", "KG001")
    with shared.at_work("engineer of B") as work:
        work("DELETE FROM fibre_duct WHERE id = %s", shared.guest)
    with shared.at_work("engineer of B") as work:
        assert work("SELECT fibre_lay(%s, '10/6', 'zweites', %s) IS NOT NULL", shared.b, [trench]) == [(True,)]
    # No other trench of A is to be had by naming it.
    assert (
        shared.attempt("engineer of B", "SELECT fibre_lay(%s, '10/6', 'x', %s)", shared.b, shared.street[1:2])
        == "42501"
    )


def test_06_a_host_knows_that_a_guest_is_there_and_no_more(shared: World) -> None:
    trench = shared.street[0]
    assert shared.asks("engineer", "SELECT count(*) FROM fibre_duct WHERE network_id = %s", shared.b) == [(0,)]
    assert shared.asks("engineer", "SELECT count(*) FROM fibre_ductstep WHERE segment_id = %s", trench) == [(1,)]
    told = "SELECT organisation, ducts FROM fibre_guest_ducts(%s)"
    for who in ("engineer", "planner", "contractor near", "operator"):
        assert shared.asks(who, told, trench) == [("Amt b", 1)], who
    for who in ("citizen", "staff", "contractor elsewhere", "engineer of B"):
        assert shared.asks(who, told, trench) == [], who
    with as_person(shared.roles["engineer"]) as asker, pytest.raises(psycopg.Error) as refusal:
        asker.execute("DELETE FROM fibre_segment WHERE id = %s", [trench])
    words = str(refusal.value)
    assert "ein Rohr von Amt b" in words
    assert "RV-A" in words
    assert "Geheim" not in words


def test_09_functions_for_those_who_may(shared: World) -> None:
    tube = "(SELECT id FROM fibre_tube WHERE duct_id = %s ORDER BY position DESC LIMIT 1)"
    for who in ("engineer", "contractor near", "admin", "operator"):
        with shared.at_work(who) as work:
            second = work("SELECT fibre_split(%s, id) FROM fibre_node LIMIT 0", shared.street[2])
            assert second == []
            made = work(
                "INSERT INTO fibre_node (network_id, geom) VALUES (%s, %s) RETURNING id", shared.a, wkt((250, 0))
            )
            work("SELECT fibre_join(%s)", made[0][0])
            work(f"SELECT fibre_cut_tube({tube}, %s)", shared.duct, shared.middle)
            work(f"SELECT fibre_mend_tube({tube}, %s)", shared.duct, shared.middle)
            end = f"(SELECT id FROM fibre_tubesection WHERE tube_id = {tube})"
            work(f"SELECT fibre_couple('EK 7', {end}, 'a')", shared.duct)
            work("SELECT fibre_lay(%s, '10/6', 'neu', %s)", shared.a, shared.street)


@pytest.mark.parametrize(
    "who", ["planner", "engineer of B", "contractor elsewhere", "contractor ended", "staff", "citizen"]
)
def test_10_functions_refuse_the_others(shared: World, who: str) -> None:
    spare = one("SELECT max(id::text)::uuid FROM fibre_tube t WHERE duct_id = %s AND position = 2", shared.duct)
    section = one("SELECT id FROM fibre_tubesection WHERE tube_id = %s", spare)
    before = one("SELECT md5(string_agg(s::text, ',' ORDER BY id)) FROM fibre_ductstep s")
    calls = {
        "split": ("SELECT fibre_split(%s, %s)", shared.street[0], shared.lonely),
        "join": ("SELECT fibre_join(%s)", shared.middle),
        "lay": ("SELECT fibre_lay(%s, '10/6', 'x', %s)", shared.a, shared.street),
        "cut": ("SELECT fibre_cut_tube(%s, %s)", spare, shared.middle),
        "mend": ("SELECT fibre_mend_tube(%s, %s)", spare, shared.middle),
        "couple": ("SELECT fibre_couple('EK 7', %s, 'a')", section),
        "carry": ("SELECT fibre_carry(%s, %s)", shared.street[0], shared.street[2]),
        "note": ("SELECT fibre_note_due(ARRAY[%s]::uuid[])", shared.duct),
        "share": ("SELECT fibre_share_anew(ARRAY[%s]::uuid[])", shared.street[0]),
    }
    for who in ("planner", "engineer of B", "contractor elsewhere", "contractor ended", "staff", "citizen"):
        for name, (statement, *values) in calls.items():
            assert shared.attempt(who, statement, *values) in ("42501", "KG001"), (who, name)
    assert one("SELECT md5(string_agg(s::text, ',' ORDER BY id)) FROM fibre_ductstep s") == before


def test_11_a_part_of_a_function_is_not_to_be_had_by_imitating_it(shared: World) -> None:
    """The context of a statement holds its own text: what it says about who calls is no proof."""
    for who in ("citizen", "planner", "engineer of B"):
        with as_person(shared.roles[who]) as asker, pytest.raises(psycopg.errors.InsufficientPrivilege):
            asker.execute(
                f"DO $$ BEGIN PERFORM fibre_carry('{shared.street[0]}', /* function fibre_split( */ '{shared.street[2]}'); END $$"
            )


def test_12_history_and_what_is_due_are_nobodys(shared: World) -> None:
    events = [row[0] for row in sql("SELECT tablename FROM pg_tables WHERE tablename LIKE 'fibre%%event'")]
    assert len(events) >= 9
    for table in [*events, "fibre_due"]:
        for who in ("engineer", "operator", "engineer of B", "citizen"):
            for statement in (f"SELECT count(*) FROM {table}", f"DELETE FROM {table}"):
                assert shared.attempt(who, statement) == "42501", (table, who)


def test_13_no_table_of_the_network_is_without_rights(shared: World) -> None:
    """Whoever adds a table names it in access.py, or nobody reaches it."""
    open_ones = sql(
        "SELECT relname FROM pg_class c WHERE relkind IN ('r', 'v', 'm', 'p') AND relname LIKE 'fibre\\_%%' AND NOT relrowsecurity "
        "AND (has_table_privilege(%s, oid, 'SELECT') OR has_table_privilege(%s, oid, 'INSERT'))",
        cluster.MEMBER_ROLE, cluster.PUBLIC_ROLE,
    )  # fmt: skip
    assert open_ones == []
    for (name,) in sql("SELECT tablename FROM pg_tables WHERE tablename LIKE 'fibre\\_%%'"):
        assert not one("SELECT has_table_privilege(%s, %s, 'SELECT')", cluster.PUBLIC_ROLE, name), name


def test_14_roles_of_the_database_are_those_of_the_program(shared: World) -> None:
    assert set(one("SELECT fibre_writers()")) == {str(role) for role in CHANGES}
    assert set(one("SELECT fibre_readers()")) == {str(role) for role in SEES}
    assert CHANGES < SEES


def test_15_the_catalogue_is_read_by_those_who_see_networks_and_changed_by_operators(shared: World) -> None:
    for who in shared.people:
        seen = shared.asks(who, "SELECT count(*) > 10 FROM fibre_ductspec")[0][0]
        assert seen is (who in SEE | {"planner of B", "engineer of B", "contractor elsewhere"}), who
        changed = shared.attempt(who, "UPDATE fibre_ductspec SET name = name WHERE key = '10/6'")
        assert (changed == "done") is (who == "operator"), (who, changed)


def test_18_the_web_server_reads_by_its_own_rules(shared: World) -> None:
    """The web's role passes the policies; its doors ask the same question (tests/db/test_authorization.py)."""
    from layers.fibre import queries

    for who, user in shared.people.items():
        asked = {key for (key,) in shared.asks(who, "SELECT id FROM fibre_segment")}
        assert set(queries.segments(user).values_list("pk", flat=True)) == asked, who
        assert {row.pk for row in queries.networks(user)} == {
            key for (key,) in shared.asks(who, "SELECT id FROM fibre_network")
        }, who
    assert Segment.objects.count() == 4
