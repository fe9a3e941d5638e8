"""Which site is this request for? Its host decides; everything behind asks `gisapp.tenants.current`."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from gisapp import problems
from gisapp.errors import NotFound
from gisapp.layer import all_apps, switched_on
from gisapp.tenants.current import Visit, visiting
from gisapp.tenants.directory import directory

Answer = Callable[[HttpRequest], HttpResponse]
WATCHED = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked by machines, of this process and no site; they ask nothing of the database that they do not mean to ask."""


@lru_cache(maxsize=256)
def _host_of(raw: str) -> str:
    """The host of a Host header in small letters, without its port; "" for what is none."""
    return split_domain_port(raw)[0]


class Tenancy:
    """Outside of all that asks for the host.

    A tenant's host is accepted although ALLOWED_HOSTS does not name it: exactly that name, from the Host header alone,
    compared with what the database holds. Everything else is still Django's to refuse.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in WATCHED:
            return self.get_response(request)
        raw = request.META.get("HTTP_HOST", "")
        found = directory()
        own = found.by_host.get(_host_of(raw))
        if own is not None:
            request.get_host = lambda: raw  # type: ignore[method-assign]
            visit: Visit | None = Visit(own, f"{request.scheme}://{raw}")
        else:
            visit = Visit(found.default) if found.default else None
        if visit is None:
            return self.get_response(request)
        with visiting(visit):
            response = self.get_response(request)
        # A file that lies there already is the same wherever it is read.
        if response.streaming and getattr(response, "file_to_stream", None) is None:
            pieces: Iterator[bytes] = iter(response.streaming_content)  # type: ignore[attr-defined]
            response.streaming_content = _there(visit, pieces)  # type: ignore[attr-defined]
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """A service that is switched off has no addresses of its own here: they are answered like any unknown one."""
        name = _owners(tuple(app.name for app in all_apps())).get(view)
        if name is None or switched_on(name):
            return None
        return problems.answer(request, NotFound("unknown-address"))


@lru_cache(maxsize=4)
def _owners(names: tuple[str, ...]) -> dict[Any, str]:
    """The views of the services, each with its app's name; `names` are the apps that there are."""
    found: dict[Any, str] = {}
    for app in all_apps():
        if app.is_service:
            found |= dict.fromkeys(_views([*app.urls, *app.api_urls]), app.name)
    return found


def _views(patterns: list[Any]) -> Iterator[Any]:
    for one in patterns:
        if hasattr(one, "url_patterns"):
            yield from _views(one.url_patterns)
        else:
            yield one.callback


def _there(visit: Visit, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A stream is read when the request is answered: each piece is made at the site that was asked."""
    try:
        while True:
            with visiting(visit):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece
    finally:
        close = getattr(pieces, "close", None)
        if close:
            close()
