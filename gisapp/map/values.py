"""Values of features as people read them: dates and numbers of their language, units, links."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from gisapp.layer import Field, Layer


@dataclass(frozen=True)
class Row:
    """One line of a feature's table."""

    name: str
    title: str
    value: str
    href: str = ""


def text_of(field: Field, value: Any) -> str:
    """The value in words; empty where there is none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("ja") if value else _("nein")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    known = field.values.get(str(value))
    if known is not None:
        return str(known)
    if isinstance(value, int | float):
        words = number_format(round(value, 2), force_grouping=True)
        return f"{words} {field.unit}".strip()
    return str(value)


def address_of(value: Any) -> str:
    """The value if it is an address that a link may lead to."""
    found = str(value) if isinstance(value, str) else ""
    return found if found.startswith(("https://", "http://")) and not set(found) & set(" <>\"'") else ""


def rows(layer: Layer, values: Mapping[str, Any]) -> list[Row]:
    """The public fields that have a value, but for the label, which is the heading."""
    found = []
    for field in layer.public_fields:
        words = text_of(field, values.get(field.name))
        if words and field.name != layer.label:
            found.append(Row(field.name, str(field.title), words, address_of(values.get(field.name))))
    return found


def title_of(layer: Layer, values: Mapping[str, Any], key: Any) -> str:
    """The label; a nameless feature goes by what it is, and by its number as the last resort."""
    label = text_of(layer.field(layer.label), values.get(layer.label))
    if label:
        return label
    for field in layer.public_fields:
        if field.values and (words := text_of(field, values.get(field.name))):
            return words
    return f"{layer.title} {key}"
