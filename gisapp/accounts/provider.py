"""Any OpenID Connect provider, stricter than django-allauth's own: the ID token's signature, issuer, audience, age and
nonce are always checked, and accounts are known by issuer and subject, whatever number the provider has here.

django-allauth finds this module by its name.
"""

import hashlib
import secrets
from typing import Any

import jwt
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import ProviderException
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe
from requests import RequestException

from gisapp import problems
from gisapp.errors import GisError, NotFound

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
CLOCKS_DIFFER = 60
"""Seconds by which their clock and ours may differ."""
LONGEST_UID = 191


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """One log-in: discovery, the exchange of the code, the claims."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        found: dict[str, Any] = super().openid_config
        issuer = self.get_provider().app.settings["server_url"]
        if str(found.get("issuer", "")).rstrip("/") != issuer:
            raise ProviderException(f"the issuer calls itself {found.get('issuer')} and not {issuer}")
        return found

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        claims = self._claims(app, str(kwargs["response"].get("id_token") or ""))
        if "email" not in claims and self.openid_config.get("userinfo_endpoint"):
            told = self._fetch_user_info(token.token)
            if told.get("sub") != claims["sub"]:
                raise ProviderException("userinfo is about somebody else")
            claims = {**told, **claims}
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})

    def _claims(self, app: SocialApp, token: str) -> dict[str, Any]:
        """What the ID token says, if it was made by this issuer, for us, now, and for this very log-in."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            keys = [one for one in jwt.PyJWKSet.from_dict(answer.json()).keys if kid in (None, one.key_id)]
            if len(keys) != 1:
                raise ProviderException("the ID token names no key of the provider")
            found: dict[str, Any] = jwt.decode(
                token, keys[0].key, algorithms=ALGORITHMS, audience=app.client_id, issuer=self.openid_config["issuer"],
                leeway=CLOCKS_DIFFER, options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )  # fmt: skip
        except (jwt.PyJWTError, TypeError, ValueError) as wrong:
            raise ProviderException(f"the ID token does not hold: {wrong}") from wrong
        if isinstance(found["aud"], list) and len(found["aud"]) > 1 and found.get("azp") != app.client_id:
            raise ProviderException("the ID token was made for another client")
        if not self.nonce or not secrets.compare_digest(str(found.get("nonce", "")), self.nonce):
            raise ProviderException("the ID token belongs to another log-in")
        return found

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        from gisapp.tiles.views import base_url

        return base_url(request) + reverse("oidc_callback", args=[self.provider_id])


class OidcProvider(OpenIDConnectProvider):
    id = "oidc"
    oauth2_adapter_class = OidcAdapter
    supports_token_authentication = False

    def redirect(self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None,
                 **kwargs: Any) -> HttpResponse:  # fmt: skip
        """To the provider, with a nonce. What the address asks for (scopes, parameters, another process) is not heeded."""
        nonce = secrets.token_urlsafe(24)
        answer: HttpResponse = super().redirect(
            request, "login", next_url=next_url, data={"nonce": nonce}, auth_params={"nonce": nonce},
            scope=self.get_default_scope(),
        )  # fmt: skip
        return answer

    def extract_uid(self, data: dict[str, Any]) -> str:
        claims = data["id_token"]
        found = f"{claims['iss']}#{claims['sub']}"
        return found if len(found) <= LONGEST_UID else hashlib.sha256(found.encode()).hexdigest()

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """What is kept about the person beside the uid: nothing."""
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        claims = data["id_token"]
        proven = claims.get("email_verified") in (True, "true")
        return [EmailAddress(email=claims["email"], verified=proven, primary=True)] if claims.get("email") else []


provider_classes = [OidcProvider]


class _Callback(OAuth2CallbackView):
    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[Any, Any]:
        state, refusal = super()._get_state(request, provider)
        self.adapter.nonce = ((state or {}).get("data") or {}).get("nonce", "")
        return state, refusal


def _run(request: HttpRequest, view: type[Any], number: str) -> HttpResponse:
    try:
        answer: HttpResponse = view.adapter_view(OidcAdapter(request, number))(request)
        return answer
    except SocialApp.DoesNotExist:
        raise NotFound("unknown-address") from None
    except (RequestException, ProviderException, ValueError, KeyError) as error:
        problems.log.warning("OpenID Connect provider %s: %s", number, error)
        return problems.answer(request, GisError("login-provider-away"))


@require_safe
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Begin at the provider; from a link of our own pages or one that the person followed, not from a foreign page."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return HttpResponseRedirect(reverse("login"))
    return _run(request, OAuth2LoginView, provider_id)


@require_safe
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the provider."""
    return _run(request, _Callback, provider_id)
