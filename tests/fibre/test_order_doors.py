"""Work orders over REST and on the command line: for those who plan, those who change, and nobody else."""

import argparse
import json
from typing import Any

import pytest
from django.test import Client

from gisapp.accounts.roles import Role
from gisapp.errors import NotFound
from layers.fibre.commands import FIBRE
from layers.fibre.models import WorkOrder
from tests import factories
from tests.fibre.plant import Plant
from tests.fibre.test_orders import PLAN, counts, draft, engineer
from tests.fibre.test_orders import plant as plant

pytestmark = pytest.mark.django_db
STEPS = [{"action": name, "arguments": values} for name, values in PLAN]


def client(plant: Plant, role: Role = Role.ENGINEER, email: str = "") -> Client:
    found = Client()
    found.force_login(engineer(plant, role, email))
    return found


def send(asker: Client, address: str, content: Any = None, method: str = "post") -> Any:
    if method == "get":
        return asker.get(f"/api/fibre/orders{address}")
    return getattr(asker, method)(f"/api/fibre/orders{address}", json.dumps(content), content_type="application/json")


def test_01_from_the_draft_to_the_splice(plant: Plant) -> None:
    asker = client(plant)
    made = send(asker, "", {"network": "netz", "name": "2026-17", "title": "Haus 1", "kind": "splice", "steps": STEPS})
    assert made.status_code == 201 and made["Cache-Control"] == "private, no-store"
    key = made.json()["id"]
    assert [step["action"] for step in asker.get(f"/api/fibre/orders/{key}").json()["steps"]] == [
        name for name, _ in PLAN
    ]
    now = send(asker, f"/{key}/rehearse").json()
    assert (now["state"], now["stop"], len(now["changes"])) == ("draft", None, 12)
    assert counts()[0] == 0
    assert send(asker, f"/{key}/complete").json()["code"] == "order-state"
    for verb, state in (("approve", "approved"), ("issue", "issued"), ("complete", "done")):
        answer = send(asker, f"/{key}/{verb}")
        assert (answer.status_code, answer.json()["state"]) == (200, state), answer.content
    assert counts()[0] == 4
    assert asker.get("/api/fibre/orders", {"state": "done"}).json()["orders"][0]["name"] == "2026-17"
    assert asker.get("/api/fibre/orders", {"network": "fremd"}).json()["orders"] == []
    assert send(asker, f"/{key}", method="delete").json()["code"] == "order-not-draft"


def test_02_a_draft_is_changed_as_a_whole(plant: Plant) -> None:
    asker = client(plant)
    key = send(asker, "", {"network": "netz", "name": "2026-17", "steps": STEPS}).json()["id"]
    area = {"type": "Polygon", "coordinates": [[[9.7, 54.4], [9.8, 54.4], [9.8, 54.5], [9.7, 54.4]]]}
    crew = factories.citizen("tiefbau@example.org")
    answer = send(
        asker, f"/{key}", {"steps": STEPS[:1], "area": area, "ends_on": "2999-01-31", "contractor": crew.email}, "patch"
    )
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (len(told["steps"]), told["contractor"], told["ends_on"]) == (1, crew.email, "2999-01-31"), told
    assert told["area"]["type"] == "MultiPolygon"
    for bad in (
        {"steps": [{"action": "explode", "arguments": {}}]},
        {"area": {"type": "Point"}},
        {"contractor": "wer@example.org"},
        {"kind": "x"},
    ):
        assert send(asker, f"/{key}", bad, "patch").status_code == 400, bad
    assert send(asker, f"/{key}", {"area": None}, "patch").status_code == 409, "a contractor has an area"
    assert send(asker, f"/{key}", method="delete").status_code == 204
    assert WorkOrder.objects.count() == 0


@pytest.mark.parametrize("role", [Role.ENGINEER, Role.PLANNER, Role.CONTRACTOR, Role.STAFF, None])
def test_03_who_may_what(plant: Plant, role: Role | None) -> None:
    order = draft(plant, *PLAN)
    asker = Client()
    if role:
        asker = client(plant, role, "jemand@example.org")
    leads = role is Role.ENGINEER
    plans = leads or role is Role.PLANNER
    sees = plans or role is Role.CONTRACTOR
    assert (asker.get("/api/fibre/orders").status_code == 200) is sees
    assert (asker.get(f"/api/fibre/orders/{order.pk}").status_code == 200) is plans
    assert (send(asker, "", {"network": "netz", "name": "neu"}).status_code == 201) is plans
    assert (send(asker, f"/{order.pk}", {"title": "neu"}, "patch").status_code == 200) is plans
    assert (send(asker, f"/{order.pk}/rehearse").status_code == 200) is leads
    assert (send(asker, f"/{order.pk}/issue").status_code in (401, 403)) is not leads


def test_04_another_organisation_sees_none_of_it(plant: Plant) -> None:
    order = draft(plant, *PLAN)
    stranger = Client()
    stranger.force_login(factories.member(Role.ENGINEER, factories.organisation("fremd"), email="fremd@example.org"))
    assert stranger.get("/api/fibre/orders").json() == {"orders": []}
    for address, method in (
        ("", "get"),
        ("/rehearse", "post"),
        ("/approve", "post"),
        ("", "delete"),
        ("/complete", "post"),
    ):
        assert send(stranger, f"/{order.pk}{address}", None, method).status_code == 404, address
    assert send(stranger, f"/{order.pk}", {"title": "x"}, "patch").status_code == 404
    assert send(stranger, "", {"network": "netz", "name": "meins"}).status_code in (403, 404)


def test_05_on_the_command_line(plant: Plant, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "schritte.json"
    file.write_text(json.dumps(STEPS))
    parser = argparse.ArgumentParser()
    FIBRE.arguments(parser)

    def said(*words: str) -> Any:
        assert FIBRE.run(parser.parse_args(["order", *words, "--json"])) == 0
        return json.loads(capsys.readouterr().out)

    assert said("create", "2026-17", "--network", "netz", "--steps", str(file))["state"] == "draft"
    assert len(said("rehearse", "netz|2026-17")["changes"]) == 12
    assert said("approve", "2026-17")["state"] == "approved"
    assert said("complete", "2026-17")["state"] == "done"
    assert [one["name"] for one in said("list")] == ["2026-17"]
    assert FIBRE.run(parser.parse_args(["order", "show", "2026-17"])) == 0
    assert "splice" in capsys.readouterr().out
    with pytest.raises(NotFound):
        said("show", "nichts")
