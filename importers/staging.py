"""The raw staging table: what the file says, copied in binary as it is, in its own coordinate system.

A temporary table: no write-ahead log, gone with the transaction, and seen by nobody else.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from django.conf import settings
from django.db import connection
from psycopg import sql
from psycopg.sql import SQL, Composable, Composed, Identifier

from gisapp.errors import BadInput
from importers import binarycopy
from importers.plan import Plan
from importers.source import GEOMETRY, ROW, RowProblem

_SQL_TYPES = {"text": "text", "int": "bigint", "float": "float8", "bool": "boolean"}


def cursor() -> psycopg.Cursor[Any]:
    """A cursor of Django's connection that takes composed SQL and COPY."""
    connection.ensure_connection()
    found: psycopg.Cursor[Any] = connection.connection.cursor()
    return found


def execute(statement: SQL | Composed | str, values: Sequence[Any] | None = None) -> psycopg.Cursor[Any]:
    """Run one statement on Django's connection (inside its transaction)."""
    text = sql.SQL(statement) if isinstance(statement, str) else statement
    return cursor().execute(text, values)


def scalar(statement: SQL | Composed | str, values: Sequence[Any] | None = None) -> Any:
    row = execute(statement, values).fetchone()
    return None if row is None else row[0]


def _hash(plan: Plan) -> Composable:
    """A stable id of a row without one: 'h' and the MD5 of its geometry and mapped attributes."""
    parts: list[Composable] = [
        sql.SQL("coalesce({}::text, '') || E'\\x1f'").format(Identifier(one.raw)) for one in plan.filled if one.column
    ]
    attributes = sql.SQL(" || ").join(parts) if parts else sql.SQL("''")
    return sql.SQL("'h' || md5(coalesce(md5(ST_AsBinary(geom)), '') || {})").format(attributes)


class Stage:
    """The raw table of one plan, and what was learnt while copying into it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.read = 0
        self.skipped = 0
        self.problems: list[RowProblem] = []
        self.geometry_codes: set[int] = set()
        self.has_empty = False
        self._ids: list[pa.Array] = []
        self._columns = [one for one in plan.filled if one.column]

    def create(self) -> None:
        """Create the raw table in this transaction, in place of one that a former import of it left."""
        wanted: list[Composable] = [sql.SQL("row_no bigint")]
        id_text: Composable = sql.SQL("source_id text")
        if not self.plan.id_column:
            id_text = sql.SQL("source_id text GENERATED ALWAYS AS ({}) STORED").format(_hash(self.plan))
        columns = [sql.SQL("{} {}").format(Identifier(one.raw), sql.SQL(_SQL_TYPES[one.kind])) for one in self._columns]
        for name in (self.plan.raw, self.plan.bad):
            execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{} CASCADE").format(Identifier(name)))
        execute(
            sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(
                Identifier(self.plan.raw), sql.SQL(", ").join([*wanted, sql.SQL("geom geometry"), *columns, id_text])
            )
        )
        execute(
            sql.SQL(
                "CREATE TEMP TABLE {} (row_no bigint, source_id text, field text, code text, value text) ON COMMIT DROP"
            ).format(Identifier(self.plan.bad))
        )

    def _statement(self) -> Composed:
        names = ["row_no", "geom", *(one.raw for one in self._columns)]
        if self.plan.id_column:
            names.append("source_id")
        return sql.SQL("COPY pg_temp.{} ({}) FROM STDIN (FORMAT binary)").format(
            Identifier(self.plan.raw), sql.SQL(", ").join(map(Identifier, names))
        )

    def _arrays(self, batch: pa.RecordBatch) -> list[pa.Array]:
        """The batch's columns in the order of the raw table."""
        rows = len(batch)
        if ROW in batch.schema.names:
            numbers = batch.column(ROW)
        else:
            numbers = pa.array(np.arange(self.read + 1, self.read + rows + 1, dtype=np.int64))
        arrays = [numbers, batch.column(GEOMETRY)]
        arrays += [self._text_made_safe(batch.column(one.column), one.field.name, numbers) for one in self._columns]
        if self.plan.id_column:
            ids = batch.column(self.plan.id_column).cast(pa.string())
            ids = self._text_made_safe(ids, "id", numbers)
            self._ids.append(ids)
            arrays.append(ids)
        return arrays

    def _text_made_safe(self, array: pa.Array, field: str, numbers: pa.Array) -> pa.Array:
        """Texts that PostgreSQL takes: valid UTF-8 (else read as Windows-1252) and without NUL."""
        if not pa.types.is_string(array.type) or array.buffers()[2] is None:
            return array
        try:
            array.validate(full=True)
        except pa.ArrowInvalid:
            raw = array.cast(pa.binary()).to_pylist()
            array = pa.array([None if one is None else _decoded(one) for one in raw], pa.string())
        if b"\0" in memoryview(array.buffers()[2]).tobytes():
            found = pc.fill_null(pc.match_substring(array, "\0"), False)
            for row in pc.filter(numbers, found).to_pylist():
                self.problems.append(RowProblem(row, "", field, "nul-character"))
            array = pc.replace_substring(array, "\0", "")
        return array

    def _learn_geometry(self, wkb: pa.Array) -> None:
        """Remember which kinds of geometry occur (the code in bytes 1-4 of little-endian WKB)."""
        if wkb.null_count:
            self.has_empty = True
            wkb = wkb.drop_null()
        if not len(wkb):
            return
        offsets = np.frombuffer(wkb.buffers()[1], dtype=np.int32)[wkb.offset : wkb.offset + len(wkb)]
        data = np.frombuffer(wkb.buffers()[2], dtype=np.uint8)
        codes = data[offsets[:, None] + np.arange(1, 5)].view("<u4").ravel()
        self.geometry_codes |= {int(code) for code in np.unique(codes)}

    def copy(self, batches: Iterator[pa.RecordBatch], progress: Callable[[int], None]) -> None:
        """Copy all batches; reading and encoding run beside the sending. Raises BadInput when there are too many."""
        statement = self._statement()
        for arrays in _ahead(self._prepared(batches)):
            rows = len(arrays[0])
            try:
                with connection.connection.transaction():
                    _send(statement, binarycopy.encode(arrays))
            except psycopg.errors.InternalError_:
                # PostGIS cannot parse one of the geometries (an open ring, a line of one point): find which.
                with connection.connection.transaction():
                    _send(statement, binarycopy.encode(self._without_broken(arrays)))
            progress(rows)

    def _prepared(self, batches: Iterator[pa.RecordBatch]) -> Iterator[list[pa.Array]]:
        for batch in batches:
            if not len(batch):
                continue
            arrays = self._arrays(batch)
            self._learn_geometry(batch.column(GEOMETRY))
            self.read += len(batch)
            if self.read > settings.IMPORT_MAX_FEATURES:
                raise BadInput(
                    "too-many-features", limit=settings.IMPORT_MAX_FEATURES, setting="GISAPP_IMPORT_MAX_FEATURES"
                )
            yield arrays

    def _without_broken(self, arrays: list[pa.Array]) -> list[pa.Array]:
        """The rows whose geometry can be parsed; the others are noted."""
        wkb = arrays[1].to_pylist()
        parsed = shapely.from_wkb(np.array(wkb, dtype=object), on_invalid="ignore")
        keep = [one is None or shape is not None for one, shape in zip(wkb, parsed, strict=True)]
        ids = arrays[-1].to_pylist() if self.plan.id_column else [""] * len(wkb)
        for row, name, good in zip(arrays[0].to_pylist(), ids, keep, strict=True):
            if not good:
                self.problems.append(RowProblem(row, name or "", "geom", "geometry-broken"))
                self.skipped += 1
        return [one.filter(pa.array(keep)) for one in arrays]

    def repeated_ids(self) -> bool:
        """Does any id occur twice? (Asked of Arrow, which is quicker than a sort in the database.)"""
        if not self.plan.id_column:
            return True
        ids = pa.chunked_array(self._ids, pa.string())
        return int(pc.count_distinct(ids, mode="only_valid").as_py()) != len(ids) - ids.null_count


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def _send(statement: Composed, data: list[memoryview]) -> None:
    with cursor().copy(statement) as copy:
        copy.write(binarycopy.HEADER)
        for block in data:
            copy.write(block)
        copy.write(binarycopy.TRAILER)


def _ahead(iterator: Iterator[Any]) -> Iterator[Any]:
    """The same items, made by a thread that is up to two ahead; its exceptions are raised here."""
    done = object()
    items: queue.Queue[Any] = queue.Queue(maxsize=2)
    stop = threading.Event()

    def put(item: Any) -> bool:
        while not stop.is_set():
            try:
                items.put(item, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in iterator:
                if not put(item):
                    break
            put(done)
        except BaseException as error:
            put(error)
        finally:
            close = getattr(iterator, "close", None)
            if close:
                close()

    thread = threading.Thread(target=work, name="import-reader", daemon=True)
    thread.start()
    try:
        while (item := items.get()) is not done:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
