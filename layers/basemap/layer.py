"""The base map from our own data: land, water, buildings, roads, paths, rails, points of interest."""

from gisapp.layer import App, DemoPart, Field, Generalised, Geometry, Layer, Text, Type, register
from layers.basemap import demo, models
from layers.basemap.queries import current
from layers.basemap.styles import (
    BUILDING_STYLE,
    CATEGORIES,
    FINER,
    LANDUSE_STYLE,
    PATH_STYLE,
    POI_STYLE,
    RAIL_STYLE,
    ROAD_STYLE,
    WATER_STYLE,
    WATERWAY_STYLE,
)
from layers.basemap.targets import TARGETS
from layers.basemap.values import KINDS, WHEELCHAIR

CATEGORY_WORDS = {key: title for key, (title, _colour) in CATEGORIES.items()} | FINER
GROUP = Text("Grundkarte", "Base map")
LIVING = Text("Leben vor Ort", "Local life")
OSM = "© OpenStreetMap-Mitwirkende"
# unverified: the address in DCAT-AP.de's list of licences
ODBL = "http://dcat-ap.de/def/licenses/odbl"

KIND = Field("kind", Type.STRING, Text("Art", "Kind"), tile=True, filter=True)
NAME = Field("name", Type.STRING, Text("Name", "Name"), tile=True)
SOURCE = Field("source", Type.STRING, Text("Quelle", "Source"), public=False)
SOURCE_ID = Field("source_id", Type.STRING, Text("Kennung der Quelle", "Source id"), public=False)
SMALL = (Generalised(10, "geom_small"),)


def _way_fields(*more: Field) -> tuple[Field, ...]:
    return (
        Field("name", Type.STRING, Text("Name", "Name"), tile=True),
        KIND,
        Field("ref", Type.STRING, Text("Nummer", "Number"), tile=True),
        Field("surface", Type.STRING, Text("Belag", "Surface"), filter=True),
        Field("oneway", Type.STRING, Text("Einbahn", "One way")),
        Field("bridge", Type.BOOLEAN, Text("Brücke", "Bridge")),
        Field("tunnel", Type.BOOLEAN, Text("Tunnel", "Tunnel")),
        *more,
        SOURCE,
        SOURCE_ID,
    )


LANDUSE = Layer(
    name="landuse",
    title=Text("Flächennutzung", "Land use"),
    description=Text("Wald, Wiese, Acker, Siedlung, Gewerbe.", "Forest, meadow, farmland, settlement, industry."),
    model="basemap.LandUse",
    geometry=Geometry.POLYGON,
    group=GROUP,
    fields=(NAME, KIND, SOURCE, SOURCE_ID),
    label="name",
    classes="kind",
    list_columns=("name", "kind"),
    style=LANDUSE_STYLE,
    attribution=OSM,
    licence=ODBL,
    visible_to=current(models.LandUse),
    generalised=SMALL,
    base_map=True,
    interactive=False,
    order=10,
)

WATERS = Layer(
    name="waters",
    title=Text("Seen und Flüsse (Flächen)", "Lakes and rivers (areas)"),
    description=Text("Wasserflächen.", "Areas of water."),
    model="basemap.Water",
    geometry=Geometry.POLYGON,
    group=GROUP,
    fields=(NAME, KIND, SOURCE, SOURCE_ID),
    label="name",
    classes="kind",
    list_columns=("name", "kind"),
    style=WATER_STYLE,
    attribution=OSM,
    licence=ODBL,
    visible_to=current(models.Water),
    label_column="label_point",
    generalised=SMALL,
    base_map=True,
    interactive=False,
    order=14,
)

WATERWAYS = Layer(
    name="waterways",
    title=Text("Flüsse, Bäche, Gräben", "Rivers, streams, ditches"),
    description=Text("Fließgewässer als Linien.", "Running water as lines."),
    model="basemap.Waterway",
    geometry=Geometry.LINE,
    group=GROUP,
    fields=(NAME, KIND, SOURCE, SOURCE_ID),
    label="name",
    classes="kind",
    list_columns=("name", "kind"),
    style=WATERWAY_STYLE,
    attribution=OSM,
    licence=ODBL,
    visible_to=current(models.Waterway),
    generalised=SMALL,
    base_map=True,
    interactive=False,
    order=16,
)

BUILDINGS = Layer(
    name="buildings",
    title=Text("Gebäude", "Buildings"),
    description=Text("Gebäudeumrisse.", "Outlines of buildings."),
    model="basemap.Building",
    geometry=Geometry.POLYGON,
    group=GROUP,
    fields=(
        Field("name", Type.STRING, Text("Name", "Name")),
        Field("kind", Type.STRING, Text("Art", "Kind"), filter=True),
        Field("levels", Type.INTEGER, Text("Stockwerke", "Levels"), filter=True),
        SOURCE,
        SOURCE_ID,
    ),
    label="name",
    classes="kind",
    list_columns=("name", "kind"),
    style=BUILDING_STYLE,
    attribution=OSM,
    licence=ODBL,
    visible_to=current(models.Building),
    min_zoom=14,
    base_map=True,
    interactive=False,
    order=20,
)

PATHS = Layer(
    name="paths",
    title=Text("Wege", "Paths"),
    description=Text("Feld-, Rad- und Fußwege.", "Tracks, cycleways and footpaths."),
    model="basemap.Path",
    geometry=Geometry.LINE,
    group=GROUP,
    fields=_way_fields(),
    label="name",
    classes="kind",
    list_columns=("name", "kind"),
    style=PATH_STYLE,
    attribution=OSM,
    licence=ODBL,
    visible_to=current(models.Path),
    min_zoom=12,
    base_map=True,
    interactive=False,
    order=30,
)

ROADS = Layer(
    name="roads",
    title=Text("Straßen", "Roads"),
    description=Text("Straßen nach ihrer Bedeutung.", "Roads by importance."),
    model="basemap.Road",
    geometry=Geometry.LINE,
    group=GROUP,
    fields=_way_fields(Field("maxspeed", Type.STRING, Text("Tempolimit", "Speed limit"))),
    label="name",
    classes="kind",
    list_columns=("name", "ref", "kind"),
    style=ROAD_STYLE,
    attribution=OSM,
    licence=ODBL,
    visible_to=current(models.Road),
    generalised=SMALL,
    base_map=True,
    interactive=False,
    order=34,
)

RAILS = Layer(
    name="rails",
    title=Text("Bahngleise", "Railway tracks"),
    description=Text("Gleise.", "Tracks."),
    model="basemap.Rail",
    geometry=Geometry.LINE,
    group=GROUP,
    fields=(NAME, KIND, SOURCE, SOURCE_ID),
    label="name",
    classes="kind",
    list_columns=("name", "kind"),
    style=RAIL_STYLE,
    attribution=OSM,
    licence=ODBL,
    visible_to=current(models.Rail),
    generalised=SMALL,
    base_map=True,
    interactive=False,
    order=36,
)

POIS = Layer(
    name="pois",
    title=Text("Orte von Interesse", "Points of interest"),
    description=Text("Einkaufen, Schule, Gesundheit, Freizeit und mehr.", "Shops, schools, health, leisure and more."),
    model="basemap.Poi",
    geometry=Geometry.POINT,
    group=LIVING,
    fields=(
        Field("name", Type.STRING, Text("Name", "Name"), tile=True, search=True),
        Field("category", Type.STRING, Text("Gruppe", "Group"), tile=True, filter=True, values=CATEGORY_WORDS),
        Field("kind", Type.STRING, Text("Art", "Kind"), filter=True, values=KINDS),
        Field("opening_hours", Type.STRING, Text("Öffnungszeiten", "Opening hours")),
        Field("wheelchair", Type.STRING, Text("Rollstuhl", "Wheelchair"), filter=True, values=WHEELCHAIR),
        Field("website", Type.STRING, Text("Website", "Website")),
        SOURCE,
        SOURCE_ID,
    ),
    label="name",
    classes="category",
    list_columns=("name", "category", "kind"),
    style=POI_STYLE,
    attribution=OSM,
    licence=ODBL,
    visible_to=current(models.Poi),
    search_column="name_norm",
    min_zoom=12,
    switched_on=True,
    search_weight=0.9,
    order=95,
)

register(
    App(
        name="basemap",
        layers=(LANDUSE, WATERS, WATERWAYS, BUILDINGS, PATHS, ROADS, RAILS, POIS),
        targets=TARGETS,
        base_data={"roads": "gisapp import osm DATEI.osm.pbf"},
        demo=[DemoPart(20, GROUP, demo.build)],
    )
)
