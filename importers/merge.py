"""Staged rows into the table: new ones in, changed ones changed, equal ones untouched, missing ones retired."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql
from psycopg.sql import Composable, Composed, Identifier, Literal

from gisapp.history.tracking import event_model
from importers import indexes
from importers.plan import Plan
from importers.staging import execute, scalar

BIG_LOAD = 50_000
"""From this many rows into an empty table its indexes are dropped and built at the end."""
WORTH_ANALYZING = 500


@dataclass
class Merged:
    """How many rows each fate had."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    retired: int = 0


def _written(plan: Plan) -> list[tuple[str, Composable]]:
    """(column, its value from the staged row s) of all columns that this import writes."""
    geometry = sql.SQL("s.geom")
    columns = [(plan.column(one.field), Identifier("s", plan.column(one.field))) for one in plan.filled]
    written: list[tuple[str, Composable]] = list(columns)
    if plan.target.geometry_column:
        written.append((plan.target.geometry_column, geometry))
    if plan.owner:
        written.append((plan.owner[0], Literal(plan.owner[1])))
    names = {one.field.name: Identifier("s", plan.column(one.field)) for one in plan.filled}
    for column, formula in plan.target.derived.items():
        written.append((column, sql.SQL(formula).format(geom=geometry, **names)))
    return written


def _insert(plan: Plan, condition: Composable) -> int:
    written = _written(plan)
    constants = [(name, Literal(value)) for name, value in plan.unfilled()]
    names = ["source", "source_id", *(name for name, value in [*written, *constants])]
    values = [Literal(plan.source), sql.SQL("s.source_id"), *(value for name, value in [*written, *constants])]
    return execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM pg_temp.{} s {}").format(
            Identifier(plan.table), sql.SQL(", ").join(map(Identifier, names)), sql.SQL(", ").join(values),
            Identifier(plan.staged), condition,
        )
    ).rowcount  # fmt: skip


def _update(plan: Plan) -> int:
    """Change rows that differ, and bring retired ones back."""
    written = _written(plan)
    assignments = sql.SQL(", ").join(sql.SQL("{} = {}").format(Identifier(name), value) for name, value in written)
    ours = sql.SQL(", ").join(Identifier("t", name) for name, value in written)
    theirs = sql.SQL(", ").join(value for name, value in written)
    return execute(
        sql.SQL(
            "UPDATE {table} t SET {assignments}, updated_at = clock_timestamp(), retired_at = NULL"
            " FROM pg_temp.{staged} s WHERE t.source = {source} AND t.source_id = s.source_id"
            " AND (t.retired_at IS NOT NULL OR ROW({ours}) IS DISTINCT FROM ROW({theirs}))"
        ).format(
            table=Identifier(plan.table), staged=Identifier(plan.staged), assignments=assignments,
            source=Literal(plan.source), ours=ours, theirs=theirs,
        )
    ).rowcount  # fmt: skip


def retire(plan: Plan, still_there: Sequence[str]) -> int:
    """Retire the live rows of this source that the file no longer has.

    A rejected row is still there: one that was staged by itself, one that the reader left out by its id in `still_there`.
    """
    return execute(
        sql.SQL(
            "UPDATE {table} t SET retired_at = clock_timestamp(), updated_at = clock_timestamp()"
            " WHERE t.source = {source} AND t.retired_at IS NULL AND t.source_id IS NOT NULL AND NOT EXISTS"
            " (SELECT FROM pg_temp.{raw} r WHERE btrim(r.source_id) = t.source_id)"
            " AND t.source_id <> ALL ({kept})"
        ).format(
            kept=Literal(list(still_there)),
            table=Identifier(plan.table),
            source=Literal(plan.source),
            raw=Identifier(plan.staged if plan.grouped else plan.raw),
        )
    ).rowcount


def merge(plan: Plan, rows: int, late: list[Composed]) -> Merged:
    """Merge the staged rows; `rows` is how many were read.

    Indexes that were dropped for a big load are put on `late`: `indexes.build` them when the rows are linked, too.
    Raises psycopg errors of the table's own rules.
    """
    table = Identifier(plan.table)
    if not scalar(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(table)):
        if rows >= BIG_LOAD:
            late += indexes.dropped(plan.table)
            events = event_model(plan.target.model_class)
            if events is not None and not events._default_manager.exists():
                late += indexes.dropped(events._meta.db_table)
        done = Merged(created=_insert(plan, sql.SQL("")))
    elif not scalar(sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE source = {})").format(table, Literal(plan.source))):
        done = Merged(created=_insert(plan, sql.SQL("")))
    else:
        done = _compared(plan)
    if done.created + done.updated >= WORTH_ANALYZING:
        # What follows in this transaction (linking by position) is planned with true numbers.
        execute(sql.SQL("ANALYZE {}").format(table))
    return done


def _compared(plan: Plan) -> Merged:
    """Merge into a table that has rows of this source already."""
    execute(sql.SQL("ANALYZE pg_temp.{}").format(Identifier(plan.raw)))
    updated = _update(plan)
    missing = sql.SQL(
        "WHERE NOT EXISTS (SELECT FROM {} t WHERE t.source = {} AND t.source_id = s.source_id)"
    ).format(Identifier(plan.table), Literal(plan.source))  # fmt: skip
    created = _insert(plan, missing)
    total = int(scalar(sql.SQL("SELECT count(*) FROM pg_temp.{}").format(Identifier(plan.staged))) or 0)
    return Merged(created, updated, total - updated - created)
