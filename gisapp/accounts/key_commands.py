"""`gisapp keys`: the keys under which the database's secrets are encrypted."""

import argparse
import json

from gisapp.commands.command import Command


def _arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, text in (
        ("check", _("sagt, ob sich alles lesen lässt")),
        ("rotate", _("verschlüsselt alles neu mit dem ersten Schlüssel aus DATA_KEYS")),
        ("new", _("nennt einen neuen Schlüssel")),
    ):
        verbs.add_parser(name, help=text).add_argument("--json", action="store_true")


def _run(arguments: argparse.Namespace) -> int:
    """Exit code 1 where something cannot be read."""
    import secrets

    from django.utils.translation import gettext as _

    from gisapp.accounts import data_keys

    if arguments.verb == "new":
        made = secrets.token_urlsafe(32)
        print(json.dumps({"key": made}) if arguments.json else made)
        return 0
    if arguments.verb == "rotate":
        done, lost = data_keys.rotate()
    else:
        unreadable = list(data_keys.unreadable())
        done, lost = data_keys.count() - len(unreadable), sorted(set(unreadable))
    if arguments.json:
        print(json.dumps({"ok": not lost, "readable": done, "unreadable": lost}, ensure_ascii=False))
        return 1 if lost else 0
    text = _("%(count)d neu verschlüsselt") if arguments.verb == "rotate" else _("%(count)d lesbar")
    print(text % {"count": done})
    for email in lost:
        print(_("Nicht lesbar: %(email)s. Abhilfe: den früheren Schlüssel in DATA_KEYS anhängen, oder gisapp user "
                "reset-factor %(email)s") % {"email": email})  # fmt: skip
    return 1 if lost else 0


KEYS = Command("keys", "Schlüssel, mit denen Geheimnisse in der Datenbank verschlüsselt sind", _run, _arguments)
