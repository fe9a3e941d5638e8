"""The network through the doors of the web: the same rules, refusals by their codes, details, history."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone

from gisapp.accounts.models import User
from gisapp.accounts.roles import Role
from gisapp.layer import get
from layers.fibre import values
from layers.fibre.models import Duct, Node, Segment
from layers.fibre.models.common import Lifecycle, SurveyMethod
from layers.fibre.models.route import Construction, DepthReference, NodeKind, Surface
from tests import factories
from tests.fibre.drawing import broken, duct, network, node, one, place, segment, settle, sql

pytestmark = pytest.mark.django_db
KIND = "application/geo+json"
METRES = {"Content-Crs": "<http://www.opengis.net/def/crs/EPSG/0/25832>"}
X0, Y0 = factories.X0, factories.Y0
OGC, REST = "/ogc/collections/{}/items", "/api/layers/{}/features/"


def feature(shape_kind: str, corners: list[tuple[float, float]], **properties: Any) -> str:
    placed = [[X0 + x, Y0 + y] for x, y in corners]
    shape = {"type": shape_kind, "coordinates": placed[0] if shape_kind == "Point" else placed}
    return json.dumps({"type": "Feature", "geometry": shape, "properties": properties})


@pytest.fixture
def net() -> Any:
    cache.clear()
    return network("netz", "a")


@pytest.fixture
def engineer(net: Any, client: Client) -> Client:
    client.force_login(factories.member(Role.ENGINEER, factories.organisation("a")))
    return client


@pytest.mark.parametrize("door", [OGC, REST])
def test_01_drawing_through_the_web_is_drawing_in_sql(engineer: Client, net: Any, door: str) -> None:
    drawn = feature("LineString", [(0, 0), (100, 0)], network="netz", lifecycle="planned", construction="plough")
    made = engineer.post(door.format("fibre_segment"), drawn, KIND, headers=METRES)
    assert made.status_code == 201, made.content
    first = made.json() if made.content else engineer.get(made["Location"]).json()
    told = first["properties"]
    assert (told["network"], told["organisation"], told["construction"]) == ("netz", "a", "plough")
    assert told["length_m"] == pytest.approx(100)
    ends = set(Node.objects.values_list("pk", flat=True))
    assert {told["from_node"], told["to_node"]} == set(map(str, ends))
    point = feature("Point", [(40, 0.03)], network="netz", kind="manhole", name="S1", lifecycle="in_service")
    assert engineer.post(door.format("fibre_node"), point, KIND, headers=METRES).status_code == 201
    parts = Segment.objects.order_by("length_m")
    assert [round(part.length_m) for part in parts] == [40, 60]
    assert str(parts[0].pk) == first["id"]
    assert broken(net) == []


@pytest.mark.parametrize(
    ("language", "words"), [("de", "Die Trasse kreuzt oder berührt sich selbst."), ("en", "The segment crosses or touches itself.")]
)  # fmt: skip
def test_02_refusals_carry_their_code_in_both_languages(engineer: Client, net: Any, language: str, words: str) -> None:
    crossing = feature("LineString", [(0, 0), (10, 0), (10, 10), (5, -5)], network="netz")
    for door in (OGC, REST):
        refused = engineer.post(
            door.format("fibre_segment"), crossing, KIND, headers={**METRES, "Accept-Language": language}
        )
        problem = refused.json()
        assert (refused.status_code, problem["code"], problem["title"]) == (409, "segment-not-simple", words)
    assert not Node.objects.exists()


@pytest.mark.parametrize(
    ("layer", "drawn", "code"),
    [
        ("fibre_node", feature("Point", [(70, 0)], network="netz", kind="manhole", name="S1"), "name-taken"),
        ("fibre_node", feature("Point", [(70, 0)], network="netz", kind="manhole"), "structure-needs-name"),
        ("fibre_segment", feature("LineString", [(30, 0), (0, 0)], network="netz"), "segment-drawn-twice"),
    ],
)  # fmt: skip
def test_02b_plain_constraints_say_what_they_mean(
    engineer: Client, net: Any, layer: str, drawn: str, code: str
) -> None:
    """Not "this exists already (fibre_node_name_once)"."""
    node(net, 50, 50, name="S1", kind="manhole")
    segment(net, (0, 0), (30, 0))
    refused = engineer.post(REST.format(layer), drawn, KIND, headers=METRES)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, code), problem
    assert "fibre_" not in problem["title"]


def test_03_what_lies_in_a_segment_keeps_it(engineer: Client, net: Any) -> None:
    made = segment(net, (0, 0), (100, 0))
    duct(net, [made], name="RV-1")
    refused = engineer.delete(f"{OGC.format('fibre_segment')}/{made}")
    assert (refused.status_code, refused.json()["code"]) == (409, "segment-occupied")
    hanging = engineer.delete(f"{OGC.format('fibre_node')}/{place(net, 0, 0)}")
    assert (hanging.status_code, hanging.json()["code"]) == (409, "node-in-use")
    assert Segment.objects.filter(pk=made).exists()


def test_04_a_network_is_named_by_its_key_and_must_be_ones_own(engineer: Client, net: Any) -> None:
    network("fremd", "b")
    line = [(0, 0), (100, 0)]
    for name, status, code in (("gibtsnicht", 400, "bad-value"), ("fremd", 403, "out-of-reach")):
        drawn = feature("LineString", line, network=name)
        refused = engineer.post(OGC.format("fibre_segment"), drawn, KIND, headers=METRES)
        assert (refused.status_code, refused.json()["code"]) == (status, code), name
    without = engineer.post(OGC.format("fibre_segment"), feature("LineString", line), KIND, headers=METRES)
    assert without.status_code == 400
    made = segment(net, *line)
    moved = engineer.patch(
        f"{OGC.format('fibre_segment')}/{made}", '{"type": "Feature", "properties": {"network": "fremd"}}', KIND
    )
    assert (moved.status_code, moved.json()["code"]) == (409, "network-stays")
    wrong = engineer.post(
        OGC.format("fibre_segment"), feature("LineString", line, network="netz", lifecycle="kaputt"), KIND, headers=METRES
    )  # fmt: skip
    assert wrong.status_code == 400
    assert not Segment.objects.exclude(pk=made).exists()


def test_05_a_duct_is_drawn_by_its_walk_and_by_nobody_else(engineer: Client, net: Any) -> None:
    key = duct(net, [segment(net, (0, 0), (100, 0))], name="RV-1")
    before = engineer.get(f"{OGC.format('fibre_duct')}/{key}?f=json").json()
    away = {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[9.7, 54.4], [9.8, 54.4]]},
        "properties": {"remark": "x"},
    }
    changed = engineer.patch(f"{OGC.format('fibre_duct')}/{key}", json.dumps(away), KIND)
    assert changed.status_code == 200, changed.content
    after = engineer.get(f"{OGC.format('fibre_duct')}/{key}?f=json").json()
    assert after["geometry"] == before["geometry"]
    assert after["properties"]["remark"] == "x"
    assert after["properties"]["spec"] == "10/6"


def test_06_a_segment_tells_what_lies_in_it(engineer: Client, net: Any) -> None:
    made = segment(net, (0, 0), (100, 0), name="T1")
    duct(net, [made], "24x7/4", "RV-1")
    duct(network("fremd", "b"), [made], "10/6", "Geheim-7")
    words = engineer.get(f"/map/detail/fibre_segment/{made}").content.decode()
    assert "RV-1" in words and "Rohrverband 24x7/4" in words
    # Word and number beside the swatch, the ring told; no inline style, which the pages' policy would not let through.
    assert "<b>13</b> rot mit Ring" in words
    assert 'fill="#d62828"' in words and "style=" not in words
    assert "Amt b: ein Rohr" in words and "Geheim" not in words
    guest = Client()
    guest.force_login(factories.member(Role.PLANNER, factories.organisation("b")))
    seen = guest.get(f"/map/detail/fibre_segment/{made}").content.decode()
    assert "Geheim-7" in seen and "RV-1" not in seen and "Netzknoten eines anderen Netzes" in seen
    assert "Mitverlegt" not in seen


def test_07_two_coloured_and_english(engineer: Client, net: Any) -> None:
    made = duct(net, [segment(net, (0, 0), (100, 0))], "24x7/4 gabo", "RV-1")
    words = engineer.get(f"/map/detail/fibre_duct/{made}?lang=en").content.decode()
    assert "<b>1</b> red-yellow" in words and 'd="M8 1a7 7 0 0 1 0 14z" fill="#f5d415"' in words


def test_08_nodes_and_ducts_tell_cuts_and_couplings(engineer: Client, net: Any) -> None:
    street = [segment(net, (0, 0), (100, 0)), segment(net, (100, 0), (200, 0))]
    made = duct(net, street, "2x7/4", "RV-1")
    middle = place(net, 100, 0)
    sql("UPDATE fibre_node SET kind = 'cabinet', name = 'NVt-07' WHERE id = %s", middle)
    tube = one("SELECT id FROM fibre_tube WHERE duct_id = %s AND position = 1", made)
    behind = one("SELECT fibre_cut_tube(%s, %s)", tube, middle)
    before = one("SELECT id FROM fibre_tubesection WHERE tube_id = %s AND to_node_id = %s", tube, middle)
    one("SELECT fibre_couple('EZV 7', %s, 'b', %s, 'a')", before, behind)
    settle()
    at_node = engineer.get(f"/map/detail/fibre_node/{middle}").content.decode()
    assert at_node.count("Einzelrohrverbinder 7 mm → RV-1, 1 rot") == 2
    assert at_node.count('href="/map/detail/fibre_segment/') == 2
    words = engineer.get(f"/map/detail/fibre_duct/{made}").content.decode()
    assert "NVt-07" in words and "Einzelrohrverbinder 7 mm" in words


def test_09_details_take_a_constant_number_of_queries(
    engineer: Client, net: Any, django_assert_max_num_queries: Any
) -> None:
    made = segment(net, (0, 0), (100, 0))
    for number in range(12):
        duct(net, [made], "12x7/4", f"RV-{number}")
    with django_assert_max_num_queries(22):
        assert engineer.get(f"/map/detail/fibre_segment/{made}").status_code == 200
    with django_assert_max_num_queries(22):
        assert engineer.get(f"/map/detail/fibre_node/{place(net, 0, 0)}").content.count(b"beginnt hier offen") == 144
    with django_assert_max_num_queries(22):
        assert engineer.get(f"/map/detail/fibre_duct/{Duct.objects.values_list('pk', flat=True)[0]}").status_code == 200


def test_10_the_story_of_a_split_and_a_step_back_that_the_rules_refuse(engineer: Client, net: Any) -> None:
    made = segment(net, (0, 0), (100, 0), name="T1")
    node(net, 40, 0)
    base = f"{REST.format('fibre_segment')}{made}"
    story = engineer.get(f"{base}/history").json()
    changes = story["changes"]
    assert len(changes) == 2
    graph = sorted(sql("SELECT id, ST_AsText(geom) FROM fibre_segment"))
    refused = engineer.post(f"{base}/history/{changes[0]['event']}/revert", "{}", "application/json")
    assert refused.status_code == 409, refused.content
    assert refused.json()["code"] == "segment-drawn-twice"
    assert sorted(sql("SELECT id, ST_AsText(geom) FROM fibre_segment")) == graph
    assert broken(net) == []


def test_11_codes_in_words_are_the_models() -> None:
    from django.utils import translation

    with translation.override("de"):
        for said, choices in (
            (values.LIFECYCLE, Lifecycle), (values.SURVEY, SurveyMethod), (values.NODE_KINDS, NodeKind),
            (values.CONSTRUCTION, Construction), (values.SURFACE, Surface), (values.DEPTH_REFERENCE, DepthReference),
        ):  # fmt: skip
            assert {key: text.de for key, text in said.items()} == {key: str(label) for key, label in choices.choices}


@pytest.mark.parametrize("name", ["fibre_segment", "fibre_node", "fibre_duct"])
def test_12_nobody_else_knows_that_there_is_a_layer(client: Client, net: Any, name: str) -> None:
    row = factories.ONE_OF[name](factories.organisation("a"))
    others: list[User | None] = [None, factories.citizen(), factories.member(Role.STAFF, factories.organisation("a"))]
    for user in others:
        if user:
            client.force_login(user)
        for address in (
            f"/ogc/collections/{name}", f"/map/detail/{name}/{row.pk}", f"/api/download/{name}?format=gpkg",
            f"/tiles/{name}.json", f"/map/list/{name}", f"/verlauf/{name}/{row.pk}/", f"/api/layers/{name}/features/{row.pk}/history",
            f"/api/download/{name}?format=dxf",
        ):  # fmt: skip
            assert client.get(address).status_code in (401, 403, 404), address
        assert client.get("/fibre/").status_code == (403 if user else 401)
        assert name not in client.get("/").content.decode()
    assert get("notes") is not None


@pytest.mark.django_db(transaction=True)
def test_13_what_lay_there_on_an_earlier_day(client: Client) -> None:
    factories.fibre_catalogue()
    client.force_login(factories.member(Role.PLANNER, factories.organisation("a")))
    net = network("netz", "a")
    made = segment(net, (0, 0), (100, 0), name="T1")
    with transaction.atomic():
        old = duct(net, [made], "24x7/4", "RV-alt")
    then = timezone.now().isoformat()
    sql("DELETE FROM fibre_duct WHERE id = %s", old)
    with transaction.atomic():
        duct(net, [made], "10/6", "RV-neu")
    now = client.get(f"/map/detail/fibre_segment/{made}").content.decode()
    past = client.get(f"/map/detail/fibre_segment/{made}", {"as_of": then}).content.decode()
    assert "RV-neu" in now and "RV-alt" not in now
    assert "RV-alt" in past and "RV-neu" not in past and "<b>13</b> rot mit Ring" in past
    assert client.get(f"/map/detail/fibre_duct/{old}", {"as_of": then}).status_code == 200
