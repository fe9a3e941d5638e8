"""Ends a process whose event loop stands still, so that the service manager starts another; says where it stood."""

import contextlib
import faulthandler
import logging
import os
import sys
import threading
from asyncio import AbstractEventLoop
from collections.abc import Iterator

log = logging.getLogger("gisapp.tasks")
TICK_SECONDS = 1.0
REPORT_SECONDS = 5.0


class Watchdog(threading.Thread):
    """Counts the ticks of its own in which the loop gave no sign of life; after `limit` seconds' worth it ends the process.

    Own ticks, not the clock: a machine that was suspended or a process that was stopped has made none meanwhile. A job
    that keeps the interpreter to itself (a long call into a C library) holds this thread up as well as the loop.
    """

    def __init__(self, limit: float, tick: float) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.limit, self.tick = limit, tick
        self._sign = True
        self._over = threading.Event()

    def follow(self, loop: AbstractEventLoop) -> None:
        """Have the loop give its signs."""
        self._sign = True
        loop.call_later(self.tick / 2, self.follow, loop)

    def run(self) -> None:
        silent = 0.0
        while not self._over.wait(self.tick):
            silent = 0.0 if self._sign else silent + self.tick
            self._sign = False
            if silent >= self.limit:
                self._end()

    def stop(self) -> None:
        self._over.set()

    def _end(self) -> None:
        # Whoever stands still may hold the lock of the log, or nobody may read what we write: then this ends us.
        faulthandler.dump_traceback_later(REPORT_SECONDS, exit=True)
        # Files, lines and names of functions: no values.
        faulthandler.dump_traceback(all_threads=True)
        log.critical("the worker stands still and is ended; the stacks of its threads stand above")
        for stream in (sys.stderr, sys.stdout):
            stream.flush()
        os._exit(1)


@contextlib.contextmanager
def watched(loop: AbstractEventLoop, limit: float, tick: float = TICK_SECONDS) -> Iterator[Watchdog]:
    """Watch over what the loop runs within the block."""
    dog = Watchdog(limit, tick)
    dog.follow(loop)
    dog.start()
    try:
        yield dog
    finally:
        dog.stop()
