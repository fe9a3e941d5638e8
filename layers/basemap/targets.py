"""What the importers may fill of the base map."""

from gisapp.layer import Field, Geometry, Target, Text, Type

KIND = Field("kind", Type.STRING, Text("Art", "Kind"))
NAME = Field("name", Type.STRING, Text("Name", "Name"))
REF = Field("ref", Type.STRING, Text("Nummer", "Number"))
SURFACE = Field("surface", Type.STRING, Text("Belag", "Surface"))
ONEWAY = Field("oneway", Type.STRING, Text("Einbahn", "One-way"))
BRIDGE = Field("bridge", Type.BOOLEAN, Text("Brücke", "Bridge"))
TUNNEL = Field("tunnel", Type.BOOLEAN, Text("Tunnel", "Tunnel"))
MAXSPEED = Field("maxspeed", Type.STRING, Text("Tempolimit", "Speed limit"))
LEVELS = Field("levels", Type.INTEGER, Text("Stockwerke", "Storeys"))
CATEGORY = Field("category", Type.STRING, Text("Gruppe", "Group"))
OPENING_HOURS = Field("opening_hours", Type.STRING, Text("Öffnungszeiten", "Opening hours"))
WHEELCHAIR = Field("wheelchair", Type.STRING, Text("Rollstuhl", "Wheelchair"))
WEBSITE = Field("website", Type.STRING, Text("Website", "Website"))

_ID_NAMES = ("id", "osm_id", "objid", "gml_id", "uuid", "gebaeude_id")
_NAMES = {
    "kind": ("kind", "art", "typ", "type", "fclass", "highway", "nutzung", "funktion", "school_type", "gfk"),
    "name": ("name", "bezeichnung", "bez", "titel", "title"),
    "ref": ("ref", "nummer", "number"),
    "surface": ("surface", "belag"),
    "oneway": ("oneway", "einbahn"),
    "bridge": ("bridge", "bruecke", "brücke"),
    "tunnel": ("tunnel",),
    "maxspeed": ("maxspeed", "tempolimit"),
    "levels": ("levels", "stockwerke", "geschosse", "building:levels", "aog"),
    "category": ("category", "gruppe", "kategorie"),
    "opening_hours": ("opening_hours", "oeffnungszeiten", "öffnungszeiten"),
    "wheelchair": ("wheelchair", "rollstuhl"),
    "website": ("website", "homepage", "url", "internet"),
}


def _target(
    layer: str, model: str, geometry: Geometry, *fields: Field, required: tuple[str, ...] = ("kind",), **defaults: str
) -> Target:
    return Target(
        layer=layer,
        model=model,
        geometry=geometry,
        fields=fields,
        required=required,
        aliases={one.name: _NAMES[one.name] for one in fields},
        id_aliases=_ID_NAMES,
        defaults=defaults,
    )


_WAY = (KIND, NAME, REF, SURFACE, ONEWAY, BRIDGE, TUNNEL)

TARGETS = (
    _target("roads", "basemap.Road", Geometry.LINE, *_WAY, MAXSPEED),
    _target("paths", "basemap.Path", Geometry.LINE, *_WAY),
    _target("rails", "basemap.Rail", Geometry.LINE, KIND, NAME),
    _target("waterways", "basemap.Waterway", Geometry.LINE, KIND, NAME),
    _target("waters", "basemap.Water", Geometry.POLYGON, KIND, NAME),
    _target("landuse", "basemap.LandUse", Geometry.POLYGON, KIND, NAME),
    _target("buildings", "basemap.Building", Geometry.POLYGON, KIND, NAME, LEVELS, required=(), kind="yes"),
    _target(
        "pois", "basemap.Poi", Geometry.POINT,
        KIND, CATEGORY, NAME, OPENING_HOURS, WHEELCHAIR, WEBSITE, category="other",
    ),
)  # fmt: skip
