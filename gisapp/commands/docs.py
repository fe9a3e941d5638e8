"""`gisapp docs FOLDER`: the pages of the documentation that come from the code - layers and error codes."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gisapp.commands.command import Command

if TYPE_CHECKING:
    from gisapp.layer import Layer, Who

_WHO = {"everyone": "alle", "logged-in": "Angemeldete", "operator": "Betrieb", "nobody": "niemand"}
_TYPES = {
    "string": "Text", "integer": "ganze Zahl", "number": "Zahl", "boolean": "ja/nein", "date": "Datum",
    "datetime": "Zeitpunkt",
}  # fmt: skip


def _who(one: "Who") -> str:
    """Who sees or edits, in words."""
    from gisapp.accounts.roles import Role

    if one in _WHO:
        return _WHO[str(one)]
    return ", ".join(str(role.label) for role in Role if role in one.roles)


def layer_page(layer: "Layer") -> str:
    """One layer's page in Markdown; private fields are not on it."""
    lines = [
        f"# {layer.title.de}",
        "",
        f"{layer.description.de} ({layer.title.en}: {layer.description.en})",
        "",
        "| | |",
        "|---|---|",
        f"| Name | `{layer.name}` |",
        f"| Gruppe | {layer.group.de} |",
        f"| Geometrie | {layer.geometry} in EPSG:25832 |",
        f"| Quelle | {layer.attribution} |",
        f"| Sehen / ändern | {_who(layer.see)} / {_who(layer.edit)} |",
        f"| Kacheln | `/tiles/{layer.name}/{{z}}/{{x}}/{{y}}.mvt`, ab Zoomstufe {layer.min_zoom} |",
        f"| OGC API Features | `/ogc/collections/{layer.name}` |",
        f"| REST | `/api/layers/{layer.name}/features/` |",
        f"| Herunterladen | {', '.join(layer.exports)} |",
        "",
        "## Felder",
        "",
        "| Feld | Bedeutung | Typ | Kachel | Suche | Filter |",
        "|---|---|---|---|---|---|",
    ]
    for one in layer.public_fields:
        marks = ["ja" if flag else "" for flag in (one.tile, one.search, one.filter)]
        unit = f" in {one.unit}" if one.unit else ""
        lines.append(
            f"| `{one.name}` | {one.title.de} ({one.title.en}){unit} | {_TYPES[one.type]} | {' | '.join(marks)} |"
        )
    lines += ["", "## Legende", ""]
    lines += [f"- {entry.title.de} ({entry.title.en})" for entry in layer.style.legend]
    return "\n".join(lines) + "\n"


def error_page() -> str:
    """All error codes."""
    from gisapp.errors import CATALOGUE

    lines = ["# Fehlercodes", "", "| Code | HTTP | Deutsch | English |", "|---|---|---|---|"]
    lines += [f"| `{code}` | {one.status} | {one.de} | {one.en} |" for code, one in sorted(CATALOGUE.items())]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Path below docs/ and text of every generated page."""
    from gisapp.layer import all_apps, all_layers

    layers = all_layers()
    found = {f"layers/{one.name}.md": layer_page(one) for one in layers}
    index = ["# Ebenen", "", *(f"- [{one.title.de}]({one.name}.md) – {one.description.de}" for one in layers)]
    found["layers/README.md"] = "\n".join(index) + "\n"
    found["errors.md"] = error_page()
    for app in all_apps():
        found |= {name: text() for name, text in app.doc_pages.items()}
    return found


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs"))


def _run(arguments: argparse.Namespace) -> int:
    for name, text in pages().items():
        path = arguments.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


DOCS = Command(
    "docs", "Die Seiten der Dokumentation schreiben, die aus dem Code kommen", _run, _arguments, needs_database=False
)
