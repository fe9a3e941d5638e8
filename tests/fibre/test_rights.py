"""Who may do what with a network's tables, asked by raw SQL under each person's own log-in."""

import datetime
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from gisapp import cluster
from gisapp.accounts.models import Membership, Organisation, User
from layers.fibre.access import CHANGES, GUARDED, SEES
from layers.fibre.models import Segment
from tests.db.test_authorization import as_person
from tests.fibre.drawing import duct, node, one, refused, segment, sql, wkt
from tests.fibre.world import FAR, World
from tests.fibre.world import world as world

pytestmark = pytest.mark.django_db(transaction=True)

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
    free = one("SELECT fibre_lay(%s, '10/6', 'frei', %s)", here.a, here.street[2:])
    keys = {
        "fibre_network": here.a, "fibre_node": here.lonely, "fibre_segment": here.street[2], "fibre_duct": free,
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


def test_01_each_role_each_table_each_verb(world: World) -> None:
    """Far more than a sample: whoever is not named sees no row and writes none."""
    wrong = []
    for table, verbs in _statements(world).items():
        for verb, (statement, values) in verbs.items():
            allowed = (
                {"operator"} if table == "fibre_network" and verb != "SELECT" else SEE if verb == "SELECT" else CHANGE
            )
            for who in world.people:
                outcome = world.attempt(who, statement, *values)
                passed = outcome in PASSED
                # To whom nothing is visible no rule says a word.
                if passed is not (who in allowed) or (who not in SEE and outcome == "KG001" and verb != "INSERT"):
                    wrong.append((table, verb, who, outcome))
    assert wrong == []


def test_02_without_a_condition_nothing_more_comes(world: World) -> None:
    """What a person reads of a whole table is his own; each table of the network is asked."""
    tables = [apps.get_model(one_.model)._meta.db_table for one_ in GUARDED if not one_.common]
    for table in [*tables, "fibre_node", "fibre_segment", "fibre_duct"]:
        for who in ("staff", "producer", "citizen", "contractor elsewhere", "contractor ended"):
            seen = world.asks(who, f"SELECT count(*) FROM {table}")[0][0]
            # The network itself has no place.
            expected = 1 if (who, table) == ("contractor elsewhere", "fibre_network") else 0
            assert seen == expected, (table, who)
        assert world.asks("engineer of both", f"SELECT count(*) FROM {table}") == sql(f"SELECT count(*) FROM {table}")


def test_03_periods_accounts_and_organisations_end(world: World) -> None:
    ask = "SELECT count(*) FROM fibre_segment"
    assert world.asks("contractor near", ask) == [(3,)]
    near = Membership.objects.filter(user=world.people["contractor near"])
    today = timezone.localdate()
    for since, until in ((1, 9), (-9, -1)):
        near.update(valid_from=today + datetime.timedelta(since), valid_until=today + datetime.timedelta(until))
        assert world.asks("contractor near", ask) == [(0,)]
    near.update(valid_from=today, valid_until=today)
    assert world.asks("contractor near", ask) == [(3,)]
    Organisation.objects.filter(key="a").update(active=False)
    assert world.asks("engineer", ask) == [(0,)]
    Organisation.objects.filter(key="a").update(active=True)
    User.objects.filter(pk=world.people["engineer"].pk).update(is_active=False)
    assert world.asks("engineer", ask) == [(0,)]


def test_04_a_contractor_stays_in_his_area(world: World) -> None:
    beyond = segment(world.a, (FAR, 0), (FAR + 100, 0))
    assert world.asks("contractor near", "SELECT count(*) FROM fibre_segment WHERE id = %s", beyond) == [(0,)]
    assert world.attempt("contractor near", "UPDATE fibre_segment SET remark = 'x' WHERE id = %s", beyond) == "nothing"
    draw = "INSERT INTO fibre_segment (network_id, geom) VALUES (%s, %s)"
    assert world.attempt("contractor near", draw, world.a, wkt((FAR, 50), (FAR + 90, 50))) == "42501"
    move = "UPDATE fibre_node SET geom = %s WHERE id = %s"
    assert world.attempt("contractor near", move, wkt((FAR, 500)), world.lonely) == "42501"
    assert world.attempt("contractor near", move, wkt((510, 500)), world.lonely) == "done"
    # Nor does he lay a duct through what he does not see.
    lay = "SELECT fibre_lay(%s, '10/6', 'x', %s)"
    assert world.attempt("contractor near", lay, world.a, [beyond]) == "42501"
    assert world.attempt("contractor near", lay, world.a, world.street) == "done"


def test_05_a_shared_trench_is_seen_by_its_guests(world: World) -> None:
    """B sees the trench that its duct lies in, that row alone, and changes nothing of it."""
    shared, theirs = world.street[0], "SELECT id FROM fibre_segment WHERE network_id = %s"
    assert world.asks("engineer of B", theirs, world.a) == world.asks("planner of B", theirs, world.a) == [(shared,)]
    assert world.asks("engineer of B", "SELECT id FROM fibre_duct") == [(world.guest,)]
    assert world.asks("engineer of B", "SELECT count(*) FROM fibre_node") == [(0,)]
    assert world.attempt("engineer of B", "UPDATE fibre_segment SET remark = 'x' WHERE id = %s", shared) == "42501"
    assert world.attempt("engineer of B", "DELETE FROM fibre_segment WHERE id = %s", shared) in ("42501", "KG001")
    with world.at_work("engineer of B") as work:
        work("DELETE FROM fibre_duct WHERE id = %s", world.guest)
    with world.at_work("engineer of B") as work:
        assert work("SELECT fibre_lay(%s, '10/6', 'zweites', %s) IS NOT NULL", world.b, [shared]) == [(True,)]
    # No other trench of A is to be had by naming it.
    assert (
        world.attempt("engineer of B", "SELECT fibre_lay(%s, '10/6', 'x', %s)", world.b, world.street[1:2]) == "42501"
    )


def test_06_a_host_knows_that_a_guest_is_there_and_no_more(world: World) -> None:
    shared = world.street[0]
    assert world.asks("engineer", "SELECT count(*) FROM fibre_duct WHERE network_id = %s", world.b) == [(0,)]
    assert world.asks("engineer", "SELECT count(*) FROM fibre_ductstep WHERE segment_id = %s", shared) == [(1,)]
    told = "SELECT organisation, ducts FROM fibre_guest_ducts(%s)"
    for who in ("engineer", "planner", "contractor near", "operator"):
        assert world.asks(who, told, shared) == [("Amt b", 1)], who
    for who in ("citizen", "staff", "contractor elsewhere", "engineer of B"):
        assert world.asks(who, told, shared) == [], who
    with as_person(world.roles["engineer"]) as asker, pytest.raises(psycopg.Error) as refusal:
        asker.execute("DELETE FROM fibre_segment WHERE id = %s", [shared])
    words = str(refusal.value)
    assert "ein Rohr von Amt b" in words
    assert "RV-A" in words
    assert "Geheim" not in words


def test_07_who_shares_follows_from_what_lies_there(world: World) -> None:
    """Laid, split, taken out, handed over: the database keeps it, and nobody can say otherwise."""
    second, third = (Organisation.objects.get(key="b").pk, Organisation.objects.get(key="a").pk)

    def sharing() -> list[Any]:
        return [
            row[0]
            for row in sql(
                "SELECT shared_with FROM fibre_segment WHERE network_id = %s ORDER BY ST_XMin(geom)", world.a
            )
        ]

    assert sharing() == [[second], None, None]
    sql("UPDATE fibre_segment SET shared_with = ARRAY[99] WHERE network_id = %s", world.a)
    assert sharing() == [[second], None, None]
    node(world.a, 40, 0)
    assert sharing() == [[second], [second], None, None]
    sql("UPDATE fibre_network SET organisation_id = %s WHERE id = %s", third, world.b)
    assert sharing() == [None, None, None, None]
    assert one("SELECT organisation_id FROM fibre_duct WHERE id = %s", world.guest) == third
    sql("UPDATE fibre_network SET organisation_id = %s WHERE id = %s", second, world.a)
    assert sharing() == [[third], [third], None, None]
    sql("DELETE FROM fibre_duct WHERE id = %s", world.guest)
    assert sharing() == [None, None, None, None]


def test_08_rules_tell_a_stranger_nothing(world: World) -> None:
    """Rights are asked before rules: whatever a stranger sends to a place of the network, the answer is the same."""
    node(world.a, 700, 700, "NVt-geheim", "cabinet")
    draw = "INSERT INTO fibre_node (network_id, geom) VALUES (%s, %s)"
    for who in ("engineer of B", "citizen", "staff", "contractor ended", "planner"):
        answers = set()
        for place in ((700, 700), (720, 720), (50, 0)):
            with as_person(world.roles[who]) as asker, pytest.raises(psycopg.Error) as refusal:
                asker.execute(draw, [world.a, wkt(place)])
            answers.add(str(refusal.value))
        assert len(answers) == 1, who
        assert "NVt" not in answers.pop()
    # A step on a trench that is there and on one that is not.
    step = "INSERT INTO fibre_ductstep (duct_id, ordinal, segment_id) VALUES (%s, 2, %s)"
    for key in (world.street[1], world.a):
        assert world.attempt("engineer of B", step, world.guest, key) == "42501"


def test_09_functions_for_those_who_may(world: World) -> None:
    tube = "(SELECT id FROM fibre_tube WHERE duct_id = %s ORDER BY position DESC LIMIT 1)"
    for who in ("engineer", "contractor near", "admin", "operator"):
        with world.at_work(who) as work:
            second = work("SELECT fibre_split(%s, id) FROM fibre_node LIMIT 0", world.street[2])
            assert second == []
            made = work(
                "INSERT INTO fibre_node (network_id, geom) VALUES (%s, %s) RETURNING id", world.a, wkt((250, 0))
            )
            work("SELECT fibre_join(%s)", made[0][0])
            work(f"SELECT fibre_cut_tube({tube}, %s)", world.duct, world.middle)
            work(f"SELECT fibre_mend_tube({tube}, %s)", world.duct, world.middle)
            end = f"(SELECT id FROM fibre_tubesection WHERE tube_id = {tube})"
            work(f"SELECT fibre_couple('EK 7', {end}, 'a')", world.duct)
            work("SELECT fibre_lay(%s, '10/6', 'neu', %s)", world.a, world.street)


@pytest.mark.parametrize(
    "who", ["planner", "engineer of B", "contractor elsewhere", "contractor ended", "staff", "citizen"]
)
def test_10_functions_refuse_the_others(world: World, who: str) -> None:
    spare = one("SELECT max(id::text)::uuid FROM fibre_tube t WHERE duct_id = %s AND position = 2", world.duct)
    section = one("SELECT id FROM fibre_tubesection WHERE tube_id = %s", spare)
    before = one("SELECT md5(string_agg(s::text, ',' ORDER BY id)) FROM fibre_ductstep s")
    calls = {
        "split": ("SELECT fibre_split(%s, %s)", world.street[0], world.lonely),
        "join": ("SELECT fibre_join(%s)", world.middle),
        "lay": ("SELECT fibre_lay(%s, '10/6', 'x', %s)", world.a, world.street),
        "cut": ("SELECT fibre_cut_tube(%s, %s)", spare, world.middle),
        "mend": ("SELECT fibre_mend_tube(%s, %s)", spare, world.middle),
        "couple": ("SELECT fibre_couple('EK 7', %s, 'a')", section),
        "carry": ("SELECT fibre_carry(%s, %s)", world.street[0], world.street[2]),
        "note": ("SELECT fibre_note_due(ARRAY[%s]::uuid[])", world.duct),
        "share": ("SELECT fibre_share_anew(ARRAY[%s]::uuid[])", world.street[0]),
    }
    for who in ("planner", "engineer of B", "contractor elsewhere", "contractor ended", "staff", "citizen"):
        for name, (statement, *values) in calls.items():
            assert world.attempt(who, statement, *values) in ("42501", "KG001"), (who, name)
    assert one("SELECT md5(string_agg(s::text, ',' ORDER BY id)) FROM fibre_ductstep s") == before


def test_11_a_part_of_a_function_is_not_to_be_had_by_imitating_it(world: World) -> None:
    """The context of a statement holds its own text: what it says about who calls is no proof."""
    for who in ("citizen", "planner", "engineer of B"):
        with as_person(world.roles[who]) as asker, pytest.raises(psycopg.errors.InsufficientPrivilege):
            asker.execute(
                f"DO $$ BEGIN PERFORM fibre_carry('{world.street[0]}', '{world.street[2]}') /* function fibre_split( */; END $$"
            )


def test_12_history_and_what_is_due_are_nobodys(world: World) -> None:
    events = [row[0] for row in sql("SELECT tablename FROM pg_tables WHERE tablename LIKE 'fibre%%event'")]
    assert len(events) >= 9
    for table in [*events, "fibre_due"]:
        for who in ("engineer", "operator", "engineer of B", "citizen"):
            for statement in (f"SELECT count(*) FROM {table}", f"DELETE FROM {table}"):
                assert world.attempt(who, statement) == "42501", (table, who)


def test_13_no_table_of_the_network_is_without_rights(world: World) -> None:
    """Whoever adds a table names it in access.py, or nobody reaches it."""
    open_ones = sql(
        "SELECT relname FROM pg_class c WHERE relkind IN ('r', 'v', 'm', 'p') AND relname LIKE 'fibre\\_%%' AND NOT relrowsecurity "
        "AND (has_table_privilege(%s, oid, 'SELECT') OR has_table_privilege(%s, oid, 'INSERT'))",
        cluster.MEMBER_ROLE, cluster.PUBLIC_ROLE,
    )  # fmt: skip
    assert open_ones == []
    for (name,) in sql("SELECT tablename FROM pg_tables WHERE tablename LIKE 'fibre\\_%%'"):
        assert not one("SELECT has_table_privilege(%s, %s, 'SELECT')", cluster.PUBLIC_ROLE, name), name


def test_14_roles_of_the_database_are_those_of_the_program() -> None:
    assert set(one("SELECT fibre_writers()")) == {str(role) for role in CHANGES}
    assert CHANGES < SEES


def test_15_the_catalogue_is_read_by_those_who_see_networks_and_changed_by_operators(world: World) -> None:
    for who in world.people:
        seen = world.asks(who, "SELECT count(*) > 10 FROM fibre_ductspec")[0][0]
        assert seen is (who in SEE | {"planner of B", "engineer of B", "contractor elsewhere"}), who
        changed = world.attempt(who, "UPDATE fibre_ductspec SET name = name WHERE key = '10/6'")
        assert (changed == "done") is (who == "operator"), (who, changed)


def test_16_policies_hold_without_the_triggers_that_say_why(world: World) -> None:
    """Two guards stand one behind the other; each must hold alone."""
    step = "INSERT INTO fibre_ductstep (duct_id, ordinal, segment_id) VALUES (%s, 2, %s)"
    for switch in ("DISABLE", "ENABLE"):
        with connection.cursor() as cursor:
            for table in ("fibre_ductstep", "fibre_segment", "fibre_tube"):
                cursor.execute(f"ALTER TABLE {table} {switch} TRIGGER gisapp_reach")
        assert world.attempt("planner", "UPDATE fibre_segment SET remark = 'x'") == "42501"
        assert world.attempt("engineer of B", step, world.guest, world.street[1]) == "42501"
        assert world.attempt("engineer of B", step, world.duct, world.street[0]) == "42501"
        assert world.attempt("engineer of B", "UPDATE fibre_segment SET remark = 'x'") == "42501"
        assert world.attempt("engineer of B", "DELETE FROM fibre_tube") in ("23503", "done")
    assert one("SELECT count(*) FROM fibre_tube") == 3


def test_17_where_a_duct_lies_follows_its_walk(world: World) -> None:
    def corners() -> list[tuple[float, float]]:
        rows = sql("SELECT ST_X(p.geom) - 545000, ST_Y(p.geom) - 6030000 FROM fibre_duct d, LATERAL ST_DumpPoints(d.geom) p "
                   "WHERE d.id = %s ORDER BY p.path", world.duct)  # fmt: skip
        return [(round(x, 2), round(y, 2)) for x, y in rows]

    assert corners() == [(0, 0), (100, 0), (200, 0)]
    sql("UPDATE fibre_duct SET geom = ST_Translate(geom, 0, 500) WHERE id = %s", world.duct)
    assert corners() == [(0, 0), (100, 0), (200, 0)]
    sql("UPDATE fibre_node SET geom = %s WHERE id = %s", wkt((100, 10)), world.middle)
    assert corners() == [(0, 0), (100, 10), (200, 0)]
    sql("UPDATE fibre_segment SET geom = %s WHERE id = %s", wkt((0, 0), (50, 30), (100, 10)), world.street[0])
    assert corners() == [(0, 0), (50, 30), (100, 10), (200, 0)]
    node(world.a, 50, 30)
    assert corners() == [(0, 0), (50, 30), (100, 10), (200, 0)]
    assert one("SELECT geom FROM fibre_duct WHERE id = %s", duct(world.a, world.street[2:])) is not None
    with refused("duct-walk-broken"):
        duct(world.a, [world.street[0], world.street[2]])


def test_18_the_web_server_reads_by_its_own_rules(world: World) -> None:
    """The web's role passes the policies; its doors ask the same question (tests/db/test_authorization.py)."""
    from layers.fibre import queries

    for who, user in world.people.items():
        asked = {key for (key,) in world.asks(who, "SELECT id FROM fibre_segment")}
        assert set(queries.segments(user).values_list("pk", flat=True)) == asked, who
        assert {row.pk for row in queries.networks(user)} == {
            key for (key,) in world.asks(who, "SELECT id FROM fibre_network")
        }, who
    assert Segment.objects.count() == 3
