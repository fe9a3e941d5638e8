"""What a trace tells, as plain values: hops, ends and paths. Lengths are metres of glass, losses decibels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy

from layers.fibre.optics import Judged

# Those that programs know by name; the whole catalogue stands in "optics".
WAVELENGTHS = (1310, 1550)

REASONS = {
    "device": gettext_lazy("endet an einem Gerät"),
    "port": gettext_lazy("endet an einem Port"),
    "port-unused": gettext_lazy("an der Innenseite des Ports ist nichts angeschlossen"),
    "not-spliced": gettext_lazy("die Faser ist hier nicht gespleißt"),
    "loose-end": gettext_lazy("das Kabel endet hier in keinem Gehäuse"),
    "splitter-unused": gettext_lazy("auf der anderen Seite des Splitters ist nichts angeschlossen"),
    "loop": gettext_lazy("der Weg kommt hier an etwas zurück, das er schon durchlaufen hat"),
    "other-network": gettext_lazy("geht in einem anderen Netz weiter"),
}
COMPLETE = ("device", "port")


class Hop(NamedTuple):
    """One thing on the way, or the joint between two: `kind` is fibre, port, device, splitter, or a joint's kind.

    `branch` numbers the outputs of splitters that were taken to get here ("" before the first).
    """

    kind: str
    name: str
    id: UUID
    holder_id: UUID | None = None
    number: int | None = None
    bundle: int | None = None
    colour: str = ""
    bundle_colour: str = ""
    hex: tuple[str, ...] = ()
    bundle_hex: tuple[str, ...] = ()
    length_m: float | None = None
    loss_db: float | None = None
    measured: bool = False
    enclosure: str = ""
    enclosure_id: UUID | None = None
    node: str = ""
    node_id: UUID | None = None
    tray: int | None = None
    slot: int | None = None
    branch: str = ""
    spec: str = ""


@dataclass(frozen=True)
class End:
    """Where a trace stops, and why (a key of REASONS)."""

    name: str
    place: str
    reason: str
    complete: bool
    node_id: UUID | None = None
    branch: str = ""
    thing_id: UUID | None = None

    @property
    def text(self) -> str:
        return str(REASONS[self.reason])


@dataclass(frozen=True)
class Path:
    """From one end to the other: metres of glass and decibels by wavelength; None where a piece is not known.

    `optics` judges each wavelength against the optics class of that name ("": none is told).
    """

    begin: End
    end: End
    length_m: float | None
    loss_db: Mapping[int, float | None]
    optics_class: str = ""
    optics: Sequence[Judged] = ()

    @property
    def complete(self) -> bool:
        return self.begin.complete and self.end.complete


@dataclass(frozen=True)
class Trace:
    """What was found from one start. A tree (behind a splitter) has several paths, any other way has one."""

    start: str
    start_id: UUID
    hops: Sequence[Hop]
    paths: Sequence[Path]
    geometry: Mapping[str, Any] | None = None

    @property
    def ends(self) -> list[End]:
        found = {
            (one.branch, one.name, one.place, one.reason): one for path in self.paths for one in (path.begin, path.end)
        }
        return list(found.values())

    @property
    def complete(self) -> bool:
        return all(one.complete for one in self.paths)

    @property
    def stop(self) -> End | None:
        """The first end that is none of a device or port."""
        return next((one for one in self.ends if not one.complete), None)

    @property
    def longest(self) -> Path:
        """The path with the greatest loss (where that is not known: length)."""
        return max(self.paths, key=lambda one: (one.loss_db.get(1310) or 0, one.length_m or 0))

    def plain(self) -> dict[str, Any]:
        """As JSON tells it."""
        stop, path = self.stop, self.longest
        return {
            "start": self.start,
            "id": str(self.start_id),
            "complete": self.complete,
            "stops_at": stop.place if stop else None,
            "reason": stop.text if stop else None,
            "reason_code": stop.reason if stop else None,
            "length_m": _rounded(path.length_m, 1),
            "loss_db": _losses(path),
            "optics": _optics(path),
            "hops": [_plain_hop(one) for one in self.hops],
            "ends": [_plain_end(one) for one in self.ends],
            "paths": [
                {
                    "from": one.begin.name, "to": one.end.name, "branch": one.end.branch, "complete": one.complete,
                    "length_m": _rounded(one.length_m, 1),
                    "loss_db": _losses(one), "optics": _optics(one),
                }
                for one in self.paths
            ],
            "geometry": self.geometry,
        }  # fmt: skip


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _losses(path: Path) -> dict[str, float | None]:
    return {str(one): _rounded(path.loss_db.get(one), 2) for one in WAVELENGTHS}


def _optics(path: Path) -> dict[str, Any]:
    return {"class": path.optics_class or None, "wavelengths": [one.plain() for one in path.optics]}


def _plain_end(end: End) -> dict[str, Any]:
    return {
        "name": end.name, "place": end.place, "reason": end.text, "reason_code": end.reason, "complete": end.complete,
        "branch": end.branch, "node": end.node_id and str(end.node_id),
    }  # fmt: skip


def _plain_hop(hop: Hop) -> dict[str, Any]:
    values = {key: value for key, value in hop._asdict().items() if value not in (None, "", ())}
    for key in ("length_m", "loss_db"):
        if key in values:
            values[key] = round(values[key], 3)
    return {key: str(value) if isinstance(value, UUID) else value for key, value in values.items()}
