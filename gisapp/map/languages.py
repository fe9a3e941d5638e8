"""The language of a page: ?lang=en in the address decides (deep links say it) and is remembered; then the browser's wish."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from gisapp.tenants.current import languages

YEAR_SECONDS = 365 * 24 * 3600
View = Callable[..., HttpResponseBase]


def with_language(view: View) -> View:
    """Answer in the language that the address asks for."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = request.GET.get("lang", "")
        if asked not in dict(languages()):
            return view(request, *args, **kwargs)
        translation.activate(asked)
        request.LANGUAGE_CODE = asked
        response = view(request, *args, **kwargs)
        remember(response, asked)
        return response

    return answer


def remember(response: HttpResponseBase, language: str) -> None:
    """Let the browser ask for this language from now on."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR_SECONDS, samesite="Lax", secure=settings.HTTPS
    )
