"""The tables of venues: what can be booked, when it is open, what it costs, and the bookings."""

from layers.venues.models.bookings import Booker, Booking, Series, Slot, Step
from layers.venues.models.opening import Holiday, Opening, SpecialDay
from layers.venues.models.places import Caretaker, Conditions, Equipment, Room, Space, SpaceRoom, Venue
from layers.venues.models.prices import CancelRule, Extra, Tariff

__all__ = [
    "Booker", "Booking", "CancelRule", "Caretaker", "Conditions", "Equipment", "Extra", "Holiday", "Opening", "Room", "Series", "Slot", "Space", "SpaceRoom", "SpecialDay", "Step", "Tariff", "Venue",
]  # fmt: skip
