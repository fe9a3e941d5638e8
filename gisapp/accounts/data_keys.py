"""Secrets that the database keeps and must be able to read again are encrypted there: the second factor's.

Whoever gets hold of the database or of a backup alone has no second factor by it. The keys stand in the environment:
DATA_KEYS, the newest first (the first one encrypts, all of them decrypt), and behind them always one that is derived from
SECRET_KEY, which is also the only one where nothing is set. The form is Fernet (AES-128-CBC with HMAC-SHA256), keys by HKDF.
"""

import base64
from collections.abc import Iterator
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from gisapp.errors import GisError

MARK = "gisapp1:"
"""Before every encrypted text: says that it is one, and how it was made."""
SHORTEST = 32
_TYPES = ("totp", "recovery_codes")
_SECRET = ("secret", "seed")
"""The members of an authenticator's data that are secret texts; `migrated_codes` is a list of such."""


def _derived(text: str, purpose: str) -> Fernet:
    made = HKDF(algorithm=hashes.SHA256(), length=32, salt=b"krit-gis", info=purpose.encode()).derive(text.encode())
    return Fernet(base64.urlsafe_b64encode(made))


def _keys() -> MultiFernet:
    for text in settings.DATA_KEYS:
        if len(text) < SHORTEST:
            raise ImproperlyConfigured(f"DATA_KEYS: a key has at least {SHORTEST} characters (openssl rand -base64 32)")
    own = [_derived(text, "data key") for text in settings.DATA_KEYS]
    return MultiFernet([*own, _derived(settings.SECRET_KEY, "data key of the secret key")])


def encrypt(text: str) -> str:
    return MARK + _keys().encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Raises GisError("data-key-missing") for what none of the keys opens, and for what was never encrypted."""
    try:
        if not text.startswith(MARK):
            raise InvalidToken
        return _keys().decrypt(text.removeprefix(MARK).encode()).decode()
    except InvalidToken as error:
        raise GisError("data-key-missing") from error


def _changed(data: dict[str, Any], change: Any) -> dict[str, Any]:
    """The data of an authenticator with its secrets put through `change`."""
    found = {name: change(value) if name in _SECRET else value for name, value in data.items()}
    if "migrated_codes" in found:
        found["migrated_codes"] = [change(one) for one in found["migrated_codes"]]
    return found


def encrypt_plain(authenticators: Any) -> int:
    """Encrypt what was stored before there was encryption; returns how many rows that were. `authenticators` is the
    model, for the migration has one of its own."""

    def change(text: str) -> str:
        return text if text.startswith(MARK) else encrypt(text)

    return _each(authenticators, change)[0]


def rotate() -> tuple[int, list[str]]:
    """Put everything under the newest key: how many rows there are, and the addresses of the people whose second factor
    no key opens any more."""
    from allauth.mfa.models import Authenticator

    return _each(Authenticator, lambda text: encrypt(decrypt(text)))


def count() -> int:
    """How many rows hold secrets."""
    from allauth.mfa.models import Authenticator

    return Authenticator.objects.filter(type__in=_TYPES).count()


def _each(authenticators: Any, change: Any) -> tuple[int, list[str]]:
    done, lost = 0, []
    with transaction.atomic():
        for one in (
            authenticators.objects.filter(type__in=_TYPES).select_for_update(of=("self",)).select_related("user")
        ):
            try:
                one.data = _changed(one.data, change)
            except GisError:
                lost.append(one.user.email)
                continue
            one.save(update_fields=["data"])
            done += 1
    return done, sorted(set(lost))


def unreadable() -> Iterator[str]:
    """The addresses of the people whose second factor no key opens."""
    from allauth.mfa.models import Authenticator

    for one in Authenticator.objects.filter(type__in=_TYPES).select_related("user").order_by("user__email", "pk"):
        try:
            _changed(one.data, decrypt)
        except GisError:
            yield one.user.email
