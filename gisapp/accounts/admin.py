"""The accounts in Django's administration, for operators."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.usersessions.models import UserSession
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


class AuthenticatorAdmin(admin.ModelAdmin):
    """Who has which second factor, to remove what somebody has lost; the secrets are nobody's to see."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("user__email",)
    list_select_related = ("user",)
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class UserSessionAdmin(admin.ModelAdmin):
    """Who is logged in where. The key of a session is as good as the session, so it is not shown."""

    list_display = ("user", "created_at", "ip", "user_agent")
    search_fields = ("user__email", "ip")
    list_select_related = ("user",)
    fields = readonly_fields = ("user", "created_at", "ip", "user_agent")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: UserSession) -> None:
        obj.end()

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for one in queryset:
            one.end()


def replace_theirs() -> None:
    """django-allauth's own pages show secrets and take providers that the environment does not name."""
    admin.site.unregister([SocialApp, SocialToken, Authenticator, UserSession])
    admin.site.register(Authenticator, AuthenticatorAdmin)
    admin.site.register(UserSession, UserSessionAdmin)
