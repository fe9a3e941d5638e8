"""Sites: what an Amt's own map is called, how it looks, where it is reached and what it offers."""

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from gisapp.accounts.models import Organisation
from gisapp.history.tracking import tracked

COLOUR = r"^(#[0-9a-f]{6})?$"


def usual_languages() -> list[str]:
    return ["de", "en"]


class Logo(models.Model):
    """A picture by its digest; it never changes, so that the history of a tenant can name it."""

    digest = models.TextField(primary_key=True, editable=False)
    png = models.BinaryField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"


@tracked
class Tenant(models.Model):
    """The site of an organisation. Rights hang on the organisation; a tenant gives and takes none.

    No two live tenants share a host: a trigger writes each host into a table in which it is the key (sql/hosts.sql).
    `services` names apps and layers; without (NULL) all are switched on.
    """

    key = models.TextField(
        _("Kürzel"), unique=True, validators=[RegexValidator(r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?\Z")]
    )
    organisation = models.OneToOneField(
        Organisation, models.PROTECT, related_name="tenant", verbose_name=_("Organisation")
    )
    title_de = models.TextField(_("Titel (deutsch)"))
    title_en = models.TextField(_("Titel (englisch)"))
    hosts = ArrayField(models.TextField(), verbose_name=_("Rechnernamen"), default=list, blank=True)
    languages = ArrayField(models.TextField(), verbose_name=_("Sprachen"), default=usual_languages)
    primary_colour = models.TextField(_("Hauptfarbe"), blank=True, default="", db_default="")
    accent_colour = models.TextField(_("Akzentfarbe"), blank=True, default="", db_default="")
    logo = models.ForeignKey(Logo, models.PROTECT, null=True, blank=True, editable=False)
    services = ArrayField(models.TextField(), verbose_name=_("Dienste"), null=True, blank=True)
    is_default = models.BooleanField(_("Standard"), default=False, db_default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    retired_at = models.DateTimeField(_("stillgelegt"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("Mandant")
        verbose_name_plural = _("Mandanten")
        constraints = (
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True, retired_at__isnull=True), name="tenant_one_default"
            ),
            models.CheckConstraint(
                condition=Q(key__regex=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"), name="tenant_key_form"
            ),
            models.CheckConstraint(condition=Q(primary_colour__regex=COLOUR), name="tenant_primary_is_colour"),
            models.CheckConstraint(condition=Q(accent_colour__regex=COLOUR), name="tenant_accent_is_colour"),
            models.CheckConstraint(condition=Q(languages__len__gt=0), name="tenant_has_language"),
            models.CheckConstraint(condition=~Q(title_de="") & ~Q(title_en=""), name="tenant_has_title"),
        )

    def __str__(self) -> str:
        return self.title_de


class Host(models.Model):
    """Which live tenant a host belongs to: the tenants' arrays once more, written by their trigger and nobody else."""

    host = models.TextField(primary_key=True)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    host__regex=r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"
                ),
                name="tenant_host_form",
            ),
        )

    def __str__(self) -> str:
        return self.host


@tracked
class LegalText(models.Model):
    """What German law wants a site to say about itself; plain text, its paragraphs apart by an empty line.

    Without a tenant it holds for every site that has none of its own.
    """

    class Kind(models.TextChoices):
        IMPRINT = "imprint", _("Impressum")
        PRIVACY = "privacy", _("Datenschutzerklärung")
        ACCESSIBILITY = "accessibility", _("Erklärung zur Barrierefreiheit")

    tenant = models.ForeignKey(
        Tenant, models.CASCADE, null=True, blank=True, related_name="legal_texts", verbose_name=_("Mandant"),
        help_text=_("leer: für alle ohne eigenen Text"),
    )  # fmt: skip
    kind = models.TextField(_("Art"), choices=Kind)
    text_de = models.TextField(_("Text (deutsch)"))
    text_en = models.TextField(_("Text (englisch)"), blank=True, default="", help_text=_("leer: der deutsche"))
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Rechtlicher Text")
        verbose_name_plural = _("Rechtliche Texte")
        constraints = (
            models.UniqueConstraint(fields=["tenant", "kind"], name="legal_text_once"),
            models.UniqueConstraint(fields=["kind"], condition=Q(tenant__isnull=True), name="legal_text_for_all_once"),
            models.CheckConstraint(
                condition=Q(kind__in=("imprint", "privacy", "accessibility")), name="legal_text_kind_known"
            ),
        )

    def __str__(self) -> str:
        return str(self.get_kind_display())

    def text(self, language: str) -> str:
        return self.text_en if language.startswith("en") and self.text_en else self.text_de
