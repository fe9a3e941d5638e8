"""What the accounts forget: keys that ended, sessions' names and devices, limits that are over."""

import datetime

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from gisapp.accounts.models import Token
from gisapp.layer import Text
from gisapp.tasks import retention


def _ended_tokens() -> int:
    before = timezone.now() - datetime.timedelta(days=settings.TOKENS_KEPT_DAYS)
    return Token.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before)).delete()[0]


def _ended_sessions() -> int:
    """Sessions whose time is over, and the addresses and browsers of those that are gone."""
    gone = Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]
    there = Session.objects.filter(session_key=OuterRef("session_key"))
    return gone + UserSession.objects.filter(~Exists(there)).delete()[0]


def _ended_limits() -> int:
    """Counts of log-ins and requests whose window has passed; the table is also cut when it grows too long."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM gisapp_cache WHERE expires < now()")
        return int(cursor.rowcount)


retention.register("accounts.tokens", Text("Abgelaufene Zugangsschlüssel", "Ended access keys"), _ended_tokens)
retention.register("accounts.sessions", Text("Beendete Sitzungen", "Ended sessions"), _ended_sessions)
retention.register("accounts.limits", Text("Abgelaufene Zähler", "Counts that are over"), _ended_limits)
