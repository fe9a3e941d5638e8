"""The accounts in Django's administration, for operators."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.gis.db.models import MultiPolygonField
from django.http import HttpRequest

from gisapp.accounts import addresses
from gisapp.accounts.models import Area, Membership, Organisation, Token, User


class UserCreationForm(AdminUserCreationForm):
    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ("email",)
        field_classes = {}


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    add_form = UserCreationForm
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_active", "is_superuser")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "first_name", "last_name")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (None, {"fields": ("first_name", "last_name", "is_active", "is_staff", "is_superuser")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            addresses.set_address(obj)


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ("name", "key", "kind", "active")
    list_filter = ("kind", "active")
    search_fields = ("name", "key")
    autocomplete_fields = ("areas",)


@admin.register(Area)
class AreaAdmin(admin.ModelAdmin):
    """The shape is text (WKT or GeoJSON in EPSG:25832): a map here would come from another host."""

    list_display = ("name", "key", "kind")
    list_filter = ("kind",)
    search_fields = ("name", "key")
    formfield_overrides = {MultiPolygonField: {"widget": forms.Textarea}}

    def get_queryset(self, request: HttpRequest) -> Any:
        match = request.resolver_match
        found = super().get_queryset(request)
        return found if match and "object_id" in match.kwargs else found.defer("geom")


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ("user", "organisation", "role", "valid_from", "valid_until")
    list_filter = ("role", "organisation")
    search_fields = ("user__email", "user__last_name", "organisation__name", "organisation__key")
    autocomplete_fields = ("user", "organisation", "areas")
    list_select_related = ("user", "organisation")


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):
    """Seen and revoked, not made: a key is shown to its owner alone."""

    list_display = ("name", "user", "hint", "organisation", "expires_at", "used_at", "revoked_at")
    search_fields = ("name", "user__email")
    list_select_related = ("user", "organisation")
    fields = ("name", "user", "hint", "scopes", "organisation", "created_at", "expires_at", "used_at", "revoked_at")
    readonly_fields = ("name", "user", "hint", "scopes", "organisation", "created_at", "expires_at", "used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
