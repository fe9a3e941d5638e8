"""Which requests the replica answers, and what happens when it cannot."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse

from gisapp.replica import seen
from gisapp.replica.routing import on_replica, to_primary, to_replica
from gisapp.replica.watch import WATCH, configured

SAFE = ("GET", "HEAD")
# Account, administration and operation show what was written this moment, by whomever.
AT_PRIMARY = ("/konto/", "/admin/", "/betrieb/", "/healthz", "/readyz", "/metrics")
TILE = "tile"
Answer = Callable[[HttpRequest], HttpResponse]


class ReadFromReplica:
    """GET and HEAD are answered by the replica while it is well and has what the asker has written.

    The view alone runs there: who asks (token, session, rights) was found out at the primary before. What goes wrong
    there - it died, it cancelled a query, the view wanted to write - is asked again at the primary, and so is what it
    does not know: it may only not know it yet.
    """

    def __init__(self, get_response: Answer) -> None:
        if not configured():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        WATCH.start()
        if request.method not in SAFE:
            response = self.get_response(request)
            if request.method not in ("OPTIONS", "TRACE"):
                seen.note(request, response)
            return response
        try:
            response = self.get_response(request)
            tried = on_replica()
            again = tried and _must_repeat(response)
            lost = again and response.status_code >= 500 and _lost()
            if again and response.streaming:
                response.close()
        finally:
            to_primary()
        if lost:
            WATCH.failed()
        WATCH.outcomes.append("repeated" if again else "replica" if tried else "primary")
        return self._once_more(request, response, lost) if again else response

    def _once_more(self, request: HttpRequest, first: HttpResponse, lost: bool) -> HttpResponse:
        request.gisapp_repeated = True  # type: ignore[attr-defined]
        response = self.get_response(request)
        if first.status_code >= 500 and not lost and response.status_code < 500:
            seen.note(request, response)  # it was perhaps a write that the replica refused
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if request.method in SAFE and not hasattr(request, "gisapp_repeated") and _may_read(request, view):
            to_replica()


def _may_read(request: HttpRequest, view: Any) -> bool:
    state = WATCH.state()
    if not state.usable or getattr(view, "gisapp_at_primary", False) or request.path_info.startswith(AT_PRIMARY):
        return False
    match = request.resolver_match
    tile = match is not None and match.url_name == TILE
    # Whoever names the version that he knows must not be told of an older one. (A tile's tag is its content, and tiles
    # are kept for a minute anyhow.)
    if not tile and ("HTTP_IF_NONE_MATCH" in request.META or "HTTP_IF_MATCH" in request.META):
        return False
    return seen.needed(request) <= state.replayed


def _must_repeat(response: HttpResponse) -> bool:
    # A stream that breaks off cannot be repeated; its views are `at_primary`, and this catches a forgotten one.
    return response.status_code >= 500 or response.status_code == 404 or bool(response.streaming)


def _lost() -> bool:
    """Has the connection that we read from been ended, or was there none to be had?"""
    raw = connection.connection
    return raw is None or bool(raw.closed)
