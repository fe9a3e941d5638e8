"""A database that was started anew: who only reads does not notice."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import psycopg
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from psycopg_pool import PoolTimeout

from gisapp import cluster
from gisapp.errors import from_database
from gisapp.middleware import AGAIN, Reconnect
from gisapp.problems import details
from tests import factories
from tests.serving import administer, environment, served, status

PATHS = ["/ogc/collections/places/items?limit=1", "/api/search?q=Ascheffel", "/api/layers/places/features/?limit=1"]
END_ALL = (
    # Waits (PostgreSQL 14) until they are gone.
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = '{}' AND usename IS NOT NULL AND pid <> pg_backend_pid()"
)


def ask(site: str, count: int) -> Counter[int]:
    """The statuses of so many requests at once."""
    with ThreadPoolExecutor(count) as pool:
        return Counter(pool.map(status, [site + PATHS[number % len(PATHS)] for number in range(count)]))


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    factories.place()
    connection.close()  # this process has no business in the database that is shaken
    with served(environment(connection.settings_dict["NAME"]), workers=2) as address:
        yield address


@pytest.mark.django_db(transaction=True)
def test_01_every_connection_ended_and_nobody_who_reads_notices(site: str) -> None:
    assert ask(site, 50) == {200: 50}
    for _turn in range(3):
        administer(END_ALL.format(connection.settings_dict["NAME"]))
        assert ask(site, 50) == {200: 50}


class TestRestart:
    """A private cluster that is stopped for longer than a pool waits, and started again."""

    @pytest.fixture
    def place(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        top = Path(tempfile.mkdtemp(prefix="gisapp-test-"))
        top.chmod(0o755)
        monkeypatch.setenv("GISAPP_PG", str(top / "pg"))
        monkeypatch.delenv("DATABASE_URL", raising=False)
        try:
            cluster.ensure_running()
            yield
        finally:
            cluster.stop(immediate=True)
            shutil.rmtree(top)

    def test_02_answers_come_back_soon_after_the_database(self, place: None) -> None:
        found = {**os.environ, "GISAPP_DATABASE": cluster.DATABASE}
        command = [sys.executable, "-m", "gisapp", "manage", "migrate", "-v0"]
        subprocess.run(command, env=found, check=True)
        with served(found, workers=1) as site:
            assert ask(site, 12) == {200: 12}
            cluster.stop()
            until = time.monotonic() + 9
            while time.monotonic() < until:
                assert set(ask(site, 2)) == {503}
            cluster.ensure_running()
            begin = time.monotonic()
            while set(ask(site, 4)) != {200}:
                assert time.monotonic() - begin < 8, "still without a database"
            assert ask(site, 50) == {200: 50}


class _Ended:
    closed = True


def tries(method: str, answer: HttpResponse, found: _Ended | None) -> tuple[int, bool]:
    """How often the view was asked, and whether the pool was looked through."""
    view = mock.Mock(return_value=answer)
    with mock.patch("gisapp.middleware.connection") as connection:
        connection.connection = found
        Reconnect(view)(RequestFactory().generic(method, "/"))
        return view.call_count, bool(connection.pool.check.called)


@pytest.mark.parametrize(
    ("method", "status_code", "ended", "expected"),
    [
        ("GET", 503, True, (1 + AGAIN, True)),
        ("HEAD", 500, True, (1 + AGAIN, True)),
        ("POST", 503, True, (1, True)),  # the dead connections go, whoever found them
        ("GET", 503, False, (1, False)),
        ("GET", 404, True, (1, False)),
    ],
)
def test_03_only_what_reads_is_done_again_and_not_for_ever(
    method: str, status_code: int, ended: bool, expected: tuple[int, bool]
) -> None:
    assert tries(method, HttpResponse(status=status_code), _Ended() if ended else None) == expected


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (psycopg.errors.AdminShutdown(), (1 + AGAIN, True)),
        (PoolTimeout(), (1, False)),
        (psycopg.errors.QueryCanceled(), (1, False)),
    ],
)
def test_04_what_a_new_connection_would_not_mend_is_not_tried_again(
    cause: psycopg.Error, expected: tuple[int, bool]
) -> None:
    """Django may have closed the connection before we see it: then the error says why."""
    error = from_database(cause)
    assert error is not None
    assert tries("GET", details(error), None) == expected
