"""The web server acts for people in the database: its own role, with no more than they have; nobody else can say so."""

from typing import Any

import psycopg
import pytest

from gisapp import cluster
from tests.db.test_authorization import as_person
from tests.fibre.world import World
from tests.fibre.world import shared as shared

pytestmark = pytest.mark.django_db
SAY = "SELECT set_config('gisapp.acting_for', %s, true), set_config('gisapp.acting_within', %s, true)"


def acting(asker: "psycopg.Connection[Any]", user: Any, within: Any = "") -> None:
    asker.execute(SAY, [str(user.pk), str(within)])
    asker.execute(f"SET LOCAL ROLE {cluster.MEMBER_ROLE}")


def test_01_the_web_server_sees_and_changes_what_the_person_does(shared: World) -> None:
    for who, user in shared.people.items():
        with as_person(cluster.WEB_ROLE) as web:
            assert web.execute("SELECT count(*) FROM fibre_segment").fetchall() == [(4,)]
            acting(web, user)
            seen = {row[0] for row in web.execute("SELECT id FROM fibre_segment")}
            assert seen == {row[0] for row in shared.asks(who, "SELECT id FROM fibre_segment")}, who
            try:
                change = web.execute("UPDATE fibre_segment SET remark = 'x' WHERE id = %s", [shared.spare])
                outcome = "done" if change.rowcount else "nothing"
            except psycopg.Error as refusal:
                outcome = str(refusal.sqlstate)
        assert outcome == shared.attempt(who, "UPDATE fibre_segment SET remark = 'x' WHERE id = %s", shared.spare), who


def test_02_a_person_s_own_session_says_it_in_vain(shared: World) -> None:
    for who in ("citizen", "planner", "engineer of B"):
        with as_person(shared.roles[who]) as asker:
            before = asker.execute("SELECT gisapp_user(), count(*) FROM fibre_segment").fetchall()
            asker.execute(SAY, [str(shared.people["operator"].pk), ""])
            assert asker.execute("SELECT gisapp_user(), count(*) FROM fibre_segment").fetchall() == before, who
            assert asker.execute("SELECT gisapp_acting(), gisapp_operator()").fetchall() == [(None, False)]


def test_03_limited_to_one_organisation(shared: World) -> None:
    """An operator's key, or that of somebody in two organisations, acts in the one alone."""
    own = shared.people["engineer"].memberships.get().organisation_id
    for who in ("operator", "engineer of both"):
        with as_person(cluster.WEB_ROLE) as web:
            acting(web, shared.people[who], 10**9)
            assert web.execute("SELECT count(*), gisapp_operator() FROM fibre_segment").fetchall() == [(0, False)], who
    with as_person(cluster.WEB_ROLE) as web:
        acting(web, shared.people["engineer of both"], own)
        assert web.execute("SELECT count(*) FROM fibre_duct WHERE id = %s", [shared.guest]).fetchall() == [(0,)]
        assert web.execute("SELECT count(*) FROM fibre_duct WHERE id = %s", [shared.duct]).fetchall() == [(1,)]


def test_04_of_itself_the_web_server_has_nothing_from_the_group(shared: World) -> None:
    with as_person(cluster.WEB_ROLE) as web:
        assert web.execute("SELECT gisapp_person(), pg_has_role(%s, 'USAGE'), pg_has_role(%s, 'MEMBER')",
                           [cluster.MEMBER_ROLE, cluster.MEMBER_ROLE]).fetchall() == [(False, False, True)]  # fmt: skip
    with as_person(cluster.PUBLIC_ROLE) as public, pytest.raises(psycopg.errors.InsufficientPrivilege):
        public.execute(f"SET LOCAL ROLE {cluster.MEMBER_ROLE}")
