"""{% colour position scheme_colour %}: the swatch of a position with its number and word."""

from django import template
from django.utils.safestring import SafeString

from layers.fibre.models import SchemeColour
from layers.fibre.swatches import Swatch

register = template.Library()


@register.simple_tag
def colour(position: int, found: SchemeColour | None) -> SafeString:
    return Swatch.of(position, found).__html__()
