"""The operators' page of jobs: /betrieb/auftraege/."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from gisapp.accounts.roles import may_operate
from gisapp.errors import BadInput, Forbidden
from gisapp.map.context import page_context
from gisapp.map.languages import with_language
from gisapp.tasks import overview, services

View = Callable[..., HttpResponseBase]


def for_operators(view: View) -> View:
    """Let operators in; send strangers to the log-in, and refuse everybody else."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not may_operate(request.user):
            raise Forbidden
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return guarded


@require_safe
@for_operators
@with_language
def job_list(request: HttpRequest) -> HttpResponse:
    """All jobs, or those of one state; `part=rows` is the table alone, for the script that keeps it fresh."""
    state = request.GET.get("state", "all")
    if state != "all" and state not in overview.STATES:
        raise BadInput("bad-value", name="state", value=state[:50])
    before = request.GET.get("before", "")
    if before and not (before.isdecimal() and len(before) < 19):
        raise BadInput("bad-number", name="before", value=before[:50])
    found = overview.jobs(state, int(before) if before else None, limit=overview.PAGE + 1)
    shown = found[: overview.PAGE]
    counts = overview.counts()
    context = {
        "jobs": shown,
        "state": state,
        "before": before,
        "next": shown[-1].id if len(found) > overview.PAGE else None,
        "states": [{"name": one, "title": overview.state_title(one), "count": counts[one]} for one in counts],
    }
    if request.GET.get("part") == "rows":
        return render(request, "tasks/_rows.html", context)
    return render(request, "tasks/jobs.html", {**page_context(request), **context})


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page that the button stood on."""
    asked = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(asked if safe and asked.startswith("/") else reverse("tasks-jobs"))


@require_POST
@for_operators
def job_stop(request: HttpRequest, job: int) -> HttpResponseBase:
    services.stop(job)
    return _back(request)


@require_POST
@for_operators
def job_retry(request: HttpRequest, job: int) -> HttpResponseBase:
    services.retry(job)
    return _back(request)
