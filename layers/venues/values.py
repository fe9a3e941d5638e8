"""What is chosen from lists: kinds, states, and the equipment and holidays that are shipped."""

import datetime
from collections.abc import Callable
from typing import Any

import holidays

from gisapp.layer import Text

KINDS = {
    "hall": Text("Saal, Gemeinschaftshaus", "Hall"),
    "room": Text("Raum", "Room"),
    "barbecue": Text("Grillplatz", "Barbecue place"),
    "sports": Text("Sportanlage", "Sports ground"),
    "shelter": Text("Schutzhütte", "Shelter"),
    "other": Text("Sonstiges", "Other"),
}
ACCESS = {
    "unknown": Text("keine Angabe", "not stated"),
    "none": Text("nicht barrierefrei", "not accessible"),
    "partly": Text("teilweise barrierefrei", "partly accessible"),
    "full": Text("barrierefrei", "accessible"),
}
# Key, German, English; in the order in which forms show them.
EQUIPMENT = (
    ("kitchen", "Küche", "Kitchen"), ("stage", "Bühne", "Stage"), ("bar", "Theke", "Bar"), ("tables", "Tische und Stühle", "Tables and chairs"),
    ("projector", "Beamer und Leinwand", "Projector and screen"), ("sound", "Tonanlage", "Sound system"), ("wifi", "WLAN", "Wi-Fi"),
    ("accessible-toilet", "barrierefreies WC", "Accessible toilet"), ("toilet", "WC", "Toilet"), ("heating", "Heizung", "Heating"),
    ("grill", "Grill", "Grill"), ("power", "Stromanschluss", "Power supply"), ("water", "Wasseranschluss", "Water supply"),
    ("playground", "Spielplatz", "Playground"), ("changing-room", "Umkleide", "Changing rooms"), ("floodlight", "Flutlicht", "Floodlight"),
    ("parking", "Parkplätze", "Parking"),
)  # fmt: skip
YEARS_AHEAD = 3


def load_equipment(model: Callable[[str], Any]) -> None:
    """Write what is missing of the shipped equipment; what somebody renamed stays."""
    rows = [
        model("Equipment")(key=key, name=name, name_en=name_en, ordinal=number * 10)
        for number, (key, name, name_en) in enumerate(EQUIPMENT, 1)
    ]
    model("Equipment").objects.bulk_create(rows, ignore_conflicts=True)


def load_holidays(model: Callable[[str], Any], today: datetime.date) -> int:
    """Write the public holidays of Schleswig-Holstein from last year on; how many are new."""
    years = range(today.year - 1, today.year + YEARS_AHEAD + 1)
    found = holidays.country_holidays("DE", subdiv="SH", years=years, language="de")
    known = set(model("Holiday").objects.values_list("day", flat=True))
    rows = [model("Holiday")(day=day, name=name) for day, name in sorted(found.items()) if day not in known]
    model("Holiday").objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
