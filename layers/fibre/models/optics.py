"""Optics classes: how much loss there may be between two transceivers, by wavelength. Rows of the catalogue."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class OpticsClass(models.Model):
    """A class of transceivers (GPON B+, XGS-PON N1 …); its budgets by wavelength are `OpticsBudget`."""

    key = models.TextField(_("Kürzel"), primary_key=True)
    name = models.TextField(_("Name"))
    technology = models.TextField(_("Technik"), default="", db_default="", blank=True)

    class Meta:
        verbose_name = _("Optikklasse")
        verbose_name_plural = _("Optikklassen")

    def __str__(self) -> str:
        return self.name


class OpticsBudget(models.Model):
    """The most loss that a class bears at a wavelength (decibels), and the least, below which the receiver is overloaded.

    `verified` is False where no source of this house has the figures.
    """

    optics = models.ForeignKey(OpticsClass, models.CASCADE, related_name="budgets", verbose_name=_("Optikklasse"))
    wavelength_nm = models.SmallIntegerField(_("Wellenlänge"))
    direction = models.TextField(
        _("Richtung"), choices=[("down", _("zum Kunden")), ("up", _("vom Kunden")), ("both", _("beide"))]
    )
    max_loss_db = models.DecimalField(_("Dämpfung höchstens"), max_digits=4, decimal_places=2)
    min_loss_db = models.DecimalField(_("Dämpfung mindestens"), max_digits=4, decimal_places=2, null=True, blank=True)
    verified = models.BooleanField(_("belegt"), default=False, db_default=False)

    class Meta:
        verbose_name = _("Dämpfungsbudget")
        verbose_name_plural = _("Dämpfungsbudgets")
        constraints = (
            models.UniqueConstraint(fields=["optics", "wavelength_nm"], name="fibre_opticsbudget_once"),
            models.CheckConstraint(
                condition=Q(direction__in=("down", "up", "both"), wavelength_nm__gte=800, wavelength_nm__lte=1700),
                name="fibre_opticsbudget_what",
            ),
            models.CheckConstraint(
                condition=Q(max_loss_db__gt=0)
                & (Q(min_loss_db__isnull=True) | Q(min_loss_db__gte=0, min_loss_db__lt=F("max_loss_db"))),
                name="fibre_opticsbudget_range",
            ),
        )

    def __str__(self) -> str:
        return f"{self.optics_id} {self.wavelength_nm} nm"
