"""open -> map fields -> validate -> stage -> merge in one transaction -> report, for a file that feeds one layer."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from django.db import transaction
from django.utils.translation import gettext as _
from psycopg.sql import Composed

from gisapp.accounts.roles import System
from gisapp.errors import BadInput
from gisapp.history.recording import pin
from gisapp.layer import Geometry, Target, finishing
from importers import checks, cleaning, indexes, mapping, merge, reach, repair
from importers.mapping import Mapping
from importers.opening import Format, Opened, open_file
from importers.plan import Filled, Options, Plan
from importers.progress import Reporter
from importers.reach import Person
from importers.report import MAX_LISTED, Report
from importers.source import RowProblem, Source, srid_of
from importers.staging import Stage, execute, scalar


class RolledBack(Exception):
    """Ends the transaction of a dry run, or of a strict import with rejected rows; carries the report."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(report.layer)


@dataclass(frozen=True)
class Request:
    """What a person asked for: this file into this target."""

    target: Target
    file: Path
    map_file: Path | None = None
    source: str = ""
    options: Options = field(default_factory=Options)
    person: Person = field(default_factory=lambda: Person(System()))


def open_source(opened: Opened, wanted: Mapping, geometry: Geometry) -> Source:
    """The reader for the file's format."""
    if opened.format is Format.CSV:
        from importers.csvfiles import open_csv

        return open_csv(opened, wanted)
    if opened.format is Format.DXF:
        from importers.records import open_dxf

        return open_dxf(opened, geometry)
    from importers.vector import open_vector

    return open_vector(opened, wanted.file_layer)


def _mapping(request: Request, given: Mapping, source: Source) -> Mapping:
    """The mapping to use: the file's as it is, or a guess."""
    if request.map_file is None:
        found = mapping.suggest(request.target, source, request.file.name)
        found.geometry, found.crs = given.geometry, given.crs
    else:
        found = given
        stem = mapping.suggest(request.target, source, request.file.name).source
        found.source = found.source or stem
    found.source = request.source or found.source
    mapping.check(found, request.target, source, request.map_file or request.file)
    return found


def _plan(request: Request, found: Mapping, source: Source) -> Plan:
    """What to do; raises BadInput where the coordinate system is not known."""
    crs = found.crs or source.crs
    srid = srid_of(crs)
    if srid is None:
        raise BadInput("crs-missing", likely="")
    if not scalar("SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = %s)", [srid]):
        raise BadInput("crs-unknown", crs=crs)
    filled = []
    for one in request.target.fields:
        if one.name in found.constants:
            filled.append(Filled(one, constant=found.constants[one.name]))
        elif one.name in found.fields:
            column = source.column(found.fields[one.name])
            assert column is not None
            filled.append(Filled(one, column.name, column.kind, values=found.values.get(one.name, {})))
    id_column = source.column(found.id_column) if found.id_column else None
    return Plan(
        request.target, found.source, filled, srid,
        id_column=id_column.name if id_column else "", id_kind=id_column.kind if id_column else "", crs_text=crs or "",
        owner=reach.owner(request.target, request.person),
    )  # fmt: skip


def lock(table: str) -> None:
    """One import into a table at a time; raises BadInput("import-busy")."""
    if not scalar("SELECT pg_try_advisory_xact_lock(hashtext('gisapp import'), hashtext(%s))", [table]):
        raise BadInput("import-busy")


def retire(plan: Plan, left_out: Sequence[RowProblem], report: Report) -> None:
    """Retire what the file no longer has; nothing where a row was left out of which nobody knows which one it is."""
    if all(one.id for one in left_out):
        report.retired = merge.retire(plan, [one.id for one in left_out])
    else:
        report.notes.append(_("Nichts stillgelegt: von unlesbaren Zeilen ist unbekannt, welche Objekte sie meinen."))


def put(
    plan: Plan,
    stage: Stage,
    options: Options,
    reporter: Reporter,
    report: Report,
    late: list[Composed],
    broken: Sequence[RowProblem] = (),
) -> None:
    """Check, repair and merge what was staged, and write it all into the report.

    `broken` are features that never reached the stage.
    """
    reporter.step(_("prüfen"))
    execute(cleaning.DATE_FUNCTION)
    checks.find_bad_rows(plan, stage, options)
    repair.stage_good_rows(plan, stage, bad=checks.count_bad(plan) > 0)
    report.repaired += repair.repair(plan)
    repair.drop_bad(plan)
    report.joined = repair.join_parts(plan)
    checks.find_taken_values(plan, sync=options.sync)
    repair.drop_bad(plan)
    if plan.grouped and plan.target.group is not None:
        pieces = checks.count_staged(plan)
        plan.target.group(plan.staged)
        report.joined += pieces - checks.count_staged(plan)
    reporter.step(_("übernehmen"))
    if options.sync:
        retire(plan, [*broken, *(one for one in stage.problems if one.code != "nul-character")], report)
    done = merge.merge(plan, stage.read, late)
    report.created, report.updated, report.unchanged = done.created, done.updated, done.unchanged
    left_out = [one for one in stage.problems if one.code != "nul-character"]
    report.rejected += sorted([*left_out, *checks.bad_rows(plan, MAX_LISTED)], key=lambda one: (one.row, one.field))
    report.rejected_count += checks.count_bad(plan) + len({one.row for one in left_out})
    report.repaired += [one for one in stage.problems if one.code == "nul-character"]


def finish(layers: list[str], source: str, reporter: Reporter, late: list[Composed]) -> int:
    """The steps that follow a merge into these layers, and late indexes; the rows linked."""
    linked = 0
    for step in finishing(layers):
        reporter.step(str(step.title))
        linked += step.run(source)
    reporter.step(_("Indexe bauen"))
    indexes.build(late)
    return linked


def conclude(report: Report, options: Options, started: float) -> Report:
    """The finished report; raises RolledBack where nothing may be kept."""
    report.seconds = time.monotonic() - started
    report.dry_run = options.dry_run
    report.rolled_back = options.dry_run or (options.strict and report.rejected_count > 0)
    if report.rolled_back:
        raise RolledBack(report)
    return report


def counted(batches: Iterator[pa.RecordBatch], source: Source, opened: Opened) -> Iterator[pa.RecordBatch]:
    """The batches; raises BadInput when there are none, or fewer than the file promised."""
    rows = 0
    for batch in batches:
        rows += len(batch)
        yield batch
    if rows == 0 and not source.problems:
        raise BadInput("no-features", path=opened.path)
    if 0 <= rows < source.count:
        reason = _("%(there)s von %(expected)s Objekten") % {"there": rows, "expected": source.count}
        raise BadInput("file-corrupt", path=opened.path, reason=reason)


def _import(request: Request, opened: Opened, reporter: Reporter, report: Report, late: list[Composed]) -> None:
    given = mapping.read(request.map_file) if request.map_file else Mapping()
    source = open_source(opened, given, request.target.geometry)
    if source.count == 0:
        raise BadInput("no-features", path=opened.path)
    found = _mapping(request, given, source)
    report.source, report.mapping = found.source, found.to_toml()
    plan = _plan(request, found, source)
    lock(plan.table)
    reach.check(plan, request.person)
    stage = Stage(plan)
    stage.create()
    reporter.step(_("lesen"), source.count if source.count > 0 else None)
    wanted = {one.column for one in plan.filled if one.column} | ({plan.id_column} if plan.id_column else set())
    names = [one.name for one in source.columns if one.name in wanted]
    stage.copy(counted(source.batches(names), source, opened), reporter.rows)
    stage.problems += source.problems
    report.read = stage.read + len({one.row for one in source.problems})
    report.notes += source.notes
    put(plan, stage, request.options, reporter, report, late)
    reach.check(plan, request.person)


def run_import(request: Request, reporter: Reporter) -> Report:
    """Import the file in one transaction.

    Raises BadInput when the file is refused, Forbidden when the person may not do it; a rejected row stands in the report. With `strict` or `dry_run` the
    report says `rolled_back` and the database is unchanged.
    """
    started = time.monotonic()
    reach.may(request.target, request.person)
    report = Report(request.target.layer, request.source, request.file.name)
    late: list[Composed] = []
    try:
        with transaction.atomic():
            pin()
            with open_file(request.file) as opened:
                _import(request, opened, reporter, report, late)
            report.linked = finish([request.target.layer], report.source, reporter, late)
            return conclude(report, request.options, started)
    except RolledBack as end:
        return end.report


def suggestion(request: Request) -> str:
    """The mapping guess for this file as TOML. Raises BadInput when the file is refused."""
    with open_file(request.file) as opened:
        source = open_source(opened, Mapping(), request.target.geometry)
        found = mapping.suggest(request.target, source, request.file.name)
        found.source = request.source or found.source
        used = {*found.fields.values(), found.id_column}
        unused = [one.name for one in source.columns if one.name not in used]
        missing = [one for one in request.target.required
                   if one not in found.fields and one not in request.target.defaults]  # fmt: skip
        lines = [_("Spalten ohne Feld: %(columns)s") % {"columns": ", ".join(unused)}] if unused else []
        lines += [_("Pflichtfeld ohne Spalte: %(field)s") % {"field": one} for one in missing]
        if source.crs is None:
            lines.append(_("Die Datei sagt ihr Koordinatensystem nicht: %(line)s") % {"line": 'crs = "EPSG:25832"'})
        return "\n".join([*(f"# {line}" for line in lines), found.to_toml()])
