"""What every answer carries: the content security policy, and errors in one form."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, OperationalError
from django.http import HttpRequest, HttpResponse

from gisapp import problems
from gisapp.errors import GisError, from_database

Answer = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("gisapp")


class ContentSecurityPolicy:
    """No inline script, no third-party host. A view opens itself to frames with `response.gisapp_frames = True`."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response and response.get("Content-Type", "").startswith("text/html"):
            response["Content-Security-Policy"] = self._policy(request, response)
        response.setdefault("Permissions-Policy", "geolocation=(self), camera=(self), microphone=()")
        return response

    def _policy(self, request: HttpRequest, response: HttpResponse) -> str:
        from gisapp.map.config import foreign_map_hosts

        maps = " ".join(foreign_map_hosts())
        frames = "*" if getattr(response, "gisapp_frames", False) else "'none'"
        # MapLibre sets style attributes on its own elements through the DOM, which the policy permits; the admin's
        # widgets need no more. data: images are MapLibre's and our own generated symbols.
        parts = [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: blob: {maps}".strip(),
            f"connect-src 'self' {maps}".strip(),
            "worker-src 'self' blob:",
            "font-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {frames}",
        ]
        return "; ".join(parts + (["upgrade-insecure-requests"] if settings.HTTPS else []))


class ProblemDetails:
    """Domain errors and database refusals of plain Django views as RFC 9457 problem details or an error page."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        error: GisError | None = exception if isinstance(exception, GisError) else None
        if isinstance(exception, DatabaseError):
            error = from_database(exception)
            if error is None and isinstance(exception, OperationalError):
                log.error("the database does not answer: %s", type(exception).__name__)
                error = GisError("unavailable")
        return problems.answer(request, error) if error else None
