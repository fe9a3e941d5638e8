"""The pages of work orders, without a browser: who sees and does what, the form made from the table of actions, what is told."""

import datetime
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from gisapp.accounts.roles import Role
from layers.fibre import order_shown, orders
from layers.fibre.actions import ACTIONS, Takes
from layers.fibre.models import WorkOrder
from layers.fibre.order_forms import StepForm, field_of
from layers.fibre.order_pages import VERBS
from layers.fibre.sentences import SENTENCES, sentence
from tests import factories
from tests.fibre.drawing import one, settle, sql
from tests.fibre.plant import Plant
from tests.fibre.test_order_crew import issued
from tests.fibre.test_orders import PLAN, counts, draft, engineer
from tests.fibre.test_orders import plant as plant

pytestmark = pytest.mark.django_db
LIST = "/fibre/orders/"


def as_(plant: Plant, role: Role = Role.ENGINEER, email: str = "") -> Client:
    found = Client()
    found.force_login(engineer(plant, role, email))
    return found


def at(order: WorkOrder, rest: str = "") -> str:
    return f"{LIST}{order.pk}/{rest}"


def text(response: Any) -> str:
    return str(response.content.decode())


def test_01_each_action_has_a_sentence_of_its_own_arguments() -> None:
    assert set(SENTENCES) == set(ACTIONS)
    for name, words in SENTENCES.items():
        known = {argument.name for argument in ACTIONS[name].arguments}
        for said in (words.de, words.en):
            places = set(re.findall(r"\{(\w+)\}", said))
            assert places <= known, name
            # Of what must be sent nothing is left unsaid but the network, which is the order's.
            assert {a.name for a in ACTIONS[name].arguments if a.required and a.takes is not Takes.NETWORK} <= places, (
                name
            )


def test_02_sentences() -> None:
    assert sentence("splice", PLAN[1][1]) == "Faser K1:1 mit K2:1 in M spleißen, 2 der Reihe nach"
    assert sentence("pull-out", {"cable": "K1", "delete": True}) == "Kabel K1 ausziehen und löschen"
    assert sentence("pull-out", {"cable": "$2", "delete": False}) == "Kabel (aus Schritt 2) ausziehen"
    assert sentence("splice-leg", {"splitter": "SP", "input": False, "leg": 3, "cable": "K", "fibre": 1}).startswith(
        "Faser K:1 auf Ausgang 3 des Splitters SP"
    )
    key = "00000000-0000-0000-0000-000000000001"
    assert sentence("remove", {"kind": "duct", "object": key}, {key: "RV-1"}) == "Rohr RV-1 löschen"
    with translation.override("en"):
        assert (
            sentence("set-lifecycle", {"kind": "cable", "object": "K", "lifecycle": "removed"})
            == "cable K: state “removed”"
        )
    assert sentence("was-es-nicht-gibt", {}) == "was-es-nicht-gibt"


def test_03_every_action_has_a_form_that_takes_what_it_takes(plant: Plant) -> None:
    """What a person writes comes out as the interface takes it, for each kind of field."""
    order = draft(plant)
    for action in ACTIONS.values():
        form = StepForm(order, action)
        assert set(form.fields) - {"remark"} == {a.name for a in action.arguments if a.takes is not Takes.NETWORK}
    written = {
        "cut-fibres": ({"cable": "K1", "enclosure": "M", "fibres": "1-3, 7"}, {"cable": "K1", "enclosure": "M", "fibres": [1, 2, 3, 7]}),
        "connect-house": ({"place": "54.5, 9.7", "name": "Neu", "reach": "30"},
                          {"network": "netz", "place": {"type": "Point", "coordinates": [9.7, 54.5]}, "name": "Neu", "reach": 30.0}),
        "lay-between": ({"spec": "10/6", "from": "POP", "to": "HAUS", "via": "M1\n\nX"},
                        {"network": "netz", "spec": "10/6", "from": "POP", "to": "HAUS", "via": ["M1", "X"]}),
        "splice-leg": ({"splitter": "S", "input": "no", "leg": "1", "cable": "K", "fibre": "2"},
                       {"splitter": "S", "input": False, "leg": 1, "cable": "K", "fibre": 2}),
        "remove": ({"kind": "duct", "object": "RV"}, {"kind": "duct", "object": "RV"}),
    }  # fmt: skip
    for name, (sent, arguments) in written.items():
        form = StepForm(order, ACTIONS[name], sent)
        assert form.is_valid(), form.errors
        assert form.step() == {"action": name, "arguments": arguments, "remark": ""}
        again = StepForm(order, ACTIONS[name], initial=arguments)
        assert StepForm(order, ACTIONS[name], {f.name: f.value() for f in again if f.value() is not None}).is_valid()
    for name, sent in (
        ("cut-fibres", {"cable": "K1", "enclosure": "M", "fibres": "drei"}), ("connect-house", {"place": "hier"}),
        ("connect-house", {"place": "91, 9"}), ("connect-house", {"address": "Nirgendweg 1"}), ("remove", {"kind": "joint", "object": "x"}),
        ("splice", {"enclosure": "M"}),
    ):  # fmt: skip
        assert not StepForm(order, ACTIONS[name], sent).is_valid(), sent
    assert field_of(ACTIONS["route"].arguments[1]).help_text


def test_04_from_the_draft_to_the_network(plant: Plant) -> None:
    planner, lead = as_(plant, Role.PLANNER, "planung@example.org"), as_(plant)
    made = planner.post(f"{LIST}new/", {"network": "netz", "name": "2026-17", "kind": "splice", "title": "Haus 1"})
    assert made.status_code == 302
    order = WorkOrder.objects.get()
    assert made["Location"] == at(order)
    assert "action=splice" not in text(planner.get(at(order))) and 'name="fibre_a"' in text(
        planner.get(at(order, "?action=splice"))
    )
    for action, arguments in PLAN:
        answer = planner.post(at(order, "steps/"), {"action": action, **arguments})
        assert answer.status_code == 302, text(answer)
    assert [(step.action, step.arguments) for step in order.steps.order_by("ordinal")] == list(PLAN)
    assert (
        planner.post(at(order, "approve/")).status_code == 403
        and planner.post(at(order, "rehearse/")).status_code == 403
    )
    assert lead.post(at(order, "rehearse/"))["Location"] == at(order, "#result")
    page = text(lead.get(at(order)))
    assert "Faser K1:1 mit K2:1 in M spleißen" in page and "Verbindungen" in page
    assert "Platz 1" in page and "K2:2" in page and counts()[0] == 0
    for verb, state in (("approve", "approved"), ("issue", "issued")):
        assert lead.post(at(order, f"{verb}/")).status_code == 302
        order.refresh_from_db()
        assert order.state == state
    lead.post(at(order, "complete/"))
    assert "bitte bestätigen" in text(lead.get(at(order))) and counts()[0] == 0
    lead.post(at(order, "complete/"), {"sure": "yes"})
    assert "ausgeführt: 12 Änderungen am Netz" in text(lead.get(at(order))) and counts()[0] == 4
    told = one(
        "SELECT c.metadata FROM fibre_jointevent e JOIN pghistory_context c ON c.id = e.pgh_context_id WHERE e.pgh_label = 'insert' ORDER BY e.pgh_id DESC LIMIT 1"
    )
    assert '"web"' in str(told).replace("'", '"') and "2026-17" in str(told)


def test_05_what_stops_it_who_else_and_what_has_changed(plant: Plant) -> None:
    lead = as_(plant)
    order = draft(plant, PLAN[0], ("splice", {**PLAN[1][1], "fibre_a": 12}))
    other = draft(plant, PLAN[0], name="2026-18", title="Umbau")
    orders.rehearse(other, None)
    lead.post(at(order, "rehearse/"))
    page = text(lead.get(at(order)))
    assert "Schritt 2 wird abgelehnt" in page and "<code>fibre-not-here</code>" in page
    assert at(other) in page and "Umbau" in page
    lead.post(at(order, "approve/"))
    assert "[order-stops]" in text(lead.get(at(order)))
    agreed = draft(plant, *PLAN, name="2026-19")
    orders.approve(agreed, None)
    plant.splice("M", "K1:5", "K2:5")
    settle()
    lead.post(at(agreed, "complete/"), {"sure": "yes"})
    assert "[order-base-changed]" in text(lead.get(at(agreed)))
    lead.post(at(agreed, "rehearse/"))
    page = text(lead.get(at(agreed)))
    assert "Nicht genehmigt, geschähe aber" in page and 'name="accept"' in page
    lead.post(at(agreed, "complete/"), {"sure": "yes", "accept": "yes"})
    agreed.refresh_from_db()
    assert agreed.state == "done"


def test_06_steps_are_moved_changed_and_taken_out(plant: Plant) -> None:
    planner = as_(plant, Role.PLANNER, "planung@example.org")
    order = draft(plant, PLAN[0], PLAN[1], ("swap", {"joint_a": "$2.0", "joint_b": "$2.1"}))

    def steps() -> list[tuple[str, Any]]:
        return [(step.action, step.arguments.get("joint_a")) for step in order.steps.order_by("ordinal")]

    planner.post(at(order, "steps/2/move/"), {"do": "earlier"})
    assert steps() == [("splice", None), ("pigtail", None), ("swap", "$1.0")]
    planner.post(at(order, "steps/1/move/"), {"do": "remove"})
    assert "[order-step-used]" in text(planner.get(at(order))) and len(steps()) == 3
    planner.post(at(order, "steps/3/move/"), {"do": "earlier"})
    planner.post(at(order, "steps/2/move/"), {"do": "earlier"})
    assert steps() == [("splice", None), ("swap", "$1.0"), ("pigtail", None)]
    planner.post(at(order, "steps/3/move/"), {"do": "later"})
    planner.post(at(order, "steps/3/move/"), {"do": "wohin"})
    assert "[bad-value]" in text(planner.get(at(order)))
    assert 'value="2"' in text(planner.get(at(order, "?edit=1")))
    planner.post(at(order, "steps/1/"), {"action": "splice", **PLAN[1][1], "many": 3, "remark": "nur am Montag"})
    step = order.steps.get(ordinal=1)
    assert (step.arguments["many"], step.remark) == (3, "nur am Montag")
    bad = planner.post(at(order, "steps/"), {"action": "splice", "enclosure": "M"})
    assert bad.status_code == 400 and "field-error" in text(bad)
    assert planner.post(at(order, "steps/"), {"action": "explode"}).status_code == 404
    planner.post(at(order, "steps/9/move/"), {"do": "remove"})
    assert len(steps()) == 3
    orders.approve(draft(plant, PLAN[0], name="fest"), None)
    fixed = WorkOrder.objects.get(name="fest")
    planner.post(at(fixed, "steps/1/move/"), {"do": "remove"})
    assert fixed.steps.count() == 1


def test_07_the_head_of_a_draft(plant: Plant) -> None:
    planner = as_(plant, Role.PLANNER, "planung@example.org")
    order, crew = draft(plant), factories.citizen("tiefbau@example.org")
    sent = {
        "kind": "repair",
        "title": "Neu",
        "contractor": crew.email,
        "ends_on": "2999-01-31",
        "around": "POP\nM1",
        "metres": "25",
    }
    assert planner.post(at(order, "head/"), sent).status_code == 302
    order.refresh_from_db()
    assert (order.title, order.kind, order.contractor, order.ends_on) == (
        "Neu",
        "repair",
        crew,
        datetime.date(2999, 1, 31),
    )
    assert order.area is not None
    reach = sql(
        "SELECT n.name FROM fibre_node n, fibre_workorder w WHERE ST_Covers(w.area, ST_Buffer(n.geom, 20)) ORDER BY 1"
    )
    assert reach == [("M1",), ("POP",)]
    page = text(planner.get(at(order)))
    assert "tiefbau@example.org" in page and "MultiPolygon" in page
    for wrong, words in (
        ({**sent, "around": "", "area": ""}, "brauchen ein Gebiet"), ({**sent, "ends_on": ""}, "brauchen einen letzten Tag"),
        ({**sent, "around": "GIBTESNICHT"}, "fibre-unknown"), ({**sent, "contractor": "wer@example.org"}, "bad-value"),
        ({**sent, "around": "", "area": "{"}, "kein GeoJSON"), ({**sent, "around": "", "area": '{"type": "Point"}'}, "fibre-no-polygon"),
        ({**sent, "begins_on": "2999-12-31"}, "rule-violated"),
    ):  # fmt: skip
        answer = planner.post(at(order, "head/"), wrong)
        assert answer.status_code == 400 and words in text(answer), (wrong, text(answer))
    order.refresh_from_db()
    assert order.title == "Neu"
    twice = planner.post(f"{LIST}new/", {"network": "netz", "name": "2026-17", "kind": "build"})
    assert twice.status_code == 400 and "schon vergeben" in text(twice)


def test_08_the_list_and_its_filters(plant: Plant) -> None:
    lead = as_(plant)
    for number in range(53):
        draft(plant, name=f"2026-{number:03}", title="Muffe" if number % 2 else "Graben")
    orders.cancel(WorkOrder.objects.get(name="2026-001"), None)
    assert text(lead.get(LIST)).count('class="order-name"') == 50
    assert text(lead.get(LIST, {"from": "50"})).count('class="order-name"') == 3
    assert text(lead.get(LIST, {"state": "cancelled"})).count('class="order-name"') == 1
    assert text(lead.get(LIST, {"q": "muffe", "network": "netz"})).count('class="order-name"') == 26
    assert text(lead.get(LIST, {"network": "fremd"})).count('class="order-name"') == 0
    assert lead.get(LIST, {"q": "%\x00_", "from": "x" * 9}).status_code == 200
    assert lead.get(LIST)["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("role", [Role.PLANNER, Role.CONTRACTOR, Role.STAFF, None])
def test_09_nobody_does_more_on_the_page_than_elsewhere(plant: Plant, role: Role | None) -> None:
    order = draft(plant, *PLAN)
    asker = as_(plant, role, "jemand@example.org") if role else Client()
    sees = role is Role.PLANNER
    assert (asker.get(at(order)).status_code == 200) is sees
    for verb in VERBS:
        if verb != "delete":
            assert asker.post(at(order, f"{verb}/"), {"sure": "yes"}).status_code in (401, 403, 404), verb
    assert (
        asker.post(at(order, "steps/"), {"action": "patch", "port_a": "ODF/1", "port_b": "ODF/2"}).status_code == 302
    ) is sees
    assert (asker.get(f"{LIST}new/").status_code == 200) is sees
    assert asker.post(at(order, "explode/")).status_code in ((404,) if sees else (401, 403, 404))
    asker.post(at(order, "delete/"))
    assert WorkOrder.objects.filter(state="draft").exists()
    asker.post(at(order, "delete/"), {"sure": "yes"})
    assert WorkOrder.objects.exists() is not sees


def test_10_forms_are_guarded(plant: Plant) -> None:
    order = draft(plant, *PLAN)
    asker = Client(enforce_csrf_checks=True)
    asker.force_login(engineer(plant))
    assert asker.post(at(order, "approve/")).status_code == 403
    assert asker.get(at(order, "approve/")).status_code == 405
    order.refresh_from_db()
    assert order.state == "draft"


def test_11_a_contractor_on_the_page(plant: Plant) -> None:
    crew, others = factories.citizen("tiefbau@example.org"), factories.citizen("andere@example.org")
    order, theirs = issued(plant, crew, *PLAN), issued(plant, others, PLAN[0], name="2026-18")
    asker = Client()
    asker.force_login(crew)
    page = text(asker.get(LIST))
    assert page.count('class="order-name"') == 1 and "2026-17" in page and "Neuer Auftrag" not in page
    assert asker.get(at(theirs)).status_code == 404
    page = text(asker.get(at(order)))
    assert "Proben" in page and "Ausführen" in page and "Genehmigen" not in page and "Verwerfen" not in page
    asker.post(at(order, "rehearse/"))
    page = text(asker.get(at(order)))
    assert "Verbindungen" in page and "2026-18" not in page
    for verb in ("approve", "issue", "reopen", "cancel", "delete"):
        assert asker.post(at(order, f"{verb}/"), {"sure": "yes"}).status_code == 403, verb
    assert asker.post(at(order, "complete/"), {"sure": "yes", "accept": "yes"}).status_code == 302
    order.refresh_from_db()
    assert order.state == "issued", "a difference is accepted by those who lead"
    done = asker.post(at(order, "complete/"), {"sure": "yes"})
    order.refresh_from_db()
    assert (done["Location"], order.state, counts()[0]) == ("/konto/", "done", 4)
    assert "ist ausgeführt" in text(asker.get("/konto/")) and asker.get(at(order)).status_code == 403


def test_12_what_changes_is_named_and_placed(plant: Plant) -> None:
    plant.duct("RV1", "POP", "M1")
    settle()
    order = draft(
        plant, ("cut-tube", {"tube": "RV1:1", "node": "M1"}), ("remove", {"kind": "duct", "object": "RV1"}),
        ("set-lifecycle", {"kind": "enclosure", "object": "M", "lifecycle": "in_service"}), PLAN[1],
    )  # fmt: skip
    sql("DELETE FROM fibre_orderstep WHERE ordinal = 1")
    now = orders.rehearse(order, None)
    assert now.stop is None, now.stop
    shown = {group.title: group for group in order_shown.groups(now.changes, None)}
    assert (shown["Rohre"].removed, [row.name for row in shown["Rohre"].rows]) == (1, ["RV1"])
    assert len(shown["Röhrchen"].rows) == 7 and shown["Röhrchen"].rows[0].name == "RV1:1"
    box = shown["Gehäuse"].rows[0]
    assert (box.name, box.changes) == ("M", [("Stand", "geplant", "in Betrieb")]) and box.layer == "fibre_enclosure"
    assert {row.name for row in shown["Enden von Verbindungen"].rows} == {"K1:1", "K1:2", "K2:1", "K2:2"}
    drawn = order_shown.features(list(shown.values()))["features"]
    assert {feature["properties"]["what"] for feature in drawn} == {"add", "change", "remove"}
    lon, lat = next(f for f in drawn if f["properties"]["what"] == "change")["geometry"]["coordinates"]
    assert 9 < lon < 11 and 54 < lat < 55
    # Whoever sees none of it reads no names.
    stranger = factories.member(Role.ENGINEER, factories.organisation("fremd"), email="fremd@example.org")
    blind = [row for group in order_shown.groups(now.changes, stranger) for row in group.rows if row.what == "change"]
    assert blind and "M" not in {row.name for row in blind}


def test_13_in_english(plant: Plant) -> None:
    lead, order = as_(plant), draft(plant, *PLAN)
    # (What the page activates stays active in this thread.)
    with translation.override("de"):
        page = text(lead.get(at(order), {"lang": "en", "action": "remove"}))
    for words in (
        "Splice fibre K1:1 to K2:1 in M",
        "Rehearse",
        "Delete an object",
        "What it would change",
        "kind of object",
    ):
        assert words in page, words
