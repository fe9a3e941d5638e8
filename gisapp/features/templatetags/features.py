"""Template filters of the feature pages."""

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def value(properties: Mapping[str, Any], name: str) -> Any:
    """The property of that name; empty where there is none."""
    found = properties.get(name)
    return "" if found is None else found
