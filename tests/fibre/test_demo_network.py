"""The demo's network: believable, traced, with the faults that are said to be in it; and the command line on it."""

import json
from typing import Any

import pytest

from gisapp.accounts.models import Organisation
from gisapp.errors import BadInput, NotFound
from layers.fibre import demo, demo_plan, demo_route
from layers.fibre.refs import starts
from layers.fibre.tracing import trace
from layers.regions import demo as regions
from tests.fibre.drawing import broken, one, sql, swept

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Any:
    """The network of size s, built once and taken out again by the demo's own means."""
    with django_db_blocker.unblock():
        owner = Organisation.objects.create(key=demo.OWNER, name="Verband", kind="zweckverband")
        regions.build("s", 1, lambda _text: None)
        demo.build("s", 1, lambda _text: None)
        yield
        # The region is built anew while the networks stand; they are cleared afterwards.
        regions._clear()
        assert one("SELECT count(*) FROM fibre_premises WHERE address_id IS NOT NULL") == 0
        demo._clear()
        sql("DELETE FROM fibre_namingrule")
        sql("DELETE FROM fibre_namingcount")
        sql("DELETE FROM fibre_network")
        owner.delete()
        assert [one(f"SELECT count(*) FROM fibre_{table}") for table in demo_route.TABLES] == [0] * len(
            demo_route.TABLES
        )
        swept()


def gisapp(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    import argparse

    from layers.fibre.commands import FIBRE

    parser = argparse.ArgumentParser()
    FIBRE.arguments(parser)
    assert FIBRE.run(parser.parse_args([*arguments, "--json"])) == 0
    return json.loads(capsys.readouterr().out)


def test_01_it_is_of_the_size_it_is_said_to_be(built: None) -> None:
    homes = one("SELECT count(*) FROM fibre_premises")
    assert 1_500 <= homes <= 2_500
    assert one("SELECT count(*) FROM fibre_enclosure WHERE spec_id = 'huep-4'") > 0.9 * homes
    kinds = dict(sql("SELECT kind, count(*) FROM fibre_node GROUP BY kind"))
    assert kinds["pop"] == 1 and kinds["cabinet"] >= 10 and kinds["building"] == homes
    assert {row[0] for row in sql("SELECT DISTINCT spec_id FROM fibre_duct")} == {"24x7/4", "7/4", "4x20/15", "12x10/6"}


def test_02_it_keeps_every_rule(built: None) -> None:
    assert broken(one("SELECT id FROM fibre_network")) == []
    joints = [row[0] for row in sql("SELECT id FROM fibre_joint")]
    assert one("SELECT count(*) FROM fibre_wrong_joints(%s) WHERE code IS NOT NULL", joints) == 0


def test_03_every_home_in_service_is_lit_from_the_pop(built: None) -> None:
    homes = [row[0] for row in sql("SELECT c.name FROM fibre_circuit c ORDER BY c.name")]
    assert len(homes) > 500
    for name in homes[::97]:
        number = int(name.removeprefix("S-"))
        found = trace(starts(f"HÜP {number}/1"))[0]
        assert found.complete and [hop.kind for hop in found.hops if hop.kind not in ("port", "fibre")] == [
            "pigtail",
            "splice",
            "pigtail",
        ]
        assert found.longest.length_m and (found.longest.loss_db[1310] or 0) < 10
        assert found.geometry and found.geometry["type"] == "LineString"


def test_04_one_village_hangs_on_a_splitter(built: None) -> None:
    feeder = sql("SELECT l.id FROM fibre_splitterleg l WHERE l.is_input")
    assert feeder
    found = trace(starts(str(feeder[0][0])))[0]
    assert len(found.paths) >= 15 and found.complete
    assert all((path.loss_db[1310] or 0) > 17 for path in found.paths)


def test_05_one_village_is_on_copper_and_one_is_planned(built: None) -> None:
    apl = sql("SELECT e.name FROM fibre_enclosure e WHERE e.spec_id = 'apl-cu' ORDER BY e.name")
    found = trace(starts(f"{apl[0][0]}/1"))[0]
    assert [hop.kind for hop in found.hops].count("fibre") == 2 and found.longest.loss_db[1310] is None
    planned = one("SELECT count(*) FROM fibre_segment WHERE lifecycle = 'planned'")
    assert planned > 20
    assert one("SELECT count(*) FROM fibre_cablestep s JOIN fibre_tubesection x ON x.id = s.section_id JOIN fibre_tube t ON t.id = x.tube_id "
               "JOIN fibre_duct d ON d.id = t.duct_id WHERE d.lifecycle = 'planned'") == 0  # fmt: skip


def test_06_the_faults_that_are_in_it(built: None) -> None:
    assert one("SELECT count(*) FROM fibre_segment WHERE survey_method = 'unknown'") > 50
    assert one("SELECT count(*) FROM fibre_glass g JOIN fibre_measure m ON m.cable_id = g.cable_id AND m.entry_id IS NULL "
               "WHERE g.number = 1 AND g.glass_m > m.drawn_m + 250") > 10  # fmt: skip
    nothing = sql(
        "SELECT c.name FROM fibre_fibresection f JOIN fibre_cable c ON c.id = f.cable_id WHERE c.spec_id = '6' AND f.number = 1 "
        "AND EXISTS (SELECT FROM fibre_jointend j WHERE j.thing = f.id AND j.side = 'a') "
        "AND NOT EXISTS (SELECT FROM fibre_jointend j WHERE j.thing = f.id AND j.side = 'b')"
    )
    assert len(nothing) > 10
    found = trace(starts(f"{nothing[0][0]}:1"))[0]
    assert not found.complete and found.stop and found.stop.reason == "not-spliced"


def test_07_the_command_line(built: None, capsys: pytest.CaptureFixture[str]) -> None:
    ref = gisapp(capsys, "example")["ref"]
    told = gisapp(capsys, "trace", ref)
    assert told["complete"] and told["stops_at"] is None and told["hops"] and told["geometry"]["type"] == "LineString"
    assert set(told["loss_db"]) == {"1310", "1550"} and told["length_m"] > 0
    trunk = next(hop["name"].split(":")[0] for hop in told["hops"] if hop["name"].startswith("T "))
    hit = gisapp(capsys, "impact", "--cable", trunk)
    assert len(hit["premises"]) > 5 and hit["circuits"] and [one_["name"] for one_ in hit["cables"]] == [trunk]
    assert set(hit) == {"circuits", "premises", "cables", "ducts", "segments", "fibres", "elsewhere"}
    node = one("SELECT name FROM fibre_node WHERE kind = 'pop'")
    everything = gisapp(capsys, "impact", "--node", node)
    assert len(everything["premises"]) > 1_000


def test_07b_by_the_address_of_the_house(built: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert one("SELECT count(*) FROM fibre_premises WHERE address_id IS NULL") == 0
    away = one(
        "SELECT max(ST_Distance(a.geom, n.geom)) FROM fibre_premises p JOIN regions_address a ON a.id = p.address_id JOIN fibre_node n ON n.id = p.node_id"
    )
    assert away < 0.01
    found = gisapp(capsys, "example")
    street, _comma, place = found["address"].partition(", ")
    told = gisapp(capsys, "trace", found["address"])
    box = found["ref"].partition("/")[0]
    assert (
        told["complete"] and told["stops_at"] is None and told["reason"] is None and told["start"] == found["address"]
    )
    assert (
        told["length_m"] > 0 and set(told["loss_db"]) == {"1310", "1550"} and told["geometry"]["type"] == "LineString"
    )
    assert {one_["start"].partition("/")[0] for one_ in told["traces"]} == {box}
    assert len(told["traces"]) == demo.FIBRES_A_HOME
    # Without the postcode it is the same house; without the place it is many, and none is guessed.
    assert (
        gisapp(capsys, "trace", f"{street}, {place.partition(' ')[2]}")["traces"][0]["start"]
        == told["traces"][0]["start"]
    )
    places = one("SELECT count(DISTINCT locality) FROM regions_address a JOIN fibre_premises p ON p.address_id = a.id WHERE a.street_name || ' ' || a.house_number = %s", street)  # fmt: skip
    assert places > 3
    with pytest.raises(BadInput) as caught:
        starts(street)
    assert caught.value.code == "fibre-ambiguous-name" and caught.value.values["names"].count(street) == places
    with pytest.raises(NotFound):
        starts(f"{street}, 99999 {place.partition(' ')[2]}")


def test_08_a_polygon_from_a_file(built: None, capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    shape = one(
        "SELECT ST_AsGeoJSON(ST_Transform(ST_Buffer(geom, 60), 4326)) FROM fibre_node WHERE kind = 'building' ORDER BY name LIMIT 1"
    )
    file = tmp_path / "flaeche.geojson"
    file.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [{"type": "Feature", "properties": {}, "geometry": json.loads(shape)}],
            }
        )
    )
    hit = gisapp(capsys, "impact", "--polygon", str(file))
    assert hit["segments"] and hit["premises"]


def test_09_it_is_drawn_the_same_every_time() -> None:
    first, second = (next(iter(demo_plan.networks("s", 1))) for _ in range(2))
    assert first.sites == second.sites and first.pipes == second.pipes and first.homes == second.homes
    other = next(iter(demo_plan.networks("s", 2)))
    assert other.sites != first.sites
