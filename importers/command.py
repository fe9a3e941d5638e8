"""`gisapp import LAYER FILE`: its arguments. Readers and libraries are loaded only when it runs."""

import argparse
from pathlib import Path

from gisapp.commands.command import Command


def _arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    parser.add_argument(
        "layer", metavar="LAYER", help=_("die Ebene, die gefüllt wird, oder der Name einer App (regions, basemap, osm)")
    )
    parser.add_argument("file", metavar="FILE", type=Path, help=_("die Datei, die eingelesen wird"))
    parser.add_argument("--map", metavar="FILE.toml", type=Path, help=_("welche Spalte welches Feld füllt"))
    parser.add_argument(
        "--suggest",
        nargs="?",
        const="-",
        metavar="FILE.toml",
        help=_("einen Entwurf für --map schreiben und nichts einlesen"),
    )
    parser.add_argument(
        "--source", default="", metavar="NAME", help=_("der Name, an dem die Zeilen wiedererkannt werden")
    )
    parser.add_argument("--dry-run", action="store_true", help=_("alles tun und rückgängig machen"))
    parser.add_argument(
        "--strict", action="store_true", help=_("nichts übernehmen, wenn auch nur eine Zeile abgelehnt wird")
    )
    parser.add_argument("--sync", action="store_true", help=_("stilllegen, was diese Quelle nicht mehr hat"))
    parser.add_argument(
        "--anywhere", action="store_true", help=_("auch Koordinaten außerhalb des erwarteten Gebiets nehmen")
    )
    parser.add_argument("--report", type=Path, metavar="FILE.html|json", help=_("den Bericht in diese Datei schreiben"))
    parser.add_argument(
        "--note", default="", metavar="TEXT", help=_("warum; steht in der Geschichte jedes geänderten Objekts")
    )
    parser.add_argument(
        "--as", dest="person", default="", metavar="EMAIL", help=_("im Namen dieser Person: nur, was sie ändern darf")
    )
    parser.add_argument(
        "--organisation", default="", metavar="KEY", help=_("die Organisation, der neue Objekte gehören")
    )
    parser.add_argument(
        "--network", default="", metavar="KEY", help=_("das Netz, in das ein Glasfasernetz eingelesen wird")
    )
    parser.add_argument(
        "--crs",
        default="",
        metavar="EPSG:...",
        help=_("das Koordinatensystem, wo die Dateien es nicht oder falsch sagen"),
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.05,
        metavar="METER",
        help=_("so nahe beieinander ist bei Netzen derselbe Ort (0.05 bis 5)"),
    )
    parser.add_argument(
        "--end-with", type=int, default=0, metavar="PID", help=_("mit diesem Prozess enden (für Programme)")
    )
    parser.add_argument("--json", action="store_true", help=_("den Bericht als ein JSON-Objekt drucken"))
    parser.add_argument(
        "--language", choices=("de", "en"), default="", help=_("Sprache des Berichts; sonst die des Terminals")
    )


def _run(arguments: argparse.Namespace) -> int:
    from importers.running import run

    return run(arguments)


IMPORT = Command("import", "Eine Datei in eine Ebene einlesen", _run, _arguments)
