"""The site that the present request came to. Free of models, so that the registry of layers can ask it.

Outside of a request (commands, background jobs) there is none, and everything is switched on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from gisapp.fields import Text


@dataclass(frozen=True)
class Logo:
    """A PNG by its digest; width and height in pixels."""

    digest: str
    width: int
    height: int


@dataclass(frozen=True)
class Site:
    """What a request needs to know of a tenant.

    `services` are names of apps and layers, None: all. `box` is west, south, east, north in CRS84 of what the
    organisation is responsible for, `legal` the kinds of legal texts of its own.
    """

    id: int
    key: str
    title: Text
    organisation: str
    hosts: tuple[str, ...]
    languages: tuple[str, ...]
    primary: str = ""
    accent: str = ""
    logo: Logo | None = None
    services: frozenset[str] | None = None
    box: tuple[float, float, float, float] | None = None
    is_default: bool = False
    legal: frozenset[str] = frozenset()

    def offers(self, *names: str) -> bool:
        """Is the service switched on that goes by one of these names (a layer's and its app's)?"""
        return self.services is None or not self.services.isdisjoint(names)


@dataclass(frozen=True)
class Visit:
    """A request's site; `address` is scheme, host and port where the site was named by its own host."""

    site: Site
    address: str = ""


_visit: ContextVar[Visit | None] = ContextVar("gisapp_site", default=None)


def visit() -> Visit | None:
    return _visit.get()


def current() -> Site | None:
    """The present request's site; None without tenants and outside of requests."""
    found = _visit.get()
    return found.site if found else None


@contextmanager
def visiting(one: Visit | None) -> Iterator[None]:
    """Everything in the block happens at this site."""
    token = _visit.set(one)
    try:
        yield
    finally:
        _visit.reset(token)


def site_name(otherwise: str) -> str:
    """The site's title in the language of the moment; `otherwise` where no tenant is served."""
    found = current()
    return str(found.title) if found else otherwise


def site_address() -> str:
    """The address under which the present request's tenant is reached, "" where it is not by a host of its own.

    PUBLIC_URL is believed where it names the same host: it knows the scheme that a proxy in front may hide.
    """
    found = _visit.get()
    if found is None or not found.address:
        return ""
    public = str(settings.PUBLIC_URL)
    return public if urlsplit(public).hostname == urlsplit(found.address).hostname else found.address


def languages() -> list[tuple[str, str]]:
    """Code and name of the languages on offer here, the usual one first."""
    named, found = dict(settings.LANGUAGES), current()
    return [(code, named[code]) for code in found.languages if code in named] if found else list(settings.LANGUAGES)
