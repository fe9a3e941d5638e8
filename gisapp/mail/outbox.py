"""Asking for a mail."""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from gisapp.errors import BadInput
from gisapp.mail.models import Outgoing
from gisapp.tenants.current import site_address
from gisapp.tenants.directory import name_here


def send(template: str, to: str, language: str, values: Mapping[str, Any], key: str) -> bool:
    """Write a mail into the outbox, in the caller's transaction; False when one of this `key` has been asked for before.

    `template` is a folder below templates/mail/ with subject.txt, body.txt and body.html; they are filled now, in
    `language` ("de" or "en"), and see `values`, site_name and site_url. Raises BadInput("bad-mail-address").
    """
    context = {"site_name": name_here(settings.SITE_NAME), "site_url": site_address() or settings.PUBLIC_URL, **values}
    with translation.override(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        context["language"] = translation.get_language()
        subject, text, html = (str(render_to_string(f"mail/{template}/{part}", context)) for part in PARTS)
    # One line, whatever was filled in: a second one would be a header of somebody else's making.
    subject = re.sub(r"\s+", " ", _plain(subject)).strip()
    return put(Outgoing(
        key=key, template=template, language=language, recipient=to, subject=subject,
        text=_plain(text).strip() + "\n", html=html,
    ))  # fmt: skip


def put(row: Outgoing) -> bool:
    """Write a mail that is worded already; False when one of its key has been asked for before.

    Raises BadInput("bad-mail-address").
    """
    from gisapp.mail.tasks import deliver
    from gisapp.tasks.declare import start

    try:
        validate_email(row.recipient)
    except ValidationError as error:
        raise BadInput("bad-mail-address") from error
    # The worker that sends it knows nothing of the site that it was asked for on.
    with translation.override(row.language):
        row.sender = row.sender or name_here("")
    with transaction.atomic():
        made = Outgoing.objects.bulk_create([row], ignore_conflicts=True)
        written = Outgoing.objects.filter(pk=made[0].pk).exists()
        if written:
            start(deliver, key=deliver.name)
    return written


PARTS = ("subject.txt", "body.txt", "body.html")


def _plain(text: str) -> str:
    """Text parts are not HTML: what the templates escape is written as it was. Blank lines come in ones."""
    from html import unescape

    return re.sub(r"\n{3,}", "\n\n", unescape(text))
