"""Where django-allauth's views do not do all that we want."""

from typing import Any

from allauth.account.views import LoginView
from allauth.mfa.totp.views import DeactivateTOTPView
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from gisapp.accounts.adapters import MfaAdapter

WAIT_SECONDS = 300


class Login(LoginView):
    """Log-in by password; too many wrong ones are told by the status as well."""

    def form_invalid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_invalid(form)
        if getattr(form, "too_many", False):
            answer.status_code = 429
            answer["Retry-After"] = str(WAIT_SECONDS)
        return answer


class RemovePasskey(RemoveWebAuthnView):
    """A passkey that a role demands stays until there is another factor."""

    success_url = "/konto/sicherheit/"

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            MfaAdapter().refuse_if_last(self.get_object())
        except ValidationError as refused:
            messages.error(self.request, refused.messages[0])
            return HttpResponseRedirect(reverse("mfa_index"))
        return super().form_valid(form)


login = Login.as_view()
remove_webauthn = RemovePasskey.as_view()
deactivate_totp = DeactivateTOTPView.as_view()
