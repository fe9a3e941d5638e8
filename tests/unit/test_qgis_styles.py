"""MapLibre's expressions in QGIS's words, and every declared style among them."""

from typing import Any
from xml.etree.ElementTree import Element, tostring

import pytest

from gisapp.layer import all_layers
from gisapp.qgis import styling
from gisapp.qgis.expressions import NotTranslatable, translated, usual


@pytest.mark.parametrize(
    ("maplibre", "qgis"),
    [
        (["get", "kind"], '"kind"'),
        (["==", ["get", "state"], "done"], "(\"state\" IS 'done')"),
        (["!=", ["get", 'a"b'], "it's"], "(\"a\"\"b\" IS NOT 'it''s')"),
        (["in", ["get", "kind"], ["literal", ["city", "town"]]], "(\"kind\" IN ('city', 'town'))"),
        (["case", ["has", "x"], 1, 2], 'CASE WHEN ("x" IS NOT NULL) THEN 1 ELSE 2 END'),
        (["match", ["get", "k"], ["a", "b"], "#111111", "c", "#222222", "#333333"],
         "CASE WHEN \"k\" IN ('a', 'b') THEN '#111111' WHEN \"k\" IN ('c') THEN '#222222' ELSE '#333333' END"),
        (["all", ["get", "a"], ["!", ["get", "b"]]], '("a" AND (NOT "b"))'),
    ],
)  # fmt: skip
def test_01_translated(maplibre: Any, qgis: str) -> None:
    assert translated(maplibre) == qgis


@pytest.mark.parametrize(
    ("maplibre", "value"),
    [
        ("#123456", "#123456"),
        (["match", ["get", "k"], "a", 1, 2], 2),
        (["interpolate", ["linear"], ["zoom"], 8, 1, 13, ["case", True, 5, 3], 18, 9], 3),
        (["step", ["zoom"], 1, 10, 2, 16, 3], 2),
    ],
)
def test_02_one_value_for_all(maplibre: Any, value: Any) -> None:
    assert usual(maplibre) == value


def test_03_what_is_unknown_is_told() -> None:
    with pytest.raises(NotTranslatable):
        translated(["heatmap-density"])


@pytest.mark.parametrize("name", [one.name for one in all_layers()])
def test_04_every_declared_style_is_known(name: str) -> None:
    """A style that cannot be translated would be drawn plain, and nobody would notice."""
    layer = next(one for one in all_layers() if one.name == name)
    drawn = [one for one in layer.style.layers if one["type"] in ("fill", "line", "circle")]
    assert len(styling.parts(layer)) == len(drawn)
    top = Element("maplayer")
    styling.renderer(top, layer)
    assert top.findall("./renderer-v2/symbols/symbol/layer"), tostring(top)
    written = [one for one in layer.style.layers if one["type"] == "symbol" and one.get("layout", {}).get("text-field")]
    styling.labels(top, layer)
    assert len(top.findall("./labeling/rules/rule")) == len(written)
