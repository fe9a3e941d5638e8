"""Places to celebrate: what municipalities let to people and clubs, on the map, in a search and a calendar."""

from gisapp.accounts.roles import ADMINISTRATION, INSIDE, Role
from gisapp.layer import (
    KEEPERS,
    App,
    DemoPart,
    Field,
    Geometry,
    Layer,
    LegendEntry,
    Members,
    Page,
    Style,
    Text,
    Type,
    register,
)
from layers.venues import demo, errors, queries
from layers.venues.access import GUARDED
from layers.venues.commands import VENUES as VENUES_COMMAND
from layers.venues.urls import urlpatterns
from layers.venues.values import ACCESS, KINDS

VENUES = Layer(
    name="venues",
    title=Text("Orte zum Feiern", "Venues"),
    description=Text(
        "Säle, Räume, Grillplätze und Sportanlagen, die Gemeinden vermieten: Ausstattung, Kalender, Buchung.",
        "Halls, rooms, barbecue places and sports grounds that municipalities let: equipment, calendar, booking.",
    ),
    model="venues.Venue",
    geometry=Geometry.POINT,
    group=Text("Leben vor Ort", "Local life"),
    fields=(
        Field("name", Type.STRING, Text("Name", "Name"), tile=True, search=True),
        Field("kind", Type.STRING, Text("Art", "Kind"), tile=True, filter=True, values=KINDS),
        Field("text", Type.STRING, Text("Beschreibung", "Description"), search=True),
        Field("street", Type.STRING, Text("Straße", "Street")),
        Field("postcode", Type.STRING, Text("Postleitzahl", "Postcode")),
        Field("locality", Type.STRING, Text("Ort", "Place"), search=True),
        Field("capacity", Type.INTEGER, Text("Personen", "People"), filter=True),
        Field("access", Type.STRING, Text("Barrierefreiheit", "Accessibility"), filter=True, values=ACCESS),
        Field("access_note", Type.STRING, Text("zur Barrierefreiheit", "On accessibility")),
        Field("house_rules", Type.STRING, Text("Hausordnung", "House rules")),
        Field("organisation", Type.STRING, Text("Gemeinde", "Municipality"), source="organisation__key", filter=True),
        Field("published", Type.BOOLEAN, Text("öffentlich", "Public"), filter=True),
        Field("source", Type.STRING, Text("Quelle", "Source"), public=False),
        Field("source_id", Type.STRING, Text("Kennung der Quelle", "Source id"), public=False),
    ),
    label="name",
    classes="kind",
    list_columns=("name", "kind", "locality", "capacity"),
    style=Style(
        layers=[
            {
                "id": "dot",
                "type": "circle",
                "paint": {
                    "circle-radius": ["match", ["get", "kind"], "hall", 9, 7],
                    "circle-color": ["match", ["get", "kind"], "hall", "#7a2e8e", "room", "#ffffff", "sports", "#b7d7f0",
                                     "#e3a3c8"],
                    "circle-stroke-color": "#5b1f6b",
                    "circle-stroke-width": ["match", ["get", "kind"], "hall", 1.5, "room", 4, 2.5],
                },
            },
            {
                "id": "name",
                "type": "symbol",
                "minzoom": 11,
                "layout": {"text-field": ["get", "name"], "text-font": ["Noto Sans Regular"], "text-size": 12,
                           "text-anchor": "top", "text-offset": [0, 0.9], "text-max-width": 9},
                "paint": {"text-color": "#5b1f6b", "text-halo-color": "#ffffff", "text-halo-width": 1.6},
            },
        ],
        legend=[
            LegendEntry(Text("Saal, Gemeinschaftshaus", "hall"), "circle", "#7a2e8e", outline="#5b1f6b"),
            LegendEntry(Text("Raum", "room"), "circle", "#ffffff", outline="#5b1f6b", width=4),
            LegendEntry(Text("Sportanlage", "sports ground"), "circle", "#b7d7f0", outline="#5b1f6b", width=2.5),
            LegendEntry(Text("Grillplatz, Schutzhütte, Sonstiges", "barbecue place, shelter, other"), "circle", "#e3a3c8",
                        outline="#5b1f6b", width=2.5),
        ],
        dark={"name": {"text-color": "#e6b8f2", "text-halo-color": "#1b1f24"}},
    ),
    attribution="© die jeweilige Gemeinde",
    visible_to=queries.venues,
    same_for_everyone=False,
    detail_template="venues/detail.html",
    owner="organisation",
    within=Members(INSIDE),
    public=queries.PUBLIC,
    edit=Members({Role.STAFF, Role.ADMIN}),
    search_column="name_norm",
    order=110,
)  # fmt: skip
assert VENUES.edit == ADMINISTRATION, "who keeps a venue decides about its bookings (access.py)"

register(
    App(
        name="venues",
        layers=(VENUES,),
        guarded=GUARDED,
        commands=[VENUES_COMMAND],
        pages=[
            Page("venues", Text("Feiern", "Venues")),
            Page("venues-desk", Text("Buchungen", "Bookings"), see=KEEPERS),
        ],
        urls=urlpatterns,
        demo=[DemoPart(92, Text("Orte zum Feiern", "Venues"), demo.build)],
        error_texts=errors.ALL,
    )
)
