"""`gisapp history OBJECT` and `gisapp revert CHANGE`."""

import argparse
import json
import uuid
from typing import Any

from gisapp.commands.command import Command


def _history_arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    parser.add_argument("object", metavar="EBENE/SCHLÜSSEL", help=_("zum Beispiel notes/12"))
    parser.add_argument("--json", action="store_true")


def _parts(text: str) -> tuple[str, str]:
    from gisapp.errors import BadInput

    name, _slash, key = text.partition("/")
    if not name or not key:
        raise BadInput("bad-value", name="object", value=text[:100])
    return name, key


def _history(arguments: argparse.Namespace) -> int:
    from gisapp.accounts.roles import System
    from gisapp.history.story import doors, story
    from gisapp.layer import get

    name, key = _parts(arguments.object)
    layer = get(name, System())
    changes = story(layer, System(), key)
    if arguments.json:
        told: list[dict[str, Any]] = [
            {
                "event": one.state.event, "kind": one.state.kind, "when": one.state.when.isoformat(),
                "change": str(one.state.change) if one.state.change else None, **one.state.told,
                "fields": list(one.fields), "moved": one.moved, "properties": one.state.values,
                "geometry": json.loads(one.state.geometry) if one.state.geometry else None,
            }
            for one in changes
        ]  # fmt: skip
        print(json.dumps({"layer": name, "id": key, "changes": told}, ensure_ascii=False, default=str))
        return 0
    for one in changes:
        who = one.state.told.get("user") or one.state.told.get("login") or ""
        door = doors().get(one.state.told["door"], "")
        print(
            f"{one.state.when:%Y-%m-%d %H:%M}  {one.state.kind:8} {door} {who} {one.state.told.get('reason', '')}".rstrip()
        )
        for field in one.fields:
            old = one.before.values.get(field) if one.before else None
            print(f"    {field}: {'' if old is None else old} → {one.state.values.get(field)}")
    return 0


def _revert_arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    parser.add_argument("change", metavar="ÄNDERUNG", help=_("die Kennung, die der Import oder die Geschichte nennt"))
    parser.add_argument("--note", default="", help=_("warum; steht in der Geschichte"))
    parser.add_argument("--json", action="store_true")


def _revert(arguments: argparse.Namespace) -> int:
    from gisapp.accounts.roles import System
    from gisapp.errors import BadInput
    from gisapp.history.recording import recorded
    from gisapp.history.reverting import revert_all

    try:
        change = uuid.UUID(arguments.change)
    except ValueError as reason:
        raise BadInput("bad-value", name="change", value=arguments.change[:60]) from reason
    with recorded("command", reason=arguments.note, reverts=str(change)):
        done = revert_all(System(), change)
    if arguments.json:
        print(json.dumps({"reverted": done}))
    else:
        print("\n".join(f"{name}: {count}" for name, count in done.items()))
    return 0


HISTORY = Command("history", "Die Geschichte eines Objekts zeigen", _history, _history_arguments)
REVERT = Command("revert", "Eine Änderung, etwa einen ganzen Import, zurücknehmen", _revert, _revert_arguments)
