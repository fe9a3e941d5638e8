"""Log-in by an OpenID Connect provider: whom it vouches for, and all that must not pass."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client

from gisapp.accounts import oidc
from gisapp.accounts.models import User
from tests import factories
from tests.oidc_provider import CLIENT, OTHER_KEY, SECRET, Provider

pytestmark = pytest.mark.django_db
BEGIN = "/konto/anmelden/dienst/1/"
SCOPES = {"openid", "profile", "email"}
Asked = dict[str, str]


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    cache.clear()
    made = Provider()
    made.person()
    server = made.serve()
    environment = {
        "OIDC_ISSUER": made.origin, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": SECRET, "OIDC_NAME": "Rathaus",
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {"oidc": {"APPS": oidc.configured(environment)}}
    yield made
    server.shutdown()
    server.server_close()


def begin(client: Client, path: str = BEGIN) -> Asked:
    answer = client.get(path)
    assert answer.status_code == 302, answer.content
    return dict(parse_qsl(urlsplit(answer["Location"]).query))


def come_back(client: Client, provider: Provider, asked: Asked) -> Any:
    back = urlsplit(provider.authorize(asked))
    return client.get(f"{back.path}?{back.query}")


def log_in(client: Client, provider: Provider) -> Any:
    return come_back(client, provider, begin(client))


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def known(client: Client) -> bool:
    return client.get("/konto/").status_code == 200


def test_01_the_log_in_page_offers_it(client: Client, provider: Provider) -> None:
    page = client.get("/konto/anmelden/?next=/map/contents/").content.decode()
    assert "Anmelden über Rathaus" in page
    assert f'href="{BEGIN}?next=' in page


def test_02_a_known_person_comes_in_by_the_proven_address_and_afterwards_by_the_subject(
    client: Client, provider: Provider
) -> None:
    user = factories.citizen()
    asked = begin(client, f"{BEGIN}?next=/map/contents/")
    assert asked["response_type"] == "code" and set(asked["scope"].split()) == SCOPES
    assert asked["redirect_uri"] == f"http://testserver{BEGIN}zurueck/"
    assert len(asked["nonce"]) > 20 and asked["code_challenge_method"] == "S256"
    assert come_back(client, provider, asked)["Location"] == "/map/contents/"
    assert known(client)
    account = SocialAccount.objects.get()
    assert (account.user, account.uid, account.extra_data) == (user, f"{provider.origin}#4711", {})
    provider.person(email="heisst-jetzt-anders@example.org")
    again = Client()
    assert log_in(again, provider).status_code == 302
    assert again.get("/konto/").context["person"] == user


def test_03_an_address_that_the_provider_does_not_vouch_for_links_nothing(client: Client, provider: Provider) -> None:
    factories.citizen()
    for proven in (False, None, "nein", 1.5):
        provider.person(email_verified=proven)
        assert refused(log_in(client, provider)) == (403, "login-address-unproven"), proven
    assert not SocialAccount.objects.exists() and not known(client)


def test_04_a_stranger_is_refused_unless_the_operator_lets_them_be_citizens(
    client: Client, provider: Provider, settings: Any
) -> None:
    assert refused(log_in(client, provider)) == (403, "login-unknown-person")
    assert not User.objects.exists()
    settings.OIDC_CREATE = True
    # Whatever else it says: roles are given here.
    provider.person(
        roles=["admin"], groups=["admin", "operator"], is_superuser=True, given_name="Ute", family_name="Voß"
    )
    assert log_in(client, provider).status_code == 302
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == ("buerger@example.org", "Ute", "Voß")
    assert not (user.is_superuser or user.is_staff or user.has_usable_password() or user.memberships.exists())
    assert known(client)


def test_05_the_address_may_come_from_userinfo_if_it_is_about_the_same_person(
    client: Client, provider: Provider
) -> None:
    factories.citizen()
    provider.claims = {"sub": "4711"}
    provider.userinfo = {"sub": "0815", "email": "buerger@example.org", "email_verified": True}
    assert refused(log_in(client, provider)) == (401, "login-provider-failed")
    provider.userinfo["sub"] = "4711"
    assert log_in(client, provider).status_code == 302
    assert known(client)


WRONG: dict[str, dict[str, Any]] = {
    "nonce of another log-in": {"nonce": "x" * 32},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://evil.example"},
    "for another client": {"aud": "andere"},
    "for several, made for another": {"aud": [CLIENT, "andere"], "azp": "andere"},
    "expired": {"exp": time.time() - 3600},
    "without an end": {"exp": None},
    "from the future": {"iat": time.time() + 3600},
    "without a subject": {"sub": None},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG.keys())
def test_06_a_token_that_does_not_hold_is_refused(client: Client, provider: Provider, claims: dict[str, Any]) -> None:
    factories.citizen()
    provider.person(**claims)
    assert refused(log_in(client, provider)) == (401, "login-provider-failed")
    assert not known(client)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "other key"])
def test_07_a_signature_that_is_not_the_providers_is_refused(
    client: Client, provider: Provider, algorithm: str
) -> None:
    factories.citizen()
    if algorithm == "other key":
        provider.key = OTHER_KEY
    else:
        provider.algorithm = algorithm
    assert refused(log_in(client, provider)) == (401, "login-provider-failed")
    assert not known(client)


def test_08_a_state_that_was_not_given_to_this_browser_is_refused(client: Client, provider: Provider) -> None:
    factories.citizen()
    asked = begin(client)
    assert refused(come_back(client, provider, {**asked, "state": "x" * 16}))[0] == 401
    assert refused(come_back(Client(), provider, asked))[0] == 401
    assert come_back(client, provider, asked).status_code == 302
    # And only once.
    assert refused(come_back(client, provider, asked))[0] == 401


def test_09_a_provider_that_is_away_is_told_at_both_ends(client: Client, provider: Provider) -> None:
    factories.citizen()
    asked = begin(client)
    provider.broken = True
    assert refused(client.get(BEGIN)) == (503, "login-provider-away")
    assert come_back(client, provider, asked).status_code in (401, 503)
    page = client.get(BEGIN, headers={"Accept": "text/html"}).content.decode()
    assert "Der Anmeldedienst ist gerade nicht erreichbar" in page


def test_10_nothing_listens_there(client: Client, settings: Any) -> None:
    environment = {"OIDC_ISSUER": "http://127.0.0.1:9", "OIDC_CLIENT_ID": "x"}
    settings.SOCIALACCOUNT_PROVIDERS = {"oidc": {"APPS": oidc.configured(environment)}}
    assert refused(client.get(BEGIN)) == (503, "login-provider-away")
    assert refused(client.get("/konto/anmelden/dienst/7/")) == (404, "unknown-address")


def test_11_an_issuer_that_calls_itself_otherwise_is_none(client: Client, provider: Provider) -> None:
    provider.issuer = "https://evil.example"
    assert refused(client.get(BEGIN)) == (503, "login-provider-away")


def test_12_cancelled_there_is_back_at_the_log_in(client: Client, provider: Provider) -> None:
    asked = begin(client)
    answer = client.get(f"{BEGIN}zurueck/?error=access_denied&state={asked['state']}", follow=True)
    assert "Die Anmeldung wurde abgebrochen." in answer.content.decode()


def test_13_a_foreign_page_does_not_begin_a_log_in(client: Client, provider: Provider) -> None:
    for site in ("cross-site", "same-site"):
        assert client.get(BEGIN, headers={"Sec-Fetch-Site": site})["Location"] == "/konto/anmelden/"
    assert provider.asked == []


def test_14_what_the_address_asks_for_is_not_heeded(client: Client, provider: Provider) -> None:
    asked = begin(client, f"{BEGIN}?process=connect&scope=admin&auth_params=nonce%3Dmine%26prompt%3Dnone")
    assert asked["nonce"] != "mine" and "prompt" not in asked and set(asked["scope"].split()) == SCOPES


def test_15_nobody_logged_in_gets_a_strangers_log_in_attached(client: Client, provider: Provider) -> None:
    user = factories.citizen("andere@example.org")
    factories.citizen()
    client.force_login(user)
    come_back(client, provider, begin(client, f"{BEGIN}?process=connect"))
    assert SocialAccount.objects.get().user.email == "buerger@example.org"


def test_16_the_second_factor_is_asked_for_all_the_same(client: Client, provider: Provider) -> None:
    TOTP.activate(factories.operator("buerger@example.org"), "JBSWY3DPEHPK3PXP")
    assert log_in(client, provider)["Location"] == "/konto/zweiter-faktor/"
    assert not known(client)


def test_17_a_closed_account_stays_closed(client: Client, provider: Provider) -> None:
    user = factories.citizen()
    log_in(Client(), provider)
    user.is_active = False
    user.save()
    assert log_in(client, provider)["Location"] == "/konto/geschlossen/"
    assert not known(client)


def test_18_a_password_set_by_somebody_who_never_proved_the_address_goes(
    client: Client, provider: Provider, settings: Any
) -> None:
    settings.ACCOUNT_SIGNUP = True
    form = {"email": "buerger@example.org", "password1": "Ein-langes-Passwort-9", "password2": "Ein-langes-Passwort-9"}
    Client().post("/konto/neu/", form)
    assert log_in(client, provider)["Location"] == "/konto/e-mail/unterwegs/"
    user = User.objects.get()
    assert not user.has_usable_password()
    EmailAddress.objects.filter(user=user).update(verified=True)  # the link in the mail was followed
    assert log_in(client, provider).status_code == 302
    assert known(client)


class TestConfiguration:
    """Providers come from the environment."""

    def test_19_several_by_number_and_the_secret_from_a_file(self, tmp_path: Any) -> None:
        (tmp_path / "secret").write_text("aus der Datei\n")
        found = oidc.configured(
            {
                "OIDC_ISSUER": "https://login.amt.example/realms/amt/", "OIDC_CLIENT_ID": "a",
                "OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret"),
                "OIDC_ISSUER_3": "https://id.kreis.example", "OIDC_CLIENT_ID_3": "b", "OIDC_CLIENT_SECRET_3": "c",
                "OIDC_NAME_3": "Kreis",
            }
        )  # fmt: skip
        assert [(one["provider_id"], one["name"], one["client_id"], one["secret"]) for one in found] == [
            ("1", "login.amt.example", "a", "aus der Datei"), ("3", "Kreis", "b", "c"),
        ]  # fmt: skip
        assert found[0]["settings"]["server_url"] == "https://login.amt.example/realms/amt"

    def test_20_none_without_an_issuer_and_no_half_ones(self) -> None:
        assert oidc.configured({"OIDC_CLIENT_ID": "a"}) == []
        with pytest.raises(oidc.Incomplete, match="OIDC_CLIENT_ID_2"):
            oidc.configured({"OIDC_ISSUER_2": "https://id.kreis.example"})


@pytest.mark.parametrize("inner", ["https://169.254.169.254/keys", "http://10.0.0.1/keys", "https://[::1]:1/keys"])
def test_19_a_discovery_document_sends_the_server_nowhere_inside(
    client: Client, provider: Provider, inner: str, caplog: pytest.LogCaptureFixture
) -> None:
    factories.citizen()
    honest = provider._discovery
    provider._discovery = lambda asked: {**honest(asked), "jwks_uri": inner}  # type: ignore[method-assign]
    assert refused(log_in(client, provider)) == (401, "login-provider-failed")
    assert "FETCH_ALLOWED" in caplog.text
    assert not known(client)
