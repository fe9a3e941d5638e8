"""`gisapp banner ...` and `gisapp maintenance ...`."""

import argparse
import json
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gisapp.commands.command import Command

if TYPE_CHECKING:
    from gisapp.status.maintenance import State


def moment(text: str) -> datetime:
    """A moment as ISO 8601; without an offset it is this machine's zone. Raises ValueError."""
    from django.utils import timezone

    found = datetime.fromisoformat(text)
    return found if found.tzinfo else timezone.make_aware(found)


def _banner_arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    verbs = parser.add_subparsers(dest="verb", required=True)
    put = verbs.add_parser("set", help=_("Banner zeigen, anstelle des jetzigen"))
    put.add_argument("--text-de", required=True, metavar="TEXT")
    put.add_argument("--text-en", required=True, metavar="TEXT")
    put.add_argument("--level", choices=("info", "warning", "disruption"), default="info")
    put.add_argument("--from", dest="since", type=moment, metavar="ZEIT", help=_("ab (JJJJ-MM-TTTHH:MM)"))
    put.add_argument("--until", type=moment, metavar="ZEIT", help=_("bis (JJJJ-MM-TTTHH:MM)"))
    gone = verbs.add_parser("clear", help=_("Banner entfernen"))
    gone.add_argument("--everywhere", action="store_true", help=_("die aller Mandanten"))
    show = verbs.add_parser("show", help=_("alle Banner, die gezeigt werden oder noch kommen"))
    for one in (put, gone):
        one.add_argument("--tenant", metavar="KEY", help=_("nur auf der Seite dieses Mandanten"))
    for one in (put, gone, show):
        one.add_argument("--json", action="store_true")


def _print(told: dict[str, Any], line: str, as_json: bool) -> int:
    print(json.dumps(told, ensure_ascii=False) if as_json else line)
    return 0


def _set(arguments: argparse.Namespace) -> int:
    from django.utils.translation import gettext as _

    from gisapp.fields import Text
    from gisapp.status import announcing

    text = Text(arguments.text_de.strip(), arguments.text_en.strip())
    tenant = announcing.of(arguments.tenant)
    banner, new = announcing.announce(text, arguments.level, tenant, arguments.since, arguments.until)
    told = {"id": banner.pk, "level": banner.level, "tenant": arguments.tenant, "changed": new}
    line = _("Das Banner wird gezeigt.") if new else _("Unverändert: Das Banner wird schon gezeigt.")
    return _print(told, line, arguments.json)


def _clear(arguments: argparse.Namespace) -> int:
    from django.utils.translation import gettext as _

    from gisapp.status import announcing

    count = announcing.clear(announcing.of(arguments.tenant), everywhere=arguments.everywhere)
    return _print({"cleared": count}, _("%(count)d Banner entfernt") % {"count": count}, arguments.json)


def _show(arguments: argparse.Namespace) -> int:
    from gisapp.status.live import live
    from gisapp.tenants.directory import directory

    names = {one.id: one.key for one in directory().sites}
    found = [{**one.as_dict(), "tenant": names.get(one.tenant or 0)} for one in live().banners]
    if arguments.json:
        return _print({"banners": found}, "", True)
    for one in found:
        print(f"{one['level']}  {one['tenant'] or '*'}  {one['from']} – {one['until'] or ''}  {one['text']['de']}")
    return 0


def _run_banner(arguments: argparse.Namespace) -> int:
    """Refusals are told by the command line with their code."""
    return {"set": _set, "clear": _clear, "show": _show}[arguments.verb](arguments)


def _maintenance_arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    verbs = parser.add_subparsers(dest="verb", required=True)
    on = verbs.add_parser("on", help=_("Wartung beginnen: Seiten und Schnittstellen antworten mit 503"))
    on.add_argument("--reason", required=True, metavar="TEXT", help=_("warum, für die Besucher"))
    on.add_argument("--reason-en", default="", metavar="TEXT", help=_("dasselbe auf Englisch"))
    on.add_argument("--until", type=moment, metavar="ZEIT", help=_("voraussichtlich bis (JJJJ-MM-TTTHH:MM)"))
    on.add_argument("--read-only", action="store_true", help=_("lesen geht weiter, nur geschrieben wird nicht"))
    off = verbs.add_parser("off", help=_("Wartung beenden"))
    status = verbs.add_parser("status", help=_("ist gerade Wartung?"))
    for one in (on, off, status):
        one.add_argument("--json", action="store_true")


def _database() -> AbstractContextManager[object]:
    """The private cluster while the command runs; that it does not start is no reason not to begin maintenance."""
    import contextlib
    import os
    import sys

    from gisapp import cluster

    stack = contextlib.ExitStack()
    if not os.environ.get("DATABASE_URL"):
        try:
            stack.enter_context(cluster.in_use())
        except cluster.ClusterError as error:
            print(f"gisapp: {error}", file=sys.stderr)
    return stack


def _run_maintenance(arguments: argparse.Namespace) -> int:
    from django.db import connections

    from gisapp.history.recording import recorded

    try:
        with _database(), recorded("command", command="maintenance"):
            return _maintain(arguments)
    finally:
        connections.close_all()


def _maintain(arguments: argparse.Namespace) -> int:
    from django.utils.translation import gettext as _

    from gisapp.fields import Text
    from gisapp.status import maintenance

    if arguments.verb == "status":
        found = maintenance.state()
        return _print(found.as_dict(), _in_words(found), arguments.json)
    if arguments.verb == "off":
        found, _stored = maintenance.put(maintenance.OFF)
        return _print(found.as_dict(), _in_words(found), arguments.json)
    mode = maintenance.READ_ONLY if arguments.read_only else maintenance.FULL
    reason = Text(arguments.reason.strip(), (arguments.reason_en or arguments.reason).strip())
    found, stored = maintenance.put(mode, reason, arguments.until)
    told = found.as_dict() | {"database": stored}
    line = _in_words(found)
    if not stored:
        line += "\n" + _("Die Datenbank antwortet nicht: Das gilt nur auf diesem Rechner.")
    return _print(told, line, arguments.json)


def _in_words(state: "State") -> str:
    from django.utils.translation import gettext as _

    words = {
        "off": _("Keine Wartung."),
        "read-only": _("Wartung: Es wird nur gelesen."),
        "full": _("Wartung: Es wird nichts beantwortet."),
    }
    return " ".join(filter(None, (words[state.mode], str(state.reason) if state.on else "")))


BANNER = Command("banner", "Mitteilung am Kopf aller Seiten", _run_banner, _banner_arguments)
MAINTENANCE = Command(
    "maintenance", "Wartung beginnen, beenden, erfragen", _run_maintenance, _maintenance_arguments, needs_database=False
)
