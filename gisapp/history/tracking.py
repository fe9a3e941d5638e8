"""The decorator that gives a table a history: each change is an event row, written by PostgreSQL's own triggers.

Statement triggers, so that an import of a million rows writes its events in one go. Generated columns are left out:
they follow from the others (asof.py computes them again). Personal data stand in tables of their own without this
decorator; the retention job empties those.
"""

from typing import TypeVar

import pghistory
from django.contrib.postgres.indexes import BrinIndex
from django.db.models import BigAutoField, Model

M = TypeVar("M", bound=type[Model])


def tracked(model: M) -> M:
    """Keep the history of this model's table in TABLEevent, in the same app."""
    generated = [one.name for one in model._meta.concrete_fields if one.generated]
    name = model._meta.model_name
    track = pghistory.track(
        pghistory.InsertEvent(level=pghistory.Statement),
        pghistory.UpdateEvent(level=pghistory.Statement),
        pghistory.DeleteEvent(level=pghistory.Statement),
        exclude=generated or None,
        append_only=True,
        obj_field=pghistory.ObjForeignKey(related_name="events", db_index=True),
        context_field=pghistory.ContextForeignKey(db_index=True, null=True),
        # Two thousand million events are a few years of a county's imports.
        attrs={"pgh_id": BigAutoField(primary_key=True)},
        meta={"indexes": [BrinIndex(fields=["pgh_created_at"], name=f"{name}_event_when")]},
    )
    found: M = track(model)
    return found


def event_model(model: type[Model]) -> type[Model] | None:
    """The model of this model's events; None where it has no history."""
    relation = next((one for one in model._meta.related_objects if one.get_accessor_name() == "events"), None)
    found = getattr(relation, "related_model", None)
    return found if found is not None and getattr(found, "pgh_tracked_model", None) is model else None
