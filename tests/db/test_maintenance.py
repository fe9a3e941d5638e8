"""Maintenance where nobody comes through the web: people in the database, the web's own role, the worker, a restore."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from psycopg import sql

from gisapp import cluster
from gisapp.accounts.models import DatabaseLogin, User
from gisapp.accounts.roles import Role
from gisapp.errors import from_database
from gisapp.fields import Text
from gisapp.layer import all_layers
from gisapp.status import maintenance
from gisapp.tasks.declare import start
from tests import factories
from tests.db.test_authorization import as_person
from tests.db.test_tasks import Hire, hire, look, steps, wait_for  # noqa: F401 - a fixture
from tests.jobs import tasks as jobs

ROLE = "test_maintenance_person"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def engineer(transactional_db: None) -> Iterator[User]:
    """An engineer with a log-in of their own in the database."""
    place = cluster.dsn("postgres", "postgres")
    drop = sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(ROLE))
    with psycopg.connect(**place, autocommit=True) as administrator:  # type: ignore[arg-type]
        administrator.execute(drop)
        group = sql.Identifier(cluster.MEMBER_ROLE)
        administrator.execute(sql.SQL("CREATE ROLE {} IN ROLE {}").format(sql.Identifier(ROLE), group))
    person = factories.member(Role.STAFF, factories.organisation())
    DatabaseLogin.objects.create(role=ROLE, user=person)
    yield person
    with psycopg.connect(**place, autocommit=True) as administrator:  # type: ignore[arg-type]
        administrator.execute(drop)


WRITES = (
    "UPDATE notes_note SET title = 'neu'",
    "DELETE FROM notes_note",
    "INSERT INTO notes_note (organisation_id, title, geom) SELECT organisation_id, 'neu', geom FROM notes_note",
)


@pytest.mark.parametrize("role", [ROLE, cluster.WEB_ROLE])
@pytest.mark.parametrize("statement", WRITES)
def test_01_the_tables_refuse_whoever_works_in_the_database(engineer: User, role: str, statement: str) -> None:
    """By a rule that says so; not by rows that silently stay as they are."""
    factories.note(factories.organisation())
    with as_person(role) as asker:
        assert asker.execute(statement).rowcount == 1  # type: ignore[arg-type]
    for mode in (maintenance.READ_ONLY, maintenance.FULL):
        maintenance.put(mode, Text("Umzug der Datenbank", "Move of the database"))
        with as_person(role) as asker:
            assert asker.execute("SELECT count(*) FROM notes_note").fetchone() == (1,)
            with pytest.raises(psycopg.Error) as refused:
                asker.execute(statement)  # type: ignore[arg-type]
        found = from_database(refused.value)
        assert found is not None
        assert (found.code, found.status) == ("maintenance-read-only", 503)
        assert refused.value.diag.message_hint == "Umzug der Datenbank"
    maintenance.put(maintenance.OFF)
    with as_person(role) as asker:
        assert asker.execute(statement).rowcount == 1  # type: ignore[arg-type]


@pytest.mark.django_db
def test_02_the_owners_commands_go_on() -> None:
    maintenance.put(maintenance.FULL, Text("Umzug", "Move"))
    assert factories.place().pk
    assert factories.note(factories.organisation()).pk


@pytest.mark.django_db
def test_03_the_rule_stands_at_every_layers_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'gisapp_maintenance' AND tgenabled = 'O'"
        )
        guarded = {name for (name,) in cursor.fetchall()}
    assert {one.model_class._meta.db_table for one in all_layers()} <= guarded


def test_04_the_worker_begins_nothing_until_the_end_and_lives(hire: Hire, data: Path) -> None:  # noqa: F811
    maintenance.put(maintenance.FULL, Text("Umzug", "Move"))
    with transaction.atomic():
        waiting = start(jobs.quick, number=3)
    hire()
    wait_for(lambda: look(waiting).state == "running")
    time.sleep(3)
    assert steps(waiting) == []
    maintenance.put(maintenance.OFF)
    wait_for(lambda: look(waiting).state == "done")
    assert steps(waiting) == ["quick 3"]


@pytest.mark.django_db
def test_05_two_commands_at_once_and_clocks_that_differ_leave_the_last_word(data: Path) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from gisapp.status.models import Maintenance

    # Begun on a machine whose clock is an hour ahead; ended here.
    Maintenance.objects.create(
        pk=1, mode="full", reason_de="voraus", reason_en="ahead", changed_at=timezone.now() + timedelta(hours=1)
    )
    assert maintenance.state().on
    maintenance.put(maintenance.OFF)
    assert not maintenance.state().on
    assert not (data / maintenance.FILE).exists()


@pytest.mark.django_db
def test_06_a_data_directory_that_cannot_be_written_is_no_reason_not_to_begin(settings: Any) -> None:
    settings.DATA_DIR = Path("/proc/nirgends")
    maintenance.put(maintenance.FULL, Text("Umzug", "Move"))
    assert maintenance.state().on
    maintenance.put(maintenance.OFF)
    assert not maintenance.state().on
