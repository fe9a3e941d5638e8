"""The one place where the accounts send mail. Texts stand in letters.py."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from gisapp.errors import GisError
from gisapp.tenants.directory import name_here

log = logging.getLogger("gisapp")


def send(to: str, subject: str, body: str) -> None:
    """Send one plain mail. Raises GisError("mail-failed") when the mail server does not take it."""
    try:
        send_mail(f"{name_here(settings.SITE_NAME)}: {subject}", body, None, [to])
    except (OSError, SMTPException) as error:
        log.error("a mail could not be sent: %s", type(error).__name__)
        raise GisError("mail-failed") from error
