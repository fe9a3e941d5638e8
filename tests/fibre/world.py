"""Two organisations with a network each, a trench that both lie in, and everybody who might want to look."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import transaction
from psycopg import sql

from gisapp import cluster
from gisapp.accounts import policies
from gisapp.accounts.models import DatabaseLogin, User
from gisapp.accounts.roles import Role
from gisapp.history.guard import event_tables
from tests import factories
from tests.db.test_authorization import as_person
from tests.fibre.drawing import duct, network, node, one, place, segment
from tests.fibre.drawing import sql as run

FAR = 400_000


@dataclass
class World:
    """Network A: a street of three segments, a duct of two tubes coupled in its middle; B's duct lies in the first segment."""

    a: UUID
    b: UUID
    street: list[UUID]
    duct: UUID
    guest: UUID
    free: UUID
    middle: UUID
    lonely: UUID
    spare: UUID
    people: dict[str, User]
    roles: dict[str, str]

    def attempt(self, who: str, statement: str, *values: Any) -> str:
        """What happens to this person's statement: "done", "nothing" (no row), or the SQLSTATE of the refusal."""
        with as_person(self.roles[who]) as asker:
            try:
                cursor = asker.execute(statement, values)
                return "done" if (cursor.fetchall() if cursor.description else cursor.rowcount) else "nothing"
            except psycopg.Error as refusal:
                return str(refusal.sqlstate)

    def asks(self, who: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with as_person(self.roles[who]) as asker:
            return asker.execute(statement, values).fetchall()

    @contextmanager
    def at_work(self, who: str) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
        """Several statements of one transaction, whose rules are asked for at the end; all is undone."""
        with as_person(self.roles[who]) as asker:
            yield lambda statement, *values: (lambda c: c.fetchall() if c.description else [])(
                asker.execute(statement, values)
            )
            asker.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _people() -> dict[str, User]:
    first = factories.organisation("a", factories.area("own:a"))
    second = factories.organisation("b", factories.area("own:b", x=FAR))
    near, far = factories.area("own:near", -1_000, -1_000, 5_000), factories.area("own:elsewhere", x=FAR)
    found = {str(role): factories.member(role, first) for role in Role if role is not Role.CITIZEN}
    return {
        **found,
        "citizen": factories.citizen(),
        "contractor near": factories.member(Role.CONTRACTOR, first, near, email="near@example.org"),
        "contractor elsewhere": factories.member(Role.CONTRACTOR, first, far, email="far@example.org"),
        "contractor ended": factories.member(Role.CONTRACTOR, first, near, email="ended@example.org", days=-1),
        "engineer of B": factories.member(Role.ENGINEER, second),
        "planner of B": factories.member(Role.PLANNER, second),
        "engineer of both": factories.member(
            Role.ENGINEER, second, email=factories.member(Role.ENGINEER, first, email="both@example.org").email
        ),
        "operator": factories.operator(),
    }


@contextmanager
def _logins(people: dict[str, User]) -> Iterator[dict[str, str]]:
    """A database log-in for each; they go with the test, because roles belong to the whole server."""
    server = cluster.dsn("postgres", "postgres")
    roles = {name: f"test_fibre_{number}" for number, name in enumerate(people)}
    with psycopg.connect(**server, autocommit=True) as administrator:  # type: ignore[arg-type]
        for name, role in roles.items():
            administrator.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
            group = sql.Identifier(cluster.MEMBER_ROLE)
            administrator.execute(sql.SQL("CREATE ROLE {} IN ROLE {}").format(sql.Identifier(role), group))
            DatabaseLogin.objects.create(role=role, user=people[name])
        yield roles
        for role in roles.values():
            administrator.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


@contextmanager
def _drawn() -> Iterator[World]:
    factories.fibre_catalogue()
    policies.apply()
    people = _people()
    a, b = network("a", "a"), network("b", "b")
    street = [segment(a, (x, 0), (x + 100, 0), name=f"T{x}") for x in (0, 100, 200)]
    with transaction.atomic():
        lying = duct(a, street[:2], "2x7/4", "RV-A")
    middle = place(a, 100, 0)
    tube = one("SELECT id FROM fibre_tube WHERE duct_id = %s ORDER BY position LIMIT 1", lying)
    with transaction.atomic():
        behind = one("SELECT fibre_cut_tube(%s, %s)", tube, middle)
        before = one("SELECT id FROM fibre_tubesection WHERE tube_id = %s AND to_node_id = %s", tube, middle)
        one("SELECT fibre_couple('EZV 7', %s, 'b', %s, 'a')", before, behind)
    with transaction.atomic():
        guest = duct(b, street[:1], "10/6", "Geheim-B")
        free = duct(a, street[2:], "10/6", "RV-frei")
    lonely = node(a, 500, 500)
    spare = segment(a, (0, 900), (100, 900))
    with _logins(people) as roles:
        yield World(a, b, street, lying, guest, free, middle, lonely, spare, people, roles)


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    """For a test that changes it."""
    with _drawn() as found:
        yield found


@pytest.fixture(scope="module")
def shared(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """For the tests that leave it as it is (what people do in `attempt` and `at_work` is undone): emptying all tables
    takes longer than most of them."""
    with django_db_blocker.unblock():
        try:
            with _drawn() as found:
                yield found
        finally:
            # What migrations have brought (the catalogue) stays: other tests without a flush of their own need it.
            written = ["accounts_organisation", "accounts_user", "accounts_area", "pghistory_context", *event_tables()]
            run(f"TRUNCATE {', '.join(written)} CASCADE")
