"""The second factor: who owes one in this session, and what counts as having shown it.

Until it is shown, the session's person is no more than a visitor (`roles.withhold`); every right asks there.
"""

import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from gisapp.accounts import demo, letters, mail, roles
from gisapp.accounts.adapters import FACTORS
from gisapp.registry import facts

FACT = "demo-without-second-factor"
_METHODS_OF = "account_authentication_methods_user"
MFA = "mfa"


def shown(request: HttpRequest, user: Any) -> bool:
    """Was a second factor (or a passkey that stands for both) used in this session?"""
    return any(one.get("method") == MFA for one in get_authentication_records(request, user))


def spared(user: Any) -> bool:
    """Is this one of the demo's people on the demo's own database? Never on a database that DATABASE_URL names."""
    return (
        settings.DEMO_WITHOUT_SECOND_FACTOR and user.email.endswith(f"@{demo.DOMAIN}") and facts.get(FACT) is not None
    )


def owed(request: HttpRequest, user: Any) -> bool:
    """Has this person rights that a second factor guards, and has not shown one?"""
    if shown(request, user) or not roles.needs_second_factor(user):
        return False
    if spared(user):
        user._gisapp_spared = True
        return False
    return True


def has_one(user: Any) -> bool:
    return Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists()


def added(request: HttpRequest, user: Any, authenticator: Authenticator, **more: Any) -> None:
    """Setting one up shows it: the app's code was typed in, the passkey has signed."""
    if authenticator.type in FACTORS:
        record_authentication(request, user, MFA, id=authenticator.pk, type=authenticator.type)


def removed(request: HttpRequest, user: Any, **more: Any) -> None:
    """Without any factor left, nothing was shown."""
    if not has_one(user):
        records = [one for one in get_authentication_records(request, user) if one.get("method") != MFA]
        request.session[AUTHENTICATION_METHODS_SESSION_KEY] = records


def reset(user: Any, *, passkeys: bool = False) -> tuple[int, int]:
    """Take the app's secret and the recovery codes (and the passkeys) away, end all sessions and tell the person by mail:
    for a lost telephone, and for a lost key of the data. Returns how many factors and how many sessions that were."""
    kinds = [
        Authenticator.Type.TOTP,
        Authenticator.Type.RECOVERY_CODES,
        *([Authenticator.Type.WEBAUTHN] if passkeys else []),
    ]
    with transaction.atomic():
        taken = Authenticator.objects.filter(user=user, type__in=kinds).delete()[0]
        keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        UserSession.objects.filter(user=user).delete()
        found = letters.letter("mfa/email/reset", {})
        if found is not None:
            mail.send(user.email, *found)
    return taken, len(keys)


def show_in(session: Any, user: Any) -> None:
    """Write into a session what `shown` looks for (tests, whose log-in has no form)."""
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": MFA, "type": "totp", "at": time.time()}]
    session[_METHODS_OF] = str(user.pk)
