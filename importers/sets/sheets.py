"""The sheets of an Excel workbook (.xlsx) as tables: the first filled row has the names of the columns."""

import datetime
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gisapp.errors import BadInput
from importers import archives
from importers.sets.tables import Table

MOST_COLUMNS = 500


def is_workbook(path: Path) -> bool:
    return path.suffix.lower() in {".xlsx", ".xlsm"}


def _text(value: Any) -> Any:
    """A cell as text: whole numbers without a fraction, dates without a time that nobody wrote."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    return None if value is None else str(value)


def _rows(path: Path, sheet: str) -> Iterator[tuple[int, list[Any]]]:
    """(number in the sheet, cells) of the rows that have anything in them. Values are read, never computed."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        for number, cells in enumerate(book[sheet].iter_rows(values_only=True, max_col=MOST_COLUMNS), start=1):
            if any(one is not None for one in cells):
                yield number, [_text(one) for one in cells]
    finally:
        book.close()


def tables(path: Path) -> list[Table]:
    """The filled sheets of the workbook. Raises BadInput for a damaged or overgrown one."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    archives.check(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, keep_links=False)
        names = list(book.sheetnames)
        book.close()
        found = []
        for name in names:
            first = next(_rows(path, name), None)
            if first is not None:
                found.append(_table(path, name, first[1]))
        return found
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
        raise BadInput("file-corrupt", path=path, reason=str(error)[:300]) from error


def _table(path: Path, name: str, heads: list[Any]) -> Table:
    columns = [str(head or f"column_{number}").strip() for number, head in enumerate(heads, start=1)]
    columns = [one if columns.index(one) == number else f"{one}_{number + 1}" for number, one in enumerate(columns)]

    def rows() -> Iterator[tuple[int, dict[str, Any], bytes | None]]:
        filled = _rows(path, name)
        head = next(filled)[0]
        for number, cells in filled:
            yield number - head, dict(zip(columns, cells, strict=False)), None

    return Table(path.name, name, columns, None, "", rows)
