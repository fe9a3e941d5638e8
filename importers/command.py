"""`gisapp import LAYER FILE`: its arguments. Readers and libraries are loaded only when it runs."""

import argparse
from pathlib import Path

from gisapp.commands.command import Command


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("layer", metavar="LAYER", help="the layer to fill, or an app's name (regions, basemap, osm)")
    parser.add_argument("file", metavar="FILE", type=Path, help="the file to read")
    parser.add_argument("--map", metavar="FILE.toml", type=Path, help="which column fills which field")
    parser.add_argument("--suggest", nargs="?", const="-", metavar="FILE.toml", help="write a draft of --map and stop")
    parser.add_argument("--source", default="", metavar="NAME", help="the name that the rows are recognised by")
    parser.add_argument("--dry-run", action="store_true", help="do everything and roll it back")
    parser.add_argument("--strict", action="store_true", help="keep nothing if any row is rejected")
    parser.add_argument("--sync", action="store_true", help="retire rows of this source that the file no longer has")
    parser.add_argument("--anywhere", action="store_true", help="accept coordinates outside the expected area")
    parser.add_argument("--report", type=Path, metavar="FILE.html|json", help="write the report into this file")
    parser.add_argument("--note", default="", metavar="TEXT", help="why: stands in the history of every changed row")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")


def _run(arguments: argparse.Namespace) -> int:
    from importers.running import run

    return run(arguments)


IMPORT = Command("import", "read a file into a layer", _run, _arguments)
