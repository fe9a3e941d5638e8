"""The network as it was: the same questions, asked of yesterday's rows.

A schema of its own, fibre_then, holds a view for each table that has a history, with the table's name: its rows at the
moment that the transaction's setting fibre.as_of says. The network's own views and its asking functions stand there a
second time, built from those of today, and find these views first. So a trace of the past is the trace of today, word
for word, and there is no second one to keep right. The schema is built anew whenever migrations have run.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.apps import apps
from django.db import connection, transaction

from gisapp.history.asof import rows_at
from gisapp.history.tracking import event_model
from gisapp.moment import past

SCHEMA = "fibre_then"
_WHEN = "current_setting('fibre.as_of')::timestamptz"
# Lengths are worked out and have no history: they are worked out again, of the cables that are asked for.
# Whoever asks for them in the middle of a trace has told the planner how a trace is planned, which suits them badly.
_MEASURES = """
ALTER FUNCTION fibre_then.fibre_measured(uuid[])
    SET enable_hashjoin = on SET enable_mergejoin = on SET plan_cache_mode = auto;
CREATE VIEW fibre_then.fibre_measure AS
SELECT c.id AS cable_id, m.entry_id, m.drawn_m, m.slack_m
  FROM fibre_then.fibre_cable c CROSS JOIN LATERAL fibre_then.fibre_measured(ARRAY[c.id]) m
"""
_VIEWS = """
SELECT c.relname, pg_get_viewdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind = 'v' AND c.relname LIKE 'fibre\\_%' ORDER BY c.oid
"""
# What asks and changes nothing, with the caller's rights: what runs with the owner's is for rights and rules, not questions.
_FUNCTIONS = """
SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = 'public' AND p.proname LIKE 'fibre\\_%' AND p.provolatile = 's' AND NOT p.prosecdef AND p.prokind = 'f' ORDER BY p.oid
"""
_ROLE = "SELECT FROM pg_roles WHERE rolname = 'gisapp_web'"

P = ParamSpec("P")
R = TypeVar("R")


def build(cursor: Any) -> None:
    """Make the schema anew, of the tables, views and functions that there are now."""
    cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    cursor.execute(f"CREATE SCHEMA {SCHEMA}")
    models = [one for one in apps.get_app_config("fibre").get_models() if event_model(one) is not None]
    for model in models:
        cursor.execute(f"CREATE VIEW {SCHEMA}.{model._meta.db_table} AS {rows_at(model, _WHEN)}")
    names = {one._meta.db_table for one in models} | {"fibre_measure"}
    # With an empty path the definitions name every table's schema.
    cursor.execute("SELECT set_config('search_path', '', true)")
    cursor.execute(_VIEWS)
    views = cursor.fetchall()
    cursor.execute(_FUNCTIONS)
    functions = [row[0] for row in cursor.fetchall()]
    names |= {name for name, _ in views}
    cursor.execute(f"SELECT set_config('search_path', '{SCHEMA}, public', true)")
    cursor.execute("SET LOCAL check_function_bodies = off")
    for text in functions:
        cursor.execute(_moved(text))
    later = [(name, _of_then(text, names)) for name, text in views]
    before = [name for name, _ in later].index("fibre_glass")
    for name, text in later[:before]:
        cursor.execute(f"CREATE VIEW {SCHEMA}.{name} AS {text}")
    cursor.execute(_MEASURES)
    for name, text in later[before:]:
        cursor.execute(f"CREATE VIEW {SCHEMA}.{name} AS {text}")
    cursor.execute("SELECT set_config('search_path', 'public', true)")
    _grant(cursor)


def _of_then(view: str, names: set[str]) -> str:
    """The view's definition, reading the tables of then."""
    return re.sub(
        r"\bpublic\.(fibre_\w+)", lambda found: f"{SCHEMA if found[1] in names else 'public'}.{found[1]}", view
    )


def _moved(function: str) -> str:
    """The function's definition in the other schema, which it looks into first."""
    moved = function.replace("FUNCTION public.", f"FUNCTION {SCHEMA}.", 1)
    # Tables are joined in the order that is written; of these views, whose parts are joins themselves, that reads each whole.
    moved = moved.replace(" SET join_collapse_limit TO '1'\n", "", 1)
    return moved.replace("SET search_path TO 'public'", f"SET search_path TO '{SCHEMA}', 'public'", 1)


def _grant(cursor: Any) -> None:
    """Nobody's own log-in reads the past of every network; the web server does, and asks for whom."""
    cursor.execute(f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {SCHEMA} FROM PUBLIC")
    cursor.execute(_ROLE)
    if cursor.rowcount:
        cursor.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO gisapp_web")
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO gisapp_web")
        cursor.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {SCHEMA} TO gisapp_web")


def before_migrate(**_: Any) -> None:
    """What stands on the tables would keep migrations from changing them."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def after_migrate(**_: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.fibre_jointendevent'), to_regproc('public.fibre_measured')")
        # (A database that was migrated back to before the network has nothing to remember.)
        if None not in cursor.fetchone():
            build(cursor)


@contextmanager
def then() -> Iterator[None]:
    """What is asked in the block is asked of the network at `gisapp.moment.past()`; of today's, where that is not set."""
    asked = past()
    if asked is None:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('search_path'), set_config('search_path', %s, true), set_config('fibre.as_of', %s, true)",
            [f"{SCHEMA}, public", asked.isoformat()],
        )
        path = cursor.fetchone()[0]
        yield
        cursor.execute("SELECT set_config('search_path', %s, true)", [path])


def at_the_moment(question: Callable[P, R]) -> Callable[P, R]:
    """A question to the network that is asked of the moment that the request looks at."""

    @wraps(question)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        with then():
            return question(*args, **kwargs)

    return asked
