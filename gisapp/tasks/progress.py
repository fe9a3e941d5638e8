"""How far a job is, told while it runs; and whether somebody asked it to stop."""

import logging
import time
from collections.abc import Callable
from typing import Any

import psycopg
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import JobAborted

from gisapp.layer import Text

log = logging.getLogger("gisapp.tasks")
# People read no faster, and a job that reports each of a million rows must not spend its time on it.
LEAST_SECONDS = 0.5
_WRITE = (
    "INSERT INTO tasks_progress (job_id, percent, text_de, text_en, error_code, updated_at) "
    "VALUES (%(job)s, %(percent)s, %(de)s, %(en)s, %(code)s, now()) "
    "ON CONFLICT (job_id) DO UPDATE SET percent = excluded.percent, text_de = excluded.text_de, "
    "text_en = excluded.text_en, error_code = excluded.error_code, updated_at = now()"
)


class Progress:
    """Handed to every job. What it says is committed at once, beside the job's own transaction.

    The texts are for the operators' page: numbers and names of things, never anybody's data.
    """

    def __init__(self, job: int, stop_asked: Callable[[], bool]) -> None:
        self.job = job
        self._stop_asked = stop_asked
        self._connection: psycopg.Connection[Any] | None = None
        self._percent, self._text, self._code = 0, Text("", ""), ""
        self._written = 0.0

    def checkpoint(self, percent: float | None = None, text: Text | None = None) -> None:
        """Say how far the job is (0 to 100), and end here when it is to stop or its worker is leaving.

        Raises procrastinate's JobAborted then, which the job lets through: what it has not committed is undone.
        """
        if self._stop_asked():
            raise JobAborted
        if percent is not None:
            self._percent = max(0, min(100, int(percent)))
        self._text = text or self._text
        if time.monotonic() >= self._written + LEAST_SECONDS:
            self.write()

    def note(self, text: Text) -> None:
        """Say something at once that is to be read after the job has ended as well."""
        self._text = text
        self.write()

    def failed(self, code: str) -> None:
        """Note the stable code of a failure."""
        self._code = code
        self.write()

    def done(self) -> None:
        self._percent, self._code = 100, ""
        self.write()

    def write(self) -> None:
        """Write now. A report that cannot be written is no reason to end the work that it reports on."""
        values = {
            "job": self.job, "percent": self._percent, "de": self._text.de, "en": self._text.en, "code": self._code,
        }  # fmt: skip
        try:
            if self._connection is None:
                self._connection = psycopg.connect(**connector_params(), autocommit=True)
            self._connection.execute(_WRITE, values)
        except psycopg.Error as error:
            log.warning("the progress of a job cannot be written: %s", error)
            self.close()
        self._written = time.monotonic()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
