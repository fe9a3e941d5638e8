"""Work orders: what is to be built, cut, spliced or taken out, as a change set over the network that is there."""

import uuid

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from gisapp.accounts.models import Organisation
from gisapp.geolibs import STORAGE_SRID
from gisapp.history.tracking import tracked
from layers.fibre.models.common import Network, RandomUUID


@tracked
class WorkOrder(models.Model):
    """What one crew does in one go. Objects that it will build are drawn as planned and name it; what it does to objects
    that are there stands in its steps. `rehearsal` is what the steps would change, the last time that anybody looked;
    `agreed` what was approved: the base may have changed since.

    A contractor has rights in `area` until `ends_on`, as long as the order is issued.
    """

    class Kind(models.TextChoices):
        BUILD = "build", _("Bau")
        SPLICE = "splice", _("Spleißplan")
        REPAIR = "repair", _("Entstörung")
        SURVEY = "survey", _("Vermessung")

    class State(models.TextChoices):
        DRAFT = "draft", _("Entwurf")
        APPROVED = "approved", _("genehmigt")
        ISSUED = "issued", _("beauftragt")
        DONE = "done", _("ausgeführt")
        CANCELLED = "cancelled", _("verworfen")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    network = models.ForeignKey(Network, models.PROTECT, related_name="+", verbose_name=_("Netz"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("Organisation"), editable=False
    )
    name = models.TextField(_("Nummer"))
    title = models.TextField(_("Bezeichnung"), default="", db_default="", blank=True)
    kind = models.TextField(_("Art"), choices=Kind, default=Kind.BUILD, db_default="build")
    state = models.TextField(_("Stand"), choices=State, default=State.DRAFT, db_default="draft")
    area = models.MultiPolygonField(_("Gebiet"), srid=STORAGE_SRID, null=True, blank=True)
    begins_on = models.DateField(_("ab"), null=True, blank=True)
    ends_on = models.DateField(_("bis einschließlich"), null=True, blank=True)
    contractor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        related_name="+",
        verbose_name=_("Auftragnehmer"),
        null=True,
        blank=True,
    )
    remark = models.TextField(_("Bemerkung"), default="", db_default="", blank=True)
    rehearsal = models.JSONField(null=True, blank=True, editable=False)
    agreed = models.JSONField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Auftrag")
        verbose_name_plural = _("Aufträge")
        constraints = (
            models.UniqueConstraint(fields=["network", "name"], name="fibre_workorder_name_once"),
            models.CheckConstraint(condition=Q(name__regex=r"\S"), name="fibre_workorder_named"),
            models.CheckConstraint(
                condition=Q(kind__in=("build", "splice", "repair", "survey")), name="fibre_workorder_kind"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "approved", "issued", "done", "cancelled")),
                name="fibre_workorder_state",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(begins_on__isnull=True) | Q(ends_on__gte=F("begins_on")),
                name="fibre_workorder_in_order",
            ),
            models.CheckConstraint(
                condition=Q(contractor__isnull=True) | Q(area__isnull=False, ends_on__isnull=False),
                name="fibre_workorder_bounds",
            ),
            models.CheckConstraint(condition=Q(area__isvalid=True), name="fibre_workorder_area_valid"),
        )

    def __str__(self) -> str:
        return self.name


@tracked
class OrderStep(models.Model):
    """One action (layers/fibre/actions.py) of an order. `$2` among the arguments is what step 2 made."""

    order = models.ForeignKey(WorkOrder, models.CASCADE, related_name="steps", verbose_name=_("Auftrag"))
    ordinal = models.IntegerField(_("Nummer"))
    action = models.TextField(_("Handgriff"))
    arguments = models.JSONField(_("Angaben"), default=dict)
    remark = models.TextField(_("Bemerkung"), default="", db_default="", blank=True)
    done_at = models.DateTimeField(_("ausgeführt am"), null=True, blank=True, editable=False)
    result = models.JSONField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("Schritt")
        verbose_name_plural = _("Schritte")
        constraints = (
            models.UniqueConstraint(
                fields=["order", "ordinal"], name="fibre_orderstep_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=Q(ordinal__gt=0), name="fibre_orderstep_ordinal"),
        )

    def __str__(self) -> str:
        return f"{self.order_id} {self.ordinal}"
