"""Taking changes back: one change of a feature, or all that one import, request or command did.

Nothing is unwritten: taking back is a change of its own, with its own reason, under the same rules. It is all or
nothing, and it never overwrites what somebody changed afterwards: that is named, and nothing is done.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from gisapp import errors
from gisapp.accounts.acting import acting_for
from gisapp.accounts.roles import is_operator
from gisapp.features import writing
from gisapp.features.query import parse_id
from gisapp.history.asof import tracked_models
from gisapp.history.tracking import event_model
from gisapp.layer import Layer, all_layers

MOST_NAMED = 20


def _stored(model: type[Model]) -> list[str]:
    """The columns that hold what people entered: all but the computed ones."""
    return [str(one.column) for one in model._meta.concrete_fields if not one.generated]


def revert_change(layer: Layer, user: Any, key: str, event: int) -> None:
    """Take back the last change of a feature: it is then as it was before it.

    Raises NotFound for an unknown change, Conflict("changed-since") where it is not the last one, Forbidden where the
    user may not change the feature, and the table's own rules.
    """
    wanted = parse_id(layer, key)
    events = event_model(layer.model_class)
    if events is None:
        raise errors.NotFound("no-history", layer=layer.name)
    with transaction.atomic():
        _hold(layer.model_class, "pgh_obj_id", wanted)
        last = list(events._default_manager.filter(pgh_obj_id=wanted).order_by("-pgh_id")[:2])
        if event not in [one.pgh_id for one in last]:  # type: ignore[attr-defined]
            known = events._default_manager.filter(pgh_obj_id=wanted, pgh_id=event).exists()
            refusal = errors.Conflict("changed-since", count=1, which=f"{layer.name}/{key[:100]}")
            raise refusal if known else errors.NotFound("unknown-change", change=event)
        if last[0].pgh_id != event:  # type: ignore[attr-defined]
            raise errors.Conflict("changed-since", count=1, which=f"{layer.name}/{key[:100]}")
        if last[0].pgh_label == "delete":  # type: ignore[attr-defined]
            _restore(layer.model_class, [event])
            writing.check_row(layer, user, wanted)
            return
        writing.check_row(layer, user, wanted)
        _undo(layer.model_class, [wanted], [last[1].pgh_id] if len(last) > 1 else [])  # type: ignore[attr-defined]
        if len(last) > 1:
            writing.check_row(layer, user, wanted)


def _hold(model: type[Model], which: str, value: Any) -> None:
    """Let nobody change the rows of these events (`which` = value) until we are done; whoever is at it has finished when
    this returns. Statements after it see what they did."""
    source = event_model(model)
    assert source is not None
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT count(*) FROM (SELECT t.id FROM "{model._meta.db_table}" t WHERE t.id IN '  # noqa: S608 - names of models
            f'(SELECT pgh_obj_id FROM "{source._meta.db_table}" WHERE {which} = %s) ORDER BY t.id FOR UPDATE) held',
            [value],
        )


def _restore(model: type[Model], events: list[int]) -> int:
    """Put removed rows back under their keys."""
    columns = ", ".join(f'"{one}"' for one in _stored(model))
    source = event_model(model)
    assert source is not None
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({columns}) OVERRIDING SYSTEM VALUE '  # noqa: S608 - names of models
            f'SELECT {columns} FROM "{source._meta.db_table}" WHERE pgh_id = ANY(%s)',
            [events],
        )
        return int(cursor.rowcount)


def _undo(model: type[Model], keys: list[Any], states: list[int]) -> int:
    """Give rows the values of these states; rows without one are removed, for they were not there before."""
    source = event_model(model)
    assert source is not None
    table, events = model._meta.db_table, source._meta.db_table
    set_to = ", ".join(f'"{one}" = e."{one}"' for one in _stored(model) if one != "id")
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" t SET {set_to} FROM "{events}" e WHERE e.pgh_id = ANY(%s) AND t.id = e.pgh_obj_id',  # noqa: S608
            [states],
        )
        changed = int(cursor.rowcount)
        cursor.execute(
            f'DELETE FROM "{table}" t WHERE t.id = ANY(%s) AND NOT EXISTS '  # noqa: S608
            f'(SELECT FROM "{events}" e WHERE e.pgh_id = ANY(%s) AND e.pgh_obj_id = t.id)',
            [keys, states],
        )
        return changed + int(cursor.rowcount)


def _said(event: str) -> str:
    """What an event says of its row, to be compared: whether it is there, and its values - not when it was written."""
    return f"({event}.pgh_label = 'delete')::text || (to_jsonb({event}) - '{{pgh_id,pgh_label,pgh_created_at,pgh_context_id,updated_at}}'::text[])::text"


def _affected(model: type[Model], change: uuid.UUID) -> list[tuple[Any, bool, bool, int | None, int]]:
    """(key, changed afterwards, is gone now, the event before the change, the change's last event) of each row.

    What was changed afterwards and is as it was again - taken back, the newest first - is not in the way.
    """
    source = event_model(model)
    assert source is not None
    events = source._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH mine AS (SELECT pgh_obj_id AS key, min(pgh_id) AS first, max(pgh_id) AS last
                            FROM "{events}" WHERE pgh_context_id = %s GROUP BY 1)
            SELECT m.key,
                   (SELECT e.pgh_id > m.last AND ({_said("e")}) IS DISTINCT FROM (SELECT {_said("l")} FROM "{events}" l WHERE l.pgh_id = m.last)
                      FROM "{events}" e WHERE e.pgh_obj_id = m.key ORDER BY e.pgh_id DESC LIMIT 1),
                   (SELECT e.pgh_label = 'delete' FROM "{events}" e WHERE e.pgh_id = m.last),
                   (SELECT e.pgh_id FROM "{events}" e WHERE e.pgh_obj_id = m.key AND e.pgh_id < m.first
                     ORDER BY e.pgh_id DESC LIMIT 1),
                   m.last
              FROM mine m ORDER BY m.key
            """,  # noqa: S608
            [change],
        )
        return list(cursor.fetchall())


def _by_table(change: uuid.UUID) -> Iterator[tuple[type[Model], list[tuple[Any, bool, bool, int | None, int]]]]:
    for model in _parents_first(tracked_models()):
        _hold(model, "pgh_context_id", change)
        rows = _affected(model, change)
        if rows:
            yield model, rows


def _parents_first(models: Sequence[type[Model]]) -> list[type[Model]]:
    """The tables in an order in which each stands behind those that it refers to."""
    found: list[type[Model]] = []

    def add(model: type[Model]) -> None:
        if model in found:
            return
        for one in model._meta.concrete_fields:
            if one.is_relation and one.related_model in models and one.related_model not in (model, *found):
                add(one.related_model)  # type: ignore[arg-type]
        found.append(model)

    for model in models:
        add(model)
    return found


@dataclass
class _Part:
    """One table's share: what was added by the change goes, what it removed comes back, the rest gets its old values. A row
    that was added and removed again by the same change needs nothing."""

    model: type[Model]
    added: list[Any]
    removed: list[int]
    changed: list[Any]
    states: list[int]
    keys: list[Any]

    @classmethod
    def of(cls, model: type[Model], rows: Sequence[tuple[Any, bool, bool, int | None, int]]) -> "_Part":
        return cls(
            model,
            [row[0] for row in rows if not row[2] and row[3] is None],
            [row[3] for row in rows if row[2] and row[3] is not None],
            [row[0] for row in rows if not row[2] and row[3] is not None],
            [row[3] for row in rows if not row[2] and row[3] is not None],
            [row[0] for row in rows],
        )

    @property
    def count(self) -> int:
        return len(self.added) + len(self.removed) + len(self.changed)


def revert_all(user: Any, change: uuid.UUID) -> dict[str, int]:
    """Take back everything of one change (an import, a request, a command), with what hangs on the layers' rows; rows by layer,
    those of other tables by the table's name.

    Raises NotFound for an unknown change, Conflict("changed-since") naming what was changed afterwards, Forbidden where
    the user may not change one of the rows, and the tables' own rules.
    """
    with transaction.atomic():
        found = list(_by_table(change))
        if not found:
            raise errors.NotFound("unknown-change", change=change)
        layers = {one.model_class: one for one in reversed(all_layers())}
        names = {model: layers[model].name if model in layers else model._meta.db_table for model, _rows in found}
        later = [f"{names[model]}/{row[0]}" for model, rows in found for row in rows if row[1]]
        if later:
            more = " …" if len(later) > MOST_NAMED else ""
            raise errors.Conflict("changed-since", count=len(later), which=", ".join(later[:MOST_NAMED]) + more)
        parts = [_Part.of(model, rows) for model, rows in found]
        _check_every(parts, layers, user)
        _put_back(parts)
        _check_every(parts, layers, user)
    return {names[part.model]: part.count for part in parts}


def _put_back(parts: Sequence[_Part]) -> None:
    """Row by row, what was added first: nothing else follows from it meanwhile, and every rule is asked when all is there."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SELECT set_config('gisapp.taking_back', 'on', true)")
    for part in reversed(parts):
        if part.added:
            _undo(part.model, part.added, [])
    for part in parts:
        if part.changed:
            _undo(part.model, part.changed, part.states)
    for part in parts:
        if part.removed:
            _restore(part.model, part.removed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('gisapp.taking_back', '', true)")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _check_every(parts: Sequence[_Part], layers: Mapping[type[Model], Layer], user: Any) -> None:
    """Raise Forbidden where the user may not change every one of these rows, as they are now."""
    if is_operator(user):
        return
    for part in parts:
        if part.model in layers:
            _check_all(layers[part.model], user, part.keys)
    # The rows of other tables belong to nobody but by the policies of the database: it is asked, as that person.
    others = [part for part in parts if part.model not in layers]
    if not others:
        return
    there = [_count(part) for part in others]
    with acting_for(user):
        for part, all_of_them in zip(others, there, strict=True):
            if _count(part) != all_of_them:
                raise errors.Forbidden("beyond-reach")


def _count(part: _Part) -> int:
    """How many of the rows whoever asks may change. (A row that is locked must pass the policies of changing.)"""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT count(*) FROM (SELECT id FROM "{part.model._meta.db_table}" WHERE id = ANY(%s) FOR UPDATE) held',  # noqa: S608
            [part.keys],
        )
        return int(cursor.fetchone()[0])


def _check_all(layer: Layer, user: Any, keys: list[Any]) -> None:
    """Raise Forbidden where the user may not change every one of these rows."""
    if is_operator(user):
        return
    rows = layer.model_class._default_manager.filter(pk__in=keys)
    allowed = writing.reachable(layer, user, rows)
    if not layer.edited_by(user) or allowed.count() != rows.count():
        raise errors.Forbidden("out-of-reach", layer=layer.name)
