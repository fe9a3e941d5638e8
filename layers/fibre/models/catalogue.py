"""The catalogue: colours, colour schemes and products. Rows, not constants: an operator adds what he buys."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Colour(models.Model):
    """A colour as the trade names it, and how a screen shows it."""

    key = models.TextField(_("Kürzel"), primary_key=True)
    name_de = models.TextField(_("Name"))
    name_en = models.TextField(_("Name (englisch)"))
    hex = models.TextField(_("Farbwert"))

    class Meta:
        verbose_name = _("Farbe")
        verbose_name_plural = _("Farben")
        constraints = (models.CheckConstraint(condition=Q(hex__regex=r"^#[0-9a-f]{6}$"), name="fibre_colour_hex"),)

    def __str__(self) -> str:
        return self.name_de


class ColourScheme(models.Model):
    """Which position has which colour. `verified` is False where no second source was found."""

    key = models.TextField(_("Kürzel"), primary_key=True)
    name = models.TextField(_("Name"))
    source = models.TextField(_("Quelle"), default="", db_default="", blank=True)
    verified = models.BooleanField(_("belegt"), default=False, db_default=False)

    class Meta:
        verbose_name = _("Farbschema")
        verbose_name_plural = _("Farbschemata")

    def __str__(self) -> str:
        return self.name


class SchemeColour(models.Model):
    """The colour of a position: a base colour, perhaps a second one, perhaps a mark (ring or stripe)."""

    scheme = models.ForeignKey(ColourScheme, models.CASCADE, related_name="colours", verbose_name=_("Schema"))
    position = models.SmallIntegerField(_("Position"))
    colour = models.ForeignKey(Colour, models.PROTECT, related_name="+", verbose_name=_("Farbe"))
    second = models.ForeignKey(
        Colour, models.PROTECT, related_name="+", verbose_name=_("zweite Farbe"), null=True, blank=True
    )
    marked = models.BooleanField(_("Ring oder Strich"), default=False, db_default=False)

    class Meta:
        verbose_name = _("Farbe einer Position")
        verbose_name_plural = _("Farben der Positionen")
        constraints = (
            models.UniqueConstraint(fields=["scheme", "position"], name="fibre_schemecolour_once"),
            models.CheckConstraint(condition=Q(position__gt=0), name="fibre_schemecolour_position"),
        )

    def __str__(self) -> str:
        return f"{self.position}: {self.colour}"


class DuctSpec(models.Model):
    """A product: a single pipe (no tubes of its own kind: it is its one tube) or a bundle of pipes.

    Diameters in millimetres; of a bundle `inner_mm` is empty. `gis_nb` is the LR_Art of the GIS-Nebenbestimmungen.
    """

    key = models.TextField(_("Kürzel"), primary_key=True)
    name = models.TextField(_("Name"))
    outer_mm = models.DecimalField(_("Außendurchmesser"), max_digits=6, decimal_places=2)
    inner_mm = models.DecimalField(_("Innendurchmesser"), max_digits=6, decimal_places=2, null=True, blank=True)
    gis_nb = models.SmallIntegerField(_("LR_Art"), null=True, blank=True)
    scheme = models.ForeignKey(
        ColourScheme, models.PROTECT, related_name="+", verbose_name=_("Farbschema"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("Rohrtyp")
        verbose_name_plural = _("Rohrtypen")
        constraints = (
            models.CheckConstraint(
                condition=Q(outer_mm__gt=0)
                & (Q(inner_mm__isnull=True) | Q(inner_mm__gt=0, inner_mm__lt=models.F("outer_mm"))),
                name="fibre_ductspec_diameters",
            ),
        )

    def __str__(self) -> str:
        return self.name


class DuctSpecTube(models.Model):
    """A pipe of a bundle; its colour is the scheme's at this position."""

    spec = models.ForeignKey(DuctSpec, models.CASCADE, related_name="tubes", verbose_name=_("Rohrtyp"))
    position = models.SmallIntegerField(_("Position"))
    pipe = models.ForeignKey(DuctSpec, models.PROTECT, related_name="+", verbose_name=_("Röhrchen"))

    class Meta:
        verbose_name = _("Röhrchen eines Verbands")
        verbose_name_plural = _("Röhrchen eines Verbands")
        constraints = (
            models.UniqueConstraint(fields=["spec", "position"], name="fibre_ductspectube_once"),
            models.CheckConstraint(condition=Q(position__gt=0), name="fibre_ductspectube_position"),
        )

    def __str__(self) -> str:
        return f"{self.spec_id} {self.position}"


class FittingSpec(models.Model):
    """A coupling, reducer, gas block or end cap, and the outer diameters (millimetres) that it takes."""

    class Kind(models.TextChoices):
        STRAIGHT = "straight", "Verbinder"
        REDUCER = "reducer", "Reduzierer"
        DIVISIBLE = "divisible", "teilbarer Verbinder"
        GAS_BLOCK = "gas_block", "Gassperre"
        END_CAP = "end_cap", "Endkappe"

    key = models.TextField(_("Kürzel"), primary_key=True)
    name = models.TextField(_("Name"))
    kind = models.TextField(_("Art"), choices=Kind)
    outer_a_mm = models.DecimalField(_("Durchmesser A"), max_digits=6, decimal_places=2)
    outer_b_mm = models.DecimalField(_("Durchmesser B"), max_digits=6, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("Verbindertyp")
        verbose_name_plural = _("Verbindertypen")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=("straight", "reducer", "divisible", "gas_block", "end_cap")),
                name="fibre_fittingspec_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="end_cap", outer_b_mm__isnull=True)
                | (~Q(kind="end_cap") & Q(outer_b_mm__gt=0, outer_b_mm__isnull=False)),
                name="fibre_fittingspec_ends",
            ),
        )

    def __str__(self) -> str:
        return self.name
