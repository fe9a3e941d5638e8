"""Which rows cannot be taken, and why: one pass over the raw table, then rows that repeat an id or a unique value."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from psycopg import sql
from psycopg.sql import Composable, Identifier, Literal

from gisapp.errors import BadInput
from gisapp.geolibs import STORAGE_SRID
from gisapp.layer import DERIVED, Geometry
from importers.cleaning import cleaned
from importers.plan import Options, Plan
from importers.source import RowProblem
from importers.staging import Stage, execute, scalar

WRONG_CRS_SHARE = 0.5
"""When more rows than this share lie outside the expected area, the coordinate system is wrong, not the rows."""
_TYPES = {
    Geometry.POINT: ("POINT", "MULTIPOINT"),
    Geometry.LINE: ("LINESTRING", "MULTILINESTRING", "CIRCULARSTRING", "COMPOUNDCURVE", "MULTICURVE"),
    Geometry.POLYGON: ("POLYGON", "MULTIPOLYGON", "CURVEPOLYGON", "MULTISURFACE"),
}
_CODES = {Geometry.POINT: {1}, Geometry.LINE: {2, 5}, Geometry.POLYGON: {3, 6}}


@dataclass(frozen=True)
class _Problem:
    condition: Composable
    field: str
    code: str
    value: Composable


def expected_area(plan: Plan, options: Options) -> Composable | None:
    """The box (in the file's own coordinates) in which data are plausible; None where that is not asked.

    Rows outside never reach ST_Transform, which would end the statement for coordinates that it cannot transform.
    """
    if options.anywhere:
        box = scalar("SELECT auth_name FROM spatial_ref_sys WHERE srid = %s AND srtext LIKE 'GEOGCS%%'", [plan.srid])
        return sql.SQL("ST_MakeEnvelope(-180, -85, 180, 85)") if box else None
    west, south, east, north = settings.IMPORT_AREA
    corners = scalar(
        "SELECT ARRAY[ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b)] FROM (SELECT ST_Transform(ST_Segmentize("
        "ST_MakeEnvelope(%s, %s, %s, %s, %s), 20000), %s::int) AS b) box",
        [west, south, east, north, STORAGE_SRID, plan.srid],
    )
    return sql.SQL("ST_MakeEnvelope({})").format(sql.SQL(", ").join(map(Literal, corners)))


def _geometry_problems(plan: Plan, stage: Stage, area: Composable | None) -> list[_Problem]:
    """What is wrong with a row's geometry; checks that cannot hit (only points were seen) are left out."""
    target = plan.target
    present = sql.SQL("s.geom IS NOT NULL AND NOT ST_IsEmpty(s.geom)")
    problems = []
    if target.geometry_required:
        problems.append(
            _Problem(sql.SQL("(s.geom IS NULL OR ST_IsEmpty(s.geom))"), "geom", "geometry-missing", sql.NULL)
        )
    kind = sql.SQL("GeometryType(s.geom)")
    if not stage.geometry_codes <= _CODES.get(target.geometry, set()):
        allowed = sql.SQL(", ").join(map(Literal, _TYPES.get(target.geometry, ())))
        problems.append(
            _Problem(sql.SQL("({} AND {} NOT IN ({}))").format(present, kind, allowed), "geom", "geometry-type", kind)
        )
        if target.geometry is Geometry.POINT:
            several = sql.SQL("({} AND {} = 'MULTIPOINT' AND ST_NumGeometries(s.geom) > 1)").format(present, kind)
            problems.append(_Problem(several, "geom", "geometry-type", kind))
    if area is not None:
        outside = sql.SQL("(NOT s.geom @ {} AND {})").format(area, present)
        place = sql.SQL("ST_AsText(ST_PointN(ST_BoundingDiagonal(s.geom), 1), 4)")
        problems.append(_Problem(outside, "geom", "outside-area", place))
    return problems


def _row_problems(plan: Plan) -> list[_Problem]:
    problems = []
    if plan.id_column:
        empty = sql.SQL("(s.source_id IS NULL OR btrim(s.source_id) = '')")
        problems.append(_Problem(empty, "id", "id-missing", sql.NULL))
    names = {one.field.name: Identifier("s", one.field.name) for one in plan.filled}
    for one in plan.filled:
        clean, name = cleaned(plan, one), one.field.name
        text = Identifier("s", name + " text")
        if clean.faulty is not None:
            problems.append(_Problem(Identifier("s", name + " faulty"), name, clean.code, text))
        if name in plan.target.required and one.constant is None and name not in plan.target.defaults:
            missing = sql.SQL("({} IS NULL)").format(text)
            problems.append(_Problem(missing, name, "required-missing", sql.NULL))
    for check in plan.target.checks:
        nothing = {field.name: sql.NULL for field in plan.target.fields}
        if check.field in names:
            condition = sql.SQL("({})").format(sql.SQL(check.condition).format(**(nothing | names)))
            problems.append(_Problem(condition, check.field, check.code, Identifier("s", check.field + " text")))
    return problems


def _subject(plan: Plan) -> Composable:
    """The raw rows with the cleaned value of each field, its text, and whether it is faulty."""
    columns: list[Composable] = [sql.SQL("row_no, source_id, geom")]
    for one in plan.filled:
        clean, name = cleaned(plan, one), one.field.name
        columns.append(sql.SQL("{} AS {}").format(clean.value, Identifier(name)))
        columns.append(sql.SQL("{} AS {}").format(clean.text, Identifier(name + " text")))
        if clean.faulty is not None:
            columns.append(sql.SQL("{} AS {}").format(clean.faulty, Identifier(name + " faulty")))
    return sql.SQL("SELECT {} FROM pg_temp.{}").format(sql.SQL(", ").join(columns), Identifier(plan.raw))


def _note(plan: Plan, problems: Sequence[_Problem]) -> int:
    """Write what is wrong into the table of bad rows; the number of entries."""
    if not problems:
        return 0
    any_of = sql.SQL(" OR ").join(one.condition for one in problems)
    each = sql.SQL(", ").join(
        sql.SQL("({}, {}, {}, left(({})::text, 80))").format(
            one.condition, Literal(one.field), Literal(one.code), one.value
        )
        for one in problems
    )
    return execute(
        sql.SQL(
            "INSERT INTO pg_temp.{bad} SELECT s.row_no, s.source_id, p.field, p.code, p.value FROM ({subject}) s"
            " CROSS JOIN LATERAL (VALUES {each}) p (bad, field, code, value) WHERE ({any_of}) AND p.bad"
        ).format(bad=Identifier(plan.bad), subject=_subject(plan), each=each, any_of=any_of)
    ).rowcount


def _refuse_wrong_crs(plan: Plan, read: int) -> None:
    """Raise BadInput("crs-wrong") when most rows lie outside the expected area."""
    statement = sql.SQL("SELECT count(*), min(value) FROM pg_temp.{} WHERE code = 'outside-area'")
    row = execute(statement.format(Identifier(plan.bad))).fetchone()
    outside, example = row if row is not None else (0, "")
    if read and outside > read * WRONG_CRS_SHARE:
        west, south, east, north = settings.IMPORT_AREA
        raise BadInput(
            "crs-wrong", share=f"{outside} / {read}", crs=plan.crs_text or f"EPSG:{plan.srid}", example=example, likely="",
            area=f"EPSG:{STORAGE_SRID} {west / 1000:.0f}-{east / 1000:.0f}, {south / 1000:.0f}-{north / 1000:.0f} km",
        )  # fmt: skip


def find_bad_rows(plan: Plan, stage: Stage, options: Options) -> None:
    """Fill the table of bad rows. Raises BadInput("crs-wrong") when the file as a whole lies elsewhere."""
    area = expected_area(plan, options)
    noted = _note(plan, [*_row_problems(plan), *_geometry_problems(plan, stage, area)])
    if noted:
        _refuse_wrong_crs(plan, stage.read)
    if stage.repeated_ids():
        _note_repeated(plan)


def _note_repeated(plan: Plan) -> None:
    """Note rows whose id an earlier row has; where the target knows parts, only those that say something else."""
    needed = [Identifier(one.raw) for one in plan.filled if one.column and one.field.name in plan.target.required]
    same = sql.SQL("ARRAY[{}]").format(sql.SQL(", ").join(sql.SQL("{}::text").format(one) for one in needed))
    says = same if plan.target.parts and needed else sql.SQL("NULL::text")
    other = sql.SQL("AND says IS DISTINCT FROM first") if plan.target.parts and needed else sql.SQL("")
    execute(
        sql.SQL(
            "INSERT INTO pg_temp.{bad} SELECT row_no, source_id, 'id', {code}, source_id FROM (SELECT row_no,"
            " source_id, {says} AS says, first_value({says}) OVER same_id AS first, row_number() OVER same_id AS nth"
            " FROM pg_temp.{raw} r WHERE source_id IS NOT NULL"
            " AND NOT EXISTS (SELECT FROM pg_temp.{bad} b WHERE b.row_no = r.row_no)"
            " WINDOW same_id AS (PARTITION BY btrim(source_id) ORDER BY row_no)) numbered WHERE nth > 1 {other}"
        ).format(
            bad=Identifier(plan.bad), raw=Identifier(plan.raw), says=says, other=other,
            code=Literal("id-twice" if plan.id_column else "same-row-twice"),
        )
    )  # fmt: skip


def find_taken_values(plan: Plan, *, sync: bool) -> None:
    """Note staged rows whose unique value another staged row, or a live row that stays, has already.

    Rows that a finish step had derived give way: they are retired. With `sync`, what the source no longer has goes too.
    """
    for name in plan.target.unique:
        one = next((filled for filled in plan.filled if filled.field.name == name), None)
        if one is None:
            continue
        column = Identifier(plan.column(one.field))
        parts = {
            "bad": Identifier(plan.bad), "staged": Identifier(plan.staged), "table": Identifier(plan.table),
            "column": column, "field": Literal(name), "source": Literal(plan.source), "derived": Literal(DERIVED),
            "stays": sql.SQL("t.source <> {}").format(Literal(plan.source)) if sync else sql.SQL("true"),
        }  # fmt: skip
        execute(sql.SQL(
            "INSERT INTO pg_temp.{bad} SELECT row_no, source_id, {field}, 'value-twice', {column}::text FROM (SELECT"
            " row_no, source_id, {column}, row_number() OVER (PARTITION BY {column} ORDER BY row_no) AS nth"
            " FROM pg_temp.{staged}) s WHERE nth > 1"
        ).format(**parts))  # fmt: skip
        execute(sql.SQL(
            "UPDATE {table} t SET retired_at = clock_timestamp(), updated_at = clock_timestamp()"
            " FROM pg_temp.{staged} s WHERE s.{column} = t.{column} AND t.source = {derived} AND t.source <> {source}"
            " AND t.retired_at IS NULL"
        ).format(**parts))  # fmt: skip
        execute(sql.SQL(
            "INSERT INTO pg_temp.{bad} SELECT s.row_no, s.source_id, {field}, 'value-twice', s.{column}::text"
            " FROM pg_temp.{staged} s JOIN {table} t ON t.{column} = s.{column} AND t.retired_at IS NULL"
            " WHERE (t.source, t.source_id) IS DISTINCT FROM ({source}, s.source_id) AND {stays}"
            " AND NOT EXISTS (SELECT FROM pg_temp.{staged} again WHERE again.source_id = t.source_id"
            " AND t.source = {source})"
        ).format(**parts))  # fmt: skip


def bad_rows(plan: Plan, limit: int) -> list[RowProblem]:
    """The rows that are not taken, in the file's order."""
    statement = sql.SQL("SELECT row_no, source_id, field, code, value FROM pg_temp.{} ORDER BY row_no, field LIMIT {}")
    rows = execute(statement.format(Identifier(plan.bad), Literal(limit))).fetchall()
    return [RowProblem(row, name or "", field, code, value or "") for row, name, field, code, value in rows]


def count_bad(plan: Plan) -> int:
    return int(scalar(sql.SQL("SELECT count(DISTINCT row_no) FROM pg_temp.{}").format(Identifier(plan.bad))) or 0)


def count_staged(plan: Plan) -> int:
    return int(scalar(sql.SQL("SELECT count(*) FROM pg_temp.{}").format(Identifier(plan.staged))) or 0)
