"""/metrics: for the monitoring alone; for everybody else the address does not exist."""

import hmac
import ipaddress
import os
import platform
import threading
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache

import django
import psycopg
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gisapp import __version__, problems
from gisapp.database import fetch_rows
from gisapp.observe import metrics, processes

# The database is asked this often at most, per process.
KEPT_SECONDS = 5.0
JOB_STATES = ("todo", "doing", "succeeded", "failed", "cancelled", "aborted")
MAIL_STATES = ("waiting", "sent", "dead")


@csrf_exempt
@require_safe
def exposed(request: HttpRequest) -> HttpResponseBase:
    """The metrics in Prometheus' text format; 404 for whoever may not see them."""
    if not permitted(request):
        return problems.unknown_address(request, Exception())
    response = HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    response.gisapp_wordless = True  # type: ignore[attr-defined]
    return response


def permitted(request: HttpRequest) -> bool:
    """Does the bearer of METRICS_TOKEN ask, or a machine in METRICS_ALLOWED?"""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    asker = _asker(request)
    return asker is not None and any(asker in network for network in _networks(tuple(settings.METRICS_ALLOWED)))


def _asker(request: HttpRequest) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Who is at the other end; None where a proxy stands between and we are not told to believe it.

    Our own proxy adds the address that it saw at the end of X-Forwarded-For. What stands before it anybody may write.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if (forwarded or "HTTP_FORWARDED" in request.META) and not settings.BEHIND_PROXY:
        return None
    text = forwarded.rpartition(",")[2].strip() if forwarded else request.META.get("REMOTE_ADDR", "")
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


@lru_cache(maxsize=4)
def _networks(allowed: tuple[str, ...]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(one, strict=False) for one in allowed]


def _registry() -> CollectorRegistry:
    """All processes' counts where there are several, this one's otherwise; and what the database says."""
    registry = CollectorRegistry()
    metrics.flush()
    if os.environ.get(processes.VARIABLE):
        processes.forget_dead()
        MultiProcessCollector(registry)
    else:
        registry.register(_Passed(metrics.REGISTRY))
    registry.register(_STATE)
    return registry


class _Passed(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry

    def collect(self) -> Iterable[Metric]:
        return self.registry.collect()


class _State(Collector):
    """Gauges that are read when asked: queue, outbox, backup, build."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._found: list[Metric] = []
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = list(_state())
                self._until = time.monotonic() + KEPT_SECONDS
            return self._found

    def describe(self) -> Iterable[Metric]:
        return []


_STATE = _State()


def forget() -> None:
    """Ask the database again at the next scrape (tests change what is there)."""
    _STATE.forget()


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _counts(name: str, text: str, states: Iterable[str], rows: Iterable[tuple[str, int]]) -> GaugeMetricFamily:
    """One sample for each state, also where there is none, so that an alert has something to compare."""
    family = GaugeMetricFamily(name, text, labels=["state"])
    found = dict(rows)
    for state in states:
        family.add_metric([state], found.get(state, 0))
    return family


def _state() -> Iterator[Metric]:
    build = GaugeMetricFamily("gisapp_build_info", "What is running", labels=["version", "python", "django"])
    build.add_metric([__version__, platform.python_version(), django.get_version()], 1)
    yield build
    try:
        found = [*_queue(), *_outbox(), *_backup()]
    except (DatabaseError, psycopg.Error):  # then that is the metric
        yield _gauge("gisapp_database_up", "Does the database answer?", 0)
        return
    yield _gauge("gisapp_database_up", "Does the database answer?", 1)
    yield from found


def _queue() -> Iterator[Metric]:
    yield _counts(
        "gisapp_queue_jobs",
        "Jobs by their state",
        JOB_STATES,
        fetch_rows("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1", []),
    )
    # A job that waits for its time is not late; one without a time has waited since it was put in.
    waiting = fetch_rows(
        "SELECT coalesce(extract(epoch FROM now() - min(coalesce(j.scheduled_at, e.at))), 0)::float "
        "FROM procrastinate_jobs j LEFT JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred' "
        "WHERE j.status = 'todo' AND coalesce(j.scheduled_at, e.at) <= now()",
        [],
    )[0][0]
    yield _gauge("gisapp_queue_oldest_seconds", "How long the oldest job has been due, in seconds", waiting)
    workers = fetch_rows(
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat >= now() - make_interval(secs => %s)",
        [3 * settings.WORKER_HEARTBEAT],
    )[0][0]
    yield _gauge("gisapp_workers_alive", "Workers that gave a sign of life lately", workers)


def _outbox() -> Iterator[Metric]:
    if fetch_rows("SELECT to_regclass('mail_outgoing') IS NULL", [])[0][0]:  # not set up to this version yet
        yield _counts("gisapp_outbox_mails", "Mails in the outbox by their state", MAIL_STATES, ())
        yield _gauge("gisapp_outbox_oldest_seconds", "How long the oldest unsent mail has waited, in seconds", 0)
        return
    yield _counts(
        "gisapp_outbox_mails",
        "Mails in the outbox by their state",
        MAIL_STATES,
        fetch_rows("SELECT state, count(*) FROM mail_outgoing GROUP BY 1", []),
    )
    oldest = fetch_rows(
        "SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float FROM mail_outgoing WHERE state = 'waiting'",
        [],
    )[0][0]
    yield _gauge("gisapp_outbox_oldest_seconds", "How long the oldest unsent mail has waited, in seconds", oldest)


def _backup() -> Iterator[Metric]:
    rows = fetch_rows(
        "SELECT extract(epoch FROM now() - value::timestamptz)::float FROM registry_fact WHERE name = 'last_backup'", []
    )
    if rows:
        yield _gauge("gisapp_backup_age_seconds", "Time since the last backup was finished, in seconds", rows[0][0])
