"""What the importers may fill: areas, places, streets, addresses - and the table of Amt memberships."""

from gisapp.accounts import areas
from gisapp.layer import Check, Field, Finish, Geometry, TableTarget, Target, Text, Type
from layers.regions import linking

_KEY_NAMES = ("ags", "schluessel", "schlüssel", "key", "gemeindeschluessel", "gemeindeschlüssel", "rs", "ars")
_NAME_NAMES = ("gen", "name", "bezeichnung", "bez", "title", "titel")
_POPULATION_NAMES = ("ewz", "einwohner", "pop", "population", "einwohnerzahl")
_LOCALITY_NAMES = ("addr:city", "ort", "city", "gemeinde", "stadt", "wohnort", "locality", "ortsname", "town")
_POSTCODE_NAMES = ("addr:postcode", "plz", "zip", "zipcode", "postcode", "postleitzahl", "postal_code")
_STREET_NAMES = ("addr:street", "strasse", "straße", "street", "str", "strassenname", "straßenname", "lagebezeichnung")

KEY = Field("key", Type.STRING, Text("Schlüssel", "Key"))
NAME = Field("name", Type.STRING, Text("Name", "Name"))
POPULATION = Field("population", Type.INTEGER, Text("Einwohner", "Inhabitants"))
VALID_FROM = Field("valid_from", Type.DATE, Text("gültig ab", "Valid from"))
VALID_TO = Field("valid_to", Type.DATE, Text("gültig bis", "Valid to"))
COUNTY_NAME = Field("county_name", Type.STRING, Text("Kreis laut Quelle", "County as the source says"))
KIND = Field("kind", Type.STRING, Text("Art", "Kind"))
LOCALITY = Field("locality", Type.STRING, Text("Ort", "Locality"))
POSTCODE = Field("postcode", Type.STRING, Text("PLZ", "Postcode"))
STREET_NAME = Field("street_name", Type.STRING, Text("Straße", "Street"))
HOUSE_NUMBER = Field("house_number", Type.STRING, Text("Hausnummer", "House number"))

# Spreadsheets drop the leading zero of a key: 1058001 is 01058001.
_PADDED = "CASE WHEN {{value}} ~ '^\\d{{{{{short}}}}}$' THEN '0' || {{value}} ELSE {{value}} END"


def _area(layer: str, model: str, digits: int, *more: Field, short_for: tuple[str, ...] = ()) -> Target:
    """An administrative area whose key has this many digits."""
    return Target(
        layer=layer,
        model=model,
        geometry=Geometry.POLYGON,
        fields=(KEY, NAME, POPULATION, VALID_FROM, VALID_TO, *more),
        required=("key", "name"),
        unique=("key",),
        aliases={
            "key": _KEY_NAMES,
            "name": _NAME_NAMES,
            "population": _POPULATION_NAMES,
            "valid_from": ("valid_from", "gueltig_ab", "gültig ab", "wsk", "beginn"),
            "valid_to": ("valid_to", "gueltig_bis", "gültig bis"),
            "county_name": ("county", "kreis", "landkreis", "county_name", "krs", "kreisname"),
        },
        id_aliases=(*_KEY_NAMES, "id", "objid", "gml_id", "uuid"),
        cleans={"key": _PADDED.format(short=digits - 1)} if digits > 2 else {},
        checks=(
            Check("key", "{key} !~ '^[0-9]{{" + str(digits) + "}}$'", "bad-area-key"),
            Check("valid_to", "{valid_to} <= {valid_from}", "bad-validity"),
        ),
        parts=True,
        short_for=short_for,
    )


PLACES = Target(
    layer="places",
    model="regions.Place",
    geometry=Geometry.POINT,
    fields=(NAME, KIND, POPULATION),
    required=("name",),
    aliases={"name": _NAME_NAMES, "kind": ("kind", "art", "place", "typ"), "population": _POPULATION_NAMES},
    id_aliases=("id", "osm_id", "objid", "gml_id", "uuid"),
    defaults={"kind": "village"},
)

STREETS = Target(
    layer="streets",
    model="regions.Street",
    geometry=Geometry.LINE,
    fields=(NAME, LOCALITY, POSTCODE),
    required=("name",),
    aliases={"name": (*_NAME_NAMES, *_STREET_NAMES), "locality": _LOCALITY_NAMES, "postcode": _POSTCODE_NAMES},
    id_aliases=("id", "strassenschluessel", "objid", "gml_id", "uuid"),
    derived={"centre": "ST_PointOnSurface({geom})"},
    group=linking.group_streets,
)

ADDRESSES = Target(
    layer="addresses",
    model="regions.Address",
    geometry=Geometry.POINT,
    fields=(STREET_NAME, HOUSE_NUMBER, POSTCODE, LOCALITY),
    required=("street_name", "house_number"),
    aliases={
        "street_name": (*_STREET_NAMES, "street_name"),
        "house_number": (
            "addr:housenumber",
            "hausnummer",
            "hausnr",
            "hnr",
            "hsnr",
            "nr",
            "house_number",
            "housenumber",
        ),
        "postcode": _POSTCODE_NAMES,
        "locality": _LOCALITY_NAMES,
    },
    id_aliases=("id", "oi", "adr_id", "objid", "gml_id", "uuid"),
)

TARGETS = (
    _area("countries", "regions.Country", 2),
    _area("districts", "regions.District", 5),
    _area("aemter", "regions.Amt", 9),
    _area("municipalities", "regions.Municipality", 8, COUNTY_NAME, short_for=("regions",)),
    PLACES,
    STREETS,
    ADDRESSES,
)

TABLES = (
    TableTarget(
        name="aemter-mapping",
        title=Text("Zuordnung der Gemeinden zu Ämtern", "Which municipality belongs to which Amt"),
        columns=("ags", "amt_key", "amt_name"),
        aliases={
            "ags": ("ags", "gemeindeschluessel", "gemeindeschlüssel"),
            "amt_key": ("amt_key", "amtsschluessel", "amtsschlüssel", "amtschluessel"),
            "amt_name": ("amt_name", "amt", "amtsname"),
        },
        load=linking.load_memberships,
    ),
)

FINISH = (
    Finish(Text("Demo-Gebiete, an deren Stelle echte treten", "Demo areas that real ones replace"), ("municipalities",),
           linking.retire_demo, 5),
    Finish(Text("Kreise und Länder", "Districts and countries"), ("municipalities", "districts", "countries"),
           linking.derive_areas, 10),
    Finish(Text("Ämter", "Aemter"), ("municipalities", "aemter", "aemter-mapping"), linking.derive_aemter, 20),
    Finish(Text("Orte zu Gemeinden", "Places to municipalities"), ("municipalities", "places"),
           linking.link_places, 30),
    Finish(Text("Straßen zu Gemeinden", "Streets to municipalities"),
           ("municipalities", "streets"), linking.link_streets, 40),
    Finish(Text("Adressen zu Straßen und Gemeinden", "Addresses to streets and municipalities"),
           ("municipalities", "streets", "addresses"), linking.link_addresses, 50),
    Finish(Text("Zuständigkeitsgebiete", "Areas of responsibility"),
           ("municipalities", "aemter", "aemter-mapping", "districts"), areas.refresh, 60),
)  # fmt: skip
