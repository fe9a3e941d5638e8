"""How often one address may ask for what costs much. The rates stand in the settings."""

from typing import Any

from django.core.cache import caches
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle, UserRateThrottle

from gisapp.errors import GisError


class AddressThrottle(SimpleRateThrottle):
    """Counts by the asker's address, logged in or not."""

    def get_cache_key(self, request: Any, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class SearchThrottle(AddressThrottle):
    """Asked at every key stroke, against overload alone: each process counts for itself, which costs nothing."""

    scope = "search"
    cache = caches["process"]


class DownloadThrottle(AddressThrottle):
    scope = "download"


class WriteThrottle(UserRateThrottle):
    """Counts writes only."""

    scope = "write"

    def allow_request(self, request: Request, view: Any) -> bool:
        return request.method in ("GET", "HEAD", "OPTIONS") or super().allow_request(request, view)


def count_download(request: HttpRequest) -> None:
    """Raise GisError("too-many-requests") when this was one too many."""
    throttle = DownloadThrottle()
    if not throttle.allow_request(request, None):  # type: ignore[arg-type]
        raise GisError("too-many-requests", wait=int(throttle.wait() or 60))
