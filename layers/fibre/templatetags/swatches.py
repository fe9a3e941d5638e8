"""{% colour position scheme_colour %}, {% shade position shade %}: the swatch of a position with its number and word."""

from django import template
from django.utils.safestring import SafeString

from layers.fibre.models import SchemeColour
from layers.fibre.products import Shade
from layers.fibre.swatches import Swatch
from layers.fibre.values import LIFECYCLE

register = template.Library()


@register.simple_tag
def colour(position: int, found: SchemeColour | None) -> SafeString:
    return Swatch.of(position, found).__html__()


@register.simple_tag
def shade(position: int, found: Shade | None) -> SafeString:
    return Swatch.of_shade(position, found).__html__()


@register.simple_tag
def lifecycle(code: str) -> str:
    """{% lifecycle code %}: a state in words."""
    return str(LIFECYCLE[code])
