"""A house is connected in one step: the nearest free tube, the right piece of it, all or nothing."""

import threading
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import connection, transaction

from tests import factories
from tests.fibre.drawing import broken, network, node, one, refused, segment, settle, sql, wkt
from tests.fibre.plant import Plant

TABLES = (
    "node",
    "segment",
    "duct",
    "tubesection",
    "tubejoint",
    "tubeend",
    "enclosure",
    "premises",
    "cable",
    "cablestep",
    "cableentry",
    "joint",
)


def village(spec: str = "7x7/4") -> Plant:
    """
    NVT --100-- M1 --100-- M2        RV1 from the cabinet to the end of the street
    """
    factories.fibre_catalogue()
    found = Plant()
    found.street("NVT", "M1", "M2")
    sql("UPDATE fibre_node SET kind = 'cabinet' WHERE id = %s", found.nodes["NVT"])
    found.duct("RV1", "NVT", "M1", "M2", spec=spec)
    found.enclosure("NVT/1", "NVT", spec="nvt-288")
    return found


@pytest.fixture
def plant(db: None) -> Plant:
    return village()


def connect(plant: Plant, x: float, y: float, name: str = "Haus", **more: Any) -> dict[str, Any]:
    values = {"net": plant.net, "place": wkt((x, y)), "called": name, **more}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT fibre_connect_house({', '.join(f'{key} => %({key})s' for key in values)})", values)
        told = cursor.fetchone()[0]
    settle()
    return dict(orjson.loads(told) if isinstance(told, str) else told)


def counts() -> dict[str, int]:
    return {table: one(f"SELECT count(*) FROM fibre_{table}") for table in TABLES}


def materials(told: dict[str, Any]) -> dict[str, tuple[float, str]]:
    return {row["product"]: (row["number"], row["unit"]) for row in told["materials"]}


def test_01_everything_at_once(plant: Plant) -> None:
    told = connect(plant, 40, 15, "Dorfstraße 1", cable="12", cable_name="K1")
    assert (told["tube"], told["cabinet_name"], told["house_name"], told["enclosure_name"]) == (
        "RV1/1",
        "NVT",
        "Dorfstraße 1",
        "HÜP Dorfstraße 1",
    )
    assert materials(told) == {
        "10/6": (15, "m"), "RED 10/7": (1, "piece"), "EK 7": (1, "piece"), "huep-4": (1, "piece"), "12": (55, "m"),
    }  # fmt: skip
    # Dug at a right angle, and the street is split there.
    assert (
        one("SELECT ST_AsText(geom, 0) FROM fibre_segment WHERE id = %s", told["segments"][0])
        == "LINESTRING(545040 6030000,545040 6030015)"
    )
    assert told["dug_m"] == 15 and one("SELECT count(*) FROM fibre_segment") == 4
    # The piece back to the cabinet serves the house, the rest is capped.
    first, rest = plant.sections("RV1", 1)
    lead = one(
        "SELECT x.id FROM fibre_tubesection x JOIN fibre_tube t ON t.id = x.tube_id WHERE t.duct_id = %s", told["duct"]
    )
    ends = sql(
        "SELECT j.fitting_id, e.section_id, e.side FROM fibre_tubeend e JOIN fibre_tubejoint j ON j.id = e.joint_id"
    )
    assert set(ends) == {("RED 10/7", first, "b"), ("RED 10/7", lead, "a"), ("EK 7", rest, "a")}
    # The cable lies in both, is entered on both sides, and its length is known.
    assert [
        row[0]
        for row in sql("SELECT section_id FROM fibre_cablestep WHERE cable_id = %s ORDER BY ordinal", told["cable"])
    ] == [first, lead]
    assert {(str(box), side) for box, side in sql("SELECT enclosure_id, side FROM fibre_cableentry")} == {
        (str(plant.enclosures["NVT/1"]), "a"), (told["enclosure"], "b"),
    }  # fmt: skip
    assert one("SELECT name FROM fibre_premises WHERE node_id = %s", told["house"]) == "Dorfstraße 1"
    assert broken(plant.net) == []


def test_02_several_houses_on_both_sides_take_one_tube_each(plant: Plant) -> None:
    told = [connect(plant, x, y, f"Haus {x}", cable="6") for x, y in ((40, 15), (40.2, -12), (150, 8), (90, -8))]
    assert [one_["tube"] for one_ in told] == ["RV1/1", "RV1/2", "RV1/3", "RV1/4"]
    # Opposite houses are tapped at one node, also when one stands 20 cm further on.
    assert told[0]["tap"] == told[1]["tap"] and len({one_["tap"] for one_ in told}) == 3
    assert broken(plant.net) == []


def test_03_the_last_house_of_a_street_needs_no_cut(plant: Plant) -> None:
    told = connect(plant, 200, 10)
    assert told["tap"] == str(plant.nodes["M2"]) and "EK 7" not in materials(told)
    assert len(plant.sections("RV1", 1)) == 1


def test_04_a_duct_that_runs_the_other_way(db: None) -> None:
    """Drawn towards the cabinet: the piece behind the cut is the one that serves."""
    plant = village()
    plant.duct("RV2", "M2", "M1", "NVT", spec="2x7/4")
    told = connect(plant, 150, 10, of_duct=plant.ducts["RV2"], cable="6")
    rest, serving = plant.sections("RV2", 1)
    ends = dict(
        sql(
            "SELECT e.section_id, j.fitting_id || ' ' || e.side FROM fibre_tubeend e JOIN fibre_tubejoint j ON j.id = e.joint_id"
        )
    )
    assert (ends[rest], ends[serving]) == ("EK 7 b", "RED 10/7 a")
    assert one("SELECT section_id FROM fibre_cablestep WHERE cable_id = %s AND ordinal = 1", told["cable"]) == serving
    assert broken(plant.net) == []


def test_05_through_a_coupling_back_to_the_cabinet(db: None) -> None:
    plant = village()
    plant.street("M2", "M3", x=200)
    plant.duct("RV2", "M2", "M3", spec="2x7/4")
    with refused("no-free-tube"):
        connect(plant, 250, 10, reach=30)
    (first,), (second,) = plant.sections("RV1", 5), plant.sections("RV2", 2)
    sql("SELECT fibre_couple('EZV 7', %s, 'b', %s, 'a')", first, second)
    settle()
    told = connect(plant, 250, 10, cable="6")
    assert told["tube"] == "RV2/2" and told["cabinet_name"] == "NVT"
    assert one("SELECT count(*) FROM fibre_cablestep") == 3 and materials(told)["6"] == (260, "m")


def test_06_what_is_not_free(plant: Plant) -> None:
    """1 has a cable, 2 is leased, 3 leads to another house already, 4 is cut off from the cabinet, 5 was leased last year."""
    plant.cable("K", "NVT", "M2", ("RV1", 1), spec="6")
    sql(
        "INSERT INTO fibre_lease (kind, tube_id, begins_on) VALUES ('reservation', %s, '2026-01-01')",
        plant.tube("RV1", 2),
    )
    sql(
        "INSERT INTO fibre_lease (kind, tube_id, begins_on, ends_on) VALUES ('lease', %s, '2020-01-01', '2020-12-31')",
        plant.tube("RV1", 5),
    )
    plant.branch("M2", "ALT")
    plant.duct("L", "M2", "ALT", spec="7/4")
    sql("SELECT fibre_couple('EZV 7', %s, 'b', %s, 'a')", plant.sections("RV1", 3)[0], plant.sections("L", 1)[0])
    sql("SELECT fibre_cut_tube(%s, %s)", plant.tube("RV1", 4), plant.nodes["M1"])
    settle()
    assert connect(plant, 150, 10)["tube"] == "RV1/5"
    assert [connect(plant, x, -10, f"H{x}")["tube"] for x in (160, 170)] == ["RV1/6", "RV1/7"]
    with refused("no-free-tube"):  # nor the lead-in of the house next door
        connect(plant, 180, 10, "H180", reach=30)
    assert connect(plant, 50, 10, "H50")["tube"] == "RV1/4"


def test_07_never_another_network_s_duct(plant: Plant) -> None:
    """Its duct lies in the trench and is nearer to hand; ours is full."""
    other = network("anders", "b")
    sql("SELECT fibre_lay(%s, '24x7/4', 'A-fremd', %s)", other, [plant.between("NVT", "M1")])
    settle()
    sql("UPDATE fibre_duct SET lifecycle = 'decommissioned' WHERE id = %s", plant.ducts["RV1"])
    before = counts()
    with refused("no-duct-in-reach"):
        connect(plant, 50, 10)
    assert counts() == before


@pytest.mark.parametrize(
    ("place", "more", "code"),
    [
        ((50, 300), {}, "no-duct-in-reach"), ((50, 10), {"reach": 5}, "no-duct-in-reach"), ((50, 0), {}, "house-on-trench"),
        ((50, 10), {"lead_in": "16/12"}, "no-fitting"), ((50, 10), {"lead_in": "7x7/4"}, "lead-in-not-single"), ((50, 10), {"lead_in": "nichts"}, "lead-in-not-single"),
        ((50, 10), {"box": "muffe-144"}, "not-a-huep"), ((50, 10), {"called": None}, "house-needs-name"), ((100, 0), {}, "not-a-building"),
        ((50, 10), {"cable": "144"}, "cable-does-not-fit"), ((50, 10), {"place": None}, "house-without-place"),
        ((50, 10), {"of_premises": UUID(int=1)}, "unknown-object"), ((50, 10), {"of_address": 999_999_999}, "unknown-object"),
    ],
)  # fmt: skip
def test_08_refused_and_nothing_is_left(
    plant: Plant, place: tuple[float, float], more: dict[str, Any], code: str
) -> None:
    before = counts()
    with refused(code):
        connect(
            plant,
            *place,
            **{
                "name": "Haus",
                **({"name": more["called"]} if "called" in more else {}),
                **{k: v for k, v in more.items() if k != "called"},
            },
        )
    assert counts() == before


def test_09_a_house_that_is_connected(plant: Plant) -> None:
    told = connect(plant, 50, 10)
    with refused("house-connected"):
        connect(plant, 50, 10)
    with refused("house-connected"):
        connect(plant, 0, 0, place=None, of_premises=told["premises"])


def test_09b_premises_of_another_house_are_not_this_ones(plant: Plant) -> None:
    told = connect(plant, 50, 10)
    other = node(plant.net, 80, 12, "Haus 2", kind="building")
    before = counts()
    with refused("unknown-object"):
        connect(plant, 0, 0, place=None, house=other, of_premises=told["premises"])
    assert counts() == before


def test_10_two_closures_in_the_cabinet(plant: Plant) -> None:
    plant.enclosure("NVT/2", "NVT", spec="nvt-288")
    with refused("which-enclosure"):
        connect(plant, 50, 10, cable="6")
    told = connect(plant, 50, 10, cable="6", serving_box=plant.enclosures["NVT/2"])
    assert one("SELECT count(*) FROM fibre_cableentry WHERE enclosure_id = %s", plant.enclosures["NVT/2"]) == 1
    assert told["cabinet"] == str(plant.nodes["NVT"])


def test_11_a_building_that_is_drawn_already_with_and_without_its_trench(plant: Plant) -> None:
    house = one(
        "INSERT INTO fibre_node (network_id, kind, name, geom) VALUES (%s, 'building', 'Hof', %s) RETURNING id",
        plant.net,
        wkt((30, 20)),
    )
    assert connect(plant, 0, 0, place=None, house=house)["house"] == str(house)
    # Its trench comes round a corner: no other is dug.
    other = one(
        "INSERT INTO fibre_node (network_id, kind, name, geom) VALUES (%s, 'building', 'Hof 2', %s) RETURNING id",
        plant.net,
        wkt((120, 40)),
    )
    stub = segment(plant.net, (100, 0), (100, 40), (120, 40), from_node=plant.nodes["M1"], to_node=other)
    told = connect(plant, 0, 0, place=None, house=other)
    assert (told["tap"], told["segments"], told["dug_m"], materials(told)["10/6"]) == (
        str(plant.nodes["M1"]),
        [str(stub)],
        0,
        (60, "m"),
    )


def test_12_premises_and_address_say_where(plant: Plant) -> None:
    place = factories.street(x=100)
    address = one(
        "INSERT INTO regions_address (street_id, street_name, house_number, geom) VALUES (%s, 'Kirchweg', '7a', %s) RETURNING id",
        place.pk,
        wkt((60, 10)),
    )
    told = connect(plant, 0, 0, None, place=None, of_address=address)  # type: ignore[arg-type]
    assert told["house_name"] == "Kirchweg 7a"
    assert one("SELECT address_id FROM fibre_premises WHERE id = %s", told["premises"]) == address


def test_13_beside_the_cabinet_the_lead_in_comes_straight(plant: Plant) -> None:
    told = connect(plant, 0, 10, cable="6")
    assert "tube" not in told and materials(told) == {"10/6": (10, "m"), "huep-4": (1, "piece"), "6": (10, "m")}
    assert one("SELECT count(*) FROM fibre_tubejoint") == 0


def test_14_a_dry_run_tells_the_same_and_leaves_nothing(plant: Plant) -> None:
    before = counts()
    tried = connect(plant, 40, 15, cable="12", dry=True)
    assert counts() == before and tried["dry"] is True
    done = connect(plant, 40, 15, cable="12")
    assert (tried["materials"], tried["tube"], tried["dug_m"]) == (done["materials"], done["tube"], done["dug_m"])
    with refused("house-connected"):
        connect(plant, 40, 15, dry=True)


def test_15_names_by_the_network_s_rules(plant: Plant) -> None:
    for kind, pattern in {
        "node/building": "HA-{n:03}",
        "duct": "RE-{n}",
        "enclosure": "HÜP {knoten}",
        "premises": "P{n}",
        "cable": "HK-{n}",
    }.items():
        with transaction.atomic():
            sql(
                "INSERT INTO fibre_namingrule (network_id, kind, pattern) VALUES (%s, %s, %s)",
                plant.net,
                kind,
                pattern + ("-{n}" if "{n" not in pattern else ""),
            )
    told = connect(plant, 50, 10, None, cable="6")  # type: ignore[arg-type]
    assert (told["house_name"], told["duct_name"], told["enclosure_name"], told["cable_name"]) == (
        "HA-001",
        "RE-1",
        "HÜP HA-001-1",
        "HK-1",
    )


def test_16_the_nearer_trench_wins_and_a_wish_for_a_cabinet_holds(plant: Plant) -> None:
    plant.street("V2", "W1", y=60)
    sql("UPDATE fibre_node SET kind = 'cabinet' WHERE id = %s", plant.nodes["V2"])
    plant.duct("RV9", "V2", "W1", spec="2x7/4")
    assert connect(plant, 50, 40, "H1")["cabinet_name"] == "V2"
    assert connect(plant, 60, 40, "H2", of_cabinet=plant.nodes["NVT"])["cabinet_name"] == "NVT"


@pytest.mark.django_db(transaction=True)
def test_17_two_engineers_at_once_get_two_tubes() -> None:
    with transaction.atomic():
        plant = village()
    told: list[dict[str, Any]] = []
    failed: list[BaseException] = []
    begun = threading.Barrier(2)

    def work(side: int) -> None:
        try:
            begun.wait()
            for number in range(3):
                with transaction.atomic():
                    told.append(connect(plant, 20 + 20 * number, side * 10, f"Haus {number} {side}", cable="6"))
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(side,)) for side in (-1, 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert not failed, failed
    assert sorted(one_["tube"] for one_ in told) == [f"RV1/{n}" for n in range(1, 7)]
    assert broken(plant.net) == []
