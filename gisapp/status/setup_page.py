"""The operators' page of what is not set up yet."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gisapp.status.setup import CRITICAL, MISSING, OK, RECOMMENDED, items


@require_safe
def setup_page(request: HttpRequest) -> HttpResponse:
    """The list by state; the address is the administration's, which lets operators in alone."""
    words = {CRITICAL: _("dringend"), MISSING: _("fehlt"), RECOMMENDED: _("empfohlen"), OK: _("in Ordnung")}
    found = items()
    groups = [(state, word, [one for one in found if one.state == state]) for state, word in words.items()]
    context = {
        **admin.site.each_context(request),
        "title": _("Einrichtung"),
        "groups": [one for one in groups if one[2]],
        "open": sum(one.state in (CRITICAL, MISSING) for one in found),
    }
    response = render(request, "status/setup.html", context)
    response["Cache-Control"] = "private, no-store"
    return response
