"""A village hall for the browser tests, in the town of town.py."""

import datetime

from tests.browser.town import LAT, LON, _geometry


def build() -> None:
    """Write the hall anew: two halves, a kitchen, conditions, an extra; no bookings."""
    from django.apps import apps

    from gisapp.accounts.models import Organisation
    from layers.venues import values
    from layers.venues.models import (
        Booking,
        CancelRule,
        Conditions,
        Extra,
        Opening,
        Room,
        Space,
        SpaceRoom,
        Tariff,
        Venue,
    )

    Booking.objects.all().delete()
    SpaceRoom.objects.all().delete()
    Venue.objects.all().delete()
    values.load_equipment(lambda name: apps.get_model("venues", name))
    hall = Venue.objects.create(
        organisation=Organisation.objects.get(key="amt"), name="Dörpshuus", kind="hall", capacity=120, published=True, source="t", source_id="v",
        equipment=["tables", "stage", "projector", "accessible-toilet"], locality="Ascheffel", postcode="24358", street="Dorfstraße 3",
        access="full", text="Teilbarer Saal mit Bühne und Küche.", house_rules="Ab 22 Uhr bleiben die Fenster zu.",
        geom=_geometry(f"POINT({LON + 0.002} {LAT + 0.002})"),
    )  # fmt: skip
    Opening.objects.create(venue=hall, weekdays=[1, 2, 3, 4, 5, 6, 7], opens=datetime.time(8), closes=datetime.time(2))
    Conditions.objects.create(venue=hall, version=2, text="Besenrein übergeben. Müll mitnehmen.")
    CancelRule.objects.create(venue=hall, days_before=60, percent=20)
    west, east, cook = (Room.objects.create(venue=hall, name=one) for one in ("Saal West", "Saal Ost", "Küche"))
    for ordinal, (name, rooms, people) in enumerate(
        [("Saal", [west, east], 120), ("Saal West", [west], 60), ("Saal mit Küche", [west, east, cook], 120)]
    ):
        space = Space.objects.create(
            venue=hall, name=name, capacity=people, ordinal=ordinal, after_minutes=60, equipment=["kitchen"] if cook in rooms else [],
            deposit_cents=20_000, cleaning_cents=6_000,
        )  # fmt: skip
        SpaceRoom.objects.bulk_create([SpaceRoom(space=space, room=one) for one in rooms])
        for group, cents in (("resident", 15_000), ("club", 6_000), ("commercial", 30_000)):
            Tariff.objects.create(space=space, group=group, unit="day", cents=cents)
        if cook in rooms:
            Extra.objects.create(space=space, name="Geschirr für 30", name_en="Crockery for 30", cents=1_500, most=4)
