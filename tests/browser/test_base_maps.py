"""Base maps of other houses: what is asked of WMS and WMTS, and that the map shows what they answer."""

import base64
import math

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor, drawn
from tests.browser.maps import COLOURS, HALF, Colour, MapServer
from tests.browser.town import LAT, LON

SHARE = """async ([image, colour]) => {
  const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + image)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  let hits = 0;
  for (let at = 0; at < data.length; at += 4) hits += colour.every((part, one) => Math.abs(data[at + one] - part) < 6);
  return hits / (data.length / 4);
}"""


def share(page: Page, colour: Colour) -> float:
    """The part of the map that has this colour, as a person sees it (a blank page counts, whose policy forbids nothing)."""
    image = base64.b64encode(page.locator("#map").screenshot()).decode()
    counting = page.context.new_page()
    try:
        return float(counting.evaluate(SHARE, [image, list(colour)]))
    finally:
        counting.close()


def mercator(lon: float, lat: float) -> tuple[float, float]:
    return HALF * lon / 180, HALF * math.asinh(math.tan(math.radians(lat))) / math.pi


@pytest.mark.parametrize(("name", "title"), [("wms", "Orthofoto"), ("kvp", "TopPlus"), ("rest", "Grau")])
def test_a_base_map_of_another_house(visit: Visitor, map_server: MapServer, name: str, title: str) -> None:
    page = visit(f"/#map=15/{LAT}/{LON}&panel=layers&layers=")
    assert map_server.boxes[name] == []
    before = share(page, COLOURS[name])
    visit.friends = (map_server.origin,)
    page.get_by_label(title).check()
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text(f"© Amt {name}")
    drawn(page)
    assert (map_server.refused, before < 0.01) == ([], True)
    # What the panel leaves of the map is made of its tiles; they are those of this place: one covers the view's middle.
    assert share(page, COLOURS[name]) > 0.6
    x, y = mercator(LON, LAT)
    boxes = map_server.boxes[name]
    assert sum(west <= x < east and south < y <= north for west, south, east, north in boxes) == 1
    assert len(set(boxes)) == len(boxes)
    page.get_by_label("Eigene Karte").check()
    drawn(page)
    expect(page.locator(".maplibregl-ctrl-attrib")).not_to_contain_text(f"© Amt {name}")
    # The choice stands in the address and is drawn from there as well.
    page.goto("about:blank")
    map_server.boxes[name].clear()
    page.goto(f"{visit.site}/#map=15/{LAT}/{LON}&base={name}&layers=")
    drawn(page)
    assert share(page, COLOURS[name]) > 0.8
    map_server.boxes[name].clear()


def test_the_service_refuses_what_the_standards_do_not_know(map_server: MapServer) -> None:
    """The server of these tests is strict: what it draws, a real one would."""
    wms = "/wms?service=WMS&request=GetMap&version=1.3.0&styles=&layers=dop20&format=image/png&width=256&height=256"
    assert map_server.answer(f"{wms}&crs=EPSG:3857&bbox=0,0,1,1")
    for wrong in (
        f"{wms}&srs=EPSG:3857&bbox=0,0,1,1", f"{wms}&crs=EPSG:3857&bbox=1,1,0,0", f"{wms}&crs=EPSG:3857&bbox=0,0,1",
        "/rest/basemap/grau/GLOBAL_WEBMERCATOR/1/2/0.png", "/rest/basemap/bunt/GLOBAL_WEBMERCATOR/1/0/0.png", "/kvp?service=WMTS",
    ):  # fmt: skip
        assert map_server.answer(wrong) is None, wrong
    assert len(map_server.refused) == 6
    map_server.refused.clear()
    map_server.boxes["wms"].clear()
