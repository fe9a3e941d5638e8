"""The worker process: takes jobs until it is told to go, finishes them or gives them back, and outlives the database."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection, connections
from procrastinate.exceptions import ConnectorException

from gisapp.tasks.lasting import STATEMENT_MS, STEADY_SECONDS, Lasting, lost, pause, queue
from gisapp.tasks.rescue import give_back, give_back_lost, held_by, rescue, sign_of_life
from gisapp.tasks.watchdog import watched

log = logging.getLogger("gisapp.tasks")
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# A Ctrl-C in a terminal and the parent's SIGTERM come together; a later second signal is impatience.
IMPATIENT_SECONDS = 2.0
STUCK_SECONDS = 15.0
# Between attempts while the database answers and refuses (no tables yet): that does not mend itself in a second.
LONGEST_PAUSE_SECONDS = 30.0
# Threads beside those of the jobs.
SPARE_THREADS = 4
# So long the event loop may stand still at least.
LEAST_SILENCE_SECONDS = 30.0
_LOST = (DatabaseError, psycopg.Error, ConnectorException, OSError)


@dataclass(frozen=True)
class Seen:
    """What the list of workers and jobs says of us: do we stand on it, and with which jobs?"""

    listed: bool
    held: set[int]


class Work:
    """One worker process with `threads` jobs at a time; `grace` seconds to end them in when told to go."""

    def __init__(self, threads: int, grace: float) -> None:
        self.threads, self.grace = threads, grace
        self.ending = asyncio.Event()
        self.told_at = 0.0
        self.stuck = False

    def end(self) -> None:
        """Told to go: once is a request, later once more is an order."""
        if self.ending.is_set() and time.monotonic() > self.told_at + IMPATIENT_SECONDS:
            self.grace = 0
        elif not self.ending.is_set():
            self.told_at = time.monotonic()
            self.ending.set()

    async def run(self) -> None:
        """Work until told to go. Raises nothing that another attempt could mend: the database may come back."""
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self.end)
        failures, said = 0, ""
        while not self.ending.is_set():
            begin, away = time.monotonic(), False
            try:
                await self._connected()
            except _LOST as error:
                away = lost(error)
                if str(error) != said:  # an outage of an hour is one line
                    said = str(error)
                    log.error("the worker cannot work: %s", said)
            if not self.ending.is_set():
                failures = 1 if time.monotonic() - begin > STEADY_SECONDS else failures + 1
                await self._sleep(pause(failures) if away else pause(failures, LONGEST_PAUSE_SECONDS))

    async def _sleep(self, seconds: float) -> None:
        """Sleep, but not past the end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ending.wait(), seconds)

    async def _connected(self) -> None:
        """Work until told to go; a break of the connections is the worker's own business."""
        async with queue(self.threads) as own:
            worker = Lasting(own, self.threads)
            running = asyncio.ensure_future(worker.run())
            helpers = [asyncio.ensure_future(one) for one in (self._rescue(worker), self.ending.wait())]
            await asyncio.wait([running, *helpers], return_when=asyncio.FIRST_COMPLETED)
            for helper in helpers:
                if helper.done() and helper.exception() is not None:
                    log.error("the worker cannot look after others", exc_info=helper.exception())
                helper.cancel()
            worker.stop()
            await self._leave(worker, running)

    async def _leave(self, worker: Lasting, running: "asyncio.Future[None]") -> None:
        """Wait for the jobs as long as there is grace; then ask them to come to an end; then give them back."""
        begin, beat = time.monotonic(), time.monotonic()
        # Not the library's own timeout: it waits for a job that never looks up for ever.
        while not running.done() and time.monotonic() < (self.told_at or begin) + self.grace:
            await asyncio.wait([running], timeout=0.2)
            # The library gives no sign of life any more, and others would take the jobs that are being ended here.
            if worker.worker_id is not None and time.monotonic() >= beat + settings.WORKER_HEARTBEAT:
                beat = time.monotonic()
                await asyncio.to_thread(_quietly, partial(sign_of_life, worker.worker_id))
        if not running.done():
            aborting = asyncio.ensure_future(worker._abort_running_jobs())
            await asyncio.wait([running], timeout=5)
            aborting.cancel()
        if not running.done():
            self.stuck = True
            # Its thread cannot be ended, only the process: whoever watches over us starts another.
            self.ending.set()
            if worker.worker_id is not None:
                await asyncio.to_thread(_quietly, partial(give_back, worker.worker_id))
            return
        error = running.exception()
        if error is not None:
            raise error

    async def _rescue(self, worker: Lasting) -> None:
        """Now and then look for the jobs of the dead, and whether we still count as living ourselves."""
        suspects: set[int] = set()
        strange: set[int] = set()
        while True:
            await asyncio.sleep(settings.WORKER_HEARTBEAT)
            own = worker.worker_id
            if own is None or worker.away:
                continue
            running = worker.running()
            seen = await asyncio.to_thread(_look, own, suspects, judge=worker.may_judge())
            if seen is None:
                suspects, strange = set(), set()
                continue
            _leave_sign()
            if not seen.listed:
                # We were silent for so long (a suspended machine) that another worker took us off the list.
                await worker.register_anew(own)
                suspects, strange = set(), set()
                continue
            # A job that was fetched this moment is not running yet: it is lost when it is not at the next look either.
            # So with one that ended this moment.
            suspects = seen.held - running - worker.running()
            worker.let_go(strange & (running - seen.held))
            strange = (running & worker.running()) - seen.held


def _sign() -> Path:
    return Path(settings.DATA_DIR) / "run" / f"worker-{socket.gethostname()}"


def _leave_sign() -> None:
    """For a container's health check, which cannot know our number: a file that is as old as our last sign of life."""
    with contextlib.suppress(OSError):  # a full disk is told by /readyz
        _sign().parent.mkdir(parents=True, exist_ok=True)
        _sign().touch()


def alive() -> bool:
    """Has a worker of this machine (with this data directory) given a sign of life lately?"""
    try:
        age = time.time() - _sign().stat().st_mtime
    except OSError:
        return False
    return age <= 3 * settings.WORKER_HEARTBEAT


def _look(worker: int, suspects: set[int], *, judge: bool) -> Seen | None:
    """Rescue what is to be rescued, the jobs of other workers where we may `judge`. None when the database is away."""
    found: list[Seen] = []

    def look() -> None:
        # First: whoever takes others for dead must not count as dead himself, however late his looks are.
        if not sign_of_life(worker):
            found.append(Seen(listed=False, held=set()))
            return
        if judge:
            rescue()
        if suspects:
            give_back_lost(worker, suspects)
        found.append(Seen(listed=True, held=held_by(worker)))

    _quietly(look)
    return found[0] if found else None


def _quietly(do: Callable[[], Any]) -> None:
    """Run in a helper's thread on a connection of its own; a database that is away is the next look's business."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {STATEMENT_MS}")
        do()
    except (DatabaseError, psycopg.Error) as error:
        log.warning("jobs of other workers cannot be looked at: %s", error)
    finally:
        connection.close()


def work(threads: int, grace: float) -> int:
    """Run a worker in this process until it is told to go; 0, or 1 when a job had to be given back unfinished."""
    loop = asyncio.new_event_loop()
    # Each job has a thread, and the looks are not kept waiting by them.
    loop.set_default_executor(ThreadPoolExecutor(threads + SPARE_THREADS, thread_name_prefix="job"))
    made = Work(threads, grace)
    with watched(loop, max(LEAST_SILENCE_SECONDS, 6 * settings.WORKER_HEARTBEAT)):
        loop.run_until_complete(made.run())
    connections.close_all()
    if made.stuck:
        log.warning("a job did not end in time and was given back")
        # Its thread goes on until the process is gone, and Python waits for threads: we do not. What is still to be
        # done after us (the private cluster is stopped) has its time.
        threading._register_atexit(_end_now)  # type: ignore[attr-defined]
        threading.Thread(target=_end_hard, daemon=True).start()
        return 1
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    return 0


def _end_now() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(1)


def _end_hard() -> None:
    time.sleep(STUCK_SECONDS)
    os._exit(1)
