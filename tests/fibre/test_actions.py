"""Every action through its address and its command: the same functions and rules, names for keys, refusals by their codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from gisapp import cli
from layers.fibre.actions import ACTIONS
from tests import factories
from tests.fibre.drawing import network, one, settle, sql
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db
ADDRESS = "/api/fibre/actions/{}"


@pytest.fixture
def plant() -> Plant:
    """POP - NVT - M1 - HAUS: a bundle from the PoP's cabinet on, a cable in it, a house cable, closures at each."""
    cache.clear()
    factories.fibre_catalogue()
    found = Plant()
    found.street("POP", "NVT", "M1", "HAUS")
    sql("UPDATE fibre_node SET kind = 'cabinet' WHERE id = %s", found.nodes["NVT"])
    found.duct("RV1", "NVT", "M1", "HAUS")
    found.buried("K1", "POP", "NVT", spec="24x12")
    found.cable("K2", "NVT", "HAUS", ("RV1", 1), spec="24x12")
    found.enclosure("ODF", "POP", spec="odf-144", enters="K1")
    found.enclosure("NVT/1", "NVT", spec="nvt-288", enters="K1")
    found.enclosure("H", "HAUS", spec="huep-4")
    found.splitter("SP1", "NVT/1")
    settle()
    return found


def client(role: str = "engineer", of: str = "zweckverband", *areas: Any) -> Client:
    found = Client()
    found.force_login(factories.member(role, factories.organisation(of), *areas))
    return found


def act(asker: Client, action: str, status: int = 200, query: str = "", **sent: Any) -> dict[str, Any]:
    answer = asker.post(ADDRESS.format(action) + query, json.dumps(sent), "application/json")
    assert answer.status_code == status, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_01_from_the_pop_to_the_house_by_names_alone(plant: Plant) -> None:
    """A work day: every splice by name; what hangs together in the end is what a trace says."""
    who = client()
    act(who, "enter", cable="K2", enclosure="NVT/1")
    act(who, "enter", cable="K2", enclosure="H")
    assert (
        len(act(who, "splice-bundle", enclosure="NVT/1", cable_a="K1", bundle_a=1, cable_b="K2", bundle_b=1)["ids"])
        == 12
    )
    assert (
        len(act(who, "splice", enclosure="NVT/1", cable_a="K1", fibre_a=13, cable_b="K2", fibre_b=13, many=3)["ids"])
        == 3
    )
    assert len(act(who, "pigtail", enclosure="ODF", cable="K1", fibre=1, port=1, many=12)["ids"]) == 12
    act(who, "pigtail", enclosure="H", cable="K2", fibre=1, port=1, many=4)
    told = who.get("/api/fibre/trace", {"ref": "H/3"}).json()["traces"][0]
    assert told["complete"] and {hop["name"] for hop in told["hops"]} >= {"ODF/3", "K1:3", "K2:3", "H/3"}
    # Two customers were the wrong way round.
    act(who, "swap", joint_a="H/1", joint_b="H/2")
    assert {hop["name"] for hop in who.get("/api/fibre/trace", {"ref": "H/1"}).json()["traces"][0]["hops"]} >= {
        "ODF/2",
        "K2:2",
    }
    assert act(who, "unsplice", enclosure="NVT/1", cable="K1", fibre=13, many=3)["count"] == 3
    assert act(who, "unsplice", 409, enclosure="NVT/1", cable="K1", fibre=13)["code"] == "fibre-not-spliced"
    act(who, "splice-leg", splitter="SP1", input=True, leg=1, cable="K1", fibre=13)
    act(who, "splice-leg", splitter="netz|SP1", input=False, leg=2, cable="K2", fibre=13)
    assert {hop["name"] for hop in who.get("/api/fibre/trace", {"ref": "K1:13"}).json()["traces"][0]["hops"]} >= {
        "K2:13"
    }
    act(who, "replace-enclosure", enclosure="NVT/1", spec="nvt-576")
    assert one("SELECT spec_id FROM fibre_enclosure WHERE name = 'NVT/1'") == "nvt-576"


def test_02_tubes(plant: Plant) -> None:
    who = client()
    behind = act(who, "cut-tube", tube="RV1:2", node="M1")["id"]
    assert [str(one_) for one_ in plant.sections("RV1", 2)][1] == behind
    assert (
        act(who, "couple", 409, fitting="EZV 7", node="M1", tube="RV1/2", other_tube="RV1/2")["code"]
        == "tube-end-ambiguous"
    )
    act(who, "couple", fitting="EZV 7", node="M1", tube="RV1/2", lead="a", other_tube="RV1/2", other_lead="b")
    assert act(who, "mend-tube", 409, tube="RV1:2", node="M1")["code"] == "tube-end-taken"
    act(who, "uncouple", tube="RV1:2", node="M1", lead="a")
    assert act(who, "uncouple", 409, tube="RV1:2", node="M1", lead="a")["code"] == "tube-not-coupled"
    act(who, "mend-tube", tube="RV1:2", node="M1")
    act(who, "couple", fitting="EK 7", node="HAUS", tube=str(plant.tube("RV1", 3)))
    act(who, "open-tube", tube="RV1:1", node="M1", fitting="EZV 7 teilbar")
    assert act(who, "cut-tube", 409, tube="RV1:1", node="HAUS")["code"] == "tube-not-cuttable-here"
    assert act(who, "couple", 409, fitting="EK 10", node="HAUS", tube="RV1:4")["code"] == "joint-does-not-fit"


def test_03_windows_and_patches(plant: Plant) -> None:
    who = client()
    plant.enclosure("M", "M1")
    plant.device("OLT", "POP")
    act(who, "open-tube", tube="RV1:1", node="M1", fitting="EZV 7 teilbar")
    assert act(who, "cut-fibres", cable="K2", enclosure="M", fibres=[3, 4, 5])["count"] == 3
    assert act(who, "mend-fibres", cable="K2", enclosure="M", fibres=[4])["count"] == 1
    cord = act(who, "patch", port_a="OLT/1", port_b="ODF/1")["id"]
    assert act(who, "unpatch", port="ODF/1")["id"] == cord
    assert act(who, "unpatch", 409, port="ODF/1")["code"] == "port-not-patched"


def test_04_ways_and_houses(plant: Plant) -> None:
    who = client()
    told = act(who, "route", network="netz", nodes=["POP", "HAUS"])
    assert (told["length_m"], len(told["segments"]), told["geometry"]["type"]) == (300, 3, "LineString")
    made = act(
        who, "lay-between", network="netz", spec="12x7/4", name="RV2", **{"from": "POP", "to": "HAUS", "via": ["NVT"]}
    )
    assert one("SELECT count(*) FROM fibre_ductstep WHERE duct_id = %s", made["id"]) == 3
    lon, lat = sql(
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_Translate(geom, -50, 12), 4326) AS p FROM fibre_node WHERE name = 'HAUS') x"
    )[0]
    place = {"type": "Point", "coordinates": [lon, lat]}
    house = act(who, "connect-house", network="netz", place=place, name="Weg 1", cable_spec="12", duct="RV1")
    assert house["tube"] == "RV1/2" and {row["product"] for row in house["materials"]} == {
        "10/6",
        "RED 10/7",
        "EK 7",
        "huep-4",
        "12",
    }
    assert act(who, "connect-house", 409, network="netz", house="Weg 1")["code"] == "house-connected"


def test_05_a_dry_run_writes_nothing(plant: Plant) -> None:
    who, before = client(), one("SELECT count(*) FROM fibre_tubesection")
    told = act(who, "cut-tube", query="?dry=1", tube="RV1:2", node="M1")
    assert told["dry"] is True and one("SELECT count(*) FROM fibre_tubesection") == before
    assert (
        act(who, "couple", 409, query="?dry=1", fitting="EK 10", node="HAUS", tube="RV1:4")["code"]
        == "joint-does-not-fit"
    )
    assert act(who, "cut-tube", 400, query="?dry=2", tube="RV1:2", node="M1")["code"] == "bad-value"


def test_06_once(plant: Plant) -> None:
    who = client()
    sent = json.dumps({"tube": "RV1:2", "node": "M1"})
    answers = [
        who.post(ADDRESS.format("cut-tube"), sent, "application/json", headers={"Idempotency-Key": "x1"})
        for _ in range(2)
    ]
    assert [one_.status_code for one_ in answers] == [200, 200] and answers[0].content == answers[1].content
    assert answers[1]["Idempotency-Replayed"] == "true" and len(plant.sections("RV1", 2)) == 2
    assert act(who, "cut-tube", 409, tube="RV1:2", node="M1")["code"] == "tube-not-cuttable-here"


def test_07_who_and_why_stand_in_the_history(plant: Plant) -> None:
    who = factories.member("engineer", factories.organisation("zweckverband"))
    asker = Client()
    asker.force_login(who)
    sent = json.dumps({"tube": "RV1:2", "node": "M1"})
    answer = asker.post(ADDRESS.format("cut-tube"), sent, "application/json", headers={"X-Reason": "Auftrag 7"})
    told = one(
        "SELECT c.metadata FROM fibre_tubesectionevent e JOIN pghistory_context c ON c.id = e.pgh_context_id WHERE e.id = %s",
        answer.json()["id"],
    )
    told = json.loads(told) if isinstance(told, str) else told
    assert (told["door"], told["user"], told["reason"]) == ("api", who.pk, "Auftrag 7")


@pytest.mark.parametrize(
    ("action", "sent", "status", "code"),
    [
        ("cut-tube", {}, 400, "value-missing"), ("cut-tube", {"tube": "RV1:2", "node": "M1", "x": 1}, 400, "unknown-argument"),
        ("cut-tube", {"tube": "RV1:99", "node": "M1"}, 404, "fibre-unknown"), ("cut-tube", {"tube": "RV1", "node": "M1"}, 404, "fibre-unknown"),
        ("cut-tube", {"tube": 3, "node": "M1"}, 400, "bad-value"), ("cut-tube", {"tube": "RV1:2", "node": "a\x00b"}, 400, "bad-value"),
        ("cut-tube", {"tube": "RV1:2", "node": "K1"}, 404, "fibre-unknown"), ("couple", {"fitting": "X", "node": "M1", "tube": "RV1:2"}, 400, "unknown-product"),
        ("cut-fibres", {"cable": "K1", "enclosure": "ODF", "fibres": [0]}, 400, "bad-value"), ("cut-fibres", {"cable": "K1", "enclosure": "ODF", "fibres": [1, 1]}, 400, "bad-value"),
        ("cut-fibres", {"cable": "K1", "enclosure": "ODF", "fibres": [True]}, 400, "bad-value"), ("splice-leg", {"splitter": "SP9", "input": True, "leg": 1, "cable": "K1", "fibre": 1}, 404, "fibre-unknown"),
        ("connect-house", {"network": "netz", "place": {"type": "Point", "coordinates": [9, 99]}}, 400, "bad-value"),
        ("connect-house", {"network": "netz", "address": 5}, 404, "fibre-unknown"), ("connect-house", {"network": "netz", "reach": -1}, 400, "bad-value"),
        ("route", {"network": "nirgends", "nodes": []}, 404, "fibre-unknown"), ("route", {"network": "netz", "nodes": ["M1"]}, 409, "route-to-itself"),
        ("patch", {"port_a": "ODF/1", "port_b": "ODF/999"}, 404, "fibre-unknown"), ("patch", {"port_a": "ODF", "port_b": "ODF/2"}, 404, "fibre-unknown"),
        ("swap", {"joint_a": "K1:1", "joint_b": "K1:2"}, 404, "fibre-unknown"), ("unsplice", {"enclosure": "ODF", "cable": "K1", "fibre": 99}, 409, "fibre-not-spliced"),
        ("splice-bundle", {"enclosure": "NVT/1", "cable_a": "K1", "bundle_a": 3, "cable_b": "K2", "bundle_b": 1}, 409, "unknown-bundle"),
    ],
)  # fmt: skip
def test_08_what_is_not_understood(plant: Plant, action: str, sent: dict[str, Any], status: int, code: str) -> None:
    assert act(client(), action, status, **sent)["code"] == code


def test_09_a_name_in_two_networks(plant: Plant) -> None:
    other = network("zweites")
    sql(
        "INSERT INTO fibre_node (network_id, kind, name, geom) SELECT %s, 'manhole', 'M1', geom FROM fibre_node WHERE name = 'M1'",
        other,
    )
    who = client()
    assert act(who, "cut-tube", 400, tube="RV1:2", node="M1")["code"] == "fibre-ambiguous-name"
    act(who, "cut-tube", tube="RV1:2", node="netz|M1")


def test_10_a_refusal_says_where(plant: Plant) -> None:
    sql("UPDATE fibre_segment SET lifecycle = 'decommissioned', name = 'T7' WHERE id = %s", plant.between("M1", "HAUS"))
    told = act(client(), "route", 409, network="netz", nodes=["POP", "HAUS"])
    assert told["code"] == "no-route"
    assert (
        told["detail"]
        == "Von POP führt kein Weg durch Trassen nach HAUS. Zwischen M1 und HAUS ist die Trasse T7 stillgelegt."
    )


def test_11_the_document_names_every_action() -> None:
    paths = Client().get("/api/schema/?format=json").json()["paths"]
    for one_ in ACTIONS.values():
        body = paths[ADDRESS.format(one_.name)]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert set(body["properties"]) == {argument.name for argument in one_.arguments}
        assert set(body.get("required", [])) == {argument.name for argument in one_.arguments if argument.required}


def test_12_the_table_is_that_of_the_database() -> None:
    """Every argument is a parameter of the function, and what the function needs is required."""
    for one_ in ACTIONS.values():
        names, count, defaults = sql(
            "SELECT proargnames, pronargs, pronargdefaults FROM pg_proc WHERE proname = %s", one_.function
        )[0]
        inputs = names[:count]
        assert {argument.parameter for argument in one_.arguments} <= set(inputs), one_.name
        needed = set(inputs[: count - defaults])
        required = {argument.parameter for argument in one_.arguments if argument.required}
        assert needed <= required | ({"called"} if one_.name == "lay-between" else set()), one_.name


def test_13_the_command(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    from layers.fibre.commands import FIBRE

    def run(*arguments: str) -> tuple[int, str]:
        found = cli._parse(["fibre", *arguments], [FIBRE])
        code = FIBRE.run(found)
        return code, capsys.readouterr().out

    code, listed = run("do")
    assert code == 0 and all(name in listed for name in ACTIONS)
    code, told = run("do", "cut-tube", "--json", '{"tube": "RV1:2", "node": "M1"}', "--reason", "Probe")
    assert code == 0 and json.loads(told)["action"] == "cut-tube" and len(plant.sections("RV1", 2)) == 2
    run("do", "cut-tube", "--json", '{"tube": "RV1:3", "node": "M1"}', "--dry")
    assert len(plant.sections("RV1", 3)) == 1
    from gisapp.errors import GisError

    for arguments, refused in ((("do", "nichts"), "unknown-action"), (("do", "cut-tube", "--json", "{"), "bad-value"),
                               (("do", "cut-tube", "--json", '{"tube": "RV1:2", "node": "M1"}'), "tube-not-cuttable-here")):  # fmt: skip
        with pytest.raises(GisError) as caught:
            run(*arguments)
        assert caught.value.code == refused
    assert Path("docs/developer/fibre-actions.md").is_file()
