"""`gisapp qgis-project FILE.qgs`: the public layers as a project for QGIS Server and QGIS."""

import argparse
import json
import re
from pathlib import Path

from gisapp.commands.command import Command


def _arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    parser.add_argument("file", type=Path, metavar="FILE", help=_("die Datei: .qgs oder .qgz"))
    parser.add_argument(
        "--service", default="krit_gis", help=_("der Eintrag in pg_service.conf, durch den QGIS die Datenbank findet")
    )
    parser.add_argument("--json", action="store_true")


def _run(arguments: argparse.Namespace) -> int:
    from django.utils.translation import gettext as _

    from gisapp.errors import BadInput
    from gisapp.qgis import project

    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", arguments.service):
        raise BadInput("bad-value", name="--service", value=arguments.service[:60])
    layers = project.write(arguments.file, arguments.service)
    if arguments.json:
        print(json.dumps({"file": str(arguments.file), "layers": [one.name for one in layers]}, ensure_ascii=False))
    else:
        print(_("%(count)d Ebenen → %(file)s") % {"count": len(layers), "file": arguments.file})
    return 0


QGIS_PROJECT = Command("qgis-project", "Die öffentlichen Ebenen als Projekt für QGIS und QGIS Server", _run, _arguments)
