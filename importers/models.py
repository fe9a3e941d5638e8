"""Imports that somebody began in the browser."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ImportJob(models.Model):
    """An uploaded file on its way into a layer. The file lies in a folder of the job's own (`jobs.folder`)."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("hochgeladen")
        RUNNING = "running", _("läuft")
        TRIED = "tried", _("Probelauf fertig")
        DONE = "done", _("übernommen")
        REFUSED = "refused", _("abgelehnt")
        STOPPED = "stopped", _("angehalten")
        REVERTED = "reverted", _("zurückgenommen")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    layer = models.TextField()
    organisation = models.TextField(default="", blank=True)
    file = models.TextField()
    mapping = models.TextField(default="")
    preview = models.JSONField(default=dict)
    state = models.TextField(choices=State, default=State.UPLOADED)
    dry_run = models.BooleanField(default=True)
    note = models.TextField(default="", blank=True)
    language = models.TextField(default="de")
    task = models.BigIntegerField(null=True, help_text="the number of the run in the queue")
    report = models.JSONField(null=True)
    error = models.TextField(default="")
    change = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.file} → {self.layer}"
