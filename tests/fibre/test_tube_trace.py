"""Where a tube leads: through couplings and branches, both ways, at every door.

Networks are drawn as  A ==R1== M ==R1== B : a duct R1 over nodes A, M, B; x is a cut, + a coupling, | an end cap.
"""

import json
from typing import Any

import pytest
from django.test import Client

from gisapp.errors import BadInput, NotFound
from gisapp.history.asof import as_of
from layers.fibre import past
from layers.fibre.refs import tubes
from layers.fibre.tubetrace import Piece, TubeWay, tube_ways
from tests import factories
from tests.fibre.drawing import network, one, settle, sql
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant() -> Plant:
    """A ==R1== M ==R1== B, and M ==H1== HAUS, a single pipe; nothing is cut yet."""
    found = Plant(network("netz", "a"))
    found.street("A", "M", "B")
    found.nodes["HAUS"] = one(
        "INSERT INTO fibre_node (network_id, kind, name, geom) SELECT %s, 'building', 'HAUS', ST_Translate(geom, 0, 40) FROM fibre_node WHERE id = %s RETURNING id",
        found.net, found.nodes["M"],
    )  # fmt: skip
    found.segment("M", "HAUS")
    found.duct("R1", "A", "M", "B")
    found.duct("H1", "M", "HAUS", spec="7/4")
    return found


def cut(plant: Plant, duct: str, position: int, node: str) -> None:
    sql("SELECT fibre_cut_tube(%s, %s)", plant.tube(duct, position), plant.nodes[node])
    settle()


def couple(
    plant: Plant, fitting: str, node: str, a: tuple[str, int, str | None], b: tuple[str, int, str | None] | None = None
) -> None:
    second = (plant.tube(*b[:2]), b[2]) if b else (None, None)
    sql("SELECT fibre_couple_at(%s, %s, %s, %s, %s, %s)", fitting, plant.nodes[node], plant.tube(*a[:2]), a[2], *second)
    settle()


def told(way: TubeWay) -> str:
    """A R1:1 M H1:1 HAUS, with the couplings' kinds in brackets."""
    words = [way.pieces[0].begins_at]
    for hop in way.hops:
        words += [hop.name, hop.ends_at] if isinstance(hop, Piece) else [f"({hop.kind})"]
    return " ".join(words)


def asked(ref: str, **more: Any) -> list[TubeWay]:
    return tube_ways(tubes(ref), **more)


def test_01_an_uncut_tube_is_one_piece(plant: Plant) -> None:
    (way,) = asked("R1:3")
    assert told(way) == "A R1:3 B" and way.length_m == 200
    assert [(end.place, end.reason) for end in way.ends] == [("A", "open"), ("B", "open")]
    assert way.geometry is not None and way.geometry["type"] == "LineString"
    assert way.pieces[0].swatch.base is not None


def test_02_a_branch_to_a_house(plant: Plant) -> None:
    """A ==R1== M x ==R1== B; M ==H1== HAUS |: the tube from A goes on to the house, what is behind the cut is a way of its own."""
    cut(plant, "R1", 1, "M")
    couple(plant, "EZV 7", "M", ("R1", 1, "a"), ("H1", 1, None))
    couple(plant, "EK 7", "HAUS", ("H1", 1, None))
    house, rest = sorted(asked("R1:1"), key=lambda way: len(way.hops), reverse=True)
    assert told(house) == "A R1:1 M (straight) H1:1 HAUS" and house.length_m == 140
    assert [end.reason for end in house.ends] == ["open", "capped"]
    assert told(rest) == "M R1:1 B" and rest.length_m == 100
    # Asked from the house it is the same way, and nothing of the rest.
    (back,) = asked("H1")
    assert {piece.id for piece in back.pieces} == {piece.id for piece in house.pieces}


def test_03_a_mended_tube_is_one_way(plant: Plant) -> None:
    cut(plant, "R1", 2, "M")
    assert sorted(told(way) for way in asked("R1/2")) == ["A R1:2 M", "M R1:2 B"]
    couple(plant, "EZV 7", "M", ("R1", 2, "a"), ("R1", 2, "b"))
    (way,) = asked("R1/2")
    assert told(way) in ("A R1:2 M (straight) R1:2 B", "B R1:2 M (straight) R1:2 A")


def test_04_a_loop_is_said(plant: Plant) -> None:
    """H1 and H2 lie in the same trench and are coupled at both ends."""
    plant.duct("H2", "M", "HAUS", spec="7/4")
    for node in ("M", "HAUS"):
        couple(plant, "EZV 7", node, ("H1", 1, None), ("H2", 1, None))
    (way,) = asked("H2")
    assert sorted(piece.duct for piece in way.pieces) == ["H1", "H2"]
    assert {end.reason for end in way.ends} == {"loop"}


def test_05_what_lies_in_it(plant: Plant) -> None:
    plant.cable("K1", "A", "B", ("R1", 5))
    settle()
    (way,) = asked("R1:5")
    assert way.cables == ["K1"] and way.pieces[0].cables == ("K1",)


def test_06_a_whole_duct_is_all_its_tubes_and_a_key_is_one(plant: Plant) -> None:
    assert sorted(piece.position for way in asked("R1") for piece in way.pieces) == [1, 2, 3, 4, 5, 6, 7]
    (way,) = asked(str(plant.tube("R1", 6)))
    assert told(way) == "A R1:6 B"


@pytest.mark.parametrize("ref", ["R9", "R1:8", "R1/0", "R1:x", "00000000-0000-4000-8000-000000000000", ""])
def test_07_what_is_not_there(plant: Plant, ref: str) -> None:
    with pytest.raises(NotFound):
        asked(ref)


def test_08_two_of_a_name_are_not_guessed(plant: Plant) -> None:
    other = Plant(network("zwei", "b"))
    other.street("X", "Y", y=500)
    other.duct("R1", "X", "Y")
    with pytest.raises(BadInput) as refused:
        asked("R1:1")
    assert refused.value.code == "fibre-ambiguous-name"
    assert [told(way) for way in asked("zwei|R1:1")] == ["X R1:1 Y"]


def client(role: str, of: str) -> Client:
    found = Client()
    found.force_login(factories.member(role, factories.organisation(of)))
    return found


def test_09_who_may_ask(plant: Plant) -> None:
    assert (
        client("engineer", "a").get("/api/fibre/tube", {"ref": "R1:1"}).json()["ways"][0]["hops"][0]["name"] == "R1:1"
    )
    answer = client("planner", "a").get("/api/fibre/tube", {"ref": "R1:1"})
    assert answer.status_code == 200 and answer["Cache-Control"] == "private, no-store"
    assert client("engineer", "b").get("/api/fibre/tube", {"ref": "R1:1"}).status_code == 404
    assert client("citizen", "a").get("/api/fibre/tube", {"ref": "R1:1"}).status_code == 403
    assert Client().get("/api/fibre/tube", {"ref": "R1:1"}).status_code == 401


def test_10_of_another_network_it_is_said_that_there_is_one(plant: Plant) -> None:
    """M ==H9== HAUS belongs to somebody else and lies in the same trench; from A one comes to its door."""
    theirs = network("zwei", "b")
    plant.ducts["H9"] = one("SELECT fibre_lay(%s, '7/4', 'H9', %s)", theirs, [plant.between("M", "HAUS")])
    settle()
    cut(plant, "R1", 1, "M")
    couple(plant, "EZV 7", "M", ("R1", 1, "a"), ("H9", 1, None))
    mine, others = (one("SELECT organisation_id FROM fibre_network WHERE id = %s", net) for net in (plant.net, theirs))
    ways = tube_ways(tubes("R1:1", {mine}), {mine})
    seen = next(way for way in ways if "A" in told(way))
    assert told(seen) == "A R1:1 M"
    assert [(end.place, end.reason) for end in seen.ends] == [("A", "open"), ("M", "other-network")]
    assert "H9" not in json.dumps([way.plain() for way in ways])
    assert told(tube_ways(tubes("H9", {others}), {others})[0]) == "M H9:1 HAUS"
    assert len(asked("H9")[0].pieces) == 2


def test_11_the_page_tells_it(plant: Plant) -> None:
    cut(plant, "R1", 1, "M")
    couple(plant, "EZV 7", "M", ("R1", 1, "a"), ("H1", 1, None))
    page = client("engineer", "a").get("/fibre/ask", {"ref": "R1:1", "question": "tube"}).content.decode()
    assert (
        "Röhrchenweg von R1:1" in page
        and "Einzelrohrverbinder 7 mm" in page
        and "HAUS: das Röhrchen ist hier offen" in page
    )
    assert "leer" in page and 'id="fibre-shape"' in page


def test_12_the_command_tells_it(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    from layers.fibre.commands import FIBRE

    parser = argparse.ArgumentParser()
    FIBRE.arguments(parser)
    assert FIBRE.run(parser.parse_args(["tube", "R1:1", "--json"])) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ways"][0]["ends"] == [
        {"place": "A", "reason": "das Röhrchen ist hier offen", "reason_code": "open"},
        {"place": "B", "reason": "das Röhrchen ist hier offen", "reason_code": "open"},
    ]
    assert FIBRE.run(parser.parse_args(["tube", "R1:1"])) == 0
    assert "R1:1" in capsys.readouterr().out


def test_13_as_it_was(plant: Plant) -> None:
    when = one("SELECT clock_timestamp()")
    cut(plant, "R1", 7, "M")
    assert sorted(told(way) for way in asked("R1:7")) == ["A R1:7 M", "M R1:7 B"]
    with as_of(when), past.then():
        assert [told(way) for way in asked("R1:7")] == ["A R1:7 B"]
