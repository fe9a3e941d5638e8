"""The common cache: a table that is written all the time and, not being logged ahead, is on no replica."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache.backends.db import DatabaseCache

from gisapp.replica.routing import primary


def _there(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def at_primary(self: Any, *args: Any, **more: Any) -> Any:
        with primary():
            return method(self, *args, **more)

    return at_primary


class PrimaryCache(DatabaseCache):
    """Django's table of remembered values, at the primary. (On a replica it would lose writes without a word.)"""

    get_many = _there(DatabaseCache.get_many)
    has_key = _there(DatabaseCache.has_key)
    clear = _there(DatabaseCache.clear)
    _base_set = _there(DatabaseCache._base_set)  # type: ignore[attr-defined]
    _base_delete_many = _there(DatabaseCache._base_delete_many)  # type: ignore[attr-defined]
