"""The pages of work orders: a list, an order with its steps and what they would change, and the buttons that move it on.

They do what the interface does, with the same services and rights; without a script too. What is posted leads back to the page,
which says what came of it.
"""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gisapp import layer as registry
from gisapp.accounts.roles import has_role
from gisapp.errors import BadInput, GisError, NotFound, from_exception
from gisapp.geolibs import WGS84_SRID
from gisapp.map.context import page_context, preloaded, script_data
from gisapp.map.languages import with_language
from layers.fibre import drafts, order_shown, orders, queries
from layers.fibre.access import PLANS
from layers.fibre.actions import ACTIONS
from layers.fibre.called import called
from layers.fibre.declared import LAYERS
from layers.fibre.models import WorkOrder
from layers.fibre.order_forms import HeadForm, NewForm, StepForm, actions
from layers.fibre.order_views import OrderSerializer
from layers.fibre.pages import person_of, start_of
from layers.fibre.sentences import keys_in, sentence
from layers.fibre.services import action_named, check_role, rights_of

PAGE = 50
VERBS = ("rehearse", "approve", "issue", "reopen", "cancel", "complete", "delete")
View = Callable[..., HttpResponse]


def _private(view: View) -> View:
    """For who sees networks; nothing on the way keeps the answer."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        person_of(request)
        response = with_language(view)(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response  # type: ignore[return-value]

    return answer


# --------------------------------------------------------------------------------------------------------------- the list


def _filtered(request: HttpRequest) -> tuple[QuerySet[WorkOrder], dict[str, str]]:
    asked = {name: request.GET.get(name, "").replace("\x00", "").strip()[:100] for name in ("network", "state", "q")}
    rows = (
        WorkOrder.objects.select_related("network").defer("rehearsal", "agreed", "area").order_by("-created_at", "name")
    )
    if asked["network"]:
        rows = rows.filter(network__key=asked["network"])
    if asked["state"]:
        rows = rows.filter(state=asked["state"])
    if asked["q"]:
        rows = rows.filter(Q(name__icontains=asked["q"]) | Q(title__icontains=asked["q"]))
    return rows, asked


@require_safe
@_private
def listed(request: HttpRequest) -> HttpResponse:
    """`?network=&state=&q=`, a page of them at a time (`?from=`)."""
    rows, asked = _filtered(request)
    start = request.GET.get("from", "0")
    first = int(start) if start.isdecimal() and len(start) < 7 else 0
    with rights_of(request.user):
        found = list(rows[first : first + PAGE + 1])
    context = {
        **asked, "orders": found[:PAGE], "networks": queries.networks(request.user), "states": WorkOrder.State.choices,
        "before": max(first - PAGE, 0) if first else None, "after": first + PAGE if len(found) > PAGE else None,
        "plans": has_role(request.user, PLANS),
    }  # fmt: skip
    return render(request, "fibre/orders.html", {**page_context(request), **context})


@require_http_methods(["GET", "HEAD", "POST"])
@_private
def drafted(request: HttpRequest) -> HttpResponse:
    """A new draft: its network and number; everything else on its own page."""
    check_role(request.user, PLANS)
    networks = queries.networks(request.user)
    form = NewForm(networks, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            order = drafts.make(request.user, form.cleaned_data)
        except (GisError, DatabaseError) as error:
            _refuse(form, _known(error))
        else:
            return HttpResponseRedirect(reverse("fibre-order-page", args=[order.pk]))
    context = {**page_context(request), "form": form}
    return render(request, "fibre/order_new.html", context, status=400 if form.errors else 200)


# ---------------------------------------------------------------------------------------------------------------- an order


def _known(error: Exception) -> GisError:
    refused = from_exception(error)
    if refused is None:
        raise error
    return refused


def _said(refused: GisError) -> str:
    """The refusal with its hint and its stable code."""
    hint = str(refused.values.get("hint") or "")
    return " ".join(filter(None, (refused.text(), hint, f"[{refused.code}]")))


def _refuse(form: forms.Form, refused: GisError) -> None:
    text = _("Diese Nummer ist in dem Netz schon vergeben.") if refused.code == "name-taken" else _said(refused)
    form.add_error(refused.field if refused.field in form.fields else None, text)


def _steps(order: WorkOrder, user: Any) -> list[dict[str, Any]]:
    steps = list(order.steps.order_by("ordinal"))
    found = called({key for one in steps for key in keys_in(one.arguments)}, user)
    names = {key: one.name for key, one in found.items()}
    return [
        {"step": one, "words": sentence(one.action, one.arguments, names), "last": one is steps[-1]} for one in steps
    ]


def _rehearsed(order: WorkOrder, user: Any) -> dict[str, Any]:
    """The last rehearsal for people; empty where nobody has rehearsed."""
    kept = order.rehearsal
    if not kept:
        return {"features": order_shown.features([])}
    groups = order_shown.groups(kept["changes"], user)
    apart = kept.get("difference")
    return {
        "at": parse_datetime(kept["at"]),
        "groups": groups,
        "stop": kept["stop"],
        "competing": orders.competing(order, kept["changes"], user) if order.state in orders.OPEN else [],
        "missing": order_shown.groups(apart["missing"], user) if apart else [],
        "unexpected": order_shown.groups(apart["unexpected"], user) if apart else [],
        "features": order_shown.features(groups),
    }


def _area(order: WorkOrder) -> Any:
    return json.loads(order.area.transform(WGS84_SRID, clone=True).geojson) if order.area else None


def _head(order: WorkOrder) -> HeadForm:
    initial = {
        "title": order.title, "kind": order.kind, "contractor": order.contractor.email if order.contractor else "", "metres": 50,
        "begins_on": order.begins_on, "ends_on": order.ends_on, "remark": order.remark,
        "area": json.dumps(_area(order)) if order.area else "",
    }  # fmt: skip
    return HeadForm(initial=initial)


def _step_form(request: HttpRequest, order: WorkOrder) -> tuple[StepForm | None, int | None]:
    """`?action=` is a new step's form, `?edit=3` that of the third step."""
    edit, action = request.GET.get("edit", ""), request.GET.get("action", "")
    if edit.isdecimal() and len(edit) < 5:
        step = order.steps.filter(ordinal=int(edit)).first()
        if step and step.action in ACTIONS:
            return StepForm(
                order, ACTIONS[step.action], initial={**step.arguments, "remark": step.remark}
            ), step.ordinal
    return (StepForm(order, ACTIONS[action]), None) if action in ACTIONS else (None, None)


def _page(request: HttpRequest, order: WorkOrder, status: int = 200, **forms_: Any) -> HttpResponse:
    user = request.user
    may = orders.possible(order, user)
    step_form, editing = _step_form(request, order) if "edit" in may else (None, None)
    rehearsed = _rehearsed(order, user)
    layers = [one for one in registry.visible_layers(user) if one.base_map or one in LAYERS]
    area = _area(order)
    told = {"area": area, "changes": rehearsed["features"]}
    context = {
        "order": order, "may": may, "steps": _steps(order, user), "rehearsed": rehearsed, "leads": orders.leads(order, user),
        # Who works for whom is for those who plan, and for himself.
        "crew": order.contractor if has_role(user, PLANS) or order.contractor_id == user.pk else None,
        "head": _head(order) if "edit" in may else None, "actions": actions(), "step_form": step_form, "editing": editing,
        "chosen": step_form.action.name if step_form else "", "hectares": order.area.area / 10_000 if order.area else 0,
        "modules": [static("fibre/orders.js"), *preloaded("embed.js")[1:]],
        "data": {**script_data(request, layers, start_of(user, layers)), "order": told},
    }  # fmt: skip
    return render(request, "fibre/order.html", {**page_context(request), **context, **forms_}, status=status)


@require_safe
@_private
def shown(request: HttpRequest, key: UUID) -> HttpResponse:
    """The order; `?action=` or `?edit=` with the form of a step."""
    return _page(request, orders.find(str(key), request.user))


def _back(order: WorkOrder, part: str = "") -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("fibre-order-page", args=[order.pk]) + (f"#{part}" if part else ""))


@require_POST
@_private
def headed(request: HttpRequest, key: UUID) -> HttpResponse:
    """Write what a draft is about, when, where and for whom."""
    order = orders.find(str(key), request.user)
    orders.check(order, "edit", request.user)
    form = HeadForm(request.POST)
    if form.is_valid():
        try:
            drafts.change(order, request.user, _sent(form, request.user))
        except (GisError, DatabaseError) as error:
            _refuse(form, _known(error))
        else:
            messages.success(request, _("Gespeichert."))
            return _back(order)
    order.refresh_from_db()
    return _page(request, order, 400, head=form, head_open=True)


def _sent(form: HeadForm, user: Any) -> Mapping[str, Any]:
    """What the form says, checked as the interface checks it."""
    given = dict(form.cleaned_data)
    around, metres = given.pop("around"), given.pop("metres") or 50
    given["contractor"] = given["contractor"] or None
    sent = OrderSerializer(data=given, partial=True)
    if not sent.is_valid():
        field, problems = next(iter(sent.errors.items()))
        raise BadInput("bad-value", field=field, name=field, value=" ".join(map(str, problems))[:200])
    found: dict[str, Any] = sent.validated_data
    if around:
        found["area"] = json.loads(drafts.area_around(user, around, metres).transform(WGS84_SRID, clone=True).geojson)
    return found


# ---------------------------------------------------------------------------------------------------------------- its steps


@require_POST
@_private
def stepped(request: HttpRequest, key: UUID, number: int | None = None) -> HttpResponse:
    """Add a step, or write the one of this number anew."""
    order = orders.find(str(key), request.user)
    orders.check(order, "edit", request.user)
    form = StepForm(order, action_named(request.POST.get("action", "")), request.POST)
    if form.is_valid():
        try:
            if number is None:
                drafts.add_step(order, request.user, form.step())
            else:
                drafts.change_step(order, request.user, number, form.step())
        except (GisError, DatabaseError) as error:
            _refuse(form, _known(error))
        else:
            return _back(order, "steps")
    return _page(request, order, 400, step_form=form, editing=number, chosen=form.action.name)


@require_POST
@_private
def step_moved(request: HttpRequest, key: UUID, number: int) -> HttpResponse:
    """`do`: earlier, later or remove."""
    order = orders.find(str(key), request.user)
    what = request.POST.get("do", "")
    try:
        if what == "remove":
            drafts.drop_step(order, request.user, number)
        elif what in ("earlier", "later"):
            drafts.move_step(order, request.user, number, -1 if what == "earlier" else 1)
        else:
            raise BadInput("bad-value", field="do", name="do", value=what[:50])
    except (GisError, DatabaseError) as error:
        messages.error(request, _said(_known(error)))
    return _back(order, "steps")


# --------------------------------------------------------------------------------------------------------- what becomes of it


@require_POST
@_private
def moved(request: HttpRequest, key: UUID, verb: str) -> HttpResponse:
    """Rehearse, approve, issue, reopen, cancel, complete, delete. What cannot be taken back wants `sure`."""
    if verb not in VERBS:
        raise NotFound("unknown-address")
    order = orders.find(str(key), request.user)
    orders.check(order, verb, request.user)
    if verb in ("complete", "delete") and request.POST.get("sure") != "yes":
        messages.error(request, _("Das lässt sich nicht zurücknehmen; bitte bestätigen."))
        return _back(order, "order-verbs")
    try:
        told = _do(order, verb, request)
    except (GisError, DatabaseError) as error:
        messages.error(request, _said(_known(error)))
        return _back(order, "order-verbs")
    if told:
        messages.success(request, told)
    if verb == "delete":
        return HttpResponseRedirect(reverse("fibre-orders-page"))
    # Who carried it out as a contractor had his rights for it, and has them no longer.
    done = verb == "complete" and not orders.allowed(order, request.user) & {"edit", "approve"}
    return HttpResponseRedirect(reverse("account")) if done else _back(order, "result" if verb == "rehearse" else "")


def _do(order: WorkOrder, verb: str, request: HttpRequest) -> str:
    """Returns what to say of it."""
    user = request.user
    if verb == "rehearse":
        orders.rehearse(order, user)
        return ""
    if verb == "complete":
        count = len(orders.complete(order, user, accept=request.POST.get("accept") == "yes"))
        return _("%(order)s ist ausgeführt: %(count)s Änderungen am Netz.") % {"order": order.name, "count": count}
    if verb == "delete":
        drafts.delete(order, user)
        return _("%(order)s ist gelöscht.") % {"order": order.name}
    {"approve": orders.approve, "issue": orders.issue, "reopen": orders.reopen, "cancel": orders.cancel}[verb](
        order, user
    )
    return _("%(order)s ist jetzt: %(state)s.") % {"order": order.name, "state": order.get_state_display()}
