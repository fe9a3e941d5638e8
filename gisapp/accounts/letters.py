"""What the accounts write to people: mails and the notes at the head of the next page."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from gisapp.tenants.directory import name_here


def letter(kind: str, values: dict[str, Any]) -> tuple[str, str] | None:
    """Subject and body of the mail that django-allauth calls `kind`; None for one that we do not send."""
    notices = {
        "account/email/email_changed": _("Die E-Mail-Adresse Ihres Kontos wurde geändert auf: {to_email}"),
        "account/email/password_changed": _("Das Passwort Ihres Kontos wurde geändert."),
        "account/email/password_reset": _("Das Passwort Ihres Kontos wurde neu gesetzt."),
        "account/email/password_set": _("Für Ihr Konto wurde ein Passwort gesetzt."),
        "mfa/email/totp_activated": _("Für Ihr Konto wurde eine Authentifizierungs-App eingerichtet."),
        "mfa/email/totp_deactivated": _("Die Authentifizierungs-App Ihres Kontos wurde entfernt."),
        "mfa/email/reset": _(
            "Der Betrieb hat den zweiten Faktor Ihres Kontos entfernt; bitte richten Sie ihn neu ein."
        ),
        "mfa/email/webauthn_added": _("Ihrem Konto wurde ein Passkey hinzugefügt."),
        "mfa/email/webauthn_removed": _("Ein Passkey Ihres Kontos wurde entfernt."),
        "mfa/email/recovery_codes_generated": _("Für Ihr Konto wurden neue Ersatzcodes erzeugt."),
        "socialaccount/email/account_connected": _("Ihr Konto ist jetzt mit einer anderen Anmeldung verbunden."),
    }
    if kind in notices:
        return _notice(notices[kind].format_map({"to_email": values.get("to_email", "")}), values)
    if kind in ("account/email/email_confirmation", "account/email/email_confirmation_signup"):
        text = _("Bitte bestätigen Sie, dass diese E-Mail-Adresse Ihnen gehört:\n\n{link}\n\nDer Link gilt drei Tage.")
        return _("E-Mail-Adresse bestätigen"), _with_end(text.format(link=values["activate_url"]))
    if kind == "account/email/password_reset_key":
        text = _("Mit diesem Link setzen Sie ein neues Passwort:\n\n{link}\n\nEr gilt drei Tage und nur einmal.")
        return _("Neues Passwort"), _with_end(text.format(link=values["password_reset_url"]))
    if kind == "account/email/account_already_exists":
        text = _("Zu dieser E-Mail-Adresse gibt es schon ein Konto. Haben Sie das Passwort vergessen?\n\n{link}")
        return _("Sie haben schon ein Konto"), _with_end(text.format(link=values["password_reset_url"]))
    return None


def _with_end(text: str) -> str:
    return f"{text}\n\n{_('Haben Sie das nicht veranlasst, brauchen Sie nichts zu tun.')}\n\n{name_here(settings.SITE_NAME)}\n"


def _notice(text: str, values: dict[str, Any]) -> tuple[str, str]:
    warning = _(
        "Waren Sie das nicht, setzen Sie bitte sofort ein neues Passwort und sagen Sie dem Betrieb Bescheid. "
        "Es geschah von dieser Adresse aus: {ip}"
    )
    return _(
        "Ihr Konto wurde geändert"
    ), f"{text}\n\n{warning.format(ip=values.get('ip', '–'))}\n\n{name_here(settings.SITE_NAME)}\n"


def invitation(organisation: str, role: str, who: str, link: str) -> tuple[str, str]:
    """To somebody for whom an account was made; the link sets the first password."""
    text = _(
        "{who} hat Ihnen ein Konto eingerichtet: {organisation}, {role}.\n\n"
        "Mit diesem Link setzen Sie Ihr Passwort:\n\n{link}\n\n"
        "Er gilt drei Tage; danach hilft „Passwort vergessen?“ auf der Anmeldeseite."
    )
    body = text.format(who=who, organisation=organisation, role=role, link=link)
    return _("Einladung: {organisation}").format(
        organisation=organisation
    ), f"{body}\n\n{name_here(settings.SITE_NAME)}\n"


def note(template: str, values: dict[str, Any]) -> str:
    """What stands at the head of the next page after an action of django-allauth's; empty: nothing."""
    return {
        "account/messages/email_confirmation_sent.txt": _("Eine E-Mail mit einem Link ist unterwegs."),
        "account/messages/email_confirmed.txt": _("Die E-Mail-Adresse ist bestätigt."),
        "account/messages/email_confirmation_failed.txt": _("Diese E-Mail-Adresse ist schon vergeben."),
        "account/messages/email_deleted.txt": _("Die Änderung der E-Mail-Adresse ist zurückgenommen."),
        "account/messages/password_changed.txt": _("Das neue Passwort gilt ab jetzt."),
        "account/messages/password_set.txt": _("Das Passwort ist gesetzt."),
        "mfa/messages/totp_activated.txt": _("Die Authentifizierungs-App ist eingerichtet."),
        "mfa/messages/totp_deactivated.txt": _("Die Authentifizierungs-App ist entfernt."),
        "mfa/messages/webauthn_added.txt": _("Der Passkey ist hinzugefügt."),
        "mfa/messages/webauthn_removed.txt": _("Der Passkey ist entfernt."),
        "mfa/messages/recovery_codes_generated.txt": _("Neue Ersatzcodes sind erzeugt."),
    }.get(template, "")
