"""Running one job in a worker's thread: progress, log lines without its arguments, the code of its failure."""

import logging
import time
from time import perf_counter
from typing import Any

from django.db import DatabaseError, close_old_connections
from procrastinate import JobContext
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import JobAborted

from gisapp.observe.logs import JOB
from gisapp.status import maintenance
from gisapp.tasks.declare import Declared
from gisapp.tasks.progress import Progress
from gisapp.tasks.retrying import Backoff, code_of

log = logging.getLogger("gisapp.tasks")
HOLD_SECONDS = 2.0


def run_job(declared: Declared, context: JobContext, arguments: dict[str, Any]) -> None:
    """Run it; whatever it raises goes on to the queue, which decides about another try."""
    if declared.cron:
        arguments.pop("timestamp", None)  # when it was due; the job looks at what there is instead
    assert context.job.id is not None
    _hold(context)
    begin = perf_counter()
    progress = Progress(context.job.id, context.should_abort)
    token = JOB.set(f"{declared.name}#{context.job.id}")
    try:
        progress.write()
        declared(progress, **arguments)
        progress.done()
        log.info("job done", extra={"task": declared.name, "seconds": round(perf_counter() - begin, 3)})
    except JobAborted:
        progress.write()
        log.info("job stopped", extra={"task": declared.name})
        raise
    except Exception as error:
        code = code_of(error)
        progress.failed(code)
        last = context.job.attempts + 1 >= Backoff(declared.tries, 0).most(error)
        level = logging.ERROR if last else logging.WARNING
        log.log(level, "job failed", exc_info=error, extra={"task": declared.name, "code": code})
        if not last and _another_waits(context):
            # The queue could not take this one again beside it, and it will do the work.
            raise JobAborted from error
        raise
    finally:
        progress.close()
        JOB.reset(token)


def _hold(context: JobContext) -> None:
    """Begin nothing during maintenance. Whoever waited while a backup took the database's place is no job of it."""
    held = False
    while maintenance.state().on:
        held = True
        close_old_connections()
        time.sleep(HOLD_SECONDS)
    if held and not ProcrastinateJob.objects.filter(pk=context.job.id or 0, status="doing").exists():
        raise JobAborted


def _another_waits(context: JobContext) -> bool:
    """Does a job with this one's queueing lock wait?"""
    lock = context.job.queueing_lock
    try:
        return bool(lock) and ProcrastinateJob.objects.filter(queueing_lock=lock, status="todo").exists()
    except DatabaseError:  # the database is away: then it is not that which keeps the job from another try
        return False
