"""The version of a feature: what it is now, in a few characters, for ETag, If-None-Match and If-Match.

A version is computed from the feature's public state alone - key, exact geometry, public values of its own row - so it
is there for every table and view, with a history or without, and two changes in one second have two versions. Behind a
hyphen follows what else an answer shows: values from elsewhere (the name of the municipality) and the coordinate system.
If-None-Match looks at the whole, If-Match at the state alone: nobody's change is refused because a municipality was
renamed. A compressed answer's tag ends in +gzip; somebody's proxy may make tags weak, and they are taken all the same.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from django.db.models import F
from django.http import HttpResponse
from django.utils.http import parse_etags

from gisapp import errors
from gisapp.database import compiled, fetch_rows
from gisapp.features import query
from gisapp.features.crs import DEFAULT, Crs
from gisapp.layer import Field, Layer

MOST_STATES = 200
"""So many past states are looked through for the one that a refused change was made from."""


@dataclass(frozen=True)
class Version:
    """`state` is the feature's own, `shown` the rest of what an answer shows."""

    state: str
    shown: str

    @property
    def tag(self) -> str:
        return f'"{self.state}-{self.shown}"'


def _digest(values: Sequence[Any]) -> str:
    text = orjson.dumps(list(values), default=str, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    return hashlib.blake2b(text, digest_size=12).hexdigest()


def _own(layer: Layer) -> list[Field]:
    """The public fields that are columns of the layer's table."""
    columns = {one.name for one in layer.model_class._meta.concrete_fields}
    return [one for one in layer.public_fields if one.path.partition("__")[0] in columns and not _foreign(layer, one)]


def _foreign(layer: Layer, one: Field) -> bool:
    return "__" in one.path and one.path.partition("__")[0] != layer.owner


def version_of(layer: Layer, row: query.Row, exact: str | None, crs: Crs) -> Version:
    """The version of a page's row (key, shape, public values) with this geometry."""
    values = dict(zip([one.name for one in layer.public_fields], row[2:], strict=True))
    own = {one.name for one in _own(layer)}
    state = [row[0], exact, *(value for name, value in values.items() if name in own)]
    return Version(
        _digest(state), _digest([crs.uri, *(value for name, value in values.items() if name not in own)])[:8]
    )


def read(layer: Layer, user: Any, key: str, crs: Crs = DEFAULT) -> tuple[query.Row, Version]:
    """One feature's row and its version; raises NotFound("unknown-feature")."""
    row, exact = query.single(layer, user, key, crs)
    return row, version_of(layer, row, exact, crs)


def known(header: str, version: Version) -> bool:
    """Does If-None-Match name this version?"""
    tags = [one.removeprefix("W/").replace('+gzip"', '"') for one in parse_etags(header)]
    return header.strip() == "*" or version.tag in tags


@dataclass(frozen=True)
class Wanted:
    """What If-Match says: the states from which the change was made. None: nothing was said; empty: any that is there."""

    states: frozenset[str] | None = None

    @classmethod
    def parse(cls, header: str | None) -> "Wanted":
        """Raises BadInput for a header that names no tag, GisError("if-match-required") where it is missing and
        the installation wants it."""
        if header is None:
            if settings.REQUIRE_IF_MATCH:
                raise errors.GisError("if-match-required")
            return cls()
        tags = parse_etags(header)
        if not tags:
            raise errors.BadInput("bad-value", field="If-Match", name="If-Match", value=header[:100])
        if "*" in tags:
            return cls(frozenset())
        return cls(frozenset(one.removeprefix("W/").strip('"').partition("-")[0] for one in tags))

    def check(self, layer: Layer, user: Any, key: str) -> None:
        """Raise GisError("changed-meanwhile") when the feature, which is locked, is another one by now."""
        if not self.states:
            return
        row, now = read(layer, user, key)
        if now.state in self.states:
            return
        different = _different(layer, row, self.states)
        members = {"changed": different, "etag": now.tag}
        which = ", ".join(different) if different else "–"
        raise errors.GisError("changed-meanwhile", which=which, members=members, etag=now.tag)


def _different(layer: Layer, row: query.Row, states: frozenset[str]) -> list[str] | None:
    """The public fields (and "geometry") that differ from the state that the change was made from; None where that
    is not known. Whoever names a state has seen it."""
    from gisapp.history.asof import rows_as_events
    from gisapp.history.tracking import event_model

    if event_model(layer.model_class) is None:
        return None
    fields, column, table = _own(layer), layer.geometry_column, layer.model_class._meta.db_table
    rows = layer.model_class._default_manager.order_by().annotate(gisapp_exact=query.Exact(F(column)))
    sql, params = compiled(rows.values_list("pk", "gisapp_exact", *(one.path for one in fields)))
    past = rows_as_events(layer.model_class)
    # The newest states of this one feature, in the table's place.
    events = f"{past} WHERE e.pgh_obj_id = %s ORDER BY e.pgh_id DESC LIMIT {MOST_STATES}"
    found = fetch_rows(f'WITH "{table}" AS ({events}) {sql}', [row[0], *params], binary=True)
    base = next((one for one in found if _digest([row[0], *one[1:]]) in states), None)
    if base is None:
        return None
    now = dict(zip([one.name for one in layer.public_fields], row[2:], strict=True))
    changed = [one.name for one, value in zip(fields, base[2:], strict=True) if now[one.name] != value]
    exact = fetch_rows(*compiled(rows.filter(pk=row[0]).values_list("gisapp_exact")))[0][0]
    return [*changed, "geometry"] if exact != base[1] else changed


def tagged(response: HttpResponse, version: Version) -> HttpResponse:
    """The response with its tag."""
    response["ETag"] = version.tag
    response.gisapp_version = True  # type: ignore[attr-defined]
    return response
