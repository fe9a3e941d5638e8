"""Writing under the database's rules: many rows at once, and where one is refused, that one by itself.

Each statement is tried in a savepoint together with the checks that wait for the end of a transaction. What is refused is
tried again in halves, so that the rows that can come in do, and the one that cannot is named with the rule's own code.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from django.db import DatabaseError, connection, transaction

from gisapp.bulk import analyze
from gisapp.errors import Conflict, from_database
from gisapp.filesets import Told

FIRST, CHUNK = 250, 5_000


def ask(statement: str, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement on Django's connection (with its context for the history); its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def run(statement: str, values: Sequence[Any] | None = None) -> int:
    """Run one statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def settle() -> None:
    """Look now at what would be looked at when the transaction ends."""
    run("SELECT fibre_settle()")


def reason(error: DatabaseError) -> tuple[str, str]:
    """(code, the database's own sentence) of a refusal; raises the error where it is none."""
    known = from_database(error)
    if not isinstance(known, Conflict) and (known is None or known.code == "unavailable"):
        raise error
    message = str(known.values.get("message") or known.values.get("rule") or "")
    return known.code, re.sub(r"\s+", " ", message)


def put(
    keys: Sequence[Any],
    write: Callable[[list[Any]], None],
    refused: Callable[[Any, str, str], None],
    told: Told | None = None,
    chunk: int = CHUNK,
    tables: Sequence[str] = (),
) -> int:
    """Write these keys; the number of those that were taken. `refused(key, code, message)` hears of the others.

    `tables` are those that grow by it: the planner is told of them early, else the rules' own statements would go on with
    plans made for empty tables.
    """
    waiting = [list(keys[start : start + chunk]) for start in range(FIRST, len(keys), chunk)][::-1]
    waiting += [list(keys[:FIRST])] if keys else []
    done, analysed = 0, 0
    while waiting:
        part = waiting.pop()
        try:
            with transaction.atomic():
                write(part)
                settle()
        except DatabaseError as error:
            code, message = reason(error)
            if len(part) == 1:
                refused(part[0], code, message)
            else:
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
                continue
        else:
            done += len(part)
            if tables and done >= 4 * analysed:
                analyze(*tables)
                analysed = done
        if told is not None:
            told.rows(len(part))
    return done
