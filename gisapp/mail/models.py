"""The outbox."""

import uuid

from django.db import models
from django.db.models import Q


class State(models.TextChoices):
    """`dead`: refused for good or given up; an operator may try again. Bodies are gone when `purged_at` is set."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


class Outgoing(models.Model):
    """One mail, as it was written when it was asked for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # What asked for it and why ("defects.report:17:received"): asked twice, sent once.
    key = models.TextField(unique=True)
    template = models.TextField()
    language = models.TextField()
    recipient = models.TextField(blank=True)
    # The name that stands before the sender's address; "": the installation's.
    sender = models.TextField(blank=True, default="", db_default="")
    subject = models.TextField(blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    state = models.TextField(choices=State, default=State.WAITING)
    tries = models.IntegerField(default=0)
    # A stable code of gisapp.errors, and the server's three digits; never what the server said.
    error_code = models.TextField(default="", blank=True)
    reply_code = models.SmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "mail_outgoing"
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="mail_due")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["waiting", "sent", "dead"]), name="mail_state_known"),
            models.CheckConstraint(condition=~Q(state="waiting") | Q(purged_at=None), name="mail_waiting_is_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.template} {self.state}"
