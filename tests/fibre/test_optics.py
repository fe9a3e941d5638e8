"""Does the light arrive: losses against the budget of an optics class, by wavelength."""

import pytest

from layers.fibre.optics import Budget, Optics, judged
from layers.fibre.products import products
from layers.fibre.refs import starts
from layers.fibre.trace import Path
from layers.fibre.tracing import trace
from tests.fibre.drawing import refused, settle, sql
from tests.fibre.plant import Plant
from tests.fibre.test_impact import circuit

pytestmark = pytest.mark.django_db
B_PLUS = Optics("b", "B", {1310: Budget("up", 28.0, 13.0, False), 1490: Budget("down", 28.0, None, False)})


@pytest.mark.parametrize(
    ("loss", "complete", "verdict", "reason"),
    [
        (20.0, True, "ok", ""), (28.0, True, "ok", ""), (28.004, True, "ok", ""), (28.01, True, "too-high", "over-budget"),
        (13.0, True, "ok", ""), (12.99, True, "too-low", "overload"), (None, True, "unknown", "loss-unknown"),
        (20.0, False, "unknown", "incomplete"), (29.0, False, "too-high", "over-budget"), (1.0, False, "unknown", "incomplete"),
    ],
)  # fmt: skip
def test_01_a_verdict_and_its_reason(loss: float | None, complete: bool, verdict: str, reason: str) -> None:
    (first, second) = judged({1310: loss, 1490: 5.0}, B_PLUS, complete)
    assert (first.verdict, first.reason) == (verdict, reason)
    assert first.margin_db == (None if loss is None else pytest.approx(28 - loss))
    # Without a least loss nothing is too low.
    assert second.verdict == ("ok" if complete else "unknown")


def test_02_without_a_class_or_with_two() -> None:
    assert [one.reason for one in judged({1310: 5.0}, None, True)] == ["no-class"]
    assert [one.reason for one in judged({1310: 5.0}, None, True, differ=True)] == ["classes-differ"]
    told = judged({1310: 5.0, 1550: 4.0}, B_PLUS, True)
    assert [(one.wavelength, one.reason) for one in told] == [
        (1310, "overload"),
        (1490, "loss-unknown"),
        (1550, "not-of-class"),
    ]
    assert all(one.why for one in told)


def test_03_the_shipped_classes() -> None:
    most = {key: {budget.most_db for budget in one.budgets.values()} for key, one in products().optics.items()}
    assert most == {"gpon-b+": {28}, "gpon-c+": {32}, "xgs-pon-n1": {29}, "xgs-pon-n2": {31}, "xgs-pon-e1": {33}}
    assert {wavelength for one in products().optics.values() for wavelength in one.budgets} == {1270, 1310, 1490, 1577}
    assert products().wavelengths == (1270, 1310, 1490, 1550, 1577, 1625)


@pytest.fixture
def plant() -> Plant:
    """OLT/1 - ODF/1 - K1:1 - SP (1:32) - D:1 - H/1, and OLT/2 straight to M/2."""
    found = Plant()
    found.street("POP", "M1", "HAUS")
    found.buried("K1", "POP", "M1")
    found.buried("D", "M1", "HAUS")
    found.device("OLT", "POP")
    found.enclosure("ODF", "POP", spec="odf-144", enters="K1")
    found.enclosure("M", "M1", spec="odf-144", enters="K1 D")
    found.enclosure("H", "HAUS", spec="huep-4", enters="D")
    found.splitter("SP", "M", spec="1:32")
    found.pigtail("ODF", "K1:1", 1, many=2)
    found.patch("OLT/1", "ODF/1")
    found.patch("OLT/2", "ODF/2")
    found.leg("SP", "in", "K1:1")
    found.leg("SP", "1", "D:1")
    found.pigtail("H", "D:1", 1)
    found.pigtail("M", "K1:2", 2)
    settle()
    return found


def path(ref: str) -> Path:
    return trace(starts(ref), geometry=False)[0].longest


def told(ref: str) -> dict[int, tuple[str, str]]:
    return {one.wavelength: (one.verdict, one.reason) for one in path(ref).optics if one.budget}


def test_04_the_devices_class_judges(plant: Plant) -> None:
    before = path("H/1")
    assert before.optics_class == "" and {one.reason for one in before.optics} == {"no-class"}
    sql("UPDATE fibre_device SET optics_id = 'gpon-b+'")
    found = path("H/1")
    assert found.optics_class == "GPON B+" and told("H/1") == {1310: ("ok", ""), 1490: ("ok", "")}
    at = {one.wavelength: one for one in found.optics}
    assert (
        at[1490].loss_db == pytest.approx(found.loss_db[1490])
        and at[1490].loss_db < at[1310].loss_db < at[1310].budget.most_db
    )  # type: ignore[operator, union-attr]
    # Without the splitter there is too much light.
    assert told("M/2") == {1310: ("too-low", "overload"), 1490: ("too-low", "overload")}


def test_05_the_circuits_class_goes_first(plant: Plant) -> None:
    sql("UPDATE fibre_device SET optics_id = 'gpon-b+'")
    circuit(plant, "S-1", "OLT/1", "H/1")
    settle()
    sql("UPDATE fibre_circuit SET optics_id = 'xgs-pon-n2'")
    assert path("H/1").optics_class == "XGS-PON N2" and set(told("H/1")) == {1270, 1577}
    # It ends elsewhere.
    assert path("M/2").optics_class == "GPON B+"
    sql("UPDATE fibre_circuit SET lifecycle = 'decommissioned'")
    assert path("H/1").optics_class == "GPON B+"


def test_06_two_classes_are_none(plant: Plant) -> None:
    plant.device("ONT", "HAUS", ports=1, kind="ont")
    plant.patch("H/1", "ONT/1")
    settle()
    sql("UPDATE fibre_device SET optics_id = 'gpon-b+' WHERE kind = 'olt'")
    assert path("OLT/1").optics_class == "GPON B+"
    sql("UPDATE fibre_device SET optics_id = 'gpon-c+' WHERE kind = 'ont'")
    assert path("OLT/1").optics_class == "" and {one.reason for one in path("OLT/1").optics} == {"classes-differ"}


def test_07_what_is_not_known_or_not_whole(plant: Plant) -> None:
    sql("UPDATE fibre_device SET optics_id = 'gpon-b+'")
    sql(
        "DELETE FROM fibre_joint j USING fibre_jointend e, fibre_port p WHERE e.joint_id = j.id AND e.port_id = p.id AND p.enclosure_id = %s",
        plant.enclosures["H"],
    )
    settle()
    assert told("OLT/1") == {1310: ("unknown", "incomplete"), 1490: ("unknown", "incomplete")}
    sql("DELETE FROM fibre_cablestep WHERE cable_id = %s", plant.cables["K1"])
    settle()
    assert told("OLT/1") == {1310: ("unknown", "loss-unknown"), 1490: ("unknown", "loss-unknown")}


def test_08_over_the_budget(plant: Plant) -> None:
    sql("UPDATE fibre_device SET optics_id = 'gpon-b+'")
    sql("UPDATE fibre_joint SET loss_db = 12 WHERE kind = 'pigtail'")
    assert set(told("H/1").values()) == {("too-high", "over-budget")}


def test_09_as_json(plant: Plant) -> None:
    sql("UPDATE fibre_device SET optics_id = 'gpon-b+'")
    plain = trace(starts("H/1"), geometry=False)[0].plain()
    assert set(plain["loss_db"]) == {"1310", "1550"}
    optics = plain["optics"]
    assert optics["class"] == "GPON B+" and optics["wavelengths"][1]["wavelength_nm"] == 1310
    first = optics["wavelengths"][1]
    assert (first["budget_db"], first["least_db"], first["verdict"], first["verified"]) == (28, 13, "ok", False)
    assert first["margin_db"] == pytest.approx(28 - first["loss_db"])
    assert [one["optics"]["class"] for one in plain["paths"]] == ["GPON B+"]


def test_10_budgets_are_looked_after(plant: Plant) -> None:
    row = "INSERT INTO fibre_opticsbudget (optics_id, wavelength_nm, direction, max_loss_db, min_loss_db) VALUES ('gpon-b+', %s, %s, %s, %s)"
    for code, values in (
        ("fibre_opticsbudget_once", (1310, "up", 28, 13)), ("fibre_opticsbudget_what", (3000, "up", 28, 13)),
        ("fibre_opticsbudget_what", (1550, "quer", 28, 13)), ("fibre_opticsbudget_range", (1550, "down", 13, 28)),
    ):  # fmt: skip
        with refused(code):
            sql(row, *values)
