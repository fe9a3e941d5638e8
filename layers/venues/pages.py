"""What visitors see: the search, a venue with its calendar, the booking form, and a booking's own page.

All of it works without a script. Nothing here shows who has booked what.
"""

import datetime
import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.gis.geos import Point
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gisapp import layer as registry
from gisapp.api.throttles import AddressThrottle
from gisapp.errors import BadInput, Conflict, GisError
from gisapp.geolibs import STORAGE_SRID, WGS84_SRID
from gisapp.map.context import page_context, preloaded, script_data
from gisapp.map.languages import with_language
from gisapp.map.start import start_view
from gisapp.search.query import search
from layers.venues import calendar, contacts, notices, queries, quotes, series, services
from layers.venues.forms import BookForm, SearchForm, WhenForm, month_of
from layers.venues.localtime import BERLIN
from layers.venues.models import Booking, Equipment, Space, Venue

KM = 10


class BookingThrottle(AddressThrottle):
    """So often one address may ask for a booking."""

    scope = "booking"
    rate = "30/h"


def _today() -> datetime.date:
    return timezone.localdate(timezone=BERLIN)


def english() -> bool:
    return (get_language() or "de").startswith("en")


def equipment_names() -> dict[str, str]:
    return {one.key: one.name_en if english() else one.name for one in Equipment.objects.order_by("ordinal", "key")}


# ------------------------------------------------------------------------------------------------------------- the search


def _place(text: str, user: Any) -> tuple[Point, str]:
    """The first place of this name, in EPSG:25832, and what it is called. Raises BadInput("venue-place-unknown")."""
    hits = search(text, user, limit=1)
    if not hits:
        raise BadInput("venue-place-unknown", field="near", name=text)
    point = Point(hits[0].lon, hits[0].lat, srid=WGS84_SRID)
    point.transform(STORAGE_SRID)
    return point, hits[0].title


def _found(form: SearchForm, user: Any) -> dict[str, Any]:
    given = form.cleaned_data
    near, place = _place(given["near"], user) if given["near"] else (None, "")
    kilometres = given["km"] or KM
    found = queries.free(form.span(), given["people"], given["equipment"], near, kilometres * 1000)
    asked = {
        "date": given["date"].isoformat(),
        "begins": f"{given['begins']:%H:%M}",
        "ends": f"{given['ends']:%H:%M}",
        "people": given["people"],
    }
    return {"found": found, "place": place, "km": kilometres, "asked": urlencode(asked)}


def _map(request: HttpRequest, found: list[queries.Free]) -> dict[str, Any]:
    """What the map beside the list needs; nothing where nothing is free."""
    if not found:
        return {}
    layers = [one for one in registry.visible_layers(request.user) if one.base_map]
    places: dict[int, dict[str, Any]] = {}
    for one in found:
        lon, lat = one.space.venue.place
        shape = {"type": "Point", "coordinates": [lon, lat]}
        properties = {"name": one.space.venue.name, "space": one.space.pk}
        places.setdefault(one.space.venue_id, {"type": "Feature", "geometry": shape, "properties": properties})
    data = script_data(request, layers, start_view(layers))
    return {
        "data": {**data, "venues": {"type": "FeatureCollection", "features": list(places.values())}},
        "modules": [static("venues/search.js"), *preloaded("embed.js")[1:]],
    }


@require_safe
@with_language
def searched(request: HttpRequest) -> HttpResponse:
    """`?date=&begins=&ends=&people=&equipment=&near=&km=`; without them every venue."""
    form = SearchForm(request.GET if request.GET.get("date") else None)
    context: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        try:
            context = _found(form, request.user)
            context |= _map(request, context["found"])
        except GisError as error:
            form.add_error(error.field if error.field in form.fields else None, error.text())
    every = queries.venues(request.user).filter(published=True).order_by("locality", "name")
    context = {**page_context(request), **context, "form": form, "venues": every, "names": equipment_names()}
    return render(request, "venues/search.html", context, status=400 if form.errors else 200)


# -------------------------------------------------------------------------------------------------------------- one venue


def _chosen(venue: Venue, asked: str) -> tuple[list[Space], Space | None]:
    spaces = list(
        venue.spaces.filter(active=True)
        .prefetch_related("tariffs", "extras", "parts__room")
        .order_by("ordinal", "name")
    )
    chosen = next((one for one in spaces if str(one.pk) == asked), None)
    return spaces, chosen or (spaces[0] if spaces else None)


def _calendar(venue: Venue, space: Space, first: datetime.date) -> list[list[calendar.Day]]:
    last = (first + datetime.timedelta(days=40)).replace(day=1)
    before, after = first - datetime.timedelta(days=1), last + datetime.timedelta(days=1)
    rooms = {one.room_id for one in space.parts.all()}
    hours = queries.hours(venue.pk, before, after)
    return calendar.month(first, hours, queries.busy(venue.pk, before, after), rooms, timezone.now(), space.min_minutes)


@require_safe
@with_language
def venue(request: HttpRequest, key: int) -> HttpResponse:
    """`?space=` and `?month=2026-12` choose the calendar, `?day=2026-12-24` one of its days."""
    found = queries.venue(request.user, key)
    spaces, space = _chosen(found, request.GET.get("space", ""))
    today = _today()
    first = month_of(request.GET.get("month") or request.GET.get("day", "")[:7], today)
    weeks = _calendar(found, space, first) if space else []
    days = [one for week in weeks for one in week]
    shown = next((one for one in days if one.date.isoformat() == request.GET.get("day") and one.state != "other"), None)
    names = equipment_names()
    conditions = services.conditions_of(space) if space else None
    context = {
        "venue": found, "spaces": spaces, "space": space, "weeks": weeks, "day": shown, "month": first,
        "before": first - datetime.timedelta(days=1), "after": first + datetime.timedelta(days=32), "today": today,
        "equipment": [names.get(one, one) for one in found.equipment], "conditions": conditions,
        "openings": found.openings.order_by("season_from", "opens"), "cancel_rules": found.cancel_rules.order_by("-days_before"),
        "keeps": queries.kept(request.user).filter(pk=found.pk).exists(),
    }  # fmt: skip
    return render(request, "venues/venue.html", {**page_context(request), **context})


# ---------------------------------------------------------------------------------------------------------------- booking


def refuse(form: Any, error: GisError) -> None:
    form.add_error(error.field if error.field in form.fields else None, error.text())


def _space(venue: Venue, request: HttpRequest) -> Space:
    """Raises Conflict("booking-not-offered")."""
    _spaces, space = _chosen(venue, request.POST.get("space") or request.GET.get("space", ""))
    if space is None:
        raise Conflict("booking-not-offered")
    return space


def _series(form: BookForm, wish: services.Wish, request: HttpRequest) -> Booking:
    """The same hours again and again; what is left out is named. Returns the first booking."""
    given = form.cleaned_data
    without = queries.holidays(given["date"], given["until"]) if given["without"] else set()
    days = series.dates(given["date"], given["until"], weeks=int(given["weeks"] or 1), without=without)
    made = series.book_series(
        wish, series.spans(days, given["begins"], given["ends"]), request.user, leave_out=given["leave_out"]
    )
    if made.misses:
        missed = ", ".join(f"{datetime.datetime.fromisoformat(one['from']):%d.%m.%Y}" for one in made.misses)
        messages.warning(request, _("Nicht frei und ausgelassen: %(days)s") % {"days": missed})
    messages.success(request, _("Serie mit %(count)s Terminen gebucht.") % {"count": made.bookings.count()})
    return made.bookings.order_by("used")[0]


def _send(form: BookForm, request: HttpRequest) -> Booking | None:
    """Do what the button says; None where it is refused, and the form says why."""
    throttle = BookingThrottle()
    if not form.desk and not throttle.allow_request(request, None):  # type: ignore[arg-type]
        raise GisError("too-many-requests", wait=int(throttle.wait() or 60))
    what = request.POST.get("do", "")
    try:
        wish = form.wish()
        if form.desk:
            if form.cleaned_data["until"]:
                return _series(form, wish, request)
            if what == "hold":
                return services.hold(wish, request.user)
            return services.book(wish, request.user, exempt=form.cleaned_data["exempt"])
        return services.wait(wish) if what == "wait" else services.request(wish)
    except GisError as error:
        refuse(form, error)
        form.taken = error.code == "booking-taken"  # type: ignore[attr-defined]
    return None


@require_http_methods(["GET", "HEAD", "POST"])
@with_language
def book(request: HttpRequest, key: int) -> HttpResponse:
    """The form; `do` is check (the price), send, wait (join the waiting list). `?desk=1`: staff for somebody else."""
    found = queries.venue(request.user, key)
    space = _space(found, request)
    desk = bool(request.GET.get("desk"))
    if desk:
        services.keeps(request.user, space)
    conditions = services.conditions_of(space)
    if request.method == "POST":
        form = BookForm(space, conditions, request.POST, desk=desk)
        if request.POST.get("do") != "check" and form.is_valid() and (made := _send(form, request)):
            if desk:
                return HttpResponseRedirect(reverse("venues-desk-booking", args=[made.pk]))
            return HttpResponseRedirect(reverse("venues-booking", args=[made.pk, contacts.token(made)]))
    else:
        given = {name: request.GET.get(name, "") for name in ("date", "begins", "ends", "last", "people")}
        form = BookForm(space, conditions, initial={**given, "group": "resident"}, desk=desk)
    if request.method == "POST" and request.POST.get("do") == "check":
        form = BookForm(
            space,
            conditions,
            initial={**request.POST.dict(), "key": request.POST.get("key") or uuid.uuid4()},
            desk=desk,
        )
    price, against = _checked(form, request)
    context = {
        "venue": found,
        "space": space,
        "form": form,
        "price": price,
        "against": "" if form.errors else against,
        "conditions": conditions,
        "desk": desk,
        "english": english(),
    }
    return render(
        request,
        "venues/book.html",
        {**page_context(request), **context},
        status=400 if form.is_bound and form.errors else 200,
    )


def _checked(form: BookForm, request: HttpRequest) -> tuple[dict[str, Any] | None, str]:
    """The price of what is asked for so far, and what stands against it, in words."""
    given = request.POST if request.method == "POST" else request.GET
    if not given.get("date") or not given.get("begins"):
        return None, ""
    known = WhenForm(form.space, {"group": "resident", **given.dict()})
    if not known.is_valid():
        return None, " ".join(f"{known[name].label}: {' '.join(map(str, said))}" for name, said in known.errors.items())
    try:
        span = known.span()
        price = quotes.shown(quotes.quote(form.space, span, known.cleaned_data["group"], known.extras()).plain())
    except GisError as error:
        return None, error.text()
    code = queries.refusal(form.space, span, known.cleaned_data["people"])
    return price, GisError(code).text() if code else ""


@require_http_methods(["GET", "HEAD", "POST"])
@with_language
def booking(request: HttpRequest, key: uuid.UUID, token: str) -> HttpResponse:
    """A booking's own page, opened by its link; POST `do` is confirm or cancel (with `sure`)."""
    found = contacts.opened(key, token)
    if request.method == "POST":
        _decide(found, request)
        return HttpResponseRedirect(reverse("venues-booking", args=[found.pk, token]))
    may = services.possible(found, "booker")
    context = {
        "booking": found, "when": notices.when(found), "price": quotes.shown(found.price), "steps": found.steps.order_by("id"),
        "fee": quotes.cancelling(found), "may_confirm": may & {"confirmed", "requested"}, "may_cancel": "cancelled" in may,
        "contact": contacts.of(found),
    }  # fmt: skip
    response = render(request, "venues/booking.html", {**page_context(request), **context})
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _decide(found: Booking, request: HttpRequest) -> None:
    what = request.POST.get("do", "")
    try:
        if what == "confirm":
            services.confirm(found)
        elif what == "cancel" and request.POST.get("sure") == "yes":
            services.cancel(found)
        elif what == "cancel":
            messages.error(request, _("Das lässt sich nicht zurücknehmen; bitte bestätigen."))
        else:
            raise BadInput("bad-value", name="do", value=what[:50])
    except GisError as error:
        messages.error(request, error.text())
