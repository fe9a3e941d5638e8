"""The emptied database between tests is the one that Django's own flush leaves, and is made anew where a test rebuilt it."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from tests import factories
from tests.emptying import STANDS, Emptying

FLUSH: dict[str, Any] = {"verbosity": 0, "interactive": False, "reset_sequences": False, "allow_cascade": False, "inhibit_post_migrate": False}  # fmt: skip


def contents() -> dict[str, list[Any]]:
    found = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.django_table_names(only_existing=True, include_views=False):
            cursor.execute(f'SELECT t::text FROM "{name}" t ORDER BY 1')
            found[name] = cursor.fetchall()
    return found


@pytest.fixture
def emptying(transactional_db: None) -> Emptying:
    found = Emptying()
    found("flush", database="default", **FLUSH)
    assert found.full == 1, "nobody has looked yet"
    return found


def test_01_it_leaves_what_the_flush_leaves(emptying: Emptying) -> None:
    factories.place(name="Ascheffel")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM registry_fact")
    emptying("flush", database="default", **FLUSH)
    assert emptying.full == 1
    ours = contents()
    call_command("flush", database="default", **FLUSH)
    theirs = contents()
    for name in STANDS:  # numbered anew by the flush
        assert len(ours.pop(name)) == len(theirs.pop(name)) > 50
    assert ours == theirs
    assert ours["registry_fact"]


@pytest.mark.parametrize(
    "statement",
    [
        "DROP POLICY {policy} ON regions_place",
        "ALTER TABLE regions_place DISABLE TRIGGER USER",
        "DELETE FROM auth_permission WHERE id = (SELECT max(id) FROM auth_permission)",
    ],
)
def test_02_what_a_test_took_down_is_built_again(emptying: Emptying, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(polname) FROM pg_policy WHERE polrelid = 'regions_place'::regclass")
        policy = cursor.fetchone()[0]
        cursor.execute(statement.format(policy=policy))
    try:
        emptying("flush", database="default", **FLUSH)
        assert emptying.full == 2
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE regions_place ENABLE TRIGGER USER")
        call_command("migrate", verbosity=0)
