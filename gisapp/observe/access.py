"""The outermost middleware: every request has a number, a line in the log and its share in the metrics.

Of the request these keep its method and the pattern of its address. Not its query, not its path, not who asked.
"""

import logging
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from random import getrandbits
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from gisapp.observe import metrics
from gisapp.observe.config import ACCESS
from gisapp.observe.logs import REQUEST_ID

log = logging.getLogger(ACCESS)
HEADER = "X-Request-ID"
# A sane token: no blank, quote or line break that would change a log line, and no address or sentence.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{7,63}")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
# Asked every few seconds, by machines, all day.
_QUIET = frozenset(("/healthz", "/readyz", "/metrics"))


def request_id(request: HttpRequest) -> str:
    """The number that a proxy gave the request if it is a sane one, or a new one."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    # No secret, so no need of the system's randomness.
    return given if given and _SANE.fullmatch(given) else f"{getrandbits(64):016x}"


def method_of(request: HttpRequest) -> str:
    """The request's method; whatever else somebody sends is "OTHER", so that nobody can fill the metrics."""
    return request.method if request.method in _METHODS else "OTHER"


@lru_cache(maxsize=1024)
def pattern(route: str) -> str:
    """A route as people read it: `tiles/^(?P<z>\\d+)\\.json$` -> `/tiles/<z>.json`."""
    text = re.sub(r"\(\?P(<\w+>)(?:[^()\\]|\\.|\([^()]*\))*\)", r"\1", route)
    text = re.sub(r"<\w+:(\w+)>", r"<\1>", text)
    return "/" + re.sub(r"[\^$]|\\Z", "", text).replace("\\.", ".").replace("\\/", "/").lstrip("/")


@lru_cache(maxsize=1)
def _static() -> str:
    return "/" + settings.STATIC_URL.strip("/") + "/"


def route_of(request: HttpRequest) -> str:
    """The pattern of the address; "/static/*" for a file, "-" where there is nothing."""
    found = request.resolver_match
    if found is not None:
        return pattern(found.route)
    return _static() + "*" if request.path_info.startswith(_static()) else "-"


class Observe:
    """Outside all others, so that their refusals and the static files are counted too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.logs = settings.ACCESS_LOG

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begin = perf_counter()
        number = request_id(request)
        token = REQUEST_ID.set(number)
        try:
            response = self.get_response(request)
        finally:
            REQUEST_ID.reset(token)
        response.headers[HEADER] = number
        length = response.headers.get("Content-Length")
        if length is not None and length.isdigit():
            self._note(request, response, number, begin, int(length))
        elif response.streaming:
            response.streaming_content = self._counted(  # type: ignore[attr-defined]
                request, response, number, begin, iter(response.streaming_content)  # type: ignore[attr-defined]
            )  # fmt: skip
        else:
            self._note(request, response, number, begin, len(response.content))
        return response

    def _counted(
        self, request: HttpRequest, response: HttpResponse, number: str, begin: float, parts: Iterator[bytes]
    ) -> Iterator[bytes]:
        """A stream is over when its last piece has gone, or whoever read it left."""
        total = 0
        try:
            for part in parts:
                total += len(part)
                yield part
        finally:
            close = getattr(parts, "close", None)
            if close:
                close()
            self._note(request, response, number, begin, total)

    def _note(self, request: HttpRequest, response: HttpResponseBase, number: str, begin: float, size: int) -> None:
        seconds = perf_counter() - begin
        method, route, status = method_of(request), route_of(request), response.status_code
        metrics.note_request(method, route, status, seconds, size)
        if self.logs and route not in _QUIET and log.isEnabledFor(logging.INFO):
            fields = {
                "method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1),
                "bytes": size, "request_id": number,
            }  # fmt: skip
            # Not log.info, which looks through the stack for the line that called it.
            log.handle(log.makeRecord(ACCESS, logging.INFO, "", 0, "", (), None, extra=fields))
