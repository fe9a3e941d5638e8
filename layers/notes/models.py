"""Notices: what staff mark on the map, for themselves or for everybody."""

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gisapp.accounts.models import Organisation
from gisapp.base_models import PointFeature, folded
from gisapp.history.tracking import tracked


@tracked
class Note(PointFeature):
    """A marked place of an organisation: internal to it, or public."""

    class State(models.TextChoices):
        OPEN = "open", "offen"
        DONE = "done", "erledigt"

    class Audience(models.TextChoices):
        INTERNAL = "internal", "intern"
        PUBLIC = "public", "öffentlich"

    title = models.TextField(_("Titel"))
    text = models.TextField(_("Text"), default="", db_default="", blank=True)
    state = models.TextField(_("Stand"), choices=State, default=State.OPEN, db_default="open")
    audience = models.TextField(_("Sichtbarkeit"), choices=Audience, default=Audience.INTERNAL, db_default="internal")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="notes", verbose_name=_("Organisation"))
    name_norm = folded("title", "text")

    class Meta(PointFeature.Meta):
        verbose_name = _("Hinweis")
        verbose_name_plural = _("Hinweise")
        constraints = (
            *PointFeature.Meta.constraints,
            models.CheckConstraint(condition=Q(title__regex=r"\S"), name="note_titled"),
            models.CheckConstraint(condition=Q(state__in=("open", "done")), name="note_state_known"),
            models.CheckConstraint(condition=Q(audience__in=("internal", "public")), name="note_audience_known"),
        )
        indexes = (
            *PointFeature.Meta.indexes,
            GinIndex(fields=["name_norm"], opclasses=["gin_trgm_ops"], name="%(class)s_name"),
        )

    def __str__(self) -> str:
        return self.title
