"""Django's door to the outbox: what apps send with django.core.mail waits there like every other mail."""

import re
import uuid
from collections.abc import Sequence
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage
from django.utils.translation import get_language

from gisapp.mail.models import Outgoing
from gisapp.mail.outbox import put


class Outbox(BaseEmailBackend):
    """Writes each recipient's mail into the outbox, in the running transaction; the worker sends it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        written = 0
        for message in email_messages:
            html = next((str(body) for body, kind in _alternatives(message) if kind == "text/html"), "")
            for recipient in message.recipients():
                subject = re.sub(r"\s+", " ", str(message.subject)).strip()
                written += put(Outgoing(
                    key=f"django:{uuid.uuid4()}", template="django", language=(get_language() or "de")[:2],
                    recipient=recipient, subject=subject, text=str(message.body).strip() + "\n", html=html,
                ))  # fmt: skip
        return written


def _alternatives(message: EmailMessage) -> list[Any]:
    return list(getattr(message, "alternatives", None) or [])
