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
    max_cables = models.SmallIntegerField(_("Kabel höchstens"), default=1, db_default=1)
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
            models.CheckConstraint(condition=Q(max_cables__gte=1), name="fibre_ductspec_cables"),
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


class Medium(models.TextChoices):
    """What a cable carries: glass, or pairs of copper."""

    FIBRE = "fibre", _("Glasfaser")
    COPPER = "copper", _("Kupfer")


class CableSpec(models.Model):
    """A cable product: `bundles` of `per_bundle` fibres (of copper: pairs). Diameter in millimetres, empty where unknown.

    `twist` is how much longer the glass is than the sheath. `gis_nb` is the verb_art of the GIS-Nebenbestimmungen.
    """

    key = models.TextField(_("Kürzel"), primary_key=True)
    name = models.TextField(_("Name"))
    medium = models.TextField(_("Medium"), choices=Medium, default=Medium.FIBRE, db_default="fibre")
    bundles = models.SmallIntegerField(_("Bündeladern"))
    per_bundle = models.SmallIntegerField(_("Fasern je Bündelader"))
    scheme = models.ForeignKey(
        ColourScheme, models.PROTECT, related_name="+", verbose_name=_("Farben der Fasern"), null=True, blank=True
    )
    bundle_scheme = models.ForeignKey(
        ColourScheme, models.PROTECT, related_name="+", verbose_name=_("Farben der Bündeladern"), null=True, blank=True
    )
    fibre_type = models.TextField(_("Fasertyp"), default="", db_default="", blank=True)
    outer_mm = models.DecimalField(_("Außendurchmesser"), max_digits=6, decimal_places=2, null=True, blank=True)
    twist = models.DecimalField(_("Verseilfaktor"), max_digits=5, decimal_places=4, default=1, db_default=1)
    gis_nb = models.SmallIntegerField(_("verb_art"), null=True, blank=True)

    class Meta:
        verbose_name = _("Kabeltyp")
        verbose_name_plural = _("Kabeltypen")
        constraints = (
            models.CheckConstraint(condition=Q(medium__in=("fibre", "copper")), name="fibre_cablespec_medium"),
            models.CheckConstraint(
                condition=Q(bundles__gt=0, bundles__lte=100, per_bundle__gt=0, per_bundle__lte=500),
                name="fibre_cablespec_count",
            ),
            models.CheckConstraint(condition=Q(outer_mm__gt=0), name="fibre_cablespec_diameter"),
            models.CheckConstraint(condition=Q(twist__gte=1, twist__lt=2), name="fibre_cablespec_twist"),
        )

    def __str__(self) -> str:
        return self.name


class CableAttenuation(models.Model):
    """What a kilometre of this cable's glass takes at a wavelength."""

    spec = models.ForeignKey(CableSpec, models.CASCADE, related_name="attenuations", verbose_name=_("Kabeltyp"))
    wavelength_nm = models.SmallIntegerField(_("Wellenlänge"))
    db_per_km = models.DecimalField(_("Dämpfung"), max_digits=5, decimal_places=3)

    class Meta:
        verbose_name = _("Dämpfung")
        verbose_name_plural = _("Dämpfungen")
        constraints = (
            models.UniqueConstraint(fields=["spec", "wavelength_nm"], name="fibre_cableattenuation_once"),
            models.CheckConstraint(
                condition=Q(wavelength_nm__gte=800, wavelength_nm__lte=1700, db_per_km__gte=0),
                name="fibre_cableattenuation_range",
            ),
        )

    def __str__(self) -> str:
        return f"{self.spec_id} {self.wavelength_nm} nm"


class EnclosureSpec(models.Model):
    """A closure, frame or box: how many trays of how many places, and how many ports it has."""

    class Kind(models.TextChoices):
        CLOSURE = "closure", _("Muffe")
        ODF = "odf", _("ODF")
        HUEP = "huep", _("HÜP")
        OUTLET = "outlet", _("Gf-TA")
        SPLITTER_BOX = "splitter_box", _("Splittergehäuse")
        COPPER_FRAME = "copper_frame", _("Kupferverteiler")

    key = models.TextField(_("Kürzel"), primary_key=True)
    name = models.TextField(_("Name"))
    kind = models.TextField(_("Art"), choices=Kind)
    trays = models.SmallIntegerField(_("Kassetten"), default=0, db_default=0)
    tray_capacity = models.SmallIntegerField(_("Plätze je Kassette"), default=0, db_default=0)
    ports = models.SmallIntegerField(_("Ports"), default=0, db_default=0)
    connector = models.TextField(_("Stecker"), default="", db_default="", blank=True)
    connector_loss_db = models.DecimalField(
        _("Steckerdämpfung"), max_digits=4, decimal_places=2, default="0.30", db_default="0.30"
    )

    class Meta:
        verbose_name = _("Gehäusetyp")
        verbose_name_plural = _("Gehäusetypen")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=("closure", "odf", "huep", "outlet", "splitter_box", "copper_frame")),
                name="fibre_enclosurespec_kind",
            ),
            models.CheckConstraint(
                condition=Q(trays__gte=0, tray_capacity__gte=0, ports__gte=0, connector_loss_db__gte=0),
                name="fibre_enclosurespec_counts",
            ),
        )

    def __str__(self) -> str:
        return self.name


class SplitterSpec(models.Model):
    """A splitter: so many inputs and outputs, and what a passage takes (decibels)."""

    key = models.TextField(_("Kürzel"), primary_key=True)
    name = models.TextField(_("Name"))
    inputs = models.SmallIntegerField(_("Eingänge"), default=1, db_default=1)
    outputs = models.SmallIntegerField(_("Ausgänge"))
    loss_db = models.DecimalField(_("Dämpfung"), max_digits=4, decimal_places=2)

    class Meta:
        verbose_name = _("Splittertyp")
        verbose_name_plural = _("Splittertypen")
        constraints = (
            models.CheckConstraint(
                condition=Q(inputs__gte=1, inputs__lte=2, outputs__gte=2, outputs__lte=128, loss_db__gte=0),
                name="fibre_splitterspec_counts",
            ),
        )

    def __str__(self) -> str:
        return self.name


class UsualLoss(models.Model):
    """What a joint of this kind takes where nobody has measured it (decibels)."""

    kind = models.TextField(_("Art"), primary_key=True)
    loss_db = models.DecimalField(_("Dämpfung"), max_digits=4, decimal_places=2)

    class Meta:
        verbose_name = _("übliche Dämpfung")
        verbose_name_plural = _("übliche Dämpfungen")
        constraints = (models.CheckConstraint(condition=Q(loss_db__gte=0), name="fibre_usualloss_positive"),)

    def __str__(self) -> str:
        return f"{self.kind}: {self.loss_db} dB"
