"""The network as it was: every question, asked of a moment in the past."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection, transaction

from gisapp import cluster
from gisapp.history.asof import as_of
from gisapp.history.tracking import event_model
from layers.fibre import past
from layers.fibre.impact import Cut, impact
from layers.fibre.refs import starts
from layers.fibre.tracing import trace
from tests.fibre.drawing import one, settle, sql
from tests.fibre.plant import Plant
from tests.fibre.test_impact import circuit
from tests.fibre.test_impact import plant as plant
from tests.fibre.test_questions import client

pytestmark = pytest.mark.django_db
REFS = ("ODF/1", "H1/1", "T:1", "T", "D5", "SP#in", "H4/1", "M-B", "POP")


def now() -> datetime.datetime:
    found: datetime.datetime = one("SELECT clock_timestamp()")
    return found


def told() -> dict[str, Any]:
    """All that is asked about the plant of test_impact, in plain values."""
    settle()
    answers: dict[str, Any] = {ref: [one_.plain() for one_ in trace(starts(ref))] for ref in REFS}
    segments = [row[0] for row in sql("SELECT id FROM fibre_segment ORDER BY id")]
    answers["cut"] = {str(key): impact(Cut(segments=[key])).plain() for key in segments}
    answers["dug"] = impact(
        Cut(polygon=one("SELECT 'SRID=25832;' || ST_AsText(ST_Buffer(ST_Collect(geom), 5)) FROM fibre_node"))
    ).plain()
    return answers


@contextmanager
def looking_at(when: datetime.datetime) -> Iterator[None]:
    with as_of(when), past.then():
        yield


def test_01_what_was_asked_then_is_answered_now(plant: Plant) -> None:
    """Unspliced, cut, moved, split, taken out of service, deleted: the past does not change."""
    circuit(plant, "S1", "ODF/1", "H1/1")
    circuit(plant, "PON", "ODF/3", "H3/1", "H4/1")
    before = told()
    moments = [(now(), before)]
    sql("UPDATE fibre_circuit SET lifecycle = 'out_of_service' WHERE name = 'S1'")
    sql(
        "DELETE FROM fibre_joint WHERE id = %s",
        one("SELECT joint_id FROM fibre_jointend WHERE section_id = %s AND side = 'b'", plant.section("T:1.1")),
    )
    moments.append((now(), told()))
    plant.enclosure("M2", "B")
    plant.cut("T", "M2", 9)
    sql("UPDATE fibre_node SET geom = ST_Translate(geom, 0, 7) WHERE name = 'B'")
    sql(
        "INSERT INTO fibre_slack (cable_id, node_id, length_m) VALUES (%s, %s, 12)", plant.cables["T"], plant.nodes["A"]
    )
    moments.append((now(), told()))
    sql(
        "INSERT INTO fibre_node (network_id, geom) SELECT network_id, ST_LineInterpolatePoint(geom, 0.5) FROM fibre_segment WHERE id = %s",
        plant.between("POP", "A"),
    )
    sql("UPDATE fibre_circuit SET lifecycle = 'out_of_service'")
    sql("DELETE FROM fibre_premises WHERE name = 'Haus 5'")
    last = told()
    assert len({str(answer) for _, answer in moments} | {str(last)}) == 4, "each edit is seen in the answers"
    for when, answer in moments:
        with looking_at(when):
            assert told_again(answer) == answer
    assert told() == last


def told_again(answer: dict[str, Any]) -> dict[str, Any]:
    """The same questions, about the segments that were there then."""
    answers: dict[str, Any] = {ref: [one_.plain() for one_ in trace(starts(ref))] for ref in REFS}
    answers["cut"] = {key: impact(Cut(segments=[key])).plain() for key in answer["cut"]}  # type: ignore[list-item]
    answers["dug"] = impact(
        Cut(polygon=one("SELECT 'SRID=25832;' || ST_AsText(ST_Buffer(ST_Collect(geom), 5)) FROM fibre_node"))
    ).plain()
    return answers


def test_02_every_table_is_there_and_agrees_with_today(plant: Plant) -> None:
    settle()
    tracked = [model for model in apps.get_app_config("fibre").get_models() if event_model(model)]
    assert len(tracked) > 20
    tables = {model._meta.db_table: [field.column for field in model._meta.concrete_fields] for model in tracked}
    tables["fibre_measure"] = ["cable_id", "entry_id", "drawn_m", "slack_m"]
    with as_of(now()), past.then():
        for table, columns in tables.items():
            shown = ", ".join(f'"{column}"' for column in columns)
            assert sql(f"SELECT {shown} FROM fibre_then.{table} EXCEPT SELECT {shown} FROM public.{table}") == [], table
            assert one(f"SELECT count(*) FROM fibre_then.{table}") == one(f"SELECT count(*) FROM public.{table}"), table
    names = "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'v' AND c.relname LIKE 'fibre%%'"
    assert {row[0] for row in sql(names, "public")} <= {row[0] for row in sql(names, "fibre_then")}


def test_03_the_moment_ends_with_the_question(plant: Plant) -> None:
    path = one("SELECT current_setting('search_path')")
    with as_of(now()):
        trace(starts("ODF/1"))
    assert one("SELECT current_setting('search_path')") == path
    assert one("SELECT to_regclass('fibre_node')::text") == "fibre_node"


def test_04_over_the_doors(plant: Plant) -> None:
    settle()
    asker, then = client(), now().isoformat()
    sql(
        "DELETE FROM fibre_joint WHERE id = %s",
        one("SELECT joint_id FROM fibre_jointend WHERE section_id = %s AND side = 'b'", plant.section("T:1.1")),
    )
    settle()
    today = asker.get("/api/fibre/trace", {"ref": "H1/1"}).json()["traces"][0]
    past_ = asker.get("/api/fibre/trace", {"ref": "H1/1", "as_of": then}).json()["traces"][0]
    assert (today["complete"], past_["complete"]) == (False, True)
    page = asker.get("/fibre/ask", {"ref": "H1/1", "question": "trace", "as_of": then})
    assert page.status_code == 200 and "ODF/1" in page.content.decode()
    for address in ("/api/fibre/trace", "/api/fibre/impact"):
        assert asker.get(address, {"ref": "H1/1", "as_of": "2999-01-01"}).status_code == 400
    polygon = one("SELECT ST_AsGeoJSON(ST_Transform(ST_Buffer(geom, 1), 4326))::text FROM fibre_node WHERE name = 'A'")
    sent = f'{{"polygon": {polygon}}}'
    hit = asker.post(
        f"/api/fibre/impact?as_of={then.replace('+', '%2B')}", sent, content_type="application/json"
    ).json()
    assert "Haus 1" in {house["name"] for house in hit["premises"]}
    hit = asker.post("/api/fibre/impact", sent, content_type="application/json").json()
    assert "T" in {cable["name"] for cable in hit["cables"]}
    refused = asker.post("/api/fibre/impact?as_of=2999-01-01", sent, content_type="application/json")
    assert refused.status_code == 400


def test_05_nobody_else_looks_back(plant: Plant) -> None:
    for role in (cluster.MEMBER_ROLE, cluster.PUBLIC_ROLE):
        assert not one("SELECT has_schema_privilege(%s, 'fibre_then', 'USAGE')", role)
        assert not one("SELECT has_function_privilege(%s, 'fibre_then.fibre_follow(uuid[], text[])', 'EXECUTE')", role)


def test_06_it_is_built_anew_from_what_is_there(plant: Plant) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE VIEW public.fibre_zz_test AS SELECT id FROM fibre_joint")
        past.build(cursor)
    with as_of(now()), past.then():
        assert one("SELECT count(*) FROM fibre_zz_test") == one("SELECT count(*) FROM public.fibre_joint")
    assert "fibre_then.fibre_joint" in one("SELECT pg_get_viewdef('fibre_then.fibre_zz_test'::regclass)")


@pytest.mark.parametrize("table", ["segment", "tubesection", "cable", "node", "jointend", "fibresection", "enclosure"])
def test_07_what_is_looked_up_by_its_key_is_found_by_an_index(plant: Plant, table: str) -> None:
    """Else each step of a trace reads a whole history: minutes, in a network of a thousand houses."""
    key = 1 if table == "jointend" else uuid4()
    with transaction.atomic():
        sql("SELECT set_config('fibre.as_of', now()::text, true), set_config('enable_seqscan', 'off', true)")
        plan = "\n".join(row[0] for row in sql(f"EXPLAIN SELECT * FROM fibre_then.fibre_{table} WHERE id = %s", key))
    assert "Index Cond: (pgh_obj_id =" in plan and "(id =" not in plan, plan


def test_08_the_planner_may_order_the_past_as_it_likes() -> None:
    """The views of then are joins themselves: in the order in which a trace is written, each would be read whole."""
    told = dict(
        sql("SELECT proname::text, array_to_string(proconfig, ' ') FROM pg_proc WHERE pronamespace = 'fibre_then'::regnamespace")
    )  # fmt: skip
    assert "enable_hashjoin=off" in told["fibre_follow"]
    assert not [name for name, settings in told.items() if "join_collapse_limit" in (settings or "")]
    assert "enable_hashjoin=on" in told["fibre_measured"]
