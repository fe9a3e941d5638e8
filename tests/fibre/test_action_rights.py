"""Nobody does through an action what he may not do: every action, everybody who might try."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from gisapp.accounts import tokens
from gisapp.accounts.roles import Role
from layers.fibre.actions import ACTIONS
from tests import factories
from tests.fibre.drawing import network, one, settle, sql, wkt
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db
FAR = 400_000
ADDRESS = "/api/fibre/actions/{}"


@pytest.fixture
def plant() -> Plant:
    """Of everything enough that each action would do something."""
    cache.clear()
    factories.fibre_catalogue()
    own = factories.organisation("a", factories.area("own:a"))
    found = Plant(network("netz", own.key))
    found.street("POP", "NVT", "M1", "HAUS")
    sql("UPDATE fibre_node SET kind = 'cabinet' WHERE id = %s", found.nodes["NVT"])
    sql("UPDATE fibre_node SET kind = 'branch' WHERE id = %s", found.nodes["M1"])
    found.duct("RV1", "NVT", "M1", "HAUS")
    found.buried("K1", "POP", "NVT", spec="24x12")
    found.cable("K2", "NVT", "HAUS", ("RV1", 1), spec="24x12")
    found.cable("K3", "NVT", "HAUS", spec="6")
    found.cable("K4", "NVT", "HAUS", ("RV1", 6), spec="6")
    found.cable("K6", "NVT", "HAUS", ("RV1", 7), spec="6")
    for position in (1, 6):
        sql("SELECT fibre_open_tube(%s, %s, 'EZV 7 teilbar')", found.tube("RV1", position), found.nodes["M1"])
    found.enclosure("ODF", "POP", spec="odf-144", enters="K1")
    found.enclosure("BOX", "NVT", spec="nvt-288", enters="K1 K2")
    found.enclosure("M", "M1")
    found.enclosure("H", "HAUS", spec="huep-4", enters="K2")
    found.splitter("SP1", "BOX")
    found.duct("FREI", "POP", "NVT", spec="10/6")
    settle()
    found.splice("BOX", "K1:1", "K2:1", 2)
    found.patch("ODF/1", "ODF/2")
    sql("SELECT fibre_cut_tube(%s, %s)", found.tube("RV1", 3), found.nodes["M1"])
    sql("SELECT fibre_couple('EK 7', %s, 'b')", found.sections("RV1", 5)[0])
    found.cut("K2", "M", 9)
    settle()
    sql(
        "INSERT INTO fibre_node (network_id, kind, geom, name) VALUES (%s, 'branch', %s, 'X')", found.net, wkt((0, 500))
    )
    sql(
        "INSERT INTO fibre_segment (network_id, geom) VALUES (%s, %s), (%s, %s)",
        found.net,
        wkt((0, 500), (50, 500)),
        found.net,
        wkt((0, 500), (-50, 520)),
    )
    return found


def sent_to(plant: Plant) -> dict[str, dict[str, Any]]:
    """Of each action arguments with which an engineer succeeds."""
    lon, lat = sql("SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(%s::geometry, 4326) AS p) x", wkt((150, 12)))[0]
    joints = [str(row[0]) for row in sql("SELECT id FROM fibre_joint WHERE kind = 'splice' ORDER BY slot")]
    return {
        "route": {"network": "netz", "nodes": ["POP", "HAUS"]},
        "lay-between": {"network": "netz", "spec": "10/6", "name": "N", "from": "POP", "to": "HAUS"},
        "join-segments": {"node": "X"}, "cut-tube": {"tube": "RV1:2", "node": "M1"}, "mend-tube": {"tube": "RV1:3", "node": "M1"},
        "open-tube": {"tube": "RV1:7", "node": "M1", "fitting": "EZV 7 teilbar"}, "couple": {"fitting": "EK 7", "node": "HAUS", "tube": "RV1:4"},
        "uncouple": {"tube": "RV1:5", "node": "HAUS"}, "enter": {"cable": "K4", "enclosure": "BOX"},
        "cut-fibres": {"cable": "K2", "enclosure": "M", "fibres": [7]}, "mend-fibres": {"cable": "K2", "enclosure": "M", "fibres": [9]},
        "blow": {"cable": "K3"}, "place-cable": {"network": "netz", "spec": "6", "name": "K5", "from_enclosure": "BOX", "to_enclosure": "H"},
        "pull-out": {"cable": "K4"}, "pull-back": {"cable": "K4", "end": "b", "node": "M1"},
        "splice": {"enclosure": "BOX", "cable_a": "K1", "fibre_a": 5, "cable_b": "K2", "fibre_b": 5},
        "splice-bundle": {"enclosure": "BOX", "cable_a": "K1", "bundle_a": 2, "cable_b": "K2", "bundle_b": 2},
        "unsplice": {"enclosure": "BOX", "cable": "K1", "fibre": 1}, "pigtail": {"enclosure": "ODF", "cable": "K1", "fibre": 1, "port": 1},
        "patch": {"port_a": "ODF/5", "port_b": "ODF/6"}, "unpatch": {"port": "ODF/1"},
        "splice-leg": {"splitter": "SP1", "input": True, "leg": 1, "cable": "K1", "fibre": 7}, "swap": {"joint_a": joints[0], "joint_b": joints[1]},
        "replace-enclosure": {"enclosure": "BOX", "spec": "nvt-576"},
        "connect-house": {"network": "netz", "place": {"type": "Point", "coordinates": [lon, lat]}, "name": "Neu", "cable_spec": "6"},
        "set-lifecycle": {"kind": "cable", "object": "K4", "lifecycle": "out_of_service"}, "remove": {"kind": "duct", "object": "FREI"},
    }  # fmt: skip


def people() -> dict[str, tuple[Any, set[int]]]:
    """Who asks, and what they are told: 401, 403 or, for what they do not see, 404."""
    first = factories.organisation("a")
    second = factories.organisation("b", factories.area("own:b", x=FAR))
    far = factories.area("own:elsewhere", x=FAR)
    owing = factories.member(Role.ENGINEER, first, email="owing@example.org")
    return {
        "nobody": (None, {401}), "citizen": (factories.citizen(), {403}), "staff": (factories.member(Role.STAFF, first), {403}),
        "planner": (factories.member(Role.PLANNER, first), {403}), "planner of B": (factories.member(Role.PLANNER, second), {403}),
        "engineer of B": (factories.member(Role.ENGINEER, second), {403, 404}),
        "contractor elsewhere": (factories.member(Role.CONTRACTOR, first, far, email="far@example.org"), {403, 404}),
        "contractor ended": (factories.member(Role.CONTRACTOR, first, email="ended@example.org", days=-1), {403}),
        "owes the second factor": (owing, {401, 403}),
        # Planner here, engineer elsewhere: he sees everything, and may change nothing.
        "planner of A and engineer of B": (
            factories.member(Role.ENGINEER, second, email=factories.member(Role.PLANNER, first, email="two@example.org").email), {403},
        ),
    }  # fmt: skip


def _state() -> str:
    tables = [
        row[0]
        for row in sql(
            "SELECT tablename FROM pg_tables WHERE tablename ~ '^fibre_' AND tablename !~ '(event|pending|pendingkind|due)$' ORDER BY 1"
        )
    ]
    return "".join(
        str(one(f"SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {table} t"))
        for table in tables
    )


def test_01_nobody_else_does_anything(plant: Plant) -> None:
    sent, before, wrong = sent_to(plant), _state(), []
    assert set(sent) == set(ACTIONS)
    for who, (user, allowed) in people().items():
        asker = Client()
        if user is not None:
            asker.force_login(user, **({"second_factor": False} if who.startswith("owes") else {}))
        for name, body in sent.items():
            told = asker.post(ADDRESS.format(name), json.dumps(body), "application/json")
            if ACTIONS[name].asks and who in ("planner", "planner of A and engineer of B"):
                assert told.status_code == 200
            elif (who, name) == ("contractor elsewhere", "connect-house"):
                # Where he sees nothing there is nothing to tap, wherever that is.
                assert told.json()["code"] == "no-duct-in-reach"
            elif told.status_code not in allowed and not (ACTIONS[name].asks and told.status_code == 404):
                wrong.append((who, name, told.status_code, told.json().get("code")))
    assert not wrong, wrong
    assert _state() == before


@pytest.mark.parametrize("who", ["engineer", "contractor near", "operator", "engineer by key"])
def test_02_whoever_may_does_all_of_it(plant: Plant, who: str) -> None:
    """Each as a dry run, so that one does not stand in the other's way - and none of them leaves anything."""
    first = factories.organisation("a")
    near = factories.area("own:near", -1_000, -1_000, 5_000)
    user = {
        "engineer": lambda: factories.member(Role.ENGINEER, first), "contractor near": lambda: factories.member(Role.CONTRACTOR, first, near),
        "operator": factories.operator, "engineer by key": lambda: factories.member(Role.ENGINEER, first),
    }[who]()  # fmt: skip
    asker, head = Client(), {}
    if who == "engineer by key":
        head = {"Authorization": f"Bearer {tokens.make(user, 'Probe', scopes=['read', 'write'])[1]}"}
    else:
        asker.force_login(user)
    before, wrong = _state(), []
    for name, body in sent_to(plant).items():
        told = asker.post(ADDRESS.format(name) + "?dry=1", json.dumps(body), "application/json", headers=head)
        if told.status_code != 200:
            wrong.append((name, told.status_code, told.content))
    assert not wrong, wrong
    assert _state() == before


def test_03_a_key_of_one_organisation_acts_in_that_one_alone(plant: Plant) -> None:
    """Also an operator's: the limit holds in the database."""
    from gisapp.accounts.roles import limit_to
    from gisapp.errors import GisError
    from layers.fibre.services import action_named, perform

    user, other = factories.operator(), factories.organisation("b")
    factories.member(Role.ENGINEER, other, email=user.email)
    limit_to(user, other.pk)
    for name, body in sent_to(plant).items():
        with pytest.raises(GisError) as caught:
            perform(action_named(name), body, user=user)
        assert caught.value.status in (403, 404), name


def test_04_after_an_action_the_connection_is_its_own_again(plant: Plant) -> None:
    asker = Client()
    asker.force_login(factories.member(Role.ENGINEER, factories.organisation("a")))
    for body in (
        {"tube": "RV1:2", "node": "M1"},
        {"tube": "RV1:2", "node": "M1"},
        {"tube": "gibt es nicht", "node": "M1"},
    ):
        asker.post(ADDRESS.format("cut-tube"), json.dumps(body), "application/json")
        assert one("SELECT current_user = session_user") and not one("SELECT gisapp_person()")
