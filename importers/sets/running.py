"""`gisapp import NAME FILE|FOLDER` for a set of files: recognise, stage, let the app load it, report."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from gisapp.errors import BadInput
from gisapp.filesets import Counts, FileSet, Noted, Outcome, Staged, Told, plain_key
from gisapp.history.recording import pin
from importers import pipeline
from importers.plan import Options
from importers.progress import Reporter
from importers.reach import Person
from importers.report import MAX_LISTED, Report
from importers.sets import mapping, staging, tables
from importers.source import RowProblem
from importers.staging import execute


@dataclass(frozen=True)
class Request:
    """What a person asked for. `into` names where it goes (a network), `crs` overrides what the files say."""

    wanted: FileSet
    path: Path
    map_file: Path | None = None
    source: str = ""
    into: str = ""
    crs: str = ""
    tolerance_m: float = 0.05
    options: Options = field(default_factory=Options)
    person: Person | None = None
    draw: bool = False


class _Told(Told):
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def step(self, title: str, total: int | None = None) -> None:
        self._reporter.step(title, total)

    def rows(self, count: int) -> None:
        self._reporter.rows(count)


def _stem(path: Path) -> str:
    return plain_key(path.name.split(".")[0], "datei")


def _found(request: Request, there: list[tables.Table], outcome: Outcome) -> mapping.SetMapping:
    """The mapping to use: the file's, or a guess."""
    if request.map_file is not None:
        found = mapping.read(request.map_file, request.wanted)
    else:
        found, strange, left = mapping.suggest(request.wanted, there, _stem(request.path))
        for table in strange:
            outcome.notes.append(_("%(file)s: nicht erkannt, nicht gelesen") % {"file": table.name})
        for table in left:
            outcome.notes.append(_("%(file)s: erkannt, gehört nicht hierher, nicht gelesen") % {"file": table.name})
    found.source = request.source or found.source or _stem(request.path)
    if not found.parts:
        roles = ", ".join(
            f"{one.name} ({', '.join(one.required) or '-'})" for one in request.wanted.roles if one.ignored is None
        )
        raise BadInput("set-not-recognised", path=request.path, roles=roles)
    return found


def suggestion(request: Request) -> str:
    """The draft of a mapping file."""
    with tables.opened(request.path) as there:
        return _found(request, there, Outcome()).to_toml()


def _stage(
    request: Request, found: mapping.SetMapping, there: list[tables.Table], outcome: Outcome, told: Told
) -> dict[str, str]:
    staged: dict[str, str] = {}
    readers: dict[str, set[str]] = {}
    for part, table in mapping.check(found, request.wanted, there, request.map_file or request.path):
        role = request.wanted.role(part.role)
        assert role is not None
        told.step(_("%(file)s lesen") % {"file": table.name})
        staged.setdefault(role.name, "") or staged.update({role.name: staging.create(role)})
        reader = staging.Reader(role, part, table, request.crs or found.crs, request.options.anywhere, outcome)
        reader.seen = readers.setdefault(role.name, set())
        reader.copy(staged[role.name], outcome.counts.setdefault(role.name, Counts()))
        outcome.notes += table.notes
    for name in staged.values():
        execute(f"CREATE INDEX ON pg_temp.{name} (source_id)")
        execute(f"CREATE INDEX ON pg_temp.{name} USING gist (geom)")
        execute(f"ANALYZE pg_temp.{name}")
    return staged


def run(request: Request, reporter: Reporter) -> Report:
    """Load the set in one transaction. Raises BadInput and whatever the app refuses as a whole."""
    started = time.monotonic()
    outcome, told = Outcome(), _Told(reporter)
    report = Report(request.wanted.name, request.source, request.path.name)
    try:
        with transaction.atomic(), tables.opened(request.path) as there:
            pin()
            pipeline.lock(f"set {request.wanted.name} {request.into}")
            found = _found(request, there, outcome)
            report.source, report.mapping = found.source, found.to_toml()
            staged = _stage(request, found, there, outcome, told)
            person = None if request.person is None or request.person.unlimited else request.person.user
            request.wanted.load(
                Staged(staged, found.source, request.into or found.network, request.tolerance_m, request.options.sync, person, found.free, told,
                       request.draw, (request.person.organisation if request.person else None) or ""), outcome,
            )  # fmt: skip
            outcome.titles |= {one.name: str(one.title) for one in request.wanted.roles}
            fill(report, outcome)
            return pipeline.conclude(report, request.options, started)
    except pipeline.RolledBack as end:
        return end.report


def _problem(one: Noted) -> RowProblem:
    return RowProblem(one.row, one.id, one.role if one.field == "-" else f"{one.role}.{one.field}", one.code, one.value)


def fill(report: Report, outcome: Outcome) -> None:
    """Write what happened into the report: the sums, and a part for each role."""
    for name, counts in outcome.counts.items():
        if not any(vars(counts).values()):
            continue
        part = Report(name, report.source, report.file)
        part.title = outcome.titles.get(name, "")
        part.read, part.created, part.updated = counts.read, counts.created, counts.updated
        part.unchanged, part.retired, part.joined = counts.unchanged, counts.retired, counts.joined
        mine = [one for one in outcome.noted if one.role == name]
        part.rejected = [_problem(one) for one in mine if not one.kept][:MAX_LISTED]
        part.repaired = [_problem(one) for one in mine if one.kept]
        part.rejected_count = counts.rejected
        report.add(part)
    report.shapes = outcome.shapes
    report.notes += list(dict.fromkeys(outcome.notes))
