"""Every writing request is one context of the history."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from gisapp.history.recording import recorded

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
REASON = "X-Reason"
"""A program's reason for its change: a work order, a note."""


def door_of(request: HttpRequest) -> str:
    """Which door this request came through."""
    if request.headers.get("User-Agent", "").startswith(("QGIS", "Mozilla/5.0 QGIS")):
        return "qgis"
    return "api" if request.path.startswith(("/api/", "/ogc/")) else "web"


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
