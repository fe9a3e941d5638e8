"""Who asks: a program with a personal token (`Authorization: Bearer krit_...`, at every door of the web), or a person
with a session, who may owe a second factor. And what all account pages have in common."""

from collections.abc import Callable
from typing import Any

import psycopg
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from gisapp import problems
from gisapp.accounts import roles, tokens
from gisapp.errors import Forbidden, GisError, from_database
from gisapp.replica.routing import primary
from gisapp.tenants.current import languages

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ACCOUNT_PAGES = ("/konto/",)
Answer = Callable[[HttpRequest], HttpResponse]


def is_account_page(request: HttpRequest) -> bool:
    return request.path_info.startswith(ACCOUNT_PAGES)


class BearerToken:
    """Lets the token's person in, limited to its scopes and its organisation. No session, so no CSRF either."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        kind, _space, text = request.headers.get("Authorization", "").partition(" ")
        # Another's token (Prometheus has one) is none of ours, and lets nobody in here.
        if kind.lower() != "bearer" or not text.strip().startswith(tokens.PREFIX):
            return self.get_response(request)
        try:
            token = tokens.find(text.strip())
        except (DatabaseError, psycopg.Error) as error:  # outside of a view nobody else names it
            away = from_database(error)
            if away is None:
                raise
            return problems.answer(request, away)
        if token is None:
            refused = problems.answer(request, GisError("token-invalid"))
            refused["WWW-Authenticate"] = 'Bearer error="invalid_token"'
            return refused
        if ("read" if request.method in SAFE else "write") not in token.scopes:
            return problems.answer(request, Forbidden("token-scope", scope=", ".join(token.scopes)))
        request.user = token.user
        if token.organisation_id is not None:
            roles.limit_to(token.user, token.organisation_id)
        if not token.strong and _needs(token.user):
            roles.withhold(token.user)
        request.gisapp_token = token  # type: ignore[attr-defined]
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return self.get_response(request)


def _needs(user: Any) -> bool:
    from gisapp.accounts import second_factor

    return roles.needs_second_factor(user) and not second_factor.spared(user)


class SecondFactor:
    """Withholds the rights of a session's person until the second factor is shown. Who has no session costs nothing."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not hasattr(request, "gisapp_token"):
            person = request.user
            request.user = SimpleLazyObject(lambda: _at_primary(request, person))  # type: ignore[assignment]
        return self.get_response(request)


def _at_primary(request: HttpRequest, person: Any) -> Any:
    """Who somebody is, and whether the session has been ended, the primary knows first."""
    with primary():
        return _weighed(request, person)


def _weighed(request: HttpRequest, person: Any) -> Any:
    from gisapp.accounts import second_factor

    if not person.is_authenticated:
        return person
    # What lies behind Django's own lazy object: rights are noted on the person and not on a wrapping.
    user = person._wrapped if isinstance(person, SimpleLazyObject) else person
    if second_factor.owed(request, user):
        roles.withhold(user)
    return user


FREE = frozenset({"login", "account_login", "logout", "account_logout", "mfa_index"})
SET_UP = FREE | {
    "account_reauthenticate", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes",
}  # fmt: skip
SHOW = FREE | {"mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
"""The pages for who owes a second factor: that set one up where there is none, else that ask for it - and no page on
which a stolen password alone could put another factor in its place."""


class AccountPages:
    """The pages below /konto/: for people and not for programs, in the language that the address asks for, kept by
    nobody and found by no search engine."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_account_page(request):
            return self.get_response(request)
        if hasattr(request, "gisapp_token"):
            return problems.answer(request, Forbidden("token-not-here"))
        asked = request.GET.get("lang", "")
        known = asked in dict(languages())
        if known:
            translation.activate(asked)
            request.LANGUAGE_CODE = asked
        response = self.get_response(request)
        if known:
            from gisapp.map.languages import remember

            remember(response, asked)
        response["X-Robots-Tag"] = "noindex"
        response["Cache-Control"] = "private, no-store"
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Whoever owes a second factor sees the pages about it, and no other of the account."""
        if not is_account_page(request) or not request.user.is_authenticated or roles.is_known(request.user):
            return None
        from gisapp.accounts import second_factor

        allowed = SHOW if second_factor.has_one(request.user) else SET_UP
        if request.resolver_match and request.resolver_match.url_name in allowed:
            return None
        if request.method in SAFE:
            return HttpResponseRedirect(reverse("mfa_index"))
        return problems.answer(request, Forbidden("second-factor-owed"))
