"""What every object of a network has: the network that it belongs to, its state, and how it was surveyed."""

import uuid
from typing import ClassVar

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from gisapp.accounts.models import Organisation
from gisapp.history.tracking import tracked

KEY = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"


class RandomUUID(models.Func):
    """A key that the database makes where the client made none."""

    function = "gen_random_uuid"
    output_field = models.UUIDField()


class Lifecycle(models.TextChoices):
    """From the drawing to the trench that is dug out. What is decommissioned still lies there and takes its place."""

    PLANNED = "planned", _("geplant")
    APPROVED = "approved", _("genehmigt")
    UNDER_CONSTRUCTION = "under_construction", _("im Bau")
    IN_SERVICE = "in_service", _("in Betrieb")
    OUT_OF_SERVICE = "out_of_service", _("außer Betrieb")
    DECOMMISSIONED = "decommissioned", _("stillgelegt")
    REMOVED = "removed", _("ausgebaut")


class SurveyMethod(models.TextChoices):
    """How the position is known."""

    GNSS = "gnss", _("GNSS")
    TACHYMETER = "tachymeter", _("Tachymeter")
    TAPE = "tape", _("Bandmaß")
    DIGITISED = "digitised", _("vom Plan abgegriffen")
    ESTIMATED = "estimated", _("geschätzt")
    UNKNOWN = "unknown", _("unbekannt")


@tracked
class Network(models.Model):
    """A network of one organisation. Names are unique in it, and rights hang on it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    key = models.TextField(_("Kürzel"), unique=True, validators=[RegexValidator(KEY[:-1] + r"\Z")])
    name = models.TextField(_("Name"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="networks", verbose_name=_("Organisation")
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Netz")
        verbose_name_plural = _("Netze")
        constraints = (
            models.CheckConstraint(condition=Q(key__regex=KEY), name="network_key_form"),
            models.CheckConstraint(condition=Q(name__regex=r"\S"), name="network_named"),
        )

    def __str__(self) -> str:
        return self.name


def name_index() -> GinIndex:
    return GinIndex(fields=["name_norm"], opclasses=["gin_trgm_ops"], name="fibre_%(class)s_name")


class NetworkObject(models.Model):
    """An object of a network. `organisation` is the network's, kept by the database: rights ask it of every row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    network = models.ForeignKey(Network, models.PROTECT, related_name="+", verbose_name=_("Netz"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("Organisation"), editable=False
    )
    name = models.TextField(_("Name"), null=True, blank=True)
    lifecycle = models.TextField(_("Stand"), choices=Lifecycle, default=Lifecycle.PLANNED, db_default="planned")
    owner = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("Eigentum"), null=True, blank=True
    )
    survey_method = models.TextField(
        _("Vermessung"), choices=SurveyMethod, default=SurveyMethod.UNKNOWN, db_default="unknown"
    )
    survey_accuracy_cm = models.IntegerField(_("Genauigkeit"), null=True, blank=True)
    surveyed_on = models.DateField(_("vermessen am"), null=True, blank=True)
    surveyed_by = models.TextField(_("vermessen durch"), default="", db_default="", blank=True)
    remark = models.TextField(_("Bemerkung"), default="", db_default="", blank=True)
    work_order = models.ForeignKey(
        "fibre.WorkOrder", models.PROTECT, related_name="+", verbose_name=_("Auftrag"), null=True, blank=True
    )
    source = models.TextField(default="hand", db_default="hand", editable=False)
    source_id = models.TextField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.UniqueConstraint(fields=["network", "name"], name="fibre_%(class)s_name_once"),
            models.UniqueConstraint(fields=["network", "source", "source_id"], name="fibre_%(class)s_source_once"),
            models.CheckConstraint(condition=Q(name__regex=r"\S"), name="fibre_%(class)s_name_told"),
            models.CheckConstraint(condition=Q(lifecycle__in=Lifecycle.values), name="fibre_%(class)s_lifecycle"),
            models.CheckConstraint(condition=Q(survey_method__in=SurveyMethod.values), name="fibre_%(class)s_survey"),
            models.CheckConstraint(condition=Q(survey_accuracy_cm__gt=0), name="fibre_%(class)s_accuracy"),
        )

    def __str__(self) -> str:
        return self.name or str(self.pk)
