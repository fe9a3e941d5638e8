"""The controls above the list, from the layer's declared filter fields."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import caches
from django.utils.translation import gettext as _

from gisapp.layer import Field, Layer, Type
from gisapp.map import values
from gisapp.map.listing import Query

MOST_CHOICES = 40
LOOKED_AT = 5_000
"""Choices of a filter are those of so many rows: a rough answer at once instead of an exact one after a second."""
CHOICES_FRESH = 120


@dataclass(frozen=True)
class Filter:
    """A control above the list: choices where there are few, otherwise a number or a word."""

    field: Field
    name: str
    kind: str
    value: str
    choices: Sequence[tuple[str, str]] = ()


def _distinct(layer: Layer, declared: Field, user: Any) -> list[str] | None:
    """The field's values, None where there are too many to choose from."""
    key = f"map-choices:{layer.name}:{declared.name}"
    shared = layer.shared
    kept = caches["process"].get(key) if shared else None
    if kept is not None:
        return list(kept) or None
    some = layer.features(user).order_by().values_list("pk", flat=True)[:LOOKED_AT]
    taken = layer.features(user).filter(pk__in=some).order_by()
    found = list(taken.values_list(declared.path, flat=True).distinct()[: MOST_CHOICES + 1])
    choices = [] if len(found) > MOST_CHOICES else [str(one) for one in found if one not in (None, "")]
    if shared:
        caches["process"].set(key, choices, CHOICES_FRESH)
    return choices or None


def filters(layer: Layer, query: Query, user: Any) -> Iterator[Filter]:
    """The controls of the layer's declared filter fields."""
    for one in layer.public_fields:
        if not one.filter:
            continue
        if one.type is Type.BOOLEAN:
            choices = [("true", _("ja")), ("false", _("nein"))]
            yield Filter(one, f"f.{one.name}", "choice", query.equal.get(one.name, ""), choices)
        elif one.type in (Type.INTEGER, Type.NUMBER):
            least = query.least.get(one.name)
            yield Filter(one, f"min.{one.name}", "least", "" if least is None else f"{least:g}")
        elif found := _distinct(layer, one, user):
            pairs = sorted(
                ((value, values.text_of(one, value)) for value in found), key=lambda pair: pair[1].casefold()
            )
            yield Filter(one, f"f.{one.name}", "choice", query.equal.get(one.name, ""), pairs)
        else:
            yield Filter(one, f"f.{one.name}", "word", query.equal.get(one.name, ""))
