"""Which loggers speak, how loud and in which form. Free of Django: the settings are made of it."""

from typing import Any

ACCESS = "gisapp.access"
WORKERS_POOL = "worker"
"""The name of the pool whose attempts are not logged one by one."""


def configuration(form: str, level: str, *, access: bool) -> dict[str, Any]:
    """Django's LOGGING: all lines to stderr, as `form` ("json" or "plain") says."""
    formatter = "json" if form == "json" else "plain"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "gisapp.observe.logs.Json"}, "plain": {"()": "gisapp.observe.logs.Plain"}},
        "filters": {
            "outcomes": {"()": "gisapp.observe.logs.NoOutcomes"},
            "attempts": {"()": "gisapp.observe.logs.NoAttempts"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": formatter}},
        "loggers": {
            # Django's own handlers would print past the net, or mail a request with all that was typed.
            "django": {"handlers": [], "level": "INFO"},
            # Every 404 is a line otherwise, with what somebody searched for in it.
            "django.request": {"level": "ERROR"},
            "django.security": {"handlers": [], "level": "ERROR"},
            # Statements with their values, at LOG_LEVEL=DEBUG.
            "django.db.backends": {"level": "INFO"},
            # It logs a job's arguments; gisapp.tasks logs the job without them.
            "procrastinate": {"level": "ERROR"},
            "procrastinate.worker": {"filters": ["outcomes"]},
            # A lost connection comes from each of its parts, with the whole traceback; gisapp.tasks says it in a line.
            "procrastinate.worker.worker": {"filters": ["outcomes"]},
            "procrastinate.utils": {"level": "CRITICAL"},
            "psycopg.pool": {"filters": ["attempts"]},
            ACCESS: {"level": "INFO" if access else "CRITICAL"},
        },
        "root": {"handlers": ["stderr"], "level": level},
    }


def for_server(form: str) -> dict[str, Any]:
    """The same for granian's own lines: it configures its logger by itself."""
    found = configuration(form, "WARNING", access=False)
    return {
        "formatters": found["formatters"],
        "handlers": found["handlers"],
        "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
    }
