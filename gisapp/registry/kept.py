"""What changes seldom and is asked at every request, in each process's memory: settings that live in tables.

Every few seconds one short statement asks whether a table was written since; only then it is read anew. Meanwhile, and
while the database is away, what was read last holds.
"""

import logging
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import psycopg
from django.db import DatabaseError

from gisapp.database import fetch_rows
from gisapp.replica.routing import preferably_replica

T = TypeVar("T")
LOOK_SECONDS = 2.0
# A look at a database that is away takes seconds by itself; not every request shall pay for one.
PAUSE_SECONDS = 5.0
log = logging.getLogger("gisapp")

_VERSION = """
SELECT count(*), coalesce(sum(transaction_id::text::numeric), 0)::text,
       coalesce(bool_or(transaction_id = pg_current_xact_id_if_assigned()), false)
  FROM gisapp_table_version WHERE table_name = ANY(%s)
"""
_every: "weakref.WeakSet[Kept[object]]" = weakref.WeakSet()


class Kept(Generic[T]):
    """`load()` reads the value from `tables`, which note their writes (gisapp_track); `nothing` holds before that.

    `load` reads with fetch_rows: what is remembered for all requests belongs to none of them.
    """

    def __init__(self, tables: Sequence[str], load: Callable[[], T], nothing: T) -> None:
        self._tables, self._load, self._nothing = list(tables), load, nothing
        self._lock = threading.Lock()
        self.forget()
        _every.add(self)  # type: ignore[arg-type]

    def expire(self) -> None:
        """Read anew at the next question; what was read last holds until that is done."""
        self._seen, self._until = "", 0.0

    def forget(self) -> None:
        """As at the start of the process."""
        self._value = self._nothing
        self.expire()

    def get(self) -> T:
        """The value as of a moment ago."""
        if time.monotonic() < self._until:
            return self._value
        # One thread looks; the others take what there is, unless there is nothing yet.
        if not self._lock.acquire(blocking=not self._seen):
            return self._value
        try:
            if time.monotonic() >= self._until:
                self._look()
            return self._value
        finally:
            self._lock.release()

    def _look(self) -> None:
        try:
            with preferably_replica():
                number, total, mine = fetch_rows(_VERSION, [self._tables])[0]
                seen = f"{number}/{total}"
                if mine or seen != self._seen:
                    self._value, self._seen = self._load(), seen
            pause = LOOK_SECONDS
        except (DatabaseError, psycopg.Error) as error:
            pause = PAUSE_SECONDS
            log.warning("what is kept of %s cannot be looked at: %s", self._tables[0], type(error).__name__)
        self._until = time.monotonic() + pause


def forget_all() -> None:
    """Tests begin with nothing remembered of the last one's rows."""
    for one in list(_every):
        one.forget()
