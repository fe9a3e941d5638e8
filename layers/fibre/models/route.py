"""The route graph: nodes and the segments of trench between them - the only geometry that anybody draws."""

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gisapp.base_models import folded, formula, geometry_rules, tile_copy, tile_index
from gisapp.geolibs import STORAGE_SRID
from gisapp.history.tracking import tracked
from layers.fibre.models.common import NetworkObject, name_index
from layers.regions.models import Municipality


class NodeKind(models.TextChoices):
    POP = "pop", _("PoP")
    EXCHANGE = "exchange", _("Hauptverteiler (HVt)")
    CABINET = "cabinet", _("Verteiler (NVt, KVz, MFG)")
    MANHOLE = "manhole", _("Schacht")
    HANDHOLE = "handhole", _("Handloch")
    BRANCH = "branch", _("Abzweig")
    BUILDING = "building", _("Gebäude (APL, HÜP)")
    POLE = "pole", _("Mast")
    END = "end", _("Ende")


class Construction(models.TextChoices):
    """How a segment was built (Verlegeart)."""

    OPEN_TRENCH = "open_trench", _("offener Graben")
    PLOUGH = "plough", _("Pflugverfahren")
    TRENCHING = "trenching", _("Fräsverfahren")
    DRILLING = "drilling", _("Spülbohrung")
    ROCKET = "rocket", _("Erdrakete")
    EXISTING = "existing", _("vorhandenes Leerrohr")
    AERIAL = "aerial", _("oberirdisch")
    INDOOR = "indoor", _("im Gebäude")
    UNKNOWN = "unknown", _("unbekannt")


class Surface(models.TextChoices):
    SEALED = "sealed", _("befestigt")
    UNSEALED = "unsealed", _("unbefestigt")
    UNKNOWN = "unknown", _("unbekannt")


class DepthReference(models.TextChoices):
    """What a depth is measured to: the cover above the uppermost pipe, or the bottom of the trench."""

    COVER = "cover", _("Überdeckung")
    BOTTOM = "bottom", _("Grabensohle")


@tracked
class Node(NetworkObject):
    """Where segments meet or end. A branch is a place without a structure and needs no name."""

    kind = models.TextField(_("Art"), choices=NodeKind, default=NodeKind.BRANCH, db_default="branch")
    function = models.TextField(_("Funktion"), default="", db_default="", blank=True)
    geom = models.PointField(srid=STORAGE_SRID)
    height_m = models.FloatField(_("Höhe"), null=True, blank=True)
    municipality = models.ForeignKey(
        Municipality,
        models.SET_NULL,
        related_name="+",
        verbose_name=_("Gemeinde"),
        null=True,
        blank=True,
        editable=False,
    )
    geom_3857 = tile_copy(models.PointField)
    name_norm = folded("name")

    class Meta(NetworkObject.Meta):
        verbose_name = _("Netzknoten")
        verbose_name_plural = _("Netzknoten")
        constraints = (
            *NetworkObject.Meta.constraints,
            *geometry_rules(),
            models.CheckConstraint(condition=Q(kind__in=NodeKind.values), name="fibre_node_kind"),
            models.CheckConstraint(condition=Q(height_m__gt=-500, height_m__lt=9000), name="fibre_node_height"),
            models.CheckConstraint(
                condition=Q(kind__in=("branch", "end")) | Q(name__isnull=False), name="fibre_node_structure_named"
            ),
        )
        indexes = (tile_index(), name_index())


@tracked
class Segment(NetworkObject):
    """A piece of trench (or of line on poles) from one node to another. Its length follows from the geometry."""

    from_node = models.ForeignKey(Node, models.PROTECT, related_name="segments_from", verbose_name=_("von"), blank=True)
    to_node = models.ForeignKey(Node, models.PROTECT, related_name="segments_to", verbose_name=_("nach"), blank=True)
    geom = models.LineStringField(srid=STORAGE_SRID)
    parent = models.ForeignKey(
        "self", models.SET_NULL, related_name="parts", verbose_name=_("Teil von"), null=True, blank=True, editable=False
    )
    construction = models.TextField(_("Verlegeart"), choices=Construction, default="unknown", db_default="unknown")
    surface = models.TextField(_("Oberfläche"), choices=Surface, default="unknown", db_default="unknown")
    location = models.TextField(_("Lage im Straßenraum"), default="", db_default="", blank=True)
    depth_cm = models.IntegerField(_("Tiefe"), null=True, blank=True)
    depth_reference = models.TextField(_("Tiefe gemessen bis"), choices=DepthReference, null=True, blank=True)
    width_cm = models.IntegerField(_("Breite"), null=True, blank=True)
    # What a trench holds is known where somebody said so; empty: not limited.
    duct_limit = models.SmallIntegerField(_("Rohre höchstens"), null=True, blank=True)
    co_laid_with = models.TextField(_("mitverlegt mit"), default="", db_default="", blank=True)
    funding = models.TextField(_("Fördermaßnahme"), default="", db_default="", blank=True)
    cost_eur = models.DecimalField(_("Kosten"), max_digits=12, decimal_places=2, null=True, blank=True)
    length_m = formula("ST_Length(geom)", models.FloatField())
    # Organisations whose ducts lie in this one's trench, kept by the database: they see the segment.
    shared_with = ArrayField(models.BigIntegerField(), null=True, blank=True, editable=False)
    geom_3857 = tile_copy(models.LineStringField)
    name_norm = folded("name")
    # The same line, whichever way it is drawn: to the millimetre.
    shape = formula(
        "least(md5(ST_AsBinary(ST_SnapToGrid(geom, 0.001))), md5(ST_AsBinary(ST_Reverse(ST_SnapToGrid(geom, 0.001)))))",
        models.TextField(),
    )

    class Meta(NetworkObject.Meta):
        verbose_name = _("Trasse")
        verbose_name_plural = _("Trassen")
        constraints = (
            *NetworkObject.Meta.constraints,
            *geometry_rules(),
            models.UniqueConstraint(fields=["network", "shape"], name="fibre_segment_drawn_once"),
            models.CheckConstraint(condition=~Q(from_node=F("to_node")), name="fibre_segment_two_nodes"),
            models.CheckConstraint(
                condition=Q(construction__in=Construction.values), name="fibre_segment_construction"
            ),
            models.CheckConstraint(condition=Q(surface__in=Surface.values), name="fibre_segment_surface"),
            models.CheckConstraint(
                condition=Q(depth_cm__isnull=True, depth_reference__isnull=True)
                | Q(
                    depth_cm__gt=0,
                    depth_cm__isnull=False,
                    depth_reference__isnull=False,
                    depth_reference__in=DepthReference.values,
                ),
                name="fibre_segment_depth_of_what",
            ),
            models.CheckConstraint(condition=Q(width_cm__gt=0), name="fibre_segment_width"),
            models.CheckConstraint(condition=Q(cost_eur__gte=0, cost_eur__lt=10**10), name="fibre_segment_cost"),
            models.CheckConstraint(condition=Q(duct_limit__gte=0), name="fibre_segment_duct_limit"),
        )
        indexes = (tile_index(), name_index())
