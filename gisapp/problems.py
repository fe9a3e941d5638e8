"""One error format for every door: RFC 9457 problem details for programs, a page for people."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from gisapp.errors import Forbidden, GisError, NotFound

CONTENT_TYPE = "application/problem+json"
log = logging.getLogger("gisapp")


def as_dict(error: GisError) -> dict[str, Any]:
    """The members of a problem: type, title, status, detail, code and, where known, field and place; and those that
    the error itself adds (`members`)."""
    found: dict[str, Any] = {
        "type": f"urn:gisapp:error:{error.code}",
        "title": error.text(),
        "status": error.status,
        "code": error.code,
    }
    found |= {name: value for name, value in (("field", error.field), ("place", error.place)) if value}
    members = error.values.get("members")
    found |= members if isinstance(members, dict) else {}
    hint = error.values.get("hint")
    return found | ({"detail": str(hint)} if hint else {})


def wants_page(request: HttpRequest) -> bool:
    """Does a person with a browser ask, rather than a program?"""
    # Not request.GET, which refuses a query with too many parameters: that is then the error to tell of.
    asked_json = re.search(r"(^|&)(f|format)=json(&|$)", request.META.get("QUERY_STRING", ""))
    return not asked_json and request.get_preferred_type(["application/json", "text/html"]) == "text/html"


def details(error: GisError, more: Mapping[str, Any] | None = None) -> HttpResponse:
    """The error for programs; `more` are further members."""
    response = JsonResponse(as_dict(error) | dict(more or {}), status=error.status, content_type=CONTENT_TYPE)
    return _finished(response, error)


def answer(request: HttpRequest, error: GisError) -> HttpResponse:
    """The response that tells of this error."""
    if not wants_page(request):
        return details(error)
    try:
        page = render_to_string("error.html", {"problem": as_dict(error)}, request)
    except Exception:
        # The page asks who is logged in; without a database the error is told all the same.
        log.exception("the error page cannot be shown")
        return details(error)
    return _finished(HttpResponse(page, status=error.status), error)


def _finished(response: HttpResponse, error: GisError) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response.gisapp_lost = error.values.get("lost", False)  # type: ignore[attr-defined]
    wait = error.values.get("wait") or ("5" if error.code == "unavailable" else "")
    if wait:
        response["Retry-After"] = str(wait)
    if error.values.get("etag"):
        response["ETag"] = str(error.values["etag"])
        response.gisapp_version = True  # type: ignore[attr-defined]
    return response


# What Django itself refuses comes out in the same form: gisapp.urls names these, CSRF_FAILURE_VIEW the last.


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, GisError("malformed"))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, Forbidden())


def unknown_address(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, NotFound("unknown-address"))


def too_many(request: HttpRequest) -> HttpResponse:
    """django-allauth's limits; their longest window is what is said."""
    return answer(request, GisError("too-many-requests", wait=60))


def internal(request: HttpRequest) -> HttpResponse:
    return answer(request, GisError("internal"))


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(request, Forbidden("form-expired"))
