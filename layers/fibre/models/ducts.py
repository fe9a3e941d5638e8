"""Ducts: pipes and bundles on their way through the trenches, their tubes, and how these are cut and coupled."""

from django.contrib.gis.db import models
from django.db.models import Deferrable, Q
from django.utils.translation import gettext_lazy as _

from gisapp.base_models import folded, geometry_rules, tile_copy, tile_index
from gisapp.geolibs import STORAGE_SRID
from gisapp.history.tracking import tracked
from layers.fibre.models.catalogue import DuctSpec, FittingSpec
from layers.fibre.models.common import NetworkObject, RandomUUID, name_index
from layers.fibre.models.route import Node, Segment


@tracked
class Duct(NetworkObject):
    """A pipe or bundle. Its way is a walk over segments (`DuctStep`); its tubes follow from its product."""

    spec = models.ForeignKey(DuctSpec, models.PROTECT, related_name="+", verbose_name=_("Rohrtyp"))
    # The segments of its walk as one line in its direction, drawn by the database; NULL before it has its way.
    geom = models.LineStringField(srid=STORAGE_SRID, null=True, blank=True, editable=False)
    geom_3857 = tile_copy(models.LineStringField, null=True)
    name_norm = folded("name")

    class Meta(NetworkObject.Meta):
        verbose_name = _("Rohr")
        verbose_name_plural = _("Rohre")
        constraints = (*NetworkObject.Meta.constraints, *geometry_rules())
        indexes = (tile_index(), name_index())


@tracked
class DuctStep(models.Model):
    """One segment of a duct's walk; `forward`: from the segment's from_node to its to_node."""

    duct = models.ForeignKey(Duct, models.CASCADE, related_name="steps")
    ordinal = models.IntegerField()
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="+")
    forward = models.BooleanField(default=True, db_default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["duct", "ordinal"], name="fibre_ductstep_ordinal", deferrable=Deferrable.DEFERRED
            ),
            models.UniqueConstraint(
                fields=["duct", "segment"], name="fibre_ductstep_segment_once", deferrable=Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=Q(ordinal__gt=0), name="fibre_ductstep_counts"),
        )

    def __str__(self) -> str:
        return f"{self.duct_id} {self.ordinal}"


@tracked
class Tube(models.Model):
    """A tube of a duct, by the position that its product gives it."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    duct = models.ForeignKey(Duct, models.CASCADE, related_name="tubes")
    position = models.SmallIntegerField()
    pipe = models.ForeignKey(DuctSpec, models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["duct", "position"], name="fibre_tube_once"),)

    def __str__(self) -> str:
        return f"{self.duct_id} {self.position}"


@tracked
class TubeSection(models.Model):
    """A tube between two cuts: from one node of the duct's walk to a later one."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    tube = models.ForeignKey(Tube, models.CASCADE, related_name="sections")
    from_node = models.ForeignKey(Node, models.PROTECT, related_name="+")
    to_node = models.ForeignKey(Node, models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["tube", "from_node"], name="fibre_tubesection_from", deferrable=Deferrable.DEFERRED
            ),
            models.UniqueConstraint(
                fields=["tube", "to_node"], name="fibre_tubesection_to", deferrable=Deferrable.DEFERRED
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)


@tracked
class TubeJoint(models.Model):
    """A fitting at a node on one section end, or between two. Side "a" is a section's from_node, "b" its to_node."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    node = models.ForeignKey(Node, models.PROTECT, related_name="+")
    fitting = models.ForeignKey(FittingSpec, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.pk)


@tracked
class TubeEnd(models.Model):
    """A section's end in a joint. An end is in at most one."""

    joint = models.ForeignKey(TubeJoint, models.CASCADE, related_name="ends")
    section = models.ForeignKey(TubeSection, models.PROTECT, related_name="ends")
    side = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["section", "side"], name="fibre_tubeend_once"),
            models.CheckConstraint(condition=Q(side__in=("a", "b")), name="fibre_tubeend_side"),
        )

    def __str__(self) -> str:
        return f"{self.section_id} {self.side}"
