"""Background work with real worker processes on a real PostgreSQL: ended, killed, stopped, failed, retried."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone, translation
from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job

from gisapp.backup.databases import connect
from gisapp.errors import Conflict, GisError
from gisapp.tasks import overview, retention, services
from gisapp.tasks.declare import DECLARED, start, task
from gisapp.tasks.rescue import rescue
from gisapp.tasks.retrying import Backoff, is_final, wait_seconds
from tests.jobs import tasks as jobs
from tests.processes import on_test_database

BEAT = 0.5


class Worker:
    """A real `gisapp worker` on the test's database."""

    def __init__(self, folder: Path, *arguments: str, **more: str) -> None:
        self.file = folder / f"worker-{time.monotonic_ns()}.log"
        env = {
            **on_test_database(), "DJANGO_SETTINGS_MODULE": "tests.jobs.settings", "LOG_FORMAT": "json",
            "LOG_LEVEL": "INFO", "WORKER_HEARTBEAT": str(BEAT), **more,
        }  # fmt: skip
        command = [sys.executable, "-m", "gisapp", "worker", *arguments]
        with self.file.open("wb") as log:
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log)

    def end(self, sent: int = signal.SIGTERM, within: float = 30) -> int:
        if self.process.poll() is None:
            self.process.send_signal(sent)
        return self.process.wait(timeout=within)

    @property
    def log(self) -> str:
        return self.file.read_text()


Hire = Callable[..., Worker]


@pytest.fixture
def hire(tmp_path: Path, transactional_db: None, settings: Any) -> Iterator[Hire]:
    settings.WORKER_HEARTBEAT = BEAT
    hired: list[Worker] = []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE test_steps (id serial, job bigint, step text, pid int)")
        # Left by tests that truncate what Django manages.
        cursor.execute(
            "TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers, tasks_progress CASCADE"
        )

    def hire_one(*arguments: str, **more: str) -> Worker:
        hired.append(Worker(tmp_path, *arguments, **more))
        return hired[-1]

    try:
        yield hire_one
    finally:
        for one in hired:
            one.end(signal.SIGKILL)
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE test_steps")
            cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers CASCADE")


def steps(job: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT step FROM test_steps WHERE job = %s ORDER BY id", [job])
        return [step for (step,) in cursor.fetchall()]


def look(job: int) -> overview.Job:
    return overview.jobs(job=job)[0]


def wait_for(what: Callable[[], Any], seconds: float = 60) -> Any:
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.05)
    return found


def test_01_a_job_belongs_to_the_transaction_that_wants_it(hire: Hire) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        lost = start(jobs.quick, number=1)
        raise ZeroDivisionError
    with transaction.atomic():
        kept = start(jobs.quick, number=2)
    hire()
    wait_for(lambda: look(kept).state == "done")
    assert steps(kept) == ["quick 2"]
    assert steps(lost) == []
    assert overview.jobs(job=lost) == []


def test_02_the_same_key_waits_once(hire: Hire) -> None:
    with transaction.atomic():
        first = start(jobs.quick, key="quick:7", number=7)
        assert start(jobs.quick, key="quick:7", number=7) == first
        other = start(jobs.quick, key="quick:8", number=8)  # the transaction is whole after the collision
    assert other != first
    hire()
    wait_for(lambda: look(first).state == look(other).state == "done")
    assert start(jobs.quick, key="quick:7", number=7) != first


def test_03_progress_is_seen_while_the_jobs_transaction_is_open(hire: Hire) -> None:
    job = start(jobs.long, seconds=20)
    hire()
    seen = wait_for(lambda: (found := look(job)).percent > 1 and found)
    assert (seen.state, seen.text_de, seen.text_en) == ("running", "unterwegs", "on the way")
    assert steps(job) == ["began"], "what the transaction did is not"


def test_04_stop_ends_a_running_job_and_undoes_its_transaction(hire: Hire) -> None:
    job = start(jobs.long, seconds=60)
    worker = hire()
    wait_for(lambda: look(job).percent)
    services.stop(job)
    wait_for(lambda: look(job).state == "stopped", 10)
    assert steps(job) == ["began"]
    again = services.retry(job)
    assert again != job
    wait_for(lambda: look(again).state == "running")
    services.stop(again)
    wait_for(lambda: look(again).state == "stopped", 10)
    assert worker.process.poll() is None


def test_05_a_waiting_job_is_taken_out_and_a_deaf_one_cannot_be_stopped(hire: Hire) -> None:
    waiting = start(jobs.quick, number=1)
    services.stop(waiting)
    assert look(waiting).state == "stopped"
    deaf = start(jobs.deaf, seconds=30)
    hire()
    wait_for(lambda: look(deaf).state == "running")
    with pytest.raises(Conflict) as refused:
        services.stop(deaf)
    assert refused.value.code == "job-not-stoppable"
    with pytest.raises(GisError, match="unknown-job"):
        services.stop(10**9)


def test_06_sigterm_lets_a_job_end(hire: Hire) -> None:
    job = start(jobs.long, seconds=3)
    worker = hire()
    wait_for(lambda: look(job).state == "running")
    assert worker.end() == 0
    assert look(job).state == "done"
    assert steps(job) == ["began", "inside", "ended"]


def test_06b_a_job_that_is_being_ended_is_not_taken_by_others(hire: Hire, tmp_path: Path) -> None:
    """The leaving worker lives as long as its job, however long that is in heartbeats."""
    gate = tmp_path / "gate"
    job = start(jobs.gated, gate=str(gate))
    leaving = hire()
    wait_for(lambda: look(job).percent)
    staying = hire()
    wait_for(lambda: alive() == 2)
    leaving.process.terminate()
    time.sleep(8 * BEAT)
    gate.touch()
    assert leaving.process.wait(timeout=30) == 0
    assert look(job).state == "done"
    assert steps(job) == ["began", "inside", "ended"]
    assert "another worker" not in staying.log


def test_07_sigterm_gives_back_what_takes_too_long(hire: Hire) -> None:
    """A job that listens is given back; another worker begins it anew."""
    job = start(jobs.long, seconds=60)
    worker = hire("--grace", "0.5")
    wait_for(lambda: look(job).percent)
    assert worker.end() == 0
    assert look(job).state == "again"
    assert steps(job) == ["began"]
    hire()
    wait_for(lambda: look(job).state == "running")


def test_08_sigterm_gives_back_a_deaf_job_too(hire: Hire) -> None:
    job = start(jobs.deaf, seconds=120)
    worker = hire("--grace", "0.5")
    wait_for(lambda: steps(job))
    worker.process.terminate()
    wait_for(lambda: look(job).state == "again", 20)
    assert worker.end(signal.SIGTERM, within=40) == 1
    assert steps(job) == ["began"]


def test_09_kill_9_another_worker_takes_the_job(hire: Hire, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    job = start(jobs.gated, gate=str(gate))
    first = hire()
    wait_for(lambda: look(job).percent)
    second = hire()
    wait_for(lambda: alive() == 2)
    first.end(signal.SIGKILL)
    gate.touch()
    wait_for(lambda: look(job).state == "done")
    # What the dead one did in its transaction is gone; the job's own step before it stands there twice.
    assert steps(job) == ["began", "began", "inside", "ended"]
    assert "a job goes to another worker" in second.log


def listening() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%%'"
        )
        return int(cursor.fetchone()[0])


def alive() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_workers")
        return int(cursor.fetchone()[0])


def test_10_a_job_that_kills_its_workers_ends_as_a_dead_letter(hire: Hire) -> None:
    job = start(jobs.kills)
    for _ in range(2):
        assert hire().end(0, within=60) == -signal.SIGKILL
    hire()
    wait_for(lambda: look(job).state == "failed", 30)
    assert look(job).error_code == "worker-died"
    assert steps(job) == ["tried", "tried"]


def test_11_failures_are_tried_again_and_then_kept_without_what_they_said(hire: Hire) -> None:
    passing, failing, refused = start(jobs.fails, until=3), start(jobs.fails), start(jobs.refused)
    worker = hire()
    wait_for(
        lambda: look(passing).state == "done" and look(failing).state == "failed" and look(refused).state == "failed"
    )
    assert [len(steps(job)) for job in (passing, failing, refused)] == [3, 3, 1]
    assert (look(passing).error_code, look(failing).error_code, look(refused).error_code) == (
        "",
        "internal",
        "bad-value",
    )
    assert look(failing).problem
    with translation.override("en"):
        assert look(failing).problem.startswith("Something went wrong")
    worker.end()
    assert_nothing_kept(worker.log)
    errors = [line for line in map(json.loads, worker.log.splitlines()) if line["level"] == "ERROR"]
    assert {(line["task"], line["code"]) for line in errors} >= {("test.fails", "internal")}
    assert all(line["job"].startswith(line["task"] + "#") for line in errors)
    assert "jobs/tasks.py" in next(line for line in errors if line["task"] == "test.fails")["exception"]
    # Somebody mended the cause: once more, under the same number.
    assert services.retry(failing) == failing
    assert look(failing).state in {"waiting", "again"}
    with pytest.raises(Conflict, match="job-not-retried"):
        services.retry(passing)


def assert_nothing_kept(log: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(t::text, '') FROM (SELECT j::text t FROM procrastinate_jobs j UNION ALL SELECT p::text FROM tasks_progress p) x"
        )
        kept = cursor.fetchone()[0]
    assert "rieda" not in kept + log


def test_12_periodic_jobs_run_once_however_many_workers_there_are(hire: Hire) -> None:
    for _ in range(2):
        hire(GISAPP_TEST_OFTEN="1")
    wait_for(lambda: alive() == 2)

    def runs() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT args->>'timestamp' FROM procrastinate_jobs WHERE task_name = 'test.often' AND status = 'succeeded'"
            )
            return [int(at) for (at,) in cursor.fetchall()]

    found = wait_for(lambda: len(runs()) >= 4 and runs())
    assert len(found) == len(set(found)), "no moment twice"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM test_steps WHERE step = 'often'")
        assert cursor.fetchone()[0] <= len(runs()) + 1


def test_13_the_worker_outlives_a_broken_connection(hire: Hire) -> None:
    worker = hire()
    wait_for(lambda: listening() == 1)
    assert cut_off() > 0
    job = start(jobs.quick, number=1)
    wait_for(lambda: look(job).state == "done", 60)
    assert worker.process.poll() is None


def test_13b_the_worker_outlives_a_database_that_is_away(hire: Hire) -> None:
    worker = hire()
    wait_for(lambda: listening() == 1)
    name = connection.settings_dict["NAME"]
    job = start(jobs.quick, in_seconds=3, number=1)
    with connect("postgres", autocommit=True) as admin:
        try:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            cut_off()
            time.sleep(5)  # as long as a restart takes; the job falls due meanwhile
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    wait_for(lambda: look(job).state == "done", 120)
    assert worker.process.poll() is None
    assert "Side task" not in worker.log, "said once, and not by each of its parts"


def cut_off() -> int:
    """End every connection to the test's database but ours and autovacuum's, which is no owner's to end; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def test_14_a_worker_that_was_taken_for_dead_registers_anew(hire: Hire) -> None:
    worker = hire()
    wait_for(lambda: alive() == 1)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
    wait_for(lambda: alive() == 1)
    job = start(jobs.quick, number=1)
    wait_for(lambda: look(job).state == "done")
    assert worker.process.poll() is None


def test_14b_a_job_whose_end_could_not_be_written_down_is_run_again(hire: Hire) -> None:
    """It stands as run by a living worker that knows nothing of it."""
    hire()
    wait_for(lambda: alive() == 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id) "
            "SELECT 'default', 'test.quick', 'doing', id FROM procrastinate_workers RETURNING id"
        )
        job = cursor.fetchone()[0]
    wait_for(lambda: look(job).state == "done")
    assert steps(job) == ["quick 0"]


def test_14c_an_orphan_gives_way_to_one_like_it_that_waits(hire: Hire) -> None:
    """Two jobs of one queueing lock: the dead worker's cannot wait beside the other, and must not hold up the rest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, queueing_lock) VALUES "
            "('none', 'test.quick', 'doing', 'k'), ('none', 'test.quick', 'todo', 'k'), ('none', 'test.quick', 'doing', 'l') "
            "RETURNING id"
        )
        first, second, third = (job for (job,) in cursor.fetchall())
    assert rescue() == 2
    assert [look(job).state for job in (first, second, third)] == ["stopped", "waiting", "again"]
    failing = start(jobs.fails, key="f", until=99)
    hire()
    wait_for(lambda: steps(failing))
    wait_for(lambda: look(failing).state in {"again", "failed"})


@pytest.mark.django_db
def test_15_the_hosts_own_jobs_do_their_work() -> None:
    from django.contrib.sessions.models import Session

    Session.objects.create(session_key="old", session_data="x", expire_date=timezone.now() - timezone.timedelta(days=1))
    Session.objects.create(session_key="new", session_data="x", expire_date=timezone.now() + timezone.timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('d', 'a', 'todo'), ('d', 'b', 'todo'), ('d', 'c', 'todo'), "
            "('d', 'mail.deliver', 'todo')"
        )
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = CASE task_name WHEN 'c' THEN 'failed' ELSE 'succeeded' END::procrastinate_job_status"
        )
        cursor.execute(
            "UPDATE procrastinate_events e SET at = now() - interval '8 days' FROM procrastinate_jobs j WHERE j.id = e.job_id AND j.task_name IN ('a', 'c')"
        )
        cursor.execute(
            "UPDATE procrastinate_events e SET at = now() - interval '2 days' FROM procrastinate_jobs j WHERE j.id = e.job_id AND j.task_name NOT IN ('a', 'c')"
        )
    for name in ("tasks.sessions", "tasks.compact", "tasks.retention"):
        DECLARED[name](None)  # type: ignore[arg-type] - none of them reports
    assert [one.session_key for one in Session.objects.all()] == ["new"]
    assert {job.name for job in overview.jobs()} == {"b", "c"}


def test_16_one_retention_rule_that_fails_does_not_keep_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    from gisapp.layer import Text

    monkeypatch.setattr(retention, "RULES", {})
    done: list[str] = []

    def broken() -> int:
        raise ZeroDivisionError

    def good() -> int:
        done.append("good")
        return 3

    retention.register("broken", Text("a", "a"), broken)
    retention.register("good", Text("b", "b"), good)
    with pytest.raises(ZeroDivisionError):
        retention.run()
    assert done == ["good"]
    with pytest.raises(ValueError, match="registered"):
        retention.register("good", Text("b", "b"), good)


def test_17_waiting_grows_and_refusals_are_final() -> None:
    waits = [wait_seconds(10, attempts) for attempts in range(12)]
    assert 9 <= waits[0] <= 11
    assert 18 <= waits[1] <= 22
    assert max(waits) <= 3_960
    assert is_final(Conflict("job-waits-already"))
    assert not is_final(Conflict("try-again"))
    assert not is_final(psycopg.OperationalError("gone"))
    assert not is_final(ValueError("x"))
    assert max(wait_seconds(10, attempts, 60) for attempts in range(12)) <= 66


def test_17b_an_outage_of_the_database_is_no_fault_of_the_job() -> None:
    """It is tried again oftener and sooner than after a fault of its own, and not for ever."""
    away, fault = psycopg.OperationalError("gone"), ValueError("x")

    def again(error: Exception, attempts: int) -> float | None:
        job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="test.quick", attempts=attempts)
        found = Backoff(3, 10).get_retry_decision(exception=error, job=job)
        return (found.retry_at - timezone.now()).total_seconds() if found and found.retry_at else None

    assert [again(fault, attempts) is not None for attempts in range(4)] == [True, True, False, False]
    waits = [again(away, attempts) for attempts in range(12)]
    assert [wait is not None for wait in waits] == [True] * 9 + [False] * 3
    assert all(wait <= 66 for wait in waits if wait is not None)
    assert (
        Backoff(3, 10).get_retry_decision(
            exception=JobAborted(),
            job=Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="test.quick", attempts=99),
        )
        is not None
    )


def test_18_a_name_is_declared_once() -> None:
    with pytest.raises(ValueError, match="declared"):
        task("test.quick", title=jobs.quick.title)(jobs.quick.function)


def test_19_every_job_is_titled_in_two_languages_and_named_by_its_app() -> None:
    for name, declared in DECLARED.items():
        assert declared.title.de and declared.title.en
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", name)
