"""A boundary out of a file: opened, checked and repaired like any import of areas, and joined to one."""

from collections.abc import Sequence
from pathlib import Path

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import transaction
from psycopg import sql
from psycopg.sql import Identifier

from gisapp.errors import BadInput
from gisapp.layer import Geometry, Target
from importers import checks, repair
from importers.mapping import Mapping
from importers.opening import open_file
from importers.pipeline import counted, open_source
from importers.plan import Options, Plan
from importers.source import RowProblem, srid_of
from importers.staging import Stage, scalar

TARGET = Target("boundary", "accounts.Area", Geometry.POLYGON, fields=())
MOST_NAMED = 3


def read(path: Path, crs: str = "", file_layer: str = "") -> MultiPolygon:
    """The file's polygons as one valid MultiPolygon in EPSG:25832; nothing is kept in the database.

    Raises BadInput for what an import refuses, and BadInput("boundary-rejected") where one of its polygons cannot be
    taken: half a boundary is none.
    """
    with transaction.atomic():
        with open_file(path) as opened:
            source = open_source(opened, Mapping(crs=crs, file_layer=file_layer), Geometry.POLYGON)
            if source.count == 0:
                raise BadInput("no-features", path=path)
            srid = srid_of(crs or source.crs)
            if srid is None:
                raise BadInput("crs-missing", likely="")
            if not scalar("SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = %s)", [srid]):
                raise BadInput("crs-unknown", crs=crs or source.crs)
            plan = Plan(TARGET, "boundary", [], srid, crs_text=crs or source.crs or "")
            stage = Stage(plan)
            stage.create()
            stage.copy(counted(source.batches([]), source, opened), lambda _rows: None)
        checks.find_bad_rows(plan, stage, Options())
        repair.stage_good_rows(plan, stage, bad=checks.count_bad(plan) > 0)
        repair.repair(plan)
        _refuse(path, [*source.problems, *stage.problems, *checks.bad_rows(plan, MOST_NAMED + 1)])
        joined = scalar(
            sql.SQL(
                "SELECT encode(ST_AsEWKB(ST_Multi(ST_CollectionExtract(ST_UnaryUnion(ST_Collect(geom)), 3))), 'hex')"
                " FROM (SELECT geom FROM pg_temp.{} ORDER BY row_no) s"
            ).format(Identifier(plan.staged))
        )
    if not joined:
        raise BadInput("no-features", path=path)
    found = GEOSGeometry(joined)
    assert isinstance(found, MultiPolygon)
    return found


def _refuse(path: Path, problems: Sequence[RowProblem]) -> None:
    """Raise BadInput for the first polygons that cannot be taken; one that stands there twice does no harm."""
    bad = [one for one in problems if one.code not in ("same-row-twice", "nul-character")]
    if bad:
        reasons = [f"{one.row}: {_reason(one)}" for one in bad[:MOST_NAMED]]
        more = " …" if len(bad) > MOST_NAMED else ""
        raise BadInput("boundary-rejected", path=path.name, place=str(bad[0].row), reason="; ".join(reasons) + more)


def _reason(problem: RowProblem) -> str:
    text = BadInput(problem.code, field=problem.field, value=problem.value).text()
    return f"{text} ({problem.value})" if problem.value and problem.value not in text else text
