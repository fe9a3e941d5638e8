"""A whole network in one file: what others' programs say of it."""

import json
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from libcoveofds.jsonschemavalidate import JSONSchemaValidator
from libcoveofds.python_validate import PythonValidate
from libcoveofds.schema import OFDSSchema

from gisapp.errors import BadInput
from layers.fibre import exporting
from tests.factories import organisation
from tests.fibre.drawing import network, one, settle
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant() -> Plant:
    """A duct with a cable from A to C, a branch to a house with a buried cable, and a splice between the two."""
    found = Plant()
    found.street("A", "B", "C")
    found.branch("C", "HA1")
    found.duct("RV1", "A", "B", "C")
    found.cable("K1", "A", "C", ("RV1", 1))
    found.buried("K2", "C", "HA1")
    found.enclosure("M1", "C", enters="K1 K2")
    found.splice("M1", "K1:1", "K2:1", many=2)
    settle()
    return found


def test_01_an_ofds_package_that_the_standards_own_validator_accepts(plant: Plant, tmp_path: Path) -> None:
    path = tmp_path / "netz.ofds.json"
    facts = exporting.write(path, "netz")
    assert (facts["nodes"], facts["spans"]) == (3, 2)
    package = json.loads(path.read_text(encoding="utf-8"))
    schema = OFDSSchema()
    assert [vars(error) for error in JSONSchemaValidator(schema).validate(package)] == []
    assert PythonValidate(schema).validate(package) == []
    spans = {span["name"]: span for span in package["networks"][0]["spans"]}
    assert (spans["K1"]["fibreCount"], spans["K1"]["fibreLength"]) == (12, pytest.approx(0.2, abs=1e-3))
    assert len(spans["K2"]["route"]["coordinates"]) == 2


def _faults(path: Path) -> list[object]:
    package = json.loads(path.read_text(encoding="utf-8"))
    schema = OFDSSchema()
    return [*(vars(error) for error in JSONSchemaValidator(schema).validate(package)), *PythonValidate(schema).validate(package)]  # fmt: skip


def test_01b_a_network_with_nothing_in_it_is_a_package_too(tmp_path: Path) -> None:
    network("leer")
    assert exporting.write(tmp_path / "leer.ofds.json", "leer") == {
        "network": "leer", "file": str(tmp_path / "leer.ofds.json"), "nodes": 0, "spans": 0,
    }  # fmt: skip
    assert _faults(tmp_path / "leer.ofds.json") == []


def test_01c_copper_alone_is_told_by_its_trenches_with_their_nodes(tmp_path: Path) -> None:
    found = Plant()
    found.street("A", "B", "C")
    found.buried("CU", "A", "B", spec="cu-10x2")
    settle()
    facts = exporting.write(tmp_path / "kupfer.ofds.json", "netz")
    assert (facts["nodes"], facts["spans"]) == (3, 2)
    assert _faults(tmp_path / "kupfer.ofds.json") == []


def test_02_an_ofds_package_comes_back_as_the_same_nodes(plant: Plant, tmp_path: Path) -> None:
    from tests.fibre.test_import_network import imported

    path = tmp_path / "netz.ofds.json"
    exporting.write(path, "netz")
    report = imported(path, into="zweites")
    assert report.rejected == []
    assert {part.layer: part.created for part in report.layers} == {"nodes": 3, "segments": 2}


def test_03_a_geopackage_has_every_table_of_the_network(plant: Plant, tmp_path: Path) -> None:
    path = tmp_path / "netz.gpkg"
    facts = exporting.write(path, "netz")
    layers: dict[str, Any] = {str(name): kind for name, kind in pyogrio.list_layers(path)}
    tables = {
        row[0] for row in exporting._rows(
            "SELECT replace(table_name, 'fibre_', '') FROM information_schema.tables WHERE table_name LIKE 'fibre\\_%%' AND table_type = 'BASE TABLE'"
            " AND table_name NOT LIKE '%%event' AND %(network)s::uuid IS NOT NULL", exporting.find("netz"),
        )
    }  # fmt: skip
    # The rest are notes for the database itself, the network's own row, and what nothing else refers to.
    assert tables - set(layers) <= {
        "network",
        "alias",
        "namingrule",
        "namingcount",
        "light",
        "due",
        "pending",
        "pendingkind",
        "cableattenuation",
        "usualloss",
    }
    assert (layers["node"], layers["segment"]) == ("Point", "LineString")
    for name, count in facts.items():
        if name in layers:
            assert pyogrio.read_info(path, layer=name, force_feature_count=True)["features"] == count
    assert (facts["node"], facts["segment"], facts["cable"], facts["joint"], facts["jointend"]) == (4, 3, 2, 2, 4)
    cables = pyogrio.raw.read(path, layer="cable", columns=["name"])
    assert all(shape is not None for shape in cables[2])
    assert one("SELECT count(*) FROM fibre_tube") == facts["tube"] == 7


def test_04_the_network_must_be_clear_and_the_format_known(plant: Plant, tmp_path: Path) -> None:
    organisation("anderer", kind="zweckverband")
    with pytest.raises(BadInput) as caught:
        exporting.write(tmp_path / "netz.gpkg", "gibtesnicht")
    assert caught.value.code == "which-network"
    with pytest.raises(BadInput) as caught:
        exporting.write(tmp_path / "netz.docx", "netz")
    assert caught.value.code == "unknown-format"
    assert list(tmp_path.iterdir()) == []
