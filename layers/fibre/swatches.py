"""A colour of the trade, as the eye sees it and as it is called: swatch, words, number.

An SVG whose colours are attributes: pages allow no inline style. Two colours are halves, a ring or stripe is a band across.
"""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from layers.fibre.models import Colour, SchemeColour
from layers.fibre.products import Shade

SIZE = 16


def _name(colour: Colour) -> str:
    return colour.name_en if (get_language() or "de").startswith("en") else colour.name_de


def light(value: str) -> bool:
    """Is a colour (#rrggbb) so light that black stands out on it?"""
    red, green, blue = (int(value[at : at + 2], 16) for at in (1, 3, 5))
    return red * 0.299 + green * 0.587 + blue * 0.114 > 140


@dataclass(frozen=True)
class Swatch:
    """What a position looks like; without a colour (a single pipe, a scheme without this position) the number alone."""

    position: int
    base: Colour | None = None
    second: Colour | None = None
    marked: bool = False

    @classmethod
    def of(cls, position: int, found: SchemeColour | None) -> "Swatch":
        return cls(position, found.colour, found.second, found.marked) if found else cls(position)

    @classmethod
    def of_shade(cls, position: int, shade: Shade | None) -> "Swatch":
        if shade is None:
            return cls(position)
        base = Colour(hex=shade.hex, name_de=shade.word_de, name_en=shade.word_en)
        second = (
            Colour(hex=shade.second_hex, name_de=shade.second_de, name_en=shade.second_en) if shade.second_hex else None
        )
        return cls(position, base, second, shade.marked)

    @property
    def words(self) -> str:
        if self.base is None:
            return _("ohne Farbe")
        name = _name(self.base)
        if self.second is not None:
            name = f"{name}-{_name(self.second)}"
        return _("%(colour)s mit Ring") % {"colour": name} if self.marked else name

    @property
    def picture(self) -> SafeString:
        """For the eye alone; the words stand beside it."""
        if self.base is None:
            inside = format_html(
                '<circle cx="8" cy="8" r="6.500" fill="none" stroke="{}" stroke-dasharray="2 2"/>', "#868e96"
            )
        else:
            inside = format_html('<circle cx="8" cy="8" r="7" fill="{}"/>', self.base.hex)
            if self.second is not None:
                inside += format_html('<path d="M8 1a7 7 0 0 1 0 14z" fill="{}"/>', self.second.hex)
            if self.marked:
                band = "#111111" if light(self.base.hex) else "#ffffff"
                inside += format_html('<path d="M2 6.500h12v3H2z" fill="{}"/>', band)
            inside += format_html('<circle cx="8" cy="8" r="7" fill="none" stroke="{}"/>', "#5c636a")
        return format_html(
            '<svg class="colour-swatch" width="{}" height="{}" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{}</svg>',
            SIZE, SIZE, inside,
        )  # fmt: skip

    def __str__(self) -> SafeString:
        return format_html('<span class="coloured">{} <b>{}</b> {}</span>', self.picture, self.position, self.words)

    __html__ = __str__


def scheme(key: str | None) -> dict[int, SchemeColour]:
    """The colours of a scheme by position."""
    rows = SchemeColour.objects.filter(scheme=key).select_related("colour", "second") if key else ()
    return {one.position: one for one in rows}


def schemes(keys: set[str]) -> dict[str, dict[int, SchemeColour]]:
    """Several schemes in one query."""
    found: dict[str, dict[int, SchemeColour]] = {key: {} for key in keys}
    for one in SchemeColour.objects.filter(scheme__in=keys).select_related("colour", "second"):
        found[one.scheme_id][one.position] = one
    return found
