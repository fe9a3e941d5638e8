"""Is this process alive (/healthz), and can it do its work (/readyz)? The status code is the answer: 200 or 503.

The body says the same for each part, in words that carry no secret: no address, no name, no path, no error text.
"""

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from gisapp.checks import NEEDED_POSTGIS, numbers
from gisapp.database import fetch_rows
from gisapp.layer import Text
from gisapp.replica.watch import WATCH, configured

# Anybody may ask as often as he likes; the database is asked this often at most, per process.
KEPT_SECONDS = 1.0
# The full look at the migrations costs tenths of a second; it is taken only where the short one misses some.
PLAN_KEPT_SECONDS = 5.0


@dataclass(frozen=True)
class Part:
    """The state of one part in both languages; `name` is stable. A `warning` is something to mend while all work goes on."""

    name: str
    ok: bool
    de: str
    en: str
    warning: bool = False


def _part(name: str, ok: bool, good: Text, bad: Text) -> Part:
    told = good if ok else bad
    return Part(name, ok, told.de, told.en)


@csrf_exempt
@require_safe
def alive(request: HttpRequest) -> HttpResponseBase:
    """200 as long as this process answers at all; asks nothing of anybody."""
    return _answer({"alive": True}, 200)


@csrf_exempt
@require_safe
def ready(request: HttpRequest) -> HttpResponseBase:
    """200 when every part can do its work, 503 when one cannot; the parts with their state in two languages."""
    parts = _remembered.parts()
    good = all(part.ok for part in parts)
    return _answer({"ready": good, "parts": [asdict(part) for part in parts]}, 200 if good else 503)


def _answer(body: dict[str, object], status: int) -> HttpResponseBase:
    response = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = "no-store"
    response.gisapp_wordless = True  # type: ignore[attr-defined]
    return response


class _Remembered:
    """The parts as of a moment ago; one thread looks, the others get what it found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._parts: list[Part] = []
        self._until = 0.0

    def parts(self) -> list[Part]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._parts = list(examine())
                self._until = time.monotonic() + KEPT_SECONDS
            return self._parts


_remembered = _Remembered()


def forget() -> None:
    """Look again at the next question (tests change what is there)."""
    _remembered.forget()
    _plan.clear()


def examine() -> Iterator[Part]:
    """Look at every part now."""
    yield from _database_parts()
    if configured():
        yield _replica()
    yield _disk("disk-data", Path(settings.DATA_DIR), Text("der Daten", "the data"))
    yield _disk("disk-media", Path(settings.MEDIA_ROOT), Text("der hochgeladenen Dateien", "the uploaded files"))


def _database_parts() -> Iterator[Part]:
    unknown = Text("unbekannt: die Datenbank antwortet nicht", "unknown: the database does not answer")
    found: list[Part] = []
    try:
        found += [_postgis(), _migrations()]
        if settings.READY_NEEDS_WORKER:
            found.append(_worker())
    except (DatabaseError, psycopg.Error):  # what is wrong is in the log of whoever works with it; here it is a state
        yield _part("database", False, unknown, Text("antwortet nicht", "does not answer"))
        for name in ("postgis", "migrations", *(["worker"] if settings.READY_NEEDS_WORKER else [])):
            if name not in {part.name for part in found}:
                yield _part(name, False, unknown, unknown)
    else:
        yield _part("database", True, Text("antwortet", "answers"), unknown)
    yield from found


_REPLICA_TROUBLE = {
    "unknown": Text("noch nicht gefragt", "not asked yet"),
    "dead": Text("antwortet nicht; der Primärserver antwortet allein", "does not answer; the primary answers alone"),
    "promoted": Text("ist keine Kopie mehr; der Primärserver antwortet allein", "is no copy any more; the primary answers alone"),
    "foreign": Text("gehört zu einem anderen Primärserver; REPLICA_URL prüfen", "belongs to another primary; check REPLICA_URL"),
}  # fmt: skip


def _replica() -> Part:
    """Without it the work goes on at the primary: a warning, never a reason not to be ready."""
    WATCH.start()
    state = WATCH.state()
    behind = Text(
        f"ist {state.lag:.0f} s zurück; der Primärserver antwortet allein",
        f"is {state.lag:.0f} s behind; the primary answers alone",
    )
    trouble = _REPLICA_TROUBLE.get(state.reason, behind)
    told = Text(f"antwortet, {state.lag:.1f} s zurück", f"answers, {state.lag:.1f} s behind")
    told = told if state.usable else trouble
    return Part("replica", True, told.de, told.en, warning=not state.usable)


def _postgis() -> Part:
    rows = fetch_rows("SELECT extversion FROM pg_extension WHERE extname = 'postgis'", [])
    version = rows[0][0] if rows else ""
    needed = ".".join(str(one) for one in NEEDED_POSTGIS)
    return _part(
        "postgis",
        numbers(version) >= NEEDED_POSTGIS,
        Text(f"PostGIS {version}", f"PostGIS {version}"),
        Text(
            f"PostGIS {version or 'fehlt'}; gebraucht wird {needed}",
            f"PostGIS {version or 'missing'}; needed: {needed}",
        ),
    )


@lru_cache(maxsize=1)
def _on_disk() -> frozenset[tuple[str, str]]:
    """The migrations of this version of the program; they change with a new process only."""
    return frozenset(MigrationLoader(None).graph.nodes)


_plan: dict[str, tuple[float, int]] = {}


def _unapplied() -> int:
    """How many migrations the database lacks.

    The names that it has are compared with ours at each look. Should some be missing, Django's own plan decides
    (it knows of squashed ones) and is kept for a few seconds.
    """
    rows = fetch_rows("SELECT to_regclass('django_migrations') IS NOT NULL", [])
    applied = {*fetch_rows("SELECT app, name FROM django_migrations", [])} if rows[0][0] else set()
    if _on_disk() <= applied:
        return 0
    until, count = _plan.get("plan", (0.0, 0))
    if time.monotonic() >= until:
        executor = MigrationExecutor(connection)
        count = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        _plan["plan"] = (time.monotonic() + PLAN_KEPT_SECONDS, count)
    return count


def _migrations() -> Part:
    count = _unapplied()
    return _part(
        "migrations",
        count == 0,
        Text("alle angewendet", "all applied"),
        Text(f"{count} noch nicht angewendet: gisapp setup", f"{count} not applied yet: gisapp setup"),
    )


def _worker() -> Part:
    """Has any worker given a sign of life lately?"""
    missing = Text("keiner arbeitet: gisapp worker", "none is working: gisapp worker")
    if fetch_rows("SELECT to_regclass('procrastinate_workers') IS NULL", [])[0][0]:
        return _part("worker", False, missing, missing)
    age = fetch_rows("SELECT extract(epoch FROM now() - max(last_heartbeat))::float FROM procrastinate_workers", [])
    seconds = age[0][0]
    if seconds is None:
        return _part("worker", False, missing, missing)
    late = Text(
        f"seit {seconds:.0f} s kein Lebenszeichen: gisapp worker", f"no sign of life for {seconds:.0f} s: gisapp worker"
    )
    good = Text(f"Lebenszeichen vor {seconds:.0f} s", f"sign of life {seconds:.0f} s ago")
    return _part("worker", seconds <= 3 * settings.WORKER_HEARTBEAT, good, late)


def _disk(name: str, path: Path, whose: Text) -> Part:
    """Is there room below the directory, or where it is going to be made?"""
    there = next(one for one in (path, *path.parents) if one.exists())
    free = shutil.disk_usage(there).free // 1024**2
    needed = settings.READY_FREE_MB
    return _part(
        name,
        free >= needed,
        Text(f"Platz {whose.de}: {free} MB", f"space for {whose.en}: {free} MB"),
        Text(
            f"Platz {whose.de}: nur {free} MB (gebraucht: {needed})",
            f"space for {whose.en}: {free} MB alone (needed: {needed})",
        ),
    )
