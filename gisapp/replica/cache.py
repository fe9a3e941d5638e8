"""The common cache: a table that is written all the time and, not being logged ahead, is on no replica."""

from django.core.cache.backends.db import DatabaseCache

from gisapp.replica.routing import there


class PrimaryCache(DatabaseCache):
    """Django's table of remembered values, at the primary. (On a replica it would lose writes without a word.)"""

    get_many = there(DatabaseCache.get_many)
    has_key = there(DatabaseCache.has_key)
    clear = there(DatabaseCache.clear)
    _base_set = there(DatabaseCache._base_set)  # type: ignore[attr-defined]
    _base_delete_many = there(DatabaseCache._base_delete_many)  # type: ignore[attr-defined]
