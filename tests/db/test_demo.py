"""The demo region: believable, complete, the same every time, and out of the way of real data."""

import pytest
from django.db import connection

from gisapp.layer import App, all_apps
from layers.basemap.models import Building, Road, Water
from layers.regions.demo_plan import SIXTEEN, plan
from layers.regions.models import Address, Amt, Country, District, Municipality

pytestmark = pytest.mark.django_db


def apps() -> list[App]:
    """Those with a share in the demo; the fibre networks have tests of their own (tests/fibre/test_demo_network.py)."""
    return [app for app in all_apps() if app.demo and app.name != "fibre"]


def build(size: str = "s", seed: int = 1) -> None:
    for part in sorted((part for app in apps() for part in app.demo), key=lambda part: part.order):
        part.build(size, seed, _quiet)


def _quiet(text: str) -> None:
    """Nobody watches the progress here."""


def fingerprint() -> list[tuple[object, ...]]:
    """Counts and a checksum of every layer's content that the demo builds, keys and times left out."""
    found = []
    for one in (layer for app in apps() for layer in app.layers):
        plain = {field.name for field in one.model_class._meta.concrete_fields if not field.is_relation}
        names = ", ".join(f'"{field.name}"' for field in one.fields if field.path in plain and field.name != "label")
        table = one.model_class._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*), md5(string_agg(md5(ROW({names}, ST_AsEWKB({one.geometry_column}))::text), '' ORDER BY source_id)) "
                f"FROM {table} WHERE retired_at IS NULL"
            )
            found.append((one.name, *cursor.fetchone()))
    return found


def test_01_the_same_every_time_and_every_layer_has_something() -> None:
    build()
    first = fingerprint()
    assert all(number > 0 for _, number, _ in first), first
    build()
    assert fingerprint() == first


def test_02_sixteen_municipalities_of_one_amt_without_gap_or_overlap() -> None:
    build()
    assert set(Municipality.objects.values_list("name", flat=True)) == {name for name, *_ in SIXTEEN}
    assert Amt.objects.get().municipalities.count() == 16
    assert District.objects.get().municipalities.count() == 16
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(ST_Area(ST_Intersection(a.geom, b.geom))) FROM regions_municipality a JOIN regions_municipality b "
            "ON a.id < b.id AND ST_Intersects(a.geom, b.geom)"
        )
        assert cursor.fetchone()[0] < 1
        cursor.execute(
            "SELECT abs(ST_Area(a.geom) - (SELECT sum(ST_Area(geom)) FROM regions_municipality)) FROM regions_amt a"
        )
        assert cursor.fetchone()[0] < 100


def test_03_houses_stand_on_land_beside_their_street() -> None:
    build()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(ST_Distance(a.geom, s.geom)), count(*) FILTER (WHERE a.street_name <> s.name) "
            "FROM regions_address a JOIN regions_street s ON s.id = a.street_id"
        )
        farthest, misnamed = cursor.fetchone()
        assert farthest < 40
        assert misnamed == 0
        cursor.execute(
            "SELECT count(*) FROM regions_address a JOIN basemap_water w ON w.kind = 'lake' AND ST_Intersects(a.geom, w.geom)"
        )
        assert cursor.fetchone()[0] <= Address.objects.count() * 0.002
    assert Address.objects.filter(street__isnull=True).count() == 0
    assert Building.objects.count() == Address.objects.count() >= 6_200
    numbers = Address.objects.values_list("street_id", "house_number")
    assert len(numbers) == len(set(numbers))


def test_04_no_country_road_crosses_a_lake() -> None:
    build()
    lakes = Water.objects.filter(kind="lake")
    assert lakes.count() == 2
    for lake in lakes:
        assert not Road.objects.filter(
            geom__intersects=lake.geom, kind__in=("secondary", "tertiary"), name=""
        ).exists(), lake.name


def test_05_real_areas_stay_when_the_demo_is_built_again() -> None:
    build()
    real = Municipality.objects.create(
        source="vg250", source_id="1", key="01058999", name="Echt", geom=Amt.objects.get().geom, county_name="Echtkreis"
    )
    District.objects.update(country=None)
    Country.objects.filter(source="demo").delete()
    Country.objects.create(source="derived", source_id="01", key="01", name="Schleswig-Holstein", geom=real.geom)
    build()
    assert list(Municipality.objects.filter(retired_at__isnull=True)) == [real]
    assert not Amt.objects.filter(retired_at__isnull=True).exists()
    assert Country.objects.get(retired_at__isnull=True).name == "Schleswig-Holstein"


def test_06_larger_sizes_have_what_they_promise() -> None:
    county = plan("m", 1)
    assert len(county.names) == 165 == len(set(county.keys))
    assert abs(len(county.house_number) - 100_000) < 100
    assert all(one.is_valid for one in county.boundaries)
    assert len(set(county.names)) > 160
