"""Cables: how they lie in tubes and trenches, what they do in closures, and the fibres that they carry."""

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex
from django.db.models import Deferrable, Q
from django.utils.translation import gettext_lazy as _

from gisapp.base_models import folded, geometry_rules, tile_copy, tile_index
from gisapp.geolibs import STORAGE_SRID
from gisapp.history.tracking import tracked
from layers.fibre.models.catalogue import CableSpec
from layers.fibre.models.common import NetworkObject, RandomUUID, name_index
from layers.fibre.models.ducts import TubeSection
from layers.fibre.models.enclosures import Enclosure
from layers.fibre.models.route import Node, Segment


@tracked
class Cable(NetworkObject):
    """A cable from one node to another. Its fibres follow from its product; its way is `CableStep`."""

    spec = models.ForeignKey(CableSpec, models.PROTECT, related_name="+", verbose_name=_("Kabeltyp"))
    from_node = models.ForeignKey(Node, models.PROTECT, related_name="+", verbose_name=_("von"))
    to_node = models.ForeignKey(Node, models.PROTECT, related_name="+", verbose_name=_("nach"))
    # Its way as one line from from_node to to_node, drawn by the database; NULL before it is placed.
    geom = models.LineStringField(srid=STORAGE_SRID, null=True, blank=True, editable=False)
    # Where it is, for memberships that are limited to areas: its line, or its two nodes.
    place = models.GeometryField(srid=STORAGE_SRID, null=True, blank=True, editable=False)
    geom_3857 = tile_copy(models.LineStringField, null=True)
    name_norm = folded("name")

    class Meta(NetworkObject.Meta):
        verbose_name = _("Kabel")
        verbose_name_plural = _("Kabel")
        constraints = (*NetworkObject.Meta.constraints, *geometry_rules())
        indexes = (tile_index(), name_index(), GistIndex(fields=["place"], name="fibre_cable_place"))


@tracked
class CableStep(models.Model):
    """One piece of a cable's way: a tube section, or a segment in which it lies by itself (buried, on poles).

    `forward`: from the piece's from_node to its to_node.
    """

    cable = models.ForeignKey(Cable, models.CASCADE, related_name="steps")
    ordinal = models.IntegerField()
    section = models.ForeignKey(TubeSection, models.PROTECT, related_name="cable_steps", null=True, blank=True)
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="cable_steps", null=True, blank=True)
    forward = models.BooleanField(default=True, db_default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["cable", "ordinal"], name="fibre_cablestep_ordinal", deferrable=Deferrable.DEFERRED
            ),
            models.UniqueConstraint(
                fields=["cable", "section"], name="fibre_cablestep_section_once", deferrable=Deferrable.DEFERRED
            ),
            models.UniqueConstraint(
                fields=["cable", "segment"], name="fibre_cablestep_segment_once", deferrable=Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=Q(ordinal__gt=0), name="fibre_cablestep_counts"),
            models.CheckConstraint(
                condition=Q(section__isnull=True, segment__isnull=False)
                | Q(section__isnull=False, segment__isnull=True),
                name="fibre_cablestep_one_place",
            ),
        )

    def __str__(self) -> str:
        return f"{self.cable_id} {self.ordinal}"


@tracked
class Slack(models.Model):
    """Cable in reserve at a node of its way, in metres."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    cable = models.ForeignKey(Cable, models.CASCADE, related_name="slacks", verbose_name=_("Kabel"))
    node = models.ForeignKey(Node, models.PROTECT, related_name="+", verbose_name=_("Netzknoten"))
    length_m = models.FloatField(_("Länge"))

    class Meta:
        verbose_name = _("Kabelreserve")
        verbose_name_plural = _("Kabelreserven")
        constraints = (
            models.UniqueConstraint(fields=["cable", "node"], name="fibre_slack_once"),
            # (The upper bounds keep out "not a number", too.)
            models.CheckConstraint(condition=Q(length_m__gt=0, length_m__lt=100_000), name="fibre_slack_length"),
        )

    def __str__(self) -> str:
        return f"{self.length_m} m"


class EntryState(models.TextChoices):
    """What a cable does in an enclosure."""

    END = "end", _("endet")
    LOOPED = "looped", _("ungeschnitten in Schlaufe")
    OPENED = "opened", _("geöffnet")


@tracked
class CableEntry(models.Model):
    """A cable in an enclosure. `side` says which end is there ("a": the cable's from_node, "b": its to_node).

    `seal` is the port of the closure that it passes; `mark_m` the metre mark on the sheath there.
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    enclosure = models.ForeignKey(Enclosure, models.PROTECT, related_name="entries", verbose_name=_("Gehäuse"))
    cable = models.ForeignKey(Cable, models.PROTECT, related_name="entries", verbose_name=_("Kabel"))
    state = models.TextField(_("Kabel"), choices=EntryState)
    side = models.TextField(_("Ende"), null=True, blank=True)
    seal = models.SmallIntegerField(_("Einführung"), null=True, blank=True)
    mark_m = models.FloatField(_("Metermarke"), null=True, blank=True)

    class Meta:
        verbose_name = _("Kabel im Gehäuse")
        verbose_name_plural = _("Kabel in Gehäusen")
        constraints = (
            models.UniqueConstraint(fields=["cable", "side"], name="fibre_cableentry_end_once"),
            models.UniqueConstraint(
                fields=["cable", "enclosure"], condition=Q(side__isnull=True), name="fibre_cableentry_once"
            ),
            models.CheckConstraint(
                condition=Q(state="end", side__isnull=False, side__in=("a", "b"))
                | Q(state__in=("looped", "opened"), side__isnull=True),
                name="fibre_cableentry_side",
            ),
            models.CheckConstraint(condition=Q(mark_m__gte=0, mark_m__lt=1_000_000), name="fibre_cableentry_mark"),
        )

    def __str__(self) -> str:
        return f"{self.cable_id} {self.state}"


@tracked
class FibreSection(models.Model):
    """A piece of a fibre (of copper: of a pair): the whole of it, until the cable is opened and this fibre cut there.

    `cut_a` and `cut_b` are the entries at which the piece begins and ends; empty: at the cable's own end. Its ends are
    called "a" and "b" likewise.
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    cable = models.ForeignKey(Cable, models.CASCADE, related_name="fibres")
    number = models.SmallIntegerField(_("Faser"))
    cut_a = models.ForeignKey(CableEntry, models.PROTECT, related_name="+", null=True, blank=True)
    cut_b = models.ForeignKey(CableEntry, models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["cable", "number"], condition=Q(cut_a__isnull=True), name="fibre_fibresection_first"
            ),
            models.UniqueConstraint(
                fields=["cut_a", "number"], condition=Q(cut_a__isnull=False), name="fibre_fibresection_from_cut"
            ),
            models.UniqueConstraint(
                fields=["cut_b", "number"], condition=Q(cut_b__isnull=False), name="fibre_fibresection_to_cut"
            ),
            models.CheckConstraint(condition=Q(number__gt=0), name="fibre_fibresection_counts"),
        )

    def __str__(self) -> str:
        return f"{self.cable_id}:{self.number}"


class Measure(models.Model):
    """Where on a cable an entry is, in metres of sheath from its beginning; without an entry, the cable's whole length.

    Worked out by the database from the drawing: `drawn_m` along the trenches, `slack_m` the reserves before it.
    """

    cable = models.ForeignKey(Cable, models.CASCADE, related_name="measures")
    entry = models.ForeignKey(CableEntry, models.CASCADE, related_name="+", null=True)
    drawn_m = models.FloatField()
    slack_m = models.FloatField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["cable"], condition=Q(entry__isnull=True), name="fibre_measure_cable"),
            models.UniqueConstraint(fields=["entry"], condition=Q(entry__isnull=False), name="fibre_measure_entry"),
        )

    def __str__(self) -> str:
        return f"{self.cable_id} {self.drawn_m:.1f} m"
