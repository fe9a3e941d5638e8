"""Filters in CQL2 (OGC 21-065r2): text or JSON in, a condition on a layer's public fields out."""

from dataclasses import dataclass
from typing import Any

from gisapp.errors import BadInput
from gisapp.features.cql import notation, text
from gisapp.features.cql.tree import Node, check_size
from gisapp.features.crs import DEFAULT, Crs
from gisapp.layer import Layer

LANGUAGES = ("cql2-text", "cql2-json")


@dataclass(frozen=True)
class Filter:
    """A read filter; `crs` is the system of its geometries."""

    root: Node
    crs: Crs = DEFAULT

    def condition(self, layer: Layer) -> Any:
        """An expression for `QuerySet.filter`. Raises BadInput for what the layer's public fields do not permit."""
        from gisapp.features.cql.meaning import Reader

        return Reader(layer, self.crs).condition(self.root)


def parse(written: str, language: str = "cql2-text", crs: Crs = DEFAULT) -> Filter:
    """The filter; raises BadInput with the place for one that is misspelt, too large or in another language."""
    if language not in LANGUAGES:
        raise BadInput("unknown-format", field="filter-lang", value=language[:50], possible=", ".join(LANGUAGES))
    if not written.strip():
        raise BadInput("bad-value", field="filter", name="filter", value="")
    root = (text if language == "cql2-text" else notation).parse(written)
    check_size(root)
    return Filter(root, crs)
