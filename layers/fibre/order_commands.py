"""`gisapp fibre order`: work orders on the command line, with every right and every rule."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

VERBS = ("list", "show", "create", "rehearse", "approve", "issue", "reopen", "cancel", "complete")


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`order list|show|create|rehearse|approve|issue|reopen|cancel|complete [NAME]`."""
    from django.utils.translation import gettext as _

    order = verbs.add_parser("order", help=_("Aufträge: entwerfen, proben, genehmigen, ausführen"))
    order.add_argument("what", choices=VERBS)
    order.add_argument("name", metavar="NAME", nargs="?", default="", help=_("Nummer des Auftrags, oder netz|nummer"))
    order.add_argument("--network", default="", metavar="KEY", help=_("Kürzel des Netzes"))
    order.add_argument("--title", default="", help=_("Bezeichnung"))
    order.add_argument(
        "--steps", default="", metavar="FILE", help=_('JSON-Datei: [{"action": …, "arguments": {…}}, …]')
    )
    order.add_argument("--accept", action="store_true", help=_("auch wenn etwas anderes herauskommt als genehmigt"))
    order.add_argument("--json", action="store_true", help=_("ein JSON-Objekt statt Text"))


def _create(arguments: argparse.Namespace) -> dict[str, Any]:
    from gisapp.errors import BadInput
    from gisapp.history.recording import recorded
    from layers.fibre import drafts
    from layers.fibre.order_views import plain
    from layers.fibre.services import action_named

    try:
        sent = json.loads(Path(arguments.steps).read_text()) if arguments.steps else []
        steps = [{"action": str(one["action"]), "arguments": one.get("arguments", {})} for one in sent]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput("bad-value", field="--steps", name="--steps", value=str(error)[:100]) from error
    for one in steps:
        action_named(one["action"])
    head = {"network": arguments.network, "name": arguments.name, "title": arguments.title}
    with recorded("command"):
        return plain(drafts.make(None, {**head, "steps": steps}))


def run(arguments: argparse.Namespace) -> int:
    """Refusals are told by the command line with their code."""
    from layers.fibre import orders
    from layers.fibre.models import WorkOrder
    from layers.fibre.order_views import VERBS as DO
    from layers.fibre.order_views import plain

    if arguments.what == "list":
        rows = WorkOrder.objects.select_related("network").order_by("network__key", "name")
        return _say([plain(one, whole=False) for one in rows], arguments.json)
    if arguments.what == "create":
        return _say(_create(arguments), arguments.json)
    order = orders.find(arguments.name)
    if arguments.what == "show":
        return _say(plain(order), arguments.json)
    told = DO[arguments.what][0](order, None, arguments.accept)
    order.refresh_from_db()
    return _say({"order": order.name, "state": order.state, **told}, arguments.json)


def _say(told: Any, as_json: bool) -> int:
    sys.stdout.write((json.dumps(told, ensure_ascii=False, default=str) if as_json else _in_words(told)) + "\n")
    return 0


def _in_words(told: Any) -> str:
    if isinstance(told, list):
        return "\n".join(f"{one['network']}|{one['name']}  {one['state']:<10} {one['title']}" for one in told)
    lines = [f"{told.get('order', told.get('name'))}  {told['state']}"]
    lines += [
        f"  {one['ordinal']}. {one['action']} {json.dumps(one['arguments'], ensure_ascii=False)}"
        for one in told.get("steps", [])
    ]
    if told.get("stop"):
        lines.append(f"  ! {told['stop']['step']}. {told['stop']['message']} [{told['stop']['code']}]")
    marks = {"add": "+", "change": "~", "remove": "-"}
    lines += [
        f"  {marks[one['what']]} {one['table']} {one['new'].get('name') or one['old'].get('name') or one['key']}"
        for one in told.get("changes", [])
    ]
    lines += [f"  = {one['order']} {one['title']}: {len(one['objects'])}" for one in told.get("competing", [])]
    return "\n".join(lines)
