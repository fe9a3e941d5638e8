"""How rights and what they rest on follow what happens to a network: each test changes the world for itself."""

import datetime
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from gisapp.accounts.models import Membership, Organisation, User
from tests.db.test_authorization import as_person
from tests.fibre.drawing import duct, node, one, refused, segment, sql, wkt
from tests.fibre.world import FAR, World
from tests.fibre.world import world as world

pytestmark = pytest.mark.django_db(transaction=True)


def test_03_periods_accounts_and_organisations_end(world: World) -> None:
    ask = "SELECT count(*) FROM fibre_segment"
    assert world.asks("contractor near", ask) == [(4,)]
    near = Membership.objects.filter(user=world.people["contractor near"])
    today = timezone.localdate()
    for since, until in ((1, 9), (-9, -1)):
        near.update(valid_from=today + datetime.timedelta(since), valid_until=today + datetime.timedelta(until))
        assert world.asks("contractor near", ask) == [(0,)]
    near.update(valid_from=today, valid_until=today)
    assert world.asks("contractor near", ask) == [(4,)]
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


def test_07_who_shares_follows_from_what_lies_there(world: World) -> None:
    """Laid, split, taken out, handed over: the database keeps it, and nobody can say otherwise."""
    second, third = (Organisation.objects.get(key="b").pk, Organisation.objects.get(key="a").pk)

    def sharing() -> list[Any]:
        return [
            row[0]
            for row in sql(
                "SELECT shared_with FROM fibre_segment WHERE network_id = %s ORDER BY ST_YMin(geom), ST_XMin(geom)",
                world.a,
            )
        ]

    assert sharing() == [[second], None, None, None]
    sql("UPDATE fibre_segment SET shared_with = ARRAY[99] WHERE network_id = %s", world.a)
    assert sharing() == [[second], None, None, None]
    node(world.a, 40, 0)
    assert sharing() == [[second], [second], None, None, None]
    sql("UPDATE fibre_network SET organisation_id = %s WHERE id = %s", third, world.b)
    assert sharing() == [None] * 5
    assert one("SELECT organisation_id FROM fibre_duct WHERE id = %s", world.guest) == third
    sql("UPDATE fibre_network SET organisation_id = %s WHERE id = %s", second, world.a)
    assert sharing() == [[third], [third], None, None, None]
    sql("DELETE FROM fibre_duct WHERE id = %s", world.guest)
    assert sharing() == [None] * 5


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
    assert one("SELECT count(*) FROM fibre_tube") == 4


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


def test_18_the_parts_of_the_actions_are_nobodys_to_call(world: World) -> None:
    """What moves a foreign duct's walk along with a trench is a part of an action that asks for rights first."""
    for statement in (
        "SELECT fibre_carry(%s, %s)",
        "SELECT fibre_uncarry(%s, %s, NULL)",
        "SELECT fibre_note('node', ARRAY[%s, %s]::uuid[])",
    ):
        assert world.attempt("engineer", statement, world.street[0], world.street[1]) == "42501", statement
    assert world.attempt("engineer", "SELECT fibre_joined()") == "42501"


def test_19_actions_on_trenches_ask_for_rights(world: World) -> None:
    """They see the whole network, and do for nobody what he may not do himself."""
    on_it = node(world.a, 60, 0.04)
    for who in ("engineer of B", "citizen", "staff", "planner", "contractor elsewhere", "contractor ended"):
        assert world.attempt(who, "SELECT fibre_join(%s)", on_it) == "42501", who
        assert world.attempt(who, "SELECT fibre_split(%s, %s)", world.street[1], on_it) == "42501", who
    for who in ("engineer", "contractor near", "admin", "operator"):
        assert world.attempt(who, "SELECT fibre_join(%s)", on_it) == "done", who
