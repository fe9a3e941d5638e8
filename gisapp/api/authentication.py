"""Who asks, for REST: the token that the middleware found, else the session."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request


class TokenOrSession(SessionAuthentication):
    """Writes in a session are checked against forgery, those with a token have nothing to forge."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        token = getattr(request._request, "gisapp_token", None)
        return (token.user, token) if token is not None else super().authenticate(request)


class Described(OpenApiAuthenticationExtension):
    """What the OpenAPI document says of it."""

    target_class = "gisapp.api.authentication.TokenOrSession"
    name = ["token", "session"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "Zugangsschlüssel / access key"},
            {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
        ]
