"""The questions over REST: for those who see the network, and for nobody else."""

from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.fibre.drawing import settle, sql
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant() -> Plant:
    found = Plant()
    found.street("POP", "M1", "HAUS")
    found.buried("K1", "POP", "M1")
    found.buried("K2", "M1", "HAUS")
    found.enclosure("ODF", "POP", spec="odf-144", enters="K1")
    found.enclosure("M", "M1", enters="K1 K2")
    found.enclosure("H", "HAUS", spec="huep-4", enters="K2")
    found.pigtail("ODF", "K1:1", 1)
    found.splice("M", "K1:1", "K2:1")
    found.pigtail("H", "K2:1", 1)
    sql(
        "INSERT INTO fibre_premises (network_id, name, node_id) VALUES (%s, 'Haus', %s)", found.net, found.nodes["HAUS"]
    )
    settle()
    return found


def client(role: str = "engineer", of: str = "zweckverband", *areas: Any) -> Client:
    found = Client()
    found.force_login(factories.member(role, factories.organisation(of), *areas))
    return found


def test_01_a_trace(plant: Plant) -> None:
    answer = client().get("/api/fibre/trace", {"ref": "H/1"})
    assert answer.status_code == 200 and answer["Cache-Control"] == "private, no-store"
    told = answer.json()["traces"][0]
    assert told["complete"] and told["geometry"]["type"] == "LineString"
    assert {hop["name"] for hop in told["hops"]} == {"ODF/1", "ODF", "K1:1", "M", "K2:1", "H", "H/1"}
    assert len(client("planner").get("/api/fibre/trace", {"ref": "K1"}).json()["traces"]) == 12


@pytest.mark.parametrize(("ref", "hit"), [("K1", ["Haus"]), ("M1", ["Haus"]), ("K2:1", ["Haus"]), ("K2:2", [])])
def test_02_an_impact(plant: Plant, ref: str, hit: list[str]) -> None:
    told = client().get("/api/fibre/impact", {"ref": ref}).json()
    assert [one["name"] for one in told["premises"]] == hit


def test_03_an_area(plant: Plant) -> None:
    shape = sql("SELECT ST_AsGeoJSON(ST_Transform(ST_Buffer(geom, 20), 4326))::text FROM fibre_node WHERE name = 'M1'")[
        0
    ][0]
    sent = f'{{"polygon": {shape}}}'
    asker = client()
    told = asker.post("/api/fibre/impact", sent, content_type="application/json")
    assert told.status_code == 200, told.content
    assert [one["name"] for one in told.json()["cables"]] == ["K1", "K2"]
    for bad in (
        '{"polygon": {"type": "Point", "coordinates": [9, 54]}}',
        '{"polygon": null}',
        "[]",
        '{"polygon": {"type": "Polygon"}}',
    ):
        assert asker.post("/api/fibre/impact", bad, content_type="application/json").status_code == 400


@pytest.mark.parametrize("path", ["/api/fibre/trace?ref=H/1", "/api/fibre/impact?ref=K1"])
def test_04_for_nobody_else(plant: Plant, path: str) -> None:
    assert Client().get(path).status_code == 401
    for role in ("staff", "producer"):
        assert client(role).get(path).status_code == 403
    assert client("engineer", "nachbar").get(path).status_code == 404
    assert client("contractor", "zweckverband", factories.area()).get(path).status_code == 403


def test_05_what_is_asked_wrong(plant: Plant) -> None:
    asker = client()
    for query, status in (
        ({}, 400),
        ({"ref": "x" * 300}, 400),
        ({"ref": "a\x00b"}, 400),
        ({"ref": "nirgends"}, 404),
        ({"ref": "K1:99"}, 404),
    ):
        answer = asker.get("/api/fibre/trace", query)
        assert answer.status_code == status, query
        assert answer.json()["code"]


@pytest.mark.parametrize("shape", [{"type": "Polygon", "coordinates": []}, {"type": "MultiPolygon", "coordinates": []}])
def test_06_no_area_hits_nobody_only_because_there_is_none(plant: Plant, shape: dict[str, Any]) -> None:
    answer = client().post("/api/fibre/impact", {"polygon": shape}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "fibre-no-polygon")


@pytest.mark.parametrize(
    ("flag", "code"),
    [("segment", "fibre-unknown"), ("node", "fibre-unknown"), ("cable", "fibre-unknown"), ("fibre", "fibre-unknown"), ("polygon", "is-directory")],
)  # fmt: skip
def test_07_an_empty_name_on_the_command_line(plant: Plant, flag: str, code: str) -> None:
    import argparse

    from gisapp.errors import GisError
    from layers.fibre.commands import FIBRE

    parser = argparse.ArgumentParser()
    FIBRE.arguments(parser)
    with pytest.raises(GisError) as caught:
        FIBRE.run(parser.parse_args(["impact", f"--{flag}", ""]))
    assert caught.value.code == code
