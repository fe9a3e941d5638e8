"""The worker's part: what lapses, what is over, and telling what no service told."""

import datetime

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from gisapp.history.recording import recorded
from gisapp.layer import Text
from gisapp.tasks.declare import task
from gisapp.tasks.progress import Progress
from layers.venues import notices, values
from layers.venues.models import Booking, Step

S = Booking.State
GRACE = datetime.timedelta(hours=6)
"""So long after its end a confirmed booking is taken for done, unless staff have said that nobody came."""


def tend(venue: int) -> None:
    """One venue, in one transaction: end what has lapsed, close what is over, write to whom nobody has written."""
    with recorded("job"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT venues_lapse(%s)", [venue])
        Booking.objects.filter(venue=venue, state=S.CONFIRMED, used__endswith__lt=timezone.now() - GRACE).update(
            state=S.COMPLETED
        )
        notices.tell(venue)


def due() -> list[int]:
    """The venues in which something is to be done now."""
    now = timezone.now()
    lapsed = Booking.objects.filter(expires_at__lte=now)
    begun = Booking.objects.filter(state__in=(S.REQUESTED, S.WAITING, S.OPTION, S.APPROVED), used__startswith__lte=now)
    over = Booking.objects.filter(state=S.CONFIRMED, used__endswith__lt=now - GRACE)
    untold = Step.objects.filter(told_at__isnull=True).values_list("booking__venue", flat=True)
    found = {key for rows in (lapsed, begun, over) for key in rows.values_list("venue", flat=True).distinct()}
    return sorted({*found, *untold})


@task("venues.tend", title=Text("Buchungen pflegen", "Tend bookings"), cron="*/5 * * * *", stoppable=True)
def tend_all(progress: Progress) -> None:
    for venue in due():
        tend(venue)
        progress.checkpoint()


@task("venues.holidays", title=Text("Feiertage eintragen", "Enter holidays"), cron="17 3 * * 1")
def holidays(progress: Progress) -> None:
    new = values.load_holidays(lambda name: apps.get_model("venues", name), timezone.localdate())
    progress.note(Text(f"{new} neue Feiertage", f"{new} new holidays"))
