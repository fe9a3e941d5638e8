"""What a table is taken for by its name: what is called cables is not read as trenches because it is drawn as lines."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from importers.sets.running import Request, suggestion
from layers.fibre.intake.load import FIBRE
from tests.fibre.drawing import sql
from tests.fibre.test_import_parts import Files, wkt

pytestmark = pytest.mark.django_db

_LINES: Sequence[tuple[str, str]] = (("1", wkt((0, 0), (50, 0))), ("2", wkt((50, 0), (90, 10))))


@pytest.mark.parametrize("name", ["cable", "Cables", "kabel", "duct", "ducts", "Rohre", "Conduits"])
def test_01_lines_that_are_called_otherwise_are_no_trenches(tmp_path: Path, name: str) -> None:
    files = Files(tmp_path)
    files.write("trassen", "id wkt", [("t1", wkt((0, 0), (0, 40)))])
    files.write(name, "id wkt", _LINES)
    told = suggestion(Request(FIBRE, tmp_path))
    assert told.count("[[segments]]") == 1 and 'file = "trassen.csv"' in told
    done = files.load()
    assert sql("SELECT source_id FROM fibre_segment") == [("t1",)]
    assert any(f"{name}.csv" in note for note in done.notes), done.notes


@pytest.mark.parametrize("name", ["kabelgraeben", "leerrohrtrassen"])
def test_02_words_within_a_longer_name_decide_nothing_alone(tmp_path: Path, name: str) -> None:
    files = Files(tmp_path)
    files.write(name, "id wkt", _LINES)
    files.load()
    assert sql("SELECT count(*) FROM fibre_segment") == [(2,)]
