"""Django's administration for operators: log-in is ours, with the second factor, and rights are asked where all are."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.http import urlencode


class Administration(AdminSite):
    """What /admin/ is."""

    def has_permission(self, request: HttpRequest) -> bool:
        from gisapp.accounts.roles import is_operator

        return is_operator(request.user)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Whoever may not come in: to the log-in, to the second factor, or a refusal."""
        from gisapp import problems
        from gisapp.accounts.roles import is_known
        from gisapp.errors import Forbidden

        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        if not request.user.is_authenticated:
            wanted = request.GET.get("next") or reverse("admin:index")
            return HttpResponseRedirect(f"{reverse('login')}?{urlencode({'next': wanted})}")
        return (
            problems.answer(request, Forbidden())
            if is_known(request.user)
            else HttpResponseRedirect(reverse("mfa_index"))
        )

    def get_urls(self) -> list[Any]:
        """With a page of what is not set up yet."""
        from gisapp.status.setup_page import setup_page

        return [path("einrichtung/", self.admin_view(setup_page), name="setup"), *super().get_urls()]

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        return HttpResponseRedirect(reverse("logout"))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        return HttpResponseRedirect(reverse("account_change_password"))


class AdministrationConfig(AdminConfig):
    default_site = "gisapp.accounts.administration.Administration"

    def ready(self) -> None:
        super().ready()
        from gisapp.accounts.admin import replace_theirs

        replace_theirs()
