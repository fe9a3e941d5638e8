"""Bookings, the slots of the rooms that they hold, and the person behind each."""

import secrets
import uuid

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from gisapp.accounts.models import Organisation
from gisapp.history.tracking import tracked
from layers.venues.models.places import Conditions, Room, Space, Venue
from layers.venues.models.prices import Group


def _salt() -> str:
    return secrets.token_urlsafe(12)


class Series(models.Model):
    """Bookings that were asked for together and are cancelled together or one by one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    space = models.ForeignKey(Space, models.PROTECT, related_name="series")
    client_key = models.TextField(null=True, blank=True, unique=True)
    # What was asked for and not got: [{"from": ..., "to": ..., "code": ...}], local times.
    misses = models.JSONField(default=list, db_default=[])
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Serie")
        verbose_name_plural = _("Serien")

    def __str__(self) -> str:
        return str(self.pk)


@tracked
class Booking(models.Model):
    """One use of a space. Nothing here says who: that is the Booker's row, which is forgotten in time.

    `used` is half open, [begin, end). Which states hold the rooms, and which follow each other, says `venues_transition`
    (sql/workflow.sql). `organisation` and `venue` follow the space. Buffers are those of the space when it was booked.
    `exempt`: staff let it pass the rules of hours and length; never the one that a room is in use once.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("angefragt")
        OPTION = "option", _("vorgemerkt")
        APPROVED = "approved", _("zugesagt")
        CONFIRMED = "confirmed", _("gebucht")
        DECLINED = "declined", _("abgelehnt")
        CANCELLED = "cancelled", _("storniert")
        EXPIRED = "expired", _("verfallen")
        COMPLETED = "completed", _("abgeschlossen")
        NO_SHOW = "no_show", _("nicht erschienen")
        WAITING = "waiting", _("auf der Warteliste")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(_("Nummer"), unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="bookings", editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="bookings", editable=False)
    space = models.ForeignKey(Space, models.PROTECT, related_name="bookings", verbose_name=_("Angebot"))
    series = models.ForeignKey(Series, models.PROTECT, related_name="bookings", null=True, blank=True)
    state = models.TextField(_("Stand"), choices=State)
    used = DateTimeRangeField(_("Zeit"))
    before_minutes = models.IntegerField(default=0, db_default=0, editable=False)
    after_minutes = models.IntegerField(default=0, db_default=0, editable=False)
    expires_at = models.DateTimeField(_("gilt bis"), null=True, blank=True)
    blocks = models.BooleanField(_("Sperrung"), default=False, db_default=False)
    exempt = models.BooleanField(_("außerhalb der Regeln"), default=False, db_default=False)
    group = models.TextField(_("Gruppe"), choices=Group, default=Group.RESIDENT, db_default="resident")
    people = models.IntegerField(_("Personen"), default=1, db_default=1)
    price_cents = models.IntegerField(_("Preis in Cent"), default=0, db_default=0)
    deposit_cents = models.IntegerField(_("Kaution in Cent"), default=0, db_default=0)
    fee_cents = models.IntegerField(_("Stornogebühr in Cent"), default=0, db_default=0)
    # The lines of the price as they were computed: price.Price.plain().
    price = models.JSONField(default=dict, db_default={}, blank=True)
    conditions = models.ForeignKey(Conditions, models.PROTECT, null=True, blank=True)
    client_key = models.TextField(null=True, blank=True, unique=True)
    # A new one makes every earlier link to the booking worthless.
    salt = models.TextField(default=_salt, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Buchung")
        verbose_name_plural = _("Buchungen")
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    state__in=(
                        "requested", "option", "approved", "confirmed", "declined", "cancelled", "expired", "completed", "no_show",
                        "waiting",
                    )
                ),
                name="booking_state_known",
            ),
            models.CheckConstraint(
                condition=Q(used__isempty=False, used__lower_inf=False, used__upper_inf=False), name="booking_has_a_time"
            ),
            models.CheckConstraint(condition=Q(people__gt=0), name="booking_has_people"),
            models.CheckConstraint(condition=Q(group__in=("resident", "club", "commercial")), name="booking_group_known"),
            models.CheckConstraint(
                condition=Q(price_cents__gte=0, deposit_cents__gte=0, fee_cents__gte=0), name="booking_money_sensible"
            ),
        )  # fmt: skip
        indexes = (
            models.Index(fields=["organisation", "state"], name="booking_inbox"),
            models.Index(fields=["venue", "created_at"], condition=Q(state="waiting"), name="booking_waiting"),
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="booking_expires"),
        )

    def __str__(self) -> str:
        return f"{self.number}"


class Slot(models.Model):
    """One room's share of a booking. Written by the booking's triggers alone (sql/slots.sql).

    `blocked` is `used` with its buffers. No two slots of a room that hold it overlap in `blocked`.
    """

    # (The foreign key, with ON DELETE CASCADE, stands in sql/slots.sql: Django would delete the rows by hand.)
    booking = models.ForeignKey(Booking, models.DO_NOTHING, related_name="slots", db_constraint=False)
    room = models.ForeignKey(Room, models.PROTECT, related_name="slots")
    used = DateTimeRangeField()
    blocked = DateTimeRangeField()
    holds = models.BooleanField()

    class Meta:
        verbose_name = _("Belegung")
        verbose_name_plural = _("Belegungen")
        constraints = (
            models.UniqueConstraint(fields=["booking", "room"], name="slot_once"),
            models.CheckConstraint(condition=Q(blocked__isempty=False), name="slot_blocks_something"),
            models.CheckConstraint(condition=Q(blocked__contains=models.F("used")), name="slot_blocks_its_use"),
        )

    def __str__(self) -> str:
        return f"{self.booking_id}: {self.room_id}"


class Step(models.Model):
    """A state that a booking came to; the trigger writes it, whatever door it was. `told_at`: the booker was written to."""

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="steps")
    state = models.TextField(choices=Booking.State)
    at = models.DateTimeField(db_default=Now())
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("Schritt")
        verbose_name_plural = _("Schritte")
        indexes = (models.Index(fields=["id"], condition=Q(told_at__isnull=True), name="step_untold"),)

    def __str__(self) -> str:
        return f"{self.booking_id}: {self.state}"


class Booker(models.Model):
    """Who booked, and what for. Data of a person: no history, seen by the venue's staff alone, deleted in time."""

    booking = models.OneToOneField(Booking, models.CASCADE, related_name="booker", primary_key=True)
    name = models.TextField(_("Name"))
    club = models.TextField(_("Verein oder Firma"), default="", db_default="", blank=True)
    email = models.TextField(_("E-Mail-Adresse"), default="", db_default="", blank=True)
    phone = models.TextField(_("Telefon"), default="", db_default="", blank=True)
    purpose = models.TextField(_("Anlass"), default="", db_default="", blank=True)
    remark = models.TextField(_("Bemerkung"), default="", db_default="", blank=True)
    # What staff wrote to this person last.
    answer = models.TextField(_("Antwort der Gemeinde"), default="", db_default="", blank=True)
    language = models.TextField(default="de", db_default="de")

    class Meta:
        verbose_name = _("Bucherin oder Bucher")
        verbose_name_plural = _("Bucherinnen und Bucher")
        constraints = (models.CheckConstraint(condition=Q(name__regex=r"\S"), name="booker_named"),)

    def __str__(self) -> str:
        return str(self.booking_id)
