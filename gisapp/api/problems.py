"""DRF's errors, ours and the database's in the one format (RFC 9457)."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback

from gisapp.errors import BadInput, Forbidden, GisError, NotFound, from_exception
from gisapp.problems import details


def _translate(exception: Exception) -> tuple[GisError, dict[str, Any]] | None:
    """Our error behind any exception, and further members of the problem."""
    known = from_exception(exception)
    if known:
        return known, {}
    if isinstance(exception, Http404):
        return NotFound("unknown-address"), {}
    if isinstance(exception, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return GisError("not-logged-in"), {}
    if isinstance(exception, PermissionDenied | exceptions.PermissionDenied):
        return Forbidden(), {}
    if isinstance(exception, exceptions.MethodNotAllowed):
        return GisError("method-not-allowed"), {}
    if isinstance(exception, exceptions.NotAcceptable):
        return GisError("not-acceptable"), {}
    if isinstance(exception, exceptions.UnsupportedMediaType):
        return BadInput("unsupported-media-type"), {}
    if isinstance(exception, exceptions.Throttled):
        return GisError("too-many-requests", wait=int(getattr(exception, "wait", None) or 60)), {}
    if isinstance(exception, exceptions.ValidationError):
        fields = exception.detail if isinstance(exception.detail, dict) else {"": exception.detail}
        errors = [{"field": name, "reason": _first(text)} for name, text in fields.items()]
        reason = "; ".join(f"{one['field']}: {one['reason']}" if one["field"] else one["reason"] for one in errors)
        return BadInput(reason=reason), {"errors": errors}
    if isinstance(exception, exceptions.APIException) and exception.status_code < 500:
        return BadInput(reason=str(exception.detail)), {}
    return None


def _first(value: Any) -> str:
    while isinstance(value, list | dict):
        value = next(iter(value.values() if isinstance(value, dict) else value), "")
    return str(value)


def handler(exception: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's EXCEPTION_HANDLER."""
    found = _translate(exception)
    if found is None:
        return None
    set_rollback()
    # Not DRF's Response: its renderer (the schema's is YAML) and its negotiation are what may have failed.
    return details(*found)
