"""Who works here: people, organisations, what they are responsible for, and who is what in which organisation."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gisapp.accounts.roles import Role, is_operator
from gisapp.geolibs import STORAGE_SRID
from gisapp.history.tracking import tracked


class UserManager(BaseUserManager["User"]):
    """Creates users whose name is their e-mail address."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not email:
            raise ValueError("a user has an e-mail address")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})


class User(AbstractUser):
    """A person who logs in by e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("E-Mail-Adresse"), unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = _("Benutzerin oder Benutzer")
        verbose_name_plural = _("Benutzerinnen und Benutzer")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.email

    @property
    def gisapp_owes(self) -> bool:
        """Are rights withheld in this request, because a second factor is owed? Pages say so."""
        return bool(getattr(self, "_gisapp_withheld", False))

    @property
    def gisapp_spared(self) -> bool:
        """Is this one of the demo's people, who log in without the second factor that their role demands?"""
        return bool(getattr(self, "_gisapp_spared", False))

    # What Django's administration asks. There are no other permissions than an operator's.
    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return is_operator(self)

    def has_module_perms(self, app_label: str) -> bool:
        return is_operator(self)


class Area(models.Model):
    """A plain area that someone can be responsible for. Apps fill it through the registry (`layer.App.areas_of`);
    areas of kind "own" are drawn by hand."""

    key = models.TextField(_("Schlüssel"), unique=True)
    kind = models.TextField(_("Art"), default="own", db_default="own")
    name = models.TextField(_("Name"))
    geom = models.MultiPolygonField(srid=STORAGE_SRID)

    class Meta:
        verbose_name = _("Gebiet")
        verbose_name_plural = _("Gebiete")
        constraints = (
            models.CheckConstraint(condition=Q(geom__isvalid=True), name="area_geom_valid"),
            models.CheckConstraint(condition=Q(geom__isempty=False), name="area_geom_not_empty"),
        )

    def __str__(self) -> str:
        return self.name


@tracked
class Organisation(models.Model):
    """An Amt, a municipality, a union (Zweckverband), an operator or a contractor."""

    class Kind(models.TextChoices):
        AMT = "amt", _("Amt")
        MUNICIPALITY = "gemeinde", _("Gemeinde")
        UNION = "zweckverband", _("Zweckverband")
        OPERATOR = "operator", _("Netzbetreiber")
        CONTRACTOR = "contractor", _("Auftragnehmer")

    key = models.TextField(
        _("Kürzel"), unique=True, validators=[RegexValidator(r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?\Z")]
    )
    name = models.TextField(_("Name"))
    kind = models.TextField(_("Art"), choices=Kind)
    areas = models.ManyToManyField(Area, verbose_name=_("zuständig für"), related_name="organisations", blank=True)
    active = models.BooleanField(_("aktiv"), default=True, db_default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Organisation")
        verbose_name_plural = _("Organisationen")
        constraints = (
            models.CheckConstraint(
                condition=Q(key__regex=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"), name="organisation_key_form"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("amt", "gemeinde", "zweckverband", "operator", "contractor")),
                name="organisation_kind_known",
            ),
        )

    def __str__(self) -> str:
        return self.name


@tracked
class Membership(models.Model):
    """A person's role in an organisation. `valid_until` is the last day; contractors always have one."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("Person"))
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="memberships", verbose_name=_("Organisation")
    )
    role = models.TextField(_("Rolle"), choices=Role)
    areas = models.ManyToManyField(
        Area, verbose_name=_("beschränkt auf"), blank=True, help_text=_("leer: die ganze Zuständigkeit")
    )
    valid_from = models.DateField(_("ab"), default=timezone.localdate)
    valid_until = models.DateField(_("bis einschließlich"), null=True, blank=True)
    # What has given the role, where it was not a person: a layer that gives and takes it names itself here.
    purpose = models.TextField(default="", db_default="", blank=True, editable=False)

    class Meta:
        verbose_name = _("Mitgliedschaft")
        verbose_name_plural = _("Mitgliedschaften")
        constraints = (
            models.UniqueConstraint(fields=["user", "organisation", "role", "purpose"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(
                condition=~Q(role="contractor") | Q(valid_until__isnull=False), name="membership_contractor_ends"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="membership_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.organisation}"


class Token(models.Model):
    """A personal key for programs. Only its SHA-256 is kept; `scopes` are what it may do ("read", "write").

    `strong`: made by a command, or in a session in which the second factor was shown. One that is not gives no rights to
    whoever comes to need a second factor later.
    """

    SCOPES = ("read", "write")

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.TextField(_("Name"))
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    hint = models.TextField(editable=False)
    scopes = ArrayField(models.TextField(), verbose_name=_("Umfang"))
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, blank=True)
    strong = models.BooleanField(default=True, db_default=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("gültig bis"))
    used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("widerrufen"), null=True, blank=True)

    class Meta:
        verbose_name = _("Zugangsschlüssel")
        verbose_name_plural = _("Zugangsschlüssel")
        constraints = (
            models.CheckConstraint(
                condition=Q(scopes__contained_by=["read", "write"], scopes__len__gt=0), name="token_scopes_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"


class DatabaseLogin(models.Model):
    """Which person a database role is: the policies of the tables ask this (sql/access.sql)."""

    role = models.TextField(primary_key=True)
    user = models.OneToOneField(User, models.CASCADE, related_name="database_login")

    def __str__(self) -> str:
        return self.role
