"""„Mein Konto“: what is kept about a person, and what the person may do with it."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gisapp.accounts import memberships, privacy, second_factor, tokens
from gisapp.accounts.models import DatabaseLogin, Organisation, Token, User
from gisapp.accounts.roles import organisations_of
from gisapp.errors import GisError, NotFound

SCOPES = (("read", gettext_lazy("lesen")), ("write", gettext_lazy("schreiben")))


_BROWSERS = {
    "QGIS": "QGIS",
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS X": "macOS", "Linux": "Linux",
}  # fmt: skip


def device(agent: str) -> str:
    """What a browser calls itself, in short: Firefox, Windows."""
    names = [next((name for mark, name in known.items() if mark in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, names)) or agent[:60] or "–"


def person(request: HttpRequest) -> User:
    """Whoever has logged in; the row itself, not the session's wrapping of it."""
    return User.objects.get(pk=int(request.user.pk or 0))


class NameForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("first_name", "last_name")
        labels = {"first_name": gettext_lazy("Vorname"), "last_name": gettext_lazy("Nachname")}
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
        }


class TokenForm(forms.Form):
    """A personal key for a program."""

    name = forms.CharField(label=gettext_lazy("Wofür?"), max_length=100)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Darf"), choices=SCOPES, widget=forms.CheckboxSelectMultiple, initial=["read"]
    )
    days = forms.IntegerField(
        label=gettext_lazy("Gültig (Tage)"), min_value=1, max_value=tokens.LONGEST.days, initial=90
    )
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Nur für die Organisation"), queryset=Organisation.objects.none(), required=False,
        empty_label=gettext_lazy("alle meine Organisationen"),
    )  # fmt: skip

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = organisations_of(user, frozenset(memberships.GIVEN))
        self.fields["organisation"].queryset = Organisation.objects.filter(pk__in=mine).order_by("name")  # type: ignore[attr-defined]


@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """All on one page."""
    return _overview(request, NameForm(instance=person(request)), TokenForm(request.user))


def _overview(request: HttpRequest, name: NameForm, token: TokenForm, status: int = 200) -> HttpResponse:
    user = person(request)
    today = timezone.localdate()
    context = {
        "person": user,
        "name_form": name,
        "token_form": token,
        "memberships": [
            {"row": one, "areas": list(one.areas.all()), "over": bool(one.valid_until and one.valid_until < today)}
            for one in user.memberships.select_related("organisation").prefetch_related("areas").order_by("pk")
        ],
        "led": memberships.led_by(request.user).order_by("name")[:50],
        "sessions": [
            {"row": one, "device": device(one.user_agent)}
            for one in sorted(UserSession.objects.purge_and_list(user), key=lambda one: one.created_at, reverse=True)
        ],
        "factors": Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES),
        "elsewhere": SocialAccount.objects.filter(user=user),
        "tokens": Token.objects.filter(user=user).select_related("organisation").order_by("-created_at"),
        "now": timezone.now(),
        "database_login": DatabaseLogin.objects.filter(user=user).first(),
    }
    return render(request, "accounts/overview.html", context, status=status)


@require_POST
@login_required
def change_name(request: HttpRequest) -> HttpResponse:
    form = NameForm(request.POST, instance=person(request))
    if not form.is_valid():
        return _overview(request, form, TokenForm(request.user), 400)
    form.instance.save(update_fields=["first_name", "last_name"])
    messages.success(request, _("Ihr Name ist gespeichert."))
    return HttpResponseRedirect(reverse("account"))


@require_POST
@login_required
def make_token(request: HttpRequest) -> HttpResponse:
    """A new key; its text is on this page and never again."""
    form = TokenForm(request.user, request.POST)
    if not form.is_valid():
        return _overview(request, NameForm(instance=person(request)), form, 400)
    given = form.cleaned_data
    token, text = tokens.make(
        person(request), given["name"], scopes=given["scopes"], days=given["days"],
        organisation=given["organisation"], strong=second_factor.shown(request, request.user),
    )  # fmt: skip
    return render(request, "accounts/token.html", {"token": token, "text": text})


@require_POST
@login_required
def revoke_token(request: HttpRequest, key: int) -> HttpResponse:
    """Raises NotFound for somebody else's."""
    mine = Token.objects.filter(pk=key, user_id=int(request.user.pk or 0), revoked_at__isnull=True)
    if not mine.update(revoked_at=timezone.now()):
        raise NotFound("not-found", what=str(key))
    messages.success(request, _("Der Zugangsschlüssel gilt nicht mehr."))
    return HttpResponseRedirect(reverse("account") + "#tokens")


@require_POST
@login_required
def end_session(request: HttpRequest) -> HttpResponse:
    """One of the person's sessions, or all others. Raises NotFound for somebody else's."""
    mine = UserSession.objects.filter(user_id=request.user.pk)
    number = request.POST.get("session", "")
    if number == "others":
        mine = mine.exclude(session_key=request.session.session_key)
    elif number.isdecimal():
        mine = mine.filter(pk=number)
    else:
        mine = mine.none()
    found = list(mine)
    if not found and number != "others":
        raise NotFound("not-found", what=number[:20])
    end_sessions(request, found)
    if not request.user.is_authenticated:
        return HttpResponseRedirect(reverse("login"))
    messages.success(request, _("Die Sitzung ist beendet."))
    return HttpResponseRedirect(reverse("account") + "#sessions")


@require_safe
@login_required
def download(request: HttpRequest) -> HttpResponse:
    """Everything about the person as one file."""
    found = JsonResponse(
        privacy.everything_about(person(request)), encoder=DjangoJSONEncoder,
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )  # fmt: skip
    found["Content-Disposition"] = 'attachment; filename="meine-daten.json"'
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required(app="allauth.account")
def delete(request: HttpRequest) -> HttpResponse:
    """Close the account and forget the person, after a page that says what that means."""
    problem: GisError | None = None
    if request.method == "POST" and request.POST.get("sure") == "yes":
        try:
            privacy.erase(person(request))
        except GisError as refused:
            problem = refused
        else:
            logout(request)
            return render(request, "accounts/deleted.html")
    asked = request.method == "POST" and problem is None
    return render(
        request,
        "accounts/delete.html",
        {"problem": problem, "unsure": asked},
        status=problem.status if problem else 200,
    )
