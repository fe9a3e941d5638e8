"""Closures, frames, boxes and active devices, and what is in them: trays, ports, splitters."""

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gisapp.base_models import folded, geometry_rules, tile_copy, tile_index
from gisapp.geolibs import STORAGE_SRID
from gisapp.history.tracking import tracked
from layers.fibre.models.catalogue import EnclosureSpec, SplitterSpec
from layers.fibre.models.common import NetworkObject, RandomUUID, name_index
from layers.fibre.models.optics import OpticsClass
from layers.fibre.models.route import Node


@tracked
class Enclosure(NetworkObject):
    """A closure (Muffe), frame (ODF), HÜP, outlet or splitter box at a node. Trays and ports follow from its product."""

    node = models.ForeignKey(Node, models.PROTECT, related_name="enclosures", verbose_name=_("Netzknoten"))
    spec = models.ForeignKey(EnclosureSpec, models.PROTECT, related_name="+", verbose_name=_("Gehäusetyp"))
    # Its node's place, kept by the database.
    geom = models.PointField(srid=STORAGE_SRID, null=True, blank=True, editable=False)
    geom_3857 = tile_copy(models.PointField, null=True)
    name_norm = folded("name")

    class Meta(NetworkObject.Meta):
        verbose_name = _("Gehäuse")
        verbose_name_plural = _("Gehäuse")
        constraints = (
            *NetworkObject.Meta.constraints,
            *geometry_rules(),
            models.CheckConstraint(condition=Q(name__isnull=False), name="fibre_enclosure_has_name"),
        )
        indexes = (tile_index(), name_index())


@tracked
class Device(NetworkObject):
    """An active device at a node: its ports are where light begins and ends."""

    class Kind(models.TextChoices):
        OLT = "olt", "OLT"
        ONT = "ont", "ONT"
        SWITCH = "switch", _("Switch")
        DSLAM = "dslam", "DSLAM"
        MODEM = "modem", _("Modem")
        OTHER = "other", _("anderes Gerät")

    node = models.ForeignKey(Node, models.PROTECT, related_name="devices", verbose_name=_("Netzknoten"))
    kind = models.TextField(_("Art"), choices=Kind)
    optics = models.ForeignKey(
        OpticsClass, models.PROTECT, related_name="+", verbose_name=_("Optikklasse"), null=True, blank=True
    )
    port_count = models.SmallIntegerField(_("Ports"), default=1, db_default=1)

    class Meta(NetworkObject.Meta):
        verbose_name = _("Gerät")
        verbose_name_plural = _("Geräte")
        constraints = (
            *NetworkObject.Meta.constraints,
            models.CheckConstraint(condition=Q(name__isnull=False), name="fibre_device_has_name"),
            models.CheckConstraint(
                condition=Q(kind__in=("olt", "ont", "switch", "dslam", "modem", "other")), name="fibre_device_kind"
            ),
            models.CheckConstraint(condition=Q(port_count__gt=0, port_count__lte=4096), name="fibre_device_ports"),
        )


@tracked
class Tray(models.Model):
    """A splice tray (Kassette) of an enclosure with so many places."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    enclosure = models.ForeignKey(Enclosure, models.CASCADE, related_name="trays")
    number = models.SmallIntegerField(_("Kassette"))
    capacity = models.SmallIntegerField(_("Plätze"))

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["enclosure", "number"], name="fibre_tray_once"),
            models.CheckConstraint(condition=Q(number__gt=0, capacity__gt=0), name="fibre_tray_counts"),
        )

    def __str__(self) -> str:
        return f"{self.enclosure_id} {self.number}"


@tracked
class Port(models.Model):
    """A port of an enclosure (side "a": inside, where the pigtail comes; "b": outside) or of a device (side "b" only)."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    enclosure = models.ForeignKey(Enclosure, models.CASCADE, related_name="ports", null=True, blank=True)
    device = models.ForeignKey(Device, models.CASCADE, related_name="ports", null=True, blank=True)
    number = models.SmallIntegerField(_("Port"))
    connector = models.TextField(_("Stecker"), default="", db_default="", blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["enclosure", "number"], name="fibre_port_of_enclosure_once"),
            models.UniqueConstraint(fields=["device", "number"], name="fibre_port_of_device_once"),
            models.CheckConstraint(
                condition=Q(enclosure__isnull=True, device__isnull=False)
                | Q(enclosure__isnull=False, device__isnull=True),
                name="fibre_port_of_one",
            ),
            models.CheckConstraint(condition=Q(number__gt=0), name="fibre_port_counts"),
        )

    def __str__(self) -> str:
        return f"{self.enclosure_id or self.device_id}/{self.number}"


@tracked
class Splitter(models.Model):
    """A splitter in an enclosure. Its legs follow from its product."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    enclosure = models.ForeignKey(Enclosure, models.PROTECT, related_name="splitters", verbose_name=_("Gehäuse"))
    spec = models.ForeignKey(SplitterSpec, models.PROTECT, related_name="+", verbose_name=_("Splittertyp"))
    name = models.TextField(_("Name"))

    class Meta:
        verbose_name = _("Splitter")
        verbose_name_plural = _("Splitter")
        constraints = (
            models.UniqueConstraint(fields=["enclosure", "name"], name="fibre_splitter_name_once"),
            models.CheckConstraint(condition=Q(name__regex=r"\S"), name="fibre_splitter_named"),
        )

    def __str__(self) -> str:
        return self.name


@tracked
class SplitterLeg(models.Model):
    """An input or output of a splitter; its one end is side "a"."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    splitter = models.ForeignKey(Splitter, models.CASCADE, related_name="legs")
    is_input = models.BooleanField(_("Eingang"))
    number = models.SmallIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["splitter", "is_input", "number"], name="fibre_splitterleg_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="fibre_splitterleg_counts"),
        )

    def __str__(self) -> str:
        return f"{'IN' if self.is_input else 'OUT'} {self.number}"
