"""What people call things, and what they are told where nothing hangs on them."""

import pytest

from gisapp.errors import BadInput, NotFound
from layers.fibre.refs import starts
from tests.fibre.drawing import one, settle, sql
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant() -> Plant:
    """A street with a bundle; a house is connected through its third tube."""
    found = Plant()
    found.street("POP", "M1", "HAUS")
    found.duct("R1", "M1", "HAUS", spec="7x7/4")
    found.cable("T1", "M1", "HAUS", ("R1", 3), spec="6")
    found.enclosure("M", "M1", enters="T1")
    found.enclosure("H", "HAUS", spec="huep-4", enters="T1")
    found.pigtail("H", "T1:2", 2)
    sql("INSERT INTO fibre_premises (network_id, name, node_id) VALUES (%s, 'AO 7', %s)", found.net, found.nodes["HAUS"])  # fmt: skip
    settle()
    return found


def refusal(ref: str) -> str:
    with pytest.raises((NotFound, BadInput)) as caught:
        starts(ref)
    return caught.value.code


def test_01_premises_by_name_and_key(plant: Plant) -> None:
    """What hangs in their building, without the ports on which nothing is."""
    assert [one_.name for one_ in starts("AO 7")] == ["H/2"]
    assert [one_.name for one_ in starts(str(one("SELECT id FROM fibre_premises")))] == ["H/2"]
    sql("UPDATE fibre_premises SET name = 'HAUS'")
    assert len(starts("HAUS")) == 4  # the node of that name stands for both


def test_02_a_tube_by_key_and_as_the_actions_call_it(plant: Plant) -> None:
    fibres = [f"T1:{number}" for number in range(1, 7)]
    assert [one_.name for one_ in starts("R1/3")] == fibres
    assert [one_.name for one_ in starts(str(plant.tube("R1", 3)))] == fibres


def test_03_what_is_there_and_empty_is_not_called_unknown(plant: Plant) -> None:
    for ref in ("R1:4", "R1/4", str(plant.tube("R1", 4)), "POP", str(plant.nodes["POP"])):
        assert refusal(ref) == "fibre-nothing-there", ref
    for ref in ("R1:8", "R1/8", "R9:1", "AO 8"):
        assert refusal(ref) == "fibre-unknown", ref
    assert {one_.id for one_ in starts("R1:3", {-1} | {one("SELECT organisation_id FROM fibre_network")})}
    with pytest.raises(NotFound) as caught:
        starts(str(plant.tube("R1", 3)), {-1})
    assert caught.value.code == "fibre-unknown"


def test_04_a_node_here_and_an_enclosure_elsewhere_are_not_one(plant: Plant) -> None:
    """Of two networks neither is guessed, although the names are those of a node and an enclosure."""
    other = Plant(
        net=one("INSERT INTO fibre_network (key, name, organisation_id) SELECT 'zwei', 'Zwei', organisation_id FROM fibre_network RETURNING id")
    )  # fmt: skip
    other.street("A", "B", y=900)
    other.enclosure("HAUS", "B", spec="huep-4")
    settle()
    assert refusal("HAUS") == "fibre-ambiguous-name"
    assert len(starts("zwei|HAUS")) == 4
