"""When a job that failed is tried again."""

import random
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from procrastinate import jobs
from procrastinate.exceptions import JobAborted
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from gisapp.errors import GisError, from_exception

LONGEST_WAIT_SECONDS = 3600.0
# An outage of the database is no fault of the job that it interrupts. A job that brings the database down each time
# (a fault in a function of it) must come to an end all the same.
OUTAGE_TRIES = 10
LONGEST_OUTAGE_WAIT_SECONDS = 60.0


def code_of(error: BaseException) -> str:
    """The stable code of a failure; "internal" for a fault of ours."""
    known = from_exception(error) if isinstance(error, Exception) else None
    return known.code if known else "internal"


def is_final(error: BaseException) -> bool:
    """Would trying again only fail again? A refusal is one; a busy or absent database is not."""
    known = from_exception(error) if isinstance(error, Exception) else None
    return isinstance(error, GisError) and known is not None and known.status < 500 and known.code != "try-again"


def is_outage(error: BaseException) -> bool:
    """Was it the database that went away?"""
    return code_of(error) == "unavailable"


def wait_seconds(first: float, attempts: int, longest: float = LONGEST_WAIT_SECONDS) -> float:
    """Twice as long each time, `longest` at most, a tenth of it by chance so that not all come back at once."""
    wait = min(first * 2.0**attempts, longest)
    return wait * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing


@dataclass(frozen=True)
class Backoff(BaseRetryStrategy):
    """`tries` runs at most, more only after outages; a job that a leaving worker gave back is not counted out."""

    tries: int
    first_wait: float

    def get_retry_decision(self, *, exception: BaseException, job: jobs.Job) -> RetryDecision | None:
        if isinstance(exception, JobAborted):
            return RetryDecision()
        if job.attempts + 1 >= self.most(exception) or is_final(exception):
            return None
        longest = LONGEST_OUTAGE_WAIT_SECONDS if is_outage(exception) else LONGEST_WAIT_SECONDS
        wait = wait_seconds(self.first_wait, job.attempts, longest)
        return RetryDecision(retry_at=timezone.now() + timedelta(seconds=wait))

    def most(self, error: BaseException) -> int:
        """How often the job is run at most when it fails with this."""
        return max(self.tries, OUTAGE_TRIES) if is_outage(error) else self.tries
