"""Addresses that fail in every way, each with personal data and secrets at hand; tests/api/test_logs.py asks them."""

import logging

from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from gisapp.accounts.models import User
from gisapp.errors import BadInput
from gisapp.urls import *  # noqa: F403
from gisapp.urls import urlpatterns as real

log = logging.getLogger("gisapp.somewhere")


def _everything(request: HttpRequest) -> str:
    sent = request.POST.get("password", "") + request.POST.get("email", "") + request.GET.get("q", "")
    return f"{sent} {request.headers.get('Authorization')} {request.headers.get('Cookie')}"


def fault(request: HttpRequest, key: str) -> HttpResponse:
    """A message that says all that came in, caught and raised anew."""
    try:
        raise KeyError(_everything(request) + key)
    except KeyError as error:
        raise ValueError(f"kein Mensch heißt {request.GET['name']}") from error


def database_value(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::integer", [request.POST["email"]])
    return HttpResponse()


def database_detail(request: HttpRequest) -> HttpResponse:
    """An error of the database with the row in its DETAIL that no rule of ours names."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DO $$ BEGIN RAISE EXCEPTION 'Zeile von Geheimrat Tausendschön' USING DETAIL = "
            "'Failing row contains (7, frieda.geheim@amt.example)', HINT = 'Frieda fragen'; END $$"
        )
    return HttpResponse()


def duplicate(request: HttpRequest) -> HttpResponse:
    """The database's own DETAIL: Key (lower(email))=(...) already exists. Caught, and logged by the unwary."""
    try:
        for _ in range(2):
            User.objects.create_user(request.POST["email"], request.POST["password"])
    except Exception as error:
        log.error("konnte nicht anlegen: %s", error, exc_info=True)
        log.error(f"konnte nicht anlegen: {error}")
        log.error(error)
        raise
    return HttpResponse()


def unwary(request: HttpRequest) -> HttpResponse:
    """Everything that a careless line could say."""
    log.error("Anmeldung %s mit password=%s", request.POST["email"], request.POST["password"])
    log.error("headers: %s", dict(request.headers))
    log.error("Authorization: %s", request.headers["Authorization"])
    log.error("DATABASE_URL=postgresql://frieda:streng-geheim@db.amt.example:5432/gis")
    log.error('{"password": "%s", "token": "abc"}', request.POST["password"])
    log.error(
        "key AGE-SECRET-KEY-1QQQQQQQQQQQQQQQ and 84.17.9.3", extra={"email": request.POST["email"], "request": request}
    )
    log.warning("nur %(wer)s", {"wer": request.POST["email"]})
    log.error("Stapel", stack_info=True)
    raise ExceptionGroup(
        "mehrere", [ValueError(request.POST["email"]), BadInput("bad-value", value=request.POST["email"])]
    )


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"x" * 1000] * 3))


urlpatterns = [
    path("fault/<str:key>/", fault),
    path("value/", database_value),
    path("detail/", database_detail),
    path("duplicate/", duplicate),
    path("unwary/", unwary),
    path("stream/", stream),
    *real,
]
