"""Declaring jobs and putting them into the queue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from procrastinate import JobContext, exceptions, manager, tasks
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob

from gisapp.layer import Text
from gisapp.tasks.progress import Progress
from gisapp.tasks.retrying import Backoff

TRIES = 5
FIRST_WAIT_SECONDS = 10
Function = Callable[..., None]


@dataclass(frozen=True)
class Declared:
    """A kind of job. `tries` is how often it is run at most until it is left as failed; `cron` is in UTC."""

    name: str
    title: Text
    function: Function
    tries: int
    stoppable: bool
    cron: str

    def __call__(self, progress: Progress, **arguments: Any) -> None:
        self.function(progress, **arguments)


DECLARED: dict[str, Declared] = {}


def task(
    name: str,
    *,
    title: Text,
    tries: int = TRIES,
    first_wait: float = FIRST_WAIT_SECONDS,
    stoppable: bool = False,
    cron: str = "",
) -> Callable[[Function], Declared]:
    """Make `function(progress, **arguments)` a kind of job with this stable name ("app.verb").

    A failure is tried again after `first_wait` seconds, then after twice as long, up to an hour. `stoppable` jobs call
    `progress.checkpoint()` often enough to be stopped. With `cron` the workers start it at these times, once.
    Raises ValueError when the name is taken.
    """

    def declare(function: Function) -> Declared:
        if name in DECLARED:
            raise ValueError(f"the job {name} is declared already")
        declared = Declared(name, title, function, tries, stoppable, cron)

        def run(context: JobContext, **arguments: Any) -> None:
            from gisapp.tasks.running import run_job

            run_job(declared, context, arguments)

        # Two of a kind that starts by itself never run or wait side by side: the later one would do nothing new.
        own = name if cron else None
        queued = app.task(
            name=name, retry=Backoff(tries, first_wait), pass_context=True, lock=own, queueing_lock=own
        )(run)  # fmt: skip
        if cron:
            # The moment that it was due comes as an argument, which `run_job` takes away.
            app.periodic(cron=cron)(queued)  # type: ignore[arg-type]
        DECLARED[name] = declared
        return declared

    return declare


def forget(name: str) -> None:
    """Take a kind of job out again (tests declare throw-away ones)."""
    DECLARED.pop(name, None)
    app.tasks.pop(name, None)
    app.periodic_registry.periodic_tasks.pop((name, ""), None)


def start(what: Declared, *, key: str = "", in_seconds: float = 0, **arguments: Any) -> int:
    """Put a job into the queue, in the caller's transaction, and return its number.

    While a job with the same `key` waits, no second one is put in: its number is returned. `in_seconds` delays it.
    """
    # Always Django's own connection: inside a worker the app has another, which knows nothing of our transaction.
    jobs = manager.JobManager(DjangoConnector())
    while True:
        deferrer = tasks.configure_task(
            name=what.name,
            job_manager=jobs,
            lock=what.name if what.cron else None,
            queueing_lock=key or (what.name if what.cron else None),
            schedule_at=timezone.now() + timedelta(seconds=in_seconds) if in_seconds else None,
        )
        try:
            with transaction.atomic():
                return deferrer.defer(**arguments)
        except exceptions.AlreadyEnqueued:
            lock = key or what.name
            waiting = ProcrastinateJob.objects.filter(queueing_lock=lock, status="todo").values_list("id", flat=True)
            found = waiting.first()
            if found is not None:
                return int(found)
            # A worker has taken it this moment: what we want done may have come too late for it, so once more.
