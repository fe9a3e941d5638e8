"""Emptying the outbox."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from gisapp.mail.models import Outgoing, State
from gisapp.mail.transport import Deferred, Post, Refused, Unreachable, message, opened
from gisapp.tasks.retrying import wait_seconds

log = logging.getLogger("gisapp.mail")
FIRST_WAIT_SECONDS = 30


def deliver_due(told: Callable[[int], object] | None = None) -> int:
    """Send what is due, and return how many mails were sent. Raises Unreachable when nobody takes any.

    Each mail is locked while it is being sent, so that two workers do not send the same one; and is written down as
    sent before the next one is begun.
    """
    if not _due().exists():
        return 0
    sent = 0
    with opened() as post:
        while (done := _next(post)) is not None:
            sent += done
            if told:
                told(sent)
    return sent


def _due() -> QuerySet[Outgoing]:
    return Outgoing.objects.filter(state=State.WAITING, due_at__lte=timezone.now()).order_by("due_at", "id")


def _next(post: Post) -> int | None:
    """Send the next mail; 1 when it was sent, 0 when it was not taken, None when there is no more."""
    unreachable: Unreachable | None = None
    with transaction.atomic():
        mail = _due().select_for_update(skip_locked=True).first()
        if mail is None:
            return None
        mail.tries += 1
        try:
            post.send(message(mail))
        except Refused as refused:
            _bury(mail, "mail-refused", refused.code)
        except Deferred as deferred:
            _later(mail, deferred.code)
        except Unreachable as error:
            unreachable = error
            _later(mail, error.code)
        else:
            mail.state, mail.done_at, mail.error_code, mail.reply_code = State.SENT, timezone.now(), "", None
        mail.save()
    if unreachable is not None:
        raise unreachable
    return int(mail.state == State.SENT)


def _later(mail: Outgoing, code: int | None) -> None:
    """Once more after a while, longer each time; not for ever."""
    if mail.created_at < timezone.now() - timedelta(hours=settings.MAIL_GIVE_UP_HOURS):
        _bury(mail, "mail-given-up", code)
        return
    mail.due_at = timezone.now() + timedelta(seconds=wait_seconds(FIRST_WAIT_SECONDS, mail.tries - 1))
    mail.error_code, mail.reply_code = "mail-deferred" if code else "mail-server-away", code


def _bury(mail: Outgoing, error: str, code: int | None) -> None:
    mail.state, mail.done_at, mail.error_code, mail.reply_code = State.DEAD, timezone.now(), error, code
    log.error("a mail cannot be delivered", extra={"code": error, "status": code, "task": mail.template})


def retry_dead() -> int:
    """Try all dead mails that still have their text once more, from now; how many these are."""
    now = timezone.now()
    return Outgoing.objects.filter(state=State.DEAD, purged_at=None).update(
        state=State.WAITING, due_at=now, created_at=now, tries=0, done_at=None
    )


def purge() -> int:
    """Empty what has been sent or given up for MAIL_KEPT_DAYS: address, subject and texts go, the fact stays a year."""
    now = timezone.now()
    old = Outgoing.objects.exclude(state=State.WAITING)
    emptied = old.filter(done_at__lt=now - timedelta(days=settings.MAIL_KEPT_DAYS), purged_at=None).update(
        recipient="", subject="", text="", html="", purged_at=now
    )
    old.filter(done_at__lt=now - timedelta(days=365)).delete()
    return emptied


def hold() -> int:
    """After a restore: what waited when the backup was made has most likely been sent since. It goes to the dead
    letters, from where an operator may send it. How many these are."""
    return Outgoing.objects.filter(state=State.WAITING).update(
        state=State.DEAD, error_code="mail-held", done_at=timezone.now()
    )
