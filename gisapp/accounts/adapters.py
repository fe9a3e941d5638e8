"""How django-allauth fits in here: our words, our mails, our rules about who may come in."""

import time
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthError
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gisapp import fetch, problems
from gisapp.accounts import data_keys, letters, mail, roles
from gisapp.accounts.models import User
from gisapp.errors import Forbidden, GisError
from gisapp.tenants.directory import name_here

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class AccountAdapter(DefaultAccountAdapter):
    """Log-in by e-mail address and password."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("Dieses Konto ist geschlossen."),
        "email_password_mismatch": _("E-Mail-Adresse und Passwort passen nicht zusammen."),
        "email_taken": _("Zu dieser E-Mail-Adresse gibt es schon ein Konto."),
        "enter_current_password": _("Das jetzige Passwort stimmt nicht."),
        "incorrect_code": _("Dieser Code stimmt nicht."),
        "incorrect_password": _("Das Passwort stimmt nicht."),
        "too_many_login_attempts": _("Zu viele falsche Versuche. Bitte in fünf Minuten noch einmal."),
        "same_as_current": _("Das ist schon Ihre E-Mail-Adresse."),
        "rate_limited": _("Zu viele Versuche. Bitte warten Sie einen Augenblick."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.ACCOUNT_SIGNUP)

    def new_user(self, request: HttpRequest) -> User:
        """Somebody who made the account alone has yet to show that the address is theirs (see addresses.py)."""
        user = User()
        user._gisapp_address_unproven = True  # type: ignore[attr-defined]
        return user

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """What cannot be sent is logged and told by nobody here: the pages answer the same for every address."""
        found = letters.letter(template_prefix, context)
        if found is None:
            return
        try:
            mail.send(email, *found)
        except GisError:
            self._say(self.request, messages.ERROR, str(_("Die E-Mail konnte nicht verschickt werden.")))

    def _say(self, request: HttpRequest, level: int, text: str) -> None:
        # Only to those who are known: to others it would tell whether there is an account.
        if request.user.is_authenticated:
            messages.add_message(request, level, text)

    def add_message(self, request: HttpRequest, level: int, message_template: str | None = None,
                    message_context: dict[str, Any] | None = None, extra_tags: str = "",
                    message: str | None = None) -> None:  # fmt: skip
        text = message or letters.note(message_template or "", message_context or {})
        if text:
            messages.add_message(request, level, text)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        return reverse("account" if self.request.user.is_authenticated else "login")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever logged in a moment ago has just shown it."""
        request = context.request
        records = get_authentication_records(request, request.user)
        recent = time.time() - account_settings.REAUTHENTICATION_TIMEOUT
        return not any(one["method"] in ("password", "mfa") and one["at"] > recent for one in records)


class SocialAdapter(DefaultSocialAccountAdapter):
    """Log-in by an OpenID Connect provider. It says who somebody is, and never what they may."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(settings.OIDC_CREATE)

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Refuse whom the provider does not vouch for, and strangers where accounts are made by invitation."""
        if sociallogin.is_existing:
            return
        if not any(one.verified for one in sociallogin.email_addresses):
            raise ImmediateHttpResponse(problems.answer(request, Forbidden("login-address-unproven")))
        if not settings.OIDC_CREATE:
            raise ImmediateHttpResponse(problems.answer(request, Forbidden("login-unknown-person")))

    def get_requests_session(self) -> fetch.Guarded:
        """The operator wrote the issuers down; where else a discovery document sends us is looked at."""
        apps = settings.SOCIALACCOUNT_PROVIDERS["oidc"]["APPS"]
        return fetch.session([fetch.origin(one["settings"]["server_url"]) for one in apps])

    def on_authentication_error(self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None,
                                extra_context: Any = None) -> None:  # fmt: skip
        if error == AuthError.CANCELLED:
            messages.info(request, _("Die Anmeldung wurde abgebrochen."))
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("login")))
        problems.log.warning("log-in by %s failed: %s", provider, exception or error)
        raise ImmediateHttpResponse(problems.answer(request, GisError("login-provider-failed")))


class MfaAdapter(DefaultMFAAdapter):
    """The second factor."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _(
            "Ihre Rolle verlangt einen zweiten Faktor; richten Sie zuerst einen anderen ein."
        ),
        "incorrect_code": _("Dieser Code stimmt nicht."),
        "unverified_email": _("Bitte bestätigen Sie zuerst Ihre E-Mail-Adresse."),
    }

    def encrypt(self, text: str) -> str:
        return data_keys.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return data_keys.decrypt(encrypted_text)

    def _get_site_name(self) -> str:
        return name_here(settings.SITE_NAME)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS).exclude(pk=authenticator.pk)
        return not roles.needs_second_factor(authenticator.user) or others.exists()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return f"Passkey {number}"

    def refuse_if_last(self, authenticator: Authenticator) -> None:
        """Raises ValidationError where a role demands this factor."""
        if not self.can_delete_authenticator(authenticator):
            raise self.validation_error("cannot_delete_authenticator")
