"""The operator's map settings: GISAPP_MAP_CONFIG names a JSON file; without one the map is our own and starts on the data.

{"title": "Amt Hüttener Berge", "centre": [9.75, 54.42], "zoom": 11,
 "imprint": "https://…", "privacy": "https://…", "links": [{"title": {"de": "…", "en": "…"}, "url": "https://…"}],
 "base_maps": [{"id": "topplus", "title": {"de": "TopPlus", "en": "TopPlus"}, "type": "xyz|wmts|wms|style",
                "url": "https://…", "attribution": "© …", "layers": "web", "hosts": ["https://…"]}]}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from gisapp.layer import Text
from gisapp.tenants.current import site_name

TYPES = ("xyz", "wmts", "wms", "style")
LARGEST_TILE_ZOOM = 22
OWN = "own"


@dataclass(frozen=True)
class BaseMap:
    """A base map of somebody else's: raster tiles (`source`) or a MapLibre style (`style`)."""

    id: str
    title: Text
    attribution: str
    hosts: tuple[str, ...]
    source: Mapping[str, Any] | None = None
    style: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"id": self.id, "title": str(self.title), "source": self.source, "style": self.style}


@dataclass(frozen=True)
class Link:
    title: Text
    url: str


@dataclass(frozen=True)
class MapConfig:
    """What the file says, checked. `centre` None: the map starts on the extent of the data."""

    title: str = ""
    centre: tuple[float, float] | None = None
    zoom: float = 11
    imprint: str = ""
    privacy: str = ""
    links: tuple[Link, ...] = ()
    base_maps: tuple[BaseMap, ...] = field(default_factory=tuple)

    @property
    def name(self) -> str:
        return site_name(self.title or settings.SITE_NAME)


def _wrong(path: str, what: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"GISAPP_MAP_CONFIG: {path}: {what}")


def _text(value: Any, path: str) -> Text:
    if isinstance(value, str) and value.strip():
        return Text(value, value)
    if isinstance(value, dict) and value.get("de") and value.get("en"):
        return Text(str(value["de"]), str(value["en"]))
    raise _wrong(path, 'a text is "…" or {"de": "…", "en": "…"}')


def _address(value: Any, path: str, *, local: bool = False) -> str:
    """An http(s) address, or where `local` allows it a path of this site."""
    if isinstance(value, str):
        if local and value.startswith("/") and not value.startswith("//"):
            return value
        parts = urlsplit(value)
        if parts.scheme in {"http", "https"} and parts.hostname and not set(value) & set("\"';, <>"):
            return value
    raise _wrong(path, f"{value!r} is no http(s) address")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme else ""


def _wms(one: Mapping[str, Any], url: str) -> str:
    """A GetMap address with MapLibre's placeholder for the tile's box."""
    asked = {
        "service": "WMS", "request": "GetMap", "version": "1.3.0", "styles": one.get("styles", ""),
        "layers": one.get("layers", ""), "format": one.get("format", "image/png"), "crs": "EPSG:3857",
        "width": "256", "height": "256",
    }  # fmt: skip
    return f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}&bbox={{bbox-epsg-3857}}"


def _wmts(one: Mapping[str, Any], url: str) -> str:
    """A RESTful template with its placeholders filled, or a GetTile address, in the web's tile matrix set."""
    if "{" in url:
        names = {"{TileMatrix}": "{z}", "{TileRow}": "{y}", "{TileCol}": "{x}", "{Style}": one.get("style", "default"),
                 "{TileMatrixSet}": one.get("matrix_set", "WEBMERCATOR"), "{Layer}": one.get("layers", "")}  # fmt: skip
        for name, value in names.items():
            url = url.replace(name, value)
        return url
    asked = {
        "service": "WMTS", "request": "GetTile", "version": "1.0.0", "layer": one.get("layers", ""),
        "style": one.get("style", "default"), "tilematrixset": one.get("matrix_set", "WEBMERCATOR"),
        "format": one.get("format", "image/png"),
    }  # fmt: skip
    return f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}&tilematrix={{z}}&tilerow={{y}}&tilecol={{x}}"


def _base_map(one: Any, path: str) -> BaseMap:
    if not isinstance(one, dict) or one.get("type") not in TYPES:
        raise _wrong(path, f"type is one of {', '.join(TYPES)}")
    name = one.get("id")
    if not isinstance(name, str) or not name.isidentifier() or name == OWN:
        raise _wrong(f"{path}.id", f'a short name of letters and digits, not "{OWN}"')
    url = _address(one.get("url"), f"{path}.url", local=True)
    attribution = one.get("attribution", "")
    if not isinstance(attribution, str) or not attribution:
        raise _wrong(f"{path}.attribution", "who made the map must be said")
    more = tuple(_origin(_address(host, f"{path}.hosts")) for host in one.get("hosts", []))
    hosts = tuple(host for host in (_origin(url), *more) if host)
    title = _text(one.get("title"), f"{path}.title")
    if one["type"] == "style":
        return BaseMap(name, title, attribution, hosts, style=url)
    tiles = {"xyz": url, "wms": _wms(one, url), "wmts": _wmts(one, url)}[one["type"]]
    source = {
        "type": "raster", "tiles": [tiles], "tileSize": int(one.get("tile_size", 256)), "attribution": attribution,
        "maxzoom": int(one.get("max_zoom", 19)),
    }  # fmt: skip
    return BaseMap(name, title, attribution, hosts, source=source)


def _centre(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2 and all(isinstance(part, int | float) for part in value):
        lon, lat = value
        if -180 <= lon <= 180 and -85 <= lat <= 85:
            return float(lon), float(lat)
    raise _wrong("centre", "[longitude, latitude] is expected")


def parse(raw: Any) -> MapConfig:
    """The settings of this JSON value; raises ImproperlyConfigured that names the wrong part."""
    if not isinstance(raw, dict):
        raise _wrong("the file", "a JSON object is expected")
    known = {"title", "centre", "zoom", "imprint", "privacy", "links", "base_maps"}
    if set(raw) - known:
        raise _wrong(", ".join(sorted(set(raw) - known)), f"unknown; known are {', '.join(sorted(known))}")
    zoom = raw.get("zoom", 11)
    if not isinstance(zoom, int | float) or not 0 <= zoom <= LARGEST_TILE_ZOOM:
        raise _wrong("zoom", f"a number from 0 to {LARGEST_TILE_ZOOM} is expected")
    pages = {name: _address(raw[name], name, local=True) if raw.get(name) else "" for name in ("imprint", "privacy")}
    links = tuple(
        Link(_text(one.get("title"), f"links[{at}].title"), _address(one.get("url"), f"links[{at}].url", local=True))
        for at, one in enumerate(raw.get("links", []))
    )
    base_maps = tuple(_base_map(one, f"base_maps[{at}]") for at, one in enumerate(raw.get("base_maps", [])))
    if len({one.id for one in base_maps}) != len(base_maps):
        raise _wrong("base_maps", "an id is given twice")
    return MapConfig(str(raw.get("title", "")), _centre(raw.get("centre")), float(zoom), **pages, links=links,
                     base_maps=base_maps)  # fmt: skip


@lru_cache(maxsize=4)
def _read(path: str, changed: float) -> MapConfig:
    try:
        return parse(json.loads(Path(path).read_text(encoding="utf-8")))
    except ValueError as error:
        raise _wrong(path, str(error)) from error


def map_config() -> MapConfig:
    """The settings now; a changed file is read again."""
    path = settings.MAP_CONFIG_FILE
    if not path:
        return MapConfig()
    try:
        return _read(path, Path(path).stat().st_mtime)
    except OSError as error:
        raise _wrong(path, error.strerror or "cannot be read") from error


def foreign_map_hosts() -> list[str]:
    """Origins of the base maps that the operator configured; none by default."""
    return sorted({host for one in map_config().base_maps for host in one.hosts})


def worker_address() -> str:
    """MapLibre's worker under its hashed name; a path, so that the page's own origin is used."""
    return static("vendor/maplibre/maplibre-gl-worker.mjs")
