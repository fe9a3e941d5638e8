"""What the network is there for: premises and their units, circuits, and what is leased or reserved.

Of people there is nothing here: who has the contract stands in the operator's own system, by the contract's number.
"""

from django.contrib.gis.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gisapp.accounts.models import Organisation
from gisapp.history.tracking import tracked
from layers.fibre.models.cables import Cable, FibreSection
from layers.fibre.models.common import NetworkObject, RandomUUID
from layers.fibre.models.ducts import Tube
from layers.fibre.models.enclosures import Enclosure, Port
from layers.fibre.models.optics import OpticsClass
from layers.fibre.models.route import Node
from layers.regions.models import Address


class Consent(models.TextChoices):
    """The owner's consent to the connection (Grundstückseigentümererklärung, GEE)."""

    UNKNOWN = "unknown", _("nicht angefragt")
    ASKED = "asked", _("angefragt")
    GIVEN = "given", _("erteilt")
    REFUSED = "refused", _("verweigert")


class UnitState(models.TextChoices):
    """How far a dwelling or shop is connected (homes passed to homes activated)."""

    PASSED = "passed", _("Homes Passed")
    PASSED_PLUS = "passed_plus", _("Homes Passed Plus")
    PREPARED = "prepared", _("Homes Prepared")
    CONNECTED = "connected", _("Homes Connected")
    ACTIVATED = "activated", _("Homes Activated")


@tracked
class Premises(NetworkObject):
    """A house that is or can be connected, at its building node."""

    node = models.ForeignKey(Node, models.PROTECT, related_name="premises", verbose_name=_("Netzknoten"))
    address = models.ForeignKey(
        Address, models.SET_NULL, related_name="+", verbose_name=_("Adresse"), null=True, blank=True
    )
    consent = models.TextField(_("Einverständnis"), choices=Consent, default="unknown", db_default="unknown")
    consent_on = models.DateField(_("Einverständnis vom"), null=True, blank=True)

    class Meta(NetworkObject.Meta):
        verbose_name = _("Anschlussobjekt")
        verbose_name_plural = _("Anschlussobjekte")
        constraints = (
            *NetworkObject.Meta.constraints,
            models.CheckConstraint(condition=Q(name__isnull=False), name="fibre_premises_has_name"),
            models.CheckConstraint(condition=Q(consent__in=Consent.values), name="fibre_premises_consent"),
        )


@tracked
class Unit(models.Model):
    """A dwelling, shop or office in premises, and the port that serves it."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    premises = models.ForeignKey(Premises, models.PROTECT, related_name="units", verbose_name=_("Anschlussobjekt"))
    name = models.TextField(_("Name"))
    state = models.TextField(_("Stand"), choices=UnitState, default="passed", db_default="passed")
    contract = models.TextField(_("Vertragsnummer"), default="", db_default="", blank=True)
    port = models.ForeignKey(Port, models.PROTECT, related_name="units", verbose_name=_("Port"), null=True, blank=True)

    class Meta:
        verbose_name = _("Wohneinheit")
        verbose_name_plural = _("Wohneinheiten")
        constraints = (
            models.UniqueConstraint(fields=["premises", "name"], name="fibre_unit_once"),
            models.UniqueConstraint(fields=["port"], name="fibre_unit_port_once"),
            models.CheckConstraint(condition=Q(state__in=UnitState.values), name="fibre_unit_state"),
        )

    def __str__(self) -> str:
        return self.name


@tracked
class Circuit(NetworkObject):
    """A service between ends. While it is in service, nobody takes apart what it runs through."""

    class Kind(models.TextChoices):
        P2P = "p2p", _("Punkt zu Punkt")
        PON = "pon", "PON"
        DARK_FIBRE = "dark_fibre", _("Dark Fibre")
        COPPER = "copper", _("Kupfer")

    kind = models.TextField(_("Art"), choices=Kind)
    optics = models.ForeignKey(
        OpticsClass, models.PROTECT, related_name="+", verbose_name=_("Optikklasse"), null=True, blank=True
    )
    sla = models.TextField(_("Servicegüte"), default="", db_default="", blank=True)

    class Meta(NetworkObject.Meta):
        verbose_name = _("Schaltung")
        verbose_name_plural = _("Schaltungen")
        constraints = (
            *NetworkObject.Meta.constraints,
            models.CheckConstraint(condition=Q(name__isnull=False), name="fibre_circuit_has_name"),
            models.CheckConstraint(
                condition=Q(kind__in=("p2p", "pon", "dark_fibre", "copper")), name="fibre_circuit_kind"
            ),
        )


@tracked
class CircuitEnd(models.Model):
    """Where a circuit begins or ends: a port, or a side of a fibre that hangs free (dark fibre)."""

    circuit = models.ForeignKey(Circuit, models.CASCADE, related_name="ends", verbose_name=_("Schaltung"))
    begins = models.BooleanField(_("Anfang"))
    port = models.ForeignKey(Port, models.PROTECT, related_name="circuit_ends", null=True, blank=True)
    section = models.ForeignKey(FibreSection, models.PROTECT, related_name="circuit_ends", null=True, blank=True)

    class Meta:
        verbose_name = _("Ende einer Schaltung")
        verbose_name_plural = _("Enden von Schaltungen")
        constraints = (
            models.UniqueConstraint(fields=["circuit", "port"], name="fibre_circuitend_port_once"),
            models.UniqueConstraint(fields=["circuit", "section"], name="fibre_circuitend_section_once"),
            models.UniqueConstraint(fields=["circuit"], condition=Q(begins=True), name="fibre_circuitend_one_begin"),
            models.CheckConstraint(
                condition=Q(port__isnull=True, section__isnull=False) | Q(port__isnull=False, section__isnull=True),
                name="fibre_circuitend_of_one",
            ),
        )

    def __str__(self) -> str:
        return f"{self.circuit_id} {'a' if self.begins else 'z'}"


@tracked
class Lease(models.Model):
    """A tube, fibres of a cable, or a place in an enclosure, leased to somebody or reserved, from one day to another."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    kind = models.TextField(_("Art"), choices=[("lease", _("vermietet")), ("reservation", _("reserviert"))])
    tenant = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("Mieter"), null=True, blank=True
    )
    purpose = models.TextField(_("Zweck"), default="", db_default="", blank=True)
    tube = models.ForeignKey(Tube, models.PROTECT, related_name="leases", null=True, blank=True)
    cable = models.ForeignKey(Cable, models.PROTECT, related_name="leases", null=True, blank=True)
    first_fibre = models.SmallIntegerField(_("von Faser"), null=True, blank=True)
    last_fibre = models.SmallIntegerField(_("bis Faser"), null=True, blank=True)
    enclosure = models.ForeignKey(Enclosure, models.PROTECT, related_name="leases", null=True, blank=True)
    places = models.SmallIntegerField(_("Plätze"), null=True, blank=True)
    begins_on = models.DateField(_("von"))
    ends_on = models.DateField(_("bis"), null=True, blank=True)

    class Meta:
        verbose_name = _("Miete oder Reservierung")
        verbose_name_plural = _("Mieten und Reservierungen")
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=("lease", "reservation")), name="fibre_lease_kind"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("begins_on")), name="fibre_lease_dates"),
            models.CheckConstraint(
                condition=Q(tube__isnull=False, cable__isnull=True, enclosure__isnull=True)
                | Q(tube__isnull=True, cable__isnull=False, enclosure__isnull=True)
                | Q(tube__isnull=True, cable__isnull=True, enclosure__isnull=False),
                name="fibre_lease_of_one",
            ),
            models.CheckConstraint(
                condition=Q(cable__isnull=True, first_fibre__isnull=True, last_fibre__isnull=True)
                | Q(cable__isnull=False, first_fibre__gt=0, last_fibre__gte=F("first_fibre")),
                name="fibre_lease_fibres",
            ),
            models.CheckConstraint(
                condition=Q(enclosure__isnull=True, places__isnull=True) | Q(enclosure__isnull=False, places__gt=0),
                name="fibre_lease_places",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.begins_on}"
