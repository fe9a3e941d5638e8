"""What the regions put on the map: administrative areas, places, streets, addresses."""

from gisapp.layer import App, DemoPart, Field, Generalised, Geometry, Layer, LegendEntry, Style, Text, Type, register
from layers.regions import demo, queries, search
from layers.regions.targets import FINISH, TABLES, TARGETS

ADMINISTRATION = Text("Verwaltung", "Administration")
GROUND = Text("Orte und Adressen", "Places and addresses")
ATTRIBUTION = "© GeoBasis-DE/BKG"
# unverified: that VG250 is under it, and its address in DCAT-AP.de's list of licences
DL_BY = "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
OSM = "© OpenStreetMap-Mitwirkende"
# unverified: the address in DCAT-AP.de's list of licences
ODBL = "http://dcat-ap.de/def/licenses/odbl"

SMALL = (Generalised(8, "geom_small"),)
PLACE_KINDS = {
    "city": Text("Großstadt", "city"),
    "town": Text("Stadt", "town"),
    "village": Text("Dorf", "village"),
    "suburb": Text("Ortsteil", "suburb"),
    "quarter": Text("Viertel", "quarter"),
    "neighbourhood": Text("Siedlung", "neighbourhood"),
    "hamlet": Text("Weiler", "hamlet"),
    "isolated_dwelling": Text("Einzelhof", "isolated dwelling"),
    "farm": Text("Hof", "farm"),
    "locality": Text("Flurname", "locality"),
}

NAME = Field("name", Type.STRING, Text("Name", "Name"), tile=True, search=True)
SOURCE = Field("source", Type.STRING, Text("Quelle", "Source"), public=False)
SOURCE_ID = Field("source_id", Type.STRING, Text("Kennung der Quelle", "Source id"), public=False)
POPULATION = Field("population", Type.INTEGER, Text("Einwohner", "Inhabitants"), filter=True)
MUNICIPALITY = Field(
    "municipality", Type.STRING, Text("Gemeinde", "Municipality"), source="municipality__name", filter=True
)


# A border may be paler than a name.
TEXT_COLOURS = {"#8a5aa8": "#5f2a80"}


def _border(colour: str, width: float, label_from: int, size: int) -> list[dict[str, object]]:
    """Border and name. Neighbours draw their common border twice, so it is told apart by width, not by dashes."""
    line: dict[str, object] = {
        "line-color": colour,
        "line-width": ["interpolate", ["linear"], ["zoom"], 7, width * 0.4, 12, width, 16, width * 1.5],
    }
    # A municipality and its village mostly have one name: the village takes over when it appears.
    until = {"maxzoom": 12} if label_from >= 9 else {}
    return [
        {"id": "border", "type": "line", "layout": {"line-join": "round"}, "paint": line},
        {
            "id": "name",
            "type": "symbol",
            "minzoom": label_from,
            **until,
            "layout": {"text-field": ["get", "name"], "text-font": ["Noto Sans Bold"], "text-size": size,
                       "text-max-width": 7},
            "paint": {"text-color": TEXT_COLOURS.get(colour, colour), "text-halo-color": "#ffffff", "text-halo-width": 1.6},
        },
    ]  # fmt: skip


def _area_fields(key: Text) -> tuple[Field, ...]:
    return (
        NAME,
        Field("key", Type.STRING, key, tile=True, filter=True),
        POPULATION,
        Field("valid_from", Type.DATE, Text("gültig ab", "valid from")),
        Field("valid_to", Type.DATE, Text("gültig bis", "valid to")),
        SOURCE,
        SOURCE_ID,
    )


MUNICIPALITIES = Layer(
    name="municipalities",
    title=Text("Gemeinden", "Municipalities"),
    description=Text(
        "Die Gemeinden mit ihrem amtlichen Schlüssel (AGS).", "Municipalities with their official key (AGS)."
    ),
    model="regions.Municipality",
    geometry=Geometry.POLYGON,
    group=ADMINISTRATION,
    fields=(
        *_area_fields(Text("AGS", "AGS")),
        Field("amt", Type.STRING, Text("Amt", "Amt"), source="amt__name", filter=True),
        Field("district", Type.STRING, Text("Kreis", "District"), source="district__name", filter=True),
    ),
    label="name",
    list_columns=("name", "amt", "population"),
    style=Style(
        layers=[
            {"id": "area", "type": "fill", "paint": {"fill-color": "#7a3fa0", "fill-opacity": 0.04}},
            *_border("#8a5aa8", 1.3, 9, 12),
        ],
        legend=[LegendEntry(Text("Gemeindegrenze", "Municipal boundary"), "line", "#8a5aa8", width=1.3)],
        dark={"border": {"line-color": "#c79be6"}, "name": {"text-color": "#dfc4f2", "text-halo-color": "#1b1f24"}},
    ),
    attribution=ATTRIBUTION,
    licence=DL_BY,
    visible_to=queries.municipalities,
    generalised=SMALL,
    label_column="label_point",
    search_column="name_norm",
    switched_on=True,
    search_weight=1.0,
    order=70,
)

AEMTER = Layer(
    name="aemter",
    title=Text("Ämter", "Ämter (joint administrations)"),
    description=Text(
        "Ämter: mehrere Gemeinden mit einer Verwaltung.", "Ämter: several municipalities with one administration."
    ),
    model="regions.Amt",
    geometry=Geometry.POLYGON,
    group=ADMINISTRATION,
    fields=(
        *_area_fields(Text("Amtsschlüssel", "Amt key")),
        Field("district", Type.STRING, Text("Kreis", "District"), source="district__name", filter=True),
    ),
    label="name",
    list_columns=("name", "district", "population"),
    style=Style(
        layers=_border("#8c1d40", 2.6, 7, 14),
        legend=[LegendEntry(Text("Amtsgrenze", "Boundary of an Amt"), "line", "#8c1d40", width=2.6)],
        dark={"border": {"line-color": "#f08aa8"}, "name": {"text-color": "#f7bccb", "text-halo-color": "#1b1f24"}},
    ),
    attribution=ATTRIBUTION,
    licence=DL_BY,
    visible_to=queries.aemter,
    generalised=SMALL,
    label_column="label_point",
    search_column="name_norm",
    switched_on=True,
    order=72,
)

DISTRICTS = Layer(
    name="districts",
    title=Text("Kreise", "Districts"),
    description=Text("Kreise und kreisfreie Städte.", "Districts and independent cities."),
    model="regions.District",
    geometry=Geometry.POLYGON,
    group=ADMINISTRATION,
    fields=_area_fields(Text("Kreisschlüssel", "District key")),
    label="name",
    list_columns=("name", "key", "population"),
    style=Style(
        layers=_border("#4a4a4a", 3.6, 6, 14),
        legend=[LegendEntry(Text("Kreisgrenze", "District boundary"), "line", "#4a4a4a", width=3.6)],
        dark={"border": {"line-color": "#c9c9c9"}, "name": {"text-color": "#e5e5e5", "text-halo-color": "#1b1f24"}},
    ),
    attribution=ATTRIBUTION,
    licence=DL_BY,
    visible_to=queries.districts,
    generalised=SMALL,
    label_column="label_point",
    search_column="name_norm",
    order=74,
)

COUNTRIES = Layer(
    name="countries",
    title=Text("Länder", "States"),
    description=Text("Bundesländer.", "Federal states."),
    model="regions.Country",
    geometry=Geometry.POLYGON,
    group=ADMINISTRATION,
    fields=_area_fields(Text("Landesschlüssel", "State key")),
    label="name",
    list_columns=("name", "key", "population"),
    style=Style(
        layers=_border("#222222", 5, 4, 16),
        legend=[LegendEntry(Text("Landesgrenze", "State boundary"), "line", "#222222", width=5)],
        dark={"border": {"line-color": "#eeeeee"}, "name": {"text-color": "#eeeeee", "text-halo-color": "#1b1f24"}},
    ),
    attribution=ATTRIBUTION,
    licence=DL_BY,
    visible_to=queries.countries,
    generalised=SMALL,
    label_column="label_point",
    search_column="name_norm",
    order=76,
)

PLACES = Layer(
    name="places",
    title=Text("Orte", "Places"),
    description=Text("Städte, Dörfer, Ortsteile und Siedlungen.", "Towns, villages, parts of them and hamlets."),
    model="regions.Place",
    geometry=Geometry.POINT,
    group=GROUND,
    fields=(
        NAME,
        Field("kind", Type.STRING, Text("Art", "Kind"), tile=True, filter=True, values=PLACE_KINDS),
        POPULATION,
        MUNICIPALITY,
        SOURCE,
        SOURCE_ID,
    ),
    label="name",
    classes="kind",
    list_columns=("name", "kind", "municipality"),
    style=Style(
        layers=[
            {
                "id": "town", "type": "symbol", "filter": ["in", ["get", "kind"], ["literal", ["city", "town"]]],
                "layout": {"text-field": ["get", "name"], "text-font": ["Noto Sans Bold"],
                           "text-size": ["interpolate", ["linear"], ["zoom"], 7, 12, 12, 17], "text-max-width": 8},
                "paint": {"text-color": "#22262b", "text-halo-color": "#ffffff", "text-halo-width": 1.8},
            },
            {
                "id": "village", "type": "symbol", "minzoom": 11.5,
                "filter": ["in", ["get", "kind"], ["literal", ["village", "suburb"]]],
                "layout": {"text-field": ["get", "name"], "text-font": ["Noto Sans Regular"],
                           "text-size": ["interpolate", ["linear"], ["zoom"], 11, 11.5, 14, 15], "text-max-width": 8},
                "paint": {"text-color": "#22262b", "text-halo-color": "#ffffff", "text-halo-width": 1.6},
            },
            {
                "id": "hamlet", "type": "symbol", "minzoom": 13,
                "filter": ["!", ["in", ["get", "kind"], ["literal", ["city", "town", "village", "suburb"]]]],
                "layout": {"text-field": ["get", "name"], "text-font": ["Noto Sans Regular"], "text-size": 11.5,
                           "text-max-width": 8},
                "paint": {"text-color": "#4c5259", "text-halo-color": "#ffffff", "text-halo-width": 1.4},
            },
        ],
        legend=[LegendEntry(Text("Ort", "Place"), "circle", "#22262b")],
        dark={one: {"text-color": "#e8eaed", "text-halo-color": "#1b1f24"} for one in ("town", "village", "hamlet")},
    ),
    attribution=OSM,
    licence=ODBL,
    visible_to=queries.places,
    search_column="name_norm",
    base_map=True,
    search_weight=0.98,
    order=90,
)  # fmt: skip

STREETS = Layer(
    name="streets",
    title=Text("Straßennamen", "Streets by name"),
    description=Text("Jede Straße eines Ortes einmal, mit ihrem Verlauf.", "Each street of a locality once, with its course."),
    model="regions.Street",
    geometry=Geometry.LINE,
    group=GROUND,
    fields=(
        NAME,
        Field("locality", Type.STRING, Text("Ort", "Locality"), search=True, filter=True),
        Field("postcode", Type.STRING, Text("PLZ", "Postcode"), search=True, filter=True),
        MUNICIPALITY,
        SOURCE,
        SOURCE_ID,
    ),
    label="name",
    list_columns=("name", "postcode", "locality"),
    style=Style(
        layers=[
            {"id": "course", "type": "line", "layout": {"line-cap": "round", "line-join": "round"},
             "paint": {"line-color": "#0b7285", "line-width": 3, "line-opacity": 0.7}},
        ],
        legend=[LegendEntry(Text("Straße mit Namen", "Named street"), "line", "#0b7285", width=3)],
        dark={"course": {"line-color": "#66d9e8"}},
    ),
    attribution=OSM,
    licence=ODBL,
    visible_to=queries.streets,
    search=search.streets_and_addresses,
    min_zoom=12,
    order=60,
)  # fmt: skip

ADDRESSES = Layer(
    name="addresses",
    title=Text("Adressen", "Addresses"),
    description=Text("Hausnummern an ihrem Haus.", "House numbers at their houses."),
    model="regions.Address",
    geometry=Geometry.POINT,
    group=GROUND,
    fields=(
        Field("label", Type.STRING, Text("Adresse", "Address"), source="label"),
        Field("street_name", Type.STRING, Text("Straße", "Street"), filter=True),
        Field("house_number", Type.STRING, Text("Hausnummer", "House number"), tile=True),
        Field("postcode", Type.STRING, Text("PLZ", "Postcode"), filter=True),
        Field("locality", Type.STRING, Text("Ort", "Locality"), filter=True),
        SOURCE,
        SOURCE_ID,
    ),
    label="label",
    list_columns=("street_name", "house_number", "locality"),
    style=Style(
        layers=[
            {
                "id": "number", "type": "symbol", "minzoom": 16,
                "layout": {"text-field": ["get", "house_number"], "text-font": ["Noto Sans Regular"], "text-size": 10.5},
                "paint": {"text-color": "#5b4636", "text-halo-color": "#ffffff", "text-halo-width": 1.2},
            },
        ],
        legend=[LegendEntry(Text("Hausnummer", "House number"), "circle", "#5b4636")],
        dark={"number": {"text-color": "#d9c6b5", "text-halo-color": "#1b1f24"}},
    ),
    attribution=OSM,
    licence=ODBL,
    visible_to=queries.addresses,
    base_map=True,
    min_zoom=14,
    order=88,
)  # fmt: skip

register(
    App(
        name="regions",
        layers=(COUNTRIES, DISTRICTS, AEMTER, MUNICIPALITIES, PLACES, STREETS, ADDRESSES),
        targets=TARGETS,
        tables=TABLES,
        finish=FINISH,
        areas_of={
            "municipality": queries.municipalities_now,
            "amt": queries.aemter_now,
            "district": queries.districts_now,
        },
        areas=queries.areas_at,
        base_data={
            "municipalities": "gisapp import municipalities VG250.gpkg",
            "addresses": "gisapp import addresses DATEI",
        },
        nearest=search.nearest_address,
        demo=[
            DemoPart(
                10, Text("Gemeinden, Orte, Straßen, Adressen", "Municipalities, places, streets, addresses"), demo.build
            )
        ],
    )
)
