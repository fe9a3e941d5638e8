"""When a venue is open, in the local time of Europe/Berlin."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gisapp.history.tracking import tracked
from layers.venues.models.places import Venue


@tracked
class Opening(models.Model):
    """Open hours on these weekdays (1 Monday .. 7 Sunday), in a season of the year.

    `closes` at or before `opens` is on the next day; 00:00 to 00:00 is the whole day. The season is from one day of the
    year to another, each as month * 100 + day, both included; from 1001 to 331 goes over the new year.
    """

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="openings")
    weekdays = ArrayField(models.SmallIntegerField(), verbose_name=_("Wochentage"))
    season_from = models.SmallIntegerField(_("von (Monat und Tag)"), default=101, db_default=101)
    season_to = models.SmallIntegerField(_("bis (Monat und Tag)"), default=1231, db_default=1231)
    opens = models.TimeField(_("öffnet"))
    closes = models.TimeField(_("schließt"))

    class Meta:
        verbose_name = _("Öffnungszeit")
        verbose_name_plural = _("Öffnungszeiten")
        constraints = (
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7], weekdays__len__gt=0), name="opening_weekdays"
            ),
            models.CheckConstraint(
                condition=Q(season_from__gte=101, season_from__lte=1231, season_to__gte=101, season_to__lte=1231),
                name="opening_season",
            ),
        )

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


@tracked
class SpecialDay(models.Model):
    """Days that are not as usual: closed (no hours), or open at other hours."""

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="special_days")
    first_day = models.DateField(_("erster Tag"))
    last_day = models.DateField(_("letzter Tag"))
    opens = models.TimeField(_("öffnet"), null=True, blank=True)
    closes = models.TimeField(_("schließt"), null=True, blank=True)
    reason = models.TextField(_("Grund"), default="", db_default="", blank=True)

    class Meta:
        verbose_name = _("Ausnahme")
        verbose_name_plural = _("Ausnahmen")
        constraints = (
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="specialday_in_order"),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True) | Q(opens__isnull=False, closes__isnull=False),
                name="specialday_hours_both",
            ),
        )

    def __str__(self) -> str:
        return f"{self.first_day}"


class Holiday(models.Model):
    """A public holiday of Schleswig-Holstein."""

    day = models.DateField(primary_key=True)
    name = models.TextField()

    class Meta:
        verbose_name = _("Feiertag")
        verbose_name_plural = _("Feiertage")

    def __str__(self) -> str:
        return self.name
