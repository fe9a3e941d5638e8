"""The page on which those who lead an organisation keep its members. For others the address does not exist."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gisapp.accounts import memberships
from gisapp.accounts.memberships import GIVEN, Period
from gisapp.accounts.models import Area, Membership, Organisation
from gisapp.accounts.roles import Role
from gisapp.errors import GisError, NotFound
from gisapp.tiles.views import base_url


def _organisation(request: HttpRequest, key: str) -> Organisation:
    found = memberships.led_by(request.user).filter(key=key).first()
    if found is None:
        raise NotFound("unknown-address")
    return found


class _Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PeriodForm(forms.Form):
    """When and where a role holds, and why it is changed."""

    since = forms.DateField(label=gettext_lazy("ab"), widget=_Day())
    until = forms.DateField(
        label=gettext_lazy("bis einschließlich"), widget=_Day(), required=False,
        help_text=gettext_lazy("leer: unbefristet; Auftragnehmer brauchen einen letzten Tag"),
    )  # fmt: skip
    areas = forms.ModelMultipleChoiceField(
        label=gettext_lazy("beschränkt auf"), queryset=Area.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("leer: die ganze Zuständigkeit"),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Grund"), max_length=500, required=False,
        help_text=gettext_lazy("steht in der Geschichte, zum Beispiel ein Aktenzeichen"),
    )  # fmt: skip

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["areas"].queryset = memberships.areas_for(organisation)  # type: ignore[attr-defined]

    def period(self) -> Period:
        given = self.cleaned_data
        return Period(given["since"], given["until"], list(given["areas"]))

    def refuse(self, error: GisError) -> None:
        """Put what the tables or the service refuse at its field."""
        self.add_error(error.field if error.field in self.fields else None, error.text())


class PersonForm(PeriodForm):
    email = forms.EmailField(
        label=gettext_lazy("E-Mail-Adresse"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=gettext_lazy("Rolle"), choices=[(one.value, one.label) for one in GIVEN])

    field_order = ("email", "role", "since", "until", "areas", "reason")


def _page(request: HttpRequest, organisation: Organisation, form: PersonForm, status: int = 200) -> HttpResponse:
    today = timezone.localdate()
    rows = (
        Membership.objects.filter(organisation=organisation)
        .select_related("user")
        .prefetch_related("areas")
        .order_by("user__last_name", "user__email", "role")
    )
    context = {
        "organisation": organisation,
        "rows": [
            {
                "row": one,
                "areas": list(one.areas.all()),
                "state": "over" if one.valid_until and one.valid_until < today
                else "later" if one.valid_from > today else "live",
            }
            for one in rows
        ],
        "form": form,
    }  # fmt: skip
    return render(request, "accounts/organisation.html", context, status=status)


def _empty_form(organisation: Organisation) -> PersonForm:
    return PersonForm(organisation, initial={"since": timezone.localdate(), "role": Role.STAFF})


@require_safe
@login_required
def members(request: HttpRequest, key: str) -> HttpResponse:
    organisation = _organisation(request, key)
    return _page(request, organisation, _empty_form(organisation))


@require_POST
@login_required
def add(request: HttpRequest, key: str) -> HttpResponse:
    """Give somebody a role; who has no account gets one and a mail."""
    organisation = _organisation(request, key)
    form = PersonForm(organisation, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        role = Role(given["role"])
        try:
            user, made = memberships.give(
                request.user, organisation, given["email"], role, form.period(), given["reason"]
            )
        except GisError as refused:
            form.refuse(refused)
        else:
            _tell(request, organisation, role, user, made)
            return HttpResponseRedirect(reverse("organisation", args=[organisation.key]))
    return _page(request, organisation, form, 400)


def _tell(request: HttpRequest, organisation: Organisation, role: Role, user: Any, made: bool) -> None:
    if not made:
        messages.success(request, _("Die Rolle ist vergeben."))
        return
    who = request.user.get_full_name() or request.user.email  # type: ignore[union-attr]
    try:
        memberships.invite(user, organisation, role, who, base_url(request))
    except GisError:
        text = _(
            "Das Konto ist angelegt, aber die Einladung konnte nicht verschickt werden. „Passwort vergessen?“ hilft."
        )
        messages.error(request, text)
    else:
        messages.success(request, _("Die Rolle ist vergeben; eine Einladung ist unterwegs."))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Other days or areas for a role."""
    organisation = _organisation(request, key)
    membership = memberships.membership_of(organisation, number)
    initial = {
        "since": membership.valid_from, "until": membership.valid_until, "areas": list(membership.areas.all()),
    }  # fmt: skip
    form = PeriodForm(organisation, request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            memberships.change(request.user, membership, form.period(), form.cleaned_data["reason"])
        except GisError as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Die Rolle ist geändert."))
            return HttpResponseRedirect(reverse("organisation", args=[organisation.key]))
    context = {"organisation": organisation, "membership": membership, "form": form}
    return render(request, "accounts/role.html", context, status=400 if form.errors else 200)


@require_POST
@login_required
def end(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Take a role away."""
    organisation = _organisation(request, key)
    membership = memberships.membership_of(organisation, number)
    try:
        memberships.end(request.user, membership, request.POST.get("reason", "").strip())
    except GisError as refused:
        messages.error(request, refused.text())
    else:
        messages.success(request, _("Die Rolle ist beendet."))
    return HttpResponseRedirect(reverse("organisation", args=[organisation.key]))
