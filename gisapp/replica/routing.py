"""The one place where a request's statements are led to the replica and back.

Django keeps one connection per thread and alias, and all our SQL - querysets, raw statements, server-side cursors,
transactions - asks for the alias "default". For the length of a reading request the replica's connection stands in its
place; `primary` puts the other back for what must not be old (rights) or is written (limits, sessions).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections

from gisapp.connecting import REPLICA

V = TypeVar("V", bound=Callable[..., Any])
_here = threading.local()


def on_replica() -> bool:
    """Do this thread's statements go to the replica just now?"""
    return getattr(_here, "primary", None) is not None


def to_replica() -> None:
    """Lead this thread's statements to the replica until `to_primary`."""
    if on_replica():
        return
    own, replica = connections[DEFAULT_DB_ALIAS], connections[REPLICA]
    # What wraps statements (a look at the past does) wraps them wherever they go.
    replica.execute_wrappers = own.execute_wrappers
    _here.primary = own
    connections[DEFAULT_DB_ALIAS] = replica


def to_primary() -> None:
    """Lead this thread's statements to the primary (again)."""
    if on_replica():
        connections[DEFAULT_DB_ALIAS] = _here.primary
        _here.primary = None


@contextmanager
def primary() -> Iterator[None]:
    """The block's statements go to the primary, whatever the request around it does."""
    if not on_replica():
        yield
        return
    to_primary()
    try:
        yield
    finally:
        to_replica()


def there(method: V) -> V:
    """A method whose statements go to the primary, whatever the request around it does."""

    @wraps(method)
    def moved(*args: Any, **more: Any) -> Any:
        with primary():
            return method(*args, **more)

    return moved  # type: ignore[return-value]


@contextmanager
def preferably_replica() -> Iterator[None]:
    """The block's statements go to the replica where there is one that is well: what may be a few seconds old and what every
    request waits for. A primary that says nothing shall not hold up who only reads."""
    from gisapp.replica.watch import WATCH, configured

    if on_replica() or not configured() or not WATCH.state().usable:
        yield
        return
    to_replica()
    try:
        yield
    finally:
        to_primary()


def at_primary(view: V) -> V:
    """A view whose every request goes to the primary: it streams what cannot be repeated, or shows what workers do."""
    view.gisapp_at_primary = True  # type: ignore[attr-defined]
    return view
