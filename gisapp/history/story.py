"""The story of a feature: who changed what, when, through which door and why.

A state is told to whoever might have seen it, by the rules of today asked of the row as it was then. Who it was and the
reason are told to members of the organisation that it belongs to.
"""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Func, Model, TextField
from django.utils.translation import gettext as _

from gisapp import errors
from gisapp.accounts.models import User
from gisapp.accounts.roles import INSIDE, has_role, is_operator, organisations_of
from gisapp.database import compiled, fetch_rows
from gisapp.features.query import parse_id
from gisapp.geolibs import WGS84_SRID
from gisapp.history.asof import rows_as_events
from gisapp.history.tracking import event_model
from gisapp.layer import Layer

MOST = 500
"""So many changes of one feature are told, the newest."""


class _GeoJson(Func):
    template = f"ST_AsGeoJSON(ST_Transform(%(expressions)s, {WGS84_SRID}), 7, 0)"
    output_field = TextField()


@dataclass(frozen=True)
class State:
    """A feature as one change left it; for a removal, as it was before."""

    event: int
    label: str
    when: datetime.datetime
    change: uuid.UUID | None
    values: dict[str, Any]
    geometry: str | None
    """GeoJSON text in CRS84."""
    retired: bool
    told: dict[str, Any] = field(default_factory=dict)
    """What the change's context says, as far as the asker may know."""

    @property
    def kind(self) -> str:
        """insert, update, retire or delete."""
        return "retire" if self.label == "update" and self.retired else self.label


@dataclass(frozen=True)
class Change:
    """A state and what is different from the one before."""

    state: State
    before: State | None
    fields: Sequence[str]
    moved: bool


def doors() -> dict[str, str]:
    """The doors in words."""
    return {
        "web": _("Webseite"), "api": _("Schnittstelle"), "import": _("Import"), "command": _("Befehl"),
        "job": _("Hintergrundauftrag"), "qgis": _("QGIS"), "database": _("Datenbank"), "program": _("Programm"),
    }  # fmt: skip


def _events_of(layer: Layer) -> type[Model]:
    found = event_model(layer.model_class)
    if found is None:
        raise errors.NotFound("no-history", layer=layer.name)
    return found


def _visible(layer: Layer, user: Any, key: Any) -> set[int]:
    """The events whose state the user might have seen: the layer's own rule, asked of the events in the table's place."""
    table = layer.model_class._meta.db_table
    sql, params = compiled(layer.features(user).order_by().values_list("pk"))
    events = rows_as_events(layer.model_class, key="pgh_id")
    rows = fetch_rows(f'WITH "{table}" AS ({events} WHERE e.pgh_obj_id = %s) {sql}', [key, *params])
    return {number for (number,) in rows}


def _context(metadata: Any, inside: bool, names: dict[int, str]) -> dict[str, Any]:
    said = dict(metadata or {})
    door = said.get("door", "program")
    if not inside:
        return {"door": door}
    return {
        "door": door,
        "user": names.get(said.get("user", 0), ""),
        "login": said.get("login", "") if door in ("database", "qgis") else "",
        "reason": said.get("reason", ""),
        "file": said.get("file", ""),
    }


def _names(contexts: Sequence[Any]) -> dict[int, str]:
    ids = {one.get("user") for one in contexts if one and one.get("user")}
    people = User.objects.filter(pk__in=ids)
    return {one.pk: one.get_full_name() or one.email for one in people}


def states(layer: Layer, user: Any, key: str) -> list[State]:
    """The states of a feature that the user may know, the newest first; raises NotFound where there is none."""
    wanted, events = parse_id(layer, key), _events_of(layer)
    seen = _visible(layer, user, wanted)
    paths = [one.path for one in layer.public_fields if one.path.partition("__")[0] in _columns(layer)]
    names = [one.name for one in layer.public_fields if one.path in paths]
    columns = {one.name for one in layer.model_class._meta.concrete_fields}
    ended = ["retired_at"] if "retired_at" in columns else []
    rows = list(
        events._default_manager.filter(pgh_obj_id=wanted)
        .annotate(gisapp_shape=_GeoJson(layer.geometry_column))
        .order_by("-pgh_id")
        .values_list("pgh_id", "pgh_label", "pgh_created_at", "pgh_context_id", "pgh_context__metadata",
                     "gisapp_shape", *ended, *paths)[:MOST]
    )  # fmt: skip
    inside = _is_inside(layer, user, events, wanted)
    people = _names([row[4] for row in rows]) if inside else {}
    found = []
    for number, (event, label, when, change, metadata, shape, *values) in enumerate(rows):
        retired = bool(ended and values.pop(0) is not None)
        before = rows[number + 1][0] if number + 1 < len(rows) else None
        if event not in seen and not (retired and before in seen):
            continue
        told = _context(metadata, inside, people)
        found.append(State(event, label, when, change, dict(zip(names, values, strict=True)), shape, retired, told))
    if not found:
        raise errors.NotFound("unknown-feature", layer=layer.name, id=key[:100])
    return found


def _is_inside(layer: Layer, user: Any, events: type[Model], key: Any) -> bool:
    """May the user know who changes this feature and why? Of common data all members of organisations may, of an
    organisation's own its members."""
    if not layer.owner or is_operator(user):
        return has_role(user, INSIDE)
    owners = events._default_manager.filter(pgh_obj_id=key).values_list(f"{layer.owner}_id", flat=True).distinct()
    return set(owners) <= organisations_of(user, layer.within)


def _columns(layer: Layer) -> set[str]:
    return {one.name for one in _events_of(layer)._meta.concrete_fields}


def story(layer: Layer, user: Any, key: str) -> list[Change]:
    """The changes of a feature, the newest first, each with what is different; raises NotFound."""
    found = states(layer, user, key)
    told = []
    for number, state in enumerate(found):
        before = found[number + 1] if number + 1 < len(found) else None
        told.append(
            Change(state, before, difference(before, state), bool(before and before.geometry != state.geometry))
        )
    return told


def difference(before: State | None, after: State) -> list[str]:
    """The fields whose values differ; of the first state, those that have one."""
    if before is None:
        return [name for name, value in after.values.items() if value not in (None, "")]
    return [name for name, value in after.values.items() if before.values.get(name) != value]
