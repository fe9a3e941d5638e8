"""Does the light arrive: the loss of a path against the budget of its optics class, wavelength by wavelength.

Of a path the class of its circuit counts (a circuit that begins at its one end and ends at the other), else the one of the
devices at its ends; where two are told and differ, none does.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy

from gisapp.database import fetch_rows

VERDICTS = {
    "ok": gettext_lazy("in Ordnung"),
    "too-high": gettext_lazy("zu hoch"),
    "too-low": gettext_lazy("zu niedrig"),
    "unknown": gettext_lazy("unbekannt"),
}
REASONS = {
    "": "",
    "over-budget": gettext_lazy("die Dämpfung ist höher als das Budget der Optikklasse"),
    "overload": gettext_lazy("die Dämpfung ist so niedrig, dass der Empfänger übersteuert wird"),
    "no-class": gettext_lazy("weder an einem Gerät noch an einer Schaltung steht eine Optikklasse"),
    "classes-differ": gettext_lazy("an den Enden stehen verschiedene Optikklassen"),
    "not-of-class": gettext_lazy("die Optikklasse nennt für diese Wellenlänge kein Budget"),
    "loss-unknown": gettext_lazy("Länge oder Dämpfung eines Stücks ist nicht bekannt"),
    "incomplete": gettext_lazy("der Weg ist nicht vollständig"),
}


@dataclass(frozen=True)
class Budget:
    """What a class bears at a wavelength, in decibels. `least_db` is None where it is not known."""

    direction: str
    most_db: float
    least_db: float | None
    verified: bool


@dataclass(frozen=True)
class Optics:
    """A class of the catalogue: its budgets by wavelength (nm)."""

    key: str
    name: str
    budgets: Mapping[int, Budget]


@dataclass(frozen=True)
class Judged:
    """A wavelength of a path: loss, budget and margin in decibels (None: unknown), verdict and why."""

    wavelength: int
    loss_db: float | None
    budget: Budget | None
    verdict: str
    reason: str

    @property
    def margin_db(self) -> float | None:
        return None if self.budget is None or self.loss_db is None else self.budget.most_db - self.loss_db

    @property
    def word(self) -> str:
        return str(VERDICTS[self.verdict])

    @property
    def why(self) -> str:
        return str(REASONS[self.reason])

    def plain(self) -> dict[str, Any]:
        budget = self.budget
        return {
            "wavelength_nm": self.wavelength, "direction": budget.direction if budget else None, "loss_db": _rounded(self.loss_db),
            "budget_db": budget.most_db if budget else None, "least_db": budget.least_db if budget else None,
            "verified": budget.verified if budget else None, "margin_db": _rounded(self.margin_db), "verdict": self.verdict,
            "reason_code": self.reason or None, "reason": self.why or None,
        }  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _verdict(loss: float | None, budget: Budget, complete: bool) -> tuple[str, str]:
    if loss is None:
        return "unknown", "loss-unknown"
    # To the hundredth of a decibel: what is told is what is judged.
    if round(loss, 2) > budget.most_db:
        return "too-high", "over-budget"
    if not complete:
        return "unknown", "incomplete"
    if budget.least_db is not None and round(loss, 2) < budget.least_db:
        return "too-low", "overload"
    return "ok", ""


def judged(
    losses: Mapping[int, float | None], optics: Optics | None, complete: bool, *, differ: bool = False
) -> list[Judged]:
    """Each wavelength of `losses` (nm to decibels), and those that the class names beside them."""
    found = []
    for wavelength in sorted({*losses, *(optics.budgets if optics else ())}):
        loss, budget = losses.get(wavelength), optics.budgets.get(wavelength) if optics else None
        if budget:
            verdict, reason = _verdict(loss, budget, complete)
        else:
            verdict, reason = "unknown", "not-of-class" if optics else "classes-differ" if differ else "no-class"
        found.append(Judged(wavelength, loss, budget, verdict, reason))
    return found


# Looked up end by end: of hundreds, a join would begin with all ports and circuits there are.
_TOLD = """
SELECT t.id, NULL::uuid, d.optics_id
  FROM unnest(%(ends)s::uuid[]) t (id), LATERAL (SELECT k.device_id FROM fibre_port k WHERE k.id = t.id OFFSET 0) p
  JOIN fibre_device d ON d.id = p.device_id AND d.optics_id IS NOT NULL
UNION ALL
SELECT t.id, c.id, c.optics_id
  FROM unnest(%(ends)s::uuid[]) t (id), LATERAL (
    SELECT e.circuit_id FROM fibre_circuitend e WHERE e.port_id = t.id
    UNION ALL
    SELECT e.circuit_id FROM fibre_circuitend e WHERE e.section_id = t.id OFFSET 0) e, LATERAL (
    SELECT k.id, k.optics_id FROM fibre_circuit k
     WHERE k.id = e.circuit_id AND k.optics_id IS NOT NULL AND k.lifecycle NOT IN ('decommissioned', 'removed') OFFSET 0) c
"""


class Classes:
    """Which class is told of which path, for all paths of a question in one statement."""

    def __init__(self, ends: Collection[UUID]) -> None:
        self._devices: dict[UUID | None, str] = {}
        self._circuits: dict[UUID | None, dict[UUID, str]] = defaultdict(dict)
        for thing, circuit, key in fetch_rows(_TOLD, {"ends": list(ends)}) if ends else ():
            if circuit is None:
                self._devices[thing] = key
            else:
                self._circuits[thing][circuit] = key

    def of(self, ends: tuple[UUID | None, UUID | None]) -> set[str]:
        """The keys of the classes that are told of the path between these two; the circuits' before the devices'."""
        first, second = (self._circuits.get(one, {}) for one in ends)
        shared = {key for circuit, key in first.items() if circuit in second}
        return shared or {self._devices[one] for one in ends if one in self._devices}
