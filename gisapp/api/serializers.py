"""Serialisers of the REST interface. Features are written through one built from the layer's declaration."""

from functools import lru_cache
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, MultiLineString, MultiPolygon, WKBWriter
from rest_framework import serializers
from rest_framework_gis.fields import GeometryField
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from gisapp.errors import BadInput
from gisapp.features.crs import DEFAULT, REACH, Crs
from gisapp.geolibs import STORAGE_SRID, WGS84_SRID
from gisapp.layer import Field, Layer
from gisapp.problems import CONTENT_TYPE

# Metres of EPSG:25832 that still have a longitude and a latitude.
_STORED_REACH = (-5e6, 0.0, 6e6, 1e7)
_MULTI = {"Polygon": MultiPolygon, "LineString": MultiLineString}


def _turned(found: Any) -> Any:
    """Coordinates north first turned to east first."""
    if isinstance(found, list) and found and not isinstance(found[0], list):
        return [*found[1::-1], *found[2:]]
    return [_turned(one) for one in found] if isinstance(found, list) else found


def _storable(extent: tuple[float, float, float, float], crs: Crs) -> bool:
    """Does EPSG:25832 reach as far as this?"""
    west, south, east, north = REACH.get(crs.srid, _STORED_REACH)
    return west <= extent[0] and south <= extent[1] and extent[2] <= east and extent[3] <= north


class StoredGeometry(GeometryField):
    """GeoJSON outside, in CRS84 or the context's `crs`, the column's type in EPSG:25832 inside; single geometries
    become multi where asked."""

    def __init__(self, **kwargs: Any) -> None:
        self.kind = kwargs.pop("kind", "")
        super().__init__(**kwargs)

    def to_internal_value(self, value: Any) -> GEOSGeometry:
        if not isinstance(value, dict):  # the library would take WKT in any system
            raise BadInput("geometry-wrong", field=self.field_name, kind=self.kind)
        crs = self.context.get("crs", DEFAULT)
        if crs.flipped:
            value = {**value, "coordinates": _turned(value.get("coordinates"))}
        found = super().to_internal_value(value)
        if self.kind.startswith("Multi") and found.geom_type in _MULTI:
            found = _MULTI[found.geom_type](found, srid=crs.srid)
        if found.empty or self.kind not in ("", "Geometry", found.geom_type):
            raise BadInput("geometry-wrong", field=self.field_name, kind=self.kind)
        if not _storable(found.extent, crs):
            raise BadInput("geometry-too-far", field=self.field_name)
        if found.hasz:
            found = GEOSGeometry(WKBWriter(dim=2).write(found))
        found.srid = crs.srid
        if crs.srid != STORAGE_SRID:
            found.transform(STORAGE_SRID)
        return found

    def to_representation(self, value: GEOSGeometry) -> Any:
        shown = value.clone()
        shown.transform(WGS84_SRID)
        return super().to_representation(shown)


class _Feature(GeoFeatureModelSerializer):
    """A GeoJSON feature; the library reads `properties` before it has looked at them.

    A name that the layer does not have is refused; public values that come from elsewhere may be sent along and stay.
    """

    layer = ""
    known: frozenset[str] = frozenset()

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("properties", {}), dict):
            raise BadInput("no-feature")
        unknown = set(data.get("properties", {})) - self.known
        if unknown:
            raise BadInput("unknown-field", layer=self.layer, field=sorted(unknown)[0][:100])
        # Without `properties` the library would take it for a flat object and overlook the geometry.
        return super().to_internal_value({**data, "properties": data.get("properties", {})})


class Reference(serializers.SlugRelatedField):
    """A row of another table by a unique value of it."""

    def to_internal_value(self, data: Any) -> Any:
        rows, name = self.get_queryset(), str(self.field_name)
        assert rows is not None and self.slug_field
        readable = isinstance(data, str) and "\x00" not in data
        found = rows.filter(**{self.slug_field: data}).first() if readable else None
        if found is None:
            raise BadInput("bad-value", field=name, name=name, value=str(data)[:100])
        return found


def _reference(layer: Layer, one: Field) -> Reference:
    """The field that is written by the other row's value. What of that table is anybody's to name, the row's own rights
    decide when it is written."""
    key, _separator, value = one.path.partition("__")
    column = layer.model_class._meta.get_field(key)
    rows = column.related_model._default_manager.all()  # type: ignore[union-attr]
    source = key if key != one.name else None
    null = bool(column.null)
    return Reference(source=source, slug_field=value, queryset=rows, required=not null, allow_null=null)


@lru_cache(maxsize=128)
def serializer_for(layer: Layer) -> type[GeoFeatureModelSerializer]:
    """The serialiser class of a layer: its public columns; what comes from elsewhere is read-only and left out."""
    columns = {one.name for one in layer.model_class._meta.concrete_fields if not one.generated}
    references = {one.name: _reference(layer, one) for one in layer.public_fields if one.reference}
    writable = [one.name for one in layer.public_fields if one.path == one.name and one.name in columns]
    meta = type(
        "Meta",
        (),
        {
            "model": layer.model_class,
            "geo_field": layer.geometry_column,
            "fields": ["id", layer.geometry_column, *writable, *references],
            "validators": [],  # what must be unique is the database's to say: it has all rows, and no two ask at once
        },
    )
    shape = StoredGeometry(kind=str(layer.geometry), **({} if layer.drawn else {"read_only": True}))
    known = frozenset({one.name for one in layer.public_fields} | ({layer.owner} if layer.owner else set()))
    members = {"Meta": meta, **references, layer.geometry_column: shape, "layer": layer.name, "known": known}
    return type(f"{layer.name.title()}Serializer", (_Feature,), members)


class Hit(serializers.Serializer[Any]):
    layer = serializers.CharField()
    id = serializers.CharField()
    title = serializers.CharField()
    subtitle = serializers.CharField()
    score = serializers.FloatField()
    lon = serializers.FloatField()
    lat = serializers.FloatField()
    bbox = serializers.ListField(child=serializers.FloatField(), allow_null=True)


class SearchAnswer(serializers.Serializer[Any]):
    query = serializers.CharField()
    hits = Hit(many=True)


class AreaAnswer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    layer = serializers.CharField()
    id = serializers.IntegerField()
    key = serializers.CharField()
    name = serializers.CharField()


class AddressAnswer(serializers.Serializer[Any]):
    layer = serializers.CharField()
    id = serializers.CharField()
    title = serializers.CharField()
    subtitle = serializers.CharField()
    distance_m = serializers.FloatField()
    lon = serializers.FloatField()
    lat = serializers.FloatField()


class ReverseAnswer(serializers.Serializer[Any]):
    address = AddressAnswer(allow_null=True)
    areas = AreaAnswer(many=True)


class FieldAnswer(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField()
    filter = serializers.BooleanField()


class LayerAnswer(serializers.Serializer[Any]):
    """A layer's public declaration."""

    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    group = serializers.CharField()
    geometry = serializers.CharField()
    attribution = serializers.CharField()
    switched_on = serializers.BooleanField()
    base_map = serializers.BooleanField()
    interactive = serializers.BooleanField()
    min_zoom = serializers.IntegerField()
    max_zoom = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    columns = serializers.ListField(child=serializers.CharField())
    exports = serializers.ListField(child=serializers.CharField())
    fields = FieldAnswer(many=True)  # type: ignore[assignment]


class ProblemAnswer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    field = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)


GEOJSON = "application/geo+json"


def problems(*statuses: int) -> dict[tuple[int, str], type[ProblemAnswer]]:
    """For the OpenAPI description: the refusals that an operation may answer with."""
    return {(status, CONTENT_TYPE): ProblemAnswer for status in (*statuses, 406, 503)}
