"""How full it is: tubes, fibres and places, on drawn networks; for those who see them, and for nobody else."""

import datetime
import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gisapp.errors import BadInput, NotFound
from layers.fibre.occupancy import Seen, cross_sections, occupancy
from layers.fibre.taken import STATES
from tests import factories
from tests.fibre.drawing import one, settle, sql
from tests.fibre.plant import Plant
from tests.fibre.test_impact import circuit
from tests.fibre.test_questions import client

pytestmark = pytest.mark.django_db


def lease(column: str, key: Any, kind: str = "lease", days: tuple[int, int | None] = (0, None), **more: Any) -> None:
    """From so many days after today to so many (None: without an end)."""
    today = datetime.date.today()
    begins, ends = (None if one_ is None else today + datetime.timedelta(days=one_) for one_ in days)
    names = ["kind", column, "begins_on", "ends_on", *more]
    sql(
        f"INSERT INTO fibre_lease ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})",
        kind,
        key,
        begins,
        ends,
        *more.values(),
    )
    settle()


def state(table: str, key: Any, lifecycle: str) -> None:
    sql(f"UPDATE fibre_{table} SET lifecycle = %s WHERE id = %s", lifecycle, key)
    settle()


@pytest.fixture
def plant() -> Plant:
    """PoP -T1- M1 -T2- M2: RV (7 tubes) over both, its first tube cut at M1; K1 in tube 1 up to M1, K2 in tube 2 all the way."""
    found = Plant()
    found.street("POP", "M1", "M2")
    for a, b in (("POP", "M1"), ("M1", "M2")):
        sql("UPDATE fibre_segment SET name = %s WHERE id = %s", f"{a}-{b}", found.between(a, b))
    found.duct("RV", "POP", "M1", "M2")
    sql("SELECT fibre_cut_tube(%s, %s)", found.tube("RV", 1), found.nodes["M1"])
    found.cable("K1", "POP", "M1", settled=False)
    sql(
        "INSERT INTO fibre_cablestep (cable_id, ordinal, section_id) VALUES (%s, 1, %s)",
        found.cables["K1"],
        found.sections("RV", 1)[0],
    )
    found.cable("K2", "POP", "M2", ("RV", 2))
    settle()
    return found


def tubes(plant: Plant, a: str, b: str, seen: Seen | None = None) -> list[tuple[int, str, list[str]]]:
    """(position, state, cables) of the one duct there, those that are not free."""
    key = plant.between(a, b)
    found = cross_sections([key], seen or Seen())[key]
    return [
        (tube.position, tube.state, [cable.name for cable in tube.cables])
        for duct in found.ducts
        for tube in duct.tubes
        if tube.state != "free"
    ]


def test_01_a_cut_tube_is_taken_where_the_cable_lies(plant: Plant) -> None:
    assert tubes(plant, "POP", "M1") == [(1, "used", ["K1"]), (2, "used", ["K2"])]
    assert tubes(plant, "M1", "M2") == [(2, "used", ["K2"])]
    duct = occupancy(["RV"])[0]
    assert duct.tubes.plain() == {"total": 7, "used": 2, "leased": 0, "reserved": 0, "decommissioned": 0, "free": 5}
    assert [cable.name for cable in duct.cables] == ["K1", "K2"]


def test_02_leased_reserved_decommissioned_on_the_day(plant: Plant) -> None:
    lease("tube_id", plant.tube("RV", 3))
    lease("tube_id", plant.tube("RV", 4), "reservation", (-5, 0))
    lease("tube_id", plant.tube("RV", 5), "lease", (-5, -1))
    lease("tube_id", plant.tube("RV", 6), "lease", (1, None))
    lease("tube_id", plant.tube("RV", 2))
    assert tubes(plant, "M1", "M2") == [(2, "used", ["K2"]), (3, "leased", []), (4, "reserved", [])]
    state("duct", plant.ducts["RV"], "decommissioned")
    told = occupancy(["RV"])[0].tubes
    assert (told.of["used"], told.of["leased"], told.of["reserved"], told.of["decommissioned"]) == (2, 1, 1, 3)


def test_03_what_is_dug_out_does_not_lie_there(plant: Plant) -> None:
    state("cable", plant.cables["K1"], "removed")
    assert tubes(plant, "POP", "M1") == [(2, "used", ["K2"])]
    state("cable", plant.cables["K2"], "decommissioned")
    assert tubes(plant, "POP", "M1") == [(2, "used", ["K2"])]
    state("cable", plant.cables["K2"], "removed")
    state("duct", plant.ducts["RV"], "removed")
    key = plant.between("POP", "M1")
    assert cross_sections([key], Seen())[key].ducts == []


def test_04_a_segment_tells_size_direction_colours_and_how_full(plant: Plant) -> None:
    plant.duct("ZURUECK", "M2", "M1", "POP", spec="10/6")
    plant.buried("E1", "POP", "M1")
    sql(
        "UPDATE fibre_segment SET depth_cm = 60, depth_reference = 'cover', width_cm = 30 WHERE id = %s",
        plant.between("POP", "M1"),
    )
    told = occupancy(["POP-M1"])[0].plain()
    assert (told["what"], told["depth_cm"], told["depth_reference"], told["width_cm"]) == ("segment", 60, "cover", 30)
    assert [(duct["name"], duct["direction"]) for duct in told["ducts"]] == [("RV", "forward"), ("ZURUECK", "backward")]
    first = told["ducts"][0]["tube_list"][0]
    assert (first["colour"], first["hex"], first["state"], first["outer_mm"], first["inner_mm"]) == (
        "rot",
        ["#d62828"],
        "used",
        7,
        4,
    )
    # 2.5 mm in 4 mm.
    assert first["filled_percent"] == pytest.approx(39.1) and first["cables"][0]["fibres"]["total"] == 12
    assert [one_["name"] for one_ in told["buried"]] == ["E1"]
    assert told["tubes"]["total"] == 8 and told["fibres"]["total"] == 36


def test_05_a_fibre_is_in_use_where_it_leads_on(plant: Plant) -> None:
    plant.enclosure("ODF", "POP", spec="odf-144", enters="K1")
    plant.enclosure("M", "M1", enters="K1")
    plant.buried("D", "M1", "M2")
    plant.enter("D", "M")
    plant.device("OLT", "POP")
    plant.pigtail("ODF", "K1:1", 1, many=3)
    plant.splice("M", "K1:2", "D:1")
    plant.patch("ODF/3", "OLT/1")
    plant.splitter("SP", "M")
    plant.leg("SP", "in", "K1:5")
    settle()
    lease("cable_id", plant.cables["K1"], first_fibre=1, last_fibre=2)
    lease("cable_id", plant.cables["K1"], "reservation", first_fibre=7, last_fibre=8)
    fibres = {fibre.number: fibre for fibre in occupancy(["K1"])[0].fibre_list}
    said = {number: fibre.state for number, fibre in fibres.items() if fibre.state != "free"}
    # The first hangs on a port that nobody has patched: it is leased, not in use.
    assert said == {1: "leased", 2: "used", 3: "used", 5: "used", 7: "reserved", 8: "reserved"}
    assert [(fibres[n].joined_a, fibres[n].joined_b) for n in (1, 2, 4, 5)] == [
        (True, False),
        (True, True),
        (False, False),
        (False, True),
    ]
    told = occupancy(["ODF"], kind="enclosure")[0].plain()["places"]
    assert told["ports"] == {"total": 144, "used": 2, "free": 142, "wired": 3}
    told = occupancy(["M"], kind="enclosure")[0].plain()
    assert told["places"]["splitter_legs"] == {"total": 5, "used": 1, "free": 4}
    assert told["places"]["tray_places"] == {"total": 144, "used": 2, "free": 142}
    assert [cable["name"] for cable in told["cables"]] == ["D", "K1"] and told["fibres"]["used"] == 4
    state("cable", plant.cables["D"], "decommissioned")
    assert occupancy(["D"])[0].fibres.of == {"used": 1, "decommissioned": 11}


def test_06_circuits_by_fibre(plant: Plant) -> None:
    plant.enclosure("ODF", "POP", spec="odf-144", enters="K1")
    plant.enclosure("M", "M1", spec="odf-144", enters="K1")
    plant.pigtail("ODF", "K1:1", 1, many=4)
    plant.pigtail("M", "K1:1", 1, many=4)
    settle()
    assert occupancy(["K1"])[0].fibres.of == {"free": 12}
    circuit(plant, "S-1", "ODF/1", "M/1")
    circuit(plant, "S-2", "ODF/2", "M/2", state="planned")
    settle()
    fibres = occupancy(["K1"])[0].fibre_list
    assert [(fibre.state, list(fibre.circuits)) for fibre in fibres[:3]] == [
        ("used", ["S-1"]),
        ("free", []),
        ("free", []),
    ]


def test_07_a_cut_fibre_is_one_fibre(plant: Plant) -> None:
    plant.buried("K9", "POP", "M1", "M2")
    plant.enclosure("M", "M1")
    plant.cut("K9", "M", 3)
    plant.buried("D", "M1", "M2")
    plant.enter("D", "M")
    plant.splice("M", "K9:3", "D:1", leads=("b", None))
    settle()
    told = occupancy(["K9"])[0]
    assert told.fibres.of == {"used": 1, "free": 11}
    assert [(fibre.number, fibre.pieces) for fibre in told.fibre_list if fibre.state == "used"] == [(3, 2)]


def test_08_nodes_municipalities_networks(plant: Plant) -> None:
    place = factories.municipality()
    sql("UPDATE fibre_node SET geom = geom WHERE network_id = %s", plant.net)
    plant.enclosure("M1", "M1")
    settle()
    middle, last, whole, town = occupancy(["M1", "M2", "netz", place.name])
    assert [one_.what for one_ in (middle, last, whole, town)] == ["node", "node", "network", "municipality"]
    for told in (middle, last, whole, town):
        assert told.tubes.plain()["total"] == 7 and told.tubes.of["used"] == 2
    for told in (middle, whole, town):
        assert told.fibres.total == 24 and told.places and told.places.tray_places == (144, 0)
    # K1 ends before, and the closure stands elsewhere.
    assert last.fibres.total == 12 and last.places and last.places.tray_places == (0, 0)


def test_09_names_and_keys(plant: Plant) -> None:
    plant.enclosure("M2", "M2")
    assert occupancy(["M2"])[0].what == "node"
    assert occupancy(["M2"], kind="enclosure")[0].what == "enclosure"
    assert occupancy([str(plant.ducts["RV"])])[0].name == "RV" and occupancy(["netz|RV"])[0].name == "RV"
    plant.buried("RV", "POP", "M1")
    with pytest.raises(BadInput):
        occupancy(["RV"])
    for ref in ("gibtsnicht", "anderes|RV", str(plant.cables["K1"]).replace("-", "0-", 1)):
        with pytest.raises(NotFound):
            occupancy([ref])


def test_10_over_rest(plant: Plant) -> None:
    answer = client().get("/api/fibre/occupancy", {"ref": ["POP-M1", "K1", "RV", "M1"]})
    assert answer.status_code == 200 and answer["Cache-Control"] == "private, no-store"
    assert [one_["what"] for one_ in answer.json()["objects"]] == ["segment", "cable", "duct", "node"]
    assert (
        len(
            client("planner")
            .get("/api/fibre/occupancy", {"ref": "K1", "what": "cable"})
            .json()["objects"][0]["fibre_list"]
        )
        == 12
    )
    asker = client("admin")
    for query, status in (
        ({}, 400), ({"ref": ""}, 400), ({"ref": "x" * 300}, 400), ({"ref": "a\x00b"}, 400), ({"ref": ["K1"] * 101}, 400),
        ({"ref": "K1", "what": "haus"}, 400), ({"ref": "K1", "what": "duct"}, 404), ({"ref": ["K1", "nirgends"]}, 404),
    ):  # fmt: skip
        refused = asker.get("/api/fibre/occupancy", query)
        assert refused.status_code == status and refused.json()["code"], query


def test_11_for_nobody_else(plant: Plant) -> None:
    path = "/api/fibre/occupancy?ref=K1"
    assert Client().get(path).status_code == 401
    for role in ("staff", "producer"):
        assert client(role).get(path).status_code == 403
    assert client("engineer", "nachbar").get(path).status_code == 404
    assert client("contractor", "zweckverband", factories.area()).get(path).status_code == 403


def test_12_in_a_shared_trench_only_that_others_lie_there(plant: Plant) -> None:
    from tests.fibre.drawing import duct, network

    theirs = network("fremd", "nachbar")
    duct(theirs, [plant.between("POP", "M1")], "24x7/4", "Geheim")
    guest = Plant(net=theirs, nodes=plant.nodes)
    guest.segments = plant.segments
    guest.buried("Geheim-K", "POP", "M1")
    asker = client()
    mine = asker.get("/api/fibre/occupancy", {"ref": "POP-M1"})
    told = mine.json()["objects"][0]
    assert told["guests"] == [{"organisation": "Amt nachbar", "ducts": 1}] and told["tubes"]["total"] == 7
    assert told["buried"] == [{"id": None, "organisation": "Amt nachbar"}]
    assert "Geheim" not in mine.content.decode()
    other = client("engineer", "nachbar").get("/api/fibre/occupancy", {"ref": "POP-M1"})
    told = other.json()["objects"][0]
    assert [one_["name"] for one_ in told["ducts"]] == ["Geheim"] and told["guests"] == []
    assert [one_["name"] for one_ in told["buried"]] == ["Geheim-K"]
    assert "RV" not in other.content.decode() and "K1" not in other.content.decode()
    # Their cable in a tube of ours: it takes the tube, and that is all.
    key = one(
        "INSERT INTO fibre_cable (network_id, name, spec_id, from_node_id, to_node_id) VALUES (%s, 'Geheim-2', '12', %s, %s) RETURNING id",
        theirs, plant.nodes["POP"], plant.nodes["M2"],
    )  # fmt: skip
    sql(
        "INSERT INTO fibre_cablestep (cable_id, ordinal, section_id) VALUES (%s, 1, %s)",
        key,
        plant.sections("RV", 7)[0],
    )
    settle()
    mine = asker.get("/api/fibre/occupancy", {"ref": "RV"})
    seventh = mine.json()["objects"][0]["tube_list"][6]
    assert seventh["state"] == "used" and seventh["cables"] == [{"id": None, "organisation": "Amt nachbar"}]
    assert "Geheim" not in mine.content.decode()


def test_13_a_hundred_cost_as_many_questions_as_one(plant: Plant) -> None:
    def asked(refs: list[str]) -> int:
        with CaptureQueriesContext(connection) as caught:
            occupancy(refs)
        return len(caught)

    refs = ["POP-M1", "K1", "RV", "M1", "netz"]
    occupancy(refs)
    counted: list[str] = []
    from layers.fibre import occupancy as module

    plain = module.fetch_rows

    def counting(statement: str, values: Any) -> Any:
        counted.append(statement)
        return plain(statement, values)

    module.fetch_rows = counting
    try:
        assert asked(refs) == 0  # they go past Django's cursor
        few = len(counted)
        counted.clear()
        occupancy(refs * 20)
        assert len(counted) == few <= 10
    finally:
        module.fetch_rows = plain


def test_14_a_thousand_segments_at_once() -> None:
    """24 tubes each, in one statement."""
    net = one(
        "INSERT INTO fibre_network (key, name, organisation_id) VALUES ('lang', 'lang', %s) RETURNING id",
        factories.organisation("lang").pk,
    )
    sql(
        "INSERT INTO fibre_segment (network_id, geom) SELECT %s, ST_SetSRID(ST_MakeLine(ST_MakePoint(500000 + x * 20, 6000000), "
        "ST_MakePoint(500020 + x * 20, 6000000)), 25832) FROM generate_series(0, 999) x", net,
    )  # fmt: skip
    keys = [row[0] for row in sql("SELECT id FROM fibre_segment WHERE network_id = %s ORDER BY ST_XMin(geom)", net)]
    for first in range(0, 1_000, 50):
        one("SELECT fibre_lay(%s, '24x7/4', %s, %s)", net, f"RV-{first}", keys[first : first + 50])
    settle()
    began = time.perf_counter()
    found = cross_sections(keys, Seen())
    took = time.perf_counter() - began
    assert len(found) == 1_000 and all(one_.tubes.plain()["free"] == 24 for one_ in found.values())
    assert took < 5, f"{took:.1f} s"


def test_15_every_state_has_a_word() -> None:
    from layers.fibre.taken import Counts

    assert [state_ for state_, _word, _number in Counts(dict.fromkeys(STATES, 1)).shown] == list(STATES)
    assert [word for _state, word, _number in Counts().shown] == ["frei"]


def test_16_sums_are_of_ones_own_objects(plant: Plant) -> None:
    """Two networks at one node: each organisation's people count their own."""
    from tests.fibre.drawing import duct, network

    theirs = network("fremd", "nachbar")
    duct(theirs, [plant.between("POP", "M1")], "24x7/4", "Geheim")
    guest = Plant(net=theirs, nodes=plant.nodes)
    guest.enclosure("Fremd", "M1")
    settle()
    (told,) = client().get("/api/fibre/occupancy", {"ref": "M1"}).json()["objects"]
    assert told["tubes"]["total"] == 7 and told["places"]["trays"] == 0
    assert occupancy(["M1"])[0].tubes.total == 31


def test_17_whoever_is_limited_to_areas_sees_these_alone(plant: Plant) -> None:
    """On the pages: of a cable in a tube that passes, its name only where it is the person's to see."""
    plant.cable("LOS", "POP", "M1")
    plant.enclosure("M", "M1")
    settle()
    west = factories.area("own:west", x=-20, y=-20, side=60)
    far = factories.area("own:far", x=9_000, y=9_000, side=60)

    def page(area: Any, layer: str, key: Any) -> Any:
        asker = Client()
        asker.force_login(
            factories.member(
                "contractor", factories.organisation("zweckverband"), area, email=f"{area.key[4:]}-{layer}@example.org"
            )
        )
        return asker.get(f"/map/detail/{layer}/{key}")

    shown = page(west, "fibre_segment", plant.between("POP", "M1"))
    assert shown.status_code == 200 and "K1" in shown.content.decode() and "Querschnitt" in shown.content.decode()
    # Not placed: it is where its nodes are, and one of them is in the area.
    assert page(west, "fibre_cable", plant.cables["LOS"]).status_code == 200
    assert page(far, "fibre_cable", plant.cables["LOS"]).status_code == 404
    assert page(far, "fibre_enclosure", plant.enclosures["M"]).status_code == 404


def test_18_lines_and_places_follow(plant: Plant) -> None:
    plant.buried("E1", "POP", "M1", "M2")
    plant.enclosure("M", "M2")
    settle()

    def length(cable: str) -> Any:
        return one("SELECT round(ST_Length(geom)::numeric, 2) FROM fibre_cable WHERE id = %s", plant.cables[cable])

    assert (length("K1"), length("K2"), length("E1")) == (100, 200, 200)
    sql("UPDATE fibre_node SET geom = ST_Translate(geom, 0, 75) WHERE id = %s", plant.nodes["M2"])
    settle()
    assert (length("K1"), length("K2"), length("E1")) == (100, 225, 225)
    assert one("SELECT ST_Distance(e.geom, n.geom) FROM fibre_enclosure e JOIN fibre_node n ON n.id = e.node_id") == 0
    sql("UPDATE fibre_cable SET geom = NULL, place = NULL WHERE id = %s", plant.cables["E1"])
    assert length("E1") == 225
    sql("DELETE FROM fibre_cablestep WHERE cable_id = %s", plant.cables["E1"])
    settle()
    assert length("E1") is None
    assert one("SELECT ST_NPoints(place) FROM fibre_cable WHERE id = %s", plant.cables["E1"]) == 2
