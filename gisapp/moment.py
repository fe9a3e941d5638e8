"""The moment that a request looks at: now, or a time in the past that it asked for (?as_of=).

The past is read by the same querysets as the present; `gisapp.history.asof` puts yesterday's rows in the tables' place.
"""

import datetime
from contextvars import ContextVar
from typing import Any

from django.db.models.functions import Now

_past: ContextVar[datetime.datetime | None] = ContextVar("gisapp_past", default=None)


def past() -> datetime.datetime | None:
    """The moment in the past that is looked at; None for the present."""
    return _past.get()


class Moment(Now):
    """The time that the query looks at, in place of Now() where a row's validity is asked for."""

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, Any]:
        asked = past()
        if asked is None:
            found: tuple[str, Any] = super().as_postgresql(compiler, connection, **more)
            return found
        return "%s::timestamptz", [asked]
