"""Banners in the administration; maintenance is begun and ended by the command."""

from typing import Any

from django.contrib import admin
from django.forms import Textarea
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gisapp.status.live import changed
from gisapp.status.models import Banner


@admin.action(description=_("Jetzt entfernen"))
def clear(model_admin: admin.ModelAdmin, request: HttpRequest, queryset: Any) -> None:
    queryset.filter(cleared_at__isnull=True).update(cleared_at=timezone.now())
    changed()


@admin.register(Banner)
class BannerAdmin(admin.ModelAdmin):
    list_display = ("text_de", "level", "tenant", "valid_from", "valid_until", "cleared_at")
    list_filter = ("level", "tenant")
    list_select_related = ("tenant",)
    actions = (clear,)
    fields = ("text_de", "text_en", "level", "tenant", "valid_from", "valid_until", "cleared_at")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in ("text_de", "text_en"):
            kwargs["widget"] = Textarea(attrs={"rows": 3})
        return super().formfield_for_dbfield(db_field, request, **kwargs)
