"""Writing features: one function per thing a person does, for every door of the web.

A row must be editable before the change and after it: nobody moves a feature out of reach, or takes one in.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, QuerySet

from gisapp import errors
from gisapp.accounts import scope
from gisapp.accounts.models import Organisation
from gisapp.accounts.roles import is_operator, organisations_of
from gisapp.features import query
from gisapp.features.crs import DEFAULT, Crs
from gisapp.features.versions import Wanted
from gisapp.layer import Layer


def locked(layer: Layer, user: Any, key: str) -> Any:
    """The feature, held until the transaction ends.

    Raises NotFound for what the user cannot see, Forbidden for what the user sees and may not change.
    """
    wanted = query.parse_id(layer, key)
    row = layer.features(user).select_for_update(of=("self",)).filter(pk=wanted).first()
    if row is None:
        raise errors.NotFound("unknown-feature", layer=layer.name, id=key[:100])
    check(layer, user, row.pk)
    return row


def check(layer: Layer, user: Any, key: Any) -> None:
    """Raise Forbidden where the user may not change the feature as it is now."""
    if not layer.edited_by(user):
        raise errors.Forbidden("forbidden")
    if not layer.editable(user).filter(pk=key).exists():
        raise errors.Forbidden("out-of-reach", layer=layer.name)


def reachable(layer: Layer, user: Any, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Which of any rows of the table, retired ones too, the user may change."""
    if layer.editable_by or not layer.edit.roles:
        return rows.filter(pk__in=layer.editable(user).order_by().values("pk"))
    return scope.edited(rows, user, layer.edit.roles, owner=layer.owner, geometry=layer.place_column)


def check_row(layer: Layer, user: Any, key: Any) -> None:
    """Raise Forbidden where the user may not change this row of the table, retired or not."""
    rows = layer.model_class._default_manager.filter(pk=key)
    if not layer.edited_by(user) or not reachable(layer, user, rows).exists():
        raise errors.Forbidden("out-of-reach", layer=layer.name)


def owner_for(layer: Layer, user: Any, asked: str | None) -> Organisation | None:
    """The organisation that a new feature belongs to: the asked one, else the only one the user writes for.

    Raises BadInput("which-organisation") where that is not clear, Forbidden for one the user does not write for.
    """
    if not layer.owner:
        return None
    rows = Organisation.objects.filter(active=True)
    if not is_operator(user):
        rows = rows.filter(pk__in=organisations_of(user, layer.edit.roles))
    if asked is not None:
        found = rows.filter(key=asked).first()
        if found is None:
            raise errors.Forbidden("out-of-reach", layer=layer.name, field=layer.owner)
        return found
    choice = list(rows[:2])
    if len(choice) != 1:
        keys = ", ".join(rows.order_by("key").values_list("key", flat=True)[:20])
        raise errors.BadInput("which-organisation", field=layer.owner, possible=keys)
    return choice[0]


def create(layer: Layer, user: Any, serializer_class: Any, data: Any, *, crs: Crs = DEFAULT) -> Any:
    """A new feature of the sent GeoJSON, whose geometry is in `crs`; the bound serialiser.

    Raises GisError and DRF's ValidationError.
    """
    if not layer.edited_by(user):
        raise errors.Forbidden("forbidden")
    serializer = serializer_class(data=data, context={"crs": crs})
    serializer.is_valid(raise_exception=True)
    named = layer.owner and not layer.owner_from
    more = {layer.owner: owner_for(layer, user, _asked_owner(layer, data))} if named else {}
    with transaction.atomic():
        made = serializer.save(**more)
        check(layer, user, made.pk)
    return serializer


def change(
    layer: Layer,
    user: Any,
    key: str,
    serializer_class: Any,
    data: Any,
    *,
    partial: bool,
    wanted: Wanted | None = None,
    crs: Crs = DEFAULT,
) -> Any:
    """Replace a feature, or parts of it, where it still is as `wanted` says; the bound serialiser.

    Raises GisError and DRF's ValidationError.
    """
    with transaction.atomic():
        row = locked(layer, user, key)
        (wanted or Wanted()).check(layer, user, key)
        serializer = serializer_class(row, data=data, partial=partial, context={"crs": crs})
        serializer.is_valid(raise_exception=True)
        asked = None if layer.owner_from else _asked_owner(layer, data)
        more = {layer.owner: owner_for(layer, user, asked)} if asked is not None else {}
        serializer.save(**more)
        check(layer, user, row.pk)
    return serializer


def remove(layer: Layer, user: Any, key: str, *, wanted: Wanted | None = None) -> None:
    """Delete a feature where it still is as `wanted` says. Raises GisError, Conflict where others need it."""
    with transaction.atomic():
        row = locked(layer, user, key)
        (wanted or Wanted()).check(layer, user, key)
        try:
            row.delete()
        except ProtectedError:
            _say_why(row)
            raise


def _say_why(row: Any) -> None:
    """Django looks for dependent rows before the database is asked, whose rules know better words: ask them."""
    with transaction.atomic():
        rows = type(row)._base_manager.filter(pk=row.pk)
        rows._raw_delete(rows.db)
        transaction.set_rollback(True)


def _asked_owner(layer: Layer, data: Any) -> str | None:
    """The organisation's key among the sent properties."""
    properties = data.get("properties") if isinstance(data, Mapping) else None
    found = properties.get(layer.owner) if layer.owner and isinstance(properties, Mapping) else None
    if found is not None and not isinstance(found, str):
        raise errors.BadInput("bad-value", field=layer.owner, name=layer.owner, value=str(found)[:100])
    return found
