"""A worker and the breaks of its database: at work again at once, its jobs go on, nothing is done twice."""

import contextlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from django.db import connection
from procrastinate.exceptions import ConnectorException

from gisapp.backup.databases import connect
from gisapp.tasks import lasting
from gisapp.tasks.declare import start
from gisapp.tasks.lasting import LONGEST_PAUSE_SECONDS, lost, pause
from tests.db.test_tasks import BEAT, Hire, Worker, alive, cut_off, hire, listening, look, steps, wait_for  # noqa: F401 - a fixture
from tests.jobs import tasks as jobs

# What takes a second takes longer on a machine that does much besides; what went wrong once took minutes.
SOON = 20


def registered() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM procrastinate_workers ORDER BY id")
        return [one for (one,) in cursor.fetchall()]


@contextlib.contextmanager
def database_away() -> Iterator[None]:
    """Nobody but this test has a connection, and nobody gets one."""
    name = connection.settings_dict["NAME"]
    with connect("postgres", autocommit=True) as admin:
        try:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            # Who was just let in may still be on the way.
            wait_for(lambda: cut_off() == 0)
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_01_pauses_are_short_and_stay_so() -> None:
    assert [pause(failures) for failures in range(7)] == [0.25, 0.25, 0.5, 1.0, 2.0, 2.0, 2.0]
    assert pause(10**6) == LONGEST_PAUSE_SECONDS
    assert [pause(failures, 30) for failures in (1, 7, 8, 99)] == [0.25, 16.0, 30, 30]


def test_02_what_is_a_broken_connection_and_what_a_refusal() -> None:
    def wrapped(cause: Exception) -> ConnectorException:
        error = ConnectorException()
        error.__cause__ = cause
        return error

    for broken in (psycopg.OperationalError("x"), psycopg.InterfaceError("x"), psycopg.errors.AdminShutdown("x")):
        assert lost(wrapped(broken))
    assert lost(ConnectionResetError())
    assert lost(psycopg.errors.QueryCanceled("statement timeout"))
    for refused in (psycopg.errors.UndefinedTable("x"), psycopg.errors.ForeignKeyViolation("x"), ValueError("x")):
        assert not lost(wrapped(refused))
    assert not lost(ConnectorException())


def test_03_after_many_breaks_in_a_row_it_works_at_once(hire: Hire) -> None:  # noqa: F811
    """The same worker all the time: it neither ends nor registers anew, and what is due by itself goes on."""
    worker = hire(GISAPP_TEST_OFTEN="1")
    wait_for(lambda: listening() == 1)
    first = registered()
    for number in range(6):
        assert cut_off() > 0
        job = start(jobs.quick, number=number)
        wait_for(lambda job=job: look(job).state == "done", SOON)
        wait_for(lambda: listening() == 1, SOON)
    assert registered() == first
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM procrastinate_jobs")
        latest = cursor.fetchone()[0]

    def by_itself() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE task_name = 'test.often' AND status = 'succeeded' AND id > %s)",
                [latest],
            )
            return bool(cursor.fetchone()[0])

    wait_for(by_itself, SOON)
    assert worker.process.poll() is None


@pytest.mark.parametrize("last", [False, True], ids=["ends-meanwhile", "ends-later"])
def test_04_a_job_goes_on_through_an_outage_and_is_done_once(hire: Hire, tmp_path: Path, last: bool) -> None:  # noqa: F811
    """Far longer than a worker may be silent, and another one stands by."""
    gate = tmp_path / "gate"
    two = (hire(), hire())
    wait_for(lambda: alive() == 2 and listening() == 2)
    job = start(jobs.apart, gate=str(gate), last=last)
    wait_for(lambda: steps(job))
    before = registered()
    with database_away():
        if not last:
            gate.touch()
        time.sleep(7 * BEAT)
    if last:
        wait_for(lambda: all("answers the worker again" in one.log for one in two))
        time.sleep(4 * BEAT)
        gate.touch()
    wait_for(lambda: look(job).state == "done")
    assert steps(job) == (["began", "ended"] if last else ["began"])
    assert registered() == before
    assert not any("another worker" in one.log for one in two)


def test_05_the_end_of_a_job_whose_worker_was_taken_off_the_list_is_written_down(hire: Hire) -> None:  # noqa: F811
    job = start(jobs.long, seconds=4)
    hire()
    wait_for(lambda: look(job).percent)
    before = registered()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
    wait_for(lambda: look(job).state == "done")
    assert steps(job) == ["began", "inside", "ended"]
    assert registered() != before


def test_06_a_job_that_was_given_to_another_worker_ends_here(hire: Hire) -> None:  # noqa: F811
    """It was taken for dead, and was not: of two at the same job one gives way, and leaves the queue as it is."""
    job = start(jobs.long, seconds=120)
    worker = hire()
    wait_for(lambda: look(job).percent)
    with connection.cursor() as cursor:
        cursor.execute("SELECT procrastinate_retry_job_v2(%s, now() + interval '1 hour', NULL, NULL, NULL)", [job])
    wait_for(lambda: "job stopped" in worker.log)
    quick = start(jobs.quick, number=1)
    wait_for(lambda: look(quick).state == "done")
    assert look(job).state == "again"
    assert steps(job) == ["began"], "its transaction is undone"
    assert "ends here" in worker.log


def nothing_to_do() -> bool:
    """What every worker puts into the queue when it begins is done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) >= 2 AND bool_and(status = 'succeeded') FROM procrastinate_jobs")
        return bool(cursor.fetchone()[0])


def test_07_an_outage_is_a_line_and_not_one_for_each_attempt(hire: Hire) -> None:  # noqa: F811
    worker = hire()
    wait_for(lambda: listening() == 1 and nothing_to_do())
    with database_away():
        time.sleep(4)
    wait_for(lambda: "answers the worker again" in worker.log, SOON)
    lines = [json.loads(line) for line in worker.log.splitlines()]
    said = [line for line in lines if line["level"] != "INFO" and "job" not in line]
    # Its parts notice at different times; each attempt of each would be dozens.
    assert 2 <= len(said) <= 8, [line["message"] for line in said]
    assert not any("exception" in line for line in said)


def done_by_log(worker: Worker, job: int) -> bool:
    return re.search(rf'"job done".*#{job}"', worker.log) is not None


def test_08_told_to_go_during_an_outage_it_goes(hire: Hire) -> None:  # noqa: F811
    worker = hire()
    wait_for(lambda: listening() == 1 and nothing_to_do())
    with database_away():
        wait_for(lambda: "does not answer" in worker.log)
        assert worker.end(within=SOON) == 0


def test_08b_a_job_whose_end_could_not_be_written_down_any_more_is_run_again(hire: Hire, tmp_path: Path) -> None:  # noqa: F811
    gate = tmp_path / "gate"
    job = start(jobs.apart, gate=str(gate), last=False)
    worker = hire("--grace", "1")
    wait_for(lambda: steps(job))
    with database_away():
        gate.touch()
        wait_for(lambda: done_by_log(worker, job))
        assert worker.end(within=40) == 1
    assert look(job).state == "running", "as far as the queue knows"
    hire()
    wait_for(lambda: look(job).state == "done")
    assert steps(job) == ["began", "began"]


def test_09_others_get_time_for_a_sign_of_life_after_an_outage(
    settings: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WORKER_HEARTBEAT = 10
    now = [1000.0]
    monkeypatch.setattr(lasting.time, "monotonic", lambda: now[0])
    one = lasting.Lasting(SimpleNamespace(worker_defaults={}), 1)  # type: ignore[arg-type]
    assert not one.may_judge(), "who has just come has seen nobody's silence"
    now[0] += 30
    assert one.may_judge()
    one._unanswered(psycopg.OperationalError("x"))
    now[0] += 600
    assert not one.may_judge()
    one._answered()
    now[0] += 34
    assert not one.may_judge()
    now[0] += 1
    assert one.may_judge()
