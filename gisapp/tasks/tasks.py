"""The host's own jobs: they start by themselves, each night or oftener."""

from importlib import import_module

from django.conf import settings
from django.db import connection

from gisapp.layer import Text
from gisapp.registry import versions
from gisapp.tasks import retention
from gisapp.tasks.declare import DECLARED, task
from gisapp.tasks.progress import Progress


@task("tasks.compact", title=Text("Tabellenversionen zusammenfassen", "Compact table versions"), cron="*/10 * * * *")
def compact(progress: Progress) -> None:
    versions.compact()


@task("tasks.sessions", title=Text("Abgelaufene Sitzungen löschen", "Delete expired sessions"), cron="17 2 * * *")
def sessions(progress: Progress) -> None:
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@task("tasks.retention", title=Text("Aufbewahrungsfristen anwenden", "Apply retention periods"), cron="47 2 * * *")
def forget(progress: Progress) -> None:
    retention.run()


def _old_jobs() -> int:
    """Jobs that are over: done ones after a week - those that start by themselves after a day, there are hundreds -,
    failed and stopped ones after a quarter."""
    by_themselves = [declared.name for declared in DECLARED.values() if declared.cron]
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs j WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted') AND "
            "(SELECT max(at) FROM procrastinate_events e WHERE e.job_id = j.id) < now() - make_interval(days => CASE "
            "WHEN status <> 'succeeded' THEN %s WHEN task_name = ANY(%s) THEN 1 ELSE %s END)",
            [settings.FAILED_JOBS_KEPT_DAYS, by_themselves, settings.JOBS_KEPT_DAYS],
        )
        return int(cursor.rowcount)


retention.register("tasks.jobs", Text("Erledigte Aufträge", "Finished jobs"), _old_jobs)
