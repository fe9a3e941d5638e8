"""Says who changes what and why, for the history: one context for each request, import or command."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pghistory
from django.db import connection
from pghistory.runtime import Context

LONGEST_REASON = 500


@contextmanager
def recorded(door: str, *, user: Any = None, reason: str = "", **more: Any) -> Iterator[Context]:
    """All changes in the block belong together: through this door, by this user, for this reason (work order, note).

    Doors: "web", "api", "import", "command", "job"; what comes through none of ours the database names itself.
    Nested blocks belong to the outermost and may add to what it says.
    """
    said = {"door": door, "user": getattr(user, "pk", None), "reason": reason[:LONGEST_REASON], **more}
    with pghistory.context(**{name: value for name, value in said.items() if value not in (None, "")}) as context:
        yield context
    _let_go()


def _let_go() -> None:
    """The settings last as long as the transaction; what follows the block in the same one is somebody else's."""
    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pghistory.context_id', '', true)")


def pin(context: Context) -> None:
    """Say it to the database now, for the rest of this transaction.

    Statements through Django say it by themselves; COPY and other raw statements do not.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)",
            [str(context.id), json.dumps(context.metadata)],
        )
