"""What a person does to a network, as one table: addresses, OpenAPI, the command and the page of the documentation come from it.

Each action is one function of the database and runs with the rights of whoever asks (`services.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gisapp.layer import Text


class Takes(StrEnum):
    """What an argument is. Objects are named by key or by REF (`refs.py`)."""

    NETWORK = "network"
    NODE = "node"
    NODES = "nodes"
    SEGMENT = "segment"
    DUCT = "duct"
    TUBE = "tube"
    CABLE = "cable"
    ENCLOSURE = "enclosure"
    SPLITTER = "splitter"
    PREMISES = "premises"
    PORT = "port"
    JOINT = "joint"
    DUCT_SPEC = "duct_spec"
    CABLE_SPEC = "cable_spec"
    ENCLOSURE_SPEC = "enclosure_spec"
    FITTING = "fitting"
    ADDRESS = "address"
    POINT = "point"
    NAME = "name"
    NUMBER = "number"
    NUMBERS = "numbers"
    METRES = "metres"
    YES_NO = "yes_no"
    LEAD = "lead"
    KIND = "kind"
    OBJECT = "object"
    LIFECYCLE = "lifecycle"


@dataclass(frozen=True)
class Argument:
    """`parameter` is the function's name for it. Without `required` the function's own default holds. `choices`: of a KIND
    the kinds that there are; an OBJECT is of the kind that the argument "kind" says."""

    name: str
    takes: Takes
    text: Text
    parameter: str
    required: bool = True
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Action:
    """`returns`: "id", "ids", "count", "nothing" or "told" (an object). `asks`: it writes nothing, whoever sees the network may."""

    name: str
    title: Text
    text: Text
    function: str
    arguments: Sequence[Argument]
    returns: str = "nothing"
    asks: bool = False
    answer: Mapping[str, Any] = field(default_factory=dict)


def _one(name: str, takes: Takes, de: str, en: str, parameter: str = "", *, required: bool = True) -> Argument:
    return Argument(name, takes, Text(de, en), parameter or name, required)


def _may(name: str, takes: Takes, de: str, en: str, parameter: str = "") -> Argument:
    return _one(name, takes, de, en, parameter, required=False)


_NETWORK = _one("network", Takes.NETWORK, "Kürzel des Netzes", "key of the network", "net")
_NODE = _one("node", Takes.NODE, "Netzknoten", "node")
_TUBE = _one("tube", Takes.TUBE, "Röhrchen, etwa RV-1:4", "tube, such as RV-1:4")
_BOX = _one("enclosure", Takes.ENCLOSURE, "Gehäuse", "enclosure", "in_enclosure")
_CABLE = _one("cable", Takes.CABLE, "Kabel", "cable", "of_cable")
_FIRST = _one("fibre", Takes.NUMBER, "erste Faser", "first fibre", "first")
_MANY = _may("many", Takes.NUMBER, "wie viele (1)", "how many (1)")
_TRAY = _may(
    "tray", Takes.NUMBER, "Kassette; sonst der nächste freie Platz", "tray; else the next free place", "of_tray"
)
_LEAD = _may(
    "lead",
    Takes.LEAD,
    "welches Ende: zum Anfang (a) oder Ende (b)",
    "which end: towards the beginning (a) or the end (b)",
)
_NUMBERS = _one("fibres", Takes.NUMBERS, "Fasern", "fibres", "numbers")

_ROUTE = (
    Action(
        "route", Text("Weg suchen", "Find a way"),
        Text("Der kürzeste Weg durch Trassen, die es gibt und in denen Platz ist: Trassen, Meter, Linie. Schreibt nichts.",
             "The shortest way through trenches that exist and have room: segments, metres, line. Writes nothing."),
        "fibre_route_told",
        (_NETWORK, _one("nodes", Takes.NODES, "Netzknoten der Reihe nach", "nodes in order")), "told", asks=True,
    ),
    Action(
        "lay-between", Text("Rohr zwischen Netzknoten verlegen", "Lay a duct between nodes"),
        Text("Legt ein Rohr auf den kürzesten Weg mit Platz.", "Lays a duct along the shortest way that has room."),
        "fibre_lay_between",
        (_NETWORK, _one("spec", Takes.DUCT_SPEC, "Rohrtyp", "product"), _may("name", Takes.NAME, "Name", "name", "called"),
         _one("from", Takes.NODE, "von Netzknoten", "from node", "from_node"), _one("to", Takes.NODE, "nach Netzknoten", "to node", "to_node"),
         _may("via", Takes.NODES, "über diese Netzknoten", "over these nodes")), "id",
    ),
    Action(
        "join-segments", Text("Abzweig herausnehmen", "Take out a branch"),
        Text("Macht aus zwei Trassen an einem Abzweig eine.", "Makes one segment of two at a branch."), "fibre_join", (_NODE,), "id",
    ),
)  # fmt: skip

_TUBES = (
    Action(
        "cut-tube", Text("Röhrchen schneiden", "Cut a tube"),
        Text("Schneidet ein leeres Röhrchen an einem Netzknoten auf seinem Weg; die Antwort ist der Abschnitt dahinter.",
             "Cuts an empty tube at a node on its way; the answer is the section behind it."),
        "fibre_cut_tube", (_TUBE, _NODE), "id",
    ),
    Action(
        "mend-tube", Text("Schnitt zurücknehmen", "Mend a cut tube"),
        Text("Macht aus zwei Abschnitten wieder einen, wo ein Schnitt ein Irrtum war.", "Makes one section of two again, where a cut was a mistake."),
        "fibre_mend_tube", (_TUBE, _NODE), "id",
    ),
    Action(
        "open-tube", Text("Röhrchen über einem Kabel öffnen", "Open a tube over a cable"),
        Text("Öffnet ein belegtes Röhrchen und schließt es mit einem teilbaren Verbinder.", "Opens an occupied tube and closes it with a divisible fitting."),
        "fibre_open_tube", (_TUBE, _NODE, _one("fitting", Takes.FITTING, "teilbarer Verbinder", "divisible fitting")), "id",
    ),
    Action(
        "couple", Text("Röhrchen kuppeln oder verschließen", "Couple or close tubes"),
        Text("Verbindet die Enden zweier Röhrchen an einem Netzknoten; ohne das zweite wird das erste verschlossen.",
             "Joins the ends of two tubes at a node; without the second one the first is closed."),
        "fibre_couple_at",
        (_one("fitting", Takes.FITTING, "Verbinder", "fitting"), _NODE, _one("tube", Takes.TUBE, "Röhrchen", "tube", "tube_a"),
         _may("lead", Takes.LEAD, "welches Ende, wo es zwei hat (a, b)", "which end, where it has two (a, b)", "lead_a"),
         _may("other_tube", Takes.TUBE, "das andere Röhrchen", "the other tube", "tube_b"),
         _may("other_lead", Takes.LEAD, "welches Ende des anderen (a, b)", "which end of the other (a, b)", "lead_b")), "id",
    ),
    Action(
        "uncouple", Text("Verbinder entfernen", "Take a fitting off"),
        Text("Nimmt den Verbinder oder die Kappe vom Ende eines Röhrchens.", "Takes the fitting or cap off a tube's end."),
        "fibre_uncouple_at", (_TUBE, _NODE, _LEAD), "id",
    ),
)  # fmt: skip

_CABLES = (
    Action(
        "enter", Text("Kabel in ein Gehäuse einführen", "Take a cable into an enclosure"),
        Text("An seinem Ende endet das Kabel dort, sonst läuft es ungeschnitten durch.", "At its own end the cable ends there, else it passes uncut."),
        "fibre_enter", (_CABLE, _BOX), "id",
    ),
    Action(
        "cut-fibres", Text("Fenster schneiden", "Cut fibres"),
        Text("Öffnet ein Kabel in einem Gehäuse und schneidet diese Fasern.", "Opens a cable in an enclosure and cuts these fibres."),
        "fibre_cut_fibres", (_CABLE, _BOX, _NUMBERS), "count",
    ),
    Action(
        "mend-fibres", Text("Fenster zurücknehmen", "Mend cut fibres"),
        Text("Macht geschnittene, nicht gespleißte Fasern wieder ganz.", "Makes cut fibres that are not spliced whole again."),
        "fibre_mend_fibres", (_CABLE, _BOX, _NUMBERS), "count",
    ),
)  # fmt: skip

_WAYS = (
    Action(
        "blow", Text("Kabel einblasen", "Blow a cable in"),
        Text("Verlegt ein Kabel auf dem kürzesten Weg durch freie Röhrchen, in die es passt, von seinem Anfangs- zu seinem Endknoten.",
             "Places a cable on the shortest way through free tubes that it fits into, from its first to its last node."),
        "fibre_blow", (_CABLE, _may("via", Takes.NODES, "über diese Netzknoten", "over these nodes")), "told",
    ),
    Action(
        "place-cable", Text("Kabel anlegen und einblasen", "Make a cable and blow it in"),
        Text("Ein neues Kabel zwischen zwei Netzknoten oder Gehäusen, eingeblasen und in die genannten Gehäuse eingeführt.",
             "A new cable between two nodes or enclosures, blown in and taken into the enclosures that are named."),
        "fibre_place_cable",
        (_NETWORK, _one("spec", Takes.CABLE_SPEC, "Kabeltyp", "product"), _may("name", Takes.NAME, "Name", "name", "called"),
         _may("from", Takes.NODE, "von Netzknoten", "from node", "from_node"), _may("to", Takes.NODE, "nach Netzknoten", "to node", "to_node"),
         _may("from_enclosure", Takes.ENCLOSURE, "von Gehäuse", "from enclosure", "from_box"),
         _may("to_enclosure", Takes.ENCLOSURE, "nach Gehäuse", "to enclosure", "to_box"),
         _may("via", Takes.NODES, "über diese Netzknoten", "over these nodes")), "told",
    ),
    Action(
        "pull-out", Text("Kabel ausziehen", "Pull a cable out"),
        Text("Nimmt ein Kabel, an dem nichts mehr hängt, ganz aus seinen Röhrchen und Gehäusen; es bleibt unverlegt.",
             "Takes a cable on which nothing hangs any more out of its tubes and enclosures; it stays, unplaced."),
        "fibre_pull_out", (_CABLE, _may("delete", Takes.YES_NO, "auch löschen?", "delete it as well?", "gone")), "count",
    ),
    Action(
        "pull-back", Text("Kabel zurückziehen", "Pull a cable back"),
        Text("Zieht ein Ende eines Kabels bis zu einem Netzknoten auf seinem Weg zurück; dort endet es nun.",
             "Pulls one end of a cable back to a node on its way; there it ends now."),
        "fibre_pull_back", (_CABLE, _one("end", Takes.LEAD, "welches Ende: Anfang (a) oder Ende (b)", "which end: beginning (a) or end (b)", "from_end"),
                            _one("node", Takes.NODE, "bis zu diesem Netzknoten", "back to this node", "until")), "count",
    ),
)  # fmt: skip


def _pair(name: str, takes: Takes, de: str, en: str, *, required: bool = True) -> tuple[Argument, Argument]:
    """The same of both cables."""
    return tuple(
        _one(f"{name}_{side}", takes, f"{de} {number}", f"{en} {number}", required=required)
        for number, side in ((1, "a"), (2, "b"))
    )  # type: ignore[return-value]


_CABLE_A, _CABLE_B = _pair("cable", Takes.CABLE, "Kabel", "cable")
_LEAD_A, _LEAD_B = _pair("lead", Takes.LEAD, "Ende (a, b) von Kabel", "end (a, b) of cable", required=False)
_JOINTS = _pair("joint", Takes.JOINT, "Verbindung (Schlüssel oder Ende, etwa K1:3)", "joint (key or end, such as K1:3)")

_SPLICES = (
    Action(
        "splice", Text("Fasern spleißen", "Splice fibres"),
        Text("Spleißt eine Faser oder eine Reihe von Fasern zweier Kabel.", "Splices a fibre or a range of fibres of two cables."),
        "fibre_splice",
        (_BOX, _CABLE_A, _one("fibre_a", Takes.NUMBER, "erste Faser von Kabel 1", "first fibre of cable 1", "first_a"),
         _CABLE_B, _one("fibre_b", Takes.NUMBER, "erste Faser von Kabel 2", "first fibre of cable 2", "first_b"), _MANY, _TRAY, _LEAD_A, _LEAD_B),
        "ids",
    ),
    Action(
        "splice-bundle", Text("Bündelader spleißen", "Splice a loose tube"),
        Text("Spleißt alle Fasern einer Bündelader mit denen einer anderen.", "Splices all fibres of a loose tube with those of another."),
        "fibre_splice_bundle",
        (_BOX, _CABLE_A, _one("bundle_a", Takes.NUMBER, "Bündelader von Kabel 1", "loose tube of cable 1"), _CABLE_B,
         _one("bundle_b", Takes.NUMBER, "Bündelader von Kabel 2", "loose tube of cable 2"), _TRAY, _LEAD_A, _LEAD_B), "ids",
    ),
    Action(
        "unsplice", Text("Spleiße lösen", "Take splices apart"),
        Text("Löst die Verbindungen dieser Faserenden in einem Gehäuse.", "Takes apart the joints of these fibres' ends in an enclosure."),
        "fibre_unsplice", (_BOX, _CABLE, _FIRST, _MANY, _LEAD), "count",
    ),
    Action(
        "pigtail", Text("Fasern auf Ports legen", "Splice fibres to ports"),
        Text("Spleißt Fasern auf die Pigtails von Ports desselben Gehäuses.", "Splices fibres onto the pigtails of ports of the same enclosure."),
        "fibre_pigtail", (_BOX, _CABLE, _FIRST, _one("port", Takes.NUMBER, "erster Port", "first port", "first_port"), _MANY, _TRAY, _LEAD), "ids",
    ),
    Action(
        "patch", Text("Patchkabel stecken", "Plug a patch cord"), Text("Verbindet zwei Ports eines Netzknotens.", "Joins two ports of one node."),
        "fibre_patch", _pair("port", Takes.PORT, "Port", "port"), "id",
    ),
    Action(
        "unpatch", Text("Patchkabel ziehen", "Pull a patch cord"), Text("Zieht das Patchkabel von einem Port.", "Pulls the patch cord off a port."),
        "fibre_unpatch", (_one("port", Takes.PORT, "Port", "port", "of_port"),), "id",
    ),
    Action(
        "splice-leg", Text("Faser auf ein Splitterbein", "Splice a fibre to a splitter"),
        Text("Spleißt eine Faser auf ein Bein eines Splitters im selben Gehäuse.", "Splices a fibre to a leg of a splitter in the same enclosure."),
        "fibre_splice_leg",
        (_one("splitter", Takes.SPLITTER, "Splitter", "splitter", "of_splitter"), _one("input", Takes.YES_NO, "Eingang?", "an input?", "is_input_"),
         _one("leg", Takes.NUMBER, "Nummer des Beins", "number of the leg"), _CABLE, _one("fibre", Takes.NUMBER, "Faser", "fibre"), _TRAY, _LEAD),
        "id",
    ),
    Action(
        "swap", Text("Zwei Verbindungen tauschen", "Swap two joints"),
        Text("Tauscht je ein Ende zweier Verbindungen: zwei Kunden lagen falsch.", "Two joints exchange an end each: two customers were the wrong way round."),
        "fibre_swap", _JOINTS,
    ),
    Action(
        "replace-enclosure", Text("Gehäuse tauschen", "Replace an enclosure"),
        Text("Setzt einen anderen Gehäusetyp an die Stelle, mit allem, was darin ist.", "Puts another product in its place, with everything that is in it."),
        "fibre_replace_enclosure",
        (_one("enclosure", Takes.ENCLOSURE, "Gehäuse", "enclosure", "old"), _one("spec", Takes.ENCLOSURE_SPEC, "Gehäusetyp", "product", "new_spec")),
    ),
)  # fmt: skip

_HOUSES = (
    Action(
        "connect-house", Text("Haus anschließen", "Connect a house"),
        Text("Zapft das nächste freie Röhrchen eines Rohrs an, das vorbeiführt: Graben, Hauseinführung, Schnitt, Verbinder, HÜP, auf Wunsch das Kabel. "
             "Antwort: was entstand, und die Materialliste.",
             "Taps the nearest free tube of a passing duct: trench, lead-in, cut, fitting, entry point, the cable if wished. Answer: what was made, and "
             "the list of materials."),
        "fibre_connect_house",
        (_NETWORK, _may("house", Takes.NODE, "Gebäudeknoten", "building's node"), _may("place", Takes.POINT, "Stelle", "place"),
         _may("premises", Takes.PREMISES, "Anschlussobjekt", "premises", "of_premises"), _may("address", Takes.ADDRESS, "Adresse", "address", "of_address"),
         _may("name", Takes.NAME, "Name des Hauses", "name of the house", "called"), _may("duct", Takes.DUCT, "dieses Rohr anzapfen", "tap this duct", "of_duct"),
         _may("cabinet", Takes.NODE, "von diesem Verteiler", "from this cabinet", "of_cabinet"),
         _may("lead_in", Takes.DUCT_SPEC, "Rohr ins Haus (10/6)", "pipe into the house (10/6)"),
         _may("box", Takes.ENCLOSURE_SPEC, "HÜP (huep-4)", "entry point (huep-4)"), _may("cable_spec", Takes.CABLE_SPEC, "Kabeltyp; ohne ihn kein Kabel", "cable product; without it no cable", "cable"),
         _may("serving_box", Takes.ENCLOSURE, "Gehäuse im Verteiler", "enclosure in the cabinet"),
         _may("duct_name", Takes.NAME, "Name des Rohrs", "name of the duct"), _may("box_name", Takes.NAME, "Name des HÜP", "name of the entry point"),
         _may("cable_name", Takes.NAME, "Name des Kabels", "name of the cable"),
         _may("reach", Takes.METRES, "wie weit gesucht wird (100 m)", "how far to search (100 m)")), "told",
    ),
)  # fmt: skip

# With a lifecycle of their own; a splitter has its enclosure's.
_WITH_LIFECYCLE = ("node", "segment", "duct", "cable", "enclosure", "device", "premises", "circuit")
_OBJECT = _one("object", Takes.OBJECT, "Objekt (Name oder Schlüssel)", "object (name or key)")


def _kind(*choices: str) -> Argument:
    return Argument("kind", Takes.KIND, Text("Art des Objekts", "kind of object"), "of_kind", choices=choices)


_REMOVALS = (
    Action(
        "set-lifecycle", Text("Stand ändern", "Change the lifecycle state"),
        Text("Gibt einem Objekt einen anderen Stand. „Ausgebaut“ wird nur, worin nichts mehr liegt, woran nichts hängt und wo nichts mehr steht.",
             "Gives an object another state. Only what carries nothing any more becomes “removed”."),
        "fibre_set_lifecycle",
        (_kind(*_WITH_LIFECYCLE), _OBJECT, _one("lifecycle", Takes.LIFECYCLE, "neuer Stand", "new state", "state")),
    ),
    Action(
        "remove", Text("Objekt löschen", "Delete an object"),
        Text("Löscht ein Objekt, das es nie gab oder das niemand mehr braucht; seine Geschichte bleibt. Was noch belegt ist, wird abgelehnt.",
             "Deletes an object that never was or that nobody needs any more; its history stays. What is still occupied is refused."),
        "fibre_remove", (_kind(*_WITH_LIFECYCLE, "splitter"), _OBJECT),
    ),
)  # fmt: skip

ACTIONS: Mapping[str, Action] = {
    one.name: one for one in (*_ROUTE, *_TUBES, *_CABLES, *_WAYS, *_SPLICES, *_HOUSES, *_REMOVALS)
}
