"""Every writing request is one context of the history."""

from collections.abc import Callable, Iterator
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from gisapp import problems
from gisapp.errors import BadInput
from gisapp.history import asof
from gisapp.history.recording import recorded

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
PARAMETER = "as_of"
REASON = "X-Reason"
"""A program's reason for its change: a work order, a note."""


def door_of(request: HttpRequest) -> str:
    """Which door this request came through."""
    if request.headers.get("User-Agent", "").startswith(("QGIS", "Mozilla/5.0 QGIS")):
        return "qgis"
    return "api" if request.path.startswith(("/api/", "/ogc/")) else "web"


class AsOf:
    """`?as_of=2026-01-31` at any reading address: everything as it was then. Past answers are nobody else's to keep."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # (A form sends its empty field along.)
        if request.method not in SAFE or not request.GET.get(PARAMETER):
            return self.get_response(request)
        try:
            when = asof.parse(request.GET[PARAMETER])
        except BadInput as refused:
            return problems.answer(request, refused)
        with asof.as_of(when):
            response = self.get_response(request)
        if response.streaming:
            pieces: Iterator[bytes] = iter(response.streaming_content)  # type: ignore[attr-defined]
            response.streaming_content = _then(when, pieces)  # type: ignore[attr-defined]
        response["Cache-Control"] = "private, no-cache"
        return response


def _then(when: datetime, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A stream is read when the request is answered: each piece is made at the moment that was asked for."""
    while True:
        with asof.as_of(when):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


class Recorded:
    """Reading requests change nothing that has a history, and cost nothing here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE:
            return self.get_response(request)
        user = request.user
        known = user if not isinstance(user, SimpleLazyObject) or user.is_authenticated else None
        with recorded(door_of(request), user=known, reason=request.headers.get(REASON, "")):
            return self.get_response(request)
