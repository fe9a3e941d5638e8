"""What bookers are told: one mail for the last state that a booking came to, in the transaction in which it came to it.

The database notes each state (venues_step), whatever door it came through; what no service told of, the job tells.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from gisapp.mail import outbox
from layers.venues import contacts
from layers.venues.localtime import BERLIN
from layers.venues.models import Booking, Step

TEMPLATE = "venues_booking"


def said(state: str) -> tuple[str, str]:
    """Heading and sentence, in the active language."""
    return {
        "requested": (_("Ihre Anfrage ist eingegangen"),
                      _("Die Zeit ist für Sie freigehalten, bis die Gemeinde entschieden hat.")),
        "option": (_("Für Sie vorgemerkt"), _("Die Zeit ist für Sie vorgemerkt. Bitte bestätigen Sie rechtzeitig.")),
        "approved": (_("Ihre Anfrage ist zugesagt"), _("Bitte bestätigen Sie die Buchung auf ihrer Seite.")),
        "confirmed": (_("Ihre Buchung steht"), _("Wir freuen uns auf Sie.")),
        "declined": (_("Ihre Anfrage ist abgelehnt"), _("Die Zeit ist nicht mehr für Sie freigehalten.")),
        "cancelled": (_("Ihre Buchung ist storniert"), _("Die Zeit ist wieder frei.")),
        "expired": (_("Ihre Vormerkung ist verfallen"), _("Die Zeit ist nicht mehr für Sie freigehalten.")),
        "waiting": (_("Sie stehen auf der Warteliste"), _("Wird die Zeit frei, merken wir sie für Sie vor und schreiben Ihnen.")),
    }.get(state, ("", ""))  # fmt: skip


def when(booking: Booking) -> str:
    """The time of use in words, in the active language."""
    begin, end = booking.used.lower.astimezone(BERLIN), booking.used.upper.astimezone(BERLIN)
    day, clock = "D, " + ("j. F Y" if translation.get_language() == "de" else "j F Y"), "H:i"
    until = date_format(end, clock if begin.date() == end.date() else f"{day}, {clock}")
    return f"{date_format(begin, f'{day}, {clock}')} – {until}"


def _values(booking: Booking) -> dict[str, Any]:
    heading, sentence = said(booking.state)
    until = booking.expires_at.astimezone(BERLIN) if booking.expires_at else None
    return {
        "heading": heading, "sentence": sentence, "booking": booking, "when": when(booking), "link": contacts.link(booking),
        "until": date_format(until, "SHORT_DATETIME_FORMAT") if until else "",
    }  # fmt: skip


def tell(venue: int) -> int:
    """Write to the bookers of this venue whom nobody has told yet; how many mails that are."""
    with transaction.atomic():
        rows = Step.objects.filter(told_at__isnull=True, booking__venue=venue).order_by("id")
        steps = list(rows.select_for_update(of=("self",), skip_locked=True))
        last = {one.booking_id: one for one in steps}
        sent = _write(last.values())
        Step.objects.filter(pk__in=[one.pk for one in steps]).update(told_at=timezone.now())
    return sent


def _write(steps: Iterable[Step]) -> int:
    sent = 0
    for step in steps:
        booking = Booking.objects.select_related("venue", "space").get(pk=step.booking_id)
        to = contacts.of(booking)
        # What is over when somebody is told of it is told as it is now, or not at all.
        if to is None or not to.email or booking.state != step.state or not said(step.state)[0]:
            continue
        with translation.override(to.language):
            values = {**_values(booking), "name": to.name, "answer": to.answer}
        sent += outbox.send(TEMPLATE, to.email, to.language, values, f"venues.step:{step.pk}")
    return sent
