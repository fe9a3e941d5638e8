"""Geometry on its way into the table: one coordinate system, one kind, two dimensions, valid.

An invalid geometry is repaired where that loses nothing: ST_MakeValid leaves the same dimension and, for an area,
changes it by less than MAX_AREA_CHANGE. Otherwise the row is rejected.
"""

from psycopg import sql
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from gisapp.geolibs import STORAGE_SRID
from gisapp.layer import Geometry
from importers.cleaning import cleaned, with_default
from importers.plan import Plan
from importers.source import RowProblem
from importers.staging import Stage, execute, scalar

MAX_AREA_CHANGE = 0.01
_DIMENSION = {Geometry.LINE: 2, Geometry.POLYGON: 3}


def _geometry(plan: Plan, stage: Stage) -> Composable:
    """The staged geometry in storage form; steps that no geometry of this file needs are left out."""
    codes, kind = stage.geometry_codes, plan.target.geometry
    geometry: Composable = sql.SQL("r.geom")
    # Codes of a flat geometry are 1-17; Z and M add 1000, 2000, 3000 (ISO) or high bits (EWKB).
    if any(code > 999 for code in codes):
        geometry = sql.SQL("ST_Force2D({})").format(geometry)
    if any(code % 1000 > 7 for code in codes):
        geometry = sql.SQL("ST_CurveToLine({})").format(geometry)
    if kind is Geometry.POINT and codes - {1}:
        geometry = sql.SQL("ST_GeometryN({}, 1)").format(geometry)
    geometry = sql.SQL("ST_SetSRID({}, {})").format(geometry, Literal(plan.srid))
    if plan.srid != STORAGE_SRID:
        geometry = sql.SQL("ST_Transform({}, {})").format(geometry, Literal(STORAGE_SRID))
    return geometry if kind is Geometry.POINT else sql.SQL("ST_Multi({})").format(geometry)


def _columns(plan: Plan, stage: Stage) -> list[Composable]:
    columns: list[Composable] = [
        sql.SQL("{} AS {}").format(
            with_default(plan, one, cleaned(plan, one).value), Identifier(plan.column(one.field))
        )
        for one in plan.filled
    ]  # fmt: skip
    geometry = sql.SQL("{} AS geom").format(_geometry(plan, stage))
    return [sql.SQL("r.row_no"), sql.SQL("btrim(r.source_id) AS source_id"), *columns, geometry]


def stage_good_rows(plan: Plan, stage: Stage, *, bad: bool) -> None:
    """Create the staged relation: row_no, source_id, the table's columns, geom. A view for points, else a table."""
    for kind in ("VIEW", "TABLE"):
        found = scalar("SELECT relkind::text FROM pg_class WHERE oid = to_regclass(%s)", ["pg_temp." + plan.staged])
        if found == {"VIEW": "v", "TABLE": "r"}[kind]:
            execute(sql.SQL("DROP {} pg_temp.{}").format(sql.SQL(kind), Identifier(plan.staged)))
    anti = sql.SQL(" WHERE NOT EXISTS (SELECT FROM pg_temp.{} b WHERE b.row_no = r.row_no)").format(
        Identifier(plan.bad)
    )
    query = sql.SQL("SELECT {} FROM pg_temp.{} r{}").format(
        sql.SQL(", ").join(_columns(plan, stage)), Identifier(plan.raw), anti if bad else sql.SQL("")
    )
    if plan.target.geometry is Geometry.POINT:
        execute(sql.SQL("CREATE TEMP VIEW {} AS {}").format(Identifier(plan.staged), query))
        return
    execute(sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS {}").format(Identifier(plan.staged), query))


def repair(plan: Plan) -> list[RowProblem]:
    """Repair what is invalid in the staged table and note what cannot be; the repaired rows with the reason."""
    if plan.target.geometry is Geometry.POINT:
        return []
    staged, bad = Identifier(plan.staged), Identifier(plan.bad)
    dimension = _DIMENSION[plan.target.geometry]
    safe: SQL | Composed = sql.SQL("NOT ST_IsEmpty(mended)")
    if dimension == 3:
        safe = sql.SQL(
            "NOT ST_IsEmpty(mended) AND abs(ST_Area(mended) - ST_Area(geom)) <= {} * ST_Area(mended)"
        ).format(Literal(MAX_AREA_CHANGE))
    rows = execute(
        sql.SQL(
            "WITH broken AS MATERIALIZED (SELECT row_no, source_id, geom, ST_IsValidReason(geom) AS reason,"
            " ST_Multi(ST_CollectionExtract(ST_MakeValid(geom), {dimension})) AS mended FROM pg_temp.{staged}"
            " WHERE NOT ST_IsValid(geom)), changed AS (UPDATE pg_temp.{staged} s SET geom = b.mended FROM broken b"
            " WHERE b.row_no = s.row_no AND {safe} RETURNING s.row_no), refused AS (INSERT INTO pg_temp.{bad}"
            " SELECT row_no, source_id, 'geom', 'geometry-invalid', left(reason, 80) FROM broken"
            " WHERE ({safe_broken}) IS NOT TRUE)"
            " SELECT b.row_no, b.source_id, b.reason FROM broken b JOIN changed USING (row_no) ORDER BY row_no"
        ).format(dimension=Literal(dimension), staged=staged, bad=bad,
                 safe=sql.SQL(safe.as_string().replace("(geom)", "(b.geom)")), safe_broken=safe)
    ).fetchall()  # fmt: skip
    return [RowProblem(row, name or "", "geom", "geometry-repaired", reason[:80]) for row, name, reason in rows]


def drop_bad(plan: Plan) -> None:
    """Take rows out of the staged table that were found bad after it was made."""
    if plan.target.geometry is not Geometry.POINT:
        execute(
            sql.SQL("DELETE FROM pg_temp.{} s USING pg_temp.{} b WHERE b.row_no = s.row_no").format(
                Identifier(plan.staged), Identifier(plan.bad)
            )
        )


def join_parts(plan: Plan) -> int:
    """One row of the staged rows of one id (a town and its water) where the target knows parts; how many joined."""
    if not plan.target.parts:
        return 0
    execute(
        sql.SQL(
            "WITH whole AS (SELECT min(row_no) AS row_no, ST_Multi(ST_Union(geom)) AS geom FROM pg_temp.{staged}"
            " GROUP BY source_id HAVING count(*) > 1) UPDATE pg_temp.{staged} s SET geom = whole.geom FROM whole"
            " WHERE whole.row_no = s.row_no"
        ).format(staged=Identifier(plan.staged))
    )
    return execute(
        sql.SQL(
            "DELETE FROM pg_temp.{staged} s USING (SELECT source_id, min(row_no) AS first FROM pg_temp.{staged}"
            " GROUP BY source_id HAVING count(*) > 1) kept WHERE kept.source_id = s.source_id AND s.row_no > kept.first"
        ).format(staged=Identifier(plan.staged))
    ).rowcount
