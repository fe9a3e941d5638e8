"""The catalogue and the networks in the administration: operators add what they buy, and make networks."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from gisapp.errors import from_database
from layers.fibre.models import (
    Colour,
    ColourScheme,
    DuctSpec,
    DuctSpecTube,
    FittingSpec,
    NamingRule,
    Network,
    OpticsBudget,
    OpticsClass,
    SchemeColour,
)
from layers.fibre.swatches import Swatch, scheme


def _joined(swatches: list[Swatch]) -> SafeString:
    return format_html_join(" ", "{}", ((one.__html__(),) for one in swatches))


@admin.register(Colour)
class ColourAdmin(admin.ModelAdmin):
    list_display = ("name_de", "swatch", "name_en", "hex", "key")
    search_fields = ("name_de", "name_en", "key")

    @admin.display(description=_("Farbe"))
    def swatch(self, row: Colour) -> SafeString:
        return Swatch(1, row).picture


class SchemeColours(admin.TabularInline):
    model = SchemeColour
    extra = 1
    ordering = ("position",)
    readonly_fields = ("swatch",)

    @admin.display(description=_("Muster"))
    def swatch(self, row: SchemeColour) -> SafeString | str:
        return Swatch.of(row.position, row).__html__() if row.pk else ""


@admin.register(ColourScheme)
class ColourSchemeAdmin(admin.ModelAdmin):
    list_display = ("name", "key", "verified", "positions")
    list_filter = ("verified",)
    search_fields = ("name", "key")
    inlines = (SchemeColours,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(count=Count("colours"))

    @admin.display(description=_("Positionen"))
    def positions(self, row: Any) -> int:
        return int(row.count)


class DuctSpecTubes(admin.TabularInline):
    model = DuctSpecTube
    fk_name = "spec"
    extra = 1
    ordering = ("position",)
    autocomplete_fields = ("pipe",)


@admin.register(DuctSpec)
class DuctSpecAdmin(admin.ModelAdmin):
    """A product; of a bundle its tubes stand below, as they look on site."""

    list_display = ("name", "key", "outer_mm", "inner_mm", "gis_nb", "scheme")
    list_filter = ("scheme",)
    search_fields = ("name", "key")
    readonly_fields = ("tubes_shown",)
    inlines = (DuctSpecTubes,)

    @admin.display(description=_("Röhrchen"))
    def tubes_shown(self, row: DuctSpec) -> SafeString | str:
        if not row.pk:
            return ""
        known = scheme(row.scheme_id)
        return _joined([Swatch.of(one.position, known.get(one.position)) for one in row.tubes.order_by("position")])


@admin.register(FittingSpec)
class FittingSpecAdmin(admin.ModelAdmin):
    list_display = ("name", "key", "kind", "outer_a_mm", "outer_b_mm")
    list_filter = ("kind",)
    search_fields = ("name", "key")


class OpticsBudgets(admin.TabularInline):
    model = OpticsBudget
    extra = 1
    ordering = ("wavelength_nm",)


@admin.register(OpticsClass)
class OpticsClassAdmin(admin.ModelAdmin):
    list_display = ("name", "key", "technology")
    search_fields = ("name", "key")
    inlines = (OpticsBudgets,)


@admin.register(Network)
class NetworkAdmin(admin.ModelAdmin):
    """A network that gets another organisation takes all its objects along."""

    list_display = ("name", "key", "organisation")
    list_filter = ("organisation",)
    search_fields = ("name", "key")
    autocomplete_fields = ("organisation",)


class NamingForm(forms.ModelForm):
    """The pattern is looked at by the database's own rule, before anything is saved."""

    class Meta:
        model = NamingRule
        fields = ("network", "kind", "pattern")

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if self.errors:
            return found
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT fibre_check_pattern(%s, %s)", [found["kind"], found["pattern"]])
        except DatabaseError as error:
            refused = from_database(error)
            if refused is None:
                raise
            said = (refused.text(), refused.values.get("hint", ""))
            raise forms.ValidationError({"pattern": " ".join(str(one) for one in said if one)}) from error
        return found


@admin.register(NamingRule)
class NamingRuleAdmin(admin.ModelAdmin):
    """How things of a network are named where nobody names them."""

    form = NamingForm
    list_display = ("network", "kind", "pattern")
    list_filter = ("network", "kind")
