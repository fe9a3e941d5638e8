"""Edits at random over the whole model: a refused one changes nothing, a done one leaves everything right, and the history
takes all of it back.

How many examples: TEST_EXAMPLES (docs/developer/testing.md); what is right stands in invariants.py, the edits in editing.py.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gisapp import cluster
from gisapp.accounts import policies
from gisapp.accounts.models import DatabaseLogin
from gisapp.accounts.roles import Role, System
from gisapp.errors import NotFound
from gisapp.history.recording import pin, recorded
from gisapp.history.reverting import revert_all
from tests import factories
from tests.fibre.drawing import network, settle, sql
from tests.fibre.editing import EDIT, Edit, Hand, NothingThere, Run
from tests.fibre.invariants import TABLES, State, broken
from tests.fibre.plant import Plant

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "20"))
QUIET = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def furnished() -> Plant:
    """A street with a duct, cables from a PoP through a closure to two houses, a splitter, an OLT and a circuit in service."""
    plant = Plant()
    plant.street("POP", "M1", "M2", "HAUS")
    plant.duct("R1", "POP", "M1", "M2", "HAUS")
    plant.duct("R2", "POP", "M1", spec="20/15")
    plant.cable("K1", "POP", "M1", ("R2", 1))
    plant.buried("K2", "M1", "M2", "HAUS")
    plant.cable("K3", "POP", "HAUS", ("R1", 1))
    plant.enclosure("ODF", "POP", spec="odf-144", enters="K1 K3")
    plant.enclosure("M", "M1", enters="K1 K2")
    plant.enclosure("Z", "M2", enters="K2")
    plant.enclosure("H", "HAUS", spec="huep-4", enters="K2 K3")
    plant.device("OLT", "POP")
    plant.splitter("SP", "M")
    for ref in ("K1:1", "K3:2"):
        plant.pigtail("ODF", ref, int(ref[-1]))
    plant.splice("M", "K1:1", "K2:1")
    plant.pigtail("H", "K2:1", 1)
    plant.patch("ODF/1", "OLT/1")
    key = sql(
        "INSERT INTO fibre_circuit (network_id, name, kind, lifecycle) VALUES (%s, 'S-1', 'p2p', 'in_service') RETURNING id",
        plant.net,
    )[0][0]
    for begins, port in ((True, "OLT/1"), (False, "H/1")):
        sql(
            "INSERT INTO fibre_circuitend (circuit_id, begins, port_id) VALUES (%s, %s, %s)",
            key,
            begins,
            plant.port(port),
        )
    settle()
    return plant


def begun(full: bool) -> UUID:
    return furnished().net if full else network()


def contents() -> dict[str, set[str]]:
    """Every row of every table, as text. When something was changed last is no part of what it is, nor is the number of a row
    that is worked out."""
    aside = {"measure": "{updated_at,id}"}
    return {
        table: {
            row[0]
            for row in sql(
                f"SELECT (to_jsonb(t) - '{aside.get(table, '{updated_at}')}'::text[])::text FROM fibre_{table} t"
            )
        }
        for table in TABLES
    }


def is_a_rule(refusal: BaseException | None) -> bool:
    """A rule of the project's, or a named constraint: not an accident in a function."""
    assert isinstance(refusal, psycopg.Error), refusal
    named = str(refusal.diag.constraint_name or "")
    return refusal.sqlstate in ("KG001", "42501") or named.startswith(
        ("fibre_", "segment_", "node_", "duct_", "cable_")
    )


@pytest.mark.django_db
@QUIET
@given(full=st.booleans(), edits=st.lists(EDIT, min_size=4, max_size=20))
def test_01_whatever_is_done_the_network_is_right(full: bool, edits: list[Edit]) -> None:
    with transaction.atomic():
        hand = Hand(begun(full), sql)
        before = contents()
        assert broken() == []
        for edit in edits:
            try:
                with transaction.atomic():
                    hand.do(edit)
                    settle()
            except NothingThere:
                continue
            except DatabaseError as refusal:
                assert is_a_rule(refusal.__cause__), (edit, refusal)
                assert contents() == before, edit
            else:
                before = contents()
                assert broken(State.read()) == [], edit
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(QUIET, max_examples=max(EXAMPLES // 2, 8))
@given(full=st.booleans(), edits=st.lists(EDIT, min_size=3, max_size=12))
def test_02_the_history_takes_it_all_back(full: bool, edits: list[Edit]) -> None:
    """The newest first: each time the network is as it was before, row by row, key by key."""
    with transaction.atomic():
        hand = Hand(begun(full), sql)
        done: list[tuple[UUID, Any, Edit]] = []
        for edit in edits:
            before = contents()
            try:
                with recorded("program", reason=str(edit)) as context, transaction.atomic():
                    pin()
                    hand.do(edit)
                    settle()
            except (NothingThere, DatabaseError):
                continue
            done.append((context.id, before, edit))
        for change, before, edit in reversed(done):
            with (
                recorded("program", reason="zurück"),
                contextlib.suppress(NotFound),
            ):  # (some edits find nothing to change)
                revert_all(System(), change)
            assert contents() == before, edit
            assert broken(State.read()) == [], edit
        transaction.set_rollback(True)


# ------------------------------------------------------------------------------------------------- several at once

PEOPLE = ("owner", "engineer", "both")
TURN = st.tuples(st.sampled_from(PEOPLE), st.one_of(EDIT, EDIT, st.just(("commit",)), st.just(("roll back",))))


@pytest.fixture
def hands(transactional_db: None) -> Iterator[dict[str, psycopg.Connection[Any]]]:
    """Three connections: the owner's, and two engineers' own log-ins with the rights of their rows."""
    factories.fibre_catalogue()
    policies.apply()
    organisation = factories.organisation("zweckverband", kind="zweckverband")
    roles = {"engineer": "test_random_one", "both": "test_random_two"}
    with ExitStack() as stack:
        administrator = stack.enter_context(contextlib.closing(psycopg.connect(**_server("postgres"), autocommit=True)))
        for name, role in roles.items():
            person = factories.member(Role.ENGINEER, organisation, email=f"{name}@example.org")
            administrator.execute(f"DROP ROLE IF EXISTS {role}")
            administrator.execute(f"CREATE ROLE {role} IN ROLE {cluster.MEMBER_ROLE}")
            stack.callback(administrator.execute, f"DROP ROLE {role}")
            DatabaseLogin.objects.create(role=role, user=person)
        found = {}
        for name in PEOPLE:
            found[name] = stack.enter_context(
                contextlib.closing(psycopg.connect(**_server("postgres" if name in roles else cluster.OWNER_ROLE)))
            )
            if name in roles:
                found[name].execute(f"SET SESSION AUTHORIZATION {roles[name]}")
            # Whoever would have to wait gives up: the turns are the test's, so nobody could let go meanwhile.
            found[name].execute("SET lock_timeout = '25ms'")
            found[name].commit()
        yield found


def _server(role: str) -> dict[str, Any]:
    return dict(cluster.dsn(str(connection.settings_dict["NAME"]), role))


def runner(of: psycopg.Connection[Any]) -> Run:
    def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = of.execute(statement, values)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []

    return run


@QUIET
@given(turns=st.lists(TURN, min_size=8, max_size=30))
def test_03_whoever_works_at_once_what_is_committed_is_right(
    hands: dict[str, psycopg.Connection[Any]], turns: list[tuple[str, Edit]]
) -> None:
    sql("TRUNCATE fibre_network CASCADE")
    with transaction.atomic():
        net = furnished().net
    before = contents()
    for who, edit in [*turns, *((name, ("commit",)) for name in PEOPLE)]:
        mine = hands[who]
        try:
            if edit == ("commit",):
                mine.commit()
                assert broken() == [], turns
                before = contents()
            elif edit == ("roll back",):
                mine.rollback()
            else:
                Hand(net, runner(mine)).do(edit)
        except NothingThere:
            pass
        except psycopg.Error as refusal:
            assert isinstance(refusal, psycopg.errors.LockNotAvailable) or is_a_rule(refusal), (who, edit, refusal)
            mine.rollback()
        assert contents() == before, (who, edit)
