"""What staff mark on the map: works, reminders, announcements - internal or public."""

from gisapp.accounts.roles import Role
from gisapp.layer import (
    App,
    DemoPart,
    Field,
    Geometry,
    Layer,
    LegendEntry,
    Members,
    Style,
    Text,
    Type,
    register,
)
from layers.notes import demo, queries

STATES = {"open": Text("offen", "open"), "done": Text("erledigt", "done")}
AUDIENCES = {"internal": Text("intern", "internal"), "public": Text("öffentlich", "public")}

NOTES = Layer(
    name="notes",
    title=Text("Hinweise", "Notices"),
    description=Text(
        "Was Verwaltung und Verband auf der Karte vermerken: Öffentliches für alle, Internes für die eigene Organisation.",
        "What administrations mark on the map: public notices for all, internal ones for their own organisation.",
    ),
    model="notes.Note",
    geometry=Geometry.POINT,
    group=Text("Verwaltung", "Administration"),
    fields=(
        Field("title", Type.STRING, Text("Titel", "Title"), tile=True, search=True),
        Field("text", Type.STRING, Text("Text", "Text"), search=True),
        Field("state", Type.STRING, Text("Stand", "State"), tile=True, filter=True, values=STATES),
        Field("audience", Type.STRING, Text("Sichtbarkeit", "Audience"), tile=True, filter=True, values=AUDIENCES),
        Field(
            "organisation",
            Type.STRING,
            Text("Organisation", "Organisation"),
            source="organisation__key",
            filter=True,
        ),
        Field("source", Type.STRING, Text("Quelle", "Source"), public=False),
        Field("source_id", Type.STRING, Text("Kennung der Quelle", "Source id"), public=False),
    ),
    label="title",
    list_columns=("title", "state", "organisation"),
    style=Style(
        layers=[
            {
                "id": "dot",
                "type": "circle",
                "paint": {
                    "circle-radius": ["case", ["==", ["get", "state"], "done"], 5, 7],
                    "circle-color": ["case", ["==", ["get", "audience"], "public"], "#b35900", "#ffffff"],
                    "circle-stroke-color": "#b35900",
                    "circle-stroke-width": ["case", ["==", ["get", "audience"], "public"], 1, 3],
                },
            },
            {
                "id": "title",
                "type": "symbol",
                "minzoom": 13,
                "layout": {"text-field": ["get", "title"], "text-font": ["Noto Sans Regular"], "text-size": 12,
                           "text-anchor": "top", "text-offset": [0, 0.8], "text-max-width": 9},
                "paint": {"text-color": "#7a3d00", "text-halo-color": "#ffffff", "text-halo-width": 1.6},
            },
        ],
        legend=[
            LegendEntry(Text("öffentlicher Hinweis", "public notice"), "circle", "#b35900"),
            LegendEntry(Text("interner Hinweis", "internal notice"), "circle", "#ffffff", outline="#b35900", width=3),
        ],
        dark={"title": {"text-color": "#ffc48a", "text-halo-color": "#1b1f24"}},
    ),
    attribution="© die jeweilige Verwaltung",
    visible_to=queries.notes,
    same_for_everyone=False,
    owner="organisation",
    public=queries.PUBLIC,
    edit=Members({Role.STAFF, Role.ENGINEER, Role.ADMIN}),
    search_column="name_norm",
    order=120,
)  # fmt: skip

register(
    App(
        name="notes",
        layers=(NOTES,),
        demo=[DemoPart(90, Text("Hinweise der Verwaltung", "Notices of the administration"), demo.build)],
    )
)
