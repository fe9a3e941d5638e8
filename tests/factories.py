"""Small pieces of a region, drawn in metres around a corner of the Amt (EPSG:25832)."""

import datetime
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib.gis.geos import LineString, MultiLineString, MultiPolygon, Point, Polygon
from django.db import transaction
from django.utils import timezone

from gisapp.accounts.models import Area, Membership, Organisation, User
from gisapp.accounts.roles import Role
from layers.basemap.models import Building, LandUse, Path, Poi, Rail, Road, Water, Waterway
from layers.fibre import catalogue
from layers.fibre.models import Cable, CableStep, Duct, DuctStep, Enclosure, Network, Node, Segment
from layers.notes.models import Note
from layers.regions.models import Address, Amt, Country, District, Municipality, Place, Street
from layers.venues.models import Venue

X0, Y0 = 545_000, 6_030_000
"""The corner: near Groß Wittensee."""


def point(x: float, y: float) -> Point:
    return Point(X0 + x, Y0 + y, srid=25832)


def square(x: float, y: float, side: float) -> MultiPolygon:
    box = Polygon.from_bbox((X0 + x, Y0 + y, X0 + x + side, Y0 + y + side))
    return MultiPolygon(box, srid=25832)


def line(*corners: tuple[float, float]) -> MultiLineString:
    return MultiLineString(LineString([(X0 + x, Y0 + y) for x, y in corners]), srid=25832)


def municipality(name: str = "Haby", key: str = "01058069", x: float = 0, y: float = 0, **more: Any) -> Municipality:
    return Municipality.objects.create(
        **{"name": name, "key": key, "geom": square(x, y, 4_000), "population": 600, **more}
    )


def district(name: str = "Rendsburg-Eckernförde", key: str = "01058") -> District:
    return District.objects.create(name=name, key=key, geom=square(-5_000, -5_000, 20_000))


def amt(name: str = "Hüttener Berge", key: str = "010580001") -> Amt:
    return Amt.objects.create(name=name, key=key, geom=square(-1_000, -1_000, 10_000))


def place(name: str = "Haby", x: float = 2_000, y: float = 2_000, **more: Any) -> Place:
    return Place.objects.create(**{"name": name, "kind": "village", "geom": point(x, y), **more})


def street(name: str = "Dorfstraße", locality: str = "Haby", postcode: str = "24361", x: float = 2_000) -> Street:
    return Street.objects.create(
        name=name,
        locality=locality,
        postcode=postcode,
        geom=line((x, 2_000), (x + 300, 2_000)),
        centre=point(x + 150, 2_000),
    )


def address(on: Street, number: str, x: float = 2_050, y: float = 2_015) -> Address:
    return Address.objects.create(
        street=on,
        street_name=on.name,
        house_number=number,
        postcode=on.postcode,
        locality=on.locality,
        geom=point(x, y),
    )


def road(name: str = "Dorfstraße", kind: str = "residential", *corners: tuple[float, float]) -> Road:
    return Road.objects.create(name=name, kind=kind, geom=line(*(corners or ((0, 0), (1_000, 0)))))


def building(x: float, y: float) -> Building:
    return Building.objects.create(geom=square(x, y, 10), kind="house")


def poi(
    name: str = "Hofladen Haby", kind: str = "farm", category: str = "shop", x: float = 2_100, y: float = 2_100
) -> Poi:
    return Poi.objects.create(name=name, kind=kind, category=category, geom=point(x, y))


def area(key: str = "own:amt", x: float = -50_000, y: float = -50_000, side: float = 100_000) -> Area:
    return Area.objects.get_or_create(key=key, defaults={"name": key, "geom": square(x, y, side)})[0]


def organisation(key: str = "amt", *areas: Area, kind: str = "amt") -> Organisation:
    found, made = Organisation.objects.get_or_create(key=key, defaults={"name": f"Amt {key}", "kind": kind})
    if made:
        found.areas.set(areas or [area()])
    return found


def member(role: str, of: Organisation | None = None, *areas: Area, email: str = "", days: int | None = None) -> User:
    """A person with this role, in the whole organisation or in some areas of it; contractors for 30 days."""
    of = of or organisation()
    user, _made = User.objects.get_or_create(email=email or f"{role}@{of.key}.example")
    until = 30 if days is None and role == Role.CONTRACTOR else days
    membership = Membership.objects.create(
        user=user, organisation=of, role=role,
        valid_until=None if until is None else timezone.localdate() + datetime.timedelta(days=until),
        valid_from=timezone.localdate() - datetime.timedelta(days=100),
    )  # fmt: skip
    membership.areas.set(areas)
    return user


def staff(email: str = "amt@example.org") -> User:
    """Staff of an Amt that is responsible for everything around."""
    return member(Role.STAFF, email=email)


def operator(email: str = "betrieb@example.org") -> User:
    return User.objects.create_superuser(email, "ein langes Passwort")


def citizen(email: str = "buerger@example.org") -> User:
    return User.objects.create_user(email, "ein langes Passwort")


def note(of: Organisation, title: str = "Schacht klemmt", x: float = 100, y: float = 100, **more: Any) -> Note:
    return Note.objects.create(**{"organisation": of, "title": title, "geom": point(x, y), **more})


def _basemap(model: type[Any], shape: Any, **more: Any) -> Any:
    return model.objects.create(geom=shape, **more)


def fibre_network(of: Organisation, key: str = "netz") -> Network:
    return Network.objects.get_or_create(key=key, defaults={"name": key, "organisation": of})[0]


def fibre_segment(of: Organisation, *corners: tuple[float, float], **more: Any) -> Segment:
    shape = LineString([(X0 + x, Y0 + y) for x, y in corners], srid=25832)
    made = Segment.objects.create(network=fibre_network(of), geom=shape, **more)
    made.refresh_from_db()
    return made


def fibre_catalogue() -> None:
    """The shipped products; a test that empties all tables has taken them along."""
    catalogue.load(lambda name: apps.get_model("fibre", name))
    catalogue.load_optics(lambda name: apps.get_model("fibre", name))


def fibre_duct(of: Organisation, *corners: tuple[float, float], spec: str = "10/6") -> Duct:
    fibre_catalogue()
    segment = fibre_segment(of, *corners)
    with transaction.atomic():
        made = Duct.objects.create(network=segment.network, spec_id=spec, name="RV-1")
        DuctStep.objects.create(duct=made, ordinal=1, segment=segment)
    made.refresh_from_db()
    return made


def fibre_cable(of: Organisation, *corners: tuple[float, float]) -> Cable:
    fibre_catalogue()
    segment = fibre_segment(of, *corners)
    with transaction.atomic():
        made = Cable.objects.create(
            network=segment.network, spec_id="12", name="K-1", from_node=segment.from_node, to_node=segment.to_node
        )
        CableStep.objects.create(cable=made, ordinal=1, segment=segment)
    made.refresh_from_db()
    return made


def fibre_enclosure(of: Organisation, x: float, y: float) -> Enclosure:
    fibre_catalogue()
    net = fibre_network(of)
    node = Node.objects.filter(network=net, geom=point(x, y)).first() or Node.objects.create(
        network=net, geom=point(x, y)
    )
    made = Enclosure.objects.create(network=net, node=node, spec_id="muffe-144", name="M-1")
    made.refresh_from_db()
    return made


ONE_OF: dict[str, Callable[[Organisation], Any]] = {
    "countries": lambda _of: Country.objects.create(name="Land", key="01", geom=square(0, 0, 500)),
    "districts": lambda _of: district(),
    "aemter": lambda _of: amt(),
    "municipalities": lambda _of: municipality(),
    "places": lambda _of: place(x=100, y=100),
    "streets": lambda _of: street(x=100),
    "addresses": lambda _of: Address.objects.create(street_name="Weg", house_number="1", geom=point(100, 100)),
    "landuse": lambda _of: _basemap(LandUse, square(100, 100, 50), kind="forest"),
    "waters": lambda _of: _basemap(Water, square(100, 100, 50), kind="lake"),
    "waterways": lambda _of: _basemap(Waterway, line((100, 100), (200, 100)), kind="stream"),
    "buildings": lambda _of: building(100, 100),
    "roads": lambda _of: road("Weg", "residential", (100, 100), (200, 100)),
    "paths": lambda _of: _basemap(Path, line((100, 100), (200, 100)), kind="path"),
    "rails": lambda _of: _basemap(Rail, line((100, 100), (200, 100)), kind="rail"),
    "pois": lambda _of: poi(x=100, y=100),
    "notes": note,
    "venues": lambda of: Venue.objects.create(
        organisation=of, name="Saal", kind="hall", capacity=50, geom=point(100, 600)
    ),
    "fibre_segment": lambda of: fibre_segment(of, (100, 100), (200, 100)),
    "fibre_node": lambda of: Node.objects.create(network=fibre_network(of), geom=point(100, 300)),
    "fibre_duct": lambda of: fibre_duct(of, (100, 200), (200, 200)),
    "fibre_cable": lambda of: fibre_cable(of, (100, 400), (200, 400)),
    "fibre_enclosure": lambda of: fibre_enclosure(of, 100, 500),
}
"""A row of each layer, near the corner; rows that belong to an organisation belong to the given one."""
