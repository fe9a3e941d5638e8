"""Edits at random over the whole model: a refused one changes nothing, a done one leaves everything right, and the history
takes all of it back.

How many examples: TEST_EXAMPLES (docs/developer/testing.md); what is right stands in invariants.py, the edits in editing.py.
"""

import os
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fibre.drawing import network, settle, sql
from tests.fibre.editing import EDIT, Edit, Hand, NothingThere
from tests.fibre.invariants import TABLES, State, broken
from tests.fibre.plant import Plant

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "25"))
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
        "INSERT INTO fibre_circuit (network_id, name, kind, lifecycle) VALUES (%s, 'S-1', 'p2p', 'in_service') RETURNING id", plant.net
    )[0][0]
    for begins, port in ((True, "OLT/1"), (False, "H/1")):
        sql("INSERT INTO fibre_circuitend (circuit_id, begins, port_id) VALUES (%s, %s, %s)", key, begins, plant.port(port))
    settle()
    return plant


def begun(full: bool) -> UUID:
    return furnished().net if full else network()


def contents() -> dict[str, set[str]]:
    """Every row of every table, as text. When something was changed last is no part of what it is."""
    return {
        table: {row[0] for row in sql(f"SELECT (to_jsonb(t) - 'updated_at')::text FROM fibre_{table} t")} for table in TABLES
    }


def is_a_rule(refusal: BaseException | None) -> bool:
    """A rule of the project's, or a named constraint: not an accident in a function."""
    assert isinstance(refusal, psycopg.Error), refusal
    named = str(refusal.diag.constraint_name or "")
    return refusal.sqlstate in ("KG001", "42501") or named.startswith(("fibre_", "segment_", "node_", "duct_", "cable_"))


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
