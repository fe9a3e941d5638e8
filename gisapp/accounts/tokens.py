"""Personal tokens: made once and shown once; only their SHA-256 is kept, which is enough for 256 random bits."""

import datetime
import hashlib
import json
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db.models import Q
from django.utils import timezone

from gisapp.accounts import roles
from gisapp.accounts.models import Organisation, Token, User
from gisapp.database import fetch_rows
from gisapp.errors import BadInput
from gisapp.registry.versions import Version, version_of

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


READS = (
    "accounts_token", "accounts_user", "accounts_membership", "accounts_membership_areas", "accounts_organisation",
)  # fmt: skip


@lru_cache(maxsize=1)
def _statement() -> tuple[str, list[str], list[str]]:
    """Token, person and memberships in one answer: programs ask often, and each of their requests begins with this."""
    token, user = ([field.attname for field in model._meta.concrete_fields] for model in (Token, User))
    columns = ", ".join([*(f't."{one}"' for one in token), *(f'u."{one}"' for one in user)])
    grants = roles.LIVE.replace("%(user)s", "u.id")
    # Columns of our own models, no text of anybody's.
    sql = f"""SELECT {columns}, (SELECT jsonb_agg(to_jsonb(g))::text FROM ({grants}) g) FROM accounts_token t JOIN accounts_user u ON u.id = t.user_id
               WHERE t.digest = %(digest)s AND t.revoked_at IS NULL AND u.is_active"""  # noqa: S608
    return sql, token, user


def _row(key: bytes, today: datetime.date) -> tuple[Any, ...] | None:
    rows = fetch_rows(_statement()[0], {"digest": key, "today": today})
    return rows[0] if rows else None


@lru_cache(maxsize=1024)
def _remembered(key: bytes, seen: Version) -> tuple[Any, ...] | None:
    """Read once as long as nothing that decides about it has changed: a withdrawn token is withdrawn at once."""
    return _row(key, seen[1])


def find(text: str) -> Token | None:
    """The live token of that text, with its user; None for an unknown, expired or revoked one."""
    if not text.startswith(PREFIX) or len(text) > 100:
        return None
    now, seen = timezone.now(), version_of(READS)
    row = _row(digest(text), timezone.localdate()) if seen is None else _remembered(digest(text), seen)
    if row is None:
        return None
    _sql, names, user_names = _statement()
    *values, grants = row
    token = Token.from_db("default", names, values[: len(names)])
    token.user = User.from_db("default", user_names, values[len(names) :])
    if token.expires_at <= now:
        return None
    roles.hold(token.user, [(one["organisation"], one["role"], one["areas"]) for one in json.loads(grants or "[]")])
    if token.used_at is None or token.used_at < now - USED_EVERY:
        Token.objects.filter(pk=token.pk).filter(Q(used_at=token.used_at) | Q(used_at__isnull=True)).update(used_at=now)
    return token
