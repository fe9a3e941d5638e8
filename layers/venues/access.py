"""Who sees and changes what hangs on a venue, for people who work in the database itself.

What a venue is and costs is as public as the venue; its bookings, who made them, and the caretaker are for those who keep
the venue: staff and administrators of its organisation, within the areas of their membership.
"""

from gisapp.accounts.roles import ADMINISTRATION
from gisapp.guarded import Guarded
from gisapp.layer import Text

_KEEPERS = ", ".join(f"'{one.value}'" for one in sorted(ADMINISTRATION))


def _keeps(venue: str) -> str:
    """Does the asker keep the venue with this key?"""
    return (
        f"(EXISTS (SELECT FROM venues_venue v WHERE v.id = {venue} AND gisapp_belongs(v.organisation_id, v.geom, ARRAY[{_KEEPERS}])) "
        "OR (SELECT gisapp_operator()))"
    )


def _of_booking(table: str) -> str:
    return f'EXISTS (SELECT FROM venues_booking b WHERE b.id = "{table}"."booking_id")'


def _hanging(model: str, title: Text, parent: str = "venue") -> Guarded:
    return Guarded(f"venues.{model}", title, parent=parent)


_BOOKING = _keeps('"venues_booking"."venue_id"')
_CARETAKER = _keeps('"venues_caretaker"."venue_id"')
_SERIES = 'EXISTS (SELECT FROM venues_space s WHERE s.id = "venues_series"."space_id" AND ' + _keeps("s.venue_id") + ")"

GUARDED = (
    Guarded("venues.Equipment", Text("Ausstattung", "Equipment"), common=True, within=tuple(ADMINISTRATION)),
    Guarded("venues.Holiday", Text("Feiertage", "Holidays"), common=True, within=tuple(ADMINISTRATION)),
    _hanging("Conditions", Text("Nutzungsbedingungen", "Conditions")),
    _hanging("Room", Text("Räume", "Rooms")),
    _hanging("Space", Text("Angebote", "Spaces")),
    _hanging("SpaceRoom", Text("Räume der Angebote", "Rooms of spaces"), "space"),
    _hanging("Opening", Text("Öffnungszeiten", "Opening hours")),
    _hanging("SpecialDay", Text("Ausnahmen", "Special days")),
    _hanging("Tariff", Text("Tarife", "Tariffs"), "space"),
    _hanging("Extra", Text("Zusatzleistungen", "Extras"), "space"),
    _hanging("CancelRule", Text("Stornoregeln", "Cancellation rules")),
    Guarded("venues.Caretaker", Text("Hausmeister", "Caretakers"), parent="venue", seen=_CARETAKER, edited=_CARETAKER),
    Guarded("venues.Series", Text("Serien", "Series"), parent="space", seen=_SERIES, edited=_SERIES),
    Guarded("venues.Booking", Text("Buchungen", "Bookings"), parent="venue", seen=_BOOKING, edited=_BOOKING),
    Guarded("venues.Slot", Text("Belegungen", "Slots"), parent="booking", seen=_of_booking("venues_slot"), edited=_of_booking("venues_slot")),
    Guarded("venues.Step", Text("Schritte", "Steps"), parent="booking", seen=_of_booking("venues_step"), edited="gisapp_operator()"),
    Guarded("venues.Booker", Text("Wer gebucht hat", "Bookers"), parent="booking", seen=_of_booking("venues_booker"),
            edited=_of_booking("venues_booker")),
)  # fmt: skip
