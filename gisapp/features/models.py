"""Answers to writes, kept for whoever asks the same again."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Answer(models.Model):
    """What a write with an Idempotency-Key was answered; written in the write's own transaction."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    key = models.TextField()
    fingerprint = models.BinaryField()
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "key"], name="features_answer_once", nulls_distinct=False),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.created_at:%Y-%m-%d %H:%M}"
