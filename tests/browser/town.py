"""A small town for the browser tests: two municipalities, streets, addresses, 40 shops; all places are made up."""

from django.contrib.gis.geos import GEOSGeometry

from tests.browser.network import build_network

LON, LAT = 9.70, 54.43
SHOPS = 38
EVIL = "<img src=x onerror=alert(1)> & Söhne"
__all__ = ["EVIL", "LAT", "LON", "SHOPS", "build"]


def _geometry(wkt: str) -> GEOSGeometry:
    found = GEOSGeometry(f"SRID=4326;{wkt}")
    found.transform(25832)
    return found


def _box(west: float, south: float, east: float, north: float) -> GEOSGeometry:
    return _geometry(f"MULTIPOLYGON((({west} {south},{east} {south},{east} {north},{west} {north},{west} {south})))")


def _areas() -> None:
    from layers.regions.models import Amt, District, Municipality

    district = District.objects.create(
        name="Rendsburg-Eckernförde", key="01058", geom=_box(9.5, 54.3, 9.9, 54.6), source="t", source_id="d"
    )
    amt = Amt.objects.create(
        name="Hüttener Berge",
        key="010580000",
        geom=_box(9.6, 54.38, 9.8, 54.5),
        district=district,
        source="t",
        source_id="a",
    )
    for number, (name, people, west) in enumerate([("Ascheffel", 1042, 9.65), ("Hummelfeld", 312, 9.75)]):
        Municipality.objects.create(
            name=name, key=f"0105800{number + 1}", population=people, district=district, amt=amt, source="t", source_id=f"m{number}",
            geom=_box(west, 54.38, west + 0.1, 54.48),
        )  # fmt: skip


def _ground() -> None:
    from layers.basemap.models import LandUse, Road
    from layers.regions.models import Address, Place, Street

    Place.objects.create(
        name="Ascheffel", kind="village", geom=_geometry(f"POINT({LON} {LAT})"), source="t", source_id="p"
    )
    LandUse.objects.create(kind="meadow", geom=_box(9.66, 54.39, 9.73, 54.47), source="t", source_id="l")
    for number, (name, kind) in enumerate(
        [("Dorfstraße", "primary"), ("Mühlenweg", "residential"), ("Schulstraße", "residential")]
    ):
        line = _geometry(f"MULTILINESTRING(({LON - 0.03} {LAT + 0.003 * number},{LON + 0.03} {LAT + 0.003 * number}))")
        Road.objects.create(kind=kind, name=name, geom=line, source="t", source_id=f"r{number}")
        street = Street.objects.create(
            name=name, locality="Ascheffel", postcode="24358", geom=line, centre=_geometry(f"POINT({LON} {LAT + 0.003 * number})"),
            source="t", source_id=f"s{number}",
        )  # fmt: skip
        for house in range(1, 11):
            Address.objects.create(
                street_name=name, house_number=str(house), postcode="24358", locality="Ascheffel", street=street, source="t",
                source_id=f"a{number}-{house}", geom=_geometry(f"POINT({LON + house * 0.0006} {LAT + 0.003 * number + 0.0002})"),
            )  # fmt: skip


def _shops() -> None:
    from layers.basemap.models import Poi

    for number in range(SHOPS):
        Poi.objects.create(
            name=f"Laden {number + 1:02}", category="shop" if number % 2 else "food", kind="supermarket" if number % 2 else "cafe",
            source="t", source_id=f"p{number}", geom=_geometry(f"POINT({LON - 0.004 + (number % 8) * 0.001} {LAT - 0.003 + (number // 8) * 0.001})"),
        )  # fmt: skip
    Poi.objects.create(
        name="Bäckerei Knust", category="shop", kind="bakery", website="https://knust.example/", opening_hours="Mo-Sa 06:00-12:00",
        wheelchair="yes", source="t", source_id="knust", geom=_geometry(f"POINT({LON + 0.01} {LAT + 0.0015})"),
    )  # fmt: skip
    Poi.objects.create(
        name=EVIL,
        category="other",
        kind="vacant",
        source="t",
        source_id="evil",
        geom=_geometry(f"POINT({LON + 0.012} {LAT + 0.003})"),
    )


def _changed() -> None:
    """A shop that was renamed and moved, so that there is a story to tell."""
    from gisapp.history.recording import recorded
    from layers.basemap.models import Poi

    with recorded("web", reason="Umzug"):
        Poi.objects.filter(source_id="p0").update(
            name="Laden 01", geom=_geometry(f"POINT({LON - 0.0041} {LAT - 0.0031})")
        )


def _people() -> None:
    from gisapp.accounts.models import Area, Membership, Organisation, User
    from gisapp.accounts.second_factor import FACT
    from gisapp.registry import facts

    # The operator is one of the demo's people: without a second factor, on a database that says that it is the demo's.
    User.objects.create_superuser("betrieb@demo.invalid", "Ein-langes-Passwort-7")
    facts.put(FACT, "test")
    square = _box(LON - 0.1, LAT - 0.1, LON + 0.1, LAT + 0.1)
    amt = Organisation.objects.create(key="amt", name="Amt Probe", kind="amt")
    amt.areas.add(Area.objects.create(key="own:probe", name="Amtsgebiet", geom=square))
    for name, role in (("amt", "staff"), ("technik", "engineer"), ("leitung", "admin")):
        user = User.objects.create_user(f"{name}@example.org", "Ein-langes-Passwort-7")
        Membership.objects.create(user=user, organisation=amt, role=role)


def build() -> None:
    """Write the town into an empty database."""
    _areas()
    _ground()
    _shops()
    _changed()
    _people()
    build_network(LON, LAT)
