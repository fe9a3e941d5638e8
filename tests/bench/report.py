"""docs/performance.md from docs/performance.json."""

from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs"
TITLES = {
    "tiles": "Kacheln",
    "features": "Seiten von Objekten",
    "cache": "Kachelablage",
    "replica": "Zwei Webprozesse und eine Replik",
    "search": "Suche",
    "import": "Import",
    "fibre-import": "Import von Netzen",
    "fibre": "Fragen an ein Glasfasernetz",
    "history": "Geschichte und Rechte",
    "backup": "Sicherung",
    "start": "Start",
    "venues": "Räume finden und buchen",
}
INTRODUCTION = """# Leistung

Gemessen mit `make bench` auf der Demo-Region der Größe l (1.000.000 Adressen, 1.000.000 Gebäude); jede Zeile ist ein Lauf, in dem wir
und der Vergleich nacheinander dieselbe Arbeit auf derselben Maschine, Datenbank und Rolle hatten: gleiche Indizes, zwei
Arbeitsprozesse, Pool von acht Verbindungen. Die Einrichtung der Vergleiche steht in `tests/bench/`. Was zählt, ist das Verhältnis.
"""


NOTES = """## Anmerkungen

- **Ein Objekt**: tipg läuft hier auf demselben Server wie wir (granian). Unter `uvicorn --workers`, wie es seine Anleitung zeigt, verliert
  es je Antwort 40 ms (TCP_NODELAY fehlt); gegen diese Einrichtung waren es in einem früheren Lauf, vor der gemerkten Anweisung, bei 8 Verbindungen 6,4-mal so viele Antworten.
- **Import**: „gleiche Tabelle“ heißt, dass auch ogr2ogr am Ende eine Tabelle mit unserer 3857-Kopie, den gefalteten Namen, den Regeln und
  denselben Indizes hat, und eine Tabelle mit einem Ereignis je Zeile wie unsere Geschichte. „Wie es ist“ legt es eine Tabelle mit einem Index an, ohne eines davon. Von der Zeit für eine Million Punkte
  entfallen etwa 1 s auf den Start, 1,5 s auf Lesen und COPY, der Rest auf erzeugte Spalten, zehn Indizes und die Geschichte.
- **Import von Netzen**: der Vergleich schreibt dieselben Zeilen in Tabellen mit denselben Spalten, Indizes und Prüfungen, aber ohne Regeln, Geschichte
  und Fremdschlüssel, und liest keine Datei: Das Verhältnis sagt, was Lesen, Topologie, Regeln und Geschichte zusammen kosten.
- **Fragen an ein Glasfasernetz**: die Trassen, Rohre und Kabel sind sechzehn Netze der Demo-Größe l, durch alle Regeln geschrieben, und je acht Kopien als SQL; dazu eine
  Prüfstrecke mit zehn Muffen zu 144 Spleißen und ein Kabel mit 720 Schaltungen. Geschriebenes wird mit allen Regeln und der Geschichte gemessen und zurückgenommen. Wie viele es trifft, ist
  neben der Messung durch Verbinden der Tabellen nachgezählt. pgRouting liest für jeden Weg alle Kanten; der Vergleich sagt, was ein Weg kostet, für den man es nimmt.
- **Mitglied dreier Organisationen**: gemessen mit einem Zugangsschlüssel. Wem er gehört und was dieser Mensch darf, wird gemerkt, solange
  an nichts davon geschrieben wurde; danach zu fragen, ist je Anfrage eine kleine Abfrage mehr.
- **Sicherung**: unsere Datei enthält auch die Medien, Prüfsummen und die Zahl der Zeilen jeder Tabelle; das Einspielen baut die Datenbank
  daneben auf, vergleicht, wendet die Aufbewahrungsfristen an und tauscht sie erst dann ein.
- **Seit Geschichte, Protokoll und Rechte** vor jeder Antwort stehen, sind Kacheln etwa ein Sechstel langsamer als davor.
- **Zwei Webprozesse und eine Replik** standen mit beiden Datenbanken, nginx, PgBouncer und dem Frager auf **einem** Rechner: gemessen ist, was die
  Verteilung kostet, nicht, was zwei Rechner bringen.
- **DRF-gis bei 32 Verbindungen** beantwortet in der Messzeit kaum eine Anfrage; sein Verhältnis sagt dann nichts mehr.
"""


def _figures(found: dict[str, Any] | None) -> str:
    if not found:
        return ""
    if "count" in found:
        return f"{found['count']} Anweisungen"
    if "seconds" in found:
        return f"{found['seconds']:g} s"
    parts = [f"{found['per_second']:,.0f}/s".replace(",", ".")] if found.get("per_second") else []
    if "p50" in found:
        parts.append(f"p50 {found['p50']:g} ms, p99 {found['p99']:g} ms")
    if found.get("failed"):
        parts.append(f"{found['failed']} Fehler")
    return ", ".join(parts)


def _reached(row: dict[str, Any]) -> str:
    goal = row.get("goal")
    if row.get("goal_per_second"):
        wanted = row["goal_per_second"]
        return f"{wanted:,}/s ".replace(",", ".") + (
            "erreicht" if row["ours"]["per_second"] >= wanted else "**verfehlt**"
        )
    if row.get("goal_p50"):
        wanted = row["goal_p50"]
        return f"unter {wanted:g} ms " + ("erreicht" if row["ours"]["p50"] <= wanted else "**verfehlt**")
    if goal is None:
        return ""
    if row.get("ratio") is not None:
        return f"{goal:g} {'erreicht' if row['ratio'] >= goal else '**verfehlt**'}"
    figure = row["ours"].get("p99", row["ours"].get("seconds"))
    return f"unter {goal:g} {'erreicht' if figure < goal else '**verfehlt**'}"


def _size(row: dict[str, Any]) -> str:
    """What the network consists of that was asked about."""
    if "on" not in row:
        return ""
    words = {
        "segment": "Trassen",
        "duct": "Rohre",
        "tubesection": "Röhrchen",
        "cable": "Kabel",
        "fibresection": "Fasern",
        "joint": "Verbindungen",
    }
    counts = ", ".join(f"{row['on'][key]:,} {word}".replace(",", ".") for key, word in words.items())
    return f" Das Netz: {counts}; {row['on']['gigabytes']:g} GB."


def page(results: dict[str, Any]) -> str:
    """The page in Markdown."""
    machine = results["machine"]
    lines = [
        INTRODUCTION,
        f"Maschine: {machine['cores']} Kerne {machine['processor']}, {machine['memory_gb']} GB, {machine['system']}.",
        "",
    ]
    for name, title in TITLES.items():
        rows = results["parts"].get(name)
        if not rows:
            continue
        lines += [f"## {title}", ""]
        if name in results.get("load", {}):
            begin, end = results["load"][name]
            lines += [f"Last der Maschine (load average) davor {begin:g}, danach {end:g}.{_size(rows[0])}", ""]
        lines += [
            "| Arbeit | Verbindungen | wir | Vergleich | Verhältnis | Ziel |",
            "|---|---|---|---|---|---|",
        ]
        for row in rows:
            other = f"{row['peer']}: {_figures(row['theirs'])}" if row.get("theirs") else ""
            ratio = f"{row['ratio']:g}" if row.get("ratio") is not None else ""
            lines.append(
                f"| {row['what']} | {row['connections']} | {_figures(row['ours'])} | {other} | {ratio} | {_reached(row)} |"
            )
        lines.append("")
    return "\n".join([*lines, NOTES])


def write(results: dict[str, Any]) -> None:
    (DOCS / "performance.md").write_text(page(results), encoding="utf-8")
