"""The queue's worker, made to outlive its connections: an outage of the database ends neither it nor its jobs.

The library's own worker ends with the first connection that breaks, and waits for its jobs before another may begin. This
one waits the outage out part by part: jobs in their threads go on, how they ended is written down when the database answers
again, and the signs of life begin at that moment.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from procrastinate import jobs
from procrastinate.app import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import AbortReason
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker
from psycopg_pool import AsyncConnectionPool

from gisapp.observe.config import WORKERS_POOL

T = TypeVar("T")
log = logging.getLogger("gisapp.tasks")
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 2.0
# A part that had worked for so long before it broke begins with short pauses again.
STEADY_SECONDS = 10.0
# So long the queue's connections try by themselves. A pool that tries for longer waits ever longer in between.
POOL_SECONDS = 3.0
STATEMENT_MS = 20_000
# Rows of dead workers are swept away after this; who is dead is for `rescue`, which looks at the last sign of life.
SWEPT_AFTER_SECONDS = 3600.0


def pause(failures: int, longest: float = LONGEST_PAUSE_SECONDS) -> float:
    """Seconds until the next try after so many failures in a row: soon at first, and never long."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(max(failures - 1, 0), 20), longest)


def lost(error: BaseException) -> bool:
    """Was it the connection that broke, or a database too busy to answer? Any other refusal would only come again."""
    cause = error.__cause__ if isinstance(error, ConnectorException) else error
    return isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError, OSError))


async def _configure(connection: psycopg.AsyncConnection[Any]) -> None:
    """Nothing that the queue asks takes long; a statement that waits for a lock gives up and is tried again."""
    await connection.execute(f"SET statement_timeout = {STATEMENT_MS}")
    await connection.commit()


@contextlib.asynccontextmanager
async def queue(threads: int) -> AsyncIterator[App]:
    """The queue's app on connections of this worker, opened within seconds. Raises psycopg's errors.

    It is the one app: periodic jobs are put in through the app that their kind was declared with. On Django's connector
    they would go through a connection that nobody replaces once it has broken. What jobs put into the queue belongs to
    their own transactions all the same (`declare.start`).
    """
    pool = AsyncConnectionPool(
        kwargs=connector_params(), configure=_configure, check=AsyncConnectionPool.check_connection,
        name=WORKERS_POOL, min_size=1, max_size=threads + 4, timeout=POOL_SECONDS, reconnect_timeout=POOL_SECONDS, open=False,
    )  # fmt: skip
    try:
        await pool.open(wait=True, timeout=POOL_SECONDS)
        connector = PsycopgConnector(configure=_configure)
        await connector.open_async(pool)
        with app.replace_connector(connector):
            yield app
    finally:
        await pool.close(timeout=1)


class Lasting(Worker):
    """Takes jobs until it is told to stop, whatever becomes of its connections. `away`: the database does not answer."""

    def __init__(self, own: App, threads: int) -> None:
        options: dict[str, Any] = {
            **own.worker_defaults,
            "concurrency": threads,
            "install_signal_handlers": False,
            "listen_notify": False,  # ours listens, and goes on listening
            "update_heartbeat_interval": settings.WORKER_HEARTBEAT,
            "stalled_worker_timeout": SWEPT_AFTER_SECONDS + 3 * settings.WORKER_HEARTBEAT,
        }
        super().__init__(own, **options)
        self.away = False
        self._judges_at = time.monotonic() + 3 * settings.WORKER_HEARTBEAT
        self._registering = asyncio.Lock()

    async def _through(self, do: Callable[[], Awaitable[T]]) -> T:
        """Do it, again after each break of the connection, until it is done. Raises what is no such break."""
        failures = 0
        while True:
            begin = time.monotonic()
            try:
                found = await do()
            except Exception as error:
                if not lost(error):
                    raise
                failures = 1 if time.monotonic() - begin > STEADY_SECONDS else failures + 1
                self._unanswered(error)
            else:
                self._answered()
                return found
            await asyncio.sleep(pause(failures))

    def _unanswered(self, error: Exception) -> None:
        if not self.away:
            self.away = True
            log.warning("the database does not answer; the worker goes on when it does: %s", error)

    def _answered(self) -> None:
        if self.away:
            self.away = False
            self._judges_at = time.monotonic() + 3 * settings.WORKER_HEARTBEAT + POOL_SECONDS + LONGEST_PAUSE_SECONDS
            log.warning("the database answers the worker again")

    def running(self) -> set[int]:
        """The jobs that are run here, and those whose end is yet to be written down."""
        return {one.job.id for one in self._running_jobs.values() if one.job.id is not None}

    def may_judge(self) -> bool:
        """May we take others for dead? During an outage nobody could give a sign of life: they get time to."""
        return not self.away and time.monotonic() >= self._judges_at

    async def _update_heartbeat(self) -> None:
        while True:
            await self._through(self._beat)
            await asyncio.sleep(self.update_heartbeat_interval)

    async def _beat(self) -> None:
        if self.worker_id is not None:
            await self.app.job_manager.update_heartbeat(self.worker_id)

    async def _periodic_deferrer(self) -> None:
        await self._through(super()._periodic_deferrer)

    def _start_side_tasks(self) -> list[asyncio.Task[Any]]:
        return [*super()._start_side_tasks(), asyncio.create_task(self._through(self._listen), name="listener")]

    async def _listen(self) -> None:
        self._new_job_event.set()  # for what was put in while nobody listened
        await self.app.job_manager.listen_for_jobs(on_notification=self._handle_notification, queues=self.queues)

    async def _fetch_and_process_jobs(self) -> None:
        asked_as = self.worker_id
        try:
            await self._through(super()._fetch_and_process_jobs)
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation) or asked_as is None:
                raise
            await self.register_anew(asked_as)
            self._new_job_event.set()

    async def register_anew(self, missing: int) -> None:
        """`missing` stands on the list of workers no more: put ourselves on it, and the jobs that we run behind us."""
        async with self._registering:
            if self.worker_id != missing:
                return
            log.warning("the worker was taken for dead and registers anew")
            fresh = await self._through(self.app.job_manager.register_worker)
            keep = partial(
                self.app.connector.execute_query_async,
                "UPDATE procrastinate_jobs SET worker_id = %(fresh)s WHERE id = ANY(%(mine)s) AND status = 'doing' AND worker_id IS NULL",
                fresh=fresh, mine=[*self.running()],
            )  # fmt: skip
            await self._through(keep)
            self.worker_id = fresh

    def let_go(self, given: set[int]) -> None:
        """Ask jobs to end that were given to another worker, which took us for dead."""
        for task, context in self._running_jobs.items():
            if context.job.id in given and not context.should_abort():
                log.warning(
                    "a job was given to another worker meanwhile and ends here", extra={"task": context.job.task_name}
                )
                self._abort_job(task, context, AbortReason.SHUTDOWN)

    async def _persist_job_status(self, job: jobs.Job, status: jobs.Status, *rest: Any, **more: Any) -> None:
        """Write down how a job ended, when the database answers again at the latest."""
        await self._through(partial(self._write_end, job, status, *rest, **more))

    async def _write_end(self, job: jobs.Job, status: jobs.Status, *rest: Any, **more: Any) -> None:
        if await self._is_ours_to_end(job, status):
            await super()._persist_job_status(job, status, *rest, **more)
            return
        assert job.id is not None
        self._job_ids_to_abort.pop(job.id, None)

    async def _is_ours_to_end(self, job: jobs.Job, status: jobs.Status) -> bool:
        """Not when it stands as ended (the answer to our first try was lost) or as another worker's by now.

        Given away and not begun again, it is only ended where its work is done.
        """
        found = await self.app.connector.execute_query_all_async(
            "SELECT status::text AS status, worker_id FROM procrastinate_jobs WHERE id = %(job)s", job=job.id
        )
        if not found:
            return False
        if found[0]["status"] == "todo":
            return status == jobs.Status.SUCCEEDED
        return found[0]["status"] == "doing" and found[0]["worker_id"] in (self.worker_id, None)
