"""Where mails go: a mail server, or files. EMAIL_URL says which; see docs/operator/mail.md."""

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, localtime, parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings

from gisapp.mail.models import Outgoing

SECONDS = 30.0


class Refused(Exception):
    """This mail will never be taken: the server's answer begins with 5."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Deferred(Exception):
    """This mail is not taken now: the server's answer begins with 4."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Unreachable(Exception):
    """No mail can be sent at all now: the server is away, or does not want us. `code` is its answer, if it gave one."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(code)
        self.code = code


class Post(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Hand the message over. Raises Refused, Deferred or Unreachable."""


def domain() -> str:
    """The host in our Message-IDs: the site's."""
    return urlsplit(settings.PUBLIC_URL).hostname or "krit-gis.invalid"


def message(mail: Outgoing) -> EmailMessage:
    """The mail as it goes over the wire; the same row makes the same Message-ID each time."""
    made = EmailMessage(policy=SMTP_POLICY)
    made["Subject"] = mail.subject
    made["From"] = _from(mail.sender)
    made["To"] = mail.recipient
    made["Date"] = format_datetime(localtime(mail.created_at))
    made["Message-ID"] = f"<{mail.id}@{domain()}>"
    made["Auto-Submitted"] = "auto-generated"
    made["Content-Language"] = mail.language
    if settings.MAIL_REPLY_TO:
        made["Reply-To"] = settings.MAIL_REPLY_TO
    made.set_content(mail.text)
    if mail.html:
        made.add_alternative(mail.html, subtype="html")
    return made


def _from(sender: str) -> str | Address:
    """The sender's address, under the name of the site that writes."""
    name = " ".join(sender.split())
    if not settings.MAIL_FROM:
        return Address(name or " ".join(settings.SITE_NAME.split()), "krit-gis", domain())
    address = parseaddr(settings.MAIL_FROM)[1]
    return Address(name, addr_spec=address) if name and address else str(settings.MAIL_FROM)


@dataclass(frozen=True)
class Files:
    """Each mail is a file NUMBER.eml, which a mail program opens."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        half = self.folder / f".{name}.{os.getpid()}"
        half.write_bytes(bytes(message))
        half.replace(self.folder / f"{name}.eml")


class Server:
    """One conversation with an SMTP server."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self.smtp = smtp

    def send(self, message: EmailMessage) -> None:
        try:
            self.smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            raise _verdict(max(code for code, _ in error.recipients.values())) from error
        except smtplib.SMTPDataError as error:
            raise _verdict(error.smtp_code) from error
        except smtplib.SMTPResponseException as error:
            # The sender's address or our right to send: nothing about this mail, and the next fares no better.
            raise Unreachable(error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable from error


def _verdict(code: int) -> Refused | Deferred | Unreachable:
    if code == 421:  # the server is going down, whichever command it says that to
        return Unreachable(code)
    return Refused(code) if code >= 500 else Deferred(code)


@contextmanager
def opened() -> Iterator[Post]:
    """The way that mails go, for the length of the block. Raises Unreachable."""
    parts = urlsplit(settings.EMAIL_URL)
    if parts.scheme == "file":
        yield Files(Path(unquote(parts.path)))
        return
    try:
        smtp = _connect(
            parts.scheme, parts.hostname or "localhost", parts.port,
            unquote(parts.username or ""), unquote(parts.password or ""), parse_qs(parts.query).get("tls", [""])[0],
        )  # fmt: skip
    except smtplib.SMTPResponseException as error:
        raise Unreachable(error.smtp_code) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable from error
    try:
        yield Server(smtp)
    finally:
        try:
            smtp.quit()
        except (smtplib.SMTPException, OSError):  # it had nothing more to say, or has gone
            smtp.close()


def _connect(scheme: str, host: str, port: int | None, user: str, password: str, tls: str) -> smtplib.SMTP:
    """smtps:// speaks TLS from the start; smtp:// changes to it, unless the address says ?tls=none."""
    if scheme == "smtps":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS, context=ssl.create_default_context())
    elif scheme == "smtp":
        smtp = smtplib.SMTP(host, port or 587, timeout=SECONDS)
        if tls != "none":
            smtp.starttls(context=ssl.create_default_context())
    else:
        raise smtplib.SMTPException(f"EMAIL_URL: unknown scheme {scheme}")
    if user:
        smtp.login(user, password)
    return smtp
