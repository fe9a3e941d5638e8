"""Work orders: rehearsed, approved, given to a contractor, carried out as a whole."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from gisapp.accounts.models import Membership, User
from gisapp.accounts.roles import Role
from gisapp.errors import Conflict, Forbidden
from layers.fibre import orders
from layers.fibre.models import OrderStep, WorkOrder
from layers.fibre.refs import starts
from layers.fibre.tracing import trace
from tests import factories
from tests.fibre.drawing import one, refused, settle, sql
from tests.fibre.plant import Plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant() -> Plant:
    """A PoP, a closure, a house: everything lies there, nothing is spliced."""
    found = Plant()
    found.street("POP", "M1", "HAUS")
    found.buried("K1", "POP", "M1")
    found.buried("K2", "M1", "HAUS")
    found.enclosure("ODF", "POP", spec="odf-144", enters="K1")
    found.enclosure("M", "M1", enters="K1 K2")
    found.enclosure("H", "HAUS", spec="huep-4", enters="K2")
    settle()
    return found


def draft(plant: Plant, *steps: tuple[str, dict[str, Any]], name: str = "2026-17", **more: Any) -> WorkOrder:
    order = WorkOrder.objects.create(network_id=plant.net, organisation_id=owner(plant), name=name, **more)
    for number, (action, arguments) in enumerate(steps, 1):
        OrderStep.objects.create(order=order, ordinal=number, action=action, arguments=arguments)
    return order


def owner(plant: Plant) -> int:
    found: int = one("SELECT organisation_id FROM fibre_network WHERE id = %s", plant.net)
    return found


def engineer(plant: Plant, role: Role = Role.ENGINEER, email: str = "") -> User:
    from gisapp.accounts.models import Organisation

    return factories.member(role, Organisation.objects.get(pk=owner(plant)), email=email)


PLAN = (
    ("pigtail", {"enclosure": "ODF", "cable": "K1", "fibre": 1, "port": 1}),
    ("splice", {"enclosure": "M", "cable_a": "K1", "fibre_a": 1, "cable_b": "K2", "fibre_b": 1, "many": 2}),
    ("pigtail", {"enclosure": "H", "cable": "K2", "fibre": 1, "port": 1}),
)


def counts() -> tuple[int, ...]:
    return tuple(
        one(f"SELECT count(*) FROM fibre_{table}") for table in ("joint", "jointend", "jointevent", "jointendevent")
    )


def test_01_a_rehearsal_shows_everything_and_changes_nothing(plant: Plant) -> None:
    order, before = draft(plant, *PLAN), counts()
    now = orders.rehearse(order, engineer(plant))
    assert now.stop is None and counts() == before
    assert {(row["table"], row["what"]) for row in now.changes} == {("joint", "add"), ("jointend", "add")}
    assert sum(row["table"] == "joint" for row in now.changes) == 4
    assert [told["step"] for told in now.results] == [1, 2, 3]
    order.refresh_from_db()
    assert order.state == "draft" and order.rehearsal["changes"] == list(now.changes)


def test_02_the_step_that_stops_it_is_named(plant: Plant) -> None:
    order = draft(plant, PLAN[0], ("splice", {**PLAN[1][1], "fibre_a": 12}), PLAN[2])
    now = orders.rehearse(order, engineer(plant))
    assert now.stop is not None and (now.stop.step, now.stop.code) == (2, "fibre-not-here")
    assert "13" in now.stop.message
    assert len([row for row in now.changes if row["table"] == "joint"]) == 1
    with pytest.raises(Conflict) as refusal:
        orders.approve(order, engineer(plant, email="zwei@example.org"))
    assert refusal.value.code == "order-stops"
    order.refresh_from_db()
    assert order.state == "draft"


def test_03_carried_out_as_a_whole(plant: Plant) -> None:
    person = engineer(plant)
    order = draft(plant, *PLAN)
    sql("UPDATE fibre_cable SET work_order_id = %s, lifecycle = 'planned' WHERE name = 'K2'", order.pk)
    with pytest.raises(Exception, match="order-state"):
        orders.complete(order, person)
    orders.approve(order, person)
    assert one("SELECT lifecycle FROM fibre_cable WHERE name = 'K2'") == "approved"
    assert len(orders.complete(order, person)) == 12
    settle()
    order.refresh_from_db()
    assert order.state == "done" and all(step.done_at and step.result for step in order.steps.all())
    assert trace(starts("H/1"))[0].complete
    assert one("SELECT lifecycle FROM fibre_cable WHERE name = 'K2'") == "in_service"
    told = one(
        "SELECT string_agg(DISTINCT c.metadata->>'reason', '') FROM fibre_jointevent e JOIN fibre_joint j ON j.id = e.pgh_obj_id "
        "JOIN pghistory_context c ON c.id = e.pgh_context_id WHERE e.pgh_label = 'insert'"
    )
    assert told == "2026-17"
    with refused("order-state"):
        WorkOrder.objects.filter(pk=order.pk).update(state="draft")


def test_04_a_base_that_has_changed_is_shown_and_not_guessed(plant: Plant) -> None:
    person = engineer(plant)
    order = draft(plant, *PLAN)
    orders.approve(order, person)
    # Somebody else takes the first places of the tray: the splices would lie elsewhere.
    plant.splice("M", "K1:5", "K2:5")
    settle()
    with pytest.raises(Conflict) as refusal:
        orders.complete(order, person)
    assert refusal.value.code == "order-base-changed" and counts()[0] == 1
    again = orders.rehearse(order, person)
    assert again.difference and {row["table"] for row in again.difference["unexpected"]} == {"joint"}
    orders.complete(order, person, accept=True)
    assert counts()[0] == 5


def test_05_a_rehearsal_is_the_same_each_time(plant: Plant) -> None:
    """New things have other keys each time; that is no difference."""
    person = engineer(plant)
    order = draft(plant, *PLAN)
    orders.approve(order, person)
    again = orders.rehearse(order, person)
    assert again.difference == {"missing": [], "unexpected": []}


def test_06_steps_name_what_earlier_ones_made(plant: Plant) -> None:
    order = draft(
        plant, ("splice", PLAN[1][1]), ("splice", {**PLAN[1][1], "fibre_a": 7, "fibre_b": 7, "many": 1}),
        ("swap", {"joint_a": "$1.0", "joint_b": "$2.0"}),
    )  # fmt: skip
    now = orders.rehearse(order, engineer(plant))
    assert now.stop is None, now.stop
    bad = draft(plant, ("swap", {"joint_a": "$1", "joint_b": "$7.0"}), name="2026-18")
    stop = orders.rehearse(bad, engineer(plant, email="zwei@example.org")).stop
    assert stop is not None and stop.code == "order-no-result"


def test_07_orders_that_touch_the_same_are_named(plant: Plant) -> None:
    person = engineer(plant)
    first, second = (
        draft(plant, PLAN[0]),
        draft(plant, ("pigtail", {**PLAN[0][1], "port": 2}), name="2026-18", title="Umbau"),
    )
    orders.rehearse(first, person)
    now = orders.rehearse(second, person)
    assert [(one_["order"], len(one_["objects"])) for one_ in now.competing] == [("2026-17", 1)]
    third = draft(plant, ("pigtail", {**PLAN[0][1], "fibre": 9, "port": 9}), name="2026-19")
    assert orders.rehearse(third, person).competing == []


def test_08_what_was_agreed_upon_stays(plant: Plant) -> None:
    order = draft(plant, *PLAN)
    orders.approve(order, engineer(plant))
    for statement in (
        "UPDATE fibre_orderstep SET arguments = '{}' WHERE ordinal = 1",
        "DELETE FROM fibre_orderstep WHERE ordinal = 1",
        "INSERT INTO fibre_orderstep (order_id, ordinal, action, arguments) SELECT id, 9, 'patch', '{}' FROM fibre_workorder",
        "DELETE FROM fibre_workorder",
        "UPDATE fibre_workorder SET ends_on = '2999-12-31'",
        "UPDATE fibre_workorder SET area = (SELECT ST_Multi(ST_Buffer(geom, 900)) FROM fibre_node LIMIT 1)",
        f"UPDATE fibre_workorder SET contractor_id = {factories.citizen('wer@example.org').pk}, ends_on = '2999-12-31'",
    ):
        with refused("order-not-draft"):
            sql(statement)
    for state, code in (("done", "order-not-done"), ("planned", "order-state")):
        with refused(code):
            sql("UPDATE fibre_workorder SET state = %s", state)
    orders.reopen(order, engineer(plant, email="zwei@example.org"))
    order.refresh_from_db()
    assert (order.state, order.agreed) == ("draft", None)
    sql("DELETE FROM fibre_workorder")
    assert OrderStep.objects.count() == 0


def test_09_an_object_names_an_order_of_its_network(plant: Plant) -> None:
    order = draft(plant)
    other = one(
        "INSERT INTO fibre_network (key, name, organisation_id) VALUES ('anderes', 'Anderes', %s) RETURNING id",
        owner(plant),
    )
    with refused("order-elsewhere"):
        sql(
            "INSERT INTO fibre_node (network_id, geom, work_order_id) SELECT %s, ST_Translate(geom, 900, 0), %s FROM fibre_node LIMIT 1",
            other,
            order.pk,
        )
    with refused("order-state"):
        WorkOrder.objects.create(network_id=plant.net, organisation_id=owner(plant), name="gleich", state="issued")
    with refused("fibre_workorder_bounds"):
        WorkOrder.objects.filter(pk=order.pk).update(contractor=engineer(plant))


def test_10_a_contractor_works_in_its_area_and_days(plant: Plant) -> None:
    crew = factories.citizen("tiefbau@example.org")
    place = factories.square(-100, -100, 300)
    today = timezone.localdate()
    order = draft(plant, *PLAN, contractor=crew, area=place, ends_on=today + datetime.timedelta(5))
    person = engineer(plant)
    orders.approve(order, person)
    assert not Membership.objects.filter(user=crew).exists()
    planner = engineer(plant, Role.PLANNER, "planung@example.org")
    with pytest.raises(Forbidden):
        orders.issue(order, planner)
    orders.issue(order, person)
    given = Membership.objects.get(user=crew)
    assert (given.role, given.valid_until, [area.geom for area in given.areas.all()]) == (
        "contractor",
        order.ends_on,
        [place],
    )
    # What the crew may elsewhere, or from another order, stays its own.
    second = draft(plant, name="2026-18", contractor=crew, area=place, ends_on=today + datetime.timedelta(9))
    orders.approve(second, person)
    orders.issue(second, person)
    assert Membership.objects.filter(user=crew).count() == 2
    orders.complete(order, person)
    assert [one_.valid_until for one_ in Membership.objects.filter(user=crew)] == [second.ends_on]
    crew.delete()
    second.refresh_from_db()
    assert second.contractor is None, "an account that goes takes its name along"
    orders.cancel(second, person)
    assert not Membership.objects.filter(purpose__startswith="fibre.workorder").exists()


def test_11_nobody_does_by_an_order_what_he_may_not_do(plant: Plant) -> None:
    order = draft(plant, *PLAN)
    planner = engineer(plant, Role.PLANNER, "planung@example.org")
    with pytest.raises((Conflict, Forbidden)):
        orders.approve(
            order, factories.member(Role.ENGINEER, factories.organisation("fremd"), email="fremd@example.org")
        )
    for verb in ("rehearse", "approve", "cancel", "complete", "reopen"):
        with pytest.raises(Forbidden):
            getattr(orders, verb)(order, planner)
    assert counts()[0] == 0
