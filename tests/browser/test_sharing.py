"""Print, frames on other sites, oEmbed."""

import json
import re
import subprocess
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor, drawn
from tests.browser.town import LAT, LON

MM = 72 / 25.4
SHEETS = [("a4", "landscape", 297, 210), ("a3", "portrait", 297, 420)]


@pytest.mark.parametrize(("paper", "orientation", "width", "height"), SHEETS)
def test_print_is_one_true_page(
    visit: Visitor, tmp_path: Path, paper: str, orientation: str, width: float, height: float
) -> None:
    asked = f"paper={paper}&orientation={orientation}&scale=10000&centre={LON},{LAT}&layers=municipalities,pois&title=Probeblatt"
    page = visit(f"/print/?{asked}", wait=False)
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("#print-now")).to_be_enabled()
    # 1 : 10,000 on paper: 100 m are 10 mm.
    pixels = page.locator("#map").bounding_box()
    assert pixels
    target = tmp_path / "sheet.pdf"
    page.pdf(path=target, prefer_css_page_size=True)
    info = subprocess.run(["pdfinfo", target], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Pages:\s+1\b", info)
    size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", info)
    assert size
    assert float(size[1]) == pytest.approx(width * MM, abs=1.5)
    assert float(size[2]) == pytest.approx(height * MM, abs=1.5)
    text = subprocess.run(["pdftotext", "-layout", target, "-"], capture_output=True, text=True, check=True).stdout
    for word in ("Probeblatt", "1 : 10.000", "Legende", "Gemeindegrenze", "OpenStreetMap", "Amt Probe", "500 m"):
        assert word in text
    assert "Überschrift" not in text
    images = subprocess.run(["pdfimages", "-list", target], capture_output=True, text=True, check=True).stdout
    dots = [int(row.split()[12]) for row in images.splitlines()[2:]]
    # The map is there at the resolution of print.
    assert dots and max(dots) >= 240


def test_print_is_true_to_scale(visit: Visitor) -> None:
    page = visit(f"/print/?scale=10000&centre={LON},{LAT}", wait=False)
    page.wait_for_selector("html[data-ready]")
    # The scale bar is drawn in millimetres; 1 : 10,000 makes 500 m 50 mm long.
    bar = page.evaluate(
        "[...document.querySelectorAll('.bar rect')].reduce((sum, one) => sum + one.width.baseVal.value, 0)"
    )
    assert bar == pytest.approx(50, abs=0.01)
    width = page.evaluate("document.querySelector('.bar').getBoundingClientRect().width")
    assert width == pytest.approx((50 + 14) * 96 / 25.4, abs=1)


class _Foreign(BaseHTTPRequestHandler):
    page = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_arguments: object) -> None:
        pass


def test_embedded_on_another_origin(visit: Visitor) -> None:
    link = f"{visit.site}/?lang=de#map=15/{LAT}/{LON}&layers=pois&mark={LON},{LAT},Hier"
    asked = urllib.parse.urlencode({"url": link, "format": "json", "maxwidth": "600"})
    with urllib.request.urlopen(f"{visit.site}/oembed?{asked}") as answer:
        found = json.load(answer)
    assert (found["version"], found["type"], found["width"]) == ("1.0", "rich", 600)
    _Foreign.page = f"<!doctype html><title>Anderswo</title>{found['html']}".encode()
    server = HTTPServer(("127.0.0.1", 0), _Foreign)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        page = visit.context().new_page()
        page.goto(f"http://localhost:{server.server_port}/")
        frame = page.frame_locator("iframe")
        expect(frame.locator('#map[aria-busy="false"]')).to_be_visible()
        expect(frame.locator(".mark-text")).to_have_text("Hier")
        expect(frame.get_by_role("link", name="Große Karte")).to_have_attribute("href", re.compile("mark="))
    finally:
        server.shutdown()


def test_the_map_itself_may_not_be_framed(site: str) -> None:
    with urllib.request.urlopen(site + "/") as answer:
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
    with urllib.request.urlopen(site + "/embed/") as answer:
        assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers


def test_oembed_is_discovered_and_refuses_others(visit: Visitor) -> None:
    page = visit("/")
    address = page.locator('link[type="application/json+oembed"]').get_attribute("href")
    assert address
    assert page.request.get(address).json()["type"] == "rich"
    assert page.request.get(visit.site + "/oembed?url=https://elsewhere.example/").status == 404
    assert page.request.get(visit.site + f"/oembed?url={visit.site}/&format=xml").status == 501


def test_print_from_the_map_takes_the_view(visit: Visitor) -> None:
    page = visit(f"/#map=15/{LAT}/{LON}&panel=print")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Druckansicht öffnen").click()
    sheet = opened.value
    sheet.wait_for_selector("html[data-ready]")
    assert f"centre={LON:.6f}" in urllib.parse.unquote(sheet.url)
    drawn(page)


def test_a_sheet_of_the_past_is_drawn_and_dated_so(visit: Visitor) -> None:
    page = visit(f"/#map=15/{LAT}/{LON}&at=2020-03-01&panel=print")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Druckansicht öffnen").click()
    sheet = opened.value
    asked: list[str] = []
    # A page that is still being opened cannot be reloaded.
    sheet.wait_for_selector("html[data-ready]")
    sheet.on("request", lambda request: asked.append(request.url))
    sheet.reload()
    sheet.wait_for_selector("html[data-ready]")
    assert "at=2020-03-01" in sheet.url
    expect(sheet.locator(".sheet-foot")).to_contain_text("Stand: 1. März 2020 · gedruckt am")
    assert any("/tiles/style.json" in one and "as_of=2020-03-01" in one for one in asked)
    tiles = [one for one in asked if ".mvt" in one]
    assert tiles and all("as_of=2020-03-02T00" in urllib.parse.unquote(one) for one in tiles), tiles
