"""What an import did: the same facts as JSON, as a page without scripts, and as lines in a terminal.

Texts are in the language that is active when the report is written.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gisapp.errors import CATALOGUE, BadInput
from importers.source import RowProblem

MAX_LISTED = 10_000
"""So many rejected rows are listed; the counts are always complete."""


@dataclass
class Report:
    """The outcome for one layer, or (with `layers`) of one file that fed several."""

    layer: str
    source: str
    file: str
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    retired: int = 0
    joined: int = 0
    linked: int = 0
    rejected_count: int = 0
    rejected: list[RowProblem] = field(default_factory=list)
    repaired: list[RowProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    mapping: str = ""
    seconds: float = 0.0
    dry_run: bool = False
    rolled_back: bool = False
    change: str = ""
    layers: list["Report"] = field(default_factory=list)
    shapes: list[tuple[str, Any, str]] = field(default_factory=list)
    title: str = ""

    @property
    def changed(self) -> bool:
        return bool(self.created or self.updated or self.retired)

    def add(self, part: "Report") -> None:
        """Take the report of one layer into this one."""
        self.layers.append(part)
        for name in ("read", "created", "updated", "unchanged", "retired", "joined", "rejected_count"):
            setattr(self, name, getattr(self, name) + getattr(part, name))
        self.rejected += part.rejected[: MAX_LISTED - len(self.rejected)]
        self.repaired += part.repaired
        self.notes += part.notes

    def facts(self) -> list[str]:
        """The notes, and what happened besides the counts."""
        found = list(self.notes)
        if self.joined:
            found.append(_("Weitere Teile desselben Objekts, mit ihm vereinigt: %(count)s") % {"count": self.joined})
        if self.linked:
            found.append(_("Verknüpfungen zu anderen Ebenen gesetzt: %(count)s") % {"count": self.linked})
        return found

    def state(self) -> str:
        """One sentence where nothing was written; else nothing."""
        if self.dry_run:
            return _("Probelauf: nichts wurde geschrieben.")
        if self.rolled_back:
            return _("Nichts wurde geschrieben.")
        return "" if self.changed else _("Nichts hat sich geändert.")

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values; the keys are those that scripts rely on."""
        return {
            "layer": self.layer, "source": self.source, "file": self.file,
            "read": self.read, "created": self.created, "updated": self.updated, "unchanged": self.unchanged,
            "retired": self.retired, "repaired": len(self.repaired), "joined": self.joined, "linked": self.linked,
            "rejected": [_problem(one) for one in self.rejected], "rejected_count": self.rejected_count,
            "repairs": [_problem(one) for one in self.repaired], "notes": self.notes, "mapping": self.mapping,
            "change": self.change, "dry_run": self.dry_run, "rolled_back": self.rolled_back, "seconds": round(self.seconds, 3),
            **({"layers": {one.layer: one.as_dict() for one in self.layers}} if self.layers else {}),
        }  # fmt: skip

    def as_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False)

    def as_lines(self) -> list[str]:
        """The summary for a terminal."""
        counts = {**vars(self), "repaired": len(self.repaired), "seconds": f"{self.seconds:.1f}"}
        facts = _(
            "%(layer)s (%(source)s): %(read)s gelesen, %(created)s neu, %(updated)s geändert, %(unchanged)s unverändert,"
            " %(retired)s stillgelegt, %(repaired)s repariert, %(rejected_count)s abgelehnt in %(seconds)s s"
        )
        part = _(
            "%(layer)s: %(read)s gelesen, %(created)s neu, %(updated)s geändert, %(unchanged)s unverändert,"
            " %(rejected_count)s abgelehnt"
        )
        lines = [
            facts % counts,
            *(f"  {part % {**vars(one), 'layer': one.title or one.layer}}" for one in self.layers),
            *(f"  {one}" for one in self.facts()),
        ]
        for one in self.rejected[:10]:
            place = _("Zeile %(row)s (%(id)s)") % vars(one)
            lines.append(f"  {place}: {one.field}: {reason(one)} {one.value}".rstrip())
        if self.rejected_count > 10:
            more = self.rejected_count - 10
            lines.append("  " + _("... und %(more)s weitere; vollständig mit --report DATEI.html") % {"more": more})
        lines += [self.state()] if self.state() else []
        return lines


def reason(one: RowProblem) -> str:
    entry = CATALOGUE.get(one.code)
    return entry.text(get_language() or "de", {}) if entry else one.code


def _problem(one: RowProblem) -> dict[str, Any]:
    return {
        "row": one.row, "id": one.id, "field": one.field, "code": one.code, "reason": reason(one), "value": one.value,
    }  # fmt: skip


_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{border-bottom:1px solid #bbb;padding:.3rem .6rem;text-align:left;
vertical-align:top;overflow-wrap:break-word}td:last-child{overflow-wrap:anywhere}td.n{text-align:right;font-variant-numeric:tabular-nums}
pre{background:#f3f3f3;padding:1rem;overflow:auto}
@media(max-width:45rem){table{display:block;overflow-x:auto}th,td{overflow-wrap:normal}}
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}pre{background:#262626}th,td{border-color:#555}}"""


def _table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "".join("<tr>" + "".join(_cell(one) for one in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    number = isinstance(value, int) and not isinstance(value, bool)
    return f'<td class="n">{value}</td>' if number else f"<td>{escape(str(value))}</td>"


def _counts(one: Report, joined: bool) -> tuple[object, ...]:
    changes = (one.read, one.created, one.updated, one.unchanged, one.retired, *([one.joined] if joined else ()))
    return (one.title or one.layer, *changes, len(one.repaired), one.rejected_count)


def _field(one: RowProblem, titles: Mapping[str, str]) -> str:
    """The field in which it is; of a set of files, the title of its table before it."""
    table, _dot, name = one.field.partition(".")
    return ": ".join(word for word in (titles.get(table, table), name) if word)


def as_html(report: Report) -> str:
    """The report as one self-contained page (no script, nothing fetched)."""
    joined = any(one.joined for one in report.layers)
    counts = [_counts(one, joined) for one in report.layers or [report]]
    heads = (
        _("Ebene"), _("gelesen"), _("neu"), _("geändert"), _("unverändert"), _("stillgelegt"), *([_("schon da")] if joined else ()),
        _("repariert"), _("abgelehnt"),
    )  # fmt: skip
    titles = {one.layer: one.title for one in report.layers if one.title}
    parts = [_table(_("Zahlen"), heads, counts)]
    columns = (_("Zeile"), _("Kennung"), _("Feld"), _("Grund"), _("Wert"))
    for title, rows in ((_("Abgelehnte Zeilen"), report.rejected), (_("Reparierte Zeilen"), report.repaired)):
        if rows:
            parts.append(
                _table(title, columns, ((one.row, one.id, _field(one, titles), reason(one), one.value) for one in rows))
            )
    if report.rejected_count > len({one.row for one in report.rejected}):
        first = _("Aufgeführt sind die ersten %(count)s Gründe.") % {"count": MAX_LISTED}
        parts.append(f"<p>{escape(first)}</p>")
    facts = "".join(f"<li>{escape(one)}</li>" for one in report.facts())
    if facts:
        parts.append(f"<h2>{escape(_('Hinweise'))}</h2><ul>{facts}</ul>")
    if report.mapping:
        parts.append(f"<h2>{escape(_('Zuordnung'))}</h2><pre>{escape(report.mapping)}</pre>")
    title = _("Import: %(layer)s") % vars(report)
    origin = _("Datei %(file)s, Quelle %(source)s, %(seconds)s s.")
    origin %= {"file": report.file, "source": report.source, "seconds": f"{report.seconds:.1f}"}
    return (
        f'<!doctype html><html lang="{get_language() or "de"}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>{escape(title)}</h1><p>{escape(origin)} {escape(report.state())}</p>{''.join(parts)}</main></body></html>\n"
    )


def check_name(path: Path) -> None:
    """Raises BadInput("bad-report-name") unless the name ends in .html or .json."""
    if path.suffix.lower() not in {".html", ".json"}:
        raise BadInput("bad-report-name", path=path)


def write(report: Report, path: Path) -> None:
    """Write the report as its name's ending says."""
    check_name(path)
    if report.shapes and path.suffix.lower() == ".html":
        from importers.sets.page import with_map

        _put(path, with_map(report, as_html(report)))
        return
    _put(path, as_html(report) if path.suffix.lower() == ".html" else report.as_json() + "\n")


def _put(path: Path, text: str) -> None:
    """All of it or, on a full disk, nothing (OSError)."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
