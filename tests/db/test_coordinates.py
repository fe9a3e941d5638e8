"""One point, one place: Django's GDAL, pyproj and PostGIS agree, and Gauss-Krueger comes out as BETA2007 says."""

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from pyproj.exceptions import ProjError

from gisapp import geolibs

MILLIMETRE = 0.001
MILLIMETRE_IN_DEGREES = 1e-8  # 0.6-1.1 mm here

# Schleswig-Holstein's corners and its middle, longitude and latitude.
PLACES = [(8.30, 54.91), (11.25, 54.48), (10.72, 53.37), (8.93, 53.89), (9.745, 54.378)]
PAIRS = [(4258, 25832), (4326, 25832), (4258, 3857), (4326, 4258)]

# The official test data of BETA2007: Bundesamt für Kartographie und Geodäsie, BETA2007testdaten.csv, quoted with all
# digits in PROJ's own test/gie/DHDN_ETRS89.gie. DE_DHDN_3GK3 (EPSG:31467) -> ETRS89_UTM32 (EPSG:25832).
BETA2007_GK3 = [
    ((3595392.782000, 6023387.959898), (595286.044398, 6021417.376973)),
    ((3467781.947036, 6065176.417740), (467726.896147, 6063191.974105)),
    ((3615881.001454, 5940351.727710), (615764.364007, 5938413.819150)),
    ((3567455.742115, 5930134.904864), (567358.390548, 5928201.976543)),
    ((3477684.063162, 5887048.676718), (477621.722499, 5885134.566914)),
]
# The same source, DE_DHDN_3GK4 (EPSG:31468), used east of 10.5 degrees.
BETA2007_GK4 = [
    ((4400271.505998, 6023480.198072), (595286.044399, 6021417.376972)),
    ((4417225.999425, 5939654.081375), (615764.364007, 5938413.819151)),
]


def by_postgis(x: float, y: float, source: int, target: int) -> tuple[float, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_X(g), ST_Y(g) FROM ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), %s), %s) AS g",
            [x, y, source, target],
        )
        return cursor.fetchone()


def by_django(x: float, y: float, source: int, target: int) -> tuple[float, float]:
    point = Point(x, y, srid=source)
    point.transform(target)
    return point.x, point.y


def by_pyproj(x: float, y: float, source: int, target: int) -> tuple[float, float]:
    return geolibs.transformer(f"EPSG:{source}", f"EPSG:{target}").transform(x, y)


@pytest.mark.django_db
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_01_etrs89_and_wgs84_agree_to_a_millimetre(place: tuple[float, float], source: int, target: int) -> None:
    tolerance = MILLIMETRE_IN_DEGREES if target == 4258 else MILLIMETRE
    expected = by_postgis(*place, source, target)
    assert by_django(*place, source, target) == pytest.approx(expected, abs=tolerance, rel=0)
    assert by_pyproj(*place, source, target) == pytest.approx(expected, abs=tolerance, rel=0)


@pytest.mark.django_db
@pytest.mark.parametrize("place", PLACES)
def test_02_there_and_back(place: tuple[float, float]) -> None:
    for transform in (by_postgis, by_django, by_pyproj):
        there = transform(*place, 4258, 25832)
        assert transform(*there, 25832, 4258) == pytest.approx(place, abs=MILLIMETRE_IN_DEGREES, rel=0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "point", "expected"),
    [(31467, *pair) for pair in BETA2007_GK3] + [(31468, *pair) for pair in BETA2007_GK4],
)
def test_03_gauss_krueger_through_postgis_is_the_official_result(
    zone: int, point: tuple[float, float], expected: tuple[float, float]
) -> None:
    assert by_postgis(*point, zone, 25832) == pytest.approx(expected, abs=MILLIMETRE, rel=0)


@pytest.mark.parametrize("zone", ["EPSG:31466", "EPSG:31467", "EPSG:31468", "EPSG:31469"])
def test_04_without_the_grid_pyproj_refuses(zone: str) -> None:
    with pytest.raises(ProjError, match="BETA2007"):
        geolibs.transformer(zone, "EPSG:25832")


@pytest.mark.parametrize("other", ["EPSG:4258", "EPSG:4326", "EPSG:3857", "EPSG:25833", "EPSG:4647", "OGC:CRS84"])
def test_05_what_needs_no_grid_is_not_refused(other: str) -> None:
    there = geolibs.transformer("EPSG:25832", other).transform(550000, 6020000)
    back = geolibs.transformer(other, "EPSG:25832").transform(*there)
    assert back == pytest.approx((550000, 6020000), abs=MILLIMETRE, rel=0)
