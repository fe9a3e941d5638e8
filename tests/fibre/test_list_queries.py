"""A list of a network costs as many statements for a hundred rows as for three, whoever asks and by whichever door."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from django.test import Client

from gisapp.accounts.roles import Role
from tests import factories
from tests.fibre.drawing import network
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db
LAYERS = ("fibre_node", "fibre_segment", "fibre_duct", "fibre_cable", "fibre_enclosure")
DOORS = ("/ogc/collections/{}/items?limit={}", "/api/layers/{}/features/?limit={}")
MANY = 100


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that goes to the database, Django's and those beside it."""
    told: list[str] = []
    execute = psycopg.Cursor.execute

    def counting(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        told.append(str(query))
        return execute(self, query, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", counting)
        yield told


@pytest.fixture(scope="module")
def names() -> list[str]:
    return [f"N{number}" for number in range(MANY + 1)]


@pytest.fixture
def plant(names: list[str]) -> Plant:
    """A street of a hundred trenches, each with a duct and a cable, and an enclosure at each node."""
    found = Plant(network("netz", "a"))
    found.street(*names)
    for a, b in pairwise(names):
        found.duct(f"R-{a}", a, b)
        found.cable(f"K-{a}", a, b, (f"R-{a}", 1), settled=False)
        found.enclosure(f"M-{a}", a)
    return found


@pytest.mark.parametrize("door", DOORS)
def test_01_a_hundred_rows_cost_what_three_cost(
    plant: Plant, client: Client, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    client.force_login(factories.member(Role.ENGINEER, factories.organisation("a")))
    for layer in LAYERS:
        counted = {}
        for limit in (MANY, 3, MANY):  # the first fills what is remembered of a layer
            cache.clear()
            with statements(monkeypatch) as told:
                answer = client.get(door.format(layer, limit))
            assert answer.status_code == 200, (layer, answer.content[:300])
            assert len(answer.json()["features"]) == limit
            counted[limit] = len(told)
        assert counted[MANY] == counted[3] <= 12, (layer, counted)
