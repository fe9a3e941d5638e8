"""A map service of another house: WMS 1.3.0 and WMTS 1.0.0 as the standards spell their requests, on another origin.

It answers only what such a service would answer; anything else is 400 with an exception, as there. Neither has a
GetCapabilities: who configures a base map knows its layer, and the map asks for nothing else.
"""

import re
import struct
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

Colour = tuple[int, int, int]
COLOURS: dict[str, Colour] = {"wms": (36, 104, 172), "kvp": (172, 104, 36), "rest": (36, 172, 104)}
HALF = 20037508.342789244
Box = tuple[float, float, float, float]


def png(colour: Colour, side: int = 256) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(colour) * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def tile_box(zoom: int, row: int, column: int) -> Box:
    """The tile's box in EPSG:3857; refuses what the matrix does not have."""
    if not (0 <= row < 1 << zoom and 0 <= column < 1 << zoom):
        raise ValueError("TileOutOfRange")
    side = 2 * HALF / (1 << zoom)
    return (column * side - HALF, HALF - (row + 1) * side, (column + 1) * side - HALF, HALF - row * side)


def _expect(asked: Mapping[str, str], **wanted: str) -> None:
    wrong = {name: asked.get(name) for name, value in wanted.items() if asked.get(name) != value}
    if wrong:
        raise ValueError(f"InvalidParameterValue: {wrong}")


def _wms(path: str, asked: Mapping[str, str]) -> Box:
    _expect(
        asked, service="WMS", request="GetMap", version="1.3.0", layers="dop20", styles="", crs="EPSG:3857",
        format="image/png", width="256", height="256",
    )  # fmt: skip
    west, south, east, north = (float(one) for one in asked["bbox"].split(","))
    if not (west < east and south < north):
        raise ValueError("the box is none")
    return west, south, east, north


def _kvp(path: str, asked: Mapping[str, str]) -> Box:
    _expect(
        asked, service="WMTS", request="GetTile", version="1.0.0", layer="topplus", style="default",
        tilematrixset="WEBMERCATOR", format="image/png",
    )  # fmt: skip
    return tile_box(int(asked["tilematrix"]), int(asked["tilerow"]), int(asked["tilecol"]))


def _rest(path: str, asked: Mapping[str, str]) -> Box:
    match = re.fullmatch(r"/rest/basemap/grau/GLOBAL_WEBMERCATOR/(\d+)/(\d+)/(\d+)\.png", path)
    if match is None:
        raise ValueError("no such resource")
    return tile_box(*(int(one) for one in match.groups()))


_DOORS: dict[str, Callable[[str, Mapping[str, str]], Box]] = {"wms": _wms, "kvp": _kvp, "rest": _rest}


@dataclass
class MapServer:
    """What was asked of it: the boxes that it drew by service, and what it refused."""

    boxes: dict[str, list[Box]] = field(default_factory=lambda: {name: [] for name in _DOORS})
    refused: list[str] = field(default_factory=list)
    origin: str = ""

    def answer(self, address: str) -> bytes | None:
        parts = urlsplit(address)
        door = parts.path.split("/")[1]
        try:
            # Names of parameters have no case in either standard.
            asked = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
            self.boxes[door].append(_DOORS[door](parts.path, asked))
        except (KeyError, ValueError) as error:
            self.refused.append(f"{address}: {error}")
            return None
        return png(COLOURS[door])

    def base_maps(self) -> list[dict[str, object]]:
        """The settings for its three maps, as docs/operator/map.md describes them."""
        title = {"wms": ("Orthofoto", "Orthophoto"), "kvp": ("TopPlus", "TopPlus"), "rest": ("Grau", "Grey")}
        more: dict[str, dict[str, object]] = {
            "wms": {"type": "wms", "url": f"{self.origin}/wms", "layers": "dop20"},
            "kvp": {"type": "wmts", "url": f"{self.origin}/kvp?key=7", "layers": "topplus"},
            "rest": {
                "type": "wmts", "layers": "basemap", "style": "grau", "matrix_set": "GLOBAL_WEBMERCATOR",
                "url": self.origin + "/rest/{Layer}/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.png",
            },
        }  # fmt: skip
        return [
            {
                "id": name,
                "title": dict(zip(("de", "en"), title[name], strict=True)),
                "attribution": f"© Amt {name}",
                **one,
            }
            for name, one in more.items()
        ]

    def serve(self) -> ThreadingHTTPServer:
        """Begin to answer on a free port; the caller shuts it down."""
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = service.answer(self.path)
                self.send_response(200 if body else 400)
                self.send_header("Content-Type", "image/png" if body else "text/xml")
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(body or b"<ServiceExceptionReport/>")

            def log_message(self, *_arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{server.server_port}"
        return server
