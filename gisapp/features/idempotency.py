"""Idempotency-Key: a write that is sent twice, because the first answer got lost, is done once.

The answer is stored in the transaction of the write itself: either both are there or neither, however the process ends.
Only what was done is kept; a refusal has changed nothing, and the same request may be tried again.
"""

import datetime
import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from gisapp import errors

HEADER = "Idempotency-Key"
KEPT = datetime.timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_HEADERS = ("Content-Type", "Location", "ETag", "Content-Crs")


def purge() -> int:
    """Drop the answers that are older than a day; returns how many."""
    from gisapp.features.models import Answer

    return Answer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def _fingerprint(request: HttpRequest) -> bytes:
    """What makes two requests the same."""
    parts = (
        request.method, request.get_full_path(), request.headers.get("Content-Type", ""),
        request.headers.get("Content-Crs", ""), request.headers.get("If-Match", ""),
    )  # fmt: skip
    head = "\n".join(map(str, parts)).encode()
    return hashlib.sha256(head + b"\n\n" + request.body).digest()


def _key(request: HttpRequest) -> str:
    found = request.headers[HEADER].strip().strip('"')
    if not _KEY.fullmatch(found):
        raise errors.BadInput("bad-value", field=HEADER, name=HEADER, value=found[:50])
    return found


def once(request: HttpRequest, user: Any, write: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer of `write`, or the stored one of the same request with the same key by the same user.

    Raises GisError("idempotency-mismatch") for another request with that key, GisError("idempotency-in-flight")
    while the first one is still at work.
    """
    if HEADER not in request.headers:
        return write()
    key, fingerprint = _key(request), _fingerprint(request)
    who = user.pk if getattr(user, "is_authenticated", False) else None
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"gisapp once {who} {key}"])
            if not cursor.fetchone()[0]:
                raise errors.GisError("idempotency-in-flight", wait="1")
        stored = _stored(who, key, fingerprint)
        if stored is not None:
            return stored
        response = write()
        if response.status_code < 400:
            _store(who, key, fingerprint, response)
        return response


def _stored(who: Any, key: str, fingerprint: bytes) -> HttpResponse | None:
    from gisapp.features.models import Answer

    found = Answer.objects.filter(user=who, key=key).first()
    if found is None:
        return None
    if found.created_at < timezone.now() - KEPT:
        found.delete()
        return None
    if bytes(found.fingerprint) != fingerprint:
        raise errors.GisError("idempotency-mismatch")
    response = HttpResponse(bytes(found.body), status=found.status, headers=found.headers)
    response["Idempotency-Replayed"] = "true"
    response.gisapp_version = True  # type: ignore[attr-defined]
    return response


def _store(who: Any, key: str, fingerprint: bytes, response: HttpResponse) -> None:
    from gisapp.features.models import Answer

    headers = {name: response[name] for name in _HEADERS if name in response}
    Answer.objects.create(
        user_id=who, key=key, fingerprint=fingerprint, status=response.status_code, headers=headers,
        body=response.content,
    )  # fmt: skip
