"""How the replica is: asked once a second by one thread of each process, on connections of its own.

Lag is the age of the oldest position of the primary's log that the replica has not replayed: no clocks of two machines
are compared, an idle primary makes nobody late, and a replica that gets nothing any more is late as soon as there is
something to get. Positions are bytes of the write-ahead log since its beginning (LSN - '0/0').
"""

import contextlib
import logging
import os
import socket
import threading
import time
import weakref
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.signals import connection_created

from gisapp.connecting import REPLICA

EVERY_SECONDS = 1.0
SILENT_SECONDS = 2.5
"""A replica that does not answer the watch for so long is dead: whoever waits for it is cut off and asks the primary."""
KEPT_SAMPLES = 900
log = logging.getLogger("gisapp.replica")

_PRIMARY_SQL = (
    "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint, (SELECT system_identifier FROM pg_control_system())"
)
_REPLICA_SQL = (
    "SELECT pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint, "
    "(SELECT system_identifier FROM pg_control_system())"
)


@dataclass(frozen=True)
class State:
    """`reason` is "" for a usable replica, else "unknown", "dead", "lags", "promoted" or "foreign"; `replayed` a position
    of the log, `lag` in seconds, `behind` in bytes, `at` the moment (monotonic)."""

    reason: str = "unknown"
    replayed: int = 0
    lag: float = 0.0
    behind: int = 0
    at: float = 0.0

    @property
    def usable(self) -> bool:
        return not self.reason


class Lag:
    """The positions that the primary had, and when."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=KEPT_SAMPLES)

    def note(self, at: float, position: int) -> None:
        if self._samples and position < self._samples[-1][1]:
            self._samples.clear()  # the primary is another one, or was restored: its log counts anew
        if not self._samples or position > self._samples[-1][1]:
            self._samples.append((at, position))

    def of(self, replayed: int, now: float) -> tuple[float, int]:
        """(seconds, bytes) that a replica which has replayed so far is behind."""
        waiting = next((at for at, position in self._samples if position > replayed), None)
        if waiting is None:
            return 0.0, 0
        return now - waiting, self._samples[-1][1] - replayed


class Watch:
    """One process's knowledge of the replica."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._state = State()
        self._lag = Lag()
        self._system: int | None = None
        self._asking: dict[str, psycopg.Connection[Any]] = {}
        self._open: weakref.WeakSet[psycopg.Connection[Any]] = weakref.WeakSet()
        # (what happened to a reading request); gisapp.observe.metrics counts them.
        self.outcomes: deque[str] = deque(maxlen=100_000)

    def start(self) -> None:
        """Begin to watch in this process; a fork takes no thread along."""
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                self._asking, self._open = {}, weakref.WeakSet()
                connection_created.connect(self._opened)
                threading.Thread(target=self._run, name="replica", daemon=True).start()

    def state(self) -> State:
        """How it is; an answer that is too old is none."""
        found = self._state
        if found.usable and time.monotonic() > found.at + EVERY_SECONDS + SILENT_SECONDS:
            return replace(found, reason="dead")
        return found

    def failed(self) -> None:
        """A request found the replica's connection broken: nobody asks it until the watch has an answer again."""
        self._become(replace(self._state, reason="dead"))

    def _opened(self, sender: Any, connection: Any, **more: Any) -> None:
        if connection.alias == REPLICA and connection.connection is not None:
            with self._lock:
                self._open.add(connection.connection)

    def _run(self) -> None:
        while True:
            begin = time.monotonic()
            try:
                self._become(self._look())
            except Exception:  # the watch outlives whatever happens
                log.exception("the replica cannot be watched")
                self._become(State("dead"))
            time.sleep(max(0.05, begin + EVERY_SECONDS - time.monotonic()))

    def _become(self, new: State) -> None:
        before, self._state = self._state, new
        if new.reason != before.reason:
            level = logging.INFO if new.usable else logging.WARNING
            log.log(level, "the replica is %s", new.reason or "in use", extra={"lag": round(new.lag, 1)})

    def _look(self) -> State:
        with contextlib.suppress(
            psycopg.Error
        ):  # a primary that is away writes nothing: what is known of it stays true
            asked = time.monotonic()
            position, self._system = self._ask(DEFAULT_DB_ALIAS, _PRIMARY_SQL)
            self._lag.note(asked, position)
        try:
            standby, replayed, system = self._ask(REPLICA, _REPLICA_SQL)
        except psycopg.Error:
            return replace(self._state, reason="dead", at=time.monotonic())
        if self._state.reason == "dead":
            # Its pool is full of connections that ended with it; they go before anybody gets one.
            pool = getattr(connections[REPLICA], "pool", None)
            if pool is not None and not pool.closed:
                pool.check()
        now = time.monotonic()
        lag, behind = self._lag.of(replayed, now)
        return State(self._reason(standby, system, lag), replayed, lag, behind, now)

    def _reason(self, standby: bool, system: int, lag: float) -> str:
        if not standby:
            return "promoted"
        if self._system is None:
            return "unknown"
        if system != self._system:
            return "foreign"
        return "lags" if lag > settings.REPLICA_MAX_LAG else ""

    def _ask(self, alias: str, sql: str) -> tuple[Any, ...]:
        # The timer ends what would wait for ever: a machine that was unplugged, a server that was stopped.
        silence = threading.Timer(SILENT_SECONDS, self._silent, [alias])
        silence.daemon = True
        silence.start()
        try:
            return self._answer(alias, sql)
        finally:
            silence.cancel()

    def _answer(self, alias: str, sql: str) -> tuple[Any, ...]:
        connection = self._asking.get(alias)
        try:
            if connection is None or connection.closed:
                # The thread's own wrapper knows the address; its pool stays out of this.
                params = connections[alias].get_connection_params() | {"connect_timeout": 2}
                connection = self._asking[alias] = psycopg.connect(**params, autocommit=True)
            row = connection.execute(sql).fetchone()
        except psycopg.Error:
            if connection is not None:
                connection.close()
            self._asking.pop(alias, None)
            raise
        assert row is not None
        return tuple(row)

    def _silent(self, alias: str) -> None:
        """Asked, and no answer: end the watch's own connection, and with a silent replica every other to it from our
        side, so that a waiting request gets an error now and asks the primary."""
        asking = self._asking.get(alias)
        waiting = [asking] if asking is not None else []
        if alias == REPLICA:
            self._become(replace(self._state, reason="dead"))
            with self._lock:
                waiting += list(self._open)
        for one in waiting:
            with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(one.fileno())) as copy:
                copy.shutdown(socket.SHUT_RDWR)

    def counted(self) -> Counter[str]:
        """What happened to reading requests since this was last asked."""
        found: Counter[str] = Counter()
        while self.outcomes:
            found[self.outcomes.popleft()] += 1
        return found


WATCH = Watch()


def configured() -> bool:
    """Has this process been given a replica?"""
    return REPLICA in settings.DATABASES
