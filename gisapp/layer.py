"""THE contract: what an app puts on the map, and the registry of it.

An app in INSTALLED_APPS has a module `layer.py` that calls `register(App(...))`. From the declaration alone come tiles,
styles, TileJSON, OGC API Features, REST, search, the map's switch and legend, the list, exports and the docs page.
Nothing in gisapp names a layer; whoever needs one asks `get` or `all_layers`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.db import models as gis_models
from django.contrib.gis.geos import MultiPolygon
from django.db.models import Model, Q, QuerySet
from django.urls import URLPattern, URLResolver

from gisapp import errors
from gisapp.accounts.roles import ADMINISTRATION, INSIDE, Role, has_role, is_known, is_operator
from gisapp.commands.command import Command
from gisapp.fields import Field as Field
from gisapp.fields import Geometry as Geometry
from gisapp.fields import Text as Text
from gisapp.fields import Type as Type
from gisapp.filesets import FileSet as FileSet
from gisapp.guarded import Guarded as Guarded
from gisapp.intake import DERIVED as DERIVED
from gisapp.intake import Check as Check
from gisapp.intake import Finish as Finish
from gisapp.intake import TableTarget as TableTarget
from gisapp.intake import Target as Target
from gisapp.moment import past
from gisapp.tenants.current import current


class Audience(StrEnum):
    """Who sees or edits. `visible_to` decides about the single feature; this decides about the layer."""

    EVERYONE = "everyone"
    LOGGED_IN = "logged-in"
    OPERATOR = "operator"
    NOBODY = "nobody"

    def admits(self, user: Any) -> bool:
        if self is Audience.EVERYONE:
            return True
        if self is Audience.LOGGED_IN:
            return is_known(user)
        return self is Audience.OPERATOR and is_operator(user)

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset()


class Members(frozenset[Role]):
    """Whoever has one of these roles in any organisation; operators too."""

    def admits(self, user: Any) -> bool:
        return has_role(user, self)

    @property
    def roles(self) -> frozenset[Role]:
        return self

    def __str__(self) -> str:
        return ", ".join(one for one in Role if one in self)


Who = Audience | Members
INSIDERS = Members(INSIDE)
KEEPERS = Members(ADMINISTRATION)


@dataclass(frozen=True)
class LegendEntry:
    """One line of the legend: a swatch of this kind ("fill", "line", "circle", "icon") beside its text."""

    title: Text
    kind: str
    colour: str
    outline: str = ""
    width: float = 2
    dash: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Style:
    """MapLibre style layers without `source` and `source-layer` (the host adds them), and their legend.

    Tell things apart by lightness, dash or shape as well as by hue, so that it works colour-blind and in grey print.
    `dark` names paint properties that the dark mode replaces: {"style layer id": {"fill-color": "#222"}}.
    `icons` maps a name that "icon-image" uses to the static path of its SVG.
    """

    layers: Sequence[Mapping[str, Any]]
    legend: Sequence[LegendEntry]
    dark: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    icons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Generalised:
    """Up to and including `max_zoom` tiles read `column` (SRID 3857, NULL where the feature is left out)."""

    max_zoom: int
    column: str


@dataclass(frozen=True)
class SearchHit:
    """One answer of the search; `score` is 0..1 and comparable between layers, the point is lon/lat CRS84."""

    layer: str
    id: str
    title: str
    subtitle: str
    score: float
    lon: float
    lat: float
    bbox: tuple[float, float, float, float] | None = None


# Layer and field names stand in addresses, files and SQL.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
SearchFunction = Callable[[str, Any, int], list[SearchHit]]
OTHERS = Text("Weitere", "Others")
DEFAULT_EXPORTS = ("gpkg", "shp", "geojson", "fgb", "csv", "kml", "dxf")


# A declaration is one thing, equal to itself alone: what is remembered about a layer is remembered by it.
@dataclass(frozen=True, eq=False)
class Layer:
    """Everything about one layer. `model` is "app.Model"; a database view gets an unmanaged model.

    `visible_to(user)` is the only way to the features: a queryset of exactly those the user may see. Where it gives
    different users different rows, `same_for_everyone` is False, so that no shared cache keeps an answer. Where it is
    True the queryset is the same at every call - time stands in it as Now(), not as a value - and its rows change by
    writes to its tables or by a new day alone.
    `owner` is the foreign key to the organisation that a row belongs to; without one, rows are the region's common
    data. Rows with an owner are seen by its members with a role of `within`, and by everybody where `public` is true
    of them (a condition on the row's own columns); their `visible_to` is `gisapp.accounts.scope.seen` with the same.
    `drawn` is False where the database draws the geometry from other rows: nobody sends it.
    `place` is the column that says where a row is, for memberships that are limited to areas; by default the geometry.
    `details(user, key)` is what `detail_template` shows beside the public fields.
    `owner_from` is the reference from which the database takes a row's owner (an object belongs to whom its network does).
    `guests` is an array column of further organisations whose members with such a role see the row, and never change it.
    `editable_by(user)` is which of the visible ones the user may change: without one of its own, those of the
    organisations in which the user has a role of `edit`, and of common data what these are responsible for. A row must
    be editable before a change and after it.
    `search_column` is a stored, trigram-indexed folded text (base_models.folded) of the search fields.
    `licence` is the address of the data's licence in DCAT-AP.de's list (http://dcat-ap.de/def/licenses/...).
    `classes` is the field of few values that sorts the features (kind): a drawing has a drawing layer for each.
    `label_column` is a stored point (SRID 3857) at which the name of an area is written; without one it is computed.
    """

    name: str
    title: Text
    description: Text
    model: str
    geometry: Geometry
    fields: Sequence[Field]
    label: str
    style: Style
    attribution: str
    visible_to: Callable[[Any], QuerySet[Any]]
    group: Text = OTHERS
    licence: str = ""
    geometry_column: str = "geom"
    place: str = ""
    drawn: bool = True
    tile_column: str = "geom_3857"
    label_column: str = ""
    classes: str = ""
    generalised: Sequence[Generalised] = ()
    min_zoom: int = 0
    max_zoom: int = 16
    see: Who = Audience.EVERYONE
    edit: Who = KEEPERS
    owner: str = ""
    owner_from: str = ""
    within: Members = INSIDERS
    guests: str = ""
    public: Q | None = None
    editable_by: Callable[[Any], QuerySet[Any]] | None = None
    list_columns: Sequence[str] = ()
    detail_template: str = "map/detail.html"
    details: Callable[[Any, Any], Mapping[str, Any]] | None = None
    exports: Sequence[str] = DEFAULT_EXPORTS
    switched_on: bool = False
    base_map: bool = False
    interactive: bool = True
    same_for_everyone: bool = True
    search: SearchFunction | None = None
    search_column: str = ""
    search_weight: float = 1.0
    order: int = 100

    def __post_init__(self) -> None:
        names = [one.name for one in self.fields]
        for name in (self.name, *names):
            if not _NAME.fullmatch(name):
                raise ValueError(f"layer {self.name}: {name} is no name: a-z, 0-9, _ and at most 40 of them")
        if len(set(names)) != len(names):
            raise ValueError(f"layer {self.name}: a field is declared twice")
        for name in (self.label, *self.list_columns):
            if name not in names:
                raise ValueError(f"layer {self.name}: {name} is no declared field")
        private = {one.name for one in self.fields if not one.public}
        if self.classes and self.classes not in set(names) - private:
            raise ValueError(f"layer {self.name}: {self.classes} is no public field")
        if self.label in private or private & set(self.list_columns):
            raise ValueError(f"layer {self.name}: a private field cannot be label or list column")
        if any((one.tile or one.search or one.filter) and not one.public for one in self.fields):
            raise ValueError(f"layer {self.name}: a private field is in no tile and cannot be asked for")

    @property
    def public_fields(self) -> list[Field]:
        return [one for one in self.fields if one.public]

    @property
    def tile_fields(self) -> list[Field]:
        return [one for one in self.fields if one.tile]

    @property
    def search_fields(self) -> list[Field]:
        return [one for one in self.fields if one.search]

    @property
    def place_column(self) -> str:
        """The column that is compared with the areas to which a membership is limited."""
        return self.place or self.geometry_column

    @property
    def columns(self) -> Sequence[str]:
        """The list's columns; by default the label and two more public fields."""
        others = [one.name for one in self.public_fields if one.name != self.label]
        return self.list_columns or (self.label, *others[:2])

    def field(self, name: str) -> Field:
        """The public field of that name; raises BadInput("unknown-field")."""
        for one in self.public_fields:
            if one.name == name:
                return one
        raise errors.BadInput("unknown-field", layer=self.name, field=name)

    @property
    def model_class(self) -> type[Model]:
        return apps.get_model(self.model)

    @property
    def key(self) -> Any:
        """The model's primary key field; its column is the feature's id."""
        return self.model_class._meta.pk

    def stored(self, column: str) -> Any:
        """The geometry field of that column."""
        found = self.model_class._meta.get_field(column)
        if not isinstance(found, gis_models.GeometryField) and not hasattr(found, "srid"):
            output = getattr(found, "output_field", None)
            if not isinstance(output, gis_models.GeometryField):
                raise TypeError(f"layer {self.name}: {column} is no geometry")
            return output
        return found

    def tile_geometry(self, zoom: int) -> str:
        """The column whose geometry the tiles of this zoom show."""
        fitting = [one for one in self.generalised if zoom <= one.max_zoom]
        return min(fitting, key=lambda one: one.max_zoom).column if fitting else self.tile_column

    @property
    def names_areas(self) -> bool:
        """Does the style write names on areas? They stand at a point of their own, once whatever tiles cut the area."""
        return self.geometry is Geometry.POLYGON and any(one["type"] == "symbol" for one in self.style.layers)

    def seen_by(self, user: Any) -> bool:
        """May this user know of the layer, on the site that the request came to?"""
        return _offered(self) and self.see.admits(user)

    def edited_by(self, user: Any) -> bool:
        return self.seen_by(user) and self.edit.admits(user)

    @property
    def shared(self) -> bool:
        """Does every asker get the same answer now, so that it may be remembered for all?"""
        return self.same_for_everyone and self.see is Audience.EVERYONE and past() is None

    @property
    def tracked(self) -> bool:
        """Has the table a history?"""
        return hasattr(self.model_class, "events")

    def features(self, user: Any) -> QuerySet[Any]:
        """The features this user may see; raises NotFound where even the layer's existence is no one's business."""
        if not self.seen_by(user):
            raise errors.NotFound("unknown-layer", name=self.name)
        return self.visible_to(user)

    def editable(self, user: Any) -> QuerySet[Any]:
        """The features this user may change; raises NotFound like `features`."""
        from gisapp.accounts import scope

        rows = self.features(user)
        if not self.edit.admits(user):
            return rows.none()
        if self.editable_by:
            return rows.filter(pk__in=self.editable_by(user).order_by().values("pk"))
        if isinstance(self.edit, Audience):
            return rows
        return scope.edited(rows, user, self.edit.roles, owner=self.owner, geometry=self.place_column)


@dataclass(frozen=True)
class DemoPart:
    """A layer's share of the demo region: `build(size, seed, progress)` writes it, in `order`."""

    order: int
    title: Text
    build: Callable[[str, int, Callable[[str], None]], None]


@dataclass(frozen=True)
class Page:
    """An entry of the site's navigation."""

    url_name: str
    title: Text
    see: Who = Audience.EVERYONE


@dataclass(frozen=True)
class App:
    """All that an app contributes.

    `guarded` are the tables beside the layers' own, each with who may read and write it in the database; a table stands
    behind the one that it hangs on.
    `areas_of` offers areas that organisations can be responsible for: kind -> queryset with key, name and geom.
    `areas` says which areas a point (lon, lat) lies in (kind, layer, id, key, name), `nearest` which address is next to
    it.
    `boundary(file, crs, layer of the file)` reads the polygons of a file as one MultiPolygon in EPSG:25832.
    `file_sets` are imports of several files that belong together; `exports` write one file of everything that a name stands
    for: name -> (file, network) -> what was written.
    `doc_pages` are pages of the documentation that come from the code: path below docs/ -> its text.
    `base_data` are layers without which the map is empty ground: name -> the command that fills it.
    """

    name: str
    layers: Sequence[Layer] = ()
    commands: Sequence[Command] = ()
    targets: Sequence[Target] = ()
    tables: Sequence[TableTarget] = ()
    file_sets: Sequence[FileSet] = ()
    exports: Mapping[str, Callable[[Path, str], Mapping[str, Any]]] = field(default_factory=dict)
    finish: Sequence[Finish] = ()
    pages: Sequence[Page] = ()
    urls: Sequence[URLPattern | URLResolver] = ()
    api_urls: Sequence[URLPattern | URLResolver] = ()
    demo: Sequence[DemoPart] = ()
    error_texts: Sequence[errors.ErrorText] = ()
    guarded: Sequence[Guarded] = ()
    areas_of: Mapping[str, Callable[[], QuerySet[Any]]] = field(default_factory=dict)
    areas: Callable[[float, float], list[Mapping[str, Any]]] | None = None
    nearest: Callable[[float, float, Any], Mapping[str, Any] | None] | None = None
    boundary: Callable[[Path, str, str], MultiPolygon] | None = None
    base_data: Mapping[str, str] = field(default_factory=dict)
    doc_pages: Mapping[str, Callable[[], str]] = field(default_factory=dict)

    @property
    def is_service(self) -> bool:
        """Is it something that a site can switch off, rather than a part of the machinery?"""
        return any(not one.base_map for one in self.layers)


_apps: dict[str, App] = {}


def register(app: App) -> None:
    """Add an app's contribution. Raises ValueError when an app, layer or command of that name is there already."""
    if app.name in _apps:
        raise ValueError(f"the app {app.name} is registered already")
    taken = {layer.name for layer in all_layers()} & {layer.name for layer in app.layers}
    taken |= {one.name for one in all_commands()} & {one.name for one in app.commands}
    if taken:
        raise ValueError(f"already registered: {', '.join(sorted(taken))}")
    errors.add(*app.error_texts)
    _apps[app.name] = app


def unregister(name: str) -> None:
    """Take an app out again (tests register throw-away layers)."""
    _apps.pop(name, None)


def all_apps() -> list[App]:
    return list(_apps.values())


def all_layers() -> list[Layer]:
    """All layers in drawing order, the lowest first."""
    return sorted((one for app in _apps.values() for one in app.layers), key=lambda one: (one.order, one.name))


def all_commands() -> Iterator[Command]:
    return (one for app in _apps.values() for one in app.commands)


def all_guarded() -> Iterator[Guarded]:
    return (one for app in _apps.values() for one in app.guarded)


def services() -> list[str]:
    """The names of apps and layers that a site can switch on or leave out."""
    found = [app.name for app in all_apps() if app.is_service]
    return sorted({*found, *(one.name for one in all_layers() if not one.base_map)})


def switched_on(app: str) -> bool:
    """Is this app, or one of its layers, switched on at the site that the request came to? Machinery always is."""
    site, found = current(), _apps.get(app)
    return (
        site is None or found is None or not found.is_service or site.offers(app, *(one.name for one in found.layers))
    )


def offered_apps() -> list[App]:
    return [one for one in all_apps() if switched_on(one.name)]


def _offered(layer: Layer) -> bool:
    """THE place where a site leaves a layer out: every door comes by here. The base map is the ground of all."""
    site = current()
    if site is None or site.services is None or layer.base_map:
        return True
    return site.offers(layer.name, *(app.name for app in _apps.values() if layer in app.layers))


def visible_layers(user: Any = None) -> list[Layer]:
    """The layers whose existence this user may know of."""
    return [one for one in all_layers() if one.seen_by(user or AnonymousUser())]


def find(name: str) -> Layer | None:
    return next((layer for layer in all_layers() if layer.name == name), None)


def get(name: str, user: Any = None) -> Layer:
    """The layer of that name if this user may know of it; raises NotFound("unknown-layer")."""
    layer = find(name)
    if layer is None or not layer.seen_by(user or AnonymousUser()):
        raise errors.NotFound("unknown-layer", name=name[:100])
    return layer


def all_targets() -> list[Target]:
    return [one for app in _apps.values() for one in app.targets]


def target(name: str) -> Target | None:
    """The import target of that layer."""
    return next((one for one in all_targets() if one.layer == name), None)


def all_table_targets() -> list[TableTarget]:
    return [one for app in _apps.values() for one in app.tables]


def file_set(name: str) -> FileSet | None:
    return next((one for app in _apps.values() for one in app.file_sets if one.name == name), None)


def all_file_sets() -> list[FileSet]:
    return [one for app in _apps.values() for one in app.file_sets]


def whole_exports() -> dict[str, Callable[[Path, str], Mapping[str, Any]]]:
    return {name: write for app in _apps.values() for name, write in app.exports.items()}


def finishing(layers: Sequence[str]) -> list[Finish]:
    """The steps that follow a merge into these layers, in order."""
    steps = [one for app in _apps.values() for one in app.finish if set(one.layers) & set(layers)]
    return sorted(steps, key=lambda one: one.order)
