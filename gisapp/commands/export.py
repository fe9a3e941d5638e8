"""`gisapp export LAYER FILE`, `gisapp export pmtiles LAYER,... FILE` and `gisapp export map FILE.html --layers ...`."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gisapp.commands.command import Command

if TYPE_CHECKING:
    from gisapp.layer import Layer


def _arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    parser.add_argument("layer", metavar="LAYER", help=_("die Ebene; oder pmtiles EBENE,… DATEI; oder map DATEI.html"))
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help=_("die Endung wählt das Format: gpkg, shp.zip, geojson, fgb, csv, kml, dxf"),
    )
    parser.add_argument("target", type=Path, nargs="?", help=_("nur bei pmtiles: die Datei"))
    parser.add_argument("--bbox", default="", help=_("West,Süd,Ost,Nord in Grad"))
    parser.add_argument("--layers", default="", help=_("nur bei map: die Ebenen, mit Komma"))
    parser.add_argument("--zoom", default="", help=_("nur bei pmtiles: Zoomstufen, 5-14 oder 14"))
    parser.add_argument(
        "--network", default="", metavar="KEY", help=_("nur bei fibre: das Netz (DATEI.ofds.json, DATEI.gpkg)")
    )
    parser.add_argument("--json", action="store_true")


def _layers(names: str) -> "list[Layer]":
    from gisapp.tiles.views import asked_layers

    return asked_layers(names, None)


def _one_layer(arguments: argparse.Namespace) -> None:
    from django.contrib.auth.models import AnonymousUser

    from gisapp import layer
    from gisapp.errors import BadInput
    from gisapp.exports.formats import FORMATS, by_suffix
    from gisapp.exports.writer import to_file
    from gisapp.features.query import Box, Selection, count

    found = layer.get(arguments.layer)
    form = by_suffix(arguments.file.name)
    if form is None:
        raise BadInput("unknown-format", value=arguments.file.suffix, possible=", ".join(FORMATS))
    selection = Selection(box=Box.parse(arguments.bbox) if arguments.bbox else None)
    user = AnonymousUser()
    to_file(found, user, selection, form, arguments.file)
    written = {"layer": found.name, "file": str(arguments.file), "features": count(found, user, selection)}
    print(json.dumps(written, ensure_ascii=False) if arguments.json else f"{written['features']} → {written['file']}")


def _tiles(arguments: argparse.Namespace) -> None:
    from django.utils.translation import gettext as _

    from gisapp.errors import BadInput
    from gisapp.exports import tilefile
    from gisapp.features.query import Box
    from gisapp.progress import counted

    if arguments.target is None:
        raise BadInput("bad-value", name="FILE", value="")
    layers = _layers(str(arguments.file))
    box = Box.parse(arguments.bbox) if arguments.bbox else None
    zooms = tilefile.parse_zooms(arguments.zoom) if arguments.zoom else None
    wanted = tilefile.plan(layers, zooms, (box.west, box.south, box.east, box.north) if box else None)
    with counted(_("Kacheln schreiben"), wanted.count) as progress:
        done = tilefile.write(wanted, arguments.target, progress)
    if arguments.json:
        print(tilefile.summary(done, layers, arguments.target))
    else:
        print(_("%(tiles)d Kacheln → %(file)s") % {"tiles": done.tiles, "file": arguments.target})


def _page(arguments: argparse.Namespace) -> None:
    from gisapp.errors import BadInput
    from gisapp.exports import page
    from gisapp.features.query import Box

    if not arguments.layers:
        raise BadInput("bad-value", name="--layers", value="")
    layers = _layers(arguments.layers)
    size = page.write(layers, arguments.file, Box.parse(arguments.bbox) if arguments.bbox else None)
    facts = {"layers": [one.name for one in layers], "file": str(arguments.file), "bytes": size}
    print(json.dumps(facts, ensure_ascii=False) if arguments.json else f"{size} → {arguments.file}")


def _whole(arguments: argparse.Namespace) -> None:
    from gisapp.layer import whole_exports

    facts = whole_exports()[arguments.layer](arguments.file, arguments.network)
    print(json.dumps(dict(facts), ensure_ascii=False) if arguments.json else f"{facts['network']} → {facts['file']}")


def _run(arguments: argparse.Namespace) -> int:
    from gisapp.layer import whole_exports

    doors = {"pmtiles": _tiles, "map": _page} | dict.fromkeys(whole_exports(), _whole)
    # A file that is written; a disk that is full is no fault of ours.
    try:
        doors.get(arguments.layer, _one_layer)(arguments)
    except OSError as error:
        print(f"gisapp: {arguments.file}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


EXPORT = Command("export", "Eine Ebene, ihre Kacheln oder eine Karte in eine Datei schreiben", _run, _arguments)
