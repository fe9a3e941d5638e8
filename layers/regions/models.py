"""Country, district (Kreis), Amt, municipality (Gemeinde); places, streets, addresses."""

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gisapp.base_models import PointFeature, PolygonFeature, Sourced, folded, label_point, tile_copy, tile_index
from gisapp.geolibs import STORAGE_SRID
from gisapp.history.tracking import tracked


class AdministrativeArea(PolygonFeature):
    """An area with an official key that was valid from one day to another (valid_to: the first day it is no more)."""

    key = models.TextField(_("Schlüssel"))
    name = models.TextField(_("Name"))
    population = models.PositiveIntegerField(_("Einwohner"), null=True, blank=True)
    valid_from = models.DateField(_("gültig ab"), null=True, blank=True)
    valid_to = models.DateField(_("gültig bis"), null=True, blank=True)
    name_norm = folded("name")
    label_point = label_point()
    # For zoom 8 and below: vertices closer than a fifth of a pixel to the line are dropped.
    geom_small = tile_copy(models.MultiPolygonField, "ST_Multi(ST_Simplify(ST_Transform(geom, 3857), 120, true))")

    class Meta(PolygonFeature.Meta):
        abstract = True
        constraints = (
            *PolygonFeature.Meta.constraints,
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(retired_at__isnull=True, valid_to__isnull=True),
                name="%(class)s_key_once",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="%(class)s_valid_in_order",
            ),
        )
        indexes = (
            *PolygonFeature.Meta.indexes,
            GinIndex(fields=["name_norm"], opclasses=["gin_trgm_ops"], name="%(class)s_name"),
            tile_index("geom_small", "small"),
        )

    def __str__(self) -> str:
        return self.name


@tracked
class Country(AdministrativeArea):
    """Land: key is the two digits that every AGS of the state starts with."""


@tracked
class District(AdministrativeArea):
    """Kreis or kreisfreie Stadt: key is five digits."""

    country = models.ForeignKey(Country, models.PROTECT, null=True, blank=True, related_name="districts")


@tracked
class Amt(AdministrativeArea):
    """Amt: several municipalities with one administration. Key: the five digits of the Kreis and four of its own."""

    district = models.ForeignKey(District, models.PROTECT, null=True, blank=True, related_name="aemter")


@tracked
class Municipality(AdministrativeArea):
    """Gemeinde: key is the AGS (amtlicher Gemeindeschlüssel), eight digits."""

    district = models.ForeignKey(District, models.PROTECT, null=True, blank=True, related_name="municipalities")
    amt = models.ForeignKey(Amt, models.SET_NULL, null=True, blank=True, related_name="municipalities")
    county_name = models.TextField(_("Kreis laut Quelle"), blank=True, default="", db_default="")

    class Meta(AdministrativeArea.Meta):
        constraints = (
            *AdministrativeArea.Meta.constraints,
            models.CheckConstraint(condition=Q(key__regex=r"^\d{8}$"), name="municipality_ags_digits"),
        )


class AmtMembership(models.Model):
    """Which municipality belongs to which Amt: from a mapping CSV, because boundary files carry the AGS alone."""

    ags = models.TextField(_("AGS"), primary_key=True, validators=[RegexValidator(r"^\d{8}$")])
    amt_key = models.TextField(_("Amtsschlüssel"))
    amt_name = models.TextField(_("Amt"))

    def __str__(self) -> str:
        return f"{self.ags} {self.amt_name}"


@tracked
class Place(PointFeature):
    """Ort, Ortsteil, Siedlung: a name people know, as a point."""

    name = models.TextField(_("Name"))
    kind = models.TextField(_("Art"), default="village", db_default="village")
    population = models.PositiveIntegerField(_("Einwohner"), null=True, blank=True)
    municipality = models.ForeignKey(Municipality, models.SET_NULL, null=True, blank=True, related_name="places")
    name_norm = folded("name")

    class Meta(PointFeature.Meta):
        indexes = (
            *PointFeature.Meta.indexes,
            GinIndex(fields=["name_norm"], opclasses=["gin_trgm_ops"], name="%(class)s_name"),
        )

    def __str__(self) -> str:
        return self.name


@tracked
class Street(Sourced):
    """A street of one locality: its name once, its course where a map knows it, its middle always."""

    name = models.TextField(_("Name"))
    locality = models.TextField(_("Ort"), default="", db_default="", blank=True)
    postcode = models.TextField(_("PLZ"), default="", db_default="", blank=True)
    municipality = models.ForeignKey(Municipality, models.SET_NULL, null=True, blank=True, related_name="streets")
    geom = models.MultiLineStringField(srid=STORAGE_SRID, null=True, blank=True)
    geom_3857 = tile_copy(models.MultiLineStringField, null=True)
    centre = models.PointField(srid=STORAGE_SRID)
    search_text = folded("name", "postcode", "locality")
    name_norm = folded("name")

    class Meta(Sourced.Meta):
        constraints = (
            *Sourced.Meta.constraints,
            models.CheckConstraint(condition=Q(geom__isnull=True) | Q(geom__isvalid=True), name="street_geom_valid"),
            models.UniqueConstraint(
                fields=["source", "name_norm", "locality", "postcode"], name="street_once", nulls_distinct=False
            ),
        )
        indexes = (
            tile_index(),
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="street_search"),
            GinIndex(fields=["name_norm"], opclasses=["gin_trgm_ops"], name="street_name"),
            models.Index(fields=["name_norm"], name="street_name_norm"),
        )

    def __str__(self) -> str:
        return f"{self.name}, {self.postcode} {self.locality}".strip(", ")


@tracked
class Address(PointFeature):
    """A house number at its house. The texts are what the source says; `street` is the row they belong to."""

    street_name = models.TextField(_("Straße"))
    house_number = models.TextField(_("Hausnummer"))
    postcode = models.TextField(_("PLZ"), default="", db_default="", blank=True)
    locality = models.TextField(_("Ort"), default="", db_default="", blank=True)
    street = models.ForeignKey(Street, models.SET_NULL, null=True, blank=True, related_name="addresses")
    municipality = models.ForeignKey(Municipality, models.SET_NULL, null=True, blank=True, related_name="addresses")

    class Meta(PointFeature.Meta):
        indexes = (*PointFeature.Meta.indexes,)

    def __str__(self) -> str:
        return f"{self.street_name} {self.house_number}, {self.postcode} {self.locality}".strip(", ")
