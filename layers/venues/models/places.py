"""Venues, their rooms, and what of them can be booked."""

from typing import Any

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from gisapp.accounts.models import Organisation
from gisapp.base_models import PointFeature, folded
from gisapp.geolibs import WGS84_SRID
from gisapp.history.tracking import tracked


def equipment_keys() -> ArrayField:
    """Keys of Equipment; a trigger refuses unknown ones."""
    return ArrayField(models.TextField(), verbose_name=_("Ausstattung"), default=list, db_default=[], blank=True)


class Equipment(models.Model):
    """What a venue or a space may have (kitchen, projector); municipalities add their own."""

    key = models.TextField(primary_key=True)
    name = models.TextField(_("Name"))
    name_en = models.TextField(_("Name, englisch"))
    ordinal = models.IntegerField(default=100, db_default=100)

    class Meta:
        verbose_name = _("Ausstattung")
        verbose_name_plural = _("Ausstattungen")
        constraints = (
            models.CheckConstraint(condition=Q(key__regex=r"^[a-z][a-z0-9-]{0,39}$"), name="equipment_key_form"),
        )

    def __str__(self) -> str:
        return self.name


@tracked
class Venue(PointFeature):
    """A place with rooms that people book: village hall (Dorfgemeinschaftshaus), barbecue place, sports ground.

    `organisation` is the municipality that lets it. Without `published` it is internal to that organisation.
    """

    class Kind(models.TextChoices):
        HALL = "hall", _("Saal, Gemeinschaftshaus")
        ROOM = "room", _("Raum")
        BARBECUE = "barbecue", _("Grillplatz")
        SPORTS = "sports", _("Sportanlage")
        SHELTER = "shelter", _("Schutzhütte")
        OTHER = "other", _("Sonstiges")

    class Access(models.TextChoices):
        UNKNOWN = "unknown", _("keine Angabe")
        NONE = "none", _("nicht barrierefrei")
        PARTLY = "partly", _("teilweise barrierefrei")
        FULL = "full", _("barrierefrei")

    class OnHolidays(models.TextChoices):
        WEEKDAY = "weekday", _("wie am Wochentag")
        SUNDAY = "sunday", _("wie sonntags")
        CLOSED = "closed", _("geschlossen")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="venues", verbose_name=_("Gemeinde"))
    name = models.TextField(_("Name"))
    kind = models.TextField(_("Art"), choices=Kind)
    text = models.TextField(_("Beschreibung"), default="", db_default="", blank=True)
    street = models.TextField(_("Straße und Hausnummer"), default="", db_default="", blank=True)
    postcode = models.TextField(_("Postleitzahl"), default="", db_default="", blank=True)
    locality = models.TextField(_("Ort"), default="", db_default="", blank=True)
    equipment = equipment_keys()
    capacity = models.IntegerField(_("Personen höchstens"))
    access = models.TextField(_("Barrierefreiheit"), choices=Access, default=Access.UNKNOWN, db_default="unknown")
    access_note = models.TextField(_("zur Barrierefreiheit"), default="", db_default="", blank=True)
    house_rules = models.TextField(_("Hausordnung"), default="", db_default="", blank=True)
    on_holidays = models.TextField(
        _("an Feiertagen"), choices=OnHolidays, default=OnHolidays.SUNDAY, db_default="sunday"
    )
    published = models.BooleanField(_("öffentlich"), default=False, db_default=False)
    name_norm = folded("name", "text", "locality")

    class Meta(PointFeature.Meta):
        verbose_name = _("Ort zum Feiern")
        verbose_name_plural = _("Orte zum Feiern")
        constraints = (
            *PointFeature.Meta.constraints,
            models.CheckConstraint(condition=Q(name__regex=r"\S"), name="venue_named"),
            models.CheckConstraint(
                condition=Q(kind__in=("hall", "room", "barbecue", "sports", "shelter", "other")),
                name="venue_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(access__in=("unknown", "none", "partly", "full")), name="venue_access_known"
            ),
            models.CheckConstraint(
                condition=Q(on_holidays__in=("weekday", "sunday", "closed")), name="venue_holidays_known"
            ),
            models.CheckConstraint(condition=Q(capacity__gt=0), name="venue_holds_people"),
        )
        indexes = (
            *PointFeature.Meta.indexes,
            models.Index(fields=["organisation"], name="venue_organisation"),
            GinIndex(fields=["name_norm"], opclasses=["gin_trgm_ops"], name="%(class)s_name"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> tuple[float, float]:
        """Longitude and latitude (CRS84), to a decimetre."""
        point: Any = self.geom.transform(WGS84_SRID, clone=True)
        return round(point.x, 6), round(point.y, 6)


class Caretaker(models.Model):
    """Who opens a venue and how its keys are handed over. Data of a person: no history, and staff alone see it."""

    venue = models.OneToOneField(Venue, models.CASCADE, related_name="caretaker", primary_key=True)
    name = models.TextField(_("Name"), blank=True)
    phone = models.TextField(_("Telefon"), default="", db_default="", blank=True)
    keys = models.TextField(_("Schlüsselübergabe"), default="", db_default="", blank=True)

    class Meta:
        verbose_name = _("Hausmeister")
        verbose_name_plural = _("Hausmeister")

    def __str__(self) -> str:
        return self.name


class Conditions(models.Model):
    """The terms of use as they stood. Whoever books accepts one version; a text that was accepted is never changed."""

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="conditions")
    version = models.IntegerField(_("Fassung"))
    text = models.TextField(_("Nutzungsbedingungen"))
    text_en = models.TextField(_("Nutzungsbedingungen, englisch"), default="", db_default="", blank=True)
    published_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Nutzungsbedingungen")
        verbose_name_plural = _("Nutzungsbedingungen")
        constraints = (
            models.UniqueConstraint(fields=["venue", "version"], name="conditions_once"),
            models.CheckConstraint(condition=Q(version__gt=0, text__regex=r"\S"), name="conditions_written"),
        )

    def __str__(self) -> str:
        return f"{self.venue} · {self.version}"


@tracked
class Room(models.Model):
    """An atomic room: it is in use by one booking at a time. A hall that can be divided is two rooms."""

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="rooms")
    name = models.TextField(_("Name"))

    class Meta:
        verbose_name = _("Raum")
        verbose_name_plural = _("Räume")
        constraints = (
            models.UniqueConstraint(fields=["venue", "name"], name="room_once"),
            models.CheckConstraint(condition=Q(name__regex=r"\S"), name="room_named"),
        )

    def __str__(self) -> str:
        return self.name


@tracked
class Space(models.Model):
    """What can be booked: one room, or several together (both halves of the hall, the hall with the kitchen).

    Spaces block each other through the rooms they share. Times are minutes; `lead_hours` is how long before its begin a
    booking is asked for at the latest, `days_ahead` how early. Buffers are the time that the house needs before and after
    each use; the buffers of two neighbouring uses add.
    """

    class Mode(models.TextChoices):
        REQUEST = "request", _("auf Anfrage")
        INSTANT = "instant", _("sofort")

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="spaces")
    name = models.TextField(_("Name"))
    text = models.TextField(_("Beschreibung"), default="", db_default="", blank=True)
    equipment = equipment_keys()
    capacity = models.IntegerField(_("Personen höchstens"))
    mode = models.TextField(_("Buchung"), choices=Mode, default=Mode.REQUEST, db_default="request")
    before_minutes = models.IntegerField(_("Vorlauf in Minuten"), default=0, db_default=0)
    after_minutes = models.IntegerField(_("Nachlauf in Minuten"), default=0, db_default=0)
    min_minutes = models.IntegerField(_("mindestens Minuten"), default=60, db_default=60)
    max_minutes = models.IntegerField(_("höchstens Minuten"), default=2880, db_default=2880)
    lead_hours = models.IntegerField(_("spätestens Stunden vorher"), default=48, db_default=48)
    days_ahead = models.IntegerField(_("frühestens Tage vorher"), default=365, db_default=365)
    overnight = models.BooleanField(_("auch über Nacht"), default=False, db_default=False)
    whole_days = models.BooleanField(_("nur ganze Tage"), default=False, db_default=False)
    option_hours = models.IntegerField(_("eine Option gilt Stunden"), default=72, db_default=72)
    booker_confirms = models.BooleanField(_("nach der Zusage bestätigt, wer bucht"), default=False, db_default=False)
    cleaning_cents = models.IntegerField(_("Endreinigung in Cent"), default=0, db_default=0)
    deposit_cents = models.IntegerField(_("Kaution in Cent"), default=0, db_default=0)
    vat_percent = models.DecimalField(
        _("Umsatzsteuer in Prozent"), max_digits=4, decimal_places=1, default=0, db_default=0
    )
    active = models.BooleanField(_("buchbar"), default=True, db_default=True)
    ordinal = models.IntegerField(default=100, db_default=100)

    class Meta:
        verbose_name = _("Angebot")
        verbose_name_plural = _("Angebote")
        constraints = (
            models.UniqueConstraint(fields=["venue", "name"], name="space_once"),
            models.CheckConstraint(condition=Q(name__regex=r"\S"), name="space_named"),
            models.CheckConstraint(condition=Q(mode__in=("request", "instant")), name="space_mode_known"),
            models.CheckConstraint(
                condition=Q(capacity__gt=0, before_minutes__gte=0, before_minutes__lte=10080, after_minutes__gte=0, after_minutes__lte=10080, min_minutes__gt=0,
                            max_minutes__gte=F("min_minutes"), lead_hours__gte=0, days_ahead__gt=0, option_hours__gt=0),
                name="space_limits_sensible",
            ),
            models.CheckConstraint(
                condition=Q(cleaning_cents__gte=0, deposit_cents__gte=0, vat_percent__gte=0, vat_percent__lte=99), name="space_money_sensible"
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.name


@tracked
class SpaceRoom(models.Model):
    """One room of a space."""

    space = models.ForeignKey(Space, models.CASCADE, related_name="parts")
    room = models.ForeignKey(Room, models.CASCADE, related_name="parts")

    class Meta:
        verbose_name = _("Raum eines Angebots")
        verbose_name_plural = _("Räume der Angebote")
        constraints = (models.UniqueConstraint(fields=["space", "room"], name="spaceroom_once"),)

    def __str__(self) -> str:
        return f"{self.space_id}: {self.room_id}"
