"""{% symbol "name" %}: one of our drawn symbols, for the eye alone; words stand beside it or in the label."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def symbol(name: str) -> SafeString:
    return format_html(
        '<svg class="symbol" width="24" height="24" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        static("map/symbols.svg"), name,
    )  # fmt: skip
