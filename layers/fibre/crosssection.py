"""The cross-section of a trench as an SVG: each duct as a circle with its tubes in their colours, cables where they lie.

Ducts are drawn three pixels to the millimetre, whatever the trench's own size; its depth and width stand beside it. Colours
are attributes, because pages allow no inline style. The picture is for the eye: the table beside it says the same.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from layers.fibre.products import Shade
from layers.fibre.swatches import light
from layers.fibre.taken import CableTaken, DuctTaken, SegmentTaken, TubeTaken

PX_PER_MM = 3.0
WIDTH, MARGIN, TOP, GAP = 360.0, 14.0, 34.0, 12.0
INK, GROUND, PAPER, SHEATH = "#22282d", "#e9dfcf", "#ffffff", "#22282d"
# What stands in a tube that is taken without a cable.
_MARKS = {"leased": "V", "reserved": "R", "decommissioned": "×"}


@dataclass(frozen=True)
class _Figure:
    """Something round in the trench: radius in pixels, what is drawn at (x, y), and what is written under it."""

    radius: float
    draw: Callable[[float, float], SafeString]
    words: str


def _ring(radius: float, tubes: Sequence[TubeTaken]) -> Iterator[tuple[float, float]]:
    """Places for so many tubes of this radius: one in the middle, six around it, twelve around those …"""
    left, ring = len(tubes), 0
    if left in (2, 3, 4):  # these lie best without one in the middle
        reach = radius / math.sin(math.pi / left)
        yield from (
            (reach * math.cos(2 * math.pi * n / left), reach * math.sin(2 * math.pi * n / left)) for n in range(left)
        )
        return
    while left:
        count = min(left, max(1, 6 * ring))
        for n in range(count):
            angle = 2 * math.pi * n / count - math.pi / 2
            yield 2 * radius * ring * math.cos(angle), 2 * radius * ring * math.sin(angle)
        left, ring = left - count, ring + 1


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _circle(
    x: float, y: float, radius: float, fill: str, stroke: str = "", width: float = 1, dash: str = ""
) -> SafeString:
    line = format_html(' stroke="{}" stroke-width="{}"', stroke, _number(width)) if stroke else ""
    dashed = format_html(' stroke-dasharray="{}"', dash) if dash else ""
    return format_html(
        '<circle cx="{}" cy="{}" r="{}" fill="{}"{}{}/>', _number(x), _number(y), _number(radius), fill, line, dashed
    )


def _text(x: float, y: float, size: float, words: str, *, fill: str = INK, anchor: str = "middle") -> SafeString:
    return format_html(
        '<text x="{}" y="{}" font-size="{}" font-family="sans-serif" text-anchor="{}" fill="{}">{}</text>',
        _number(x), _number(y), _number(size), anchor, fill, words,
    )  # fmt: skip


def _wall(x: float, y: float, radius: float, shade: Shade | None) -> SafeString:
    """A tube's wall: one colour, two halves, perhaps with the rings that its trade colour has."""
    if shade is None:
        return _circle(x, y, radius - 0.5, "#ced4da", "#5c636a")
    parts = _circle(x, y, radius - 0.5, shade.hex, "#5c636a")
    if shade.second_hex:
        reach = radius - 1
        parts += format_html(
            '<path d="M{} {}a{} {} 0 0 1 0 {}z" fill="{}"/>', _number(x), _number(y - reach), _number(reach), _number(reach),
            _number(2 * reach), shade.second_hex,
        )  # fmt: skip
    if shade.marked:
        band = "#111111" if light(shade.hex) else "#ffffff"
        parts += _circle(x, y, radius * 0.82, "none", band, 1.6)
    return parts


def _tube(x: float, y: float, tube: TubeTaken) -> SafeString:
    radius = tube.outer_mm * PX_PER_MM / 2
    hole = (tube.inner_mm or tube.outer_mm * 0.6) * PX_PER_MM / 2
    parts = _wall(x, y, radius, tube.shade) + _circle(x, y, hole, PAPER, "#868e96", 0.6)
    size = min(9.0, hole * 1.35)
    if tube.state == "used":
        parts += _circle(x, y, max(hole * 0.86, 3), SHEATH) + _text(
            x, y + size * 0.36, size, str(tube.position), fill=PAPER
        )
    else:
        parts += _text(x, y + size * 0.36, size, _MARKS.get(tube.state, str(tube.position)))
    about = ", ".join(one.name or one.organisation for one in tube.cables)
    return format_html(
        "<g><title>{} {}{}</title>{}</g>", tube.position, tube.word, f": {about}" if about else "", parts
    )


def _duct(duct: DuctTaken) -> _Figure:
    widest = max((one.outer_mm for one in duct.tubes), default=duct.outer_mm) * PX_PER_MM / 2
    single = len(duct.tubes) <= 1
    places = list(_ring(widest, duct.tubes))
    around = max((math.hypot(x, y) for x, y in places), default=0) + widest
    radius = around if single else max(around + 3, duct.outer_mm * PX_PER_MM / 2)

    def draw(x: float, y: float) -> SafeString:
        tubes = format_html_join(
            "", "{}", ((_tube(x + dx, y + dy, one),) for one, (dx, dy) in zip(duct.tubes, places, strict=True))
        )
        if single:
            return tubes
        dash = "5 3" if duct.lifecycle in ("planned", "approved", "under_construction") else ""
        return _circle(x, y, radius, "#f8f9fa", "#495057", 1.6, dash) + tubes

    return _Figure(radius, draw, duct.name)


def _buried(cable: CableTaken) -> _Figure:
    radius = max((cable.outer_mm or 8) * PX_PER_MM / 2, 5)
    return _Figure(radius, lambda x, y: _circle(x, y, radius, SHEATH, PAPER), cable.name or cable.organisation)


def _guest(organisation: str, ducts: int) -> _Figure:
    return _Figure(
        20, lambda x, y: _circle(x, y, 20, "none", "#495057", 1.4, "3 3") + _text(x, y + 4, 11, f"{ducts}×"), organisation
    )  # fmt: skip


def _rows(figures: Sequence[_Figure]) -> list[list[_Figure]]:
    """As many side by side as the trench is wide."""
    rows: list[list[_Figure]] = []
    room = 0.0
    for one in figures:
        wide = max(2 * one.radius, 64) + GAP
        if not rows or room < wide:
            rows.append([])
            room = WIDTH - 2 * MARGIN
        rows[-1].append(one)
        room -= wide
    return rows


def _label(words: str, radius: float) -> str:
    most = max(11, int(radius / 3))
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _sizes(section: SegmentTaken) -> str:
    measured = {"cover": _("Überdeckung"), "bottom": _("Grabensohle")}.get(section.depth_reference, "")
    depth = f"{_('Tiefe')} {section.depth_cm} cm ({measured})" if section.depth_cm else _("Tiefe unbekannt")
    width = f"{_('Breite')} {section.width_cm} cm" if section.width_cm else _("Breite unbekannt")
    return f"{depth} · {width}"


def _described(section: SegmentTaken) -> str:
    parts = [
        ngettext("%(count)s Rohr", "%(count)s Rohre", len(section.ducts)) % {"count": len(section.ducts)},
        *(
            f"{duct.name}: {', '.join(f'{number} {word}' for _state, word, number in duct.counts.shown)}"
            for duct in section.ducts
        ),
    ]
    return f"{'; '.join(parts)}. {_sizes(section)}."


def drawn(section: SegmentTaken) -> SafeString:
    """The picture; of an empty trench the trench alone."""
    figures = [
        *(_duct(one) for one in section.ducts), *(_buried(one) for one in section.buried),
        *(_guest(one.organisation, one.ducts) for one in section.guests),
    ]  # fmt: skip
    parts, y = SafeString(""), TOP + 8
    for row in _rows(figures):
        tall = max(one.radius for one in row)
        used = sum(max(2 * one.radius, 64) + GAP for one in row) - GAP
        x, y = (WIDTH - used) / 2, y + tall
        for one in row:
            wide = max(2 * one.radius, 64)
            parts += one.draw(x + wide / 2, y) + _text(
                x + wide / 2, y + one.radius + 13, 11, _label(one.words, one.radius)
            )
            x += wide + GAP
        y += tall + 24
    bottom = max(y, TOP + 60)
    trench = format_html(
        '<rect x="0" y="{0}" width="{1}" height="{2}" fill="{3}"/><path d="M0 {0}H{1}" stroke="#6b5637" stroke-width="2"/>',
        _number(TOP), _number(WIDTH), _number(bottom - TOP), GROUND,
    )  # fmt: skip
    return format_html(
        '<svg class="cross-section" viewBox="0 0 {} {}" width="100%" role="img" aria-labelledby="cross-{}" '
        'xmlns="http://www.w3.org/2000/svg"><title id="cross-{}">{}</title><desc>{}</desc>'
        '<rect width="{}" height="{}" fill="#ffffff"/>{}{}{}</svg>',
        _number(WIDTH), _number(bottom), section.id, section.id, _("Querschnitt der Trasse %(name)s") % {"name": section.name},
        _described(section), _number(WIDTH), _number(bottom), _text(WIDTH / 2, 21, 12, _sizes(section)), trench, parts,
    )  # fmt: skip
