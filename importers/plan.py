"""What is to be done: the target, where each of its fields comes from, and the options of this import."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from gisapp.layer import Field, Target


@dataclass(frozen=True)
class Filled:
    """A field that this import fills: from a column of this kind, or with a constant."""

    field: Field
    column: str = ""
    kind: str = "text"
    constant: Any = None
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def raw(self) -> str:
        """The column of the raw staging table."""
        return f"f_{self.field.name}"


@dataclass(frozen=True)
class Options:
    """`strict`: one rejected row rolls everything back. `sync`: what the source no longer has is retired."""

    dry_run: bool = False
    strict: bool = False
    sync: bool = False
    anywhere: bool = False


@dataclass(frozen=True)
class Plan:
    """One import into one table. `srid` is the file's; `id_kind` is "" where ids are hashes.

    `owner` is the column and key of the organisation that the rows belong to, where the layer has owners.
    `grouped`: the staged rows are pieces that Target.group makes whole features of.
    """

    target: Target
    source: str
    filled: Sequence[Filled]
    srid: int
    id_column: str = ""
    id_kind: str = ""
    crs_text: str = ""
    grouped: bool = False
    owner: tuple[str, int] | None = None

    @property
    def table(self) -> str:
        return str(self.target.model_class._meta.db_table)

    @property
    def name(self) -> str:
        return self.target.layer.replace("-", "_")

    @property
    def raw(self) -> str:
        return f"import_raw_{self.name}"

    @property
    def bad(self) -> str:
        return f"import_bad_{self.name}"

    @property
    def staged(self) -> str:
        return f"import_staged_{self.name}"

    def model_field(self, one: Field) -> "models.Field[Any, Any]":
        found = self.target.model_class._meta.get_field(one.path)
        assert isinstance(found, models.Field)
        return found

    def column(self, one: Field) -> str:
        return str(self.model_field(one).column)

    def default(self, one: Field) -> Any:
        """What the column gets where the file has nothing: the target's default, else the table's; None for neither."""
        if one.name in self.target.defaults:
            return self.target.defaults[one.name]
        model_field = self.model_field(one)
        found = model_field.db_default if model_field.has_db_default() else model_field.get_default()
        return None if isinstance(found, models.expressions.BaseExpression) else found

    def range_of(self, one: Field) -> tuple[int, int] | None:
        """The integers that the column takes, or None for another type."""
        try:
            low, high = connection.ops.integer_field_range(self.model_field(one).get_internal_type())
        except KeyError:
            return None
        return (low if low is not None else -(2**63), high if high is not None else 2**63 - 1)

    def unfilled(self) -> list[tuple[str, Any]]:
        """(column, value) of the table's fields that need a value and that this import does not fill."""
        filled = {self.column(one.field) for one in self.filled}
        missing = []
        for one in self.target.fields:
            column, model_field = self.column(one), self.model_field(one)
            if column not in filled:
                default = self.default(one)
                if default is not None or not (model_field.null or model_field.has_db_default()):
                    missing.append((column, default))
        known = {self.column(one) for one in self.target.fields} | set(self.target.derived)
        known |= {self.owner[0]} if self.owner else set()
        for other in self.target.model_class._meta.concrete_fields:
            plain = not (other.generated or other.primary_key or other.null or other.has_db_default())
            if plain and other.column not in known | {"source", self.target.geometry_column}:
                missing.append((str(other.column), other.get_default()))
        return missing
