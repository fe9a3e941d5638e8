"""`gisapp fibre do NAME --json ARGS`: the actions on the command line, with every right and every rule."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layers.fibre.actions import Action


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`do NAME --json ARGS [--dry]`."""
    from django.utils.translation import gettext as _

    act = verbs.add_parser("do", help=_("einen Handgriff am Netz ausführen; ohne Namen: welche es gibt"))
    act.add_argument("name", metavar="NAME", nargs="?", default="", help=_("Name des Handgriffs"))
    act.add_argument(
        "--json",
        dest="arguments",
        metavar="ARGS",
        default="{}",
        help=_("seine Angaben als JSON; - liest sie von der Eingabe"),
    )
    act.add_argument("--dry", action="store_true", help=_("nur probieren, nichts schreiben"))
    act.add_argument("--reason", default="", help=_("warum, für den Verlauf"))


def _listed() -> int:
    from layers.fibre.actions import ACTIONS

    for one in ACTIONS.values():
        said = " ".join(part.name if part.required else f"[{part.name}]" for part in one.arguments)
        sys.stdout.write(f"{one.name:<20}{one.title}\n{'':<20}{said}\n")
    return 0


def _sent(text: str) -> Any:
    from gisapp.errors import BadInput

    try:
        return json.loads(sys.stdin.read() if text == "-" else text)
    except ValueError as error:
        raise BadInput("bad-value", field="--json", name="--json", value=text[:100]) from error


def run(arguments: argparse.Namespace) -> int:
    """Do it, or list what can be done. Refusals are told by the command line with their code."""
    from gisapp.errors import GisError
    from gisapp.history.recording import recorded
    from layers.fibre.services import action_named, perform

    if not arguments.name:
        return _listed()
    action: Action = action_named(arguments.name)
    with recorded("command", reason=arguments.reason):
        try:
            told = perform(action, _sent(arguments.arguments), dry=arguments.dry)
        except GisError as refused:
            if refused.values.get("hint"):
                sys.stderr.write(f"{refused.values['hint']}\n")
            raise
    sys.stdout.write(json.dumps(told, ensure_ascii=False, default=str) + "\n")
    return 0
