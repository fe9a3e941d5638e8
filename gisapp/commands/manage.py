"""`gisapp manage ...`: Django's own commands, with the private cluster running."""

import argparse

from gisapp.commands.command import Command


def _arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    parser.add_argument("rest", nargs=argparse.REMAINDER, help=_("ein Befehl von Django und was er braucht"))


def _run(arguments: argparse.Namespace) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["gisapp manage", *arguments.rest])
    return 0


MANAGE = Command("manage", "Die Befehle von Django selbst", _run, _arguments)
