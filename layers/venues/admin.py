"""Venues in the administration, for operators: what is let, when, and for how much."""

from typing import Any

from django.contrib import admin

from layers.venues.models import (
    CancelRule,
    Caretaker,
    Conditions,
    Equipment,
    Extra,
    Holiday,
    Opening,
    Room,
    Space,
    SpaceRoom,
    SpecialDay,
    Tariff,
    Venue,
)


def _inline(of: type[Any]) -> type[admin.TabularInline]:
    return type(f"{of.__name__}Inline", (admin.TabularInline,), {"model": of, "extra": 0})


class _WithoutMap(admin.ModelAdmin):
    """(Positions are drawn in the map and in QGIS.)"""

    exclude = ("geom",)


@admin.register(Venue)
class VenueAdmin(_WithoutMap):
    list_display = ("name", "kind", "organisation", "locality", "capacity", "published")
    list_filter = ("kind", "organisation", "published")
    search_fields = ("name", "locality")
    inlines = [_inline(one) for one in (Caretaker, Room, Opening, SpecialDay, CancelRule, Conditions)]

    def has_add_permission(self, request: Any) -> bool:
        return False


@admin.register(Space)
class SpaceAdmin(admin.ModelAdmin):
    list_display = ("name", "venue", "capacity", "mode", "active")
    list_filter = ("venue", "active")
    inlines = [_inline(one) for one in (SpaceRoom, Tariff, Extra)]


admin.site.register(Equipment)
admin.site.register(Holiday)
