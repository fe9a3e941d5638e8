"""Maintenance at the doors of the web: nothing is answered, or nothing is written."""

import re
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from gisapp import problems
from gisapp.errors import GisError
from gisapp.middleware import language_of
from gisapp.status import maintenance

Answer = Callable[[HttpRequest], HttpResponse]
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# What machines watch, what pages look like, what the law wants to be found, and the operators' way in.
ALWAYS = re.compile(
    r"/(healthz|readyz|metrics|admin|tenant|api/status|impressum|datenschutz|barrierefreiheit"
    r"|konto/(anmelden|abmelden|zweiter-faktor|sicherheit/zeigen))(/|$)|/konto/sicherheit/$"
)


class Maintenance:
    """Before anything that needs the database."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The short questions come first: those who watch over the process cost it nothing.
        if ALWAYS.match(request.path_info):
            return self.get_response(request)
        state = maintenance.state()
        if not state.on or request.path_info.startswith(settings.STATIC_URL):
            return self.get_response(request)
        if state.mode == maintenance.READ_ONLY:
            if request.method in SAFE:
                return self.get_response(request)
            request.user = AnonymousUser()
            with translation.override(language_of(request)):
                refused = GisError("maintenance-read-only", hint=str(state.reason), wait=state.wait)
                return _finished(problems.answer(request, refused))
        # Nobody has been asked who this is, and nobody will be.
        request.user = AnonymousUser()
        with translation.override(language_of(request)):
            if not problems.wants_page(request):
                return _finished(problems.details(GisError("maintenance", hint=str(state.reason), wait=state.wait)))
            response = render(request, "status/maintenance.html", {"state": state}, status=503)
        response["Retry-After"] = str(state.wait)
        return _finished(response)


def _finished(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
