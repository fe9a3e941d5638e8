"""Which OpenID Connect providers the environment names; plain values, for the settings.

OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET or OIDC_CLIENT_SECRET_FILE, OIDC_NAME; further ones with _2, _3 and so on.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

MOST = 9


class Incomplete(ValueError):
    """A provider is named by half."""


def _secret(environment: Mapping[str, str], suffix: str) -> str:
    path = environment.get(f"OIDC_CLIENT_SECRET_FILE{suffix}", "")
    return (
        Path(path).read_text(encoding="utf-8").strip() if path else environment.get(f"OIDC_CLIENT_SECRET{suffix}", "")
    )


def configured(environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """The providers in the form that django-allauth takes. Raises Incomplete for an issuer without a client."""
    found = []
    for number in range(1, MOST + 1):
        suffix = "" if number == 1 else f"_{number}"
        issuer = environment.get(f"OIDC_ISSUER{suffix}", "").rstrip("/")
        if not issuer:
            continue
        client = environment.get(f"OIDC_CLIENT_ID{suffix}", "")
        if not client:
            raise Incomplete(f"OIDC_CLIENT_ID{suffix} is missing")
        name = environment.get(f"OIDC_NAME{suffix}") or issuer.partition("://")[2].partition("/")[0]
        found.append(
            {
                "provider_id": str(number),
                "name": name[:40],
                "client_id": client,
                "secret": _secret(environment, suffix),
                "settings": {"server_url": issuer, "oauth_pkce_enabled": True},
            }
        )
    return found
