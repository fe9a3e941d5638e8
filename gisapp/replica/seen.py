"""Read your writes: how far the primary's log was when somebody wrote, kept with whoever it was.

A browser keeps it in a signed cookie, for a program with a token it is remembered in the common table. A replica answers
them only when it has replayed that much. The mark outlives every lag with which a replica is used at all.
"""

import logging
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponseBase

COOKIE = "gisapp_seen"
"""nginx leaves its store of tiles aside for who has it (docker/nginx)."""
KEPT_SECONDS = 600
_SALT = "gisapp.replica.seen"
log = logging.getLogger("gisapp.replica")


def _key(token: Any) -> str:
    return f"gisapp-seen-{token.pk}"


def needed(request: HttpRequest) -> int:
    """The position of the log that the replica must have replayed for this asker; 0 for who has not written lately."""
    token = getattr(request, "gisapp_token", None)
    if token is not None:
        return int(cache.get(_key(token)) or 0)
    if COOKIE not in request.COOKIES:
        return 0
    value = request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=KEPT_SECONDS)
    return int(value) if value and value.isdecimal() else 0


def note(request: HttpRequest, response: HttpResponseBase) -> None:
    """This request may have written: keep where the log is by now. Called outside of its transactions."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
            position = int(cursor.fetchone()[0])
        token = getattr(request, "gisapp_token", None)
        if token is not None:
            cache.set(_key(token), position, KEPT_SECONDS)
            return
    except DatabaseError as error:
        log.warning("the state after a write cannot be kept: %s", type(error).__name__)
        return
    response.set_signed_cookie(
        COOKIE, str(position), salt=_SALT, max_age=KEPT_SECONDS, httponly=True, secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )  # fmt: skip
