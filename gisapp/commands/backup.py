"""`gisapp backup` and `gisapp restore`: everything into one file, and back.

Exit codes: 0 success, 1 refused or failed, 2 wrong usage.
"""

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from gisapp.commands.command import Command


def _backup_arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    what = parser.add_mutually_exclusive_group()
    what.add_argument("--verify", action="store_true", help=_("die Datei probehalber einspielen und zählen"))
    what.add_argument(
        "--new-key", action="store_true", help=_("stattdessen einen neuen Schlüssel in diese Datei schreiben")
    )
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--encrypt-to", default="", metavar="SCHLÜSSEL", help=_("öffentlicher Schlüssel (age1…) oder Datei")
    )
    parser.add_argument("--key", type=Path, help=_("Datei mit dem geheimen Schlüssel, zum Lesen mit --verify"))
    parser.add_argument("--force", action="store_true", help=_("eine vorhandene Datei ersetzen"))
    parser.add_argument("--json", action="store_true")


def _restore_arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    parser.add_argument("file", type=Path)
    parser.add_argument("--key", type=Path, help=_("Datei mit dem geheimen Schlüssel"))
    parser.add_argument("--force", action="store_true", help=_("vorhandene Daten durch die Sicherung ersetzen"))
    parser.add_argument("--keep-old", action="store_true", help=_("die alte Datenbank und die alten Dateien aufheben"))
    parser.add_argument("--json", action="store_true")


def _told(as_json: bool, do: Callable[[], dict[str, Any]]) -> int:
    """Do it and say what came of it, as a line for people or an object for programs."""
    from django.db import DatabaseError
    from django.utils import translation
    from psycopg import Error

    from gisapp import terminal
    from gisapp.backup.errors import BackupError
    from gisapp.errors import GisError
    from gisapp.observe.redaction import told

    with translation.override(terminal.language()):
        try:
            found = do()
        except (GisError, DatabaseError, Error) as caught:
            error = caught if isinstance(caught, GisError) else BackupError(reason=told(caught))
            if as_json:
                print(json.dumps({"ok": False, "code": error.code, "text": error.text()}, ensure_ascii=False))
            else:
                print(f"gisapp: {error}", file=sys.stderr)
            return 1
    if as_json:
        print(json.dumps({"ok": True, **found}, ensure_ascii=False))
    else:
        print("  ".join(f"{name}: {value}" for name, value in found.items() if not isinstance(value, dict)))
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    from gisapp.backup import restoring, saving, sealing

    if arguments.new_key:
        return _told(arguments.json, lambda: {"file": str(arguments.file), "public": sealing.new_key(arguments.file)})
    if arguments.verify:
        return _told(arguments.json, lambda: restoring.verify(arguments.file, arguments.key))
    return _told(
        arguments.json, lambda: saving.save(arguments.file.absolute(), force=arguments.force, to=arguments.encrypt_to)
    )


def _restore(arguments: argparse.Namespace) -> int:
    from gisapp.backup import restoring
    from gisapp.commands.setup import say

    return _told(
        arguments.json,
        lambda: restoring.restore(
            arguments.file, arguments.key, force=arguments.force, keep_old=arguments.keep_old,
            say=partial(print, file=sys.stderr) if arguments.json else say,
        ),
    )  # fmt: skip


BACKUP = Command("backup", "Alles in eine Datei sichern; --verify prüft eine", _backup, _backup_arguments)
RESTORE = Command("restore", "Eine Sicherung einspielen", _restore, _restore_arguments)
