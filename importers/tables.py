"""A CSV into a plain table without geometry, such as the mapping of municipalities to Ämter."""

import time
from pathlib import Path

from django.db import transaction

from gisapp.errors import BadInput
from gisapp.history.recording import pin
from gisapp.layer import TableTarget
from importers import csvfiles, pipeline
from importers.mapping import folded
from importers.opening import open_file
from importers.plan import Options
from importers.progress import Reporter
from importers.report import Report


def _columns(target: TableTarget, heads: list[str]) -> dict[str, str]:
    """The target's columns -> the file's; raises BadInput("column-missing")."""
    by_name = {folded(head): head for head in heads}
    found = {}
    for name in target.columns:
        head = next(
            (by_name[folded(one)] for one in (*target.aliases.get(name, ()), name) if folded(one) in by_name), None
        )
        if head is None:
            raise BadInput("column-missing", field=name, columns=", ".join(heads))
        found[name] = head
    return found


def run_table_import(target: TableTarget, file: Path, options: Options) -> Report:
    """Fill the table from the CSV in one transaction. Raises BadInput."""
    started = time.monotonic()
    report = Report(target.name, target.name, file.name)
    try:
        with transaction.atomic():
            pin()
            with open_file(file) as opened:
                heads, lines = csvfiles.read_rows(opened)
            columns = _columns(target, heads)
            rows = [{name: line.get(head, "") for name, head in columns.items()} for line in lines]
            report.read = len(rows)
            report.created, report.updated, report.unchanged = target.load(rows)
            report.linked = pipeline.finish([target.name], target.name, Reporter(), [])
            return pipeline.conclude(report, options, started)
    except pipeline.RolledBack as end:
        return end.report
