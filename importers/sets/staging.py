"""The rows of a set in temporary tables, one for each role: as text, checked, and in the project's coordinate system."""

import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from django.conf import settings
from django.utils.translation import gettext as _
from psycopg import sql
from psycopg.sql import Identifier

from gisapp.errors import BadInput
from gisapp.filesets import Counts, Noted, Outcome, Role
from gisapp.geolibs import STORAGE_SRID
from gisapp.layer import Geometry, Type
from importers.checks import WRONG_CRS_SHARE
from importers.sets import systems
from importers.sets.mapping import Part
from importers.sets.tables import Table
from importers.source import srid_of
from importers.staging import cursor, execute

_BATCH = 5_000
_FORMS = {
    Type.INTEGER: (re.compile(r"[+-]?\d{1,9}([.,]0+)?"), "not-an-integer"),
    Type.NUMBER: (re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d{1,2})?"), "not-a-decimal"),
    Type.DATE: (re.compile(r"\d{4}-\d{2}-\d{2}"), "not-a-date"),
}
_YES, _NO = {"true", "t", "yes", "y", "ja", "j", "1", "wahr"}, {"false", "f", "no", "n", "nein", "0", "falsch"}
_TYPES = {Geometry.POINT: {"Point"}, Geometry.LINE: {"LineString"}}


def create(role: Role) -> str:
    """Make the temporary table of a role; its name."""
    name = f"staged_{role.name}"
    columns = [sql.SQL("{} text").format(Identifier(one.name)) for one in role.fields if one.name != "id"]
    execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{} CASCADE").format(Identifier(name)))
    execute(
        sql.SQL(
            "CREATE TEMP TABLE {} (row bigint, file text, source_id text, whole text, geom geometry, {}) ON COMMIT DROP"
        ).format(
            Identifier(name),
            sql.SQL(", ").join(columns),
        )
    )
    return name


def _clean(type_: Type, text: str) -> tuple[str | None, str]:
    """(the value as PostgreSQL casts it, or None; the code of what is wrong with it)."""
    if type_ is Type.BOOLEAN:
        low = text.lower()
        return ("true", "") if low in _YES else ("false", "") if low in _NO else (None, "not-a-boolean")
    form = _FORMS.get(type_)
    if form is None:
        return text, ""
    if not form[0].fullmatch(text):
        return None, form[1]
    plain = text.replace(",", ".")
    return (str(int(float(plain))) if type_ is Type.INTEGER else plain), ""


class Reader:
    """Reads one table into the staging table of its role."""

    def __init__(self, role: Role, part: Part, table: Table, crs: str, anywhere: bool, outcome: Outcome) -> None:
        self.role, self.part, self.table, self.outcome, self.anywhere = role, part, table, outcome, anywhere
        self.crs = part.crs or crs or table.crs or ""
        self.seen: set[str] = set()
        self._outside = self._shapes = 0
        self._area: systems.Box = (0, 0, 0, 0)
        self._swapped = False
        self._first: Any = []
        self._srid = STORAGE_SRID
        self._example = ""

    def copy(self, name: str, counts: Counts) -> None:
        """Stage every row that can be taken; the others are noted. Raises BadInput("crs-wrong"), BadInput("crs-missing")."""
        fields = [one.name for one in self.role.fields if one.name != "id"]
        statement = sql.SQL("COPY pg_temp.{} (row, file, source_id, whole, geom, {}) FROM STDIN").format(
            Identifier(name), sql.SQL(", ").join(map(Identifier, fields))
        )
        batches = self._batches()
        first = next(batches, [])
        self._learn(first)
        with cursor().copy(statement) as copy:
            for batch in itertools.chain([first], batches):
                for row in self._good(batch, counts):
                    copy.write_row(row)
        # PostGIS has the official grids; nothing that lies far off reaches it.
        execute(
            sql.SQL("UPDATE pg_temp.{} SET geom = ST_Transform(geom, {srid}) WHERE ST_SRID(geom) <> {srid}").format(
                Identifier(name), srid=sql.Literal(STORAGE_SRID)
            )
        )
        for one in self.table.problems:
            self._refuse(one.row, one.id, one.code, one.value, one.field)
            counts.read += 1
            counts.rejected += 1
        self._doubt()

    def _batches(self) -> Iterator[list[tuple[int, dict[str, Any], bytes | None]]]:
        batch = []
        for one in self.table.rows():
            batch.append(one)
            if len(batch) == _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _refuse(self, row: int, id_: str, code: str, value: str = "", field: str = "-") -> None:
        self.outcome.noted.append(Noted(self.role.name, row, id_, field, code, value[:200]))

    def _good(
        self, batch: Sequence[tuple[int, dict[str, Any], bytes | None]], counts: Counts
    ) -> Iterator[tuple[Any, ...]]:
        nothing: list[tuple[list[str | None], str]] = [([None], "")] * len(batch)
        shapes = self._moved([one[2] for one in batch]) if self.role.geometry else nothing
        for (row, values, raw), (parts, wrong) in zip(batch, shapes, strict=True):
            counts.read += 1
            found, problem = self._values(values)
            id_ = str(found.pop("id", None) or self._hash(found, raw))
            if problem is None and wrong:
                problem = ("geom", wrong, "")
            if problem is None and id_ in self.seen:
                problem = ("id", "id-twice", "")
            if problem is not None:
                counts.rejected += 1
                self._refuse(row, id_, problem[1], problem[2], problem[0])
                continue
            if len(parts) > 1:
                self.outcome.note(self.role.name, row, id_, "geometry-in-parts", str(len(parts)), kept=True)
            for number, part in enumerate(parts, 1):
                one = id_ if number == 1 else f"{id_}#{number}"
                self.seen.add(one)
                yield (row, self.table.name, one, id_, part, *found.values())

    def _hash(self, found: dict[str, str | None], raw: bytes | None) -> str:
        digest = hashlib.md5(repr(sorted(found.items())).encode(), usedforsecurity=False)
        digest.update(raw or b"")
        return "h" + digest.hexdigest()

    def _values(self, values: dict[str, Any]) -> tuple[dict[str, str | None], tuple[str, str, str] | None]:
        """The row's fields in the role's order, and the first thing that is wrong: (field, code, value)."""
        found: dict[str, str | None] = {}
        problem = None
        for one in self.role.fields:
            raw = values.get(self.part.fields.get(one.name, ""))
            text = self.part.constants.get(one.name, "") if raw is None else str(raw)
            text = text.replace("\0", "").strip()
            told = self.part.values.get(one.name)
            if told is not None and text:
                text = told.get(text, told.get("*", text))
            value, code = _clean(one.type, text) if text else (None, "")
            if code and problem is None:
                problem = (one.name, code, text)
            if value is None and not code and one.name in self.role.required and problem is None:
                problem = (one.name, "required-missing", "")
            found[one.name] = value
        return found, problem

    def _learn(self, first: Sequence[tuple[int, dict[str, Any], bytes | None]]) -> None:
        """Find the coordinate system, and the area in which places are plausible in it. (A COPY leaves no room to ask.)"""
        if self.role.geometry is None or not first:
            return
        self._first = shapely.from_wkb(np.array([one[2] for one in first], dtype=object), on_invalid="ignore")
        self._srid = self._srid_of(self._first)
        self._area = systems.area(self._srid, self.anywhere)
        boxes = shapely.bounds(self._first)
        if not self.anywhere and systems.inside(boxes, self._area) < WRONG_CRS_SHARE:
            self._swapped = systems.inside(systems.swapped(boxes), self._area) > WRONG_CRS_SHARE
        if self._swapped:
            self.outcome.notes.append(
                _("%(file)s: die Achsen sind vertauscht (Hochwert vor Rechtswert); gelesen als %(crs)s")
                % {"file": self.table.name, "crs": self.crs}
            )

    def _moved(self, raw: list[bytes | None]) -> list[tuple[list[str | None], str]]:
        """Each geometry's parts as hex EWKB in the file's own coordinate system, or the code of what is wrong with it."""
        shapes = shapely.force_2d(shapely.from_wkb(np.array(raw, dtype=object), on_invalid="ignore"))
        if self._swapped:
            shapes = shapely.transform(shapes, lambda corners: corners[:, ::-1])
        found: list[tuple[list[str | None], str]] = []
        for given, shape in zip(raw, shapes, strict=True):
            parts, wrong = self._parts(given, shape)
            texts = [
                None if one is None else shapely.to_wkb(shapely.set_srid(one, self._srid), hex=True, include_srid=True)
                for one in parts
            ]
            found.append((texts, wrong))
        return found

    def _parts(self, given: bytes | None, shape: Any) -> tuple[list[Any], str]:
        """The shape as one or - a line that is drawn in several, which do not meet - as many; the code of what is wrong."""
        if given is None or (shape is not None and shape.is_empty):
            return [None], "geometry-missing" if self.role.geometry_required else ""
        if shape is None:
            return [None], "geometry-broken"
        self._shapes += 1
        if not np.isfinite(shapely.get_coordinates(shape)).all():
            return [None], "geometry-broken"
        if self.role.geometry is Geometry.LINE and shape.geom_type == "MultiLineString":
            shape = shapely.line_merge(shape)
        wanted = _TYPES.get(self.role.geometry or Geometry.ANY, {shape.geom_type})
        parts = [shape] if shape.geom_type in wanted else [one for one in shapely.get_parts(shape) if not one.is_empty]
        if any(one.geom_type not in wanted for one in parts) or (
            len(parts) > 1 and self.role.geometry is not Geometry.LINE
        ):
            return [None], "geometry-type"
        (x0, y0, x1, y1), area = shape.bounds, self._area
        if x0 < area[0] or y0 < area[1] or x1 > area[2] or y1 > area[3]:
            self._outside += 1
            self._example = self._example or f"{x0:.1f} {y0:.1f}"
            return [None], "outside-area"
        return parts, ""

    def _srid_of(self, shapes: Any) -> int:
        """The EPSG code of the table's coordinates; where nobody says it, what the coordinates look like (and that is said)."""
        srid = srid_of(self.crs)
        if srid is not None:
            return srid
        found = systems.assumed(shapes)
        if found is None:
            raise BadInput("crs-missing", likely=systems.likely(shapes))
        self.crs = f"EPSG:{found[0]}"
        self.outcome.notes.append(
            _("%(file)s sagt kein Koordinatensystem; nach den Koordinaten angenommen: %(crs)s")
            % {"file": self.table.name, "crs": self.crs}
        )
        return found[0]

    def _doubt(self) -> None:
        """Where most shapes lie far away, the coordinate system is wrong, not the rows."""
        if self._shapes and self._outside / self._shapes > WRONG_CRS_SHARE:
            raise BadInput(
                "crs-wrong", share=f"{self._outside / self._shapes:.0%}", crs=self.crs,
                area=", ".join(f"{one:.0f}" for one in settings.IMPORT_AREA), example=self._example,
                likely=systems.likely(self._first),
            )  # fmt: skip
