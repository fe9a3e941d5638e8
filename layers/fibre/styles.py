"""How the network is drawn: states by dash and width as well as by colour, structures by shape."""

from collections.abc import Sequence
from typing import Any

from gisapp.layer import LegendEntry, Style, Text
from layers.fibre.values import ENCLOSURE_KINDS, NODE_KINDS

# State: its lifecycles, colour, colour in dark mode, dash (in line widths), share of the full width.
_STATES: Sequence[tuple[str, tuple[str, ...], str, str, tuple[float, ...], float, Text]] = (
    ("planned", ("planned", "approved"), "#6741d9", "#b197fc", (3, 2), 1, Text("geplant, genehmigt", "planned, approved")),
    ("building", ("under_construction",), "#b3540a", "#ffa94d", (6, 1.5), 1, Text("im Bau", "under construction")),
    ("service", ("in_service",), "#0b7285", "#3bc9db", (), 1, Text("in Betrieb", "in service")),
    ("out", ("out_of_service",), "#5c636a", "#ced4da", (), 0.6, Text("außer Betrieb", "out of service")),
    ("gone", ("decommissioned", "removed"), "#868e96", "#adb5bd", (1, 3), 1, Text("stillgelegt, ausgebaut", "decommissioned, removed")),
)  # fmt: skip


def _width(share: float, thin: float = 1) -> list[Any]:
    steps = ((12, 1.2), (14, 2.4), (17, 4), (20, 7))
    return [
        "interpolate",
        ["linear"],
        ["zoom"],
        *(part for zoom, width in steps for part in (zoom, round(width * share * thin, 2))),
    ]


def _lines(thin: float = 1, **paint: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": name, "type": "line", "filter": ["in", ["get", "lifecycle"], ["literal", list(states)]],
            "layout": {"line-join": "round", **({} if dash else {"line-cap": "round"})},
            "paint": {"line-color": colour, "line-width": _width(share, thin),
                      **({"line-dasharray": list(dash)} if dash else {}), **paint},
        }
        for name, states, colour, _dark, dash, share, _title in _STATES
    ]  # fmt: skip


def _legend(width: float) -> list[LegendEntry]:
    return [
        LegendEntry(title, "line", colour, width=width * share, dash=" ".join(f"{one * width:g}" for one in dash))
        for _name, _states, colour, _dark, dash, share, title in _STATES
    ]


def _dark() -> dict[str, dict[str, Any]]:
    return {name: {"line-color": dark} for name, _states, _colour, dark, *_more in _STATES}


def _name(anchor: str, minzoom: float, **more: Any) -> dict[str, Any]:
    return {
        "id": "name", "type": "symbol", "minzoom": minzoom,
        "layout": {"text-field": ["get", "name"], "text-font": ["Noto Sans Regular"], "text-size": 11, "text-anchor": anchor,
                   **more},
        "paint": {"text-color": "#0b3b45", "text-halo-color": "#ffffff", "text-halo-width": 1.6},
    }  # fmt: skip


_NAME_DARK = {"text-color": "#c5f6fa", "text-halo-color": "#1b1f24"}
_ICONS = ("pop", "exchange", "cabinet", "manhole", "handhole", "building", "pole")
# From which zoom a kind of structure is drawn.
_FROM = {"pop": 12, "exchange": 12, "cabinet": 12, "manhole": 15, "handhole": 15, "pole": 15, "building": 16}


def _structures(zoom: int) -> dict[str, Any]:
    """The structures that are drawn from this zoom on."""
    kinds = [one for one in _ICONS if _FROM[one] == zoom]
    return {
        "id": f"structure-{zoom}", "type": "symbol", "minzoom": zoom,
        "filter": ["in", ["get", "kind"], ["literal", kinds]],
        "layout": {"icon-image": ["concat", "fibre-", ["get", "kind"]], "icon-allow-overlap": True,
                   "icon-size": ["interpolate", ["linear"], ["zoom"], 12, 0.6, 18, 1]},
        "paint": {"icon-opacity": ["match", ["get", "lifecycle"], ["planned", "approved", "under_construction"], 0.6,
                                   ["decommissioned", "removed"], 0.35, 1]},
    }  # fmt: skip


def _place_names(name: str, kinds: Sequence[str], minzoom: int) -> dict[str, Any]:
    named = _name("top", minzoom, **{"text-offset": [0, 1], "text-max-width": 9})
    return {**named, "id": name, "filter": ["in", ["get", "kind"], ["literal", list(kinds)]]}


SEGMENTS = Style(
    layers=[*_lines(), _name("center", 17, **{"symbol-placement": "line", "text-offset": [0, 0.9]})],
    legend=_legend(3),
    dark={**_dark(), "name": _NAME_DARK},
)
# Beside the trench that they lie in.
DUCTS = Style(
    layers=[
        *_lines(0.45, **{"line-offset": ["interpolate", ["linear"], ["zoom"], 15, 3, 20, 9]}),
        _name("center", 18, **{"symbol-placement": "line", "text-offset": [0, 1.6]}),
    ],
    legend=_legend(1.5),
    dark={**_dark(), "name": _NAME_DARK},
)
# On the trench's other side than its ducts.
CABLES = Style(
    layers=[
        *_lines(0.4, **{"line-offset": ["interpolate", ["linear"], ["zoom"], 15, -3, 20, -9]}),
        _name("center", 17, **{"symbol-placement": "line", "text-offset": [0, -1.6]}),
    ],
    legend=_legend(1.2),
    dark={**_dark(), "name": _NAME_DARK},
)
_BOXES = ("closure", "odf", "huep", "outlet", "splitter_box", "copper_frame")
# Beside the node's own sign.
ENCLOSURES = Style(
    layers=[
        {
            "id": "box", "type": "symbol", "minzoom": 16,
            "layout": {"icon-image": ["concat", "fibre-box-", ["get", "kind"]], "icon-allow-overlap": True, "icon-offset": [18, -18],
                       "icon-size": ["interpolate", ["linear"], ["zoom"], 16, 0.6, 19, 0.9]},
            "paint": {"icon-opacity": ["match", ["get", "lifecycle"], ["planned", "approved", "under_construction"], 0.6,
                                       ["decommissioned", "removed"], 0.35, 1]},
        },
        _name("left", 18, **{"text-offset": [1.6, -1.2], "text-max-width": 9}),
    ],
    legend=[LegendEntry(ENCLOSURE_KINDS[one], "icon", "#0b4f5c", icon=f"fibre/icons/box-{one}.svg") for one in _BOXES],
    dark={"name": _NAME_DARK},
    icons={f"fibre-box-{one}": f"fibre/icons/box-{one}.svg" for one in _BOXES},
)  # fmt: skip
NODES = Style(
    layers=[
        {
            "id": "branch", "type": "circle", "minzoom": 15, "filter": ["in", ["get", "kind"], ["literal", ["branch", "end"]]],
            "paint": {"circle-radius": ["interpolate", ["linear"], ["zoom"], 15, 1.6, 19, 4],
                      "circle-color": ["match", ["get", "kind"], "end", "#0b4f5c", "#ffffff"],
                      "circle-stroke-color": "#0b4f5c", "circle-stroke-width": 1.2},
        },
        *(_structures(zoom) for zoom in sorted(set(_FROM.values()), reverse=True)),
        _place_names("name", ("manhole", "handhole", "pole"), 16),
        _place_names("place", ("pop", "exchange", "cabinet"), 13),
    ],
    legend=[
        *(LegendEntry(NODE_KINDS[one], "icon", "#0b4f5c", icon=f"fibre/icons/{one}.svg") for one in _ICONS),
        LegendEntry(NODE_KINDS["branch"], "circle", "#ffffff", outline="#0b4f5c", width=1.2),
        LegendEntry(NODE_KINDS["end"], "circle", "#0b4f5c", outline="#0b4f5c", width=1.2),
    ],
    dark={"name": _NAME_DARK, "place": _NAME_DARK},
    icons={f"fibre-{one}": f"fibre/icons/{one}.svg" for one in _ICONS},
)  # fmt: skip
