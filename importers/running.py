"""`gisapp import LAYER FILE`: which importer takes it, and what is printed."""

import argparse
import os
import select
import signal
import sys
import threading
from pathlib import Path

from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _
from psycopg import Error as PsycopgError

from gisapp import terminal
from gisapp.errors import BadInput, Forbidden, from_database
from gisapp.history.recording import recorded
from gisapp.layer import FileSet, Target, all_apps, all_file_sets, all_table_targets, all_targets, file_set
from importers import opening, pipeline, progress, report, tables
from importers.plan import Options
from importers.reach import Person
from importers.report import Report
from importers.sets import running as sets


def targets_for(name: str, file: Path) -> list[Target]:
    """The targets that a person means by this word and file; raises BadInput("no-target")."""
    found = [one for one in all_targets() if one.layer == name]
    if found:
        return found
    if opening.is_osm(file) and (name == "osm" or any(app.name == name and app.targets for app in all_apps())):
        return all_targets()
    found = [one for one in all_targets() if name in one.short_for]
    if found:
        return found
    possible = [one.layer for one in all_targets()] + [one.name for one in all_table_targets()]
    possible += [one.name for one in all_file_sets()]
    raise BadInput("no-target", name=name, possible=", ".join(sorted(possible)))


def _import(arguments: argparse.Namespace) -> Report:
    options = Options(arguments.dry_run, arguments.strict, arguments.sync, arguments.anywhere)
    person = Person.named(arguments.person, arguments.organisation)
    table = next((one for one in all_table_targets() if one.name == arguments.layer), None)
    wanted = file_set(arguments.layer)
    with progress.shown() as reporter:
        if wanted is not None:
            return sets.run(_set_request(wanted, arguments), reporter)
        if table is not None:
            _unlimited(person)
            return tables.run_table_import(table, arguments.file, options)
        targets = targets_for(arguments.layer, arguments.file)
        if len(targets) > 1 or opening.is_osm(arguments.file):
            from importers.osm import run_osm_import

            _unlimited(person)
            if arguments.map:
                raise BadInput("osm-no-mapping")
            return run_osm_import(arguments.layer, arguments.file, targets, options, arguments.source, reporter)
        request = pipeline.Request(targets[0], arguments.file, arguments.map, arguments.source, options, person)
        return pipeline.run_import(request, reporter)


def _set_request(wanted: FileSet, arguments: argparse.Namespace) -> sets.Request:
    return sets.Request(
        wanted, arguments.file, arguments.map, arguments.source, arguments.network, arguments.crs, arguments.tolerance,
        Options(arguments.dry_run, arguments.strict, arguments.sync, arguments.anywhere),
        Person.named(arguments.person, arguments.organisation), draw=bool(arguments.report),
    )  # fmt: skip


def _unlimited(person: Person) -> None:
    """What fills several layers, or a plain table, is the operators' business."""
    if not person.unlimited:
        raise Forbidden("forbidden")


def _layer_suggestion(arguments: argparse.Namespace) -> str:
    target = targets_for(arguments.layer, arguments.file)[0]
    return pipeline.suggestion(pipeline.Request(target, arguments.file, None, arguments.source))


def _suggest(arguments: argparse.Namespace) -> int:
    wanted = file_set(arguments.layer)
    if wanted is None and opening.is_osm(arguments.file):
        raise BadInput("osm-no-mapping")
    text = sets.suggestion(_set_request(wanted, arguments)) if wanted else _layer_suggestion(arguments)
    if arguments.suggest == "-":
        print(text, end="")
    else:
        Path(arguments.suggest).write_text(text, encoding="utf-8")
        print(_("%(file)s geschrieben") % {"file": arguments.suggest}, file=sys.stderr)
    return 0


def _end_with(other: int) -> None:
    """Wait until that process has ended, and end like one that was told to: nobody is there to take the result."""
    try:
        waiting = select.poll()
        waiting.register(os.pidfd_open(other), select.POLLIN)
        waiting.poll()
    except ProcessLookupError:
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for; the exit code (0 done, 1 refused by --strict). Raises GisError."""
    if arguments.end_with:
        threading.Thread(target=_end_with, args=[arguments.end_with], daemon=True).start()
    with translation.override(arguments.language or terminal.language()):
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.suggest:
        return _suggest(arguments)
    if arguments.report:
        report.check_name(arguments.report)
    try:
        person = Person.named(arguments.person).user
        said = {"reason": arguments.note, "layer": arguments.layer, "file": arguments.file.name}
        with recorded("import", user=person, **said) as context:
            done = _import(arguments)
        done.change = "" if done.rolled_back else str(context.id)
    except (DatabaseError, PsycopgError) as error:
        known = from_database(error)
        if known is None:
            raise
        raise known from error
    # What is done is told first: the report may not fit onto the disk any more.
    if arguments.json:
        print(done.as_json())
    else:
        print("\n".join(done.as_lines()))
    if arguments.report:
        try:
            report.write(done, arguments.report)
        except OSError as error:
            raise BadInput("report-unwritten", path=arguments.report, reason=error.strerror or str(error)) from error
    if done.rolled_back and not done.dry_run:
        print(f"gisapp: {BadInput('rows-rejected', count=done.rejected_count, read=done.read)}", file=sys.stderr)
        return 1
    return 1 if arguments.strict and done.rejected_count else 0
