"""Jobs of workers that died: they go to another worker, or to the dead letters when they kill each one."""

import logging
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from gisapp.tasks.declare import DECLARED, FIRST_WAIT_SECONDS, TRIES
from gisapp.tasks.retrying import wait_seconds

log = logging.getLogger("gisapp.tasks")
# Locked row by row: two workers that look at once do not give the same job away twice, and one that was given away and
# taken again meanwhile has a living worker when the lock is had.
_ORPHANS = (
    "SELECT j.id, j.task_name, j.attempts, j.abort_requested FROM procrastinate_jobs j WHERE j.status = 'doing' AND {whose} "
    "ORDER BY j.id FOR UPDATE SKIP LOCKED"
)
_OF_THE_DEAD = (
    "NOT EXISTS (SELECT 1 FROM procrastinate_workers w "
    "WHERE w.id = j.worker_id AND w.last_heartbeat >= now() - make_interval(secs => %s))"
)


def rescue() -> int:
    """Give the jobs of silent workers away; how many these were."""
    return _give_away(_OF_THE_DEAD, 3 * settings.WORKER_HEARTBEAT, dead=True)


def give_back(worker: int) -> int:
    """Give the jobs of a worker away that leaves without having ended them; how many these were."""
    return _give_away("j.worker_id = %s", worker, dead=False)


def give_back_lost(worker: int, lost: set[int]) -> int:
    """Give jobs away that stand as run by a living worker which knows nothing of them; how many these were.

    It ran them, and could not write down how they ended: its connection broke at that moment.
    """
    return _give_away("j.worker_id = %s AND j.id = ANY(%s)", worker, list(lost), dead=True)


def sign_of_life(worker: int) -> bool:
    """Tell that this worker lives; False when it does not stand on the list of workers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT procrastinate_update_heartbeat_v1(%s)", [worker])
        cursor.execute("SELECT EXISTS (SELECT 1 FROM procrastinate_workers WHERE id = %s)", [worker])
        return bool(cursor.fetchone()[0])


def held_by(worker: int) -> set[int]:
    """The jobs that stand as run by this worker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM procrastinate_jobs WHERE worker_id = %s AND status = 'doing'", [worker])
        return {job for (job,) in cursor.fetchall()}


def _give_away(whose: str, *values: Any, dead: bool) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ORPHANS.format(whose=whose), values)
        orphans = cursor.fetchall()
        for job, name, attempts, stop_asked in orphans:
            _decide(cursor, job, name, attempts, stop_asked=stop_asked, dead=dead)
    return len(orphans)


def _decide(cursor: Any, job: int, name: str, attempts: int, *, stop_asked: bool, dead: bool) -> None:
    tries = DECLARED[name].tries if name in DECLARED else TRIES
    if stop_asked:
        cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'aborted', false)", [job])
    elif dead and attempts + 1 >= tries:
        # Perhaps it is the job that kills its worker (memory); somebody should look before it does so again.
        cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", [job])
        cursor.execute(
            "INSERT INTO tasks_progress (job_id, percent, text_de, text_en, error_code, updated_at) "
            "VALUES (%s, 0, '', '', 'worker-died', now()) "
            "ON CONFLICT (job_id) DO UPDATE SET error_code = 'worker-died', updated_at = now()",
            [job],
        )
        log.error("a job is given up: its workers died", extra={"task": name, "code": "worker-died"})
    else:
        wait = wait_seconds(FIRST_WAIT_SECONDS, attempts) if dead and attempts else 0
        try:
            with transaction.atomic():
                cursor.execute(
                    "SELECT procrastinate_retry_job_v2(%s, now() + make_interval(secs => %s), NULL, NULL, NULL)",
                    [job, wait],
                )
        except IntegrityError:  # the queueing lock: one like it waits already and will do the work
            cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'aborted', false)", [job])
        log.warning("a job goes to another worker", extra={"task": name})
