"""A layer's MapLibre style as QGIS symbols and labels. Colours and widths follow the same fields by expressions."""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from gisapp.layer import Geometry, Layer
from gisapp.qgis.expressions import NotTranslatable, is_constant, scale_of, translated, usual

PLAIN = "#808080"
_KINDS = {Geometry.POINT: "marker", Geometry.LINE: "line", Geometry.PATH: "line", Geometry.POLYGON: "fill"}
_COLOUR = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
_EXPRESSION = 3
"""QgsProperty::ExpressionBasedProperty."""


def colour(value: Any, opacity: float = 1) -> str:
    """#rrggbb as QGIS writes it in a project."""
    found = _COLOUR.fullmatch(str(value)) or _COLOUR.fullmatch(PLAIN)
    assert found is not None
    return ",".join([*(str(int(one, 16)) for one in found.groups()), str(round(255 * opacity))])


def option(parent: Element, name: str, value: str, kind: str = "QString") -> Element:
    return SubElement(parent, "Option", {"name": name, "value": value, "type": kind})


def _properties(parent: Element, expressions: Mapping[str, str]) -> None:
    """The data-defined properties: name of the property -> expression."""
    top = SubElement(SubElement(parent, "data_defined_properties"), "Option", {"type": "Map"})
    option(top, "name", "")
    if expressions:
        inner = SubElement(top, "Option", {"name": "properties", "type": "Map"})
        for name, text in expressions.items():
            one = SubElement(inner, "Option", {"name": name, "type": "Map"})
            option(one, "active", "true", "bool")
            option(one, "expression", text)
            option(one, "type", str(_EXPRESSION), "int")
    else:
        SubElement(top, "Option", {"name": "properties"})
    option(top, "type", "collection")


def _visible(style: Mapping[str, Any], least: float) -> str:
    """When this part of the symbol is drawn: by the style's filter and its zooms."""
    said = []
    if style.get("filter"):
        said.append(translated(style["filter"]))
    if "minzoom" in style and style["minzoom"] > least:
        said.append(f"(@map_scale <= {scale_of(style['minzoom']):.0f})")
    if "maxzoom" in style:
        said.append(f"(@map_scale > {scale_of(style['maxzoom']):.0f})")
    return " AND ".join(said)


def _layer(parent: Element, kind: str, values: Mapping[str, str], expressions: Mapping[str, str]) -> None:
    made = SubElement(parent, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    inner = SubElement(made, "Option", {"type": "Map"})
    for name, value in values.items():
        option(inner, name, value)
    _properties(made, expressions)


class _Part:
    """The values and expressions of one symbol layer, from one layer of the style."""

    def __init__(self, style: Mapping[str, Any], least: float) -> None:
        self.paint = style.get("paint", {})
        self.values: dict[str, str] = {}
        self.expressions: dict[str, str] = {}
        shown = _visible(style, least)
        if shown:
            self.expressions["enabled"] = shown

    def colour(self, paint: str, value: str, defined: str, opacity: str = "", default: str = PLAIN) -> None:
        given = self.paint.get(paint, default)
        strength = float(usual(self.paint.get(opacity, 1))) if opacity else 1.0
        self.values[value] = colour(usual(given), strength)
        if not is_constant(given):
            said = translated(given)
            self.expressions[defined] = (
                said if strength == 1 else f"set_color_part({said}, 'alpha', {255 * strength:.0f})"
            )

    def size(self, paint: str, value: str, defined: str, default: float, factor: int = 1) -> None:
        given = self.paint.get(paint, default)
        self.values[value] = f"{float(usual(given)) * factor:.2f}"
        self.values[f"{value}_unit"] = "Pixel"
        if not is_constant(given):
            self.expressions[defined] = f"{factor} * {translated(given)}" if factor != 1 else translated(given)


def _fill(style: Mapping[str, Any], least: float) -> tuple[str, _Part]:
    part = _Part(style, least)
    part.colour("fill-color", "color", "fillColor", "fill-opacity")
    outlined = "fill-outline-color" in part.paint
    part.values |= {"style": "solid", "outline_style": "solid" if outlined else "no"}
    part.values |= {"outline_width": "0.75", "outline_width_unit": "Pixel"}
    if outlined:
        part.colour("fill-outline-color", "outline_color", "outlineColor")
    return "SimpleFill", part


def _line(style: Mapping[str, Any], least: float) -> tuple[str, _Part]:
    part = _Part(style, least)
    part.colour("line-color", "line_color", "outlineColor", "line-opacity")
    part.size("line-width", "line_width", "outlineWidth", 1)
    layout = style.get("layout", {})
    caps = {"round": "round", "square": "square"}
    part.values |= {
        "capstyle": caps.get(str(layout.get("line-cap")), "flat"),
        "joinstyle": "round",
        "line_style": "solid",
    }
    dashes = part.paint.get("line-dasharray")
    if dashes and is_constant(dashes):
        width = float(part.values["line_width"])
        part.values |= {
            "use_custom_dash": "1", "customdash": ";".join(f"{max(one * width, 0.5):.2f}" for one in dashes),
            "customdash_unit": "Pixel",
        }  # fmt: skip
    return "SimpleLine", part


def _circle(style: Mapping[str, Any], least: float) -> tuple[str, _Part]:
    part = _Part(style, least)
    part.colour("circle-color", "color", "fillColor", "circle-opacity")
    part.colour("circle-stroke-color", "outline_color", "outlineColor", default="#333333")
    part.size("circle-radius", "size", "size", 5, factor=2)
    part.size("circle-stroke-width", "outline_width", "outlineWidth", 0)
    part.values |= {"name": "circle", "outline_style": "solid", "scale_method": "diameter"}
    return "SimpleMarker", part


_MADE = {"fill": _fill, "line": _line, "circle": _circle}


def _plain(layer: Layer) -> tuple[str, dict[str, str]]:
    """For a layer that is drawn by icons or not at all: its legend's first colour."""
    legend = layer.style.legend
    seen = colour(legend[0].colour if legend else PLAIN)
    if layer.geometry.lines:
        return "SimpleLine", {"line_color": seen, "line_width": "2", "line_width_unit": "Pixel", "line_style": "solid"}
    if layer.geometry is Geometry.POLYGON:
        return "SimpleFill", {"color": seen, "style": "solid", "outline_style": "no"}
    values = {"name": "circle", "color": seen, "outline_color": colour("#ffffff"), "size": "8", "size_unit": "Pixel"}
    return "SimpleMarker", values | {"outline_width": "1", "outline_width_unit": "Pixel", "outline_style": "solid"}


def parts(layer: Layer) -> list[tuple[str, _Part]]:
    """The symbol layers, the lowest first. Raises NotTranslatable for an expression that is not known here."""
    return [_MADE[one["type"]](one, layer.min_zoom) for one in layer.style.layers if one["type"] in _MADE]


def renderer(parent: Element, layer: Layer) -> None:
    """One symbol for all features; what differs between them differs by expressions."""
    made = SubElement(parent, "renderer-v2", {"type": "singleSymbol", "enableorderby": "0", "symbollevels": "1"})
    kind = _KINDS.get(layer.geometry, "marker")
    symbols = SubElement(made, "symbols")
    symbol = SubElement(symbols, "symbol", {"name": "0", "type": kind, "alpha": "1", "clip_to_extent": "1"})
    try:
        found = parts(layer)
    except NotTranslatable:
        found = []
    for place, (name, part) in enumerate(found):
        _layer(symbol, name, part.values, part.expressions)
        symbol[-1].set("pass", str(place))
    if not found:
        name, values = _plain(layer)
        _layer(symbol, name, values, {})


def labels(parent: Element, layer: Layer) -> bool:
    """The names that the style writes, a rule for each of its layers of text; False where it writes none."""
    written = [one for one in layer.style.layers if one["type"] == "symbol" and one.get("layout", {}).get("text-field")]
    rules = Element("rules", {"key": f"{layer.name}.labels"})
    for one in written:
        try:
            _rule(rules, layer, one)
        except NotTranslatable:  # a name less is no reason for no map
            continue
    if not len(rules):
        return False
    SubElement(parent, "labeling", {"type": "rule-based"}).append(rules)
    return True


def _rule(parent: Element, layer: Layer, style: Mapping[str, Any]) -> None:
    paint, layout = style.get("paint", {}), style["layout"]
    text = translated(layout["text-field"])
    ink, halo = usual(paint.get("text-color", "#22262b")), usual(paint.get("text-halo-color", "#ffffff"))
    limits = {"scalemindenom": "0", "scalemaxdenom": f"{scale_of(style.get('minzoom', layer.min_zoom)):.0f}"}
    if style.get("filter"):
        limits["filter"] = translated(style["filter"])
    rule = Element("rule", {"key": f"{layer.name}.{style['id']}", **limits})
    settings = SubElement(rule, "settings", {"calloutType": "simple"})
    written = SubElement(settings, "text-style", {
        "fieldName": text, "isExpression": "1", "fontFamily": "Noto Sans", "fontSizeUnit": "Pixel",
        "fontSize": f"{float(usual(layout.get('text-size', 12))):.1f}", "textColor": colour(ink), "textOpacity": "1",
        "namedStyle": "Regular",
    })  # fmt: skip
    SubElement(written, "text-buffer", {
        "bufferDraw": "1", "bufferSize": "1.5", "bufferSizeUnits": "Pixel", "bufferOpacity": "1",
        "bufferColor": colour(halo),
    })  # fmt: skip
    along = {Geometry.LINE: "3", Geometry.PATH: "3", Geometry.POLYGON: "0"}
    SubElement(settings, "placement", {"placement": along.get(layer.geometry, "6"), "dist": "1"})
    SubElement(settings, "rendering", {"drawLabels": "1", "obstacle": "1"})
    parent.append(rule)
