"""What a space costs. Money is whole cents; prices include VAT."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gisapp.history.tracking import tracked
from layers.venues.models.places import Space, Venue


class Group(models.TextChoices):
    """Who books: each group has its tariffs."""

    RESIDENT = "resident", _("Einwohnerin oder Einwohner")
    CLUB = "club", _("Verein")
    COMMERCIAL = "commercial", _("gewerblich oder auswärtig")


@tracked
class Tariff(models.Model):
    """The price of an hour, of a day, or of the whole use, for one group; on some weekdays and in a season alone.

    Of several tariffs that fit the begin of a use the one with the lowest `ordinal` counts.
    """

    class Unit(models.TextChoices):
        HOUR = "hour", _("je angefangene Stunde")
        DAY = "day", _("je Kalendertag")
        FLAT = "flat", _("pauschal")

    space = models.ForeignKey(Space, models.CASCADE, related_name="tariffs")
    group = models.TextField(_("Gruppe"), choices=Group)
    unit = models.TextField(_("Einheit"), choices=Unit)
    cents = models.IntegerField(_("Cent"))
    weekdays = ArrayField(
        models.SmallIntegerField(), verbose_name=_("Wochentage"), default=list, db_default=[], blank=True
    )
    season_from = models.SmallIntegerField(_("von (Monat und Tag)"), default=101, db_default=101)
    season_to = models.SmallIntegerField(_("bis (Monat und Tag)"), default=1231, db_default=1231)
    ordinal = models.IntegerField(default=100, db_default=100)

    class Meta:
        verbose_name = _("Tarif")
        verbose_name_plural = _("Tarife")
        constraints = (
            models.CheckConstraint(condition=Q(group__in=("resident", "club", "commercial")), name="tariff_group_known"),
            models.CheckConstraint(condition=Q(unit__in=("hour", "day", "flat")), name="tariff_unit_known"),
            models.CheckConstraint(condition=Q(cents__gte=0), name="tariff_not_negative"),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7], season_from__gte=101, season_from__lte=1231, season_to__gte=101, season_to__lte=1231),
                name="tariff_days",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.group} {self.unit} {self.cents}"


@tracked
class Extra(models.Model):
    """What is let along with a space: crockery, a projector, wood for the grill."""

    space = models.ForeignKey(Space, models.CASCADE, related_name="extras")
    name = models.TextField(_("Name"))
    name_en = models.TextField(_("Name, englisch"), default="", db_default="", blank=True)
    cents = models.IntegerField(_("Cent"))
    most = models.IntegerField(_("höchstens"), default=1, db_default=1)

    class Meta:
        verbose_name = _("Zusatzleistung")
        verbose_name_plural = _("Zusatzleistungen")
        constraints = (
            models.UniqueConstraint(fields=["space", "name"], name="extra_once"),
            models.CheckConstraint(condition=Q(cents__gte=0, most__gt=0), name="extra_sensible"),
        )

    def __str__(self) -> str:
        return self.name


@tracked
class CancelRule(models.Model):
    """From so many days before the begin on, cancelling costs this share of the price."""

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="cancel_rules")
    days_before = models.IntegerField(_("ab Tagen vor Beginn"))
    percent = models.IntegerField(_("Prozent des Preises"))

    class Meta:
        verbose_name = _("Stornoregel")
        verbose_name_plural = _("Stornoregeln")
        constraints = (
            models.UniqueConstraint(fields=["venue", "days_before"], name="cancelrule_once"),
            models.CheckConstraint(
                condition=Q(days_before__gte=0, percent__gte=0, percent__lte=100), name="cancelrule_sensible"
            ),
        )

    def __str__(self) -> str:
        return f"{self.days_before}: {self.percent} %"
