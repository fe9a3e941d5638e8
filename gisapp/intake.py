"""What an app declares for imports: where rows go, and what is done after them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Model

from gisapp.fields import Field, Geometry, Text

DERIVED = "derived"
"""The source of rows that a finish step makes of others; they give way to an imported row of the same key."""


@dataclass(frozen=True)
class Check:
    """A row is rejected with `code` where `condition` is true; in it {name} stands for a field's cleaned value."""

    field: str
    condition: str
    code: str


@dataclass(frozen=True)
class Target:
    """Where imported rows of a layer go.

    `model` is "app.Model" of a table with the columns of base_models.Sourced; rows are keyed by (source, source_id).
    `geometry` is what the geometry column takes ("" in `geometry_column`: a table without one; not `geometry_required`:
    a row may come without). `fields` are what a mapping may fill; each `Field.path` is a column of the table.
    `required` fields must have a value; no two live rows share the values of the `unique` fields. `aliases` are names
    that files usually carry for a field, so that `--suggest` finds them, and `id_aliases` those of the id column.
    `defaults` fill what a file does not have. `cleans` and `derived` are SQL: the cleaned value of a field from {value}
    (text), and the value of a further column from the fields ({name}) and {geom}.
    `group` makes whole features of staged pieces (a street of its ways) in the table it is given the name of.
    `parts`: rows of one id and the same required values are parts of one feature (a town and its water).
    `short_for` are the words (an app's name) that a person may type in place of the layer's name.
    """

    layer: str
    model: str
    geometry: Geometry
    fields: Sequence[Field]
    required: Sequence[str] = ()
    unique: Sequence[str] = ()
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    id_aliases: Sequence[str] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    cleans: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    checks: Sequence[Check] = ()
    geometry_column: str = "geom"
    geometry_required: bool = True
    group: Callable[[str], None] | None = None
    parts: bool = False
    short_for: Sequence[str] = ()

    @property
    def model_class(self) -> type[Model]:
        return apps.get_model(self.model)

    def field(self, name: str) -> Field | None:
        return next((one for one in self.fields if one.name == name), None)


@dataclass(frozen=True)
class TableTarget:
    """A plain table that a CSV fills, such as "which municipality belongs to which Amt".

    `load(rows)` writes the rows (a dict of column -> text each) inside the importer's transaction and returns how many
    it (created, updated, left unchanged); raises BadInput. `aliases` name the columns as in `Target`.
    """

    name: str
    title: Text
    columns: Sequence[str]
    aliases: Mapping[str, Sequence[str]]
    load: Callable[[list[dict[str, str]]], tuple[int, int, int]]


@dataclass(frozen=True)
class Finish:
    """A step after rows of any of `layers` were merged, in the same transaction: links them to others.

    `run(source)` touches only rows that change (so that the same file again changes nothing) and returns how many.
    """

    title: Text
    layers: Sequence[str]
    run: Callable[[str], int]
    order: int = 100
