"""What the operators' page says about jobs. Never a job's arguments."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gisapp.errors import CATALOGUE
from gisapp.tasks.declare import DECLARED

PAGE = 50
# What people call it, and the queue's words for it.
STATES = {
    "waiting": ("todo",),
    "running": ("doing",),
    "failed": ("failed",),
    "stopped": ("cancelled", "aborted"),
    "done": ("succeeded",),
}


def state_title(state: str) -> str:
    """The state in the reader's language."""
    return {
        "all": _("Alle"),
        "waiting": _("wartet"),
        "running": _("läuft"),
        "stopping": _("wird angehalten"),
        "again": _("wird wiederholt"),
        "failed": _("gescheitert"),
        "stopped": _("angehalten"),
        "done": _("erledigt"),
    }[state]


@dataclass(frozen=True)
class Job:
    """One job as the page shows it."""

    id: int
    name: str
    state: str
    attempts: int
    percent: int
    text_de: str
    text_en: str
    error_code: str
    since: datetime.datetime | None
    due: datetime.datetime | None

    @property
    def title(self) -> str:
        declared = DECLARED.get(self.name)
        return str(declared.title) if declared else self.name

    @property
    def state_title(self) -> str:
        return state_title(self.state)

    @property
    def text(self) -> str:
        return self.text_en if (get_language() or "de").startswith("en") else self.text_de

    @property
    def problem(self) -> str:
        """The failure's sentence, without the values that it would name."""
        entry = CATALOGUE.get(self.error_code)
        return entry.text(get_language() or "de", {}) if entry else ""

    @property
    def may_retry(self) -> bool:
        return self.state in {"failed", "stopped"} and self.name in DECLARED

    @property
    def may_stop(self) -> bool:
        """Whoever waits can be taken out; whoever runs must look up now and then."""
        declared = DECLARED.get(self.name)
        return self.state in {"waiting", "again"} or (self.state == "running" and bool(declared and declared.stoppable))

    @property
    def stamp(self) -> str:
        """Changes whenever the row looks different."""
        return f"{self.state}-{self.attempts}-{self.percent}-{self.text_de}-{self.error_code}"


_SELECT = (
    "SELECT j.id, j.task_name, j.status::text, j.attempts, j.abort_requested, coalesce(p.percent, 0), "
    "coalesce(p.text_de, ''), coalesce(p.text_en, ''), coalesce(p.error_code, ''), "
    "(SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id AND e.type <> 'scheduled'), j.scheduled_at "
    "FROM procrastinate_jobs j LEFT JOIN tasks_progress p ON p.job_id = j.id "
    "WHERE (%(states)s::text[] IS NULL OR j.status::text = ANY(%(states)s)) AND (%(before)s::bigint IS NULL OR j.id < %(before)s) "
    "AND (%(id)s::bigint IS NULL OR j.id = %(id)s) ORDER BY j.id DESC LIMIT %(limit)s"
)


def jobs(state: str = "all", before: int | None = None, job: int | None = None, limit: int = PAGE) -> list[Job]:
    """The newest first; `before` is the number of the last job of the page before."""
    values = {"states": list(STATES[state]) if state in STATES else None, "before": before, "id": job, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, values)
        return [_job(row) for row in cursor.fetchall()]


def _job(row: tuple[Any, ...]) -> Job:
    number, name, status, attempts, stop_asked, percent, de, en, code, since, due = row
    state = next(state for state, words in STATES.items() if status in words)
    if state == "running" and stop_asked:
        state = "stopping"
    if state == "waiting" and attempts:
        state = "again"
    return Job(number, name, state, attempts, percent, de, en, code, since, due if status == "todo" else None)


def counts() -> dict[str, int]:
    """How many jobs are in each state."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1")
        found = dict(cursor.fetchall())
    each = {state: sum(found.get(word, 0) for word in words) for state, words in STATES.items()}
    return {"all": sum(each.values()), **each}
