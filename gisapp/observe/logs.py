"""Log lines: JSON for collectors, plain text for a terminal; both go through the net of `redaction`.

The net hangs in the formatters, not in a `logging.Filter`: before Python 3.12 a filter can only change the record itself,
and other handlers (a test's, a debugger's) would get what was meant for the log.
"""

import copy
import logging
from contextvars import ContextVar
from typing import Any

import orjson
from pythonjsonlogger.orjson import OrjsonFormatter

from gisapp.observe.config import ACCESS, WORKERS_POOL
from gisapp.observe.redaction import redact, told, trace

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The request that this thread answers, so that every line about it can be found together."""
JOB: ContextVar[str] = ContextVar("job", default="")
"""The job that this thread runs, as "task#number"."""

# What a line may carry besides time, level, logger and message: whatever else hangs on a record is left out.
FIELDS = ("method", "route", "status", "ms", "bytes", "code", "task", "seconds")

# Nothing of this is in a line; gathering it is half the cost of a record.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

ACCESS_FIELDS = ("method", "route", "status", "ms", "bytes", "request_id")


def _plain(value: Any) -> Any:
    """An argument of a message: exceptions by their type and place, numbers as they are."""
    if isinstance(value, BaseException):
        return told(value)
    return value if isinstance(value, int | float | bool | type(None)) else redact(str(value))


def _from_django(record: logging.LogRecord) -> bool:
    """Django writes paths, hosts and values into its messages; its records with a request are told by their route."""
    request = getattr(record, "request", None)
    if not record.name.startswith("django.") or request is None:
        return False
    from gisapp.observe.access import method_of, route_of

    record.msg, record.args = "%s", (_reason(record),)
    record.status = getattr(record, "status_code", None)
    record.method, record.route = method_of(request), route_of(request)
    return True


def _reason(record: logging.LogRecord) -> str:
    """Django's first argument is the status' words; anything longer is not ours to repeat."""
    words = record.args[0] if isinstance(record.args, tuple) and record.args else ""
    return words if words in {"Internal Server Error", "Bad Request", "Forbidden", "Not Found"} else "refused"


def cleaned(record: logging.LogRecord) -> logging.LogRecord:
    """A copy of the record in which nothing stands that must not be logged; the record itself stays as it is."""
    if record.name == ACCESS:  # made of our own words and numbers; every tile writes one
        return record
    record = copy.copy(record)
    if record.name.startswith("django.security"):  # its messages quote what was sent
        record.msg, record.args = "refused: %s", (record.name.rpartition(".")[2],)
    elif not _from_django(record):
        if isinstance(record.args, tuple):
            record.args = tuple(_plain(one) for one in record.args)
        elif record.args:
            record.args = {key: _plain(value) for key, value in record.args.items()}
        said: object = record.msg
        if isinstance(said, BaseException):
            record.msg, record.args = "%s", (told(said),)
        else:
            # A value that somebody formatted into the text is seen by its form alone.
            record.msg, record.args = "%s", (redact(record.getMessage()),)
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = trace(record.exc_info[1])
    elif record.exc_text:
        record.exc_text = redact(record.exc_text)
    record.exc_info = None
    if record.stack_info:
        record.stack_info = redact(record.stack_info)
    return record


class NoOutcomes(logging.Filter):
    """Drops the queue's own lines about how a job ended and about lost connections: the first say a job's arguments,
    and gisapp.tasks has said both already."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(getattr(record, "action", "")).startswith(("job_", "side_task_failed"))


class NoAttempts(logging.Filter):
    """Drops the attempts to connect of the worker's pool: it goes on for as long as an outage lasts, and gisapp.tasks
    says when that begins and when it is over."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (isinstance(record.args, tuple) and WORKERS_POOL in record.args)


class Json(OrjsonFormatter):
    """One JSON object a line: time (UTC), level, logger, message, and the fields that the record has of `FIELDS`."""

    def __init__(self) -> None:
        super().__init__("{message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        if record.name == ACCESS:
            return self._access(record)
        return super().format(cleaned(record))

    def _access(self, record: logging.LogRecord) -> str:
        """The line of a request, without the detours that other records need: each tile writes one."""
        values = record.__dict__
        found = {"time": self.formatTime(record), "level": record.levelname, "logger": ACCESS}
        found |= {name: values[name] for name in ACCESS_FIELDS}
        return orjson.dumps(found).decode()

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        log_data["time"] = self.formatTime(record)
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        if record.message:
            log_data["message"] = record.message
        values = record.__dict__
        for name in FIELDS:
            if name in values:
                log_data[name] = values[name]
        for name, value in (
            ("request_id", values.get("request_id") or REQUEST_ID.get()),
            ("job", JOB.get()),
            ("exception", message_dict.get("exc_info")),
            ("stack", message_dict.get("stack_info")),
        ):
            if value:
                log_data[name] = value

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        whole = int(record.created)
        return f"{_second(whole)}.{int((record.created - whole) * 1000):03d}Z"


_last_second: tuple[int, str] = (0, "")


def _second(second: int) -> str:
    """The second as RFC 3339 writes it; most lines are of the second of the line before."""
    global _last_second  # one value, replaced whole: threads may race for it
    known, text = _last_second
    if known != second:
        import time

        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        _last_second = (second, text)
    return text


class Plain(logging.Formatter):
    """A line for a person at a terminal."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        if record.name == ACCESS:
            record = copy.copy(record)
            found = record.__dict__
            record.msg = "%s %s %s %s ms %s B"
            record.args = tuple(found.get(name, "-") for name in ("method", "route", "status", "ms", "bytes"))
        return super().format(cleaned(record))
