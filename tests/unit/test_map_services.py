"""`gisapp check --services`: what the configured map services answer, asked of a real server."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gisapp import checks
from gisapp.map.config import parse
from gisapp.map.services import Answer, answers
from tests.unit.test_fetch import Service, say

WMS = b"""<WMS_Capabilities xmlns="http://www.opengis.net/wms"><Capability><Layer><CRS>EPSG:25832</CRS><CRS>EPSG:3857</CRS>
<Layer><Name>dop20</Name></Layer><Layer><Name>dtk</Name></Layer></Layer></Capability></WMS_Capabilities>"""
WMTS = b"""<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1"><Contents>
<Layer><ows:Identifier>web</ows:Identifier></Layer><TileMatrixSet><ows:Identifier>WEBMERCATOR</ows:Identifier>
<ows:SupportedCRS>urn:ogc:def:crs:EPSG::3857</ows:SupportedCRS></TileMatrixSet></Contents></Capabilities>"""
PNG = say(b"\x89PNG", Content_Type="image/png")


@pytest.fixture
def service(settings: Any) -> Iterator[Service]:
    made = Service()
    made.start()
    settings.FETCH_ALLOWED = [made.origin]
    made.paths["/wms?map=a&service=WMS&request=GetCapabilities"] = say(WMS)
    made.paths["/wmts?service=WMTS&request=GetCapabilities"] = say(WMTS)
    made.paths["/0/0/0.png"] = PNG
    yield made
    made.server.shutdown()
    made.server.server_close()


def ask(service: Service, kind: str, path: str, **more: Any) -> Answer:
    url = path if "://" in path else service.origin + path
    one = {"id": "a", "title": "A", "type": kind, "url": url, "attribution": "©", **more}
    return next(answers(parse({"base_maps": [one]})))


def test_01_services_that_answer(service: Service) -> None:
    assert ask(service, "wms", "/wms?map=a", layers="dop20,dtk") == Answer("a", "WMS, dop20, dtk")
    assert ask(service, "wmts", "/wmts", layers="web") == Answer("a", "WMTS, web")
    assert ask(service, "xyz", "/{z}/{x}/{y}.png") == Answer("a", "image/png")
    template = "/{TileMatrix}/{TileRow}/{TileCol}.png"
    assert ask(service, "wmts", template, layers="web") == Answer("a", "image/png")
    service.paths["/style.json"] = say(json.dumps({"sources": {"s": {"tiles": [f"{service.origin}/{{z}}"]}}}).encode())
    assert ask(service, "style", "/style.json") == Answer("a", "Stil mit 1 Quellen")


def test_02_what_is_wrong_is_said(service: Service) -> None:
    assert "fehlt" in ask(service, "wms", "/wms?map=a", layers="fehlt").wrong
    assert ask(service, "wms", "/wms?map=a").wrong  # no layer named at all
    service.paths["/wms?service=WMS&request=GetCapabilities"] = say(WMS.replace(b"EPSG:3857", b"EPSG:31467"))
    assert "EPSG:3857" in ask(service, "wms", "/wms", layers="dop20").wrong
    service.paths["/wms?service=WMS&request=GetCapabilities"] = say(b"<html>")
    assert "Capabilities" in ask(service, "wms", "/wms", layers="dop20").wrong
    service.paths["/wms?service=WMS&request=GetCapabilities"] = say(b'<!DOCTYPE a [<!ENTITY a "b">]><a>&a;</a>')
    assert "Ersetzungen" in ask(service, "wms", "/wms", layers="dop20").wrong
    service.paths["/0/0/0.png"] = say(b"<p>", Content_Type="text/html")
    assert "text/html" in ask(service, "xyz", "/{z}/{x}/{y}.png").wrong
    service.paths["/0/0/0.png"] = say(b"", 503)
    assert "HTTP 503" in ask(service, "xyz", "/{z}/{x}/{y}.png").wrong


def test_03_a_style_needs_no_host_that_the_policy_does_not_know(service: Service) -> None:
    style = {"sources": {"s": {"url": "https://b.example/tiles.json"}}, "glyphs": "https://c.example/{range}.pbf"}
    service.paths["/style.json"] = say(json.dumps(style).encode())
    assert ask(service, "style", "/style.json").wrong == "In hosts fehlen: https://b.example, https://c.example"
    hosts = ["https://b.example", "https://c.example/x"]
    assert ask(service, "style", "/style.json", hosts=hosts).wrong == ""
    service.paths["/style.json"] = say(b"[]")
    assert "kein MapLibre-Stil" in ask(service, "style", "/style.json").wrong


def test_04_a_service_in_an_inner_network_is_not_asked(service: Service, settings: Any) -> None:
    settings.FETCH_ALLOWED = []
    for address in (f"https://127.0.0.1:{service.port}/wms", "https://169.254.169.254/wms"):
        assert "FETCH_ALLOWED" in ask(service, "wms", address, layers="a").wrong
    assert service.asked == []


def test_05_it_is_a_line_of_gisapp_check(service: Service, settings: Any, tmp_path: Any) -> None:
    base = {
        "id": "luftbild",
        "title": "L",
        "type": "xyz",
        "url": service.origin + "/{z}/{x}/{y}.png",
        "attribution": "©",
    }
    own = {**base, "id": "hier", "url": "/eigene/{z}/{x}/{y}.png"}
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"base_maps": [base, own]}))
    settings.MAP_CONFIG_FILE = str(path)
    found = list(checks.services())
    assert [(one.key, one.state, one.found) for one in found] == [("base-map-luftbild", checks.OK, "image/png")]
    service.paths["/0/0/0.png"] = say(b"", 404)
    (broken,) = checks.services()
    assert (broken.state, broken.fails) == (checks.WRONG, False)
    assert "404" in broken.remedy
