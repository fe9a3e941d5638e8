"""What an operator does with a job."""

from django.db import connection, transaction
from procrastinate import exceptions, manager
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob

from gisapp.errors import Conflict, NotFound
from gisapp.tasks import overview
from gisapp.tasks.declare import DECLARED, start


def _find(job: int) -> overview.Job:
    found = overview.jobs(job=job, limit=1)
    if not found:
        raise NotFound("unknown-job", id=job)
    return found[0]


def stop(job: int) -> None:
    """Take a waiting job out, or ask a running one to end. Raises Conflict("job-not-stoppable")."""
    found = _find(job)
    asked = found.may_stop and manager.JobManager(DjangoConnector()).cancel_job_by_id(job, abort=True)
    if not asked:
        raise Conflict("job-not-stoppable", state=found.state_title)


def retry(job: int) -> int:
    """Put a job that failed, or was stopped, into the queue again; its number. Raises Conflict("job-not-retried")."""
    found = _find(job)
    if not found.may_retry:
        raise Conflict("job-not-retried", state=found.state_title)
    try:
        with transaction.atomic():
            return _again(found)
    except exceptions.UniqueViolation as error:
        raise Conflict("job-waits-already") from error


def _again(found: overview.Job) -> int:
    """A failed job runs on under its number; the queue lets a stopped one rest, so a new one takes its place."""
    if found.state == "failed":
        with connection.cursor() as cursor:
            # Not the library's call: it raises Django's errors unwrapped, and we want ours.
            cursor.execute(
                "SELECT NOT EXISTS (SELECT 1 FROM procrastinate_jobs o JOIN procrastinate_jobs j ON o.queueing_lock = j.queueing_lock "
                "WHERE j.id = %s AND o.status = 'todo') AND "
                "procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL) IS NOT NULL",
                [found.id, found.id],
            )
            if not cursor.fetchone()[0]:
                raise Conflict("job-waits-already")
        return found.id
    old = ProcrastinateJob.objects.get(pk=found.id)
    arguments = {name: value for name, value in old.args.items() if name != "timestamp"}
    return start(DECLARED[found.name], key=old.queueing_lock or "", **arguments)
