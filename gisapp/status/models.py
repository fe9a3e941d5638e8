"""Banners and maintenance."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gisapp.history.tracking import tracked
from gisapp.tenants.models import Tenant

LONGEST_TEXT = 500


@tracked
class Banner(models.Model):
    """A sentence at the head of every page, of one site or of all (no tenant)."""

    class Level(models.TextChoices):
        INFO = "info", _("Hinweis")
        WARNING = "warning", _("Warnung")
        DISRUPTION = "disruption", _("Störung")

    text_de = models.TextField(_("Text (deutsch)"), max_length=LONGEST_TEXT)
    text_en = models.TextField(_("Text (englisch)"), max_length=LONGEST_TEXT)
    level = models.TextField(_("Art"), choices=Level, default=Level.INFO)
    valid_from = models.DateTimeField(_("ab"), default=timezone.now)
    valid_until = models.DateTimeField(_("bis"), null=True, blank=True, help_text=_("leer: bis er entfernt wird"))
    tenant = models.ForeignKey(
        Tenant, models.CASCADE, null=True, blank=True, verbose_name=_("Mandant"), help_text=_("leer: alle")
    )
    cleared_at = models.DateTimeField(_("entfernt"), null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Banner")
        verbose_name_plural = _("Banner")
        constraints = (
            models.CheckConstraint(condition=Q(level__in=("info", "warning", "disruption")), name="banner_level_known"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")), name="banner_in_order"
            ),
            models.CheckConstraint(condition=~Q(text_de="") & ~Q(text_en=""), name="banner_has_text"),
        )

    def __str__(self) -> str:
        return self.text_de


@tracked
class Maintenance(models.Model):
    """The one row that says whether the installation is in maintenance. A file says the same (maintenance.py)."""

    class Mode(models.TextChoices):
        OFF = "off", _("aus")
        READ_ONLY = "read-only", _("nur lesen")
        FULL = "full", _("alles")

    mode = models.TextField(choices=Mode, default=Mode.OFF)
    reason_de = models.TextField(blank=True, default="")
    reason_en = models.TextField(blank=True, default="")
    until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(pk=1), name="maintenance_is_one"),
            models.CheckConstraint(condition=Q(mode__in=("off", "read-only", "full")), name="maintenance_mode_known"),
        )

    def __str__(self) -> str:
        return self.mode
