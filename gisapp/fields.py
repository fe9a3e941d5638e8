"""The words and attributes that declarations are made of: bilingual texts, kinds of geometry, types, fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import get_language


@dataclass(frozen=True)
class Text:
    """A text for people, German first."""

    de: str
    en: str

    def __str__(self) -> str:
        return self.en if (get_language() or "de").startswith("en") else self.de


class Geometry(StrEnum):
    """The kinds of geometry as GeoJSON and PostGIS name them; a PATH is a line of one part, from one end to another."""

    POINT = "Point"
    LINE = "MultiLineString"
    PATH = "LineString"
    POLYGON = "MultiPolygon"
    ANY = "Geometry"

    @property
    def lines(self) -> bool:
        return self in (Geometry.LINE, Geometry.PATH)


class Type(StrEnum):
    """Types of a field's values, as JSON Schema and SQL know them."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"


@dataclass(frozen=True)
class Field:
    """One public or private attribute.

    `source` is a column or a queryset path ("municipality__name"); private fields (public=False) reach staff pages
    and imports, and never a tile, a feature, a search answer or an export for the public. `tile` puts the value
    into the vector tiles: keep these few and of few distinct values. `reference`: `source` leads over a foreign key to a
    unique value of the other row, by which the field is written. `values` says stored codes in words where people
    read them (details, list, filters); data leaves every other door as it is stored.
    """

    name: str
    type: Type
    title: Text
    source: str = ""
    public: bool = True
    tile: bool = False
    search: bool = False
    filter: bool = False
    unit: str = ""
    reference: bool = False
    values: Mapping[str, Text] = field(default_factory=dict, compare=False)

    @property
    def path(self) -> str:
        return self.source or self.name
