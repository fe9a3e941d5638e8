"""`gisapp layers` and `gisapp export`: what is there, and getting it out."""

import argparse
import json
import sys
from pathlib import Path

from gisapp.commands.command import Command


def _layers_arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    parser.add_argument("--json", action="store_true", help=_("ein JSON-Objekt statt einer Tabelle"))


def _layers(arguments: argparse.Namespace) -> int:
    from django.contrib.auth.models import AnonymousUser

    from gisapp.api.describe import describe
    from gisapp.features.query import Selection, count
    from gisapp.layer import all_layers

    user = AnonymousUser()
    found = []
    for one in all_layers():
        total = count(one, user, Selection()) if one.seen_by(user) else None
        found.append(describe(one) | {"count": total, "see": str(one.see), "edit": str(one.edit)})
    if arguments.json:
        print(json.dumps({"layers": found}, ensure_ascii=False))
        return 0
    for row in found:
        number = "-" if row["count"] is None else row["count"]
        print(f"{row['name']:<16}{row['geometry']:<18}{number!s:>10}  {row['title']}")
    return 0


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    parser.add_argument("layer")
    parser.add_argument(
        "file", type=Path, help=_("die Endung wählt das Format: gpkg, shp.zip, geojson, fgb, csv, kml, dxf")
    )
    parser.add_argument("--bbox", default="", help=_("West,Süd,Ost,Nord in Grad"))
    parser.add_argument("--json", action="store_true")


def _export(arguments: argparse.Namespace) -> int:
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
    try:
        to_file(found, user, selection, form, arguments.file)
    except OSError as error:
        print(f"gisapp: {arguments.file}: {error.strerror or error}", file=sys.stderr)
        return 1
    written = {"layer": found.name, "file": str(arguments.file), "features": count(found, user, selection)}
    print(json.dumps(written, ensure_ascii=False) if arguments.json else f"{written['features']} → {written['file']}")
    return 0


LAYERS = Command("layers", "Alle Ebenen nennen", _layers, _layers_arguments)
EXPORT = Command("export", "Eine Ebene in eine Datei schreiben", _export, _export_arguments)
