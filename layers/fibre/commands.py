"""`gisapp fibre network|do|example|trace|impact`: networks and their questions on the command line, which sees them all."""

import argparse
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from gisapp.commands.command import Command
from gisapp.database import fetch_rows
from gisapp.errors import BadInput, NotFound
from gisapp.history.asof import as_of, parse
from gisapp.layer import all_apps
from layers.fibre import action_commands, networks, order_commands
from layers.fibre.impact import Cut, Impact, impact
from layers.fibre.refs import starts, thing
from layers.fibre.trace import Trace
from layers.fibre.tracing import trace


def _arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True)
    networks.add_verb(verbs)
    action_commands.add_verb(verbs)
    order_commands.add_verb(verbs)
    example = verbs.add_parser("example", help=_("ein angeschlossenes Haus nennen, zum Ausprobieren"))
    example.add_argument("--network", default="", metavar="KEY", help=_("Kürzel des Netzes"))
    tracing = verbs.add_parser("trace", help=_("verfolgen, wohin eine Faser führt"))
    tracing.add_argument(
        "ref", metavar="REF", help=_("Kabel:Faser, Gehäuse/Port, Splitter#Bein, Knoten, Adresse oder Schlüssel")
    )
    hit = verbs.add_parser("impact", help=_("wen es trifft, wenn etwas aufgegraben oder durchtrennt wird"))
    one = hit.add_mutually_exclusive_group(required=True)
    for name, text in (
        ("segment", _("eine Trasse")), ("node", _("ein Netzknoten")), ("duct", _("ein Rohr")), ("cable", _("ein Kabel")),
        ("fibre", _("eine Faser (Kabel:Faser)")),
    ):  # fmt: skip
        one.add_argument(f"--{name}", metavar="REF", help=text)
    one.add_argument("--polygon", metavar="FILE", help=_("Datei mit einer Fläche (GeoJSON, Shape, GeoPackage ...)"))
    for sub in (tracing, hit):
        sub.add_argument("--as-of", default="", metavar="WHEN", help=_("wie es damals war: Datum oder Zeitpunkt"))
    for sub in (example, tracing, hit):
        sub.add_argument("--json", action="store_true", help=_("ein JSON-Objekt statt Text"))


_EXAMPLE = """
SELECT e.name || '/' || p.number
  FROM fibre_port p
  JOIN fibre_enclosure e ON e.id = p.enclosure_id
  JOIN fibre_network n ON n.id = e.network_id AND (%(net)s = '' OR n.key = %(net)s)
  JOIN fibre_enclosurespec s ON s.key = e.spec_id AND s.kind IN ('huep', 'outlet')
  JOIN fibre_jointend j ON j.port_id = p.id AND j.side = 'a'
 ORDER BY n.key, e.name, p.number LIMIT 200
"""


def _example(arguments: argparse.Namespace) -> int:
    """The first house whose fibre reaches something at both ends."""
    for (ref,) in fetch_rows(_EXAMPLE, {"net": arguments.network}):
        if all(one.complete for one in trace(starts(ref), geometry=False)):
            return _say({"ref": ref}, arguments.json, ref)
    raise NotFound("fibre-no-example")


def _trace(arguments: argparse.Namespace) -> int:
    found = trace(starts(arguments.ref), geometry=arguments.json)
    if not found:
        raise NotFound("fibre-unknown", ref=arguments.ref)
    plain = [one.plain() for one in found]
    # One start, one answer; of a cable or a house each fibre has its own.
    answer = (
        plain[0]
        if len(plain) == 1
        else {"start": arguments.ref, "traces": plain, "complete": all(one["complete"] for one in plain)}
    )
    return _say(answer, arguments.json, "\n\n".join(_in_words(one) for one in found))


def _in_words(found: Trace) -> str:
    lines = [f"{found.start}: {_('vollständig') if found.complete else _('nicht vollständig')}"]
    for hop in found.hops:
        length = "" if hop.length_m is None else f"{hop.length_m:9.1f} m"
        loss = "" if hop.loss_db is None else f"{hop.loss_db:6.2f} dB"
        colour = ", ".join(one for one in (hop.bundle_colour, hop.colour) if one)
        place = "" if hop.tray is None else _("Kassette {tray}, Platz {slot}").format(tray=hop.tray, slot=hop.slot)
        lines.append(f"  {hop.kind:<9}{hop.name:<24}{length:>11}{loss:>10}  {colour or place}".rstrip())
    for path in found.paths:
        losses = ", ".join(f"{key} nm {value:.2f} dB" for key, value in path.loss_db.items() if value is not None)
        length = _("unbekannt") if path.length_m is None else f"{path.length_m:.1f} m"
        lines.append(f"  {path.begin.name} - {path.end.name}: {length}  {losses}")
    lines += [f"  {one.place}: {one.text}" for one in found.ends if not one.complete]
    return "\n".join(lines)


def _cut(arguments: argparse.Namespace) -> Cut:
    if arguments.polygon:
        read = next(app.boundary for app in all_apps() if app.boundary)
        return Cut(polygon=read(Path(arguments.polygon), "", "").ewkt)
    if arguments.fibre:
        pieces = [one for one in starts(arguments.fibre) if one.kind == "fibre"]
        if not pieces:
            raise BadInput("fibre-unknown", ref=arguments.fibre)
        return Cut(pieces=[one.id for one in pieces])
    found = Cut()
    lists = {"segment": found.segments, "node": found.nodes, "duct": found.ducts, "cable": found.cables}
    table = next(one for one in lists if getattr(arguments, one))
    lists[table].append(thing(getattr(arguments, table), None, table).id)
    return found


def _impact(arguments: argparse.Namespace) -> int:
    found = impact(_cut(arguments))
    return _say(found.plain(), arguments.json, _hit_in_words(found))


def _hit_in_words(found: Impact) -> str:
    titles = {
        "circuits": _("Schaltungen"), "premises": _("Anschlussobjekte"), "cables": _("Kabel"), "ducts": _("Rohre"),
        "segments": _("Trassen"),
    }  # fmt: skip
    lines = [_("Belegte Fasern: {count}").format(count=found.fibres)]
    for name, title in titles.items():
        rows = getattr(found, name)
        lines.append(f"{title}: {len(rows)}")
        lines += [f"  {one.name}" for one in rows]
    return "\n".join(lines)


def _say(answer: dict[str, Any], as_json: bool, words: str) -> int:
    sys.stdout.write((json.dumps(answer, ensure_ascii=False, default=str) if as_json else words) + "\n")
    return 0


_VERBS = {
    "network": networks.run,
    "do": action_commands.run,
    "order": order_commands.run,
    "example": _example,
    "trace": _trace,
    "impact": _impact,
}


def _run(arguments: argparse.Namespace) -> int:
    when = getattr(arguments, "as_of", "")
    with as_of(parse(when)) if when else nullcontext():
        return _VERBS[arguments.verb](arguments)


FIBRE = Command("fibre", "Glasfasernetz: Netze, Verfolgung, Auswirkungen", _run, _arguments)
