"""`gisapp check`: a table of every part, and what mends the missing ones. Exit code 1 when a needed part fails."""

import argparse
import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from gisapp.commands.command import Command

if TYPE_CHECKING:
    from gisapp.checks import Part


def _arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    parser.add_argument("--json", action="store_true", help=_("ein JSON-Objekt statt der Tabelle"))
    parser.add_argument(
        "--installation", action="store_true", help=_("was auf dieser Installation noch einzurichten ist")
    )
    parser.add_argument("--services", action="store_true", help=_("auch die Dienste fragen, die die Karte einbindet"))


def _parts(services: bool) -> "Iterator[Part]":
    """All parts; the private cluster runs meanwhile, and its own complaint is the database's line."""
    from gisapp import checks, cluster

    yield from checks.software()
    own = not os.environ.get("DATABASE_URL")
    try:
        with cluster.in_use() if own else contextlib.nullcontext():
            yield from list(checks.database())
            _close()
    except cluster.ClusterError as error:
        yield checks.unreachable(str(error))
    yield from checks.programs()
    if services:
        yield from checks.services()


def _close() -> None:
    from django.db import connections

    connections.close_all()


def _table(parts: "list[Part]") -> None:
    from django.utils.translation import gettext as _
    from rich import box
    from rich.console import Console
    from rich.table import Table

    words = {"ok": "ok", "missing": _("fehlt"), "too-old": _("zu alt"), "wrong": _("falsch")}
    table = Table(box=box.SIMPLE_HEAD)
    for heading in (_("Teil"), _("gefunden"), _("gebraucht"), "", _("Abhilfe")):
        table.add_column(heading, overflow="fold")
    for part in parts:
        colour = "green" if part.state == "ok" else "red" if part.required else "yellow"
        remedy = "" if part.state == "ok" else part.remedy
        table.add_row(part.title, part.found, part.needed, f"[{colour}]{words[part.state]}[/]", remedy)
    Console(width=None if os.isatty(1) else 160).print(table)


def _installation(as_json: bool) -> int:
    """What the operators' page shows. Exit code 1 when something is missing."""
    from django.utils.translation import gettext as _

    from gisapp import cluster
    from gisapp.status import setup

    with contextlib.nullcontext() if os.environ.get("DATABASE_URL") else cluster.in_use():
        found = setup.items()
        _close()
    ok = not any(one.state in (setup.CRITICAL, setup.MISSING) for one in found)
    if as_json:
        print(json.dumps({"ok": ok, "items": [asdict(one) for one in found]}, ensure_ascii=False))
        return 0 if ok else 1
    words = {"ok": "ok", "recommended": _("empfohlen"), "missing": _("fehlt"), "critical": _("dringend")}
    for one in found:
        print(f"{words[one.state]:<10} {one.title}: {one.found}{'  → ' if one.remedy else ''}{one.remedy}")
    return 0 if ok else 1


def _run(arguments: argparse.Namespace) -> int:
    from django.utils import translation

    from gisapp import terminal

    with translation.override(terminal.language()):
        if arguments.installation:
            return _installation(arguments.json)
        parts = list(_parts(arguments.services))
        ok = not any(part.fails for part in parts)
        if arguments.json:
            print(json.dumps({"ok": ok, "parts": [asdict(part) for part in parts]}, ensure_ascii=False))
        else:
            _table(parts)
    return 0 if ok else 1


# The cluster is started inside, so that one that does not start is a line of the table and not the end of it.
CHECK = Command("check", "alle Teile: gefunden, gebraucht, Abhilfe", _run, _arguments, needs_database=False)
