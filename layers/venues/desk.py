"""What staff see: the inbox of bookings, one booking, and the buttons that decide about them."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gisapp.accounts.roles import has_role, is_known
from gisapp.errors import BadInput, Forbidden, GisError, NotFound
from gisapp.layer import KEEPERS
from gisapp.map.context import page_context
from gisapp.map.languages import with_language
from layers.venues import contacts, notices, queries, quotes, series, services
from layers.venues.forms import AnswerForm
from layers.venues.localtime import midnight
from layers.venues.models import Booking

PAGE = 50
View = Callable[..., HttpResponse]
OPEN = ("requested", "option", "approved", "waiting")


def _private(view: View) -> View:
    """For who keeps venues; nothing on the way keeps the answer."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_known(request.user):
            raise GisError("not-logged-in")
        if not has_role(request.user, KEEPERS):
            raise Forbidden("forbidden")
        response = with_language(view)(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response  # type: ignore[return-value]

    return answer


def _key(given: str, name: str) -> uuid.UUID:
    """Raises BadInput("bad-value")."""
    try:
        return uuid.UUID(given)
    except ValueError as error:
        raise BadInput("bad-value", name=name, value=given[:50]) from error


def _filtered(request: HttpRequest) -> tuple[QuerySet[Booking], dict[str, str]]:
    asked = {
        name: request.GET.get(name, "").replace("\x00", "").strip()[:100]
        for name in ("state", "venue", "q", "since", "series")
    }
    rows = queries.bookings(request.user).filter(blocks=False)
    asked["state"] = asked["state"] or "open"
    if asked["state"] == "open":
        rows = rows.filter(state__in=OPEN, used__endswith__gte=timezone.now())
    elif asked["state"] != "all":
        rows = rows.filter(state=asked["state"])
    if asked["venue"].isdecimal() and len(asked["venue"]) < 19:
        rows = rows.filter(venue=int(asked["venue"]))
    if asked["series"]:
        rows = rows.filter(series=_key(asked["series"], "series"))
    if asked["q"]:
        number = Q(number=int(asked["q"])) if asked["q"].isdecimal() and len(asked["q"]) < 19 else Q()
        rows = rows.filter(Q(booker__name__icontains=asked["q"]) | Q(booker__club__icontains=asked["q"]) | number)
    try:
        since = parse_date(asked["since"])
    except ValueError:
        since = None
    if since and abs(since.year - timezone.now().year) < 50:
        rows = rows.filter(used__endswith__gte=midnight(since))
    return rows.order_by("used", "number"), asked


def _approve(request: HttpRequest) -> None:
    """The ticked ones; those that cannot be are named with the reason."""
    keys = []
    for given in request.POST.getlist("booking")[:PAGE]:
        keys.append(_key(given, "booking"))
    done, refused = services.approve_all(keys, request.user)
    if done:
        messages.success(
            request,
            _("Zugesagt: %(count)s") % {"count": len(done)},
        )
    for booking, why in refused:
        messages.error(request, f"{booking.number}: {why.text()}")
    if not keys:
        messages.error(request, _("Es ist nichts ausgewählt."))


@require_http_methods(["GET", "HEAD", "POST"])
@_private
def inbox(request: HttpRequest) -> HttpResponse:
    """`?state=&venue=&q=&since=`, a page of them at a time (`?from=`); POST approves the ticked ones."""
    if request.method == "POST":
        _approve(request)
        return HttpResponseRedirect(request.get_full_path())
    rows, asked = _filtered(request)
    start = request.GET.get("from", "0")
    first = int(start) if start.isdecimal() and len(start) < 7 else 0
    found = list(rows[first : first + PAGE + 1])
    kept = queries.kept(request.user).order_by("name")
    waiting = (
        queries.bookings(request.user).filter(state="requested", blocks=False).aggregate(count=Count("pk"))["count"]
    )
    context = {
        "rows": [{"booking": one, "when": notices.when(one)} for one in found[:PAGE]], "asked": asked, "venues": kept,
        "states": Booking.State.choices, "waiting": waiting, "before": max(first - PAGE, 0) if first else None,
        "after": first + PAGE if len(found) > PAGE else None,
    }  # fmt: skip
    return render(request, "venues/desk.html", {**page_context(request), **context})


def _one(user: Any, key: uuid.UUID) -> Booking:
    found = queries.bookings(user).filter(pk=key).select_related("conditions").first()
    if found is None:
        raise NotFound("booking-unknown")
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@_private
def shown(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """One booking with who made it; POST `do`: approve, decline, confirm, cancel, came, stayed-away."""
    found = _one(request.user, key)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _decide(found, request.POST.get("do", ""), form.cleaned_data["answer"], request.user)
        except GisError as error:
            form.add_error(error.field if error.field in form.fields else None, error.text())
        else:
            messages.success(
                request,
                _("%(number)s ist jetzt: %(state)s.") % {"number": found.number, "state": found.get_state_display()},
            )
            return HttpResponseRedirect(reverse("venues-desk-booking", args=[found.pk]))
    begun = found.used.lower <= timezone.now()
    context = {
        "booking": found, "form": form, "may": services.possible(found, "staff"), "when": notices.when(found), "begun": begun,
        "price": quotes.shown(found.price), "contact": contacts.of(found), "steps": found.steps.order_by("id"),
        "link": reverse("venues-booking", args=[found.pk, contacts.token(found)]),
    }  # fmt: skip
    return render(
        request, "venues/desk_booking.html", {**page_context(request), **context}, status=400 if form.errors else 200
    )


def _decide(found: Booking, what: str, answer: str, user: Any) -> None:
    if what == "approve":
        services.approve(found, user, answer)
    elif what == "decline":
        services.decline(found, user, answer)
    elif what == "confirm":
        services.confirm(found, user)
    elif what == "cancel":
        services.cancel(found, user, answer)
    elif what == "cancel-series" and found.series is not None:
        contacts.answer(found, answer)
        series.cancel_series(found.series, user, found.used.lower)
        found.refresh_from_db()
    elif what in ("came", "stayed-away"):
        services.finish(found, user, came=what == "came")
    else:
        raise BadInput("bad-value", name="do", value=what[:50])
