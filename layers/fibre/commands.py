"""`gisapp fibre network|do|order|example|trace|tube|impact|occupancy`: networks on the command line, which sees them all."""

import argparse
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gisapp.commands.command import Command
from gisapp.database import fetch_rows
from gisapp.errors import BadInput, NotFound
from gisapp.history.asof import as_of, parse
from gisapp.layer import all_apps
from layers.fibre import action_commands, networks, order_commands
from layers.fibre.impact import Cut, Impact, impact
from layers.fibre.occupancy import KINDS, Occupancy, occupancy
from layers.fibre.refs import starts, thing, tubes
from layers.fibre.taken import Counts
from layers.fibre.trace import Trace
from layers.fibre.tracing import trace
from layers.fibre.tubetrace import Piece, TubeWay, tube_ways


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
    leads = verbs.add_parser("tube", help=_("verfolgen, wohin ein Röhrchen durch Verbinder und Abzweige führt"))
    leads.add_argument("ref", metavar="REF", help=_("Rohr:Röhrchen, Rohr oder Schlüssel"))
    hit = verbs.add_parser("impact", help=_("wen es trifft, wenn etwas aufgegraben oder durchtrennt wird"))
    one = hit.add_mutually_exclusive_group(required=True)
    for name, text in (
        ("segment", _("eine Trasse")), ("node", _("ein Netzknoten")), ("duct", _("ein Rohr")), ("cable", _("ein Kabel")),
        ("fibre", _("eine Faser (Kabel:Faser)")),
    ):  # fmt: skip
        one.add_argument(f"--{name}", metavar="REF", help=text)
    one.add_argument("--polygon", metavar="FILE", help=_("Datei mit einer Fläche (GeoJSON, Shape, GeoPackage ...)"))
    full = verbs.add_parser("occupancy", help=_("sagen, was belegt und was frei ist"))
    full.add_argument(
        "ref", nargs="+", metavar="REF", help=_("Trasse, Rohr, Kabel, Gehäuse, Netzknoten, Gemeinde oder Netz")
    )
    full.add_argument("--what", choices=KINDS, default="", help=_("was gemeint ist, wenn mehreres so heißt"))
    for sub in (tracing, leads, hit, full):
        sub.add_argument("--as-of", default="", metavar="WHEN", help=_("wie es damals war: Datum oder Zeitpunkt"))
    for sub in (example, tracing, leads, hit, full):
        sub.add_argument("--json", action="store_true", help=_("ein JSON-Objekt statt Text"))


_EXAMPLE = """
SELECT e.name || '/' || p.number, a.street_name || ' ' || a.house_number || ', ' || a.postcode || ' ' || a.locality
  FROM fibre_port p
  JOIN fibre_enclosure e ON e.id = p.enclosure_id
  JOIN fibre_network n ON n.id = e.network_id AND (%(net)s = '' OR n.key = %(net)s)
  JOIN fibre_enclosurespec s ON s.key = e.spec_id AND s.kind IN ('huep', 'outlet')
  JOIN fibre_jointend j ON j.port_id = p.id AND j.side = 'a'
  LEFT JOIN LATERAL (SELECT address_id FROM fibre_premises WHERE node_id = e.node_id ORDER BY address_id LIMIT 1) o ON true
  LEFT JOIN regions_address a ON a.id = o.address_id AND a.retired_at IS NULL
 ORDER BY n.key, e.name, p.number LIMIT 200
"""


def _example(arguments: argparse.Namespace) -> int:
    """The first house whose fibre reaches something at both ends, and its address where that is known."""
    for ref, address in fetch_rows(_EXAMPLE, {"net": arguments.network}):
        if all(one.complete for one in trace(starts(ref), geometry=False)):
            return _say({"ref": ref, "address": address}, arguments.json, "\n".join(filter(None, (ref, address))))
    raise NotFound("fibre-no-example")


def _trace(arguments: argparse.Namespace) -> int:
    found = trace(starts(arguments.ref), geometry=arguments.json)
    if not found:
        raise NotFound("fibre-unknown", ref=arguments.ref)
    plain = [one.plain() for one in found]
    # One start, one answer. Of a cable or a house each fibre has its own; the answer as a whole is that of the first which
    # breaks off.
    answer = next((one for one in plain if not one["complete"]), plain[0])
    if len(plain) > 1:
        answer = {**answer, "start": arguments.ref, "traces": plain}
    return _say(answer, arguments.json, "\n\n".join(_in_words(one) for one in found))


def _tube(arguments: argparse.Namespace) -> int:
    found = tube_ways(tubes(arguments.ref))
    return _say(
        {"ref": arguments.ref, "ways": [one.plain() for one in found]},
        arguments.json,
        "\n\n".join(map(_way_in_words, found)),
    )


def _way_in_words(found: TubeWay) -> str:
    lines = [f"{found.start}: {found.length_m:.1f} m"]
    for hop in found.hops:
        if isinstance(hop, Piece):
            cables = ", ".join(hop.cables) or _("leer")
            lines.append(f"  {hop.name:<24}{hop.length_m:>9.1f} m  {hop.begins_at} - {hop.ends_at}  {cables}")
        else:
            lines.append(f"  {hop.text} {hop.name}, {hop.node}")
    lines += [f"  {one.place}: {one.text}" for one in found.ends]
    return "\n".join(lines)


def _in_words(found: Trace) -> str:
    lines = [f"{found.start}: {_('vollständig') if found.complete else _('nicht vollständig')}"]
    for hop in found.hops:
        length = "" if hop.length_m is None else f"{hop.length_m:9.1f} m"
        loss = "" if hop.loss_db is None else f"{hop.loss_db:6.2f} dB"
        colour = ", ".join(one for one in (hop.bundle_colour, hop.colour) if one)
        place = "" if hop.tray is None else _("Kassette {tray}, Platz {slot}").format(tray=hop.tray, slot=hop.slot)
        lines.append(f"  {hop.kind:<9}{hop.name:<24}{length:>11}{loss:>10}  {colour or place}".rstrip())
    for path in found.paths:
        losses = ", ".join(
            f"{one.wavelength} nm {one.loss_db:.2f} dB" for one in path.optics if one.loss_db is not None
        )
        length = _("unbekannt") if path.length_m is None else f"{path.length_m:.1f} m"
        lines.append(f"  {path.begin.name} - {path.end.name}: {length}  {losses}")
        for one in path.optics:
            if one.budget:
                why = f" ({one.why})" if one.why else ""
                lines.append(
                    f"    {path.optics_class}, {one.wavelength} nm: {one.budget.most_db:.1f} dB, {one.word}{why}"
                )
    lines += [f"  {one.place}: {one.text}" for one in found.ends if not one.complete]
    return "\n".join(lines)


def _cut(arguments: argparse.Namespace) -> Cut:
    if arguments.polygon is not None:
        read = next(app.boundary for app in all_apps() if app.boundary)
        return Cut(polygon=read(Path(arguments.polygon), "", "").ewkt)
    if arguments.fibre is not None:
        pieces = [one for one in starts(arguments.fibre) if one.kind == "fibre"]
        if not pieces:
            raise BadInput("fibre-unknown", ref=arguments.fibre)
        return Cut(pieces=[one.id for one in pieces])
    found = Cut()
    lists = {"segment": found.segments, "node": found.nodes, "duct": found.ducts, "cable": found.cables}
    table = next(one for one in lists if getattr(arguments, one) is not None)
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


def _occupancy(arguments: argparse.Namespace) -> int:
    found = occupancy(arguments.ref, kind=arguments.what)
    plain = [one.plain() for one in found]
    answer = plain[0] if len(plain) == 1 else {"objects": plain}
    return _say(answer, arguments.json, "\n\n".join(_full_in_words(one) for one in found))


def _counted(title: str, counts: Counts) -> str:
    return f"  {title}: {counts.total} ({', '.join(f'{number} {word}' for _state, word, number in counts.shown)})"


def _full_in_words(found: Occupancy) -> str:
    lines = [found.name]
    ducts = found.section.ducts if found.section else [found.duct] if found.duct else []
    for duct in ducts:
        lines += [_counted(f"{duct.name}, {duct.product}", duct.counts)]
        for tube in duct.tubes:
            cables = ", ".join(one.name or one.organisation for one in tube.cables)
            colour = tube.shade.word(get_language() or "de") if tube.shade else ""
            lines.append(f"    {tube.position:>3} {colour:<24}{tube.word:<14}{cables}".rstrip())
    tubes, fibres = (found.section.tubes, found.section.fibres) if found.section else (found.tubes, found.fibres)
    lines += [_counted(_("Röhrchen"), tubes)] if tubes.total else []
    lines += [_counted(_("Fasern"), fibres)] if fibres.total else []
    if found.places:
        for title, (total, used) in (
            (_("Plätze in Kassetten"), found.places.tray_places), (_("Ports"), found.places.ports),
            (_("Beine von Splittern"), found.places.legs),
        ):  # fmt: skip
            lines += (
                [_("  {title}: {total}, davon {used} belegt").format(title=title, total=total, used=used)]
                if total
                else []
            )
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
    "tube": _tube,
    "impact": _impact,
    "occupancy": _occupancy,
}


def _run(arguments: argparse.Namespace) -> int:
    when = getattr(arguments, "as_of", "")
    with as_of(parse(when)) if when else nullcontext():
        return _VERBS[arguments.verb](arguments)


FIBRE = Command("fibre", "Glasfasernetz: Netze, Verfolgung, Auswirkungen, Belegung", _run, _arguments)
