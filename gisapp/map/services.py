"""Do the configured base maps answer, with what the map will ask of them? Asked by `gisapp check --services`.

A WMS and a WMTS (key-value) are asked for their capabilities: the layers must exist, in EPSG:3857. Of everything else one
tile, or the style itself, is fetched; a style must need no host that the content security policy does not know.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from xml.etree import ElementTree

from django.utils.translation import gettext as _

from gisapp import fetch
from gisapp.errors import GisError
from gisapp.map.config import BaseMap, MapConfig

_TILE = {"{z}": "0", "{x}": "0", "{y}": "0", "{bbox-epsg-3857}": "-20037508,-20037508,20037508,20037508"}
MERCATOR = ("EPSG:3857", "EPSG:900913", "urn:ogc:def:crs:EPSG::3857", "urn:ogc:def:crs:EPSG:6.18.3:3857")


class _Wrong(Exception):
    """What is wrong, in a sentence."""


@dataclass(frozen=True)
class Answer:
    """How a base map answered; `wrong` is empty when all is well."""

    base_map: str
    found: str
    wrong: str = ""


def _capabilities(address: str, service: str) -> ElementTree.Element:
    """The capabilities of the service behind a GetMap or GetTile address."""
    parts = urlsplit(address)
    own = {"service", "request", "version", "styles", "style", "layers", "layer", "format", "crs", "width", "height",
           "bbox", "tilematrix", "tilerow", "tilecol", "tilematrixset"}  # fmt: skip
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() not in own]
    asked = urlencode([*kept, ("service", service), ("request", "GetCapabilities")])
    content = fetch.get(urlunsplit(parts._replace(query=asked))).content
    if b"<!ENTITY" in content:  # what grows while it is read
        raise _Wrong(_("Die Antwort enthält Ersetzungen, die niemand braucht."))
    try:
        return ElementTree.fromstring(content)  # noqa: S314 - no entities, and never more than fetch takes
    except ElementTree.ParseError as error:
        raise _Wrong(_("Die Antwort ist kein Capabilities-Dokument.")) from error


def _texts(root: ElementTree.Element, *names: str) -> set[str]:
    """The texts of all elements of these names, in whatever namespace."""
    return {(one.text or "").strip() for one in root.iter() if one.tag.rpartition("}")[2] in names}


def _layers(one: BaseMap, address: str, service: str) -> str:
    asked = dict(parse_qsl(urlsplit(address).query))
    wanted = set(filter(None, asked.get("layers", asked.get("layer", "")).split(",")))
    root = _capabilities(address, service)
    missing = wanted - _texts(root, "Name" if service == "WMS" else "Identifier")
    if missing or not wanted:
        raise _Wrong(_("Diese Ebenen hat der Dienst nicht: %(names)s") % {"names": ", ".join(sorted(missing)) or "–"})
    systems = _texts(root, "CRS", "SRS", "SupportedCRS")
    if not any(system in MERCATOR or system.endswith((":3857", ":900913", "/3857")) for system in systems):
        raise _Wrong(_("Der Dienst bietet kein EPSG:3857."))
    return f"{service}, {', '.join(sorted(wanted))}"


def _tile(address: str) -> str:
    for name, value in _TILE.items():
        address = address.replace(name, value)
    kind = fetch.get(address).headers.get("Content-Type", "")
    if not kind.startswith("image/"):
        raise _Wrong(_("Eine Kachel ist kein Bild, sondern %(kind)s.") % {"kind": kind[:60] or "–"})
    return kind


def _style(one: BaseMap) -> str:
    try:
        style = json.loads(fetch.get(one.style).content)
        sources = style["sources"].values()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _Wrong(_("Die Antwort ist kein MapLibre-Stil.")) from error
    named = [address for source in sources for address in (source.get("url"), *source.get("tiles", ()))]
    named += [style.get("sprite"), style.get("glyphs")]
    hosts = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, filter(None, named)) if parts.scheme}
    missing = hosts - set(one.hosts)
    if missing:
        raise _Wrong(_("In hosts fehlen: %(hosts)s") % {"hosts": ", ".join(sorted(missing))})
    return _("Stil mit %(count)d Quellen") % {"count": len(style["sources"])}


def _asked(one: BaseMap) -> str:
    if one.source is None:
        return _style(one)
    address = str(one.source["tiles"][0])
    query = {name.lower(): value for name, value in parse_qsl(urlsplit(address).query)}
    service = query.get("service", "")
    return _layers(one, address, service) if service in ("WMS", "WMTS") else _tile(address)


def answers(config: MapConfig) -> Iterator[Answer]:
    """How each of the configured base maps answers; what lies on this site is not asked."""
    for one in config.base_maps:
        if not one.hosts:
            continue
        try:
            yield Answer(one.id, _asked(one))
        except GisError as refusal:
            yield Answer(one.id, "-", refusal.text())
        except _Wrong as wrong:
            yield Answer(one.id, "-", str(wrong))
