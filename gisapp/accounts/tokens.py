"""Personal tokens: made once and shown once; only their SHA-256 is kept, which is enough for 256 random bits."""

import datetime
import hashlib
import secrets
from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone

from gisapp.accounts.models import Organisation, Token, User
from gisapp.errors import BadInput

PREFIX = "krit_"
LONGEST = datetime.timedelta(days=366)
USED_EVERY = datetime.timedelta(minutes=10)
"""How exactly "last used" is kept: not every request is a write."""


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def make(
    user: User,
    name: str,
    *,
    scopes: Sequence[str] = ("read",),
    days: int = 90,
    organisation: Organisation | None = None,
    strong: bool = True,
) -> tuple[Token, str]:
    """A new token and its text, which nobody can read again. Raises BadInput for an unknown scope or a life
    of less than a day or more than a year."""
    unknown = set(scopes) - set(Token.SCOPES)
    if unknown or not scopes:
        raise BadInput("bad-value", field="scopes", name="scopes", value=", ".join(sorted(unknown)))
    if not 1 <= days <= LONGEST.days:
        raise BadInput("bad-number", field="days", name="days", value=days)
    text = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user, name=name[:100], digest=digest(text), hint=text[-4:], scopes=sorted(set(scopes)),
        organisation=organisation, strong=strong, expires_at=timezone.now() + datetime.timedelta(days=days),
    )  # fmt: skip
    return token, text


def find(text: str) -> Token | None:
    """The live token of that text, with its user; None for an unknown, expired or revoked one."""
    if not text.startswith(PREFIX) or len(text) > 100:
        return None
    now = timezone.now()
    token = (
        Token.objects.select_related("user", "organisation")
        .filter(digest=digest(text), revoked_at__isnull=True, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token and (token.used_at is None or token.used_at < now - USED_EVERY):
        Token.objects.filter(pk=token.pk).filter(Q(used_at=token.used_at) | Q(used_at__isnull=True)).update(used_at=now)
    return token
