"""A contractor and his order: he rehearses it and carries it out, in its area and on its days - and nothing else, through
no door: the service, REST, his own log-in of the database."""

import datetime
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from gisapp.accounts.models import Membership, Organisation, User
from gisapp.accounts.roles import Role
from gisapp.errors import Forbidden, NotFound
from layers.fibre import orders
from layers.fibre.access import LEADS
from layers.fibre.models import OrderStep, WorkOrder
from tests import factories
from tests.fibre.drawing import one, settle, sql
from tests.fibre.plant import Plant
from tests.fibre.test_orders import PLAN, counts, draft, engineer, owner
from tests.fibre.test_orders import plant as plant
from tests.fibre.world import World
from tests.fibre.world import world as world

pytestmark = pytest.mark.django_db
HERE = factories.square(-100, -100, 400)
DAY = datetime.timedelta(1)


def issued(plant: Plant, crew: User, *steps: Any, name: str = "2026-17", area: Any = HERE, **more: Any) -> WorkOrder:
    person = engineer(plant, email=f"technik-{name}@example.org")
    more.setdefault("ends_on", timezone.localdate() + 5 * DAY)
    order = draft(plant, *steps, name=name, contractor=crew, area=area, **more)
    orders.approve(order, person)
    orders.issue(order, person)
    return order


def fresh(user: User) -> User:
    """As another request has him: rights are asked anew."""
    return User.objects.get(pk=user.pk)


def test_01_he_rehearses_and_carries_out(plant: Plant) -> None:
    crew = factories.citizen("tiefbau@example.org")
    order = issued(plant, crew, *PLAN)
    now = orders.rehearse(order, fresh(crew))
    assert now.stop is None and now.difference == {"missing": [], "unexpected": []} and counts()[0] == 0
    assert orders.possible(order, fresh(crew)) == {"rehearse", "complete"}
    orders.complete(order, fresh(crew))
    settle()
    order.refresh_from_db()
    assert order.state == "done" and counts()[0] == 4
    assert all(step.done_at for step in order.steps.all())
    assert not Membership.objects.filter(user=crew).exists()
    with pytest.raises(Forbidden):
        orders.rehearse(order, fresh(crew))


def test_02_nothing_else_is_his(plant: Plant) -> None:
    crew, others = factories.citizen("tiefbau@example.org"), factories.citizen("andere@example.org")
    order, theirs = issued(plant, crew, PLAN[0]), issued(plant, others, PLAN[1], name="2026-18")
    for verb in ("approve", "issue", "reopen", "cancel"):
        with pytest.raises(Forbidden):
            getattr(orders, verb)(order, fresh(crew))
    for verb in ("rehearse", "complete"):
        with pytest.raises(Forbidden):
            getattr(orders, verb)(theirs, fresh(crew))
    with pytest.raises(Forbidden):
        orders.complete(order, fresh(crew), accept=True)
    assert counts()[0] == 0


@pytest.mark.parametrize("days", [(1, 5), (-9, -1)], ids=["not yet", "no longer"])
def test_03_only_on_its_days(plant: Plant, days: tuple[int, int]) -> None:
    crew, today = factories.citizen("tiefbau@example.org"), timezone.localdate()
    order = issued(plant, crew, PLAN[0], begins_on=today + days[0] * DAY, ends_on=today + days[1] * DAY)
    # As if he had work elsewhere in the same network.
    factories.member(Role.CONTRACTOR, Organisation.objects.get(pk=owner(plant)), email=crew.email)
    for verb in ("rehearse", "complete"):
        with pytest.raises(Forbidden):
            getattr(orders, verb)(order, fresh(crew))
    with pytest.raises(NotFound):
        orders.find("2026-17", fresh(crew))


def test_04_only_in_its_area(plant: Plant) -> None:
    """What lies beyond its area he does not see, so the step stops there, and nothing is done."""
    crew = factories.citizen("tiefbau@example.org")
    order = issued(plant, crew, *PLAN, area=factories.square(-10, -10, 120))
    now = orders.rehearse(order, fresh(crew))
    assert now.stop is not None and (now.stop.step, now.stop.code) == (3, "fibre-unknown")
    with pytest.raises(Exception, match="order-stops"):
        orders.complete(order, fresh(crew))
    order.refresh_from_db()
    assert order.state == "issued" and counts()[0] == 0


def test_05_over_rest(plant: Plant) -> None:
    crew, others = factories.citizen("tiefbau@example.org"), factories.citizen("andere@example.org")
    order, theirs = issued(plant, crew, *PLAN), issued(plant, others, PLAN[0], name="2026-18")
    asker = Client()
    asker.force_login(crew)

    def send(of: WorkOrder, verb: str, method: str = "post", content: Any = None) -> Any:
        address = f"/api/fibre/orders/{of.pk}" + (f"/{verb}" if verb else "")
        return getattr(asker, method)(address, json.dumps(content), content_type="application/json")

    assert [one_["name"] for one_ in asker.get("/api/fibre/orders").json()["orders"]] == ["2026-17"]
    assert asker.get(f"/api/fibre/orders/{theirs.pk}").status_code == 404
    for verb in ("rehearse", "complete", "complete?accept=1"):
        assert send(theirs, verb).status_code == 404
    for verb in ("approve", "issue", "reopen", "cancel", "complete?accept=1"):
        assert send(order, verb).status_code == 403, verb
    assert send(order, "", "patch", {"title": "meiner"}).status_code == 403
    assert send(order, "", "delete").status_code == 403
    told = send(order, "rehearse").json()
    # Somebody else's order touches the same port: he is not told.
    assert told["stop"] is None and told["competing"] == []
    assert orders.competing(order, told["changes"], None)[0]["order"] == "2026-18"
    assert asker.get(f"/api/fibre/orders/{order.pk}").json()["rehearsal"]["competing"] == []
    assert send(order, "complete").json()["state"] == "done"
    assert asker.get("/api/fibre/orders").status_code == 403


def test_06_planners_write_and_do_not_decide(plant: Plant) -> None:
    planner = engineer(plant, Role.PLANNER, "planung@example.org")
    order = draft(plant, *PLAN)
    assert orders.possible(order, planner) == {"edit", "delete"}
    # Engineer elsewhere, planner here.
    factories.member(Role.ENGINEER, factories.organisation("fremd"), email="planung@example.org")
    for verb in ("approve", "cancel", "rehearse"):
        with pytest.raises(Forbidden):
            getattr(orders, verb)(order, fresh(planner))


def test_07_leaders_are_those_of_the_program() -> None:
    assert set(one("SELECT fibre_leaders()")) == {str(role) for role in LEADS}


@pytest.mark.django_db(transaction=True)
def test_10_by_his_own_log_in_of_the_database(world: World) -> None:
    """The crew has no right but its order's; a contractor of the whole area has work, and not that order."""
    crew, today = world.people["citizen"], timezone.localdate()
    organisation = one("SELECT organisation_id FROM fibre_network WHERE id = %s", world.a)
    made = []
    for name, contractor in (("EIN", crew), ("ANDERE", world.people["contractor near"])):
        order = WorkOrder.objects.create(
            network_id=world.a, organisation_id=organisation, name=name, contractor=contractor, area=HERE, ends_on=today
        )
        OrderStep.objects.create(
            order=order, ordinal=1, action="remove", arguments={"kind": "duct", "object": "RV-frei"}
        )
        orders.approve(order, None)
        orders.issue(order, None)
        made.append(order)
    names = "SELECT name FROM fibre_workorder ORDER BY name"
    assert world.asks("citizen", names) == [("EIN",)]
    assert world.asks("contractor near", names) == [("ANDERE",)]
    assert world.asks("contractor", names) == [] and world.asks("contractor elsewhere", names) == []
    assert world.asks("planner", names) == world.asks("engineer", names) == [("ANDERE",), ("EIN",)]
    assert world.asks("engineer of B", names) == []
    assert world.asks("citizen", "SELECT count(*) FROM fibre_orderstep") == [(1,)]
    own, other = (str(order.pk) for order in made)
    for statement in (
        "UPDATE fibre_workorder SET state = 'done' WHERE id = %s", "UPDATE fibre_workorder SET rehearsal = '{}' WHERE id = %s",
        "UPDATE fibre_workorder SET ends_on = '2999-01-01' WHERE id = %s", "DELETE FROM fibre_workorder WHERE id = %s",
        "UPDATE fibre_orderstep SET done_at = now() WHERE order_id = %s", "DELETE FROM fibre_orderstep WHERE order_id = %s",
        "INSERT INTO fibre_orderstep (order_id, ordinal, action) VALUES (%s, 9, 'remove')",
    ):  # fmt: skip
        assert world.attempt("citizen", statement, own) in ("42501", "KG001"), statement
        assert world.attempt("citizen", statement, other) in ("nothing", "42501", "KG001", "02000"), statement
        assert sql("SELECT count(*) FROM fibre_workorder WHERE state = 'issued'") == [(2,)]
    # Planners write orders; what becomes of them they do not say.
    orders.cancel(made[1], None)
    again = "UPDATE fibre_workorder SET state = 'draft' WHERE id = %s"
    assert world.attempt("planner", again, other) == "42501"
    assert world.attempt("engineer", again, other) == "done"
    assert world.attempt("planner", "UPDATE fibre_workorder SET title = 'x' WHERE id = %s", other) == "done"
    assert world.attempt("planner", "UPDATE fibre_workorder SET agreed = '[]' WHERE id = %s", own) == "KG001"
    # It is his as long as it is issued.
    sql("UPDATE fibre_workorder SET state = 'cancelled' WHERE id = %s", own)
    assert world.asks("citizen", names) == []
