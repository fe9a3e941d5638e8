"""What occupancy tells, as plain values: how many tubes, fibres and places are in use, and which.

"In use" (belegt) is defined once, in sql/occupancy.sql; of what is not, the states are leased, reserved, decommissioned, free.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from gisapp.fields import Text
from layers.fibre.products import Shade

STATES: Mapping[str, Text] = {
    "used": Text("belegt", "in use"),
    "leased": Text("vermietet", "leased"),
    "reserved": Text("reserviert", "reserved"),
    "decommissioned": Text("stillgelegt", "decommissioned"),
    "free": Text("frei", "free"),
}


@dataclass(frozen=True)
class Counts:
    """How many there are in each state (a key of STATES)."""

    of: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def counted(cls, states: Iterable[str]) -> "Counts":
        of: dict[str, int] = {}
        for one in states:
            of[one] = of.get(one, 0) + 1
        return cls(of)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts({one: self.of.get(one, 0) + other.of.get(one, 0) for one in {*self.of, *other.of}})

    @property
    def total(self) -> int:
        return sum(self.of.values())

    @property
    def shown(self) -> list[tuple[str, str, int]]:
        """(state, word, number) of the states that occur, free ones always."""
        return [
            (one, str(word), self.of.get(one, 0)) for one, word in STATES.items() if one == "free" or self.of.get(one)
        ]

    def plain(self) -> dict[str, int]:
        return {"total": self.total, **{one: self.of.get(one, 0) for one in STATES}}


@dataclass(frozen=True)
class Rented:
    """Who has leased or reserved something, what for, and until when (None: without an end)."""

    kind: str
    tenant: str
    purpose: str
    until: date | None

    def plain(self) -> dict[str, Any]:
        return {"kind": self.kind, "tenant": self.tenant or None, "purpose": self.purpose, "until": self.until}


@dataclass(frozen=True)
class CableTaken:
    """A cable and how many of its fibres are in use. Of another network's cable: that it is there, and whose it is."""

    id: UUID | None
    name: str
    network: str
    organisation: str
    spec: str
    lifecycle: str
    outer_mm: float | None
    fibres: Counts

    @property
    def foreign(self) -> bool:
        return self.id is None

    def plain(self) -> dict[str, Any]:
        if self.foreign:
            return {"id": None, "organisation": self.organisation}
        return {
            "id": str(self.id), "name": self.name, "network": self.network, "spec": self.spec, "lifecycle": self.lifecycle,
            "fibres": self.fibres.plain(),
        }  # fmt: skip


@dataclass(frozen=True)
class TubeTaken:
    """A tube of a duct: its colour, what lies in it, and how much of its inside cables fill (percent; None: unknown)."""

    position: int
    shade: Shade | None
    pipe: str
    outer_mm: float
    inner_mm: float | None
    state: str
    cables: Sequence[CableTaken] = ()
    rented: Rented | None = None

    @property
    def word(self) -> str:
        return str(STATES[self.state])

    @property
    def filled(self) -> float | None:
        widths = [one.outer_mm for one in self.cables]
        if not self.inner_mm or not widths or None in widths:
            return None
        return round(100 * sum((one or 0) ** 2 for one in widths) / self.inner_mm**2, 1)

    def plain(self, language: str) -> dict[str, Any]:
        return {
            "position": self.position, "colour": self.shade.word(language) if self.shade else "",
            "hex": [one for one in (self.shade.hex, self.shade.second_hex) if one] if self.shade else [],
            "marked": bool(self.shade and self.shade.marked), "pipe": self.pipe, "outer_mm": self.outer_mm, "inner_mm": self.inner_mm,
            "state": self.state, "cables": [one.plain() for one in self.cables], "filled_percent": self.filled,
            "lease": self.rented and self.rented.plain(),
        }  # fmt: skip


@dataclass(frozen=True)
class DuctTaken:
    """A duct; in a segment `forward` says whether it is drawn the way the segment is (None: not asked about a segment)."""

    id: UUID
    name: str
    network: str
    spec: str
    product: str
    lifecycle: str
    outer_mm: float
    forward: bool | None
    tubes: Sequence[TubeTaken]

    @property
    def counts(self) -> Counts:
        return Counts.counted(one.state for one in self.tubes)

    def plain(self, language: str) -> dict[str, Any]:
        direction = {} if self.forward is None else {"direction": "forward" if self.forward else "backward"}
        return {
            "id": str(self.id), "name": self.name, "network": self.network, "spec": self.spec, "product": self.product,
            "lifecycle": self.lifecycle, "outer_mm": self.outer_mm, **direction, "tubes": self.counts.plain(),
            "tube_list": [one.plain(language) for one in self.tubes],
        }  # fmt: skip


@dataclass(frozen=True)
class GuestTaken:
    """Another organisation's ducts in one's trench: that they are there."""

    organisation: str
    ducts: int


@dataclass(frozen=True)
class SegmentTaken:
    """The cross-section of a segment. Depth and width in centimetres, as far as they were surveyed."""

    id: UUID
    name: str
    depth_cm: int | None
    depth_reference: str
    width_cm: int | None
    ducts: Sequence[DuctTaken]
    buried: Sequence[CableTaken]
    guests: Sequence[GuestTaken]

    @property
    def tubes(self) -> Counts:
        return sum((one.counts for one in self.ducts), Counts())

    @property
    def cables(self) -> list[CableTaken]:
        """Each once, those in tubes first."""
        found = {one.id: one for duct in self.ducts for tube in duct.tubes for one in tube.cables if not one.foreign}
        return [*found.values(), *(one for one in self.buried if not one.foreign and one.id not in found)]

    @property
    def fibres(self) -> Counts:
        return sum((one.fibres for one in self.cables), Counts())

    def plain(self, language: str) -> dict[str, Any]:
        return {
            "depth_cm": self.depth_cm, "depth_reference": self.depth_reference or None, "width_cm": self.width_cm,
            "tubes": self.tubes.plain(), "fibres": self.fibres.plain(), "ducts": [one.plain(language) for one in self.ducts],
            "buried": [one.plain() for one in self.buried],
            "guests": [{"organisation": one.organisation, "ducts": one.ducts} for one in self.guests],
        }  # fmt: skip


@dataclass(frozen=True)
class FibreTaken:
    """A fibre of a cable: what is joined at the cable's ends, and which circuits in service run through it."""

    number: int
    bundle: int
    position: int
    bundle_shade: Shade | None
    shade: Shade | None
    pieces: int
    joined_a: bool
    joined_b: bool
    state: str
    circuits: Sequence[str] = ()
    rented: Rented | None = None

    @property
    def word(self) -> str:
        return str(STATES[self.state])

    def plain(self, language: str) -> dict[str, Any]:
        return {
            "number": self.number, "bundle": self.bundle, "bundle_colour": self.bundle_shade.word(language) if self.bundle_shade else "",
            "position": self.position, "colour": self.shade.word(language) if self.shade else "", "pieces": self.pieces,
            "joined_a": self.joined_a, "joined_b": self.joined_b, "joined_both": self.joined_a and self.joined_b,
            "state": self.state, "circuits": list(self.circuits), "lease": self.rented and self.rented.plain(),
        }  # fmt: skip


@dataclass(frozen=True)
class PlacesTaken:
    """Of enclosures: places of trays, ports, legs of splitters - (all, in use) - and places that are leased or reserved."""

    trays: int = 0
    tray_places: tuple[int, int] = (0, 0)
    ports: tuple[int, int] = (0, 0)
    ports_wired: int = 0
    legs: tuple[int, int] = (0, 0)
    leased: int = 0
    reserved: int = 0

    @classmethod
    def of(cls, values: Sequence[int]) -> "PlacesTaken":
        """As the columns of fibre_places_taken come."""
        trays, places, taken, ports, used, wired, legs, joined, leased, reserved = values
        return cls(trays, (places, taken), (ports, used), wired, (legs, joined), leased, reserved)

    def plain(self) -> dict[str, Any]:
        def both(pair: tuple[int, int]) -> dict[str, int]:
            return {"total": pair[0], "used": pair[1], "free": pair[0] - pair[1]}

        return {
            "trays": self.trays, "tray_places": both(self.tray_places), "ports": {**both(self.ports), "wired": self.ports_wired},
            "splitter_legs": both(self.legs), "leased_places": self.leased, "reserved_places": self.reserved,
        }  # fmt: skip
