"""DRF's errors, ours and the database's in the one format (RFC 9457)."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from gisapp.errors import BadInput, Forbidden, GisError, NotFound, from_database
from gisapp.problems import CONTENT_TYPE, as_dict


def _translate(exception: Exception) -> tuple[GisError, dict[str, Any]] | None:
    """Our error behind any exception, and further members of the problem."""
    if isinstance(exception, GisError):
        return exception, {}
    if isinstance(exception, DatabaseError):
        found = from_database(exception)
        return (found, {}) if found else None
    if isinstance(exception, Http404):
        return NotFound(what="Diese Adresse"), {}
    if isinstance(exception, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return GisError("not-logged-in"), {}
    if isinstance(exception, PermissionDenied | exceptions.PermissionDenied):
        return Forbidden(), {}
    if isinstance(exception, exceptions.MethodNotAllowed):
        return GisError("method-not-allowed"), {}
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


def handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER."""
    found = _translate(exception)
    if found is None:
        return None
    set_rollback()
    error, more = found
    response = Response(as_dict(error) | more, status=error.status, content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    if "wait" in error.values:
        response["Retry-After"] = str(error.values["wait"])
    return response
