"""Tenants and legal texts in the administration, for operators; the rules are those of the command."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from gisapp.errors import GisError
from gisapp.layer import services
from gisapp.tenants import directory, logos, putting, rules
from gisapp.tenants.logos import LARGEST_BYTES
from gisapp.tenants.models import LegalText, Tenant


class LegalInline(admin.StackedInline):
    model = LegalText
    extra = 0


class TenantForm(forms.ModelForm):
    """Hosts line by line; services as boxes to tick, none of them: all."""

    hosts = forms.CharField(
        label=_("Rechnernamen"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("einer je Zeile, ohne http:// und Port"),
    )  # fmt: skip
    languages = forms.CharField(label=_("Sprachen"), help_text=_("mit Komma; die erste ist die übliche"))
    services = forms.MultipleChoiceField(
        label=_("Dienste"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("nichts angekreuzt: alle; die Grundkarte ist immer dabei"),
    )  # fmt: skip
    logo_file = forms.FileField(label=_("Logo"), required=False, help_text=_("PNG, JPEG oder WebP, höchstens 2 MB"))
    no_logo = forms.BooleanField(label=_("Logo entfernen"), required=False)

    class Meta:
        model = Tenant
        fields = ("key", "organisation", "title_de", "title_en", "hosts", "languages", "primary_colour",
                  "accent_colour", "services", "is_default")  # fmt: skip
        widgets = dict.fromkeys(("key", "title_de", "title_en", "primary_colour", "accent_colour"), forms.TextInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["services"].choices = [(one, one) for one in services()]  # type: ignore[attr-defined]
        self.initial["hosts"] = "\n".join(self.instance.hosts)
        self.initial["languages"] = ", ".join(self.instance.languages)
        self.initial["services"] = self.instance.services or []

    def _said(self, name: str, rule: Any, *more: Any) -> Any:
        try:
            return rule(self.cleaned_data[name], *more)
        except GisError as error:
            raise ValidationError(error.text()) from error

    def clean_title_de(self) -> Any:
        return self._said("title_de", rules.title, "title_de")

    def clean_title_en(self) -> Any:
        return self._said("title_en", rules.title, "title_en")

    def clean_hosts(self) -> Any:
        return self._said("hosts", lambda text: putting.free_hosts(rules.hosts(text.split()), self.instance))

    def clean_languages(self) -> Any:
        return self._said("languages", lambda text: rules.languages([one.strip() for one in text.split(",")]))

    def clean_primary_colour(self) -> Any:
        return self._said("primary_colour", rules.colour, "primary_colour")

    def clean_accent_colour(self) -> Any:
        return self._said("accent_colour", rules.colour, "accent_colour")

    def clean_services(self) -> Any:
        return self._said("services", lambda names: rules.services(names or None))

    def clean_logo_file(self) -> Any:
        file = self.cleaned_data["logo_file"]
        if not file:
            return None
        try:
            return logos.read(file.read(LARGEST_BYTES + 1))
        except GisError as error:
            raise ValidationError(error.text()) from error


@admin.register(Tenant)
class TenantAdmin(admin.ModelAdmin):
    form = TenantForm
    inlines = (LegalInline,)
    list_display = ("title_de", "key", "hosts", "is_default", "retired_at")
    list_select_related = ("organisation",)
    autocomplete_fields = ("organisation",)
    readonly_fields = ("current_logo",)
    fields = ("key", "organisation", "title_de", "title_en", "hosts", "languages", "primary_colour", "accent_colour",
              "current_logo", "logo_file", "no_logo", "services", "is_default")  # fmt: skip

    @admin.display(description=_("jetziges Logo"))
    def current_logo(self, tenant: Tenant) -> Any:
        if not tenant.logo_id:
            return "–"
        return format_html('<img src="/tenant/{}.png" alt="" height="64">', tenant.logo_id)

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: bool) -> None:
        if form.cleaned_data.get("logo_file"):
            obj.logo = putting.keep_logo(form.cleaned_data["logo_file"])
        elif form.cleaned_data.get("no_logo"):
            obj.logo = None
        if obj.is_default and obj.retired_at is None:
            Tenant.objects.filter(is_default=True).exclude(pk=obj.pk).update(is_default=False)
        super().save_model(request, obj, form, change)
        directory.changed()

    def delete_model(self, request: HttpRequest, obj: Tenant) -> None:
        """A site is retired; its organisation and its history stay."""
        Tenant.objects.filter(pk=obj.pk).update(retired_at=timezone.now(), is_default=False)
        directory.changed()

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        queryset.update(retired_at=timezone.now(), is_default=False)
        directory.changed()


@admin.register(LegalText)
class LegalTextAdmin(admin.ModelAdmin):
    list_display = ("kind", "tenant", "created_at")
    list_filter = ("kind", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("text_de", "text_en")
