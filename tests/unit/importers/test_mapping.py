"""The mapping file: what is written can be read again; what is guessed is right."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisapp.layer import target
from importers import mapping
from importers.mapping import Mapping
from importers.source import Column, Source

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=15)


@given(
    st.builds(
        Mapping, source=TEXT, crs=TEXT, id_column=TEXT, fields=st.dictionaries(TEXT, TEXT, max_size=3),
        constants=st.dictionaries(TEXT, TEXT | st.integers() | st.booleans(), max_size=3),
        values=st.dictionaries(st.sampled_from(["kind", "name"]), st.dictionaries(TEXT, TEXT, min_size=1, max_size=3)),
    )
)  # fmt: skip
def test_01_written_and_read_again(tmp_path_factory: pytest.TempPathFactory, said: Mapping) -> None:
    file = tmp_path_factory.getbasetemp() / "mapping.toml"
    file.write_text(said.to_toml(), encoding="utf-8", newline="")
    assert mapping.read(file) == said


def source(**columns: list[object]) -> Source:
    arrays = {name: pa.array(values) for name, values in columns.items()}
    kinds = {"string": "text", "int64": "int", "double": "float"}
    batch = pa.RecordBatch.from_pydict(arrays)
    return Source(
        [Column(name, kinds[str(one.type)]) for name, one in arrays.items()],
        "EPSG:25832",
        2,
        lambda _names: iter([batch]),
    )


@pytest.mark.parametrize(("layer", "columns", "fields", "id_column"), [
    ("municipalities", {"AGS": ["01", "02"], "GEN": ["A", "B"], "EWZ": [1, 2]}, {"key": "AGS", "name": "GEN", "population": "EWZ"}, "AGS"),
    ("municipalities", {"OBJID": ["x", "y"], "Schlüssel": ["1", "1"], "Name": ["A", "B"], "Einwohner": ["viele", "wenige"]},
     {"key": "Schlüssel", "name": "Name"}, "OBJID"),
    ("addresses", {"strasse": ["A", "B"], "hausnr": ["1", "2"], "PLZ": [24, 25], "ort": ["X", "Y"]},
     {"street_name": "strasse", "house_number": "hausnr", "postcode": "PLZ", "locality": "ort"}, ""),
    ("streets", {"Straße": ["A", "B"]}, {"name": "Straße"}, ""),
])  # fmt: skip
def test_02_guessed(layer: str, columns: dict[str, list[object]], fields: dict[str, str], id_column: str) -> None:
    found = target(layer)
    assert found is not None
    guess = mapping.suggest(found, source(**columns), "Meine Datei.gpkg")
    assert (guess.fields, guess.id_column, guess.source) == (fields, id_column, "meine-datei")
