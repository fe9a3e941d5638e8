"""Who asks, for REST: the token that the middleware found, else the session."""

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request


class TokenOrSession(SessionAuthentication):
    """Writes in a session are checked against forgery, those with a token have nothing to forge."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        token = getattr(request._request, "gisapp_token", None)
        return (token.user, token) if token is not None else super().authenticate(request)
