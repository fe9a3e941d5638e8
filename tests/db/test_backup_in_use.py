"""A database is swapped and dropped while others work in it: autovacuum always may, a superuser cannot be sent away."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from gisapp.backup import databases, restoring, saving
from gisapp.backup.errors import BackupError
from layers.regions.models import Place
from tests import factories
from tests.db.test_backup import names

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'autovacuum worker' AND query LIKE '%%slowly_vacuumed%%'"


@pytest.fixture(autouse=True)
def nothing_left_over(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    """No test leaves a database beside ours."""
    settings.MEDIA_ROOT = tmp_path / "media"
    before = names()
    yield
    assert names() == before


def superuser(database: str) -> "psycopg.Connection[Any]":
    host = connection.settings_dict["HOST"]
    return psycopg.connect(host=host, user="postgres", dbname=database, autocommit=True)


@contextmanager
def vacuumed(name: str) -> Iterator[None]:
    """A worker of autovacuum is busy in this database for much longer than the block takes."""
    with superuser("postgres") as admin:
        admin.execute("ALTER SYSTEM SET autovacuum_naptime = '1s'")
        admin.execute("SELECT pg_reload_conf()")
        try:
            with databases.connect(name) as inside:
                # A page a row, and a tenth of a second for each page.
                inside.execute(
                    "CREATE TABLE slowly_vacuumed (filler text) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 0, "
                    "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)"
                )
                inside.execute("INSERT INTO slowly_vacuumed SELECT repeat('x', 900) FROM generate_series(1, 1000)")
                inside.execute("DELETE FROM slowly_vacuumed")
            until = time.monotonic() + 60
            while admin.execute(WORKERS, [name]).fetchall() == [(0,)]:
                assert time.monotonic() < until, "autovacuum does not come"
                time.sleep(0.05)
            yield
        finally:
            admin.execute("ALTER SYSTEM RESET autovacuum_naptime")
            admin.execute("SELECT pg_reload_conf()")
            if name in names():
                with databases.connect(name) as inside:
                    inside.execute("DROP TABLE IF EXISTS slowly_vacuumed")


def saved(folder: Path) -> Path:
    """A backup of two places, which are gone from the database afterwards."""
    factories.place("Haby")
    factories.place("Groß Wittensee", x=500)
    saving.save(folder / "a.backup", force=False)
    Place.objects.all().delete()
    return folder / "a.backup"


def test_01_autovacuum_does_not_keep_a_database_from_being_dropped() -> None:
    with databases.fresh("probe") as name, vacuumed(name):
        databases.drop(name)
        assert name not in names()


def test_02_autovacuum_does_not_keep_a_backup_from_being_restored(tmp_path: Path) -> None:
    file = saved(tmp_path)
    with vacuumed(databases.current()):
        restoring.restore(file, None, force=True, keep_old=False, say=print)
    assert set(Place.objects.values_list("name", flat=True)) == {"Haby", "Groß Wittensee"}


def test_03_who_cannot_be_sent_away_is_named_and_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = saved(tmp_path)
    ours = databases.connect(databases.current())
    with superuser(databases.current()) as theirs:
        with pytest.raises(BackupError, match="restore-in-use") as caught:
            restoring.restore(file, None, force=True, keep_old=False, say=print)
        assert caught.value.values["reason"] == "postgres"
        assert theirs.execute("SELECT count(*) FROM regions_place").fetchone() == (0,)
    with pytest.raises(psycopg.OperationalError):
        ours.execute("SELECT 1")
    assert Place.objects.count() == 0

    # As soon as they are gone it can be done; who then comes into the old database keeps that one alone.
    drop: Callable[[str], None] = databases.drop
    inside: list[psycopg.Connection[Any]] = []
    told: list[str] = []

    def late(name: str) -> None:
        if "_before_" in name:
            inside.append(superuser(name))
        drop(name)

    monkeypatch.setattr(databases, "drop", late)
    restoring.restore(file, None, force=True, keep_old=False, say=told.append)
    assert Place.objects.count() == 2
    (visitor,) = inside
    old = visitor.info.dbname
    assert any(old in line for line in told)
    visitor.close()
    drop(old)
