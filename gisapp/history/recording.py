"""Says who changes what and why, for the history: one context for each request, import or command.

The history's triggers read two settings of the transaction. Every writing statement through Django carries them along;
raw statements (COPY) are preceded by `pin`.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from psycopg.pq import TransactionStatus
from psycopg.sql import Composable

LONGEST_REASON = 500
# What may change rows, behind comments and brackets.
_WRITES = re.compile(
    r"(\s|\(|--[^\n]*\n|/\*.*?\*/)*(insert|update|delete|merge|with|call|do)\b", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Context:
    """What belongs together in the history, and what is said about it."""

    said: dict[str, Any]
    id: uuid.UUID = field(default_factory=uuid.uuid4)

    def settings(self) -> str:
        """The SELECT that says it to the database for the rest of the transaction."""
        words = json.dumps(self.said).replace("'", "''")
        return (
            f"SELECT set_config('pghistory.context_id', '{self.id}', true), "
            f"set_config('pghistory.context_metadata', '{words}', true)"
        )


_current: ContextVar[Context | None] = ContextVar("gisapp_recorded", default=None)


def current() -> Context | None:
    """The context that changes belong to just now; None outside of `recorded`."""
    return _current.get()


def _say_along(execute: Callable[..., Any], sql: str, params: Any, many: bool, where: dict[str, Any]) -> Any:
    """Let a writing statement say its context first, in the same round trip."""
    context, cursor = _current.get(), where["cursor"]
    text = sql.as_string(cursor) if isinstance(sql, Composable) else str(sql)
    broken = cursor.connection.info.transaction_status == TransactionStatus.INERROR
    if context is None or not _WRITES.match(text) or many or broken or getattr(cursor, "name", None):
        return execute(sql, params, many, where)
    words = context.settings()
    result = execute(f"{words if params is None else words.replace('%', '%%')}; {text}", params, many, where)
    while cursor.nextset():  # the answer is the last statement's
        pass
    return result


@contextmanager
def recorded(door: str, *, user: Any = None, reason: str = "", **more: Any) -> Iterator[Context]:
    """All changes in the block belong together: through this door, by this user, for this reason (work order, note).

    Doors: "web", "api", "import", "command", "job"; what comes through none of ours the database names itself.
    A nested block belongs to the outer one and replaces and adds to what it says.
    """
    given = {"door": door, "user": getattr(user, "pk", None), "reason": reason[:LONGEST_REASON], **more}
    given = {name: value for name, value in given.items() if value not in (None, "")}
    outer = _current.get()
    if outer is not None:
        outer.said.update(given)
        yield outer
        return
    context = Context(given)
    token = _current.set(context)
    try:
        with connection.execute_wrapper(_say_along):
            yield context
    finally:
        _current.reset(token)
    _let_go()


def _let_go() -> None:
    """The settings last as long as the transaction; what follows the block in the same one is somebody else's."""
    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pghistory.context_id', '', true)")


def pin() -> None:
    """Say the current context to the database now, for the rest of this transaction."""
    context = _current.get()
    if context is not None:
        with connection.cursor() as cursor:
            cursor.execute(context.settings())
