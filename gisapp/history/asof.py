"""Layers as of a moment in the past, through the doors that are there.

A common table expression of a table's name stands in front of the statement: PostgreSQL then reads the rows as they were
in place of the table, for every rule, join and filter that the statement has. Nothing else knows about the past.
"""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import GeneratedField, Model
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from gisapp import moment
from gisapp.errors import BadInput
from gisapp.history.tracking import event_model
from gisapp.layer import all_guarded, all_layers


def parse(text: str) -> datetime.datetime:
    """A date (its end, in the installation's time) or a date-time of RFC 3339. Raises BadInput for others and the future."""
    found: datetime.datetime | None
    try:
        day = parse_date(text)
        if day is not None:
            following = datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time())
            found = min(timezone.make_aware(following), timezone.now())
            if day > timezone.localdate():
                found = None
        else:
            found = parse_datetime(text)
            found = timezone.make_aware(found) if found and timezone.is_naive(found) else found
    except (ValueError, OverflowError):
        found = None
    if found is None or found > timezone.now():
        raise BadInput("bad-value", field="as_of", name="as_of", value=text[:60])
    return found


def _columns(model: type[Model], key: str) -> Iterator[str]:
    """The table's columns from its events e; what the database computes is computed again."""
    for one in model._meta.concrete_fields:
        if one.primary_key:
            yield f'e."{key or one.column}" AS "{one.column}"'
        elif isinstance(one, GeneratedField):
            expression, params = one.generated_sql(connection)
            if params:
                raise TypeError(f"{model._meta.label}.{one.name}: a generated column with parameters has no past")
            yield f'{expression} AS "{one.column}"'
        else:
            yield f'e."{one.column}"'


@lru_cache(maxsize=256)
def rows_as_events(model: type[Model], key: str = "") -> str:
    """SELECT ... FROM events e of a tracked model, without a condition; `key` is the column that stands for its key."""
    events = event_model(model)
    assert events is not None
    return f'SELECT {", ".join(_columns(model, key))} FROM "{events._meta.db_table}" e'  # noqa: S608 - names of models


def rows_at(model: type[Model], when: str) -> str:
    """The rows of the table at that moment: each one's last event until then, unless it was its removal."""
    events = event_model(model)
    assert events is not None
    return (
        # Its key is read from the event's own column for it: that one has the index.
        f"{rows_as_events(model, 'pgh_obj_id')} WHERE e.pgh_created_at <= {when} AND e.pgh_label <> 'delete' AND NOT EXISTS ("
        f'SELECT FROM "{events._meta.db_table}" n WHERE n.pgh_obj_id = e.pgh_obj_id AND n.pgh_id > e.pgh_id '
        f"AND n.pgh_created_at <= {when})"
    )


def layer_models() -> list[type[Model]]:
    """The tracked models of the registry's layers, each once."""
    found = dict.fromkeys(one.model_class for one in all_layers())
    return [one for one in found if event_model(one) is not None]


def tracked_models() -> list[type[Model]]:
    """Those, and the tracked tables that hang on them."""
    beside = [one for one in (apps.get_model(row.model) for row in all_guarded()) if event_model(one) is not None]
    return list(dict.fromkeys([*layer_models(), *beside]))


def shadowed(sql: str) -> str:
    """The statement, reading every tracked table that it names as it was at the moment that is looked at."""
    asked = moment.past()
    if asked is None or not sql.lstrip(" (").upper().startswith("SELECT"):
        return sql
    when = f"TIMESTAMPTZ '{asked.isoformat()}'"
    tables = [(one._meta.db_table, one) for one in tracked_models() if f'"{one._meta.db_table}"' in sql]
    if not tables:
        return sql
    parts = ", ".join(f'"{table}" AS ({rows_at(model, when)})' for table, model in tables)
    return f"WITH {parts} {sql}"


def _wrap(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    return execute(shadowed(sql), params, many, context)


@contextmanager
def as_of(when: datetime.datetime) -> Iterator[None]:
    """What is read in the block through querysets and `gisapp.database.compiled` is as it was then."""
    token = moment._past.set(when)
    try:
        with connection.execute_wrapper(_wrap):
            yield
    finally:
        moment._past.reset(token)
