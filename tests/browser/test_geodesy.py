"""The measuring tool's lengths and areas beside PROJ's."""

import pytest
from pyproj import Geod

from tests.browser.conftest import Visitor

RINGS = [
    [[9.70, 54.43], [9.7005, 54.43], [9.7005, 54.4304], [9.70, 54.4304]],
    [[9.70, 54.43], [9.75, 54.43], [9.75, 54.45], [9.70, 54.45]],
    [[8.5, 54.0], [10.9, 54.1], [10.8, 54.9], [8.6, 54.8]],
]


def test_lengths_and_areas_agree_with_proj(visit: Visitor) -> None:
    page = visit("/")
    module = page.locator('link[rel="modulepreload"][href*="/geodesy."]').get_attribute("href")
    geod = Geod(ellps="WGS84")
    for ring in RINGS:
        found = page.evaluate(
            "async ([address, ring]) => { const one = await import(address); return [one.length(ring), one.area(ring)]; }",
            [module, ring],
        )
        lons, lats = zip(*ring, strict=True)
        assert found[0] == pytest.approx(geod.line_length(lons, lats), rel=1e-9)
        assert found[1] == pytest.approx(abs(geod.polygon_area_perimeter(lons, lats)[0]), rel=2e-3)
