"""The page of the documentation about the actions, from their table."""

import json
from collections.abc import Sequence

from layers.fibre.actions import ACTIONS, Action, Argument, Takes
from layers.fibre.values import LIFECYCLE

_TAKES = {
    Takes.NETWORK: "Netz (Kürzel)", Takes.NODE: "Netzknoten", Takes.NODES: "Liste von Netzknoten", Takes.SEGMENT: "Trasse", Takes.DUCT: "Rohr",
    Takes.TUBE: "Röhrchen (`RV-1:4`)", Takes.CABLE: "Kabel", Takes.ENCLOSURE: "Gehäuse", Takes.SPLITTER: "Splitter",
    Takes.PREMISES: "Anschlussobjekt", Takes.PORT: "Port (`ODF-1/3`)", Takes.JOINT: "Verbindung", Takes.DUCT_SPEC: "Rohrtyp",
    Takes.CABLE_SPEC: "Kabeltyp", Takes.ENCLOSURE_SPEC: "Gehäusetyp", Takes.FITTING: "Verbindertyp", Takes.ADDRESS: "Adresse (Zahl)",
    Takes.POINT: "GeoJSON-Punkt (CRS84)", Takes.NAME: "Text", Takes.NUMBER: "Zahl", Takes.NUMBERS: "Liste von Zahlen", Takes.METRES: "Meter",
    Takes.YES_NO: "ja/nein", Takes.LEAD: "`a` oder `b`", Takes.KIND: "Art",
    Takes.OBJECT: "Objekt dieser Art", Takes.LIFECYCLE: "Stand",
}  # fmt: skip
_RETURNS = {
    "id": "`id`: der Schlüssel des Neuen", "ids": "`ids`: die Schlüssel", "count": "`count`: wie viele", "nothing": "nichts weiter",
    "told": "ein Objekt, siehe unten und OpenAPI",
}  # fmt: skip
_HEAD = """# Handgriffe am Glasfasernetz

Geschrieben von `gisapp docs docs` aus der Tabelle der Handgriffe (`layers/fibre/actions.py`). Jeder ist eine Funktion der Datenbank, eine Adresse und ein
Befehl; wer einen hinzufügt, schreibt eine Zeile in die Tabelle.

- **REST**: `POST /api/fibre/actions/NAME` mit den Angaben als JSON. `?dry=1` prüft alles und schreibt nichts. `Idempotency-Key` wie überall;
  `X-Reason` steht im Verlauf. Die Antwort nennt `action` und, was darunter steht. Ablehnungen: [Fehlercodes](../errors.md); `detail` sagt, wo und was hilft.
- **Befehl**: `gisapp fibre do NAME --json '{…}' [--dry] [--reason TEXT]`; ohne Namen die Liste.
- **SQL**: die genannte Funktion, mit benannten Parametern. Dort stehen Schlüssel (UUID), hier auch Namen: `K1`, `RV-1:4` oder `RV-1/4`, `ODF-1/3`, `K1:17`; gibt es
  einen Namen in zwei Netzen, `netz|name`.
- **Rechte**: Über REST handelt der Webserver in der Datenbank als die Person (`gisapp/accounts/acting.py`): dieselbe Zeilensicherheit wie in QGIS
  ([Rechte](fibre-rights.md)). Wer etwas nicht sieht, bekommt 404, wer es sieht und nicht ändern darf, 403. Der Befehl darf alles; die Regeln gelten auch für ihn.

"""


def _choices(argument: Argument) -> Sequence[str]:
    return tuple(LIFECYCLE) if argument.takes is Takes.LIFECYCLE else argument.choices


def _section(one: Action) -> list[str]:
    lines = [
        f"## {one.name}: {one.title.de}", "", f"{one.text.de} ({one.title.en}: {one.text.en})", "",
        "| Angabe | Art | Bedeutung | SQL |", "|---|---|---|---|",
    ]  # fmt: skip
    for argument in one.arguments:
        name = f"**{argument.name}**" if argument.required else argument.name
        takes = ", ".join(f"`{one}`" for one in _choices(argument)) or _TAKES[argument.takes]
        lines.append(f"| {name} | {takes} | {argument.text.de} | `{argument.parameter}` |")
    who = "Schreibt nichts; wer das Netz sieht, darf fragen." if one.asks else ""
    return [
        *lines,
        "",
        f"SQL: `{one.function}(…)`. Antwort: {_RETURNS[one.returns]}. {who}".rstrip(),
        *_example(one),
        "",
    ]


_EXAMPLES: dict[str, dict[str, object]] = {
    "route": {"network": "eckernfoerde", "nodes": ["NVt-07", "S-12"]},
    "lay-between": {"network": "eckernfoerde", "spec": "24x7/4", "from": "NVt-07", "to": "S-12"},
    "connect-house": {
        "network": "eckernfoerde", "place": {"type": "Point", "coordinates": [9.7012, 54.4321]}, "name": "Dorfstraße 7", "cable_spec": "12",
    },
    "splice": {"enclosure": "NVt-07/1", "cable_a": "T 1", "fibre_a": 1, "cable_b": "HK 17", "fibre_b": 1, "many": 4},
    "set-lifecycle": {"kind": "cable", "object": "K-117", "lifecycle": "removed"},
    "remove": {"kind": "segment", "object": "T-4"},
    "place-cable": {"network": "eckernfoerde", "spec": "144", "from_enclosure": "ODF-01", "to_enclosure": "NVt-07/1"},
}  # fmt: skip


def _example(one: Action) -> list[str]:
    sent = _EXAMPLES.get(one.name)
    return (
        ["", "```", f"gisapp fibre do {one.name} --json '{json.dumps(sent, ensure_ascii=False)}'", "```"]
        if sent
        else []
    )


def page() -> str:
    """docs/developer/fibre-actions.md; required arguments are bold."""
    lines = [line for one in ACTIONS.values() for line in _section(one)]
    return _HEAD + "\n".join(lines).rstrip() + "\n"
