"""How things of a network are named where nobody names them: one pattern for each kind."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gisapp.history.tracking import tracked
from layers.fibre.models.common import Network, RandomUUID


class NamedKind(models.TextChoices):
    """What can be named by a rule; nodes by their kind."""

    POP = "node/pop", _("PoP")
    EXCHANGE = "node/exchange", _("Hauptverteiler (HVt)")
    CABINET = "node/cabinet", _("Verteiler (NVt, KVz, MFG)")
    MANHOLE = "node/manhole", _("Schacht")
    HANDHOLE = "node/handhole", _("Handloch")
    BRANCH = "node/branch", _("Abzweig")
    BUILDING = "node/building", _("Gebäude (APL, HÜP)")
    POLE = "node/pole", _("Mast")
    END = "node/end", _("Ende")
    SEGMENT = "segment", _("Trasse")
    DUCT = "duct", _("Rohr")
    TUBE = "tube", _("Röhrchen")
    CABLE = "cable", _("Kabel")
    ENCLOSURE = "enclosure", _("Gehäuse")
    DEVICE = "device", _("Gerät")
    SPLITTER = "splitter", _("Splitter")
    PREMISES = "premises", _("Anschlussobjekt")
    CIRCUIT = "circuit", _("Schaltung")


@tracked
class NamingRule(models.Model):
    """`NVt-{n:02}`: the next number, at least two digits wide."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    network = models.ForeignKey(Network, models.CASCADE, related_name="naming", verbose_name=_("Netz"))
    kind = models.TextField(_("Art"), choices=NamedKind)
    pattern = models.TextField(_("Muster"))

    class Meta:
        verbose_name = _("Namensregel")
        verbose_name_plural = _("Namensregeln")
        constraints = (
            models.UniqueConstraint(fields=["network", "kind"], name="fibre_namingrule_once"),
            models.CheckConstraint(condition=Q(kind__in=NamedKind.values), name="fibre_namingrule_kind"),
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.pattern}"


class NamingCount(models.Model):
    """The number that a network gave last to a thing of this kind; nobody gets it again, also under another pattern.

    Not tracked: every new name would be an event of its own.
    """

    network = models.ForeignKey(Network, models.CASCADE, related_name="+")
    kind = models.TextField()
    last_number = models.IntegerField(default=0, db_default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["network", "kind"], name="fibre_namingcount_once"),)

    def __str__(self) -> str:
        return f"{self.kind}: {self.last_number}"
