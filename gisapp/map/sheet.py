"""The printed sheet: paper, frame, ratio, scale bar. The browser prints it; its @page is the chosen paper."""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import number_format
from django.views.decorators.http import require_safe

from gisapp import layer as registry
from gisapp.layer import Layer
from gisapp.map import legend
from gisapp.map.config import OWN, map_config
from gisapp.map.context import page_context, preloaded, script_data
from gisapp.map.languages import with_language
from gisapp.map.start import start_view

SCALES = (500, 1_000, 2_000, 2_500, 5_000, 10_000, 15_000, 20_000, 25_000, 50_000, 100_000, 150_000, 250_000, 500_000)
USUAL_SCALE = 10_000
PAPERS = {"a4": (210, 297), "a3": (297, 420)}
LONGEST_BAR_MM = 60
EQUATOR_M = 40_075_016.686


@dataclass(frozen=True)
class Sheet:
    """What the form asks for; `paper` "a4" or "a3", places in CRS84."""

    paper: str
    orientation: str
    scale: int
    title: str
    note: str
    layers: Sequence[str] | None
    base: str
    centre: tuple[float, float] | None
    past: datetime.date | None

    @property
    def file(self) -> str:
        return f"map/paper/{self.paper}-{self.orientation}.css"

    @property
    def ratio(self) -> str:
        return f"1 : {number_format(self.scale, force_grouping=True)}"


def _place(text: str) -> tuple[float, float] | None:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 85 else None


def _day(text: str) -> datetime.date | None:
    """A day before today, that the sheet shows in place of today."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and found < timezone.localdate() else None


def parse(asked: QueryDict) -> Sheet:
    """The sheet of these GET parameters; what is not offered becomes the usual."""
    scale = asked.get("scale", "")
    return Sheet(
        paper=asked.get("paper", "") if asked.get("paper") in PAPERS else "a4",
        orientation="portrait" if asked.get("orientation") == "portrait" else "landscape",
        scale=int(scale) if scale.isdecimal() and int(scale[:9]) in SCALES else USUAL_SCALE,
        title=asked.get("title", "").strip()[:120],
        note=asked.get("note", "").strip()[:300],
        layers=[one for one in asked.get("layers", "").split(",") if one] if "layers" in asked else None,
        base=asked.get("base", OWN),
        centre=_place(asked.get("centre", "")),
        past=_day(asked.get("at", "")),
    )


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class ScaleBar:
    """A bar that is true on paper: `width` millimetres with four fields."""

    width: float
    fields: Sequence[tuple[float, float, str]]
    ticks: Sequence[Tick]

    @property
    def total(self) -> float:
        """With room for the words at both ends; the drawing's units are millimetres."""
        return round(self.width + 14, 3)


def scale_bar(scale: int) -> ScaleBar:
    """The longest bar of a round length (1, 2, 5 x 10^n metres) that fits."""
    lengths = (factor * 10**power for power in range(7) for factor in (1, 2, 5))
    metres = max(length for length in lengths if length * 1000 / scale <= LONGEST_BAR_MM)
    width = metres * 1000 / scale
    fields = [(round(width * at / 4, 3), round(width / 4, 3), "#111" if at % 2 == 0 else "#fff") for at in range(4)]
    return ScaleBar(
        round(width, 3), fields, [Tick(0, "0"), Tick(width / 2, _length(metres / 2)), Tick(width, _length(metres))]
    )


def zoom_of(scale: int, centre: tuple[float, float] | None) -> float:
    """The zoom at which the map on paper is drawn: tiles of 512 pixels, 96 to the inch, true at the centre's latitude."""
    latitude = centre[1] if centre else 54.0
    return math.log2(EQUATOR_M * math.cos(math.radians(latitude)) * 96 / (512 * 0.0254 * scale))


def _length(metres: float) -> str:
    kilometres = metres >= 1000
    value = metres / 1000 if kilometres else metres
    digits = 0 if value == int(value) else 1
    return f"{number_format(value, digits)} {'km' if kilometres else 'm'}"


def scale_choices() -> list[tuple[int, str]]:
    return [(one, f"1 : {number_format(one, force_grouping=True)}") for one in SCALES]


def _attribution(layers: Sequence[Layer], base: str) -> str:
    own = base == OWN
    found = [one.attribution for one in layers if one.attribution and (own or not one.base_map)]
    found += [one.attribution for one in map_config().base_maps if one.id == base]
    return ", ".join(dict.fromkeys(found))


def _chosen(asked: Sheet, user: Any) -> list[Layer]:
    visible = registry.visible_layers(user)
    if asked.layers is None:
        return [one for one in visible if one.base_map or one.switched_on]
    return [one for one in visible if one.base_map or one.name in asked.layers]


@require_safe
@with_language
def sheet(request: HttpRequest) -> HttpResponse:
    """The sheet with its form; the browser's print makes exactly one page of it."""
    asked = parse(request.GET)
    layers = _chosen(asked, request.user)
    data = script_data(request, layers, start_view(layers))
    data["sheet"] = {"scale": asked.scale, "centre": asked.centre, "base": asked.base, "past": str(asked.past or "")}
    seen = [one for one in layers if legend.seen_at(one, zoom_of(asked.scale, asked.centre))]
    context = {
        **page_context(request),
        "sheet": asked,
        "scales": scale_choices(),
        "bar": scale_bar(asked.scale),
        "legend": [legend.shown(one) for one in reversed(seen) if not one.base_map],
        "base_entries": legend.base_entries(seen) if asked.base == OWN else [],
        "attribution": _attribution(layers, asked.base),
        "today": timezone.localdate(),
        "modules": preloaded("print.js"),
        "data": data,
        "fixed": {
            name: request.GET[name]
            for name in ("layers", "base", "centre", "mark", "at", "lang")
            if name in request.GET
        },
    }
    return render(request, "map/print.html", context)
