"""What an app declares for sets of files that belong together: a whole network, a table for each kind of its things."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gisapp.fields import Field, Geometry, Text

_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def plain_key(text: str, otherwise: str) -> str:
    """A name as a key of a-z, 0-9 and "-", at most 40 long: "Trassen Süd.gpkg" is trassen-sued-gpkg."""
    plain = unicodedata.normalize("NFC", text).lower().translate(_PLAIN)
    return re.sub(r"[^a-z0-9]+", "-", plain)[:41].strip("-")[:40].strip("-") or otherwise


@dataclass(frozen=True)
class Role:
    """What the rows of one table are. `names` are words in the names of such files, `aliases` columns by field.

    `required` fields must have a value. `geometry`: None for a table without; `lines_too`: rows may come with or without.
    A table that `ignored` names is known and left alone, with these words of why.
    """

    name: str
    title: Text
    fields: Sequence[Field]
    names: Sequence[str]
    required: Sequence[str] = ()
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    geometry: Geometry | None = None
    geometry_required: bool = True
    ignored: Text | None = None

    def field(self, name: str) -> Field | None:
        return next((one for one in self.fields if one.name == name), None)


@dataclass(frozen=True)
class Noted:
    """Something about a row of the files: refused (`kept` is False), or taken in another way than it was given."""

    role: str
    row: int
    id: str
    field: str
    code: str
    value: str = ""
    kept: bool = False


@dataclass
class Counts:
    """What became of one role's rows."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    retired: int = 0
    joined: int = 0
    rejected: int = 0


@dataclass
class Outcome:
    """What a load did. `shapes` are for the map of the report: (what became of it, GeoJSON geometry in EPSG:4326, label)."""

    counts: dict[str, Counts] = field(default_factory=dict)
    noted: list[Noted] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shapes: list[tuple[str, Any, str]] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)

    def note(
        self, role: str, row: int, id_: str, code: str, value: str = "", field_: str = "-", kept: bool = False
    ) -> None:
        self.noted.append(Noted(role, row, id_, field_, code, value[:200], kept))


class Told:
    """Told of each step and of rows done; draws nothing itself."""

    def step(self, title: str, total: int | None = None) -> None:
        """A new step begins; `total` rows are expected, where that is known."""

    def rows(self, count: int) -> None:
        """So many more rows are done."""


@dataclass(frozen=True)
class Staged:
    """What a load finds: for each role that the files have, a temporary table `tables[role]` of this transaction.

    It has `row` (number in its file), `file`, `source_id`, `whole` (the id in the file, of which `source_id` may name one
    of several parts) and a text column for each field of the role (values trimmed,
    empty ones NULL), and `geom` in EPSG:25832. Numbers are checked: they can be cast. `mapped`: what the mapping says of
    products. `person` is None for whoever runs the machine. `draw`: fill `Outcome.shapes`.
    `owner`: the organisation of what is new, by its key.
    """

    tables: Mapping[str, str]
    source: str
    into: str
    tolerance_m: float
    sync: bool
    person: Any
    mapped: Mapping[str, Mapping[str, str]]
    told: Told
    draw: bool = False
    owner: str = ""


@dataclass(frozen=True)
class FileSet:
    """`gisapp import NAME FILE|FOLDER`. `load` writes what was staged, in the caller's transaction; raises GisError."""

    name: str
    title: Text
    roles: Sequence[Role]
    load: Callable[[Staged, Outcome], None]

    def role(self, name: str) -> Role | None:
        return next((one for one in self.roles if one.name == name), None)
