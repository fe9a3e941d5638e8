"""What the law on personal data asks for: everything about a person in one file, and the erasure of it.

The history names people by the number of their account and nothing else, so the number stays; names, addresses, log-ins
and keys stand in tables without history and go.
"""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from pghistory.models import Context

from gisapp.accounts import logins, memberships
from gisapp.accounts.models import DatabaseLogin, Membership, Organisation, Token, User
from gisapp.accounts.roles import Role
from gisapp.errors import Conflict
from gisapp.mail.models import Outgoing

MOST_ENTRIES = 10_000
ERASED_DOMAIN = "geloescht.invalid"


def _history_of(user: User) -> dict[str, Any]:
    """What the history says this person changed: counted for each table, with the numbers of the entries."""
    contexts = Context.objects.filter(metadata__user=user.pk).values("pk")
    found = {}
    for model in apps.get_models():
        if not hasattr(model, "pgh_tracked_model"):
            continue
        mine = model._default_manager.filter(pgh_context__in=contexts)
        count = mine.count()
        if count:
            ids = list(mine.order_by("pgh_id").values_list("pgh_id", flat=True)[:MOST_ENTRIES])
            found[model.pgh_tracked_model._meta.db_table] = {"count": count, "ids": ids, "all": count <= MOST_ENTRIES}
    return found


def everything_about(user: User) -> dict[str, Any]:
    """All that is kept about a person, as plain values; secrets (passwords, keys, codes) are not among them."""
    login = DatabaseLogin.objects.filter(user=user).first()
    return {
        "made": timezone.now(),
        "account": {
            "number": user.pk, "email": user.email, "first_name": user.first_name, "last_name": user.last_name,
            "operator": user.is_superuser, "joined": user.date_joined, "last_login": user.last_login,
            "has_password": user.has_usable_password(),
        },
        "e_mails": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary")),
        "memberships": [
            {
                "organisation": one.organisation.key, "role": one.role, "from": one.valid_from, "until": one.valid_until,
                "areas": sorted(area.key for area in one.areas.all()),
            }
            for one in user.memberships.select_related("organisation").prefetch_related("areas")
        ],
        "tokens": list(
            Token.objects.filter(user=user).values(
                "name", "hint", "scopes", "organisation__key", "created_at", "expires_at", "used_at", "revoked_at"
            )
        ),
        "second_factors": list(
            Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at")
        ),
        "log_ins_elsewhere": list(
            SocialAccount.objects.filter(user=user).values("provider", "uid", "date_joined", "last_login")
        ),
        "sessions": list(UserSession.objects.filter(user=user).values("ip", "user_agent", "created_at", "last_seen_at")),
        "database_login": login.role if login else None,
        "history": _history_of(user),
    }  # fmt: skip


def refuse_if_needed(user: User) -> None:
    """Raises Conflict("last-operator") or Conflict("last-admin") for whom an installation or organisation needs."""
    if user.is_superuser:
        others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
        if not others.exists():
            raise Conflict("last-operator")
    led = Organisation.objects.filter(active=True, memberships__user=user, memberships__role=Role.ADMIN)
    for organisation in led.select_for_update().order_by("pk"):
        if not memberships.other_admins(organisation, user):
            raise Conflict("last-admin", organisation=organisation.name)


def erase(user: User) -> None:
    """Close the account and forget who it was. Raises Conflict where somebody depends on it."""
    with transaction.atomic():
        # Operators one after the other, so that the last two cannot both go.
        list(User.objects.select_for_update().filter(is_superuser=True).order_by("pk"))
        refuse_if_needed(user)
        if DatabaseLogin.objects.filter(user=user).exists():
            logins.revoke(user)
        keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        for model in (UserSession, Token, Authenticator, SocialAccount, EmailAddress, Membership):
            model.objects.filter(user=user).delete()
        Outgoing.objects.filter(recipient__iexact=user.email).delete()
        people = ContentType.objects.get_for_model(User)
        named = Q(content_type=people, object_id=str(user.pk)) | Q(object_repr__icontains=user.email)
        named |= Q(change_message__icontains=user.email)
        LogEntry.objects.filter(named).update(object_repr="", change_message="")
        user.email, user.first_name, user.last_name = f"{user.pk}@{ERASED_DOMAIN}", "", ""
        user.is_active = user.is_staff = user.is_superuser = False
        user.last_login = None
        user.set_unusable_password()
        user.save()
