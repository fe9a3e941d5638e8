"""Programs log in with a personal token: `Authorization: Bearer krit_...`, at every door of the web."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from gisapp import problems
from gisapp.accounts import roles, tokens
from gisapp.errors import Forbidden, GisError

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class BearerToken:
    """Lets the token's person in, limited to its scopes and its organisation. No session, so no CSRF either."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        kind, _space, text = request.headers.get("Authorization", "").partition(" ")
        # Another's token (Prometheus has one) is none of ours, and lets nobody in here.
        if kind.lower() != "bearer" or not text.strip().startswith(tokens.PREFIX):
            return self.get_response(request)
        token = tokens.find(text.strip())
        if token is None:
            refused = problems.answer(request, GisError("token-invalid"))
            refused["WWW-Authenticate"] = 'Bearer error="invalid_token"'
            return refused
        if ("read" if request.method in SAFE else "write") not in token.scopes:
            return problems.answer(request, Forbidden("token-scope", scope=", ".join(token.scopes)))
        request.user = token.user
        if token.organisation is not None:
            roles.limit_to(token.user, token.organisation.pk)
        request.gisapp_token = token  # type: ignore[attr-defined]
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return self.get_response(request)
