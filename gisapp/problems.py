"""One error format for every door: RFC 9457 problem details for programs, a page for people."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from gisapp.errors import GisError

CONTENT_TYPE = "application/problem+json"


def as_dict(error: GisError) -> dict[str, Any]:
    """The members of a problem: type, title, status, detail, code and, where known, field and place."""
    found: dict[str, Any] = {
        "type": f"urn:gisapp:error:{error.code}",
        "title": error.text(),
        "status": error.status,
        "code": error.code,
    }
    found |= {name: value for name, value in (("field", error.field), ("place", error.place)) if value}
    hint = error.values.get("hint")
    return found | ({"detail": str(hint)} if hint else {})


def wants_page(request: HttpRequest) -> bool:
    """Does a person with a browser ask, rather than a program?"""
    accept = request.headers.get("Accept", "")
    return "text/html" in accept and "format=json" not in request.META.get("QUERY_STRING", "")


def answer(request: HttpRequest, error: GisError) -> HttpResponse:
    """The response that tells of this error."""
    if wants_page(request):
        response: HttpResponse = render(request, "error.html", {"problem": as_dict(error)}, status=error.status)
    else:
        response = JsonResponse(as_dict(error), status=error.status, content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    if "wait" in error.values:
        response["Retry-After"] = str(error.values["wait"])
    return response
