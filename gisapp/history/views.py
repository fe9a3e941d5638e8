"""The story of a feature as a page, with two states side by side and on the map, and the button that takes one back."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gisapp import errors
from gisapp import layer as registry
from gisapp.accounts.roles import is_known
from gisapp.features import writing
from gisapp.features.query import parse_id
from gisapp.history import reverting
from gisapp.history.recording import recorded
from gisapp.history.story import Change, State, doors, story
from gisapp.layer import Layer
from gisapp.map.context import page_context, preloaded, script_data
from gisapp.map.languages import with_language
from gisapp.map.start import start_view
from gisapp.map.values import text_of, title_of


def kinds() -> dict[str, str]:
    return {
        "insert": _("angelegt"), "update": _("geändert"), "delete": _("gelöscht"), "retire": _("stillgelegt"),
    }  # fmt: skip


def _words(layer: Layer, state: State | None, name: str) -> str:
    return text_of(layer.field(name), state.values.get(name)) if state else ""


def _line(layer: Layer, change: Change) -> dict[str, Any]:
    """One change as the page shows it."""
    state = change.state
    return {
        "event": state.event,
        "when": state.when,
        "kind": kinds()[state.kind],
        "label": state.kind,
        "door": doors().get(state.told["door"], state.told["door"]),
        **{name: state.told.get(name, "") for name in ("user", "login", "reason", "file")},
        "change": state.change,
        "moved": change.moved,
        "fields": [
            {
                "title": str(layer.field(name).title),
                "old": _words(layer, change.before, name),
                "new": _words(layer, state, name),
            }
            for name in change.fields
            if state.kind in ("insert", "update")
        ],
    }


def _chosen(request: HttpRequest, changes: list[Change]) -> tuple[State, State]:
    """The two states to compare, the older first: those asked for, else the last two."""
    by_event = {str(one.state.event): one.state for one in changes}
    older = by_event.get(request.GET.get("a", ""), changes[min(1, len(changes) - 1)].state)
    newer = by_event.get(request.GET.get("b", ""), changes[0].state)
    return (older, newer) if older.event <= newer.event else (newer, older)


def _comparison(layer: Layer, older: State, newer: State) -> list[dict[str, Any]]:
    rows = []
    for one in layer.public_fields:
        if one.name in newer.values:
            old, new = _words(layer, older, one.name), _words(layer, newer, one.name)
            if old or new:
                rows.append({"title": str(one.title), "old": old, "new": new, "differs": old != new})
    return rows


def _may_revert(layer: Layer, user: Any, key: str) -> bool:
    if not is_known(user) or not layer.edited_by(user):
        return False
    rows = layer.model_class._default_manager.filter(pk=parse_id(layer, key))
    return not rows.exists() or writing.reachable(layer, user, rows).exists()


@require_safe
@with_language
def feature_story(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """The changes of one feature, and two of its states side by side."""
    found = registry.get(name, request.user)
    changes = story(found, request.user, key)
    older, newer = _chosen(request, changes)
    data = script_data(request, registry.visible_layers(request.user), start_view([found]))
    data["states"] = [json.loads(one.geometry) if one.geometry else None for one in (older, newer)]
    context = {
        "layer": found,
        "key": key,
        "feature_title": title_of(found, changes[0].state.values, key),
        "lines": [_line(found, one) for one in changes],
        "older": older,
        "newer": newer,
        "comparison": _comparison(found, older, newer),
        "may_revert": _may_revert(found, request.user, key),
        "there": found.features(request.user).filter(pk=parse_id(found, key)).exists(),
        "modules": preloaded("past.js"),
        "data": data,
    }
    return render(request, "history/story.html", {**page_context(request), **context})


@require_POST
@with_language
def revert(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """Take the last change back and show the story again."""
    found = registry.get(name, request.user)
    if not is_known(request.user):
        raise errors.GisError("not-logged-in")
    event = request.POST.get("event", "")
    if not event.isdecimal():
        raise errors.BadInput("bad-number", field="event", name="event", value=event[:30])
    reason = request.POST.get("reason", "").strip() or _("Zurückgenommen")
    with recorded("web", reason=reason):
        reverting.revert_change(found, request.user, key, int(event))
    return HttpResponseRedirect(reverse("history", args=[name, key]))
