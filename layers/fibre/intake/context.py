"""What the steps of one import share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from gisapp.bulk import copy_rows
from gisapp.filesets import Counts, Outcome, Staged
from layers.fibre.intake.putting import ask, run


@dataclass
class Job:
    """One import into one network. `codes` refusals are counted in `outcome.counts`, by role."""

    staged: Staged
    outcome: Outcome
    network: UUID
    organisation: int
    # What the statements of topology.py and writing.py name: network, source, tolerance.
    values: dict[str, Any] = field(default_factory=dict)

    def has(self, role: str) -> bool:
        return role in self.staged.tables

    def counts(self, role: str) -> Counts:
        return self.outcome.counts.setdefault(role, Counts())

    def run(self, statement: str, **more: Any) -> int:
        return run(statement, {**self.values, **more})  # type: ignore[arg-type]

    def ask(self, statement: str, **more: Any) -> list[tuple[Any, ...]]:
        return ask(statement, {**self.values, **more})  # type: ignore[arg-type]

    def refuse(self, role: str, row: int, id_: str, code: str, message: str = "") -> None:
        self.counts(role).rejected += 1
        self.outcome.note(role, row, id_, code, message)

    def keep(self, role: str, row: int, id_: str, code: str, message: str = "") -> None:
        """The row came in, in another way than it was given."""
        self.outcome.note(role, row, id_, code, message, kept=True)

    def copy(self, table: str, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
        """COPY these rows into a temporary table."""
        copy_rows(table, columns, rows)
