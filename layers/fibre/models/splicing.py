"""Joints: splices, pigtails, patch cords and plugs. Each joins two ends, and an end is in one joint at most."""

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gisapp.base_models import formula
from gisapp.history.tracking import tracked
from layers.fibre.models.cables import FibreSection
from layers.fibre.models.common import RandomUUID
from layers.fibre.models.enclosures import Enclosure, Port, SplitterLeg, Tray


class JointKind(models.TextChoices):
    SPLICE = "splice", _("Spleiß")
    PIGTAIL = "pigtail", _("Pigtail")
    PATCH = "patch", _("Patchkabel")
    PLUG = "plug", _("werkseitiger Stecker")
    THROUGH = "through", _("Durchführung")


@tracked
class Joint(models.Model):
    """Two ends joined in an enclosure; a patch cord may join ports of two enclosures or devices of one node.

    `loss_db` is the measured loss; without it the usual one of its kind counts.
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    enclosure = models.ForeignKey(
        Enclosure, models.PROTECT, related_name="joints", verbose_name=_("Gehäuse"), null=True, blank=True
    )
    tray = models.ForeignKey(
        Tray, models.PROTECT, related_name="joints", verbose_name=_("Kassette"), null=True, blank=True
    )
    slot = models.SmallIntegerField(_("Platz"), null=True, blank=True)
    kind = models.TextField(_("Art"), choices=JointKind)
    loss_db = models.DecimalField(_("Dämpfung"), max_digits=5, decimal_places=3, null=True, blank=True)
    measured_on = models.DateField(_("gemessen am"), null=True, blank=True)
    measured_by = models.TextField(_("gemessen durch"), default="", db_default="", blank=True)
    remark = models.TextField(_("Bemerkung"), default="", db_default="", blank=True)

    class Meta:
        verbose_name = _("Verbindung")
        verbose_name_plural = _("Verbindungen")
        constraints = (
            models.UniqueConstraint(fields=["tray", "slot"], name="fibre_joint_slot_once"),
            models.CheckConstraint(
                condition=Q(kind__in=("splice", "pigtail", "patch", "plug", "through")), name="fibre_joint_kind"
            ),
            models.CheckConstraint(
                condition=Q(enclosure__isnull=False) | Q(kind="patch", tray__isnull=True), name="fibre_joint_somewhere"
            ),
            models.CheckConstraint(
                condition=Q(slot__isnull=True) | Q(slot__gt=0, tray__isnull=False), name="fibre_joint_slot"
            ),
            models.CheckConstraint(
                condition=Q(loss_db__isnull=True) | Q(loss_db__gt=-2, loss_db__lt=60), name="fibre_joint_loss"
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)


@tracked
class JointEnd(models.Model):
    """An end in a joint: a side of a fibre section, of a port, or a splitter's leg - exactly one of them."""

    joint = models.ForeignKey(Joint, models.CASCADE, related_name="ends")
    section = models.ForeignKey(
        FibreSection, models.PROTECT, related_name="ends", null=True, blank=True, db_index=False
    )
    port = models.ForeignKey(Port, models.PROTECT, related_name="ends", null=True, blank=True, db_index=False)
    leg = models.ForeignKey(SplitterLeg, models.PROTECT, related_name="ends", null=True, blank=True, db_index=False)
    side = models.TextField()
    # Which thing it is, whatever its kind: keys are unique in the world, so one index finds and forbids.
    thing = formula("coalesce(section_id, port_id, leg_id)", models.UUIDField())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["thing", "side"], name="fibre_jointend_once"),
            models.CheckConstraint(
                condition=Q(section__isnull=False, port__isnull=True, leg__isnull=True)
                | Q(section__isnull=True, port__isnull=False, leg__isnull=True)
                | Q(section__isnull=True, port__isnull=True, leg__isnull=False),
                name="fibre_jointend_of_one",
            ),
            models.CheckConstraint(
                condition=Q(side__in=("a", "b")) & (Q(leg__isnull=True) | Q(side="a")), name="fibre_jointend_side"
            ),
        )
        # For the foreign keys' own look-ups; most of each column is empty.
        indexes = (
            models.Index(fields=["section"], condition=Q(section__isnull=False), name="fibre_jointend_section"),
            models.Index(fields=["port"], condition=Q(port__isnull=False), name="fibre_jointend_port"),
            models.Index(fields=["leg"], condition=Q(leg__isnull=False), name="fibre_jointend_leg"),
        )

    def __str__(self) -> str:
        return f"{self.joint_id} {self.side}"
