"""`gisapp layers`: what is there."""

import argparse
import json

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


LAYERS = Command("layers", "Alle Ebenen nennen", _layers, _layers_arguments)
