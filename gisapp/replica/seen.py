"""Read your writes: how far the primary's log was when somebody wrote last.

A replica answers whoever has written only when it has replayed that much. A program is known by its token, a browser
(or any other client that keeps cookies) by a number in a signed cookie, which it has for ten minutes after a write;
their marks stand in the table gisapp_seen, so that every web process knows them. A mark outlives every lag with which a
replica is used at all, and of two writes at once the later one stands.
"""

import logging
import secrets

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponseBase

from gisapp.replica.routing import primary

COOKIE = "gisapp_seen"
"""nginx leaves its store of tiles aside for who has it (docker/nginx)."""
KEPT_SECONDS = 600
_SALT = "gisapp.replica.seen"
log = logging.getLogger("gisapp.replica")

# A larger position than ours that is not of this moment is that of another log (the database was restored).
_NOTE = f"""
WITH gone AS (
    DELETE FROM gisapp_seen WHERE who IN (
        SELECT who FROM gisapp_seen WHERE at < now() - interval '{2 * KEPT_SECONDS} s' AND who <> %(who)s
        LIMIT 100 FOR UPDATE SKIP LOCKED)
)
INSERT INTO gisapp_seen AS s (who, position) VALUES (%(who)s, (pg_current_wal_insert_lsn() - '0/0')::bigint)
ON CONFLICT (who) DO UPDATE SET at = now(), position = CASE
    WHEN s.at > now() - interval '5 s' THEN greatest(s.position, excluded.position) ELSE excluded.position END
"""  # noqa: S608 - numbers of our own
_NEEDED = f"SELECT position FROM gisapp_seen WHERE who = %s AND at > now() - interval '{KEPT_SECONDS} s'"  # noqa: S608


def _who(request: HttpRequest) -> str:
    """Whose mark it is; "" for who has none."""
    token = getattr(request, "gisapp_token", None)
    if token is not None:
        return f"token {token.pk}"
    if COOKIE not in request.COOKIES:
        return ""
    number = request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=2 * KEPT_SECONDS)
    return f"client {number}" if number else ""


def needed(request: HttpRequest) -> int:
    """The position of the log that the replica must have replayed for this asker; 0 for who has not written lately."""
    who = _who(request)
    if not who:
        return 0
    with primary(), connection.cursor() as cursor:
        cursor.execute(_NEEDED, [who])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def note(request: HttpRequest, response: HttpResponseBase) -> None:
    """This request may have written: keep where the log is by now. Called outside of its transactions."""
    who = _who(request)
    number = "" if who.startswith("token") else who.removeprefix("client ") or secrets.token_urlsafe(12)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, {"who": who or f"client {number}"})
    except DatabaseError as error:
        log.warning("the state after a write cannot be kept: %s", type(error).__name__)
        return
    if number:
        response.set_signed_cookie(
            COOKIE, number, salt=_SALT, max_age=KEPT_SECONDS, httponly=True, secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )  # fmt: skip
