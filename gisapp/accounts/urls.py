"""The addresses below /konto/. Those of django-allauth keep its names, because it asks for them."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import path, re_path

from gisapp.accounts import entrance, organisation_pages, pages, provider

urlpatterns = [
    path("", pages.overview, name="account"),
    path("name/", pages.change_name, name="account_name"),
    path("daten/", pages.download, name="account_data"),
    path("loeschen/", pages.delete, name="account_delete"),
    path("sitzungen/beenden/", pages.end_session, name="account_end_session"),
    path("zugangsschluessel/", pages.make_token, name="account_tokens"),
    path("zugangsschluessel/<int:key>/widerrufen/", pages.revoke_token, name="account_revoke_token"),
    path("organisation/<slug:key>/", organisation_pages.members, name="organisation"),
    path("organisation/<slug:key>/person/", organisation_pages.add, name="organisation_add"),
    path("organisation/<slug:key>/rolle/<int:number>/", organisation_pages.change, name="organisation_change"),
    path("organisation/<slug:key>/rolle/<int:number>/beenden/", organisation_pages.end, name="organisation_end"),
    # Log-in and all that belongs to it.
    path("anmelden/", entrance.login, name="login"),
    path("anmelden/", entrance.login, name="account_login"),
    path("abmelden/", account.logout, name="logout"),
    path("abmelden/", account.logout, name="account_logout"),
    path("geschlossen/", account.account_inactive, name="account_inactive"),
    path("neu/", account.signup, name="account_signup"),
    path("bestaetigen/", account.reauthenticate, name="account_reauthenticate"),
    path("e-mail/", account.email, name="account_email"),
    path("e-mail/unterwegs/", account.email_verification_sent, name="account_email_verification_sent"),
    path("e-mail/bestaetigen/<str:key>/", account.confirm_email, name="account_confirm_email"),
    path("passwort/", account.password_change, name="account_change_password"),
    path("passwort/setzen/", account.password_set, name="account_set_password"),
    path("passwort/vergessen/", account.password_reset, name="account_reset_password"),
    path("passwort/vergessen/unterwegs/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^passwort/neu/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("passwort/gesetzt/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("code/", account.confirm_login_code, name="account_confirm_login_code"),
    # The second factor.
    path("sicherheit/", mfa.index, name="mfa_index"),
    path("zweiter-faktor/", mfa.authenticate, name="mfa_authenticate"),
    path("sicherheit/zeigen/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("sicherheit/zeigen/passkey/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("sicherheit/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("sicherheit/app/entfernen/", entrance.deactivate_totp, name="mfa_deactivate_totp"),
    path("sicherheit/ersatzcodes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("sicherheit/ersatzcodes/neu/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("sicherheit/ersatzcodes/datei/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("sicherheit/passkeys/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("sicherheit/passkeys/neu/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("sicherheit/passkeys/<int:pk>/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("sicherheit/passkeys/<int:pk>/entfernen/", entrance.remove_webauthn, name="mfa_remove_webauthn"),
    path("anmelden/passkey/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    # Log-in elsewhere.
    path("anmelden/dienst/<str:provider_id>/", provider.login, name="oidc_login"),
    path("anmelden/dienst/<str:provider_id>/zurueck/", provider.callback, name="oidc_callback"),
]
