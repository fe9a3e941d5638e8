"""Reads of the regions. `visible_to(user)` querysets hold what is valid today; all of it is public."""

from collections.abc import Mapping
from typing import Any

from django.contrib.gis.geos import Point
from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Concat, TruncDate

from gisapp.geolibs import STORAGE_SRID, WGS84_SRID
from gisapp.moment import Moment
from layers.regions.models import Address, Amt, Country, District, Municipality, Place, Street


def _valid_today(model: type[Any]) -> QuerySet[Any]:
    return model.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=TruncDate(Moment())), retired_at__isnull=True)


def countries(user: Any) -> QuerySet[Country]:
    return _valid_today(Country)


def districts(user: Any) -> QuerySet[District]:
    return _valid_today(District)


def aemter(user: Any) -> QuerySet[Amt]:
    return _valid_today(Amt)


def municipalities(user: Any) -> QuerySet[Municipality]:
    return _valid_today(Municipality)


def districts_now() -> QuerySet[District]:
    return _valid_today(District)


def aemter_now() -> QuerySet[Amt]:
    return _valid_today(Amt)


def municipalities_now() -> QuerySet[Municipality]:
    return _valid_today(Municipality)


def places(user: Any) -> QuerySet[Place]:
    return Place.objects.filter(retired_at__isnull=True)


def streets(user: Any) -> QuerySet[Street]:
    return Street.objects.filter(retired_at__isnull=True)


def addresses(user: Any) -> QuerySet[Address]:
    label = Concat(
        "street_name",
        Value(" "),
        "house_number",
        Value(", "),
        "postcode",
        Value(" "),
        "locality",
        output_field=TextField(),
    )
    return Address.objects.filter(retired_at__isnull=True).annotate(label=label)


def areas_at(lon: float, lat: float) -> list[Mapping[str, Any]]:
    """Who is responsible at this point (CRS84)? Municipality, Amt, district and country, the smallest first."""
    point = Point(lon, lat, srid=WGS84_SRID)
    point.transform(STORAGE_SRID)
    found: list[Mapping[str, Any]] = []
    for kind, layer, model in (
        ("municipality", "municipalities", Municipality),
        ("amt", "aemter", Amt),
        ("district", "districts", District),
        ("country", "countries", Country),
    ):
        area = _valid_today(model).filter(geom__covers=point).order_by("id").first()
        if area is not None:
            found.append({"kind": kind, "layer": layer, "id": area.pk, "key": area.key, "name": area.name})
    return found
