"""Answers in words - pages, JSON, styles - are compressed on the way out, for whoever takes that.

Tiles compress themselves and static files lie compressed on the disk; what is streamed stays as it is, for a piece must
not wait until there is more to compress it with.

Left out is every page that holds a CSRF token. The length of a compressed page tells what in it repeats, and who can
make a browser ask for pages with words of his choice beside a secret learns the secret from the lengths (BREACH).
Django masks the token anew in each answer, so that there would be nothing to learn; but a page with a form costs little
uncompressed, and then nobody needs to rely on the mask. Other answers hold no secret of the session.
"""

import gzip
import re
from collections.abc import Callable
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

SMALLEST = 500
LARGE = 100_000


def takes_gzip(request: HttpRequest) -> bool:
    return bool(re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", request.headers.get("Accept-Encoding", "")))


@lru_cache(maxsize=64)
def _in_words(content_type: str) -> bool:
    return bool(re.match(r"text/|application/(.*\b(json|xml|openapi)\b|javascript)|image/svg", content_type))


def _holds_token(request: HttpRequest) -> bool:
    """Whoever asks Django for a token leaves this mark for the middleware that sets the cookie."""
    return "CSRF_COOKIE_NEEDS_UPDATE" in request.META


class Compress:
    """The middleware; it stands outside of all that still change an answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if (
            response.streaming
            or not _in_words(response.headers.get("Content-Type", ""))
            or "Content-Encoding" in response.headers
            or len(response.content) < SMALLEST
            or _holds_token(request)
        ):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        # Weak for either form: what both have in common is what they say and not their bytes.
        tag = response.headers.get("ETag", "")
        # The version of a feature stays what it is for If-Match; its compressed form has a tag of its own.
        versioned = getattr(response, "gisapp_version", False)
        if tag.startswith('"') and not versioned:
            response.headers["ETag"] = f"W/{tag}"
        if takes_gzip(request):
            if versioned and tag:
                response.headers["ETag"] = f'{tag[:-1]}+gzip"'
            # A page of a thousand features takes level 1 for a few milliseconds, level 6 for twenty.
            level = 1 if len(response.content) > LARGE else 6
            response.content = gzip.compress(response.content, compresslevel=level, mtime=0)
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Content-Length"] = str(len(response.content))
        return response
