"""How the base map looks: quiet, so that what lies on it speaks; lightness carries the meaning as well as hue."""

from typing import Any

from gisapp.layer import LegendEntry, Style, Text

HALO = {"text-halo-color": "#ffffff", "text-halo-width": 1.5}
DARK_TEXT = {"text-color": "#d7dade", "text-halo-color": "#1b1f24"}

GREEN, WOOD, FIELD, BUILT, WORK, SAND = "#dcebcb", "#bfd8ac", "#f3efdc", "#ebe6e0", "#e3dde6", "#f2e6c2"
WATER, WATER_LINE = "#a9cfe5", "#7fb2d1"

WOODS = ["wood", "forest", "scrub", "orchard"]
GREENS = ["meadow", "grass", "park", "garden", "recreation_ground", "village_green", "pitch", "golf_course",
          "cemetery", "allotments", "heath", "wetland", "grassland", "playground", "nature_reserve"]  # fmt: skip
FIELDS = ["farmland", "farmyard", "vineyard", "plant_nursery", "greenhouse_horticulture"]
WORKS = ["industrial", "commercial", "retail", "railway", "quarry", "landfill", "construction", "port", "military"]
SANDS = ["sand", "beach", "dune", "bare_rock"]


def _by_kind(*pairs: tuple[list[str], Any], other: Any) -> list[Any]:
    expression: list[Any] = ["match", ["get", "kind"]]
    for kinds, value in pairs:
        expression += [kinds, value]
    return [*expression, other]


LANDUSE_STYLE = Style(
    layers=[
        {
            "id": "area",
            "type": "fill",
            "paint": {
                "fill-color": _by_kind(
                    (WOODS, WOOD), (GREENS, GREEN), (FIELDS, FIELD), (WORKS, WORK), (SANDS, SAND), other=BUILT
                ),
                "fill-antialias": False,
            },
        }
    ],
    legend=[
        LegendEntry(Text("Wald", "Forest"), "fill", WOOD),
        LegendEntry(Text("Wiese, Park, Sport", "Meadow, park, sports"), "fill", GREEN),
        LegendEntry(Text("Acker", "Farmland"), "fill", FIELD),
        LegendEntry(Text("Siedlung", "Settlement"), "fill", BUILT),
        LegendEntry(Text("Gewerbe", "Industry"), "fill", WORK),
    ],
    dark={
        "area": {
            "fill-color": _by_kind(
                (WOODS, "#22332a"), (GREENS, "#263329"), (FIELDS, "#2a2b26"), (WORKS, "#2e2a33"),
                (SANDS, "#36322a"), other="#2b2d31",
            )
        }
    },
)  # fmt: skip

WATER_STYLE = Style(
    layers=[
        {"id": "area", "type": "fill", "paint": {"fill-color": WATER}},
        {
            "id": "name",
            "type": "symbol",
            "minzoom": 13,
            "layout": {
                "text-field": ["get", "name"],
                "text-font": ["Noto Sans Italic"],
                "text-size": ["interpolate", ["linear"], ["zoom"], 13, 10.5, 17, 13],
                "text-max-width": 7,
            },
            "paint": {"text-color": "#2a5d7c", **HALO},
        },
    ],
    legend=[LegendEntry(Text("Wasser", "Water"), "fill", WATER)],
    dark={"area": {"fill-color": "#16354a"}, "name": {"text-color": "#8fc1de", "text-halo-color": "#16212b"}},
)

WATERWAY_STYLE = Style(
    layers=[
        {
            "id": "line",
            "type": "line",
            "layout": {"line-cap": "round"},
            "paint": {
                "line-color": WATER_LINE,
                "line-width": ["interpolate", ["linear"], ["zoom"], 8, 0.6, 13,
                               _by_kind((["river", "canal"], 2.6), other=1.0), 17,
                               _by_kind((["river", "canal"], 6), other=2.4)],
            },
        },
        {
            "id": "name",
            "type": "symbol",
            "minzoom": 13,
            "layout": {"symbol-placement": "line", "text-field": ["get", "name"], "text-font": ["Noto Sans Italic"],
                       "text-size": 11},
            "paint": {"text-color": "#2a5d7c", **HALO},
        },
    ],
    legend=[LegendEntry(Text("Fluss, Bach", "River, stream"), "line", WATER_LINE)],
    dark={"line": {"line-color": "#24506e"}, "name": {"text-color": "#8fc1de", "text-halo-color": "#16212b"}},
)  # fmt: skip

BUILDING_STYLE = Style(
    layers=[
        {
            "id": "area",
            "type": "fill",
            "minzoom": 14,
            "paint": {"fill-color": "#d6cdc4", "fill-outline-color": "#b6aa9e",
                      "fill-opacity": ["interpolate", ["linear"], ["zoom"], 14, 0.6, 16, 1]},
        }
    ],
    legend=[LegendEntry(Text("Gebäude", "Building"), "fill", "#d6cdc4", outline="#b6aa9e")],
    dark={"area": {"fill-color": "#3a3d42", "fill-outline-color": "#55595f"}},
)  # fmt: skip

PATH_STYLE = Style(
    layers=[
        {
            "id": "track",
            "type": "line",
            "minzoom": 12,
            "filter": ["==", ["get", "kind"], "track"],
            "paint": {"line-color": "#a8865a", "line-dasharray": [5, 2],
                      "line-width": ["interpolate", ["linear"], ["zoom"], 12, 0.5, 16, 2]},
        },
        {
            "id": "path",
            "type": "line",
            "minzoom": 13,
            "filter": ["!=", ["get", "kind"], "track"],
            "paint": {"line-color": _by_kind((["cycleway"], "#3366aa"), other="#9a6b4f"), "line-dasharray": [2, 1.5],
                      "line-width": ["interpolate", ["linear"], ["zoom"], 13, 0.6, 16, 1.6]},
        },
        {
            "id": "name",
            "type": "symbol",
            "minzoom": 15,
            "layout": {"symbol-placement": "line", "text-field": ["get", "name"], "text-font": ["Noto Sans Regular"],
                       "text-size": 10.5},
            "paint": {"text-color": "#5a4632", **HALO},
        },
    ],
    legend=[
        LegendEntry(Text("Feldweg", "Track"), "line", "#a8865a", dash="5 2"),
        LegendEntry(Text("Fuß- und Radweg", "Footpath, cycleway"), "line", "#9a6b4f", dash="2 2", width=1.6),
    ],
    dark={"name": DARK_TEXT},
)  # fmt: skip

MOTORWAY, MAIN, MINOR = ["motorway", "motorway_link", "trunk", "trunk_link"], ["primary", "primary_link", "secondary",
                         "secondary_link"], ["tertiary", "tertiary_link"]  # fmt: skip


def _road_width(factor: float, extra: float) -> list[Any]:
    def at(motorway: float, main: float, tertiary: float, small: float) -> list[Any]:
        return _by_kind(
            (MOTORWAY, motorway * factor + extra), (MAIN, main * factor + extra), (MINOR, tertiary * factor + extra),
            (["service"], small * factor * 0.6 + extra), other=small * factor + extra,
        )  # fmt: skip

    stops = [(7, at(1.2, 0.7, 0.4, 0.2)), (11, at(3, 2.2, 1.4, 0.6)), (14, at(6, 5, 4, 2.6)), (18, at(20, 18, 16, 13))]
    return ["interpolate", ["exponential", 1.4], ["zoom"], *[part for stop in stops for part in stop]]


ROAD_STYLE = Style(
    layers=[
        {
            "id": "casing",
            "type": "line",
            "minzoom": 11,
            "layout": {"line-cap": "round", "line-join": "round"},
            "paint": {"line-color": _by_kind((MOTORWAY, "#b5651d"), (MAIN, "#c79a3b"), other="#bdb6ad"),
                      "line-width": _road_width(1, 1.6)},
        },
        {
            "id": "line",
            "type": "line",
            "layout": {"line-cap": "round", "line-join": "round"},
            "paint": {"line-color": _by_kind((MOTORWAY, "#f2a65a"), (MAIN, "#f9d98a"), (MINOR, "#fdf3cf"),
                                             other="#ffffff"),
                      "line-width": _road_width(1, 0)},
        },
        {
            "id": "name",
            "type": "symbol",
            "minzoom": 13,
            "layout": {"symbol-placement": "line", "text-field": ["coalesce", ["get", "name"], ["get", "ref"]],
                       "text-font": ["Noto Sans Regular"], "text-size": ["interpolate", ["linear"], ["zoom"], 13, 10, 17, 13]},
            "paint": {"text-color": "#3a3a3a", **HALO},
        },
    ],
    legend=[
        LegendEntry(Text("Autobahn, Schnellstraße", "Motorway, trunk road"), "line", "#f2a65a", outline="#b5651d", width=5),
        LegendEntry(Text("Bundes- und Landesstraße", "Main road"), "line", "#f9d98a", outline="#c79a3b", width=4.5),
        LegendEntry(Text("Kreisstraße", "District road"), "line", "#fdf3cf", outline="#bdb6ad", width=4),
        LegendEntry(Text("Straße", "Street"), "line", "#ffffff", outline="#bdb6ad", width=4),
    ],
    dark={
        "casing": {"line-color": "#111417"},
        "line": {"line-color": _by_kind((MOTORWAY, "#8a5a2b"), (MAIN, "#7d6a37"), (MINOR, "#5d5a4c"), other="#4a4e54")},
        "name": DARK_TEXT,
    },
)  # fmt: skip

RAIL_STYLE = Style(
    layers=[
        {"id": "line", "type": "line", "paint": {"line-color": "#8a8a8a",
         "line-width": ["interpolate", ["linear"], ["zoom"], 8, 0.6, 13, 1.1, 15, 2.2, 18, 4]}},
        {"id": "ties", "type": "line", "minzoom": 14, "paint": {"line-color": "#ffffff", "line-dasharray": [3, 3],
         "line-width": ["interpolate", ["linear"], ["zoom"], 14, 0.8, 18, 2.4]}},
    ],
    legend=[LegendEntry(Text("Bahn", "Railway"), "line", "#8a8a8a", width=2.4, dash="3 3")],
    dark={"ties": {"line-color": "#1b1f24"}},
)  # fmt: skip

# Okabe-Ito colours, told apart by the symbol as well.
CATEGORIES: dict[str, tuple[Text, str]] = {
    "shop": (Text("Einkaufen", "Shopping"), "#b45f00"),
    "food": (Text("Essen und Trinken", "Food and drink"), "#a0522d"),
    "education": (Text("Bildung und Betreuung", "Education and care"), "#0072b2"),
    "health": (Text("Gesundheit", "Health"), "#b3123f"),
    "public": (Text("Amt und Sicherheit", "Administration and safety"), "#44475a"),
    "transport": (Text("Unterwegs", "Getting around"), "#1b5e9b"),
    "leisure": (Text("Sport und Freizeit", "Sports and leisure"), "#00704f"),
    "culture": (Text("Kultur und Kirche", "Culture and church"), "#7a3f8f"),
    "tourism": (Text("Urlaub und Sehenswertes", "Tourism and sights"), "#8a6d00"),
    "other": (Text("Sonstiges", "Other"), "#5f6368"),
}

# Finer groups of the import share the sign of the group they are nearest to; all others have the plain one.
ALIKE = {"culture": ["religion"], "tourism": ["historic"], "public": ["money"], "health": ["emergency"]}
FINER: dict[str, Text] = {
    "religion": Text("Kirche und Religion", "Religion"),
    "historic": Text("Historisches", "Historic"),
    "money": Text("Bank und Geld", "Banks and money"),
    "emergency": Text("Notfall", "Emergency"),
    "amenity": Text("Einrichtung", "Amenity"),
    "office": Text("Büro", "Office"),
    "waste": Text("Entsorgung", "Waste disposal"),
    "craft": Text("Handwerk", "Crafts"),
}


def _poi_icon() -> list[Any]:
    expression: list[Any] = ["match", ["get", "category"]]
    for key in CATEGORIES:
        if key != "other":
            expression += [[key, *ALIKE.get(key, [])], f"poi-{key}"]
    return [*expression, "poi-other"]


POI_STYLE = Style(
    layers=[
        {
            "id": "symbol",
            "type": "symbol",
            "minzoom": 13,
            "layout": {
                "icon-image": _poi_icon(),
                # In a dense street only every third sign is drawn until there is room; the list has them all.
                "icon-size": ["interpolate", ["linear"], ["zoom"], 13, 0.64, 17, 1],
                "icon-padding": ["interpolate", ["linear"], ["zoom"], 13, 18, 15, 12, 17, 1],
                "text-field": ["step", ["zoom"], "", 16, ["get", "name"]],
                "text-font": ["Noto Sans Regular"],
                "text-size": 11,
                "text-offset": [0, 1.1],
                "text-anchor": "top",
                "text-optional": True,
                "text-max-width": 8,
            },
            "paint": {"text-color": "#33373c", **HALO},
        }
    ],
    legend=[
        LegendEntry(title, "icon", colour, icon=f"basemap/icons/{key}.svg")
        for key, (title, colour) in CATEGORIES.items()
    ],
    dark={"symbol": DARK_TEXT},
    icons={f"poi-{key}": f"basemap/icons/{key}.svg" for key in CATEGORIES},
)
