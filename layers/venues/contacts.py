"""The person behind a booking: the one place where data of bookers are written, read and forgotten.

Everything that names a person stands in the table Booker, which has no history. The link to a booking's own page is made
from the installation's secret key, so that no table holds what opens it.
"""

import base64
import datetime
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from gisapp.errors import NotFound
from gisapp.layer import Text
from gisapp.tasks import retention
from gisapp.tenants.current import site_address
from layers.venues.models import Booker, Booking


@dataclass(frozen=True)
class Contact:
    """Who books. Without `email` nothing is written to this person: staff booked for a caller."""

    name: str
    email: str = ""
    club: str = ""
    phone: str = ""
    purpose: str = ""
    remark: str = ""
    language: str = "de"
    answer: str = ""


def keep(booking: Booking, given: Contact) -> None:
    """Write down who made this booking."""
    Booker.objects.update_or_create(booking=booking, defaults=vars(given))


def answer(booking: Booking, text: str) -> None:
    """Write down what staff say to this person; nothing said leaves what was said before."""
    if text.strip():
        Booker.objects.filter(pk=booking.pk).update(answer=text)


def of(booking: Booking) -> Contact | None:
    """Who made it; None once that is forgotten, and for what is nobody's (a closure)."""
    row = Booker.objects.filter(pk=booking.pk).first()
    return None if row is None else Contact(**{name: getattr(row, name) for name in Contact.__dataclass_fields__})


def token(booking: Booking) -> str:
    """What opens the booking's page without a log-in; another salt makes another one."""
    said = f"venues.booking:{booking.pk}:{booking.salt}".encode()
    made = hmac.new(settings.SECRET_KEY.encode(), said, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:24]).decode()


def link(booking: Booking) -> str:
    """The address of the booking's own page, for mails."""
    path = reverse("venues-booking", args=[booking.pk, token(booking)])
    return (site_address() or settings.PUBLIC_URL) + path


def opened(key: Any, given: str) -> Booking:
    """The booking that this link opens. Raises NotFound("booking-unknown") for any other."""
    found = (
        Booking.objects.select_related("venue__organisation", "space", "conditions")
        .filter(pk=key, blocks=False)
        .first()
    )
    if found is None or not hmac.compare_digest(token(found).encode(), given.encode()):
        raise NotFound("booking-unknown")
    return found


def forget() -> int:
    """Delete who booked, so many days after the use (VENUES_KEPT_DAYS); the booking itself says nothing of a person."""
    limit = timezone.now() - datetime.timedelta(days=settings.VENUES_KEPT_DAYS)
    return Booker.objects.filter(booking__used__endswith__lt=limit).delete()[0]


retention.register("venues.bookers", Text("Wer gebucht hat", "Who booked"), forget)
