"""What is counted while requests are answered. Each process counts into files of its own; /metrics adds them up.

PROMETHEUS_MULTIPROC_DIR must be set before this module is imported: `gisapp serve` does it (gisapp.observe.processes).
"""

import logging
import os
import threading
import time
from bisect import bisect_left
from collections import Counter as Counts
from collections import deque

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
TILE_ROUTE = "/tiles/<names>/<z>/<x>/<y>.mvt"
WRITE_SECONDS = 1.0
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, float("inf"))
log = logging.getLogger("gisapp")
_flushing = threading.Lock()

REQUESTS = Counter(
    "gisapp_requests", "Requests by the pattern of their address", ["method", "route", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "gisapp_request_seconds",
    "Time until the answer was complete, in seconds",
    ["route"],
    buckets=BOUNDS,
    registry=REGISTRY,
)
TILE_BYTES = Counter("gisapp_tile_bytes", "Bytes of vector tiles sent", registry=REGISTRY)
TILE_SECONDS = Counter("gisapp_tile_seconds", "Time spent on vector tiles, in seconds", registry=REGISTRY)
POOL = Gauge(
    "gisapp_db_pool_connections",
    "Database connections of the web processes: open, idle, and requests waiting for one",
    ["state"],
    multiprocess_mode="livesum",
    registry=REGISTRY,
)


# (method, route, status, seconds, bytes) of requests that are not in the files yet. Appending takes a tenth of a
# microsecond and needs no lock; counting each request at once costs a small tile several per cent of its time.
_waiting: deque[tuple[str, str, int, float, int]] = deque()
_wake = threading.Event()
_writer: list[int] = []
_starting = threading.Lock()


def note_request(method: str, route: str, status: int, seconds: float, size: int) -> None:
    """Count one answered request; it is in the metrics within a second."""
    _waiting.append((method, route, status, seconds, size))
    if not _wake.is_set():
        if os.getpid() not in _writer:
            _start_writer()
        _wake.set()


def _start_writer() -> None:
    """One thread a process; a fork takes none along, so each process starts its own."""
    with _starting:
        if os.getpid() not in _writer:
            _writer[:] = [os.getpid()]
            threading.Thread(target=_write, name="metrics", daemon=True).start()


def _write() -> None:
    while True:
        _wake.wait()
        time.sleep(WRITE_SECONDS)
        _wake.clear()  # before looking: whoever comes now wakes us again
        try:
            flush()
        except Exception:  # a full disk must not end the counting for ever
            log.exception("metrics cannot be written")


def flush() -> None:
    """Write what has been noted. Called by the writing thread, and before this process answers a scrape."""
    with _flushing:
        requests: Counts[tuple[str, str, int]] = Counts()
        times: dict[str, list[float]] = {}
        tiles, tile_bytes, tile_seconds = False, 0, 0.0
        while _waiting:
            method, route, status, seconds, size = _waiting.popleft()
            requests[method, route, status] += 1
            times.setdefault(route, []).append(seconds)
            if route == TILE_ROUTE:
                tiles, tile_bytes, tile_seconds = True, tile_bytes + size, tile_seconds + seconds
        for (method, route, status), count in requests.items():
            REQUESTS.labels(method, route, str(status)).inc(count)
        for route, seen in times.items():
            observe_all(SECONDS.labels(route), seen)
        if tiles:
            TILE_BYTES.inc(tile_bytes)
            TILE_SECONDS.inc(tile_seconds)
        _note_pool()
        _note_replica()


def observe_all(histogram: Histogram, values: list[float]) -> None:
    """What `histogram.observe` does for each value, with one write for each bucket instead of two for each value.

    The library has no call for that; a test holds both ways against each other.
    """
    found = Counts(bisect_left(BOUNDS, value) for value in values)
    histogram._sum.inc(sum(values))
    for place, count in found.items():
        histogram._buckets[place].inc(count)


def _note_pool() -> None:
    from django.db import connection

    pool = getattr(connection, "pool", None) if connection.settings_dict["OPTIONS"].get("pool") else None
    if pool is None:
        return
    found = pool.get_stats()
    POOL.labels("open").set(found.get("pool_size", 0))
    POOL.labels("idle").set(found.get("pool_available", 0))
    POOL.labels("waiting").set(found.get("requests_waiting", 0))


def _note_replica() -> None:
    from gisapp.replica.watch import configured

    if configured():  # an installation without a replica has no metrics of one, and no alarm
        from gisapp.replica import counting

        counting.note()
