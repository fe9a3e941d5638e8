"""A step of a work order as a sentence: what is done to what.

In a template, {name} stands for what was sent for the argument of that name. What is in [brackets] is said only where all its
arguments were sent; a "yes" says no word of its own.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gisapp.layer import Text
from layers.fibre.actions import ACTIONS, Argument, Takes
from layers.fibre.orders import MADE
from layers.fibre.refs import key_of
from layers.fibre.values import KINDS, LIFECYCLE

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_PLACE = re.compile(r"\{(\w+)\}")
_SIDES = {"a": Text("Anfang", "beginning"), "b": Text("Ende", "end")}
_LEGS = {True: Text("Eingang", "input"), False: Text("Ausgang", "output")}

SENTENCES: Mapping[str, Text] = {
    "route": Text("Weg suchen über {nodes}", "Find a way over {nodes}"),
    "lay-between": Text("Rohr[ {name}] ({spec}) von {from} nach {to} verlegen[, über {via}]", "Lay duct[ {name}] ({spec}) from {from} to {to}[, over {via}]"),
    "join-segments": Text("Abzweig {node} herausnehmen: aus zwei Trassen wird eine", "Take out branch {node}: two segments become one"),
    "cut-tube": Text("Röhrchen {tube} bei {node} schneiden", "Cut tube {tube} at {node}"),
    "mend-tube": Text("Schnitt des Röhrchens {tube} bei {node} zurücknehmen", "Mend the cut of tube {tube} at {node}"),
    "open-tube": Text("Röhrchen {tube} bei {node} über dem Kabel öffnen und mit {fitting} schließen",
                      "Open tube {tube} over its cable at {node} and close it with {fitting}"),
    "couple": Text("{fitting} bei {node} auf Röhrchen {tube} setzen[ ({lead})][ und mit {other_tube} verbinden][ ({other_lead})]",
                   "Put {fitting} at {node} on tube {tube}[ ({lead})][ and join it to {other_tube}][ ({other_lead})]"),
    "uncouple": Text("Verbinder bei {node} vom Röhrchen {tube} abnehmen[ ({lead})]", "Take the fitting at {node} off tube {tube}[ ({lead})]"),
    "enter": Text("Kabel {cable} in {enclosure} einführen", "Take cable {cable} into {enclosure}"),
    "cut-fibres": Text("Kabel {cable} in {enclosure} öffnen und die Fasern {fibres} schneiden", "Open cable {cable} in {enclosure} and cut the fibres {fibres}"),
    "mend-fibres": Text("Schnitt der Fasern {fibres} des Kabels {cable} in {enclosure} zurücknehmen", "Mend the fibres {fibres} of cable {cable} in {enclosure}"),
    "blow": Text("Kabel {cable} einblasen[, über {via}]", "Blow in cable {cable}[, over {via}]"),
    "place-cable": Text("Kabel[ {name}] ({spec})[ von {from}][ von {from_enclosure}][ nach {to}][ nach {to_enclosure}] anlegen und einblasen[, über {via}]",
                        "Make cable[ {name}] ({spec})[ from {from}][ from {from_enclosure}][ to {to}][ to {to_enclosure}] and blow it in[, over {via}]"),
    "pull-out": Text("Kabel {cable} ausziehen[{delete} und löschen]", "Pull out cable {cable}[{delete} and delete it]"),
    "pull-back": Text("Kabel {cable} am {end} bis {node} zurückziehen", "Pull cable {cable} back to {node} at its {end}"),
    "splice": Text("Faser {cable_a}:{fibre_a} mit {cable_b}:{fibre_b} in {enclosure} spleißen[, {many} der Reihe nach][, Kassette {tray}]"
                   "[, Kabel 1 am {lead_a}][, Kabel 2 am {lead_b}]",
                   "Splice fibre {cable_a}:{fibre_a} to {cable_b}:{fibre_b} in {enclosure}[, {many} in a row][, tray {tray}]"
                   "[, cable 1 at its {lead_a}][, cable 2 at its {lead_b}]"),
    "splice-bundle": Text("Bündelader {bundle_a} von {cable_a} mit Bündelader {bundle_b} von {cable_b} in {enclosure} spleißen[, Kassette {tray}]"
                          "[, Kabel 1 am {lead_a}][, Kabel 2 am {lead_b}]",
                          "Splice loose tube {bundle_a} of {cable_a} to loose tube {bundle_b} of {cable_b} in {enclosure}[, tray {tray}]"
                          "[, cable 1 at its {lead_a}][, cable 2 at its {lead_b}]"),
    "unsplice": Text("Verbindung der Faser {cable}:{fibre} in {enclosure} lösen[, {many} der Reihe nach][ ({lead})]",
                     "Take apart fibre {cable}:{fibre} in {enclosure}[, {many} in a row][ ({lead})]"),
    "pigtail": Text("Faser {cable}:{fibre} auf Port {port} von {enclosure} legen[, {many} der Reihe nach][, Kassette {tray}][ ({lead})]",
                    "Splice fibre {cable}:{fibre} to port {port} of {enclosure}[, {many} in a row][, tray {tray}][ ({lead})]"),
    "patch": Text("Patchkabel von {port_a} nach {port_b} stecken", "Plug a patch cord from {port_a} to {port_b}"),
    "unpatch": Text("Patchkabel aus {port} ziehen", "Pull the patch cord out of {port}"),
    "splice-leg": Text("Faser {cable}:{fibre} auf {input} {leg} des Splitters {splitter} spleißen[, Kassette {tray}][ ({lead})]",
                       "Splice fibre {cable}:{fibre} to {input} {leg} of splitter {splitter}[, tray {tray}][ ({lead})]"),
    "swap": Text("Je ein Ende der Verbindungen {joint_a} und {joint_b} tauschen", "Exchange an end each of the joints {joint_a} and {joint_b}"),
    "replace-enclosure": Text("Gehäuse {enclosure} durch {spec} ersetzen, mit allem darin", "Replace enclosure {enclosure} by {spec}, with everything in it"),
    "connect-house": Text("Haus[ {name}][ am Gebäudeknoten {house}][ bei {place}][, Anschlussobjekt {premises}][, Adresse {address}] anschließen[, an Rohr {duct}]"
                          "[, vom Verteiler {cabinet}][, Rohr {lead_in}][ {duct_name}][, HÜP {box}][ {box_name}][, Kabel {cable_spec}][ {cable_name}][ aus {serving_box}]"
                          "[, bis {reach} m]",
                          "Connect house[ {name}][ at building {house}][ at {place}][, premises {premises}][, address {address}][, to duct {duct}]"
                          "[, from cabinet {cabinet}][, pipe {lead_in}][ {duct_name}][, entry box {box}][ {box_name}][, cable {cable_spec}][ {cable_name}][ out of {serving_box}]"
                          "[, up to {reach} m]"),
    "set-lifecycle": Text("{kind} {object}: Stand „{lifecycle}“", "{kind} {object}: state “{lifecycle}”"),
    "remove": Text("{kind} {object} löschen", "Delete {kind} {object}"),
}  # fmt: skip


def keys_in(value: Any) -> set[str]:
    """The keys of objects that a step's arguments name, to be looked up for `names`."""
    if isinstance(value, dict | list):
        return {key for one in (value.values() if isinstance(value, dict) else value) for key in keys_in(one)}
    return {value} if isinstance(value, str) and key_of(value) else set()


def sentence(action: str, arguments: Mapping[str, Any], names: Mapping[str, str] | None = None) -> str:
    """In the active language. `names` are what objects are called by their keys."""
    if action not in ACTIONS:
        return action
    words = {
        one.name: _word(one, arguments[one.name], names or {})
        for one in ACTIONS[action].arguments
        if arguments.get(one.name) not in (None, "", []) and (arguments[one.name] is not False or one.name == "input")
    }
    english = (get_language() or "de").startswith("en")
    text = SENTENCES[action].en if english else SENTENCES[action].de

    def part(found: re.Match[str]) -> str:
        return found[1] if all(one in words for one in _PLACE.findall(found[1])) else ""

    return _PLACE.sub(lambda found: words.get(found[1], "?"), _OPTIONAL.sub(part, text))


def _word(argument: Argument, value: Any, names: Mapping[str, str]) -> str:
    takes = argument.takes
    if isinstance(value, list):
        return ", ".join(_word(argument, one, names) for one in value)
    if takes is Takes.POINT and isinstance(value, dict):
        place = [one for one in value.get("coordinates") or () if isinstance(one, int | float)]
        return f"{place[1]:.5f}, {place[0]:.5f}" if len(place) == 2 else "?"
    if takes is Takes.YES_NO:
        return str(_LEGS[bool(value)]) if argument.name == "input" else ""
    table: Mapping[Any, Any] = {Takes.LEAD: _SIDES, Takes.KIND: KINDS, Takes.LIFECYCLE: LIFECYCLE}.get(takes, {})
    if isinstance(value, str) and value in table:
        return str(table[value])
    made = MADE.fullmatch(value) if isinstance(value, str) else None
    if made:
        return _("(aus Schritt %(number)s)") % {"number": made[1]}
    return names.get(str(value)) or (str(value)[:8] if key_of(str(value)) else str(value))
