"""The legend from the registry: swatches as inline SVG with presentation attributes (the policy knows no inline style)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gisapp.layer import Geometry, Layer, LegendEntry

WIDTH, HEIGHT = 28, 18
# What tells fills of a pale colour from the paper.
FAINT = "#8a8f98"


def _fill(entry: LegendEntry) -> SafeString:
    return format_html(
        '<rect x="3" y="2.5" width="22" height="13" rx="3" fill="{}" stroke="{}" stroke-width="1"/>',
        entry.colour, entry.outline or FAINT,
    )  # fmt: skip


def _line(entry: LegendEntry) -> SafeString:
    """A line, with its casing below; dashes are in line widths, as MapLibre means them."""
    width = max(min(entry.width, 7), 1)
    dash = " ".join(f"{float(part) * max(entry.width, 1):g}" for part in entry.dash.split())
    casing = (
        format_html('<path d="M2 9H26" stroke="{}" stroke-width="{}"/>', entry.outline, width + 1.6)
        if entry.outline
        else SafeString("")
    )
    dashes = format_html(' stroke-dasharray="{}"', dash) if dash else SafeString("")
    return casing + format_html('<path d="M2 9H26" stroke="{}" stroke-width="{}"{}/>', entry.colour, width, dashes)


def _circle(entry: LegendEntry) -> SafeString:
    return format_html(
        '<circle cx="14" cy="9" r="5" fill="{}" stroke="{}" stroke-width="1.5"/>', entry.colour, entry.outline or "#fff"
    )


def _icon(entry: LegendEntry) -> SafeString:
    return format_html('<image href="{}" x="5" y="0" width="18" height="18"/>', static(entry.icon))


KINDS = {"fill": _fill, "line": _line, "circle": _circle, "icon": _icon}


def swatch(entry: LegendEntry) -> SafeString:
    """The entry's sign as an SVG of 28 x 18; the text beside it says what it means."""
    return format_html(
        '<svg class="swatch" width="{}" height="{}" viewBox="0 0 {} {}" fill="none" aria-hidden="true" focusable="false">'
        "{}</svg>",
        WIDTH, HEIGHT, WIDTH, HEIGHT, KINDS[entry.kind](entry),
    )  # fmt: skip


_SHAPES = {Geometry.POINT: "point", Geometry.LINE: "line", Geometry.PATH: "line", Geometry.POLYGON: "area"}


@dataclass(frozen=True)
class Shown:
    """A layer as the panel, the list and the sheet show it."""

    layer: Layer
    entries: Sequence[tuple[SafeString, str]]
    on: bool

    @property
    def shape(self) -> str:
        return _SHAPES.get(self.layer.geometry, "area")


@dataclass(frozen=True)
class Group:
    title: str
    layers: Sequence[Shown]


def shown(layer: Layer, *, on: bool | None = None) -> Shown:
    entries = [(swatch(entry), str(entry.title)) for entry in layer.style.legend]
    return Shown(layer, entries, layer.switched_on if on is None else on)


def groups(layers: Sequence[Layer]) -> list[Group]:
    """The switchable layers under their groups' titles, the topmost first; groups in order of their topmost layer."""
    found: dict[str, list[Shown]] = {}
    for layer in reversed(layers):
        if not layer.base_map:
            found.setdefault(str(layer.group), []).append(shown(layer))
    return [Group(title, members) for title, members in found.items()]


def seen_at(layer: Layer, zoom: float) -> bool:
    """Does the layer draw anything at this zoom?"""
    return layer.min_zoom <= zoom and any(one.get("minzoom", 0) <= zoom for one in layer.style.layers)


def base_entries(layers: Sequence[Layer]) -> list[tuple[SafeString, str]]:
    """The base map's legend in one list."""
    return [entry for layer in layers if layer.base_map for entry in shown(layer).entries]
