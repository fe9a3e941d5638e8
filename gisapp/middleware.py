"""What every answer carries: the content security policy, and errors in one form; and a second try on a new connection."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from gisapp import problems
from gisapp.errors import GisError, from_exception
from gisapp.tenants.current import current, languages

Answer = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("gisapp")


NOTHING = "default-src 'none'; frame-ancestors 'none'"


class ContentSecurityPolicy:
    """No inline script, no third-party host. A view opens itself to frames with `response.gisapp_frames = True`.

    What is no page (an answer of the interfaces, a tile, a download) may do nothing at all, should a browser show it.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response:
            page = response.get("Content-Type", "").startswith("text/html")
            response["Content-Security-Policy"] = self._policy(request, response) if page else NOTHING
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


AGAIN = 3


class Reconnect:
    """A server that was started anew has ended the connections that wait in the pool, and nobody notices before use.

    Asking each connection before each request whether it lives would cost every request a journey to the server. So the
    first request that finds its connection ended pays: the pool throws the dead ones out, and what only reads is done
    again - a few times, because another request may put back a dead one that it has not used. What writes is told to come back; nobody knows how far it got.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for _again in range(AGAIN):
            if response.status_code < 500 or not (getattr(response, "gisapp_lost", False) or self._ended_by_server()):
                return response
            log.warning("the server has ended the connection; the pool is looked through")
            connection.close()
            pool = getattr(connection, "pool", None)
            if pool:
                pool.check()
            if request.method not in ("GET", "HEAD"):
                return response
            response = self.get_response(request)
        return response

    @staticmethod
    def _ended_by_server() -> bool:
        """Also what failed outside a view (reading the session), where the error has no name yet."""
        return connection.connection is not None and bool(connection.connection.closed)


class Locale(LocaleMiddleware):
    """The asker's language, among those of the site that was asked.

    An answer without words (`response.gisapp_wordless = True`) is the same in every one.
    """

    def process_request(self, request: HttpRequest) -> None:
        if current() is None:
            super().process_request(request)
            return
        translation.activate(language_of(request))
        request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if getattr(response, "gisapp_wordless", False) else super().process_response(request, response)


def language_of(request: HttpRequest) -> str:
    """The language that was chosen before, the first of the browser's wishes, else the site's usual one."""
    offered = [code for code, _name in languages()]
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    wishes = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    for code in (chosen, *(wish.partition("-")[0] for wish, _quality in wishes)):
        if code in offered:
            return code
    return offered[0] if offered else settings.LANGUAGE_CODE


class ProblemDetails:
    """Refusals of plain Django views, theirs and the database's, as RFC 9457 problem details or an error page."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.get("Content-Type", "") == problems.CONTENT_TYPE:
            return response
        told = problems.answer(request, GisError("method-not-allowed"))
        told["Allow"] = response.get("Allow", "")
        return told

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        error = from_exception(exception)
        if error is None:
            return None
        if error.code == "unavailable":
            log.error("the database does not answer: %s", type(exception).__name__)
        return problems.answer(request, error)
